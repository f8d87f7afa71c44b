"""Recording finished seals: rows, ledger and what comes next, for many documents in one transaction."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from tachiai import ledger, outbox, work
from tachiai.envelopes.events import note
from tachiai.envelopes.models import Document, Envelope, Recipient, RevisionKind, SealTask
from tachiai.envelopes.revising import Addition, add_revisions
from tachiai.envelopes.routing import Standing, ask_turn, begin_closing, is_complete, standings, turn_of
from tachiai.envelopes.states import EnvelopeState, RecipientState, move_many
from tachiai.envelopes.telling import tell_sender
from tachiai.errors import Outage
from tachiai.prepared import Prepared, among
from tachiai.rowwise import change_all
from tachiai.sealing import Sealed
from tachiai.vault import Stored
from tachiai.work.models import TaskState


@dataclass(frozen=True)
class Finished:
    """A seal that is verified and whose bytes are durable; only its rows are missing."""

    task: SealTask
    sealed: Sealed
    stored: Stored

    def addition(self) -> Addition:
        return Addition(self.task.document, RevisionKind.SIGNED, self.stored, self.sealed, self.task.consent)


def record_seals(finished: Sequence[Finished], *, at: datetime) -> None:
    """Commit all that is still ours in one transaction; a row whose lease was lost is left alone.

    Of an envelope that has moved on meanwhile, what was made is thrown away: the intent stays as abandoned. Raises
    ``Outage("document.moved_on")`` and ``Refusal("seal.superseded")`` for the whole group: then each is recorded by itself.
    """
    with transaction.atomic(durable=True), ledger.gathered(), outbox.gathered():
        envelopes = _locked([one.task for one in finished])
        ours, _lost = work.fenced([one.task for one in finished])
        going = {task for task in ours if envelopes[task.document.envelope_id].state == EnvelopeState.IN_PROGRESS}
        _leave_unsealed([task for task in ours if task not in going], envelopes, at=at)
        _record([one for one in finished if one.task in going], envelopes, at=at)
        _move_on(going, envelopes, at=at)


def cancel_unsealed(task: SealTask, *, at: datetime) -> None:
    """The envelope ended before this consent was sealed: it is not sealed, and the ledger says so.

    Raises ``Outage("envelope.moved_on")`` when it was revived at the same moment: then the task is done after all.
    """
    with transaction.atomic(durable=True):
        envelopes = _locked([task])
        if envelopes[task.document.envelope_id].state == EnvelopeState.IN_PROGRESS:
            raise Outage("envelope.moved_on", str(task.document.envelope_id))
        ours, _lost = work.fenced([task])
        _leave_unsealed(ours, envelopes, at=at)


Envelopes = dict[uuid.UUID, Envelope]


def _locked(tasks: Sequence[SealTask]) -> Envelopes:
    """The tasks' envelopes, locked in the order of their keys, so that two who need the same never wait for each other.

    What decides is as it stands now; names and the like are as they were when the tasks were loaded.
    """
    found = {task.document.envelope_id: task.document.envelope for task in tasks}
    for pk, state, deadline, awaits in _LOCKED.all(keys=found):
        found[pk].state, found[pk].deadline, found[pk].awaits_approval = state, deadline, awaits
    return found


_LOCKED: Prepared[Any] = Prepared(
    lambda: (
        Envelope.objects.select_for_update()
        .filter(pk__in=among("keys", Envelope))
        .order_by("pk")
        .values_list("pk", "state", "deadline", "awaits_approval")
    )
)


def _leave_unsealed(tasks: Sequence[SealTask], envelopes: Envelopes, *, at: datetime) -> None:
    work.finish_many(tasks, at=at, state=TaskState.CANCELLED)
    for task in tasks:
        data: dict[str, object] = {"consent": str(task.consent_id), "document": str(task.document_id)}
        note(envelopes[task.document.envelope_id], "consent.unsealed", by=None, at=at, data=data)


def _record(finished: Sequence[Finished], envelopes: Envelopes, *, at: datetime) -> None:
    work.finish_many([one.task for one in finished], at=at)
    add_revisions([one.addition() for one in finished], at=at)
    for one in finished:
        data: dict[str, object] = {
            "recipient": str(one.task.recipient_id),
            "consent": str(one.task.consent_id),
            "document": str(one.task.document_id),
            "sha256": one.sealed.sha256.hex(),
            "seal": str(one.sealed.intent.pk),
            "stamped_by": one.sealed.stamped_by,
        }
        note(envelopes[one.task.document.envelope_id], "document.sealed", by=None, at=at, data=data)


def _move_on(tasks: Collection[SealTask], envelopes: Envelopes, *, at: datetime) -> None:
    """Where every document bears a signer's seal: whose turn is next, or is it time to close?"""
    signed = _signed(tasks, envelopes)
    if not signed:
        return
    moved = {recipient.envelope_id: envelopes[recipient.envelope_id] for recipient in signed}
    names = _document_names(list(moved))
    for pk, envelope in moved.items():
        envelope.document_names = names[pk]
    move_many(signed, RecipientState.SIGNED, signed_at=at)
    for recipient in signed:
        note(recipient.envelope, "recipient.signed", by=None, at=at, data={"recipient": str(recipient.pk)})
        tell_sender("M09", recipient.envelope, at=at, about=recipient)
    people = standings(list(moved))
    complete = {pk for pk in moved if is_complete(people[pk])}
    _go_on([envelope for pk, envelope in moved.items() if pk not in complete], people, at=at)
    begin_closing([envelope for pk, envelope in moved.items() if pk in complete], at=at)


def _document_names(envelopes: Sequence[uuid.UUID]) -> dict[uuid.UUID, list[str]]:
    found: dict[uuid.UUID, list[str]] = {pk: [] for pk in envelopes}
    for pk, name in _NAMES.all(envelopes=envelopes):
        found[pk].append(name)
    return found


_NAMES: Prepared[Any] = Prepared(
    lambda: (
        Document.objects.filter(envelope__in=among("envelopes", Document, "envelope"))
        .order_by("position")
        .values_list("envelope_id", "name")
    )
)


def _signed(tasks: Collection[SealTask], envelopes: Envelopes) -> list[Recipient]:
    """Whose every seal stands now, in the order of their envelopes and places."""
    people = {task.recipient_id: task.recipient for task in tasks}
    lacking = set(_LACKING.all(recipients=people))
    for recipient in people.values():
        recipient.envelope = envelopes[recipient.envelope_id]
    return sorted((one for one in people.values() if one.pk not in lacking), key=lambda one: (str(one.envelope_id), one.position))


_LACKING: Prepared[Any] = Prepared(
    lambda: (
        SealTask.objects.filter(recipient__in=among("recipients", SealTask, "recipient"))
        .exclude(state=TaskState.DONE)
        .values_list("recipient_id", flat=True)
    )
)


def _go_on(envelopes: Sequence[Envelope], people: Mapping[uuid.UUID, Sequence[Standing]], *, at: datetime) -> None:
    if envelopes:
        change_all(Envelope, [envelope.pk for envelope in envelopes], {"updated_at": at}, held={})
        ask_turn(envelopes, [pk for envelope in envelopes for pk in turn_of(people[envelope.pk])], at=at)
