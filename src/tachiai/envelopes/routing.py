"""Whose turn it is: the same order is asked in parallel, the next only after all before have done their part."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from tachiai import ceremony, work
from tachiai.ceremony import Invitation, Purpose
from tachiai.clock import end_of, today
from tachiai.envelopes.approval_models import ApprovalState
from tachiai.envelopes.approving_rounds import begin_due, end_open
from tachiai.envelopes.events import note
from tachiai.envelopes.models import CloseTask, Envelope, Kind, Recipient, Side
from tachiai.envelopes.states import EnvelopeState, RecipientState, move, move_many
from tachiai.envelopes.telling import ask_to_sign
from tachiai.errors import Refusal
from tachiai.prepared import Prepared, among
from tachiai.rowwise import change_all, insert_each


class Standing(NamedTuple):
    """Where one recipient of an envelope stands."""

    pk: uuid.UUID
    envelope: uuid.UUID
    state: str
    order: int


def standings(envelopes: Collection[uuid.UUID]) -> dict[uuid.UUID, list[Standing]]:
    """Where everybody of whom something is asked in several envelopes stands now, in their order."""
    found: dict[uuid.UUID, list[Standing]] = {pk: [] for pk in envelopes}
    for row in _STANDINGS.all(envelopes=envelopes):
        found[row[1]].append(Standing(*row))
    return found


_STANDINGS: Prepared[Any] = Prepared(
    lambda: (
        Recipient.objects.filter(envelope__in=among("envelopes", Recipient, "envelope"))
        .exclude(kind=Kind.COPY)
        .order_by("position")
        .values_list("pk", "envelope_id", "state", "order")
    )
)
_WAITING = Prepared(lambda: Recipient.objects.filter(pk__in=among("keys", Recipient)))


# Done, or not needed any more: somebody else stands in their place, has done what any one of them was to do, or can still do it.
# While an envelope is in progress nobody is cancelled, and nobody has declined, for any other reason.
OVER = (RecipientState.SIGNED, RecipientState.REVIEWED, RecipientState.FORWARDED, RecipientState.DECLINED, RecipientState.CANCELLED)


def is_told(recipient: Recipient) -> bool:
    """Whether somebody is told when their envelope is concluded: who did their part, who gets a copy, and who wished it when they
    named another in their place."""
    told = (RecipientState.SIGNED, RecipientState.REVIEWED, RecipientState.FORWARDED, RecipientState.DELIVERED)
    return recipient.state in told and (recipient.wants_copy or recipient.kind == Kind.COPY)


def is_complete(people: Iterable[Standing]) -> bool:
    """Whether nothing is asked of anybody any more."""
    return all(one.state in OVER for one in people)


def turn_of(people: Iterable[Standing]) -> list[uuid.UUID]:
    """Those of the first order with somebody whose part is not done who are still to be asked."""
    unfinished = [one for one in people if one.state not in OVER]
    first = min((one.order for one in unfinished), default=0)
    return [one.pk for one in unfinished if one.order == first and one.state == RecipientState.WAITING]


def ask_next(envelope: Envelope, *, at: datetime) -> list[Recipient]:
    """Ask everybody of the first order that is not done, in the caller's transaction; who was asked now."""
    return ask_turn([envelope], turn_of(standings([envelope.pk])[envelope.pk]), at=at)


def ask_turn(envelopes: Iterable[Envelope], turn: Collection[uuid.UUID], *, at: datetime) -> list[Recipient]:
    """Ask the waiting recipients ``turn`` of several envelopes, in the caller's transaction.

    Where an approval stands before our own signers, its approvers are asked instead, once no counterparty beside them is left.
    """
    known = {envelope.pk: envelope for envelope in envelopes}
    waiting = sorted(_WAITING.all(keys=turn), key=lambda one: (str(one.envelope_id), one.position)) if turn else []
    people = [one for one in waiting if not _is_held(one, known[one.envelope_id])]
    for pk in dict.fromkeys(one.envelope_id for one in waiting if one not in people):
        if not _theirs_unfinished(pk, orders={one.order for one in waiting if one.envelope_id == pk}):
            begin_due(known[pk], at=at)
    move_many(people, RecipientState.REQUESTED, requested_at=at, undelivered=False)
    for recipient in people:
        recipient.envelope = known[recipient.envelope_id]
    expiries = {recipient.pk: _expiry(recipient) for recipient in people if recipient.side == Side.COUNTERPARTY}
    invitations = ceremony.invite_many(Purpose.SIGN, expiries, at=at) if expiries else {}
    for recipient in people:
        _ask(recipient, invitations.get(recipient.pk), at=at, again=False)
    return people


def _is_held(recipient: Recipient, envelope: Envelope) -> bool:
    return envelope.awaits_approval and recipient.side == Side.OWN and recipient.kind == Kind.SIGNER


def _theirs_unfinished(envelope: uuid.UUID, *, orders: Collection[int]) -> bool:
    """Whether a counterparty who is asked beside our own signers has still to answer: approvers decide on what bears their signature."""
    theirs = Recipient.objects.filter(envelope=envelope, side=Side.COUNTERPARTY, order__in=orders).exclude(kind=Kind.COPY)
    return theirs.exclude(state__in=OVER).exists()


def request_signature(recipient: Recipient, *, at: datetime, again: bool = False) -> None:
    """Ask one person, in the caller's transaction: a fresh link for a counterparty, the desk for our own signer."""
    if recipient.state == RecipientState.WAITING or recipient.state == RecipientState.EXPIRED:
        move(recipient, RecipientState.REQUESTED, requested_at=at, undelivered=False)
    else:
        if _is_over(recipient, at=at):
            recipient.requested_at = at  # asked anew, and no longer by their own day
        Recipient.objects.filter(pk=recipient.pk).update(undelivered=False, requested_at=recipient.requested_at)
    invitation = None
    if recipient.side == Side.COUNTERPARTY:
        invitation = ceremony.invite(Purpose.SIGN, recipient.pk, expires_at=_expiry(recipient), at=at)
    _ask(recipient, invitation, at=at, again=again)


def _ask(recipient: Recipient, invitation: Invitation | None, *, at: datetime, again: bool) -> None:
    data: dict[str, object] = {"recipient": str(recipient.pk), "again": again}
    if recipient.slot is not None:
        data["slot"] = recipient.slot
    if invitation is not None:
        data["generation"] = invitation.generation
    note(recipient.envelope, "recipient.requested", by=None, at=at, data=data)
    ask_to_sign(recipient, invitation, due=due_on(recipient), at=at, again=again)


def _is_over(recipient: Recipient, *, at: datetime) -> bool:
    due = due_on(recipient)
    return due is not None and due < today(at)


def _expiry(recipient: Recipient) -> datetime:
    deadline = due_on(recipient)
    if deadline is None:
        raise Refusal("deadline.missing")
    return end_of(deadline)


def due_on(recipient: Recipient) -> date | None:
    """署名期限: their own, unless it had passed when they were asked (or asked again); otherwise the envelope's."""
    own, whole = recipient.deadline, recipient.envelope.deadline
    if own is None or whole is None or (recipient.requested_at is not None and own < today(recipient.requested_at)):
        return whole
    return min(own, whole)


def must_go_on(envelope: Envelope, *, at: datetime) -> None:
    """Before somebody is asked: a link that is dead from the first helps nobody.

    Refuses with ``envelope.moved`` (state) or ``link.expired``.
    """
    if envelope.state != EnvelopeState.IN_PROGRESS:
        raise Refusal("envelope.moved", state=envelope.state)
    if envelope.deadline is not None and envelope.deadline < today(at):
        raise Refusal("link.expired")


def left_of_group(held: Recipient) -> list[Recipient]:
    """The others of whom any one suffices who can still do what ``held`` is asked; nobody where each is needed.

    Whoever was never asked yet can, and so can those whose own day has passed: the sender may ask them again.
    """
    if not held.any_one:
        return []
    others = held.envelope.recipients.filter(order=held.order, any_one=True).exclude(pk=held.pk).exclude(state__in=OVER)
    return list(others.order_by("position"))


def settle_group(held: Recipient, *, at: datetime) -> None:
    """One of those of whom any one suffices has answered: the others are not needed any more. In the caller's transaction."""
    for other in left_of_group(held):
        move(other, RecipientState.CANCELLED, ended_at=at)
        ceremony.close_invitation(Purpose.SIGN, other.pk, at=at)
        note(held.envelope, "recipient.cancelled", by=None, at=at, data={"recipient": str(other.pk), "because": str(held.pk)})


def go_on(envelope: Envelope, *, at: datetime) -> None:
    """After somebody's part that needs no seal, in the caller's transaction: whose turn is next, or is it time to close?"""
    people = standings([envelope.pk])[envelope.pk]
    if is_complete(people):
        begin_closing([envelope], at=at)
        return
    change_all(Envelope, [envelope.pk], {"updated_at": at}, held={})
    ask_turn([envelope], turn_of(people), at=at)


def begin_closing(envelopes: Sequence[Envelope], *, at: datetime) -> None:
    """Everybody has done their part: the envelopes are closed as soon as may be. In the caller's transaction."""
    if not envelopes:
        return
    move_many(envelopes, EnvelopeState.CLOSING, updated_at=at)
    insert_each([CloseTask(envelope=envelope, due_at=at, created_at=at) for envelope in envelopes])
    work.ring(CloseTask)
    for envelope in envelopes:
        note(envelope, "envelope.closing", by=None, at=at)


def cancel_unfinished(envelope: Envelope, *, at: datetime, to: RecipientState = RecipientState.CANCELLED) -> None:
    """The envelope ended: nobody is asked any more, every link is closed. In the caller's transaction."""
    over = (*OVER, to)
    for recipient in envelope.recipients.exclude(state__in=over):
        asked = recipient.state in (RecipientState.REQUESTED, RecipientState.OPENED)
        target = to if asked or to == RecipientState.CANCELLED else None
        if target is not None:
            move(recipient, target, ended_at=at)
    for recipient in envelope.recipients.filter(side=Side.COUNTERPARTY):
        ceremony.close_invitation(Purpose.SIGN, recipient.pk, at=at)
    if envelope.awaits_approval and to == RecipientState.CANCELLED:
        end_open(envelope, ApprovalState.ENDED, at=at)  # what only expired can be revived, and is then decided on
