"""A registration: entered from paper, confirmed by its own address, approved by a second member, revoked for good."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from cast import CODE, Cast, link_for, mailed_code
from crowds import codes_of, together
from stages import Scene, enters
from tachiai import clock, counterparties, ledger
from tachiai.accounts.models import Member
from tachiai.ceremony import attempts
from tachiai.ceremony.models import WrongCode
from tachiai.counterparties import Entered, FormWords, Told
from tachiai.counterparties.history import history_of
from tachiai.counterparties.limits import reserve_use
from tachiai.counterparties.models import OneTimeCode, Registration, RegistrationDraft
from tachiai.counterparties.waiting import registrations_to_approve
from tachiai.envelopes.asking_copies import Wanted, begin_request, confirm_request
from tachiai.envelopes.copy_models import CopyRequest
from tachiai.envelopes.opening import open_envelope
from tachiai.envelopes.signing import Circumstances, sign
from tachiai.envelopes.visiting import stopped, visit
from tachiai.errors import Refusal
from tachiai.outbox.concealing import reveal
from tachiai.outbox.models import Mail

NOW = clock.now()


def entered(by: Member, *, code: str = CODE, mail: str = "kaku@example.net") -> Registration:
    return counterparties.register(Entered("架空商事株式会社", "代表", "架空 一", mail, code), by=by, at=NOW)


def confirmed(by: Member) -> Registration:
    registration = entered(by)
    counterparties.request_code(registration, at=NOW)
    counterparties.confirm_mail(registration, code=mailed_code(registration), at=NOW)
    return registration


def wrong_for(registration: Registration) -> str:
    return f"{(int(mailed_code(registration)) + 1) % 1_000_000:06d}"


def refused(code: str) -> object:
    return pytest.raises(Refusal, match=code.replace(".", r"\."))


def test_the_whole_way(cast: Cast) -> None:
    registration = confirmed(cast.clerk)
    assert not registration.is_usable
    assert registrations_to_approve(cast.second) == [registration]
    assert registrations_to_approve(cast.clerk) == []
    counterparties.approve(registration, by=cast.second, at=NOW)
    assert registration.is_usable
    assert registration in counterparties.usable_registrations(cast.city)
    told = [step.code for step in history_of(registration) if not step.code.startswith("mail.")]
    assert told == ["registration.entered", "registration.code_requested", "registration.mail_confirmed", "registration.approved"]
    assert ledger.check_stream(f"organization:{cast.city.pk}") > 10


def test_what_strangers_call_themselves_stands_on_one_line_and_years_are_japans(cast: Cast) -> None:
    """A name goes into lists, mails, the certificate and the signature's reason: it brings no line end, and turns no text round."""
    night = datetime(2026, 12, 31, 15, 30, tzinfo=UTC)  # half past midnight of New Year's Day in Japan
    paper = Entered("架空\u202e商事", "代表\r\n", "架空\nBcc: 一", "k@example.net", CODE)
    odd = counterparties.register(paper, by=cast.clerk, at=night)
    assert (odd.number[:7], odd.counterparty.name, odd.title, odd.name) == ("R-2027-", "架空商事", "代表", "架空 Bcc: 一")

    counterparties.set_form(FormWords(is_open=True), by=cast.admin, at=night)
    told = Told("架空\u2066商事", "架空\n一", "k@example.net", reviewers=(("架空\r二", "r@example.net"),))
    counterparties.begin_draft(cast.city, told, code=CODE, consent="同意", attorney=None, at=night)
    kept = counterparties.told_in(RegistrationDraft.objects.get())
    assert (kept.counterparty, kept.name, kept.reviewers) == ("架空商事", "架空 一", (("架空 二", "r@example.net"),))
    heads = "商号又は名称,署名者の氏名,電子契約用メールアドレス\n"
    read = counterparties.read_csv(f"{heads}架空商事,架空\u202e三,s@example.net\n".encode(), cast.city)
    assert [(one.column, one.code) for one in read.wrong] == [("name", "csv.control")]

    wanted = Wanted("架空\u202e商事", "架空\n一", "n@example.net", "k@example.net", "03\n", "契約\n一覧")
    begin_request(cast.city, wanted, address="192.0.2.1", at=night)
    asked = CopyRequest.objects.get()
    assert (asked.party, asked.name, asked.phone, asked.contracts) == ("架空商事", "架空 一", "03", "契約\n一覧")
    code = reveal(Mail.objects.get(kind="M16", to="n@example.net").context["concealed"]["code"])
    assert confirm_request(asked, code, at=night).number[:7] == "K-2027-"


def test_the_code_is_nowhere_but_in_a_slow_verifier(cast: Cast) -> None:
    registration = entered(cast.clerk)
    assert registration.verifier.startswith("$argon2id$")
    assert CODE not in registration.verifier
    assert counterparties.check_code(registration, CODE)
    assert not counterparties.check_code(registration, "739185")
    other = entered(cast.clerk)
    assert other.verifier != registration.verifier


@pytest.mark.parametrize("code", ["", "73918", "7391845", "abcdef", "73918４5", "7391 8"])
def test_a_malformed_code_is_refused(cast: Cast, code: str) -> None:
    with refused("code.malformed"):
        entered(cast.clerk, code=code)
    assert not Registration.objects.filter(mail="kaku@example.net").exists()


@pytest.mark.parametrize("code", ["000000", "123456", "１２３４５６", "999999", "112233"])
def test_a_code_that_everybody_tries_is_refused(cast: Cast, code: str) -> None:
    with refused("code.weak"):
        entered(cast.clerk, code=code)


def test_who_enters_does_not_approve(cast: Cast) -> None:
    registration = confirmed(cast.second)  # who has the right to approve, but entered this one
    with refused("registration.same_member"):
        counterparties.approve(registration, by=cast.second, at=NOW)
    with pytest.raises(IntegrityError), transaction.atomic():
        Registration.objects.filter(pk=registration.pk).update(approved_by=cast.second)


def test_only_a_second_member_of_the_organization_with_the_right_approves(cast: Cast) -> None:
    registration = confirmed(cast.clerk)
    for member in (cast.clerk, cast.mayor, cast.admin, cast.auditor, cast.system, cast.stranger, cast.stranger_admin):
        with refused("registration.not_allowed"):
            counterparties.approve(registration, by=member, at=NOW)
    unconfirmed = entered(cast.clerk)
    with refused("registration.not_confirmed"):
        counterparties.approve(unconfirmed, by=cast.second, at=NOW)
    counterparties.approve(registration, by=cast.second, at=NOW)
    with refused("registration.not_confirmed"):
        counterparties.approve(registration, by=cast.second, at=NOW)


def test_an_auditor_and_a_system_administrator_enter_nothing(cast: Cast) -> None:
    for member in (cast.auditor, cast.system):
        with refused("registration.not_allowed"):
            entered(member)


def test_a_one_time_code_is_tried_five_times(cast: Cast) -> None:
    registration = entered(cast.clerk)
    counterparties.request_code(registration, at=NOW)
    left = []
    for _ in range(5):
        with refused("otp.wrong") as told:
            counterparties.confirm_mail(registration, code=wrong_for(registration), at=NOW)
        left.append(told.value.facts["left"])
    assert left == [4, 3, 2, 1, 0]
    with refused("otp.ended"):
        counterparties.confirm_mail(registration, code=mailed_code(registration), at=NOW)
    later = NOW + timedelta(minutes=2)
    counterparties.request_code(registration, at=later)
    counterparties.confirm_mail(registration, code=mailed_code(registration), at=later)
    assert registration.state == "confirmed"


def test_an_hour_has_its_limits_behind_a_confirmation_link_too(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """As behind a signer's link: wrong tries of one address; and five codes to one mailbox, however many registrations it has."""
    registration, other = entered(cast.clerk), entered(cast.clerk)
    monkeypatch.setattr(attempts, "ADDRESS_BUDGET", 2)
    counterparties.request_code(registration, at=NOW)
    for _ in range(2):
        with refused("otp.wrong"):
            counterparties.confirm_mail(registration, code=wrong_for(registration), address="192.0.2.7", at=NOW)
    with refused("code.busy"):
        counterparties.confirm_mail(registration, code=mailed_code(registration), address="192.0.2.7", at=NOW)
    counterparties.confirm_mail(registration, code=mailed_code(registration), address="192.0.2.8", at=NOW)
    assert WrongCode.objects.count() == 2  # a right one is given back
    for minutes in range(1, 5):
        counterparties.request_code(other, at=NOW + timedelta(minutes=minutes))
    with refused("form.busy"):
        counterparties.request_code(other, at=NOW + timedelta(minutes=5))
    with refused("form.busy"):
        reserve_use(cast.city, address="192.0.2.9", mail=other.mail.upper(), at=NOW + timedelta(minutes=5))
    counterparties.request_code(other, at=NOW + timedelta(hours=1, minutes=1))


def test_thirty_guesses_at_once_are_five(cast: Cast) -> None:
    registration = entered(cast.clerk)
    counterparties.request_code(registration, at=NOW)
    wrong = wrong_for(registration)
    results = together([lambda: counterparties.confirm_mail(registration, code=wrong, at=NOW)] * 30)
    assert sorted(codes_of(results)) == ["otp.ended"] * 25 + ["otp.wrong"] * 5


def test_a_one_time_code_lives_ten_minutes_and_once(cast: Cast) -> None:
    registration = entered(cast.clerk)
    with refused("otp.expired"):
        counterparties.confirm_mail(registration, code="123456", at=NOW)
    counterparties.request_code(registration, at=NOW)
    code = mailed_code(registration)
    with refused("otp.expired"):
        counterparties.confirm_mail(registration, code=code, at=NOW + timedelta(minutes=10))
    counterparties.confirm_mail(registration, code=code, at=NOW + timedelta(minutes=10, seconds=-1))
    with refused("otp.expired"):
        counterparties.confirm_mail(registration, code=code, at=NOW + timedelta(minutes=1))


def test_a_newer_one_time_code_ends_the_older(cast: Cast) -> None:
    registration = entered(cast.clerk)
    counterparties.request_code(registration, at=NOW)
    first = mailed_code(registration)
    later = NOW + timedelta(seconds=60)
    counterparties.request_code(registration, at=later)
    if first == mailed_code(registration):
        first = wrong_for(registration)  # one time in a million they are the same
    with refused("otp.wrong"):
        counterparties.confirm_mail(registration, code=first, at=later)


def test_a_one_time_code_of_another_registration_confirms_nothing(cast: Cast) -> None:
    one, other = entered(cast.clerk), entered(cast.clerk, mail="hoka@example.net")
    for registration in (one, other):
        counterparties.request_code(registration, at=NOW)
    if mailed_code(one) != mailed_code(other):
        with refused("otp.wrong"):
            counterparties.confirm_mail(one, code=mailed_code(other), at=NOW)


def test_codes_are_mailed_a_minute_apart_even_when_asked_for_at_once(cast: Cast) -> None:
    registration = entered(cast.clerk)
    results = together([lambda: counterparties.request_code(registration, at=NOW)] * 8)
    assert codes_of(results) == ["otp.too_soon"] * 7
    assert OneTimeCode.objects.filter(registration=registration).count() == 1
    assert Mail.objects.filter(kind="M16", about=registration.pk).count() == 1
    with refused("otp.too_soon") as told:
        counterparties.request_code(registration, at=NOW + timedelta(seconds=59))
    assert told.value.facts["seconds"] == 2
    counterparties.request_code(registration, at=NOW + timedelta(seconds=60))


def test_nothing_is_mailed_to_who_is_confirmed_or_revoked(cast: Cast) -> None:
    registration = confirmed(cast.clerk)
    later = NOW + timedelta(hours=1)
    with refused("registration.confirmed"):
        counterparties.request_code(registration, at=later)
    counterparties.revoke(registration, reason="退任", by=cast.clerk, at=NOW)
    with refused("registration.revoked"):
        counterparties.request_code(registration, at=later)


def test_the_confirmation_link_ends_after_a_fortnight_or_with_the_registration(cast: Cast) -> None:
    registration = entered(cast.clerk)
    token = link_for(registration.pk, "confirm")
    assert counterparties.find_registration(token, at=NOW) == registration
    with refused("link.expired"):
        counterparties.find_registration(token, at=NOW + timedelta(days=14))
    counterparties.revoke(registration, reason="取消", by=cast.clerk, at=NOW)
    with refused("registration.revoked"):
        counterparties.find_registration(token, at=NOW)


def test_revoking_wants_a_reason_and_a_member_of_the_organization(cast: Cast) -> None:
    with refused("reason.missing"):
        counterparties.revoke(cast.vendor, reason="  ", by=cast.clerk, at=NOW)
    for member in (cast.auditor, cast.system, cast.stranger, cast.stranger_admin):
        with refused("registration.not_allowed"):
            counterparties.revoke(cast.vendor, reason="退任", by=member, at=NOW)
    counterparties.revoke(cast.vendor, reason="退任", by=cast.clerk, at=NOW)
    with refused("registration.revoked"):
        counterparties.revoke(cast.vendor, reason="退任", by=cast.clerk, at=NOW)


def test_a_revoked_registration_stops_its_links(scene: Scene) -> None:
    """Before the code, after the code, and between reading and signing."""
    inside = enters(scene.vendor)
    counterparties.revoke(scene.cast.vendor, reason="退任", by=scene.cast.clerk, at=NOW)
    at = clock.now()
    found = visit(link_for(scene.vendor.pk), key="", at=at)
    assert stopped(found, at=at) == "registration.revoked"
    with refused("registration.revoked"):
        open_envelope(found, code=CODE, address="", agent="", at=at)
    with refused("registration.revoked"):
        sign(inside, Circumstances("192.0.2.10", "tests", "ja"), at=at)
    assert scene.vendor.state == "opened"
    assert scene.cast.vendor not in counterparties.usable_registrations(scene.cast.city)
