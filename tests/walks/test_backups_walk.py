"""The page of backups and the banner of a held house, on a phone and at a desk: axe finds nothing, and nothing is cut off."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from acts import aside, log_in
from test_axe import found_on

from cast import Cast
from desk.test_backups_page import backups_told
from tachiai import clock
from tachiai.accounts import identity

pytestmark = pytest.mark.browser
OpenPage = Callable[..., Any]


def test_the_page_of_backups_is_whole_everywhere(cast_: Cast, open_page: OpenPage) -> None:
    def tell() -> None:
        cast_.city.is_operator = True
        cast_.city.save()
        backups_told()

    aside(tell)
    for phone, language in ((True, "ja"), (False, "en")):
        page = open_page(phone=phone, language=language)
        log_in(page, cast_.admin)
        aside(lambda: identity.hold("house.restored", at=clock.now()))
        assert found_on(page, ["/backups"]) == {}
        for width in (360, 768, 1280):
            page.set_viewport_size({"width": width, "height": 800})
            assert page.evaluate("document.documentElement.scrollWidth") <= width
        aside(_release)


def _release() -> None:
    from tachiai.accounts.models import HouseIdentity

    HouseIdentity.objects.update(held_why="")
    identity.look_again()
