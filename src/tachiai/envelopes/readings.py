"""The documents as one recipient has them before them."""

from __future__ import annotations

from dataclasses import dataclass

from tachiai.envelopes.models import Document, Envelope, Recipient, Revision, RevisionKind, ShownDocument


@dataclass(frozen=True)
class Reading:
    """One document: whether it was shown to them yet, and the size in bytes of its unsigned copy."""

    document: Document
    shown: bool
    copy_size: int


def readings_of(recipient: Recipient) -> list[Reading]:
    """The envelope's documents in order, with what ``recipient`` has seen of them."""
    documents = list(recipient.envelope.documents.select_related("blob", "envelope__organization").order_by("position"))
    shown = set(ShownDocument.objects.filter(recipient=recipient).values_list("document", flat=True))
    frozen = Revision.objects.filter(document__in=documents, kind=RevisionKind.FROZEN)
    sizes = dict(frozen.values_list("document", "size"))
    return [Reading(document, document.pk in shown, sizes.get(document.pk, 0)) for document in documents]


def signers_of(envelope: Envelope) -> list[Recipient]:
    """Everybody who signs, in their order."""
    return list(envelope.recipients.order_by("order", "slot"))
