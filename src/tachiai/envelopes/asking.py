"""What a signer may ask of the sender from a dead end: a new link, or the download anew."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from tachiai.envelopes.events import note
from tachiai.envelopes.models import Recipient
from tachiai.envelopes.telling import tell_sender
from tachiai.errors import Refusal
from tachiai.ledger import Entry

AGAIN_AFTER = timedelta(hours=1)


def ask_sender_again(recipient: Recipient, *, what: str, at: datetime) -> None:
    """M20 to the sender: ``what`` is ``link`` or ``download``. Refuses with ``asked.already`` within an hour of the last."""
    envelope = recipient.envelope
    event = f"recipient.asked_{what}"
    recent = Entry.objects.filter(stream__name=envelope.stream, event=event, at__gt=at - AGAIN_AFTER)
    if recent.exists():
        raise Refusal("asked.already")
    with transaction.atomic(durable=True):
        note(envelope, event, by=recipient, at=at, data={"recipient": str(recipient.pk)})
        tell_sender("M20", envelope, at=at, about=recipient, what=what)
