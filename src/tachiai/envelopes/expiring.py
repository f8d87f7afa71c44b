"""Deadlines: an envelope whose day has passed in Japan ends unsigned; it can be revived by sending again."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db import transaction

from tachiai.clock import today
from tachiai.envelopes.events import note
from tachiai.envelopes.models import Envelope
from tachiai.envelopes.routing import cancel_unfinished
from tachiai.envelopes.states import EnvelopeState, RecipientState, move
from tachiai.envelopes.telling import tell_sender
from tachiai.errors import Refusal

AT_ONCE = 100


def expire_envelopes(*, at: datetime) -> int:
    """End every envelope in progress whose deadline has passed, each in a transaction of its own; how many were."""
    late = Envelope.objects.filter(state=EnvelopeState.IN_PROGRESS, deadline__lt=today(at)).values_list("pk", flat=True)
    return sum(_expire(pk, at=at) for pk in list(late[:AT_ONCE]))


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
