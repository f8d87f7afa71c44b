"""Home, list, detail and operation log, on a phone and at a desk, in both languages: axe finds nothing, nothing is cut off (B19, X01)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from acts import aside, log_in
from test_axe import found_on

from cast import Cast
from stories import concluded, sent
from tachiai.envelopes.models import Envelope

pytestmark = pytest.mark.browser
OpenPage = Callable[..., Any]


def test_the_pages_that_give_an_overview_are_whole_everywhere(cast_: Cast, open_page: OpenPage) -> None:
    stories: list[Envelope] = []

    def tell() -> None:
        stories.extend((concluded(cast_), sent(cast_)))
        cast_.city.is_operator = True
        cast_.city.save()

    aside(tell)
    paths = [
        "/",
        "/envelopes?due_from=2020-01-01&sort=-deadline",
        f"/envelopes/{stories[0].pk}",
        "/ledger",
        "/ledger?words=zzz",
        "/ledger/check",
    ]
    for phone, language in ((True, "ja"), (False, "en")):
        page = open_page(phone=phone, language=language)
        log_in(page, cast_.admin)
        assert found_on(page, paths) == {}
        for path in paths:
            page.goto(path)
            page.evaluate("document.querySelectorAll('main details').forEach((one) => { one.open = true })")
            for width in (320, 768, 1280):
                page.set_viewport_size({"width": width, "height": 800})
                assert page.evaluate("document.documentElement.scrollWidth") <= width, (path, width)
