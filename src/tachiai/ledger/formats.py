"""Ledger entry v1, final: see docs/formats/ledger-entry.md. Nothing here may ever change; a new version is a new function."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime

from tachiai.crypto.canonical import canonical


def entry_body(
    *,
    stream: str,
    number: int,
    previous: bytes,
    at: datetime,
    event: str,
    by: Mapping[str, str],
    data: Mapping[str, object],
    personal: bytes | None,
) -> bytes:
    """The canonical JSON (RFC 8785) of an entry. ``at`` is written in UTC with microseconds, digests in lower-case hex."""
    return canonical(
        {
            "at": instant(at),
            "by": dict(by),
            "data": dict(data),
            "event": event,
            "personal": personal.hex() if personal else None,
            "previous": previous.hex(),
            "seq": number,
            "stream": stream,
            "v": 1,
        }
    )


def entry_digest(body: bytes) -> bytes:
    """The leaf hash of RFC 6962 section 2.1: SHA-256 over 0x00 and the body, so that chain and tree share one digest."""
    return hashlib.sha256(b"\x00" + body).digest()


def commitment(salt: bytes, told: bytes) -> bytes:
    """What an entry keeps of its personal data: SHA-256 over a 32-byte salt and the canonical JSON of the data."""
    return hashlib.sha256(salt + told).digest()


def instant(at: datetime) -> str:
    """An instant as every stored format writes it: ``2026-11-23T08:05:00.000000Z``."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
