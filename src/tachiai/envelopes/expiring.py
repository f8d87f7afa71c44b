"""Deadlines: an envelope whose day has passed in Japan ends unsigned; it can be revived by sending again."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db import transaction

from tachiai.clock import today
from tachiai.envelopes.events import note
from tachiai.envelopes.models import Envelope, Recipient
from tachiai.envelopes.routing import cancel_unfinished, due_on
from tachiai.envelopes.states import EnvelopeState, RecipientState, move
from tachiai.envelopes.telling import tell_sender
from tachiai.errors import Refusal

AT_ONCE = 100


def expire_envelopes(*, at: datetime) -> int:
    """End every envelope in progress whose deadline has passed, and every request whose own has, each in a transaction of its own.

    How many were.
    """
    late = Envelope.objects.filter(state=EnvelopeState.IN_PROGRESS, deadline__lt=today(at)).values_list("pk", flat=True)
    return sum(_expire(pk, at=at) for pk in list(late[:AT_ONCE])) + _expire_requests(at=at)


ASKED = (RecipientState.REQUESTED, RecipientState.OPENED)


def _expire_requests(*, at: datetime) -> int:
    """Whose own day has passed is asked no more, and the sender is told; the envelope goes on, and they can be asked again."""
    late = Recipient.objects.filter(envelope__state=EnvelopeState.IN_PROGRESS, state__in=ASKED, deadline__lt=today(at))
    return sum(_expire_request(*row, at=at) for row in list(late.values_list("envelope_id", "pk")[:AT_ONCE]))


def _expire_request(envelope: uuid.UUID, pk: uuid.UUID, *, at: datetime) -> bool:
    with transaction.atomic(durable=True):
        held = Envelope.objects.select_for_update(of=("self",)).select_related("organization", "sender").get(pk=envelope)
        recipient = Recipient.objects.get(pk=pk)
        recipient.envelope = held
        due = due_on(recipient)
        if held.state != EnvelopeState.IN_PROGRESS or recipient.state not in ASKED or due is None or due >= today(at):
            return False
        move(recipient, RecipientState.EXPIRED, ended_at=at)
        note(held, "recipient.expired", by=None, at=at, data={"recipient": str(pk)})
        tell_sender("M13", held, at=at, about=recipient, expired=True)
    return True


def _expire(pk: uuid.UUID, *, at: datetime) -> bool:
    with transaction.atomic(durable=True):
        envelope = Envelope.objects.select_for_update(of=("self",)).select_related("organization", "sender").get(pk=pk)
        if envelope.state != EnvelopeState.IN_PROGRESS or envelope.deadline is None or envelope.deadline >= today(at):
            return False
        consented = envelope.recipients.filter(state=RecipientState.CONSENTED).exists()
        try:
            move(envelope, EnvelopeState.EXPIRED, ended_at=at, updated_at=at)
        except Refusal:
            return False  # signed or withdrawn at the same moment: that one won
        cancel_unfinished(envelope, at=at, to=RecipientState.EXPIRED)
        note(envelope, "envelope.expired", by=None, at=at, data={"unsealed_consent": consented})
        tell_sender("M13", envelope, at=at, expired=True)
    return True
