"""What a signer may ask of the sender: a new link or the download anew, from a dead end; or to choose a code anew."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from tachiai import ledger
from tachiai.envelopes.events import note
from tachiai.envelopes.models import Envelope, Recipient
from tachiai.envelopes.telling import tell_sender
from tachiai.errors import Refusal

AGAIN_AFTER = timedelta(hours=1)


def ask_sender_again(recipient: Recipient, *, what: str, at: datetime) -> None:
    """M20 to the sender: ``what`` is ``link``, ``download`` or ``code``. Refuses ``asked.already`` within an hour of this person's last."""
    envelope, event = recipient.envelope, f"recipient.asked_{what}"
    with transaction.atomic(durable=True):
        # Two presses at once take turns.
        Envelope.objects.select_for_update().get(pk=envelope.pk)
        asked = [one.at for one in ledger.entries(envelope.stream, events=[event]) if one.data.get("recipient") == str(recipient.pk)]
        if asked and at - asked[-1] < AGAIN_AFTER:
            raise Refusal("asked.already")
        note(envelope, event, by=recipient, at=at, data={"recipient": str(recipient.pk)})
        tell_sender("M20", envelope, at=at, about=recipient, what=what)
