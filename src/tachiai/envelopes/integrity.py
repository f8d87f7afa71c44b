"""What a concluded envelope's files prove, and until when, in a few numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count

from tachiai.archive.models import RecordFile
from tachiai.envelopes.models import Envelope, Revision, RevisionKind


@dataclass(frozen=True)
class Integrity:
    """Signers' seals and document timestamps in the documents; ``until`` and ``assessed_at`` are None until somebody has looked."""

    seals: int
    stamps: int
    until: datetime | None
    assessed_at: datetime | None


def integrity_of(envelope: Envelope, files: Sequence[RecordFile]) -> Integrity | None:
    """None before the envelope is concluded. ``until`` is the earliest of its files', ``assessed_at`` the last look at any."""
    if not files:
        return None
    kinds = dict(Revision.objects.filter(document__envelope=envelope).values_list("kind").annotate(Count("pk")))
    until = [file.verifiable_until for file in files if file.verifiable_until is not None]
    assessed = [file.assessed_at for file in files if file.assessed_at is not None]
    stamps = kinds.get(RevisionKind.CLOSED, 0) + kinds.get(RevisionKind.EXTENDED, 0)
    return Integrity(kinds.get(RevisionKind.SIGNED, 0), stamps, min(until, default=None), max(assessed, default=None))
