"""A counterparty registers in a browser, from the guide to a contact that the wizard offers (I01), with scripts and without."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from acts import aside, follow, log_in, said, worked
from post import Post

from cast import Cast
from place import Place
from registrar.test_filling import _texts as texts_of
from registrar.test_filling import number_with_check_digit, opened
from stages import drafted
from tachiai.counterparties.models import Registration

pytestmark = pytest.mark.browser
OpenPage = Callable[..., Any]
TYPED = {
    "counterparty": "株式会社ひなた工業（架空）",
    "corporate_number": number_with_check_digit(),
    "address": "さくら丘市架空町1-2-3",
    "representative_title": "代表取締役",
    "representative": "日向 光",
    "title": "営業部長",
    "name": "日向 望",
    "mail": "nozomi@example.jp",
    "contact": "日向 薫",
    "phone": "０００－０００－００００",
}
WEAK, CHOSEN = ("000000", "123456"), "６０４ ８１７"
SHOWN = re.compile(r"[6６][0０][4４][ -]?[8８][1１][7７]")


@pytest.mark.parametrize(("language", "scripts"), [("ja", False), ("en", True), ("en", False)])
def test_i01_from_the_guide_to_a_contact(cast_: Cast, house: Place, post: Post, open_page: OpenPage, language: str, scripts: bool) -> None:
    doors: list[str] = []
    aside(lambda: doors.append(opened(cast_)))
    page = open_page(phone=True, scripts=scripts, language=language)

    def press(words: str) -> None:
        follow(page, page.locator("main").get_by_role("button", name=said(words, language), exact=True).last)

    def refused(field: str) -> None:
        press("確認へ進む")
        assert page.title().startswith(said("エラー：", language))
        summary = page.get_by_test_id("error-summary")
        assert summary.locator(f"a[href='#id_{field}']").count() == 1, summary.inner_text()
        assert not SHOWN.search(page.content())
        if scripts:
            assert summary.evaluate("one => one.contains(document.activeElement)")

    page.goto(doors[0])
    page.locator(f"main a[href$='{doors[0]}/form']").first.click()
    for name, value in TYPED.items():
        page.fill(f"[name={name}]", value)
    page.check("[name=consent]")
    page.check("[name=authority]")
    for weak in WEAK:
        page.fill("[name=code]", weak)
        refused("code")
    # The statement of authority is asked for, and the code is not put back whatever else was wrong.
    page.uncheck("[name=authority]")
    page.fill("[name=code]", CHOSEN)
    refused("authority")
    assert page.locator("[name=code]").input_value() == ""
    assert page.locator("[name=name]").input_value() == TYPED["name"]
    page.check("[name=authority]")
    page.fill("[name=code]", CHOSEN)
    press("確認へ進む")
    page.wait_for_url("**/check")
    shown = [page.content()]
    assert "●●●●●●" in page.locator("main").inner_text()
    press("認証コードを送信する")
    worked()
    letter = post.text("nozomi@example.jp")
    mailed = re.search(r"\b(\d{6})\b", letter)
    assert mailed
    page.fill("input[autocomplete=one-time-code]", mailed[1])
    press("この内容で届け出る")
    page.wait_for_url("**/done")
    registration = Registration.objects.get(mail="nozomi@example.jp")
    assert registration.number in page.locator("main").inner_text()
    shown.append(page.content())
    worked()

    # Staff approve; the code is told to them no more than to anybody. The contact stands in the wizard's list.
    desk = open_page(scripts=scripts, language=language)
    log_in(desk, cast_.second)
    desk.goto(f"/counterparties/{registration.pk}")
    shown.append(desk.content())
    desk.get_by_role("button", name=said("承認する", language), exact=True).click()
    desk.wait_for_load_state()
    shown.append(desk.content())
    registration.refresh_from_db()
    assert registration.state == "approved"
    worked()
    drafts: list[Any] = []
    aside(lambda: drafts.append(drafted(cast_)))
    desk.goto(f"/envelopes/{drafts[0].pk}/recipients")
    assert desk.locator("select[name=counterparty] option", has_text="日向 望").count() == 1

    letters = "\n".join(str(one) for one in post.received)
    assert registration.number in "".join(post.text("nozomi@example.jp"))
    for kept in (*shown, letters, *texts_of(house)):
        assert not SHOWN.search(kept)
