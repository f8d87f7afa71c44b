"""What the ledger says was sent and frozen: rows are held against it before anybody is shown them or asked to agree."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from tachiai import ledger
from tachiai.envelopes.places import NAMING, on_record


@dataclass(frozen=True)
class Frozen:
    """One document as it was frozen: SHA-256 of its bytes, and of its drawn pages."""

    sha256: bytes
    pages: bytes


def frozen_as(stream: str) -> dict[uuid.UUID, Frozen]:
    """Every document of the envelope that this stream tells of."""
    told = ledger.entries(stream, events=("document.frozen",))
    return {
        uuid.UUID(entry.data["document"]): Frozen(bytes.fromhex(entry.data["sha256"]), bytes.fromhex(entry.data["pages"])) for entry in told
    }


def sent_as(stream: str) -> dict[uuid.UUID, dict[str, Any]]:
    """Every recipient's place, as ``places.said_of`` said it when the envelope was sent, or somebody was named in another's place."""
    return on_record(ledger.entries(stream, events=NAMING))
