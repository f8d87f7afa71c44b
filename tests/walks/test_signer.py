"""Behind the link: what a counterparty meets, check by check (the numbers are the journey's)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from acts import aside, complete, enter_code, finish, read_everything, worked

from cast import CODE, Cast, link_for
from invariants import events
from stories import concluded, mayor_signs, sent, vendor_of, vendor_signs
from tachiai import clock
from tachiai.ceremony.models import Consent
from tachiai.envelopes.expiring import expire_envelopes
from tachiai.envelopes.models import Envelope
from tachiai.envelopes.sending import send_again
from tachiai.envelopes.withdrawing import withdraw_envelope
from tachiai.outbox.models import Mail

pytestmark = pytest.mark.browser
JAPANESE = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")
OpenPage = Callable[..., Any]


def begun(cast: Cast, *, documents: int = 1) -> tuple[Envelope, str]:
    """An envelope whose counterparty has been asked, and the link in its mail."""
    made: list[Envelope] = []
    aside(lambda: made.append(sent(cast, documents=documents)))
    return made[0], f"/s/{link_for(vendor_of(made[0]).pk)}"


def finished(cast: Cast) -> tuple[Envelope, str]:
    made: list[Envelope] = []
    aside(lambda: made.append(concluded(cast)))
    return made[0], f"/d/{link_for(vendor_of(made[0]).pk, 'download')}"


def test_a01_looking_changes_nothing(cast_: Cast, open_page: OpenPage) -> None:
    envelope, link = begun(cast_)
    before = (vendor_of(envelope).state, len(events(envelope)))
    page = open_page(phone=True)
    for _ in range(3):
        assert page.goto(link).status == 200
    assert page.request.head(link).status == 200
    assert "さくら丘市（架空） 様からの署名依頼" in page.locator("h1").inner_text()
    assert (vendor_of(envelope).state, len(events(envelope))) == before


def test_a02_the_code_is_one_plain_field(cast_: Cast, open_page: OpenPage) -> None:
    _, link = begun(cast_)
    page = open_page(phone=True)
    page.goto(link)
    field = page.locator("#code")
    assert page.get_by_label("アクセスコード（6桁の数字）").count() == 1
    assert (field.get_attribute("type"), field.get_attribute("inputmode"), field.get_attribute("name")) == ("text", "numeric", "code")
    wide = "".join(chr(ord(digit) + 0xFEE0) for digit in CODE)
    enter_code(page, link, f"{wide[:3]}−{wide[3:]}")
    assert page.url.endswith("/review") or "/review" in page.url


@pytest.mark.parametrize("scripts", [True, False])
def test_a03_wrong_codes_lock(cast_: Cast, open_page: OpenPage, scripts: bool) -> None:
    envelope, link = begun(cast_)
    page = open_page(phone=True, scripts=scripts)
    enter_code(page, link, "000001")
    assert page.title().startswith("エラー：")
    summary = page.locator("[data-testid=error-summary], .error-summary").first
    assert "あと4回" in summary.inner_text()
    assert summary.locator("a").first.get_attribute("href") == "#code"
    if scripts:
        assert page.evaluate("document.activeElement.closest('.error-summary, [data-testid=error-summary]') !== null")
    for wrong in ("000002", "000003", "000004", "000005"):
        enter_code(page, link, wrong)
    assert re.search(r"\d{1,2}:\d{2}", page.locator("main").inner_text())
    enter_code(page, link, CODE)
    assert "/review" not in page.url
    assert Mail.objects.filter(kind="M15").count() == 2
    assert vendor_of(envelope).state == "requested"


def test_a05_nothing_is_shown_before_the_code(cast_: Cast, open_page: OpenPage) -> None:
    envelope, link = begun(cast_)
    page = open_page(phone=True)
    name = envelope.documents.get().name
    for rest in ("/review", "/confirm", "/done", "/decline", "/documents/1/pages/1", "/documents/1/copy.pdf"):
        answer = page.request.get(link + rest, max_redirects=0)
        assert answer.status in (302, 403), rest
        assert name not in answer.text()
    page.goto(link)
    assert name not in page.content()


def test_a06_tabs_and_steps(cast_: Cast, open_page: OpenPage) -> None:
    _, link = begun(cast_, documents=2)
    page = open_page(phone=True)
    enter_code(page, link)
    assert "2 / 3" in page.locator("body").inner_text()
    tabs = page.locator(".tabs a")
    assert tabs.count() == 2
    assert tabs.nth(0).get_attribute("aria-current")
    assert "未確認" in tabs.nth(1).inner_text()


@pytest.mark.parametrize("scripts", [True, False])
def test_a08_four_actions_from_the_mail_to_the_end(cast_: Cast, open_page: OpenPage, scripts: bool) -> None:
    envelope, link = begun(cast_)
    page = open_page(phone=True, scripts=scripts)
    page.goto(link)  # one: the link in the mail
    page.fill("#code", CODE)
    for words in ("次へ", "完了する", "署名手続きを完了する"):  # two, three, four
        button = page.get_by_role("button", name=words, exact=True)
        (button if button.count() else page.get_by_role("link", name=words, exact=True)).last.click()
        page.wait_for_load_state()
    page.wait_for_url(re.compile("/done"))
    assert vendor_of(envelope).state == "consented"


@pytest.mark.parametrize("scripts", [True, False])
def test_a09_an_unopened_document_is_named(cast_: Cast, open_page: OpenPage, scripts: bool) -> None:
    envelope, link = begun(cast_, documents=2)
    page = open_page(phone=True, scripts=scripts)
    enter_code(page, link)
    finish(page)
    summary = page.locator("[data-testid=error-summary], .error-summary").first
    second = envelope.documents.get(position=2)
    assert second.name in summary.inner_text()
    summary.locator("a").first.click()
    page.wait_for_load_state()
    assert "doc=2" in page.url
    finish(page)
    assert page.url.endswith("/confirm")


def test_a10_a11_double_press_and_back_sign_once(cast_: Cast, open_page: OpenPage) -> None:
    envelope, link = begun(cast_)
    page = open_page(phone=True)
    enter_code(page, link)
    finish(page)
    button = page.get_by_role("button", name="署名手続きを完了する", exact=True)
    page.get_by_role("link", name="文書に戻る").click()
    assert "/review" in page.url
    finish(page)
    button.dblclick()
    page.wait_for_url(re.compile("/done"))
    aside(worked)
    page.reload()
    assert page.locator("h1").inner_text() == "署名手続きが完了しました"
    assert page.evaluate("document.activeElement.tagName") == "H1"
    page.go_back()
    page.wait_for_load_state()
    page.goto(f"{link}/confirm")
    assert page.get_by_role("button", name="署名手続きを完了する", exact=True).count() == 0
    assert Consent.objects.count() == 1
    assert events(envelope).count("recipient.consented") == 1


def test_a12_declining_needs_a_reason(cast_: Cast, open_page: OpenPage) -> None:
    envelope, link = begun(cast_)
    page = open_page(phone=True, scripts=False)
    enter_code(page, link)
    page.get_by_role("link", name=re.compile("署名しない")).click()
    page.get_by_role("button", name="署名しない", exact=True).click()
    assert page.title().startswith("エラー：")
    page.get_by_label("修正してほしい").check()
    page.locator("textarea").fill("第3条の金額を直してください。")
    page.get_by_role("button", name="署名しない", exact=True).click()
    page.wait_for_load_state()
    envelope.refresh_from_db()
    assert (envelope.state, envelope.reason) == ("declined", "第3条の金額を直してください。")
    assert list(Mail.objects.filter(kind="M10").values_list("to", flat=True)) == [cast_.clerk.mail]
    page.goto(link)
    assert page.get_by_role("button", name="次へ", exact=True).count() == 0


def test_a14_every_dead_end_says_so(cast_: Cast, open_page: OpenPage) -> None:
    envelope, link = begun(cast_)
    page = open_page(phone=True)
    name = envelope.documents.get().name
    assert page.goto("/s/" + "A" * 43).status == 404
    # A newer link ends the old one.
    send_again(vendor_of(envelope), by=cast_.clerk, at=clock.now())
    assert page.goto(link).status == 410
    link = f"/s/{link_for(vendor_of(envelope).pk)}"
    # The day passes.
    expire_envelopes(at=clock.now() + timedelta(days=31))
    assert page.goto(link).status == 410
    assert name not in page.content()
    page.get_by_role("button", name="再送を依頼する").click()
    page.wait_for_load_state()
    assert Mail.objects.filter(kind="M20").count() == 1
    today = clock.today(clock.now())
    send_again(vendor_of(envelope), by=cast_.clerk, at=clock.now(), deadline=today + timedelta(days=10))
    link = f"/s/{link_for(vendor_of(envelope).pk)}"
    assert page.goto(link).status == 200
    envelope.refresh_from_db()
    withdraw_envelope(envelope, reason="内容の見直し", by=cast_.clerk, at=clock.now())
    assert page.goto(link).status == 410
    assert "取り下げ" in page.locator("main").inner_text()
    assert name not in page.content()


def test_a15_the_download_ends_after_fourteen_days(cast_: Cast, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch) -> None:
    envelope, link = finished(cast_)
    page = open_page(phone=True)
    from tachiai.ceremony.models import Invitation

    ends = Invitation.objects.get(purpose="download", subject=vendor_of(envelope).pk).expires_at
    monkeypatch.setattr(clock, "now", lambda: ends - timedelta(seconds=1))
    assert page.goto(link).status == 200
    monkeypatch.setattr(clock, "now", lambda: ends + timedelta(seconds=1))
    assert page.goto(link).status == 410
    page.get_by_role("link", name="再発行を依頼する").click()
    page.fill("input[name=mail]", vendor_of(envelope).mail)
    page.fill("input[name=code]", CODE)
    page.locator("main form button").first.click()
    page.wait_for_load_state()
    assert sorted(Mail.objects.filter(kind__in=("M20", "M21")).values_list("kind", flat=True)) == ["M20", "M21"]


def test_a16_english_throughout(cast_: Cast, open_page: OpenPage) -> None:
    envelope, link = begun(cast_, documents=2)
    page = open_page(phone=True, language="en")
    ours = [
        envelope.name,
        cast_.city.name,
        "契約課",
        "桜田 花子",
        cast_.vendor.name,
        cast_.vendor.title,
        cast_.vendor.counterparty.name,
        envelope.comment,
    ]
    ours += [document.name for document in envelope.documents.all()]
    ours += ["立会テスト運営"]

    def english() -> None:
        assert page.locator("html").get_attribute("lang") == "en"
        text = page.locator("main").inner_text() + page.title()
        for words in sorted(ours, key=len, reverse=True):
            text = text.replace(words, "")
        assert not JAPANESE.search(text), text

    page.goto(link + "?lang=en")
    english()
    enter_code(page, link, "000001", language="en")
    english()
    enter_code(page, link, language="en")
    english()
    read_everything(page)
    english()
    page.goto(f"{link}/decline")
    english()
    page.goto(f"{link}/review")
    finish(page, language="en")
    english()
    page.go_back()
    complete(page, language="en")
    english()


def test_a17_the_text_view_reads(cast_: Cast, open_page: OpenPage) -> None:
    _, link = begun(cast_)
    page = open_page(phone=True)
    enter_code(page, link)
    page.get_by_role("link", name=re.compile("文字で読む")).first.click()
    page.wait_for_load_state()
    assert "第1条" in page.locator("main").inner_text()


@pytest.mark.parametrize("width", [320, 1280])
def test_a18_nothing_is_wider_than_the_screen(cast_: Cast, open_page: OpenPage, width: int) -> None:
    _, link = begun(cast_, documents=2)
    page = open_page()
    page.set_viewport_size({"width": width, "height": 700})
    enter_code(page, link)
    for path in ("", "/review", "/review?doc=2", "/decline"):
        page.goto(link + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        small = page.evaluate(
            """() => [...document.querySelectorAll('main a, main button, main input:not([type=hidden]), main summary')]
                .filter(one => !one.closest('p, li p, dd, .support, .visually-hidden') && one.offsetParent !== null)
                .map(one => [one.outerHTML.slice(0, 80), ...Object.values(one.getBoundingClientRect().toJSON()).slice(2, 4)])
                .filter(([, w, h]) => (w < 24 || h < 44) && w > 1)"""
        )
        radios = [one for one in small if "radio" not in one[0] and "checkbox" not in one[0]]
        assert radios == [], path


def test_a21_headers_keep_the_link_to_itself(cast_: Cast, open_page: OpenPage) -> None:
    _, link = begun(cast_)
    page = open_page(phone=True)
    foreign: list[str] = []
    page.on(
        "request",
        lambda request: foreign.append(request.url) if "127.0.0.1" not in request.url and not request.url.startswith("data:") else None,
    )
    enter_code(page, link)
    for path in ("", "/review", "/confirm", "/decline"):
        headers = page.goto(link + path).headers
        assert "unsafe-inline" not in headers["content-security-policy"]
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cache-control"] == "private, no-store"
        assert "noindex" in headers["x-robots-tag"]
    assert foreign == []


def test_b07_the_second_signer_is_asked_after_the_first(cast_: Cast, open_page: OpenPage) -> None:
    envelope, _ = begun(cast_)
    assert not Mail.objects.filter(kind="M04").exists()
    aside(lambda: (vendor_signs(envelope), None))
    assert not Mail.objects.filter(kind="M04").exists()
    worked()
    assert list(Mail.objects.filter(kind="M04").values_list("to", flat=True)) == [cast_.mayor.mail]
    aside(lambda: mayor_signs(envelope))
    worked()
    envelope.refresh_from_db()
    assert envelope.state == "concluded"
