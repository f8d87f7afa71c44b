"""What an envelope holds, as it stands: its documents, and who is to sign them."""

from __future__ import annotations

from typing import Any

from tachiai.envelopes.models import Document, Envelope, Recipient
from tachiai.prepared import Prepared, given


def documents_of(envelope: Envelope) -> list[Document]:
    """The documents in their order."""
    documents = _DOCUMENTS.all(envelope=envelope.pk)
    for document in documents:
        document.envelope = envelope
    return documents


_DOCUMENTS = Prepared(lambda: Document.objects.filter(envelope_id=given("envelope", Document, "envelope")).order_by("position"))


def document_names(envelope: Envelope) -> list[str]:
    """What the documents are called, in their order."""
    return _NAMES.all(envelope=envelope.pk)


_NAMES: Prepared[str] = Prepared(
    lambda: Document.objects.filter(envelope_id=given("envelope", Document, "envelope")).order_by("position").values_list("name", flat=True)
)


def has_documents(envelope: Envelope) -> bool:
    return _ANY_DOCUMENT.has_any(envelope=envelope.pk)


_ANY_DOCUMENT: Prepared[Any] = Prepared(
    lambda: Document.objects.filter(envelope_id=given("envelope", Document, "envelope")).values_list("pk", flat=True)[:1]
)


def signers_of(envelope: Envelope) -> list[Recipient]:
    """Everybody who signs, in their order."""
    signers = _SIGNERS.all(envelope=envelope.pk)
    for signer in signers:
        signer.envelope = envelope
    return signers


_SIGNERS = Prepared(lambda: Recipient.objects.filter(envelope_id=given("envelope", Recipient, "envelope")).order_by("order", "position"))


def has_signers(envelope: Envelope) -> bool:
    return _ANY_SIGNER.has_any(envelope=envelope.pk)


_ANY_SIGNER: Prepared[Any] = Prepared(
    lambda: Recipient.objects.filter(envelope_id=given("envelope", Recipient, "envelope")).values_list("pk", flat=True)[:1]
)


def recreations_of(envelope: Envelope) -> list[Envelope]:
    """The drafts and envelopes that were made from this one, the oldest first."""
    return _RECREATIONS.all(envelope=envelope.pk)


_RECREATIONS = Prepared(lambda: Envelope.objects.filter(recreated_from_id=given("envelope", Envelope)).order_by("created_at"))
