"""The documents as one recipient has them before them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, Subquery

from tachiai.envelopes.models import Document, Recipient, Revision, RevisionKind, ShownDocument
from tachiai.envelopes.places import meant_for
from tachiai.prepared import Prepared, given


@dataclass(frozen=True)
class Reading:
    """One document: whether it was shown to them yet, and the size in bytes of its unsigned copy."""

    document: Document
    shown: bool
    copy_size: int


def readings_of(recipient: Recipient) -> list[Reading]:
    """The documents that ``recipient`` is to have, in order, with what they have seen of them."""
    documents = _DOCUMENTS.all(envelope=recipient.envelope_id, recipient=recipient.pk)
    for document in documents:
        document.envelope = recipient.envelope
    return [Reading(document, document.was_shown, document.copy_size or 0) for document in documents]


_DOCUMENTS: Prepared[Any] = Prepared(
    lambda: (
        Document.objects.filter(meant_for(), envelope_id=given("envelope", Document, "envelope"))
        .annotate(
            was_shown=Exists(
                ShownDocument.objects.filter(document=OuterRef("pk"), recipient_id=given("recipient", ShownDocument, "recipient"))
            ),
            copy_size=Subquery(Revision.objects.filter(document=OuterRef("pk"), kind=RevisionKind.FROZEN).values("size")),
        )
        .select_related("blob")
        .order_by("position")
    )
)
