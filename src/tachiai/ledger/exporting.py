"""Entries as they stand, for whoever is to check a stream without this house: the very bytes, and what of the personal data is left."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from tachiai.ledger.models import Entry


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


def _raw(row: Entry) -> RawEntry:
    personal = getattr(row, "personal", None)
    salt, told = (bytes(personal.salt), bytes(personal.body)) if personal else (b"", b"")
    return RawEntry(row.number, bytes(row.body), salt, told)
