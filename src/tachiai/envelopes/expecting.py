"""What a document must look like at each step of its life; the release gate holds every revision against it."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping

from tachiai.envelopes.models import Document, Revision, RevisionKind
from tachiai.sealing import Expected


def expected(document: Document, *, adding: dict[int, bytes] | None = None, closed: bool = False) -> Expected:
    """The seals that must be there: one per consent recorded as sealed, and those being added (slot → consent digest)."""
    revisions = document.revisions.select_related("consent").order_by("number")
    slots = dict(document.envelope.recipients.values_list("pk", "slot"))
    return expected_of(document, list(revisions), slots, adding=adding, closed=closed)


def expected_of(
    document: Document,
    revisions: Iterable[Revision],
    slots: Mapping[uuid.UUID, int],
    *,
    adding: dict[int, bytes] | None = None,
    closed: bool = False,
) -> Expected:
    """As :func:`expected`, from all of the document's revisions with their consents, and its recipients' slots."""
    rows = list(revisions)
    (first,) = (row for row in rows if row.number == 0)
    signed = (row for row in rows if row.kind == RevisionKind.SIGNED)
    present = {slots[row.consent.subject]: bytes(row.consent.digest) for row in signed if row.consent is not None}
    return Expected(
        certification=document.foreign_signatures == 0,
        slots={**present, **(adding or {})},
        closed=closed,
        upload_size=first.size,
        upload_sha256=bytes(first.sha256),
        every_slot=tuple(sorted(slots.values())),
    )
