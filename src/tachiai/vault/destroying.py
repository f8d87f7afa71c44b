"""Destroying (消去): the one data key of a blob is overwritten, and with it goes every byte that was ever kept under it.

The row stays as a tombstone, with digests and sizes, so that what is told elsewhere of these bytes stays true. What may be left for
how long, in the database's own files and in backups, is told in docs/operations/vault-keys.md.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from django.db import connection, transaction

from tachiai.errors import Refusal
from tachiai.vault.keeping import must_be_inside, unlink
from tachiai.vault.models import Blob, Segment
from tachiai.vault.wrapping import keys


@dataclass(frozen=True)
class Destroyed:
    """What a blob was: ``size`` in bytes and SHA-256 of the whole, in how many boxes it lay, and which key wrapped its own."""

    blob: uuid.UUID
    kind: str
    size: int
    sha256: bytes
    segments: int
    kek: str

    def told(self) -> dict[str, object]:
        """For the ledger."""
        digest = self.sha256.hex()
        return {"blob": str(self.blob), "kind": self.kind, "size": self.size, "sha256": digest, "boxes": self.segments, "kek": self.kek}


def destroy(blobs: Iterable[uuid.UUID], *, shredding: uuid.UUID, at: datetime) -> list[Destroyed]:
    """Overwrite the data keys of ``blobs`` in the caller's transaction; their boxes go when it commits. Tombstones are passed over.

    Whoever reads one afterwards is refused with ``vault.shredded``. A box that cannot be removed is litter that nobody can open;
    :func:`sweep` removes it later.
    """
    must_be_inside()
    rows = list(Blob.objects.select_for_update().filter(pk__in=set(blobs), shredded_at=None).order_by("pk"))
    destroyed = [_destroyed(row) for row in rows]
    wrapped = [bytes(row.wrapped_key) for row in rows]
    for row in rows:
        # Of the same length, so that a database that can do so writes it over the old value.
        Blob.objects.filter(pk=row.pk).update(wrapped_key=bytes(len(row.wrapped_key)), shredded_at=at, shredding=shredding)
    transaction.on_commit(partial(_after, [row.pk for row in rows], wrapped))
    return destroyed


def sweep(shredding: uuid.UUID) -> int:
    """Remove whatever boxes an act of destruction left, because the store did not answer then; how many it had. Safe to repeat."""
    paths = list(Segment.objects.filter(blob__shredding=shredding).values_list("path", flat=True))
    unlink(paths)
    return len(paths)


def _destroyed(row: Blob) -> Destroyed:
    segments = list(row.segments.order_by("number"))
    if not segments:
        raise Refusal("vault.altered", blob=str(row.pk))
    last = segments[-1]
    return Destroyed(row.pk, row.kind, last.total_size, bytes(last.total_sha256), len(segments), row.kek)


def _after(blobs: Sequence[uuid.UUID], wrapped: Sequence[bytes]) -> None:
    for one in wrapped:
        keys().forget(one)
    unlink(list(Segment.objects.filter(blob__in=blobs).values_list("path", flat=True)))
    if connection.vendor == "sqlite":
        # The pages with the old keys are in the log still. Readers may keep it from being emptied; then the next checkpoint does it.
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
