"""Whose turn it is: the same order signs in parallel, the next is asked only after all before have signed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from tachiai import ceremony
from tachiai.ceremony import Invitation, Purpose
from tachiai.clock import end_of
from tachiai.envelopes.events import note
from tachiai.envelopes.models import Envelope, Recipient, Side
from tachiai.envelopes.states import RecipientState, move, move_many
from tachiai.envelopes.telling import ask_to_sign
from tachiai.errors import Refusal


def ask_next(envelope: Envelope, *, at: datetime) -> list[Recipient]:
    """Ask everybody of the first order that has not all signed, in the caller's transaction; who was asked now."""
    return ask_next_of([envelope], at=at)


def ask_next_of(envelopes: Sequence[Envelope], *, at: datetime) -> list[Recipient]:
    """As :func:`ask_next` for several envelopes; recipients that were prefetched must be as they stand now."""
    turn = [recipient for envelope in envelopes for recipient in _turn(envelope)]
    move_many(turn, RecipientState.REQUESTED, requested_at=at, undelivered=False)
    expiries = {recipient.pk: _expiry(recipient) for recipient in turn if recipient.side == Side.COUNTERPARTY}
    invitations = ceremony.invite_many(Purpose.SIGN, expiries, at=at)
    for recipient in turn:
        _ask(recipient, invitations.get(recipient.pk), at=at, again=False)
    return turn


def _turn(envelope: Envelope) -> list[Recipient]:
    """Those of the first order with somebody who has not signed who are still to be asked."""
    unfinished = [recipient for recipient in envelope.recipients.all() if recipient.state != RecipientState.SIGNED]
    first = min((recipient.order for recipient in unfinished), default=0)
    turn = [recipient for recipient in unfinished if recipient.order == first and recipient.state == RecipientState.WAITING]
    return sorted(turn, key=lambda recipient: recipient.slot)


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
