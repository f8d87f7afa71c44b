"""People of every kind in an envelope: who confirms, any one of several, who is named in another's place, deadlines, documents."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from cast import Cast, link_for
from stages import HERE, drafted, enters, signs
from stories import work
from tachiai import clock, ledger
from tachiai.envelopes.addressing import Place, Typed
from tachiai.envelopes.asking import ask_sender_again
from tachiai.envelopes.checking import check_envelope
from tachiai.envelopes.declining import Wish, decline
from tachiai.envelopes.drafting import address_envelope, remove_document
from tachiai.envelopes.expiring import expire_envelopes
from tachiai.envelopes.in_bulk import Done, ask_together
from tachiai.envelopes.models import Envelope, Gate, Kind, Proof, Recipient
from tachiai.envelopes.one_time import send_one_time_code
from tachiai.envelopes.opening import open_envelope
from tachiai.envelopes.readings import readings_of
from tachiai.envelopes.reassigning import reassign
from tachiai.envelopes.reviewing import confirm_review
from tachiai.envelopes.sending import missing_before_sending, send_again, send_envelope
from tachiai.envelopes.signing import sign
from tachiai.envelopes.visiting import stopped, visit
from tachiai.errors import Refusal
from tachiai.outbox.models import Mail
from ventures import HEIR, PARTNER, WATCHER, comes, confirms, mailed, person, venture


def states(envelope: Envelope) -> list[str]:
    return list(envelope.recipients.order_by("position").values_list("state", flat=True))


def mails(envelope: Envelope, *kinds: str) -> list[tuple[str, str]]:
    return sorted(Mail.objects.filter(stream=envelope.stream, kind__in=kinds).values_list("kind", "to"))


def sound(envelope: Envelope) -> None:
    assert [(one.code, one.subject, one.detail) for one in check_envelope(envelope.pk)] == []


def refused(code: str, act: Any, *args: Any, **more: Any) -> None:
    with pytest.raises(Refusal) as refusal:
        act(*args, **more)
    assert refusal.value.code == code


def test_a_venture_goes_its_whole_way(cast: Cast) -> None:
    """B07, A13: whose turn it is, one of two suffices, another is named; and the house finds itself sound at every step."""
    envelope = venture(cast)
    assert states(envelope) == ["requested", "waiting", "waiting", "waiting", "waiting", "waiting"]
    assert [one.slot for one in envelope.recipients.order_by("position")] == [None, 1, 1, 2, 3, None]
    assert mails(envelope, "M01", "M03", "M04") == [("M03", cast.second.mail)]
    sound(envelope)
    confirms(person(envelope, cast.second.mail))
    assert states(envelope) == ["reviewed", "requested", "requested", "waiting", "waiting", "waiting"]
    signs(person(envelope, cast.builder.mail))
    vendor = person(envelope, cast.vendor.mail)
    assert vendor.state == "cancelled"
    assert stopped(visit(link_for(vendor.pk), key="", at=clock.now()), at=clock.now()) == "recipient.not_needed"
    work()
    sound(envelope)

    found = comes(person(envelope, PARTNER.mail))
    old = found.recipient
    assert [one.document.name for one in readings_of(old)] == ["文書1"]
    refused("reason.missing", reassign, old, HEIR, by=old, at=clock.now())
    reassign(old, HEIR, by=old, at=clock.now(), reason="権限者が変わりました")
    assert stopped(visit(link_for(old.pk), key="", at=clock.now()), at=clock.now()) == "recipient.forwarded"
    refused("recipient.not_asked", sign, found, HERE, at=clock.now())
    assert mails(envelope, "M12") == [("M12", cast.clerk.mail), ("M12", PARTNER.mail)]
    assert ("M01", HEIR.mail) in mails(envelope, "M01")
    sound(envelope)
    heir = person(envelope, HEIR.mail)
    assert (heir.slot, heir.order, heir.gate) == (2, 3, "otp")
    sign(comes(heir), HERE, at=clock.now())
    refused("recipient.not_asked", reassign, heir, PARTNER, by=cast.clerk, at=clock.now())
    work()
    signs(person(envelope, cast.mayor.mail))
    work()
    envelope.refresh_from_db()
    assert envelope.state == "concluded"
    assert states(envelope) == ["reviewed", "cancelled", "signed", "forwarded", "signed", "delivered", "signed"]
    assert mails(envelope, "M06") == [("M06", WATCHER.mail)]
    told = {cast.second.mail, cast.builder.mail, cast.mayor.mail, HEIR.mail, cast.clerk.mail}
    assert {to for _, to in mails(envelope, "M05")} == told
    sound(envelope)


def test_the_sender_changes_who_is_asked_and_does_so_again(cast: Cast) -> None:
    envelope = venture(cast)
    refused("reassign.other_side", reassign, person(envelope, PARTNER.mail), cast.mayor, by=cast.clerk, at=clock.now())
    refused("envelope.not_allowed", reassign, person(envelope, PARTNER.mail), HEIR, by=cast.stranger, at=clock.now())
    refused("reassign.same_person", reassign, person(envelope, PARTNER.mail), PARTNER, by=cast.clerk, at=clock.now())
    waiting = reassign(person(envelope, PARTNER.mail), HEIR, by=cast.clerk, at=clock.now())
    assert (waiting.state, mails(envelope, "M12")) == ("waiting", [("M12", cast.clerk.mail)])
    reassign(person(envelope, HEIR.mail), PARTNER_AGAIN, by=cast.clerk, at=clock.now())
    confirms(person(envelope, cast.second.mail))
    signs(person(envelope, cast.vendor.mail))
    work()
    assert ("M01", PARTNER_AGAIN.mail) in mails(envelope, "M01")
    asked = person(envelope, PARTNER_AGAIN.mail)
    refused("reassign.not_allowed", reassign, asked, HEIR, by=person(envelope, cast.mayor.mail), at=clock.now(), reason="理由")
    sound(envelope)
    told = [entry.data["recipient"] for entry in ledger.entries(envelope.stream, events=("recipient.reassigned",))]
    assert len(told) == 2


PARTNER_AGAIN = Typed("あおぞら設備有限会社（架空）", "青空 渚", "partner-again@example.com")


def test_a_reviewer_who_says_no_ends_it(cast: Cast) -> None:
    """A12: exactly the sender and who was mailed hear of it."""
    envelope = drafted(cast)
    places = [Place(1, PARTNER, kind=Kind.REVIEWER, gate=Gate.NONE), Place(2, cast.vendor), Place(3, cast.mayor)]
    address_envelope(envelope, places, by=cast.clerk, at=clock.now())
    send_envelope(envelope, by=cast.clerk, at=clock.now())
    work()
    found = comes(person(envelope, PARTNER.mail))
    refused("recipient.not_signer", sign, found, HERE, at=clock.now())
    decline(found.recipient, wish=Wish.CORRECTION, reason="金額が違います", at=clock.now())
    assert states(envelope) == ["declined", "cancelled", "cancelled"]
    assert [to for _, to in mails(envelope, "M10")] == [cast.clerk.mail]
    sound(envelope)


def test_the_last_may_be_a_reviewer(cast: Cast) -> None:
    envelope = drafted(cast)
    places = [Place(1, cast.vendor), Place(1, cast.mayor), Place(2, PARTNER, kind=Kind.APPROVER, gate=Gate.NONE)]
    address_envelope(envelope, places, by=cast.clerk, at=clock.now())
    send_envelope(envelope, by=cast.clerk, at=clock.now())
    work()
    signs(person(envelope, cast.vendor.mail))
    signs(person(envelope, cast.mayor.mail))
    work()
    found = comes(person(envelope, PARTNER.mail))
    confirm_review(found, HERE, at=clock.now())
    confirm_review(found, HERE, at=clock.now())
    work()
    envelope.refresh_from_db()
    assert (envelope.state, states(envelope)) == ("concluded", ["signed", "signed", "reviewed"])
    sound(envelope)


def test_a_deadline_of_ones_own(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its end ends one request; the envelope goes on, and the sender may ask again."""
    envelope, at = drafted(cast), clock.now()
    tomorrow = clock.today(at) + timedelta(days=1)
    late = Place(1, cast.vendor, deadline=clock.today(at) + timedelta(days=60))
    refused("recipient.deadline_too_late", address_envelope, envelope, [late, Place(2, cast.mayor)], by=cast.clerk, at=at)
    places = [Place(1, cast.vendor, deadline=tomorrow), Place(1, cast.builder), Place(2, cast.mayor)]
    address_envelope(envelope, places, by=cast.clerk, at=at)
    send_envelope(envelope, by=cast.clerk, at=at)
    work()
    then = at + timedelta(days=2)
    assert expire_envelopes(at=then) == 1
    assert expire_envelopes(at=then) == 0
    assert states(envelope) == ["expired", "requested", "waiting"]
    assert stopped(visit(link_for(person(envelope, cast.vendor.mail).pk), key="", at=then), at=then) == "link.expired"
    sound(envelope)
    monkeypatch.setattr(clock, "now", lambda: then)
    send_again(person(envelope, cast.vendor.mail), by=cast.clerk, at=then)
    assert expire_envelopes(at=then) == 0
    sign(enters(person(envelope, cast.vendor.mail)), HERE, at=then)
    sound(envelope)


def test_nobody_gets_a_link_that_is_dead_already(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the minute after midnight, before the clock has looked: whose own day is over gets the envelope's, and after that nobody any."""
    envelope, at = drafted(cast), clock.now()
    tomorrow = clock.today(at) + timedelta(days=1)
    address_envelope(envelope, [Place(1, cast.vendor, deadline=tomorrow), Place(2, cast.mayor)], by=cast.clerk, at=at)
    send_envelope(envelope, by=cast.clerk, at=at)
    work()
    envelope.refresh_from_db()
    then = clock.end_of(tomorrow) + timedelta(seconds=30)
    monkeypatch.setattr(clock, "now", lambda: then)
    send_again(person(envelope, cast.vendor.mail), by=cast.clerk, at=then)
    assert expire_envelopes(at=then) == 0
    vendor = person(envelope, cast.vendor.mail)
    assert stopped(visit(link_for(vendor.pk), key="", at=then), at=then) is None
    assert envelope.deadline is not None
    over = clock.end_of(envelope.deadline) + timedelta(seconds=30)
    refused("link.expired", send_again, vendor, by=cast.clerk, at=over)
    refused("link.expired", reassign, vendor, HEIR, by=cast.clerk, at=over)
    assert ask_together([envelope], by=cast.clerk, at=over) == Done(0, [envelope])  # and holds no other of those that were chosen up
    sound(envelope)


def test_one_asking_the_sender_silences_nobody_else(cast: Cast) -> None:
    envelope, at = drafted(cast), clock.now()
    address_envelope(envelope, [Place(1, cast.vendor), Place(1, cast.builder), Place(2, cast.mayor)], by=cast.clerk, at=at)
    send_envelope(envelope, by=cast.clerk, at=at)
    work()
    vendor, builder = person(envelope, cast.vendor.mail), person(envelope, cast.builder.mail)
    ask_sender_again(vendor, what="link", at=at)
    ask_sender_again(builder, what="link", at=at)
    refused("asked.already", ask_sender_again, vendor, what="link", at=at + timedelta(minutes=59))
    ask_sender_again(vendor, what="link", at=at + timedelta(hours=1))
    assert mails(envelope, "M20") == [("M20", cast.clerk.mail)] * 3


def test_a_one_time_code(cast: Cast) -> None:
    """A04: ten minutes, one visit, the last one only, and no more guesses than elsewhere."""
    envelope = venture(cast)
    confirms(person(envelope, cast.second.mail))
    signs(person(envelope, cast.vendor.mail))
    work()
    partner, at = person(envelope, PARTNER.mail), clock.now()
    token = link_for(partner.pk)

    def tries(code: str, when: Any) -> str:
        found = visit(token, key="", at=when)
        return open_envelope(found, code=code, address=HERE.address, agent=HERE.agent, at=when)

    refused("otp.expired", tries, "123456", at)
    send_one_time_code(visit(token, key="", at=at), at=at)
    first = mailed(partner)
    refused("otp.too_soon", send_one_time_code, visit(token, key="", at=at), at=at + timedelta(seconds=59))
    refused("otp.expired", tries, first, at + timedelta(minutes=10))
    send_one_time_code(visit(token, key="", at=at), at=at + timedelta(seconds=60))
    second = mailed(partner)
    if second != first:
        refused("code.wrong", tries, first, at + timedelta(seconds=61))
    assert tries(second, at + timedelta(seconds=62))
    refused("otp.expired", tries, second, at + timedelta(seconds=63))
    send_one_time_code(visit(token, key="", at=at), at=at + timedelta(minutes=3))
    wrong = "000000" if mailed(partner) != "000000" else "111111"
    for _ in range(4):
        refused("code.wrong", tries, wrong, at + timedelta(minutes=4))
    refused("code.locked", tries, wrong, at + timedelta(minutes=4))
    refused("code.locked", tries, mailed(partner), at + timedelta(minutes=5))
    refused("code.locked", send_one_time_code, visit(token, key="", at=at), at=at + timedelta(minutes=5))


def test_what_cannot_be_asked(cast: Cast) -> None:
    envelope, at = drafted(cast, papers=2), clock.now()
    first, second = envelope.documents.order_by("position")
    mayor = Place(9, cast.mayor)
    nobody = Typed("株式会社なし（架空）", "", "nobody@example.com")
    odd = Typed("株式会社なし（架空）", "無", "nobody")
    cases = [
        ("registration.missing", [Place(1, PARTNER), mayor]),
        ("recipient.nameless", [Place(1, nobody, gate=Gate.OTP), mayor]),
        ("recipient.mail_malformed", [Place(1, odd, gate=Gate.OTP), mayor]),
        ("proof.needs_registration", [Place(1, PARTNER, gate=Gate.OTP, proof=Proof.TOTP), mayor]),
        ("proof.for_signers", [Place(1, cast.vendor, kind=Kind.REVIEWER, proof=Proof.TOTP), mayor]),
        ("group.differs", [Place(1, cast.vendor, any_one=True), Place(1, cast.builder), mayor]),
        ("group.mixed", [Place(1, cast.vendor, any_one=True), Place(1, cast.builder, kind=Kind.REVIEWER, any_one=True), mayor]),
        ("group.mixed", [Place(1, cast.vendor, any_one=True), Place(1, cast.builder, documents=(first,), any_one=True), mayor]),
        ("member.may_not_sign", [Place(1, cast.vendor), Place(2, cast.second)]),
    ]
    for code, places in cases:
        refused(code, address_envelope, envelope, places, by=cast.clerk, at=at)
    address_envelope(envelope, [Place(1, cast.vendor, documents=(first,)), Place(2, cast.mayor, documents=(first,))], by=cast.clerk, at=at)
    assert missing_before_sending(envelope, at=at) == ["document.unsigned"]
    refused("document.only_one_for", remove_document, first, by=cast.clerk, at=at)
    remove_document(second, by=cast.clerk, at=at)
    assert missing_before_sending(envelope, at=at) == []
    reviewers = [Place(1, cast.vendor, kind=Kind.REVIEWER), Place(2, cast.mayor)]
    address_envelope(envelope, reviewers, by=cast.clerk, at=at)
    assert missing_before_sending(envelope, at=at) == ["recipients.incomplete"]
    assert Recipient.objects.filter(envelope=envelope).count() == 2
