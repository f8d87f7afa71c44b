"""Two acts at one moment: one of them wins, the other is told, and the house is in order whichever it was."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import transaction

from cast import Cast, link_for
from crowds import codes_of, together
from invariants import check_envelope, check_house, events
from stages import HERE, Scene, drafted, sees_everything
from stories import work
from tachiai import ceremony, clock, ledger
from tachiai.ceremony.models import Invitation, Level
from tachiai.clock import end_of
from tachiai.envelopes.addressing import Place
from tachiai.envelopes.declining import Wish, decline
from tachiai.envelopes.drafting import address_envelope
from tachiai.envelopes.expiring import expire_envelopes
from tachiai.envelopes.models import Document, Envelope, PageImage, Recipient, Revision, SealTask
from tachiai.envelopes.routing import ask_next
from tachiai.envelopes.sending import send_again, send_envelope
from tachiai.envelopes.signing import sign
from tachiai.envelopes.visiting import Visit, visit
from tachiai.envelopes.withdrawing import withdraw_envelope
from tachiai.sealing.models import Seal

ROUNDS = 30


def copies(original: Envelope, count: int) -> list[Envelope]:
    """As many envelopes like the frozen one, in rows alone: what races needs states and locks, and no other bytes."""
    made = []
    for number in range(count):
        with transaction.atomic(durable=True):
            made.append(_copy(Envelope.objects.get(pk=original.pk), f"RACE-{number:03d}"))
    return made


def _copy(envelope: Envelope, number: str) -> Envelope:
    told, names = ledger.entries(envelope.stream), dict[str, str]()
    documents, people = list(envelope.documents.all()), list(envelope.recipients.order_by("position"))
    envelope.pk, envelope.number = None, number
    envelope = Envelope(
        **{field.attname: getattr(envelope, field.attname) for field in Envelope._meta.concrete_fields if field.attname != "id"}
    )
    envelope.save(force_insert=True)
    for document in documents:
        revisions = list(document.revisions.all())
        pages = list(PageImage.objects.filter(document=document))
        facts = {field.attname: getattr(document, field.attname) for field in Document._meta.concrete_fields if field.attname != "id"}
        fresh = Document.objects.create(**{**facts, "envelope_id": envelope.pk})
        names[str(document.pk)] = str(fresh.pk)
        names |= _copy_seals(document.pk, fresh.pk)
        for row in [*revisions, *pages]:
            row.pk, row.document = None, fresh
            row.save(force_insert=True)
    for person in people:
        facts = {field.attname: getattr(person, field.attname) for field in Recipient._meta.concrete_fields if field.attname != "id"}
        fresh_one = Recipient.objects.create(**{**facts, "envelope_id": envelope.pk, "state": "waiting", "requested_at": None})
        names[str(person.pk)] = str(fresh_one.pk)
    _tell_again(told, envelope, names)
    ask_next(envelope, at=clock.now())
    return envelope


def _copy_seals(subject: uuid.UUID, onto: uuid.UUID) -> dict[str, str]:
    names = {}
    for seal in Seal.objects.filter(subject=subject):
        before = str(seal.pk)
        seal.pk, seal.subject = uuid.uuid4(), onto
        seal.save(force_insert=True)
        names[before] = str(seal.pk)
    return names


def _tell_again(told: list[ledger.Told], envelope: Envelope, names: dict[str, str]) -> None:
    """The copy's stream tells the same of the copy, up to where somebody is asked."""
    for entry in told:
        if entry.event == "recipient.requested":
            return
        said = json.dumps(entry.data)
        for before, now in names.items():
            said = said.replace(before, now)
        by = ledger.Actor(entry.by["kind"], entry.by.get("id", ""))  # type: ignore[arg-type]
        ledger.append(envelope.stream, entry.event, by=by, at=entry.at, data=json.loads(said))


def inside(envelope: Envelope) -> Visit:
    """The vendor with the code behind them; the code itself is judged elsewhere."""
    return let_in(envelope.recipients.get(side="counterparty"))


def let_in(person: Recipient) -> Visit:
    sees_everything(person)
    invitation = Invitation.objects.get(subject=person.pk)
    with transaction.atomic(durable=True):
        _, key = ceremony.begin(invitation, level=Level.MAIL_AND_CODE, at=clock.now())
    return visit(link_for(person.pk), key=key, at=clock.now())


def withdraw(found: Visit, cast: Cast) -> None:
    withdraw_envelope(Envelope.objects.get(pk=found.envelope.pk), reason="取りやめ", by=cast.clerk, at=clock.now())


def refuse(found: Visit, cast: Cast) -> None:
    decline(
        Recipient.objects.select_related("envelope").get(pk=found.recipient.pk), wish=Wish.REFUSAL, reason="締結しません", at=clock.now()
    )


def consent(found: Visit, cast: Cast) -> None:
    sign(found, HERE, at=clock.now())


def expire(found: Visit, cast: Cast) -> None:
    expire_envelopes(at=end_of(found.envelope.deadline))  # type: ignore[arg-type]


def issue_anew(found: Visit, cast: Cast) -> None:
    send_again(Recipient.objects.select_related("envelope").get(pk=found.recipient.pk), by=cast.clerk, at=clock.now())


Act = Callable[[Visit, Cast], Any]


def race(scene: Scene, one: Act, other: Act, rounds: int = ROUNDS) -> list[tuple[Visit, list[Any]]]:
    """``one`` against ``other`` on fresh envelopes; the results of each round, in order, with the house checked."""
    rounds_told = []
    for number, envelope in enumerate(copies(scene.envelope, rounds)):
        found = inside(envelope)
        acts = [partial(one, found, scene.cast), partial(other, found, scene.cast)]
        results = together(acts if number % 2 else acts[::-1])
        rounds_told.append((found, results if number % 2 else results[::-1]))
        check_envelope(Envelope.objects.get(pk=envelope.pk))
        ledger.check_stream(envelope.stream)
    return rounds_told


def stands(found: Visit) -> tuple[str, str, int]:
    """(the envelope's state, the vendor's, how many seals are due)."""
    envelope = Envelope.objects.get(pk=found.envelope.pk)
    vendor = Recipient.objects.get(pk=found.recipient.pk)
    return envelope.state, vendor.state, SealTask.objects.filter(recipient=vendor).count()


@pytest.mark.parametrize(("other", "ended", "left"), [(withdraw, "withdrawn", "cancelled"), (refuse, "declined", "declined")])
def test_signing_against_an_end(scene: Scene, other: Act, ended: str, left: str) -> None:
    """A withdrawal always ends the envelope, before the consent or after it; declining loses to a consent that came first."""
    for found, (signed, stopped) in race(scene, consent, other):
        told = events(found.envelope)
        if codes_of([signed]):
            assert signed.code in ("envelope.moved", "recipient.not_asked")
            assert stands(found) == (ended, left, 0)
            assert "recipient.consented" not in told
        elif codes_of([stopped]):
            assert other is refuse
            assert stopped.code == "recipient.not_asked"
            assert stands(found) == ("in_progress", "consented", 1)
        else:
            assert other is withdraw
            assert stands(found) == ("withdrawn", "cancelled", 1)
            assert told.index("recipient.consented") < told.index("envelope.withdrawn")
    check_streams_end_once()


def check_streams_end_once() -> None:
    for envelope in Envelope.objects.filter(number__startswith="RACE"):
        told = events(envelope)
        assert sum(told.count(f"envelope.{end}") for end in ("withdrawn", "declined", "expired", "concluded")) <= 1


def test_declining_against_withdrawing(scene: Scene) -> None:
    for found, results in race(scene, refuse, withdraw, rounds=15):
        assert len(codes_of(results)) == 1
        assert codes_of(results) == ["envelope.moved"]
        assert stands(found)[0] == ("withdrawn" if codes_of(results[:1]) else "declined")
    check_streams_end_once()


def grouped(cast: Cast) -> Envelope:
    """Sent to the vendor and the builder, of whom any one suffices; the mayor signs after them."""
    envelope = drafted(cast)
    group = [Place(1, cast.vendor, any_one=True), Place(1, cast.builder, any_one=True)]
    address_envelope(envelope, [*group, Place(2, cast.mayor)], by=cast.clerk, at=clock.now())
    send_envelope(envelope, by=cast.clerk, at=clock.now())
    work()
    return envelope


def test_two_of_whom_any_one_suffices(cast: Cast) -> None:
    """Both decline at one moment: one bows out, and the other ends it. One declines while the other consents: whoever was first."""
    for number, envelope in enumerate(copies(grouped(cast), 24)):
        found = [let_in(one) for one in envelope.recipients.filter(side="counterparty").order_by("position")]
        other = consent if number % 4 > 1 else refuse
        acts = [partial(refuse, found[0], cast), partial(other, found[1], cast)]
        results = together(acts if number % 2 else acts[::-1])
        results = results if number % 2 else results[::-1]
        envelope.refresh_from_db()
        told, states = events(envelope), list(envelope.recipients.order_by("position").values_list("state", flat=True))
        if other is refuse:
            assert codes_of(results) == []
            assert (envelope.state, states) == ("declined", ["declined", "declined", "cancelled"])
            assert (told.count("recipient.declined"), told.count("envelope.declined")) == (1, 1)
        else:
            late = codes_of(results[:1])
            assert codes_of(results[1:]) == []
            assert late in ([], ["recipient.not_asked"])
            assert (envelope.state, states) == ("in_progress", ["cancelled" if late else "declined", "consented", "waiting"])
            assert told.count("recipient.declined") == (0 if late else 1)
            assert SealTask.objects.filter(recipient=found[1].recipient.pk).count() == 1
        check_envelope(envelope)
        ledger.check_stream(envelope.stream)
    check_streams_end_once()


def test_signing_against_the_clock(scene: Scene) -> None:
    """The consent stands if it came first; it is then either sealed after a revival or told as unsealed, never both."""
    for found, (signed, _) in race(scene, consent, expire, rounds=15):
        state, vendor, due = stands(found)
        assert state == "expired"
        assert (vendor, due) == (("expired", 0) if codes_of([signed]) else ("consented", 1))
    check_streams_end_once()


def test_signing_against_a_new_link(scene: Scene) -> None:
    """A consent that came first stands; a link that came first leaves the signer to come again by it, or the consent follows it."""
    for found, (signed, renewed) in race(scene, consent, issue_anew, rounds=15):
        state, vendor, due = stands(found)
        assert state == "in_progress"
        assert not codes_of([signed])
        assert (vendor, due) == ("consented", 1)
        assert codes_of([renewed]) in ([], ["recipient.not_asked"])
        assert Invitation.objects.get(subject=found.recipient.pk).closed_at is not None


def test_deadlines_end_together(scene: Scene) -> None:
    """Two clocks tick at once over many envelopes: each ends once."""
    many = copies(scene.envelope, 10)
    at = end_of(scene.envelope.deadline) + timedelta(seconds=1)  # type: ignore[arg-type]
    ended = together([lambda: expire_envelopes(at=at)] * 2)
    assert sum(ended) == len(many) + 1
    assert Revision.objects.exists()
    for envelope in many:
        assert events(envelope).count("envelope.expired") == 1
    check_house()
