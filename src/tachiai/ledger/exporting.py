"""Entries as they stand, for whoever is to check a stream without this house: the very bytes, and what of the personal data is left."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from tachiai.ledger.models import Checkpoint, Entry, Epoch


@dataclass(frozen=True)
class RawEntry:
    """One entry: its canonical bytes, and salt and canonical JSON of its personal data, both empty where there is none (any more)."""

    number: int
    body: bytes
    salt: bytes
    personal: bytes

    def told(self) -> dict[str, Any]:
        """The entry's members."""
        members: dict[str, Any] = json.loads(self.body)
        return members

    def told_personal(self) -> dict[str, Any]:
        """The personal data that were not erased."""
        members: dict[str, Any] = json.loads(self.personal) if self.personal else {}
        return members


def raw_entries(stream: str) -> list[RawEntry]:
    """The whole of a stream, oldest first."""
    rows = Entry.objects.filter(stream__name=stream).order_by("number").select_related("personal")
    return [_raw(row) for row in rows]


def last_note_of_rows() -> str:
    """The question for the note of the last checkpoint, to be asked of a copy of the database or inside the snapshot that is copied."""
    notes, epochs = Checkpoint._meta.db_table, Epoch._meta.db_table  # noqa: SLF001  # its own room's
    joined = f"{notes} c JOIN {epochs} e ON c.epoch_id = e.id"
    return f"SELECT c.note FROM {joined} ORDER BY e.number DESC, c.size DESC LIMIT 1"  # noqa: S608  # our own names


def _raw(row: Entry) -> RawEntry:
    personal = getattr(row, "personal", None)
    salt, told = (bytes(personal.salt), bytes(personal.body)) if personal else (b"", b"")
    return RawEntry(row.number, bytes(row.body), salt, told)
