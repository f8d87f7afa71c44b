"""Adding a revision to a document: by compare-and-swap on its head, so that two workers can never both add the next."""

from __future__ import annotations

import hashlib
from datetime import datetime

from tachiai import vault
from tachiai.ceremony import Consent
from tachiai.envelopes.models import Document, Revision, RevisionKind
from tachiai.errors import Outage, Refusal
from tachiai.sealing import Sealed
from tachiai.vault import Stored


def read_head(document: Document) -> bytes:
    """The document's present bytes. Refuses with ``document.altered`` when they are not the recorded head's."""
    pdf = vault.read(document.blob, upto=document.head_number)
    recorded = document.revisions.get(number=document.head_number)
    if not (hashlib.sha256(pdf).digest() == bytes(recorded.sha256) == bytes(document.head_sha256)):
        raise Refusal("document.altered", document=str(document.pk))
    return pdf


def add_revision(
    document: Document, kind: RevisionKind, stored: Stored, sealed: Sealed, *, at: datetime, consent: Consent | None = None
) -> Revision:
    """Record the next revision, in the caller's transaction.

    Raises ``Outage("document.moved_on")`` when another revision came in between: the work is done again on that one.
    """
    number = document.head_number + 1
    ours = Document.objects.filter(pk=document.pk, head_number=document.head_number, head_sha256=bytes(document.head_sha256))
    if not ours.update(head_number=number, head_sha256=sealed.sha256):
        raise Outage("document.moved_on", str(document.pk))
    vault.keep(stored, at=at)
    sealed.record()
    return Revision.objects.create(
        document=document,
        number=number,
        kind=kind,
        sha256=sealed.sha256,
        size=stored.total_size,
        consent=consent,
        stamped_at=sealed.stamped_at,
        stamped_by=sealed.stamped_by,
        accredited=sealed.accredited,
        made_at=at,
    )
