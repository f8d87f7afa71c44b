"""Placing fields and filling them in as people do: with a mouse, with keys alone, without scripts (B05, A07, A09, A18, A19)."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from acts import aside, enter_code, log_in, press, said, sit
from ruler import found_on

import fielded
from cast import Cast, link_for
from envelopes.test_fields import stand_where_they_were_placed
from stages import HERE, enters
from stories import work
from tachiai import clock, vault
from tachiai.envelopes.field_models import FieldEntry
from tachiai.envelopes.models import Envelope, Recipient
from tachiai.envelopes.placing import fields_of
from tachiai.envelopes.signing import sign

pytestmark = pytest.mark.browser
OpenPage = Callable[..., Any]
SHOTS = os.environ.get("FIELD_SHOTS", "")


COVERED = """() => {
  const inputs = [...document.querySelectorAll("#inputs input:not([type=hidden]), #inputs textarea, #inputs button, #inputs a")];
  const covered = (one) => {
    one.focus();
    const here = one.getBoundingClientRect();
    const bar = document.querySelector("[data-testid=sticky-bar]").getBoundingClientRect();
    return here.bottom > bar.top + 1 && here.top < bar.bottom;
  };
  return inputs.filter((one) => one.offsetParent).filter(covered).map((one) => one.outerHTML);
}"""


def made(tell: Callable[[], Envelope]) -> Envelope:
    found: list[Envelope] = []
    aside(lambda: found.append(tell()))
    return found[0]


def shot(page: Any, name: str) -> None:
    if SHOTS:
        for width in (360, 768, 1280):
            page.set_viewport_size({"width": width, "height": 900})
            page.screenshot(path=str(Path(SHOTS) / f"{name}-{width}.png"), full_page=True)
        page.set_viewport_size({"width": 1280, "height": 900})


def test_b05_fields_by_mouse_and_by_keys(cast_: Cast, open_page: OpenPage) -> None:
    envelope = made(lambda: fielded.drafted(cast_))
    page = open_page()
    log_in(page, cast_.clerk)
    page.goto(f"/envelopes/{envelope.pk}/fields")
    page.get_by_label("入力位置を設定する").check()
    page.get_by_role("button", name="次へ").click()
    # Click-then-click: chosen above, placed where the page is pressed, to half a millimetre.
    page.get_by_label("種類").first.select_option("text")
    page.locator(".viewer-page").scroll_into_view_if_needed()
    sheet = page.locator(".viewer-page").bounding_box()
    page.mouse.click(sheet["x"] + sheet["width"] * 0.25, sheet["y"] + sheet["height"] * 0.25)
    page.wait_for_url(re.compile(r"#field-"))
    (field,) = fields_of(envelope)
    assert abs(field.left - field.sheet_width * 0.25) < 5
    assert abs(field.top - field.sheet_height * 0.25) < 5
    # Keys alone: the box has the focus; a press is a millimetre, with Shift five.
    box = page.locator("a.field-box")
    box.focus()
    for key in ("ArrowRight", "Shift+ArrowDown", "ArrowUp"):
        page.keyboard.press(key)
    page.get_by_role("status").filter(has_text="保存しました").wait_for()
    (moved,) = fields_of(envelope)
    assert (moved.left - field.left, moved.top - field.top) == (10, 40)
    assert page.locator(f"#left-{field.pk}").input_value() == f"{moved.left / 10:g}"
    # What is chosen in the list is kept by itself, and said of the box as well.
    page.locator(f"#kind-{field.pk}").select_option("date")
    page.locator(f"#field-{field.pk} legend").filter(has_text="日付").wait_for()
    assert "日付" in (box.get_attribute("aria-label") or "")
    page.get_by_role("status").filter(has_text=re.compile(r"下書きを保存しました \d\d:\d\d")).wait_for()
    page.locator(f"#kind-{field.pk}").select_option("text")
    page.locator(f"#field-{field.pk} legend").filter(has_text="テキスト").wait_for()
    # Dragged by a fifth of the page's width; the box and its number go along.
    at = box.bounding_box()
    page.mouse.move(at["x"] + 20, at["y"] + 5)
    page.mouse.down()
    page.mouse.move(at["x"] + 20 + sheet["width"] * 0.2, at["y"] + 5, steps=5)
    with page.expect_response(lambda answer: "saved=1" in answer.url):
        page.mouse.up()
    (dragged,) = fields_of(envelope)
    assert abs(dragged.left - moved.left - field.sheet_width * 0.2) < 10
    box.focus()
    with page.expect_navigation():
        page.keyboard.press("Control+d")
    assert len(fields_of(envelope)) == 2
    page.locator("a.field-box").nth(1).focus()
    with page.expect_navigation():
        page.keyboard.press("Delete")
    assert len(fields_of(envelope)) == 1
    page.get_by_role("button", name="目印から自動配置").click()
    page.wait_for_url(re.compile(r"marks=4"))
    assert len(fields_of(envelope)) == 5
    page.goto(f"/envelopes/{envelope.pk}/fields?doc=1&page=2")
    shot(page, "place")
    wrong = found_on(page, [f"/envelopes/{envelope.pk}/fields?doc=1&page=2", f"/envelopes/{envelope.pk}/review"])
    page.set_viewport_size({"width": 320, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    assert wrong == {}


@pytest.mark.parametrize("language", ["ja", "en"])
def test_b05_by_keys_alone_into_the_signed_file(cast_: Cast, open_page: OpenPage, language: str) -> None:
    """Without a field the last step says so and still sends; one is set by numbers and an arrow, and stands there when signed."""
    envelope = made(lambda: fielded.drafted(cast_))
    page, base = open_page(language=language), f"/envelopes/{envelope.pk}"
    sit(page, cast_.clerk)
    page.goto(f"{base}/review")
    assert said("署名欄なし（不可視署名）", language) in page.locator("main").inner_text()
    assert page.locator("main").get_by_role("button", name=said("署名を依頼する", language), exact=True).is_enabled()

    def by_keys(words: str) -> None:
        page.locator("main").get_by_role("button", name=said(words, language), exact=True).focus()
        page.keyboard.press("Enter")
        page.wait_for_load_state()

    page.goto(f"{base}/fields")
    page.locator("#mode-none").focus()
    page.keyboard.press("ArrowDown")
    by_keys("次へ")
    page.locator("button[name=act][value=add]").focus()
    with page.expect_navigation():
        page.keyboard.press("Enter")
    (field,) = fields_of(envelope)
    for name, value in (("left", "31.5"), ("top", "90"), ("width", "60"), ("height", "20")):
        page.locator(f"#{name}-{field.pk}").focus()
        page.keyboard.press("Control+a")
        page.keyboard.type(value)
    with page.expect_navigation():
        page.keyboard.press("Enter")
    page.locator("a.field-box").focus()
    with page.expect_response(lambda answer: "saved=1" in answer.url):
        page.keyboard.press("ArrowRight")
    (field,) = fields_of(envelope)
    assert (field.left, field.top, field.width, field.height) == (325, 900, 600, 200)
    page.goto(f"{base}/review")
    press(page, "署名を依頼する", language)
    aside(work)
    vendor = fielded.person(envelope, "counterparty")

    def signed() -> None:
        assert not fielded.entered(vendor, signature="緑野 太郎")
        sign(enters(vendor), HERE, at=clock.now())
        work()

    aside(signed)
    stand_where_they_were_placed(envelope, vault.read(envelope.documents.select_related("blob").get().blob))


@pytest.mark.parametrize(("language", "scripts"), [("ja", True), ("ja", False), ("en", False)], ids=["ja-scripts", "ja-plain", "en-plain"])
def test_a07_a_signer_fills_in_and_finishes(cast_: Cast, open_page: OpenPage, language: str, scripts: bool) -> None:
    """A07, A09 and A10: page by page, an error that leads to its input, and what was entered is there after going back."""
    envelope = made(lambda: fielded.sent(cast_))
    vendor = Recipient.objects.get(envelope=envelope, side="counterparty")
    link = f"/s/{link_for(vendor.pk)}"
    page = open_page(phone=True, scripts=scripts, language=language)
    enter_code(page, link, language=language)
    assert page.locator("#viewer img, .viewer-page img").first.is_visible()
    page.get_by_role("link", name=said("次のページ", language)).first.click()
    page.wait_for_url(re.compile("page=2"))
    bar = page.locator("[data-testid=sticky-bar]")
    assert said("残り%(left)s件", language, left=3) in bar.inner_text()
    # A09: the last item of the list leads to what is missing.
    page.locator("ul.todo").get_by_text(said("完了する", language), exact=True).click()
    summary = page.locator("[data-testid=error-summary]")
    assert "所在地" in summary.inner_text()
    if scripts:
        assert summary.evaluate("one => one.contains(document.activeElement)")
    summary.get_by_role("link", name=re.compile("所在地")).click()
    place = page.get_by_role("textbox", name=re.compile("所在地"))
    if scripts:
        assert place.evaluate("one => one === document.activeElement")
    place.fill("千葉県さくら丘市1-2-3")
    if scripts:
        place.blur()
        page.locator("#inputs-news").get_by_text(said("保存しました", language)).wait_for()
        assert said("残り%(left)s件", language, left=2) in bar.inner_text()
        board = page.locator("[data-board]").first
        board.scroll_into_view_if_needed()
        at = board.bounding_box()
        page.mouse.move(at["x"] + 30, at["y"] + 30)
        page.mouse.down()
        for step in range(12):
            page.mouse.move(at["x"] + 30 + 15 * step, at["y"] + 30 + 20 * (step % 2))
        with page.expect_response(lambda answer: "saved=1" in answer.url):
            page.mouse.up()
    shot(page, f"fill-{'scripts' if scripts else 'plain'}")
    page.set_viewport_size({"width": 412, "height": 823})
    bar.get_by_role("button").click()
    page.wait_for_url(re.compile(r"/confirm$"))
    shot(page, "confirm")
    text = page.locator("main").inner_text()
    look = said("手書きの署名", language) if scripts else said("文字で署名「{name}」", language, name="緑野 太郎")
    assert look in text
    assert "千葉県さくら丘市1-2-3" in text
    press(page, "文書に戻る", language)
    assert place.input_value() == "千葉県さくら丘市1-2-3"
    if scripts:
        assert found_on(page, [f"{link}/review?doc=1&page=2", f"{link}/confirm"]) == {}
        page.goto(f"{link}/review?doc=1&page=2")
        hidden = page.evaluate(COVERED)
        assert hidden == []
    page.goto(f"{link}/confirm")
    press(page, "署名手続きを完了する", language)
    page.wait_for_url(re.compile(r"/done$"))
    aside(work)
    assert FieldEntry.objects.filter(recipient=vendor).count() == 3
    vendor.refresh_from_db()
    assert vendor.state == "signed"
