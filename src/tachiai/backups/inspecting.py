"""Reading everything of a house once: each chain of the ledger, and each byte of the vault against its digest."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial

from tachiai import ledger, vault
from tachiai.errors import Outage, Refusal
from tachiai.vault.copying import standing_blobs


@dataclass(frozen=True)
class Finding:
    """Something that is not as it must be: a stable code, what it is about, and more for an operator."""

    code: str
    subject: str
    detail: str = ""


@dataclass
class Inspected:
    """How much was read, and what was wrong."""

    streams: int = 0
    entries: int = 0
    blobs: int = 0
    bytes_read: int = 0
    findings: list[Finding] = field(default_factory=list)


def read_everything() -> Inspected:
    """It stops at nothing: whatever does not stand becomes a finding."""
    found = Inspected()
    for name in _streams():
        found.streams += 1
        _tell(found, name, partial(ledger.check_stream, name))
    found.entries = ledger.Entry.objects.count()
    for blob in standing_blobs().order_by("pk").iterator(chunk_size=500):
        found.blobs += 1
        found.bytes_read += _tell(found, str(blob.pk), partial(_size, blob))
    return found


def _size(blob: vault.Blob) -> int:
    return len(vault.read(blob))


def _streams() -> Iterator[str]:
    yield from ledger.Entry.objects.order_by("stream__name").values_list("stream__name", flat=True).distinct()


def _tell(found: Inspected, subject: str, act: Callable[[], int]) -> int:
    try:
        return act()
    except (Refusal, Outage) as trouble:
        found.findings.append(Finding(trouble.code, subject, str(trouble)[:300]))
        return 0
