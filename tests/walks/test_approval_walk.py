"""Approval on a phone and at a desk, in both languages: axe finds nothing on its pages, and nothing is cut off (B08, B19)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from acts import aside, log_in
from test_axe import found_on

from approvals import any_of, approver, awaiting, route, stands_in
from cast import Cast
from stages import drafted
from tachiai import clock
from tachiai.accounts.models import Member
from tachiai.envelopes.approving import return_envelope

pytestmark = pytest.mark.browser
OpenPage = Callable[..., Any]


def test_b08_the_pages_of_approval_are_whole_everywhere(cast_: Cast, open_page: OpenPage) -> None:
    told: dict[str, Any] = {}

    def tell() -> None:
        head = approver(cast_, "head", "課長 一")
        stands_in(cast_, cast_.second, head)
        along = route(cast_, any_of(cast_.second, head), any_of(head))
        told["draft"], told["route"] = drafted(cast_), along
        told["envelope"], told["approval"] = awaiting(cast_, along)
        told["returned"], sent_back = awaiting(cast_, along)
        return_envelope(sent_back.pk, comment="金額を直してください。" * 20, by=head, at=clock.now())

    aside(tell)
    for (member, paths), phone, language in zip(_pages(cast_, told), (True, False, True), ("ja", "en", "en"), strict=True):
        page = open_page(phone=phone, language=language)
        log_in(page, member)
        assert found_on(page, paths) == {}
        for path in paths:
            page.goto(path)
            for width in (320, 1280):
                page.set_viewport_size({"width": width, "height": 800})
                assert page.evaluate("document.documentElement.scrollWidth") <= width, (path, width)


def _pages(cast: Cast, told: dict[str, Any]) -> list[tuple[Member, list[str]]]:
    return [
        (cast.second, ["/approvals", "/approvals?view=deputy", f"/approvals/{told['approval'].pk}", "/me/deputy"]),
        (cast.clerk, [f"/envelopes/{told[name].pk}" for name in ("envelope", "returned")] + [f"/envelopes/{told['draft'].pk}/review"]),
        (cast.admin, ["/admin/routes", f"/admin/routes/{told['route'].pk}", "/admin/deputies"]),
    ]
