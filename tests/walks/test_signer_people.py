"""Whoever has no registered code, and dead ends: one-time codes (A04), somebody else named (A13), S-08 and S-09 (A14, A15)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from acts import aside, enter_code, follow, link_in, said, worked
from post import Post

from cast import CODE, Cast, link_for
from signer.test_people import sent_to
from stories import concluded, sent, vendor_of
from tachiai import clock
from tachiai.ceremony.models import Invitation
from tachiai.envelopes.expiring import expire_envelopes
from tachiai.envelopes.models import Envelope, Gate, Recipient
from tachiai.envelopes.sending import send_again
from tachiai.envelopes.withdrawing import withdraw_envelope
from tachiai.outbox.models import Mail
from ventures import HEIR, PARTNER

pytestmark = pytest.mark.browser
OpenPage = Callable[..., Any]
WAYS = pytest.mark.parametrize(("language", "scripts"), [("ja", True), ("en", False)], ids=["ja-scripts", "en-plain"])


def made(act: Callable[[], Any]) -> Any:
    found: list[Any] = []
    aside(lambda: found.append(act()))
    return found[0]


@WAYS
def test_a04_a13_a_mailed_code_and_somebody_else(
    cast_: Cast, post: Post, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch, language: str, scripts: bool
) -> None:
    envelope, link = made(lambda: sent_to(cast_, gate=Gate.OTP, may_reassign=True, language=language))
    page = open_page(phone=True, scripts=scripts, language=language)

    def press(words: str) -> None:
        follow(page, page.locator("main").get_by_role("button", name=said(words, language), exact=True).last)

    def code() -> str:
        worked()
        found = re.search(r"\b(\d{6})\b", post.text(PARTNER.mail))
        assert found
        return found[1]

    page.goto(link)
    press("認証コードを送る")
    field = page.locator("input[autocomplete=one-time-code]")
    assert (field.count(), field.get_attribute("type"), field.get_attribute("inputmode")) == (1, "text", "numeric")
    first, sent_at = code(), clock.now()
    page.locator("main details summary").first.click()
    assert page.get_by_role("button", name=said("認証コードを再送する", language), exact=True).is_visible()
    # Ten minutes pass: typing it brings another, and the page says so.
    monkeypatch.setattr(clock, "now", lambda: sent_at + timedelta(minutes=11))
    field.fill(first)
    press("次へ")
    assert said("新しい認証コードを送りました。", language) in page.locator("main").inner_text()
    field.fill(code())
    press("次へ")
    page.wait_for_url("**/review**")

    # A13
    page.get_by_role("link", name=said("署名者を変更する", language)).click()
    press("署名者を変更する")
    assert page.title().startswith(said("エラー：", language))
    assert page.get_by_test_id("error-summary").locator("a").count() >= 4
    for name, value in (("organization", HEIR.organization), ("name", HEIR.name), ("mail", HEIR.mail), ("reason", "異動のため")):
        page.fill(f"[name={name}]", value)
    page.check("[name=authority]")
    press("署名者を変更する")
    page.wait_for_url("**/forwarded")
    assert page.locator("h1").inner_text() == said("{name} 様に依頼しました", language, name=HEIR.name)
    worked()
    told = sorted(str(one["To"]) for one in post.received if one["Subject"] and envelope.name in str(one["Subject"]))
    assert sorted(Mail.objects.filter(kind="M12").values_list("to", flat=True)) == sorted([cast_.clerk.mail, PARTNER.mail])
    assert told.count(HEIR.mail) == 1
    fresh = open_page(phone=True, scripts=scripts, language=language)
    assert fresh.goto(link_in(post.text(HEIR.mail))).status == 200
    for other in (page, fresh):
        assert other.goto(link).status == 410
        assert said("署名者変更済みです", language) in other.locator("main").inner_text()
        assert envelope.documents.get().name not in other.content()


@WAYS
def test_a14_every_dead_end_says_so(cast_: Cast, open_page: OpenPage, language: str, scripts: bool) -> None:
    envelope: Envelope = made(lambda: sent(cast_))
    page = open_page(phone=True, scripts=scripts, language=language)
    name, vendor = envelope.documents.get().name, vendor_of(envelope)

    def stopped(link: str, status: int, heading: str) -> None:
        assert page.goto(link).status == status
        assert said(heading, language) in page.locator("main").inner_text()
        assert name not in page.content()
        for rest in ("/review", "/documents/1/pages/1", "/documents/1/copy.pdf"):
            assert page.request.get(link + rest, max_redirects=0).status in (302, 404, 409, 410), rest

    def fresh() -> str:
        return f"/s/{link_for(vendor.pk)}"

    stopped("/s/" + "A" * 43, 404, "このリンクは無効です")
    # Not their turn (yet, again): the link is known and tells when.
    Recipient.objects.filter(pk=vendor.pk).update(state="waiting")
    stopped(fresh(), 409, "順番をお待ちください")
    Recipient.objects.filter(pk=vendor.pk).update(state="requested")
    old = fresh()
    send_again(vendor_of(envelope), by=cast_.clerk, at=clock.now())
    stopped(old, 410, "新しいリンクが送信されています")
    expire_envelopes(at=clock.now() + timedelta(days=31))
    stopped(fresh(), 410, "署名期限が過ぎています")
    assert cast_.clerk.phone in page.locator("main").inner_text()
    page.goto(fresh())
    page.get_by_role("button", name=said("再送を依頼する", language)).click()
    page.wait_for_load_state()
    assert said("再送の依頼を送信者に送りました。新しいリンクはメールで届きます。", language) in page.locator("main").inner_text()
    assert list(Mail.objects.filter(kind="M20").values_list("to", flat=True)) == [cast_.clerk.mail]
    today = clock.today(clock.now())
    send_again(vendor_of(envelope), by=cast_.clerk, at=clock.now(), deadline=today + timedelta(days=10))
    assert page.goto(fresh()).status == 200
    envelope.refresh_from_db()
    withdraw_envelope(envelope, reason="内容の見直し", by=cast_.clerk, at=clock.now())
    stopped(fresh(), 410, "署名依頼は取り下げられました")
    assert said("契約は成立していません。先にいただいた署名では契約は締結されません。", language) in page.locator("main").inner_text()


@WAYS
def test_a15_the_download_ends_after_fourteen_days(
    cast_: Cast, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch, language: str, scripts: bool
) -> None:
    envelope: Envelope = made(lambda: concluded(cast_))
    vendor = vendor_of(envelope)
    link, page = f"/d/{link_for(vendor.pk, 'download')}", open_page(phone=True, scripts=scripts, language=language)
    ends = Invitation.objects.get(purpose="download", subject=vendor.pk).expires_at
    assert ends is not None
    assert timedelta(days=14) <= ends - envelope.concluded_at < timedelta(days=14, minutes=5)
    monkeypatch.setattr(clock, "now", lambda: ends - timedelta(seconds=1))
    assert page.goto(link).status == 200
    enter_code(page, link, language=language)
    page.wait_for_url("**/files")
    assert page.locator("main a[href$='.pdf']").count() == 2
    monkeypatch.setattr(clock, "now", lambda: ends + timedelta(seconds=1))
    assert page.goto(link).status == 410
    page.get_by_role("link", name=said("再発行を依頼する", language)).click()
    page.fill("input[name=mail]", vendor.mail)
    page.fill("input[name=code]", CODE)
    page.locator("main form button").first.click()
    page.wait_for_load_state()
    assert sorted(Mail.objects.filter(kind__in=("M20", "M21")).values_list("kind", flat=True)) == ["M20", "M21"]
    assert page.goto(link).status == 410
    assert page.goto(f"/d/{link_for(vendor.pk, 'download')}").status == 200
