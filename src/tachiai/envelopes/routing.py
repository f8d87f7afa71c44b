"""Whose turn it is: the same order signs in parallel, the next is asked only after all before have signed."""

from __future__ import annotations

from datetime import datetime

from tachiai import ceremony
from tachiai.ceremony import Invitation, Purpose
from tachiai.clock import end_of
from tachiai.envelopes.events import note
from tachiai.envelopes.models import Envelope, Recipient, Side
from tachiai.envelopes.states import RecipientState, move
from tachiai.envelopes.telling import ask_to_sign
from tachiai.errors import Refusal


def ask_next(envelope: Envelope, *, at: datetime) -> list[Recipient]:
    """Ask everybody of the first order that has not all signed, in the caller's transaction; who was asked now."""
    unfinished = envelope.recipients.exclude(state=RecipientState.SIGNED).order_by("order", "slot")
    first = unfinished.first()
    if first is None:
        return []
    turn = list(unfinished.filter(order=first.order, state=RecipientState.WAITING))
    for recipient in turn:
        request_signature(recipient, at=at)
    return turn


def request_signature(recipient: Recipient, *, at: datetime, again: bool = False) -> None:
    """Ask one person, in the caller's transaction: a fresh link for a counterparty, the desk for our own signer."""
    if recipient.state == RecipientState.WAITING or recipient.state == RecipientState.EXPIRED:
        move(recipient, RecipientState.REQUESTED, requested_at=at, undelivered=False)
    else:
        Recipient.objects.filter(pk=recipient.pk).update(undelivered=False)
    envelope = recipient.envelope
    invitation = _invitation(recipient, at=at) if recipient.side == Side.COUNTERPARTY else None
    data: dict[str, object] = {"recipient": str(recipient.pk), "slot": recipient.slot, "again": again}
    if invitation is not None:
        data["generation"] = invitation.generation
    note(envelope, "recipient.requested", by=None, at=at, data=data)
    ask_to_sign(recipient, invitation, at=at, again=again)


def _invitation(recipient: Recipient, *, at: datetime) -> Invitation:
    deadline = recipient.envelope.deadline
    if deadline is None:
        raise Refusal("deadline.missing")
    return ceremony.invite(Purpose.SIGN, recipient.pk, expires_at=end_of(deadline), at=at)


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
