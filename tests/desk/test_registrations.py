"""Registrations at the desk: a code goes in once and never comes out, and a second member has the last word."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from django.db import transaction
from django.test import Client

from cast import CODE, Cast, mailed_code
from place import Place
from tachiai import ceremony, clock, counterparties
from tachiai.accounts.models import Member
from tachiai.counterparties.models import Registration, RegistrationState
from tachiai.outbox.models import Mail

Seat = Callable[[Member], Client]
PAPER = {
    "counterparty": "有限会社ひばり造園（架空）",
    "title": "取締役",
    "name": "雲雀 三郎",
    "mail": "hibari@example.jp",
    "language": "ja",
    "code": "481 927",
}


def entered() -> Registration:
    return Registration.objects.get(mail=PAPER["mail"])


def test_paper_becomes_a_registration_that_a_second_member_approves(people: Cast, seat: Seat) -> None:
    clerk, second = seat(people.clerk), seat(people.second)
    url = clerk.post("/counterparties/new", PAPER).headers["Location"]
    registration = entered()
    assert "メール確認待ち" in clerk.get(url).content.decode()
    assert second.post(url, {"act": "approve"}).status_code == 422
    counterparties.request_code(registration, at=clock.now())
    counterparties.confirm_mail(registration, code=mailed_code(registration), at=clock.now())
    assert "別の職員が承認してください" in clerk.get(url).content.decode()
    assert clerk.post(url, {"act": "approve"}).status_code == 403
    assert "雲雀 三郎" in second.get("/").content.decode()
    assert second.post(url, {"act": "approve"}).status_code == 302
    registration.refresh_from_db()
    assert (registration.state, registration.approved_by) == (RegistrationState.APPROVED, people.second)
    history = second.get(url).content.decode()
    assert [word in history for word in ("届出を入力", "メールアドレスを確認", "承認")] == [True] * 3


def test_what_the_paper_cannot_say_is_refused_and_the_code_is_not_put_back(people: Cast, seat: Seat) -> None:
    desk = seat(people.clerk)
    for changes in ({"mail": "not an address"}, {"name": ""}, {"code": "12345"}, {"code": "123456"}, {"code": "111111"}):
        given = {**PAPER, **changes}
        answer = desk.post("/counterparties/new", given)
        shown = answer.content.decode()
        assert answer.status_code == 422
        assert given["code"] not in shown
        assert 'href="#id_code"' in shown
    assert not Registration.objects.filter(mail=PAPER["mail"]).exists()


def test_the_code_box_hides_what_is_typed_and_asks_no_browser_to_remember(people: Cast, seat: Seat) -> None:
    shown = seat(people.clerk).get("/counterparties/new").content.decode()
    box = next(tag for tag in shown.split("<input")[1:] if 'name="code"' in tag).partition(">")[0]
    assert 'type="password"' in box
    assert 'inputmode="numeric"' in box
    assert 'autocomplete="off"' in box


def test_no_page_and_no_row_holds_a_code(people: Cast, seat: Seat, house: Place) -> None:
    desk = seat(people.clerk)
    url = desk.post("/counterparties/new", PAPER).headers["Location"]
    for page in ("/counterparties", url, f"/counterparties/{people.vendor.pk}"):
        shown = desk.get(page).content.decode()
        assert "481927" not in shown
        assert CODE not in shown
    assert "届出済み（表示できません）" in desk.get(url).content.decode()
    for file in (path for path in Path(house.home).rglob("*.sqlite3*") if path.is_file()):
        assert b"481927" not in file.read_bytes()


def test_revoking_takes_a_reason_and_ends_its_use(people: Cast, seat: Seat) -> None:
    desk, url = seat(people.clerk), f"/counterparties/{people.vendor.pk}"
    assert desk.post(url, {"act": "revoke", "reason": " "}).status_code == 422
    assert desk.post(url, {"act": "revoke", "reason": "担当者の退任"}).status_code == 302
    people.vendor.refresh_from_db()
    assert not people.vendor.is_usable
    shown = desk.get(url).content.decode()
    assert "失効" in shown
    assert "担当者の退任" in shown


def test_a_suspended_registration_says_so(people: Cast, seat: Seat) -> None:
    Registration.objects.filter(pk=people.vendor.pk).update(suspended_at=clock.now())
    desk = seat(people.clerk)
    assert "停止中" in desk.get("/counterparties").content.decode()
    assert "停止しています" in desk.get(f"/counterparties/{people.vendor.pk}").content.decode()


def test_a_lost_app_is_reset_with_a_reason(people: Cast, seat: Seat) -> None:
    with transaction.atomic():
        ceremony.enrol_authenticator(people.vendor.pk, bytes(20), step=1, at=clock.now())
    url, reset = f"/counterparties/{people.vendor.pk}", {"act": "reset", "totp-kind": "totp"}
    assert "認証アプリ（TOTP）の登録を解除する" in seat(people.clerk).get(url).content.decode()
    assert "登録を解除する" not in seat(people.auditor).get(url).content.decode()
    assert seat(people.auditor).post(url, {**reset, "totp-reason": "紛失"}).status_code == 403
    unsaid = seat(people.clerk).post(url, {**reset, "totp-reason": ""})
    assert unsaid.status_code == 422
    assert "理由を2文字以上で入力してください。" in unsaid.content.decode()
    assert seat(people.clerk).post(url, {**reset, "totp-reason": "電話で確認した紛失"}).status_code == 302
    page = seat(people.clerk).get(url).content.decode()
    assert "認証アプリの登録を解除" in page
    assert "電話で確認した紛失" in page
    assert seat(people.clerk).post(url, {**reset, "totp-reason": "もう一度"}).status_code == 422
    letter = Mail.objects.filter(kind="M29").get()
    assert (letter.to, letter.context["purpose"]) == (people.vendor.mail, "totp_reset")
