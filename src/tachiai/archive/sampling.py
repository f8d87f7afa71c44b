"""Concluded contracts drawn by lot and judged again, as anybody would judge them who was handed the file."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from tachiai import vault
from tachiai.archive.models import RecordFile
from tachiai.archive.verification import Verdict, judge
from tachiai.errors import Refusal


@dataclass(frozen=True)
class Drawn:
    """One file of a record, and what became of it: ``code`` is empty when it is valid."""

    file: str
    code: str


def judge_sample(count: int, *, at: datetime) -> Iterator[Drawn]:
    """Up to ``count`` filed files, each read from the vault and judged; a file that is not *valid* says why."""
    keys = list(RecordFile.objects.order_by("pk").values_list("pk", flat=True))
    chosen = secrets.SystemRandom().sample(keys, min(count, len(keys)))
    for file in RecordFile.objects.filter(pk__in=chosen).select_related("blob", "record").order_by("pk"):
        yield Drawn(f"{file.record.number} {file.position}", _judged(file, at=at))


def _judged(file: RecordFile, *, at: datetime) -> str:
    try:
        found = judge(vault.read(file.blob), at=at)
    except Refusal as refusal:
        return refusal.code
    if found.file is None or found.file.pk != file.pk:
        return "record.unknown"
    return "" if found.verdict is Verdict.VALID else (found.reasons[0] if found.reasons else str(found.verdict))
