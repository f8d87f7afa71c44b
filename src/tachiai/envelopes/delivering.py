"""What the post office reports back: a request that could not be delivered is shown and told to the sender."""

from __future__ import annotations

from datetime import datetime

from tachiai.envelopes.events import note
from tachiai.envelopes.holders import holder_of
from tachiai.envelopes.models import Recipient
from tachiai.envelopes.telling import tell_sender
from tachiai.outbox import Mail


def note_undelivered(mail: Mail, at: datetime) -> None:
    """A mail about a recipient was refused for good, in the transaction that records it. Others still get theirs."""
    if mail.about is None:
        return
    related = ("envelope__organization", "envelope__sender")
    recipient = Recipient.objects.select_related(*related).filter(pk=mail.about).first()
    if recipient is None or mail.to.casefold() not in {recipient.mail.casefold(), holder_of(recipient).mail.casefold()}:
        return
    Recipient.objects.filter(pk=recipient.pk).update(undelivered=True)
    data: dict[str, object] = {"recipient": str(recipient.pk), "mail": str(mail.pk), "kind": mail.kind}
    note(recipient.envelope, "recipient.undelivered", by=None, at=at, data=data)
    tell_sender("M14", recipient.envelope, at=at, about=recipient)
