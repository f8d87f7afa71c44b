"""Step ① in a browser: what is typed is kept by itself after a pause, and documents are moved with the keyboard alone."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from acts import aside, log_in

from cast import Cast
from stories import drafted
from tachiai.envelopes.models import Envelope

pytestmark = pytest.mark.browser
OpenPage = Callable[..., Any]


def test_a_draft_is_kept_by_itself_and_put_in_order_by_keyboard(cast_: Cast, open_page: OpenPage) -> None:
    """B03 with scripts: three seconds after the last key, said to screen readers too; another login finds it."""
    made: list[Envelope] = []
    aside(lambda: made.append(drafted(cast_, documents=2)))
    path = f"/envelopes/{made[0].pk}/files"
    page = open_page(phone=True)
    log_in(page, cast_.clerk)
    page.clock.install()
    page.goto(path)
    saved = page.locator("#saved[role=status]")
    assert saved.text_content() == ""
    page.get_by_label("封筒名").fill("打ちかけの封筒")
    page.clock.fast_forward(2_900)
    assert saved.text_content() == ""
    page.clock.fast_forward(200)
    page.get_by_text(re.compile(r"下書きを保存しました \d\d:\d\d")).wait_for()
    other = open_page(phone=True)
    log_in(other, cast_.clerk)
    other.goto(path)
    assert other.get_by_label("封筒名").input_value() == "打ちかけの封筒"
    first = other.locator("[data-testid=documents] p.strong").first.text_content()
    other.locator("button[name=down]").first.focus()
    other.keyboard.press("Enter")
    other.locator("[data-testid=documents] p.strong").nth(1).filter(has_text=first).wait_for()
    assert other.get_by_label("封筒名").input_value() == "打ちかけの封筒"
