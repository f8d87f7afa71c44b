"""Boxes as they lie in the store, for whoever copies them: they stay locked, and nobody here can read them.

A box is durable before the row that names it is committed, is never changed under its name, and is removed only after its row is gone.
So whoever first takes the rows of one moment and then copies every box they name, misses none that was not shredded meanwhile.
"""

from __future__ import annotations

from django.db.models import QuerySet

from tachiai.errors import Refusal
from tachiai.vault.keeping import _store
from tachiai.vault.models import Blob, Segment


def boxes_of_rows() -> str:
    """The question for the paths of all boxes, to be asked of a copy of the database or inside the very snapshot that is copied; never
    of the rows of now. The boxes of tombstones are gone for good."""
    segments, blobs = Segment._meta.db_table, Blob._meta.db_table  # noqa: SLF001
    joined = f"{segments} s JOIN {blobs} b ON s.blob_id = b.id"
    return f"SELECT s.path FROM {joined} WHERE b.shredded_at IS NULL ORDER BY s.path"  # noqa: S608  # our own names


def standing_blobs() -> QuerySet[Blob]:
    """Every blob whose bytes can still be read."""
    return Blob.objects.filter(shredded_at=None)


def box_of(path: str) -> bytes:
    """The box at ``path``. Raises ``Outage`` when it cannot be had."""
    return _store().get(path)


def is_named(path: str) -> bool:
    """Whether a row of now still names the box, and can read it."""
    return Segment.objects.filter(path=path, blob__in=standing_blobs()).exists()


def lay_box(path: str, box: bytes) -> None:
    """Put a copied box back where its row says. One that lies there already must be the same; refuses ``vault.taken`` otherwise."""
    try:
        _store().put_if_absent(path, box)
    except Refusal:
        if _store().get(path) != box:
            raise
