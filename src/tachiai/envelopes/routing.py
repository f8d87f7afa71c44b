"""Whose turn it is: the same order signs in parallel, the next is asked only after all before have signed."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any, NamedTuple

from tachiai import ceremony
from tachiai.ceremony import Invitation, Purpose
from tachiai.clock import end_of
from tachiai.envelopes.events import note
from tachiai.envelopes.models import Envelope, Recipient, Side
from tachiai.envelopes.states import RecipientState, move, move_many
from tachiai.envelopes.telling import ask_to_sign
from tachiai.errors import Refusal
from tachiai.prepared import Prepared, among


class Standing(NamedTuple):
    """Where one recipient of an envelope stands."""

    pk: uuid.UUID
    envelope: uuid.UUID
    state: str
    order: int


def standings(envelopes: Collection[uuid.UUID]) -> dict[uuid.UUID, list[Standing]]:
    """Where everybody in several envelopes stands now, in their order."""
    found: dict[uuid.UUID, list[Standing]] = {pk: [] for pk in envelopes}
    for row in _STANDINGS.all(envelopes=envelopes):
        found[row[1]].append(Standing(*row))
    return found


_STANDINGS: Prepared[Any] = Prepared(
    lambda: (
        Recipient.objects.filter(envelope__in=among("envelopes", Recipient, "envelope"))
        .order_by("position")
        .values_list("pk", "envelope_id", "state", "order")
    )
)
_WAITING = Prepared(lambda: Recipient.objects.filter(pk__in=among("keys", Recipient)))


def turn_of(people: Iterable[Standing]) -> list[uuid.UUID]:
    """Those of the first order with somebody who has not signed who are still to be asked."""
    unfinished = [one for one in people if one.state != RecipientState.SIGNED]
    first = min((one.order for one in unfinished), default=0)
    return [one.pk for one in unfinished if one.order == first and one.state == RecipientState.WAITING]


def ask_next(envelope: Envelope, *, at: datetime) -> list[Recipient]:
    """Ask everybody of the first order that has not all signed, in the caller's transaction; who was asked now."""
    return ask_turn([envelope], turn_of(standings([envelope.pk])[envelope.pk]), at=at)


def ask_turn(envelopes: Iterable[Envelope], turn: Collection[uuid.UUID], *, at: datetime) -> list[Recipient]:
    """Ask the waiting recipients ``turn`` of several envelopes, in the caller's transaction."""
    known = {envelope.pk: envelope for envelope in envelopes}
    people = sorted(_WAITING.all(keys=turn), key=lambda one: (str(one.envelope_id), one.position)) if turn else []
    move_many(people, RecipientState.REQUESTED, requested_at=at, undelivered=False)
    for recipient in people:
        recipient.envelope = known[recipient.envelope_id]
    expiries = {recipient.pk: _expiry(recipient) for recipient in people if recipient.side == Side.COUNTERPARTY}
    invitations = ceremony.invite_many(Purpose.SIGN, expiries, at=at) if expiries else {}
    for recipient in people:
        _ask(recipient, invitations.get(recipient.pk), at=at, again=False)
    return people


def request_signature(recipient: Recipient, *, at: datetime, again: bool = False) -> None:
    """Ask one person, in the caller's transaction: a fresh link for a counterparty, the desk for our own signer."""
    if recipient.state == RecipientState.WAITING or recipient.state == RecipientState.EXPIRED:
        move(recipient, RecipientState.REQUESTED, requested_at=at, undelivered=False)
    else:
        Recipient.objects.filter(pk=recipient.pk).update(undelivered=False)
    invitation = None
    if recipient.side == Side.COUNTERPARTY:
        invitation = ceremony.invite(Purpose.SIGN, recipient.pk, expires_at=_expiry(recipient), at=at)
    _ask(recipient, invitation, at=at, again=again)


def _ask(recipient: Recipient, invitation: Invitation | None, *, at: datetime, again: bool) -> None:
    data: dict[str, object] = {"recipient": str(recipient.pk), "slot": recipient.slot, "again": again}
    if invitation is not None:
        data["generation"] = invitation.generation
    note(recipient.envelope, "recipient.requested", by=None, at=at, data=data)
    ask_to_sign(recipient, invitation, at=at, again=again)


def _expiry(recipient: Recipient) -> datetime:
    deadline = recipient.envelope.deadline
    if deadline is None:
        raise Refusal("deadline.missing")
    return end_of(deadline)


def cancel_unfinished(envelope: Envelope, *, at: datetime, to: RecipientState = RecipientState.CANCELLED) -> None:
    """The envelope ended: nobody is asked any more, every link is closed. In the caller's transaction."""
    over = (RecipientState.SIGNED, RecipientState.DECLINED, RecipientState.CANCELLED, to)
    for recipient in envelope.recipients.exclude(state__in=over):
        asked = recipient.state in (RecipientState.REQUESTED, RecipientState.OPENED)
        target = to if asked or to == RecipientState.CANCELLED else None
        if target is not None:
            move(recipient, target, ended_at=at)
    for recipient in envelope.recipients.filter(side=Side.COUNTERPARTY):
        ceremony.close_invitation(Purpose.SIGN, recipient.pk, at=at)
