"""Staff and registrations: dates, replacement, a code chosen anew, CSV in and out, and who may set the form."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from cast import CODE, Cast, link_for, mailed_code
from stories import drafted
from tachiai import clock, counterparties, ledger
from tachiai.accounts.models import Member
from tachiai.counterparties import Entered
from tachiai.counterparties.models import Counterparty, OneTimeCode, Registration
from tachiai.counterparties.waiting import registrations_to_approve
from tachiai.envelopes.models import Envelope
from tachiai.envelopes.sending import missing_before_sending
from tachiai.errors import Refusal
from tachiai.outbox.models import Mail

Seat = Callable[[Member], Client]
HEADS = "商号又は名称,署名者の役職,署名者の氏名,電子契約用メールアドレス,言語"
ROWS = (
    "株式会社ひなた工業（架空）,代表取締役,日向 光,hinata@example.jp,日本語",
    "Kazemachi K.K. (fictional),CEO,Emma Kazemachi,emma@example.com,English",
)


def csv_of(*lines: str, charset: str = "utf-8") -> SimpleUploadedFile:
    return SimpleUploadedFile("list.csv", "\r\n".join((HEADS, *lines)).encode(charset), content_type="text/csv")


def test_a_csv_is_taken_whole_or_not_at_all_and_each_person_chooses_a_code(people: Cast, seat: Seat) -> None:
    desk, url = seat(people.clerk), "/counterparties/import"
    before = Registration.objects.count()
    bad = desk.post(url, {"file": csv_of(ROWS[0], "空欄商事,,,not-a-mail,仏語", charset="cp932")})
    page = bad.content.decode()
    assert bad.status_code == 422
    for wanted in ("Shift_JIS", '<th scope="row">3</th>', "署名者の氏名", "メールアドレスの形式ではありません。"):
        assert wanted in page
    assert (
        "コードは署名者本人が決める"
        in desk.post(url, {"file": SimpleUploadedFile("x.csv", f"{HEADS},アクセスコード\r\n{ROWS[0]},739184".encode())}).content.decode()
    )
    assert Registration.objects.count() == before
    assert desk.post(url, {"file": csv_of(*ROWS, charset="utf-8-sig")}).status_code == 302
    assert "すでに届出があります" in desk.post(url, {"file": csv_of(ROWS[0])}).content.decode()
    assert seat(people.auditor).post(url, {"file": csv_of(*ROWS)}).status_code == 403

    imported = Registration.objects.get(mail="hinata@example.jp")
    assert imported.verifier == ""
    link, browser = f"/r/{link_for(imported.pk, 'confirm')}", Client()
    browser.post(link)
    given = {"code": mailed_code(imported), "authority": "on", "consent": "on"}
    assert browser.post(link + "/code", {**given, "chosen": "111111"}).status_code == 422
    assert browser.post(link + "/code", {**given, "chosen": ""}).status_code == 422
    assert browser.post(link + "/code", {**given, "chosen": "604817"}).status_code == 302
    imported.refresh_from_db()
    assert (imported.state, counterparties.check_code(imported, "604817")) == ("confirmed", True)
    assert imported.consent
    with pytest.raises(Refusal, match=r"registration\.same_member"):
        counterparties.approve(imported, by=_promoted(people.clerk), at=clock.now())
    counterparties.approve(imported, by=people.second, at=clock.now())


def test_an_exported_csv_is_imported_as_it_was_in_both_languages(people: Cast, seat: Seat) -> None:
    desk = seat(people.clerk)
    party = Counterparty.objects.get(pk=people.vendor.counterparty_id)
    Counterparty.objects.filter(pk=party.pk).update(name="＝みどり野（架空）")
    Registration.objects.filter(pk=people.vendor.pk).update(phone="+81-3-0000-0000", title="'=1", name="'緑野'")
    for language in ("ja", "en"):
        desk.cookies["tachiai_language"] = language
        taken = desk.get("/counterparties/export.csv?q=vendor").content.replace(b"vendor@", f"{language}@".encode())
        assert desk.post("/counterparties/import", {"file": SimpleUploadedFile("x.csv", taken)}).status_code == 302, language
        back = Registration.objects.get(mail=f"{language}@example.jp")
        assert (back.counterparty.name, back.phone, back.title, back.name) == ("＝みどり野（架空）", "+81-3-0000-0000", "'=1", "'緑野'")


def _promoted(member: Member) -> Member:
    Member.objects.filter(pk=member.pk).update(may_approve=True)
    member.refresh_from_db()
    return member


def test_the_list_is_narrowed_and_taken_as_csv_without_codes(people: Cast, seat: Seat) -> None:
    desk = seat(people.clerk)
    shown = desk.get("/counterparties?q=vendor&state=approved&way=paper").content.decode()
    assert people.vendor.number in shown
    assert people.builder.number not in shown
    assert "条件に一致する届出はありません" in desk.get("/counterparties?state=returned").content.decode()
    taken = desk.get("/counterparties/export.csv?q=vendor").content.decode("utf-8-sig")
    assert people.vendor.mail in taken
    assert people.builder.mail not in taken
    assert CODE not in taken
    assert "argon2" not in taken
    assert ledger.latest(f"organization:{people.city.pk}", "list.exported") is not None


def test_dates_hold_to_the_day_and_end_on_record(people: Cast, seat: Seat) -> None:
    day, url = clock.today(clock.now()), f"/counterparties/{people.vendor.pk}"
    desk = seat(people.second)
    later = {"act": "dates", "dates-valid_from": (day + timedelta(days=2)).isoformat(), "dates-valid_until": ""}
    assert desk.post(url, {**later, "dates-valid_until": day.isoformat()}).status_code == 422
    assert desk.post(url, later).status_code == 302
    people.vendor.refresh_from_db()
    assert not people.vendor.is_usable
    assert people.vendor not in counterparties.usable_registrations(people.city)
    assert "有効期間前" in desk.get(url).content.decode()
    counterparties.set_validity(people.vendor, valid_from=None, valid_until=day, by=people.second, at=clock.now())
    assert people.vendor.is_usable
    assert counterparties.expire_registrations(at=clock.now()) == 0
    assert counterparties.expire_registrations(at=clock.now() + timedelta(days=1)) == 1
    people.vendor.refresh_from_db()
    assert people.vendor.state == "revoked"
    assert seat(people.clerk).post(url, later).status_code == 403


def test_a_newer_registration_takes_the_place_of_the_older(people: Cast, seat: Seat) -> None:
    old = people.vendor
    fresh = counterparties.register(
        Entered(old.counterparty.name, old.title, old.name, old.mail, "604817"), by=people.clerk, at=clock.now()
    )
    counterparties.request_code(fresh, at=clock.now())
    counterparties.confirm_mail(fresh, code=mailed_code(fresh), at=clock.now())
    url = f"/counterparties/{fresh.pk}"
    assert old.number in seat(people.second).get(url).content.decode()
    stale = seat(people.second).post(url, {"act": "approve", "shown": "2026-01-01T00:00:00+09:00"})
    assert (stale.status_code, "訂正されました" in stale.content.decode()) == (409, True)
    foreign = seat(people.second).post(url, {"act": "approve", "replacing": [str(people.builder.pk)]})
    assert foreign.status_code == 422
    assert seat(people.second).post(url, {"act": "approve", "replacing": [str(old.pk)]}).status_code == 302
    old.refresh_from_db()
    assert (old.state, old.replaced_by_id) == ("revoked", fresh.pk)
    assert fresh.number in seat(people.clerk).get(f"/counterparties/{old.pk}").content.decode()


def test_a_forgotten_code_is_chosen_anew_and_approved_by_another(people: Cast, seat: Seat) -> None:
    url, vendor = f"/counterparties/{people.vendor.pk}", people.vendor
    assert seat(people.auditor).post(url, {"act": "ask_code"}).status_code == 403
    assert seat(people.clerk).post(url, {"act": "ask_code"}).status_code == 302
    OneTimeCode.objects.filter(registration=vendor).update(sent_at=clock.now() - timedelta(hours=1))
    link, browser = f"/r/{link_for(vendor.pk, 'confirm')}", Client()
    browser.post(link)
    given = {"code": mailed_code(vendor), "authority": "on", "chosen": "604817"}
    assert browser.post(link + "/code", given).status_code == 302
    vendor.refresh_from_db()
    assert vendor.is_usable
    assert counterparties.check_code(vendor, CODE)
    assert vendor in registrations_to_approve(people.second)
    assert "604817" not in seat(people.second).get(url).content.decode()
    assert seat(people.clerk).post(url, {"act": "approve_code"}).status_code == 403
    assert seat(people.second).post(url, {"act": "approve_code"}).status_code == 302
    vendor.refresh_from_db()
    assert counterparties.check_code(vendor, "604817")
    assert not counterparties.check_code(vendor, CODE)
    assert Mail.objects.filter(kind="M25", about=vendor.pk).get().context["result"] == "code"


def test_an_administrator_alone_sets_the_form(people: Cast, seat: Seat) -> None:
    url = "/counterparties/form"
    assert seat(people.clerk).get(url).status_code == 403
    desk = seat(people.admin)
    wrong = desk.post(url, {"is_open": "on", "opens_on": "2026/4/2", "closes_on": "2026/4/1"})
    assert wrong.status_code == 422
    assert desk.post(url, {"is_open": "on", "title": "メールアドレス確認書", "consent": "同意します。"}).status_code == 302
    assert "case=" in desk.get(f"{url}?case=案件&number=1").content.decode()
    door = f"/i/{people.city.slug}"
    assert "メールアドレス確認書" in Client().get(door).content.decode()
    assert "同意します。" in Client().get(f"{door}/form").content.decode()


def test_a_registration_for_one_contract_is_used_for_one(people: Cast) -> None:
    Registration.objects.filter(pk=people.vendor.pk).update(scope="contract")
    people.vendor.refresh_from_db()
    first = drafted(people)
    second = drafted(people)  # a draft binds nobody
    Envelope.objects.filter(pk=first.pk).update(state="in_progress")
    assert "registration.other_contract" in missing_before_sending(second, at=clock.now())
    with pytest.raises(Refusal, match=r"registration\.other_contract"):
        drafted(people)
    Envelope.objects.filter(pk=first.pk).update(state="withdrawn")
    assert "registration.other_contract" not in missing_before_sending(second, at=clock.now())
