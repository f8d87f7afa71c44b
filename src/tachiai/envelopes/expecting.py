"""What a document must look like at each step of its life; the release gate holds every revision against it."""

from __future__ import annotations

from tachiai.envelopes.models import Document, RevisionKind
from tachiai.sealing import Expected


def expected(document: Document, *, adding: dict[int, bytes] | None = None, closed: bool = False) -> Expected:
    """The seals that must be there: one per consent recorded as sealed, and those being added (slot → consent digest)."""
    first = document.revisions.get(number=0)
    signed = document.revisions.filter(kind=RevisionKind.SIGNED).select_related("consent")
    slots = dict(document.envelope.recipients.values_list("pk", "slot"))
    present = {slots[row.consent.subject]: bytes(row.consent.digest) for row in signed if row.consent is not None}
    every = tuple(sorted(slots.values()))
    return Expected(
        certification=document.foreign_signatures == 0,
        slots={**present, **(adding or {})},
        closed=closed,
        upload_size=first.size,
        upload_sha256=bytes(first.sha256),
        every_slot=every,
    )
