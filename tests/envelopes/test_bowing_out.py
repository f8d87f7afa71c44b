"""Declining where any one suffices: one is out and the others go on, until the last of them declines (journeys 9.1)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from cast import Cast, link_for
from stages import drafted, signs
from stories import work
from tachiai import clock, ledger, vault
from tachiai.ceremony.models import Invitation
from tachiai.envelopes.addressing import Place
from tachiai.envelopes.checking import check_envelope
from tachiai.envelopes.declining import Wish, decline
from tachiai.envelopes.drafting import address_envelope
from tachiai.envelopes.events import note
from tachiai.envelopes.expiring import expire_envelopes
from tachiai.envelopes.listing import place_in_order
from tachiai.envelopes.models import Envelope, Gate, Kind, Recipient
from tachiai.envelopes.reassigning import reassign
from tachiai.envelopes.sending import send_again, send_envelope
from tachiai.envelopes.visiting import stopped, visit
from tachiai.envelopes.withdrawing import withdraw_envelope
from tachiai.errors import Refusal
from tachiai.outbox.models import Mail
from tachiai.pages.render import render
from ventures import PARTNER, comes, person

WORDS = "第3条の金額を直してください"


def asked(cast: Cast, *group: Place) -> Envelope:
    envelope = drafted(cast)
    address_envelope(envelope, [*group, Place(2, cast.mayor)], by=cast.clerk, at=clock.now())
    send_envelope(envelope, by=cast.clerk, at=clock.now())
    work()
    return envelope


def says_no(recipient: Recipient) -> None:
    decline(comes(recipient).recipient, wish=Wish.CORRECTION, reason=WORDS, at=clock.now())


def stands(envelope: Envelope) -> tuple[str, list[str], tuple[int, int] | None]:
    found = Envelope.objects.prefetch_related("recipients").get(pk=envelope.pk)
    return found.state, list(envelope.recipients.order_by("position").values_list("state", flat=True)), place_in_order(found)


def declines_told(envelope: Envelope) -> list[str]:
    return sorted(Mail.objects.filter(stream=envelope.stream, kind="M10").values_list("to", flat=True))


def findings(envelope: Envelope) -> set[str]:
    return {one.code for one in check_envelope(envelope.pk)}


def refused(code: str, act: Any, *args: Any, **more: Any) -> None:
    with pytest.raises(Refusal) as refusal:
        act(*args, **more)
    assert refusal.value.code == code


def test_one_declines_and_the_other_signs(cast: Cast) -> None:
    envelope = asked(cast, Place(1, cast.vendor, any_one=True), Place(1, cast.builder, any_one=True))
    assert stands(envelope) == ("in_progress", ["requested", "requested", "waiting"], (1, 2))
    vendor = person(envelope, cast.vendor.mail)
    says_no(vendor)
    assert stands(envelope) == ("in_progress", ["declined", "requested", "waiting"], (1, 2))
    vendor = person(envelope, cast.vendor.mail)
    assert (vendor.reason, envelope.reason) == (WORDS, "")
    assert Invitation.objects.get(subject=vendor.pk).closed_at is not None
    assert stopped(visit(link_for(vendor.pk), key="", at=clock.now()), at=clock.now()) == "recipient.declined"
    (mail,) = Mail.objects.filter(stream=envelope.stream, kind="M10")
    assert (mail.to, mail.context["left"], mail.context["lapsed"]) == (cast.clerk.mail, [person(envelope, cast.builder.mail).name], False)
    refused("recipient.not_asked", send_again, vendor, by=cast.clerk, at=clock.now())
    refused("recipient.not_asked", reassign, vendor, PARTNER, by=cast.clerk, at=clock.now())
    refused("recipient.not_asked", decline, vendor, wish=Wish.OTHER, reason=WORDS, at=clock.now())
    assert findings(envelope) == set()

    signs(person(envelope, cast.builder.mail))
    work()
    assert stands(envelope) == ("in_progress", ["declined", "signed", "requested"], (2, 2))
    signs(person(envelope, cast.mayor.mail))
    work()
    assert stands(envelope)[:2] == ("concluded", ["declined", "signed", "signed"])
    assert declines_told(envelope) == [cast.clerk.mail]
    assert cast.vendor.mail not in Mail.objects.filter(stream=envelope.stream, kind__in=("M05", "M06")).values_list("to", flat=True)
    assert findings(envelope) == set()
    envelope.refresh_from_db()
    assert envelope.certificate is not None
    paper = "".join(page.text for page in render(vault.read(envelope.certificate)).pages)
    assert "辞退した方" in paper
    assert cast.vendor.mail in paper
    assert WORDS not in paper


def test_the_last_of_them_ends_it(cast: Cast) -> None:
    """Reviewers and approvers likewise; and then, as ever, everybody who was asked hears of it."""
    kinds: dict[str, Any] = {"kind": Kind.APPROVER, "any_one": True}
    places = (Place(1, cast.vendor, **kinds), Place(1, PARTNER, gate=Gate.NONE, **kinds), Place(1, cast.second, **kinds))
    envelope = asked(cast, *places, Place(2, cast.builder))
    says_no(person(envelope, PARTNER.mail))
    decline(person(envelope, cast.second.mail), wish=Wish.OTHER, reason=WORDS, at=clock.now())
    assert stands(envelope)[:2] == ("in_progress", ["requested", "declined", "declined", "waiting", "waiting"])
    assert declines_told(envelope) == [cast.clerk.mail] * 2
    says_no(person(envelope, cast.vendor.mail))
    assert stands(envelope) == ("declined", ["declined", "declined", "declined", "cancelled", "cancelled"], None)
    assert declines_told(envelope) == sorted([*[cast.clerk.mail] * 3, PARTNER.mail, cast.second.mail])
    told = [entry.event for entry in ledger.entries(envelope.stream) if entry.event.endswith(".declined")]
    assert told == ["recipient.declined", "recipient.declined", "envelope.declined"]
    assert findings(envelope) == set()


def test_whose_day_has_passed_can_still_be_asked(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """Silence is no answer: the sender may ask again, so a word of the other ends nothing, whichever of the two came first."""
    tomorrow = clock.today(clock.now()) + timedelta(days=1)
    envelope = asked(cast, Place(1, cast.vendor, any_one=True, deadline=tomorrow), Place(1, cast.builder, any_one=True))
    then = clock.now() + timedelta(days=2)
    monkeypatch.setattr(clock, "now", lambda: then)
    assert expire_envelopes(at=then) == 1
    says_no(person(envelope, cast.builder.mail))
    assert stands(envelope) == ("in_progress", ["expired", "declined", "waiting"], (1, 2))
    assert Mail.objects.get(stream=envelope.stream, kind="M10").context["lapsed"] is True
    assert findings(envelope) == set()

    envelope.refresh_from_db()
    assert envelope.deadline is not None
    over = clock.end_of(envelope.deadline) + timedelta(hours=1)
    assert expire_envelopes(at=over) == 1
    later = clock.today(over) + timedelta(days=9)
    refused("recipient.not_asked", send_again, person(envelope, cast.builder.mail), by=cast.clerk, at=over, deadline=later)
    assert stands(envelope)[0] == "expired"
    send_again(person(envelope, cast.vendor.mail), by=cast.clerk, at=over, deadline=later)
    assert stands(envelope)[:2] == ("in_progress", ["requested", "declined", "waiting"])
    envelope.refresh_from_db()
    withdraw_envelope(envelope, reason="取りやめ", by=cast.clerk, at=over)
    assert stands(envelope)[:2] == ("withdrawn", ["cancelled", "declined", "cancelled"])
    assert findings(envelope) == set()


def test_fsck_finds_a_word_that_ought_to_have_ended_it(cast: Cast) -> None:
    """Passing over somebody who is needed is named; so is going on where nobody of the group was left."""
    envelope = asked(cast, Place(1, cast.vendor, any_one=True), Place(1, cast.builder, any_one=True))
    says_no(person(envelope, cast.vendor.mail))
    for mail in (cast.builder.mail, cast.mayor.mail):
        passed = person(envelope, mail)
        with transaction.atomic(durable=True):
            note(envelope, "recipient.declined", by=passed, at=clock.now(), data={"recipient": str(passed.pk), "wish": "other"})
            Recipient.objects.filter(pk=passed.pk).update(state="declined", ended_at=clock.now())
        assert "recipient.illegal_walk" in findings(envelope)
        found = [one for one in check_envelope(envelope.pk) if one.code == "recipient.illegal_walk"]
        assert str(passed.pk) in {one.subject for one in found}
