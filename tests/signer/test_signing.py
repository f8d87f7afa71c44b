"""S-03 to S-06: reading, consenting once, waiting for the seal, and the calm way out."""

from __future__ import annotations

from datetime import timedelta

import pytest

from cast import assemble
from signer.walking import device, enter, inside, link_of, press, title, words
from stories import mayor_signs, sent, vendor_of, work
from tachiai import clock, ledger
from tachiai.ceremony.models import Consent, Invitation
from tachiai.envelopes.models import CloseTask, SealTask
from tachiai.envelopes.withdrawing import withdraw_envelope
from tachiai.outbox.models import Mail

pytestmark = pytest.mark.usefixtures("house")


def test_from_the_link_to_the_end_in_four_presses_without_scripts() -> None:
    envelope = sent(assemble())
    vendor = vendor_of(envelope)
    browser, link = inside(vendor)
    review = browser.get(link)  # the link again leads on, once the code was given
    assert review["Location"] == link + "/review"
    review = browser.get(link + "/review")
    assert "2 / 3" in words(review)
    assert f'src="{link}/documents/1/pages/1"' in review.content.decode()
    assert 'rel="next"' in review.content.decode()
    confirm = browser.get(link + "/confirm")
    assert "3 / 3" in words(confirm)
    assert "【署名手続きを完了する】を押すと、上記の文書の内容に同意し、立会テスト運営に電子署名の付与を指示します。" in words(confirm)
    assert "data-once" in confirm.content.decode()
    done = press(browser, link, follow=True)
    assert "受け付けました。電子署名を付与しています" in words(done)
    assert "<h1 data-focus>" in done.content.decode()
    assert '<meta http-equiv="refresh"' in done.content.decode()

    # Whatever is pressed again, there is one consent and the same page.
    assert "受け付けました" in words(browser.post(link + "/confirm", follow=True))
    for path in ("/confirm", "/review"):
        assert "受け付けました" in words(browser.get(link + path, follow=True))
    assert Consent.objects.filter(subject=vendor.pk).count() == 1

    assert '<span data-refresh="3" data-state="consented-in_progress"></span>' in done.content.decode()
    work()
    done = browser.get(link + "/done")
    assert "署名手続きが完了しました" in words(done)
    assert "refresh" not in done.content.decode()
    assert "ほかの署名者の手続きをお待ちください" in words(done)
    mayor_signs(envelope)
    work()
    assert "契約が締結されました" in words(browser.get(link + "/done"))


def test_every_document_is_shown_before_anybody_is_asked() -> None:
    envelope = sent(assemble(), documents=2)
    vendor = vendor_of(envelope)
    browser, link = inside(vendor)
    review = browser.get(link + "/review")
    assert review.content.decode().count("aria-current=") >= 1
    assert "未確認" in words(review)
    assert "残り1件" in words(review)
    early = browser.get(link + "/confirm")
    assert early.status_code == 422
    assert title(early).startswith("エラー：")
    second = envelope.documents.get(position=2)
    assert f"「{second.name}」をまだ開いていません。" in words(early)
    assert f'href="{link}/review?doc=2&amp;page=1"' in early.content.decode()
    assert browser.post(link + "/confirm").status_code == 422
    assert not Consent.objects.exists()
    browser.get(link + "/review?doc=2")
    assert "すべて確認しました" in words(browser.get(link + "/review"))
    assert browser.get(link + "/confirm").status_code == 200
    shown = [entry for entry in ledger.entries(envelope.stream) if entry.event == "document.shown"]
    assert len(shown) == 2


def test_pages_pictures_text_and_copies() -> None:
    envelope = sent(assemble())
    browser, link = inside(vendor_of(envelope))
    picture = browser.get(link + "/documents/1/pages/1")
    assert picture["Content-Type"] == "image/png"
    assert picture.content.startswith(b"\x89PNG")
    assert picture["Cache-Control"] == "private, no-store"
    for beyond in (0, 99, 2**63, 10**30):  # the last two are more than a database counts to
        assert browser.get(link + f"/documents/1/pages/{beyond}").status_code == 404
    assert browser.get(link + "/documents/9/pages/1").status_code == 404
    assert "業務委託契約書" in words(browser.get(link + "/review?text=1")).replace(" ", "")
    assert "viewer-zoom-3" in browser.get(link + "/review?zoom=9").content.decode()
    assert browser.get(link + "/review?doc=x&page=0&zoom=-1").status_code == 200
    copy = browser.get(link + "/documents/1/copy.pdf")
    assert copy.content.startswith(b"%PDF-")
    assert copy["X-Content-Type-Options"] == "nosniff"
    assert "attachment; filename*=utf-8''%E3%80%90%E7%B7%A0%E7%B5%90%E5%89%8D%E3%80%91" in copy["Content-Disposition"]
    assert ledger.entries(envelope.stream)[-1].event == "document.copy_downloaded"


def test_the_first_page_is_light() -> None:
    browser, link = inside(vendor_of(sent(assemble(), documents=2)))
    body = browser.get(link + "/review").content.decode()
    assert body.count("<img") == 1
    assert "<style" not in body
    assert "style=" not in body
    assert len(body.encode()) < 30_000


def test_while_the_timestamp_authority_is_away_the_signer_is_told() -> None:
    vendor = vendor_of(sent(assemble()))
    browser, link = inside(vendor)
    browser.get(link + "/review")
    press(browser, link)
    SealTask.objects.update(trouble="tsa.unreachable", troubled_since=clock.now())
    assert "時刻認証局の応答を待っています" in words(browser.get(link + "/done"))
    assert not CloseTask.objects.exists()


def test_not_signing_needs_a_reason_and_ends_the_request() -> None:
    envelope = sent(assemble())
    vendor = vendor_of(envelope)
    browser, link = inside(vendor)
    assert "修正をご希望の場合は" in words(browser.get(link + "/decline"))
    empty = browser.post(link + "/decline", {"wish": "", "reason": " "})
    assert empty.status_code == 422
    assert "理由を2文字以上で入力してください。" in words(empty)
    assert "ご意向を選択してください。" in words(empty)
    assert browser.post(link + "/decline", {"wish": "correction", "reason": "あ"}).status_code == 422
    envelope.refresh_from_db()
    assert envelope.state == "in_progress"
    done = browser.post(link + "/decline", {"wish": "correction", "reason": "第3条の期間を直してください。"}, follow=True)
    assert "署名しないことを送信者に伝えました" in words(done)
    assert "第3条の期間を直してください。" in words(done)
    envelope.refresh_from_db()
    assert (envelope.state, envelope.reason) == ("declined", "第3条の期間を直してください。")
    assert Mail.objects.filter(kind="M10", to="clerk@sakuragaoka.example.jp").count() == 1
    assert browser.post(link + "/confirm").status_code == 410
    stopped = device().get(link)
    assert stopped.status_code == 410
    assert "契約は成立していません" in words(stopped)
    assert "第3条" not in stopped.content.decode()


def test_leaving_ends_the_visit_and_the_link_goes_on() -> None:
    vendor = vendor_of(sent(assemble()))
    browser, link = inside(vendor)
    key = browser.cookies["tachiai_ceremony"].value
    assert "まだ署名していません" in words(browser.post(link + "/later"))
    stolen = device().get(link + "/review", headers={"cookie": f"tachiai_ceremony={key}"})
    assert stolen.status_code == 302
    assert enter(browser, link).status_code == 302
    assert browser.get(link + "/review").status_code == 200


def test_dead_ends_say_why_and_what_to_do() -> None:
    cast = assemble()
    withdrawn, expired = sent(cast), sent(cast)
    reader, link = inside(vendor_of(withdrawn))
    withdraw_envelope(withdrawn, reason="誤りがあったため", by=cast.clerk, at=clock.now())
    for browser in (reader, device()):
        answer = browser.get(link)
        assert answer.status_code == 410
        assert "署名依頼は取り下げられました" in words(answer)
        assert "先にいただいた署名では契約は締結されません。" in words(answer)
        assert 'href="tel:000-000-0001"' in answer.content.decode()
    assert reader.get(link + "/documents/1/pages/1").status_code == 410
    assert reader.get(link + "/documents/1/copy.pdf").status_code == 302

    late = vendor_of(expired)
    Invitation.objects.filter(subject=late.pk).update(expires_at=clock.now() - timedelta(seconds=1))
    answer = device().get(link_of(late))
    assert answer.status_code == 410
    assert "再送を依頼する" in words(answer)
    assert enter(device(), link_of(late)).status_code == 410
    assert "依頼は送信されています" in words(device().post(link_of(late) + "/again"))
    assert Mail.objects.filter(kind="M20").count() == 1


def test_whoever_has_signed_sees_how_far_things_are_after_the_code() -> None:
    vendor = vendor_of(sent(assemble()))
    browser, link = inside(vendor)
    browser.get(link + "/review")
    press(browser, link)
    work()
    later = device()
    assert "署名手続きは完了しています" in words(later.get(link))
    assert "署名手続きが完了しました" in words(later.post(link, {"code": "739184"}, follow=True))


def test_nobody_else_can_ask_for_a_link_that_works() -> None:
    vendor = vendor_of(sent(assemble()))
    assert device().post(link_of(vendor) + "/again").status_code == 302
    assert not Mail.objects.filter(kind="M20").exists()
