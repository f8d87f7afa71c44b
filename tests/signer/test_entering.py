"""S-01 and the gate: what a link shows before the code, and what wrong codes lead to."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from cast import CODE, assemble, link_for, registered
from signer.walking import device, enter, inside, link_of, title, words
from stories import drafted, sent, vendor_of, work
from tachiai import clock, ledger
from tachiai.ceremony.models import Ceremony, Invitation, WrongCode
from tachiai.envelopes.models import Envelope
from tachiai.envelopes.sending import send_envelope
from tachiai.outbox.models import Mail

pytestmark = pytest.mark.usefixtures("house")


def entries(envelope: Envelope) -> int:
    return ledger.check_stream(envelope.stream)


def test_looking_changes_nothing_however_often() -> None:
    envelope = sent(assemble())
    vendor, browser = vendor_of(envelope), device()
    before = entries(envelope)
    for _ in range(3):
        assert browser.get(link_of(vendor)).status_code == 200
    assert browser.head(link_of(vendor)).status_code == 200
    vendor.refresh_from_db()
    assert vendor.state == "requested"
    assert entries(envelope) == before
    assert not Ceremony.objects.exists()


def test_says_who_asks_and_nothing_of_the_documents() -> None:
    envelope = sent(assemble(), documents=2)
    page = device().get(link_of(vendor_of(envelope)))
    text = words(page)
    assert "さくら丘市（架空） 様からの署名依頼" in text
    assert "緑野 太郎 様" in text
    assert "2件" in text
    assert "残り30日" in text
    assert 'href="tel:000-000-0001"' in page.content.decode()
    for document in envelope.documents.all():
        assert document.name not in page.content.decode()
    assert "桜田" not in text


def test_the_code_field_takes_what_people_type() -> None:
    vendor = vendor_of(sent(assemble()))
    body = device().get(link_of(vendor)).content.decode()
    field = body[body.index("<input", body.index('for="code"')) :].split(">")[0]
    for wanted in ('type="text"', 'inputmode="numeric"', 'autocomplete="off"', 'maxlength="20"', 'name="code"', 'id="code"'):
        assert wanted in field
    assert "アクセスコード（6桁の数字）" in body
    assert enter(device(), link_of(vendor), "７３９−１８ ４").status_code == 302


def test_nothing_is_behind_the_link_without_the_code() -> None:
    vendor = vendor_of(sent(assemble()))
    for path in ("review", "confirm", "done", "decline", "declined", "documents/1/pages/1", "documents/1/copy.pdf"):
        answer = device().get(f"{link_of(vendor)}/{path}")
        assert answer.status_code == 302
        assert answer["Location"].split("?")[0] == link_of(vendor)
    for path in ("confirm", "decline", "later"):
        assert device().post(f"{link_of(vendor)}/{path}", {"wish": "refusal", "reason": "嫌です"}).status_code == 302
    vendor.refresh_from_db()
    assert vendor.state == "requested"


def test_a_wrong_code_is_told_at_the_field_and_counted() -> None:
    envelope = sent(assemble())
    vendor = vendor_of(envelope)
    answer = enter(device(), link_of(vendor), "000000")
    assert answer.status_code == 422
    assert title(answer).startswith("エラー：")
    assert "アクセスコードが正しくありません。あと4回入力できます。" in words(answer)
    assert 'href="#code"' in answer.content.decode()
    assert 'data-testid="error-summary"' in answer.content.decode()
    assert ledger.entries(envelope.stream)[-1].event == "recipient.code_wrong"
    vendor.refresh_from_db()
    assert vendor.state == "requested"


def test_what_is_no_code_costs_no_try() -> None:
    vendor = vendor_of(sent(assemble()))
    for typed in ("", "12345", "abcdef", "1" * 21):
        assert enter(device(), link_of(vendor), typed).status_code == 422
    assert not WrongCode.objects.exists()


def test_five_wrong_codes_lock_the_link_even_for_the_right_one() -> None:
    vendor = vendor_of(sent(assemble()))
    for _ in range(4):
        enter(device(), link_of(vendor), "000000")
    locked = enter(device(), link_of(vendor), "000000")
    assert locked.status_code == 429
    until = Invitation.objects.get(subject=vendor.pk).locked_until
    assert until is not None
    hour = until.astimezone(clock.JAPAN).strftime("%H:%M")
    assert f"入力が5回続けて一致しなかったため、{hour}まで入力できません。" in words(locked)
    assert enter(device(), link_of(vendor), CODE).status_code == 429
    assert f"{hour}まで入力できません" in words(device().get(link_of(vendor)))
    assert sorted(Mail.objects.filter(kind="M15").values_list("to", flat=True)) == ["clerk@sakuragaoka.example.jp", "vendor@example.jp"]


def test_ten_wrong_codes_end_the_link_and_the_sender_can_be_asked() -> None:
    vendor = vendor_of(sent(assemble()))
    for _ in range(2):
        for _ in range(5):
            enter(device(), link_of(vendor), "000000")
        Invitation.objects.filter(subject=vendor.pk).update(locked_until=clock.now() - timedelta(seconds=1))
    ended = device().get(link_of(vendor))
    assert ended.status_code == 429
    assert "入力回数の上限に達したため、このリンクは使えません。さくら丘市（架空） 契約課（000-000-0001）へご連絡ください。" in words(ended)
    assert "再送を依頼する" in words(ended)
    assert enter(device(), link_of(vendor), CODE).status_code == 429
    asked = device().post(link_of(vendor) + "/again")
    assert asked.status_code == 200
    assert Mail.objects.filter(kind="M20", to="clerk@sakuragaoka.example.jp").count() == 1
    assert "すでに" in words(device().post(link_of(vendor) + "/again"))
    assert Mail.objects.filter(kind="M20").count() == 1


def test_the_cookie_is_for_this_link_alone() -> None:
    vendor = vendor_of(sent(assemble()))
    browser, link = inside(vendor)
    cookie = browser.cookies["tachiai_ceremony"]
    assert cookie["path"] == link
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert link.rpartition("/")[2] not in f"{cookie.key}{cookie.value}"


def test_a_key_of_one_link_opens_no_other() -> None:
    cast = assemble()
    first, second = sent(cast), sent(cast, name="別の契約")
    browser, _ = inside(vendor_of(first))
    other = link_of(vendor_of(second))
    answer = browser.get(other + "/review", headers={"cookie": f"tachiai_ceremony={browser.cookies['tachiai_ceremony'].value}"})
    assert answer.status_code == 302


def test_after_half_an_hour_the_code_is_asked_again() -> None:
    vendor = vendor_of(sent(assemble()))
    browser, link = inside(vendor)
    Ceremony.objects.update(seen_at=clock.now() - timedelta(minutes=31))
    answer = browser.get(link + "/review", follow=True)
    assert "もう一度アクセスコードを入力してください。" in words(answer)


def test_an_english_reader_is_spoken_to_in_english() -> None:
    cast = assemble()
    person = ("Green Field Ltd (fictional)", "CEO", "Jane Green", "jane@example.com")
    vendor = registered(cast.clerk, cast.second, *person, at=clock.now(), language="en")
    envelope = drafted(cast)
    from tachiai.envelopes.drafting import name_recipients

    name_recipients(envelope, [(1, vendor), (2, cast.mayor)], by=cast.clerk, at=clock.now())
    send_envelope(envelope, by=cast.clerk, at=clock.now())
    work()
    page = device().get(link_of(vendor_of(envelope)))
    assert '<html lang="en"' in page.content.decode()
    assert page["Content-Language"] == "en"
    assert "Signature request from Sakuragaoka City (fictional)" in words(page)
    assert '<html lang="ja"' in device().get(link_of(vendor_of(envelope)) + "?lang=ja").content.decode()


def test_an_unknown_link_tells_nothing() -> None:
    assemble()
    answer = device().get("/s/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
    assert answer.status_code == 404
    assert "このリンクは無効です" in words(answer)
    assert "さくら丘市" not in answer.content.decode()


def test_the_pages_are_private_and_lead_nowhere() -> None:
    vendor = vendor_of(sent(assemble()))
    page = device().get(link_of(vendor))
    assert page["Cache-Control"] == "private, no-store"
    assert page["Referrer-Policy"] == "no-referrer"
    assert "noindex" in page["X-Robots-Tag"]
    assert "unsafe-inline" not in page["Content-Security-Policy"]


def test_a_download_link_opens_no_ceremony() -> None:
    vendor = vendor_of(sent(assemble()))
    assert device().get(f"/d/{link_for(vendor.pk)}").status_code == 404


def test_a_browser_without_cookies_is_told_so() -> None:
    vendor = vendor_of(sent(assemble()))
    browser = Client(enforce_csrf_checks=True)
    answer = browser.post(link_of(vendor), {"code": CODE})
    assert answer.status_code == 403
    assert "Cookieが使えないため、先へ進めません。" in words(answer)
