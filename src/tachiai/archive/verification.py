"""Is this file genuine? The judgement behind the public page and ``tachiai verify``.

Only a file that this house filed as concluded, byte for byte, can be *valid*: names and reasons in a signature are what its
maker wrote there, and a certificate shared with others does not say which of them wrote it. Everything else is at best for
somebody to look at, and a file whose signed bytes were altered is invalid, whoever made it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from tachiai import sealing
from tachiai.archive.models import RecordFile
from tachiai.archive.searching import find_by_digest
from tachiai.crypto import examination
from tachiai.crypto.pades_verify import Report, Row
from tachiai.errors import Refusal
from tachiai.pages import child
from tachiai.pages.inspect import MAX_FILE_BYTES, refuse_by_size

__all__ = ["ALTERED", "LARGEST", "Judgement", "Row", "Verdict", "judge", "told"]

LARGEST = MAX_FILE_BYTES

# pyHanko is slow on large files and needs some room for itself; the largest concluded file has to pass.
LIMITS = child.Limits(memory_bytes=1024 * 1024 * 1024, cpu_seconds=30, wall_seconds=60.0, answer_bytes=0)

# The signed bytes are not what was signed, or the signature does not cover what it claims to.
ALTERED = frozenset(("broken", "byte_range", "modified"))


class Verdict(StrEnum):
    VALID = "valid"
    ATTENTION = "attention"
    INVALID = "invalid"
    UNSIGNED = "none"
    UNVERIFIABLE = "unverifiable"


@dataclass(frozen=True)
class Judgement:
    """A verdict, what it rests on (``reasons``: codes, the weightiest first), and the concluded file if it is one of ours.

    ``report`` is None where there was nothing to report: no signature, or nothing that could be read.
    """

    verdict: Verdict
    reasons: tuple[str, ...]
    sha256: bytes
    size: int
    report: Report | None = None
    file: RecordFile | None = None

    @property
    def rows(self) -> tuple[Row, ...]:
        return self.report.rows if self.report else ()


def judge(pdf: bytes, *, at: datetime) -> Judgement:
    """Judge a stranger's file. The bytes are parsed in a limited child and kept nowhere.

    Refuses with ``file.empty`` or ``file.too_large``; whatever a parser stumbles over is a verdict, not an error. Raises
    `Outage` when no child is free: that says nothing about the file.
    """
    refuse_by_size(pdf)
    digest = hashlib.sha256(pdf).digest()
    file = find_by_digest(digest)
    roots, tsa_roots = sealing.trust()
    try:
        head, _ = child.run("examine", pdf, limits=LIMITS, options=examination.question(roots=roots, tsa_roots=tsa_roots, at=at))
        report = examination.read_report(head)
    except Refusal as refusal:
        unsigned = refusal.code == "seal.no_signature" and not refusal.facts.get("unknown")
        verdict = Verdict.UNSIGNED if unsigned else Verdict.UNVERIFIABLE
        return Judgement(verdict, (refusal.code,), digest, len(pdf), file=file)
    verdict, reasons = _weigh(report, file)
    return Judgement(verdict, reasons, digest, len(pdf), report, file)


def _weigh(report: Report, file: RecordFile | None) -> tuple[Verdict, tuple[str, ...]]:
    found = _codes(report)
    altered = tuple(code for code in found if code.removeprefix("seal.") in ALTERED)
    if altered:
        return Verdict.INVALID, altered + tuple(code for code in found if code not in altered)
    if file is None:
        return Verdict.ATTENTION, ("file.not_ours", *found)
    if found or not report.closed:
        return Verdict.ATTENTION, tuple(found) or ("seal.not_archival",)
    return Verdict.VALID, ()


def _codes(report: Report) -> list[str]:
    """Every problem once, of the file and of its signatures, in that order."""
    told: Iterable[str] = (*report.problems, *(code for row in report.rows for code in row.problems))
    return list(dict.fromkeys(f"seal.{code}" for code in told))


def told(judgement: Judgement) -> dict[str, object]:
    """The judgement for a program: ISO 8601 times, lower-case hex digests; ``v`` counts up when a key changes its meaning."""
    file = judgement.file
    return {
        "v": 1,
        "verdict": str(judgement.verdict),
        "reasons": list(judgement.reasons),
        "sha256": judgement.sha256.hex(),
        "size": judgement.size,
        "record": None if file is None else _record_told(file),
        "signatures": [_row_told(row) for row in judgement.rows],
    }


def _record_told(file: RecordFile) -> dict[str, object]:
    record = file.record
    return {
        "certificate": record.certificate_number,
        "organization": record.organization.name,
        "operator": record.organization.operator.name,
        "concluded_at": record.concluded_at.isoformat(),
        "kind": str(file.kind),
    }


def _row_told(row: Row) -> dict[str, object]:
    return {
        "kind": row.kind,
        "name": row.name,
        "reason": row.reason,
        "contact": row.contact,
        "signed_at": row.signed_at.isoformat() if row.signed_at else None,
        "timestamp": row.gen_time.isoformat() if row.gen_time else None,
        "timestamp_authority": row.tsa_subject,
        "certificate": {"subject": row.signer_subject, "issuer": row.issuer, "sha256": row.fingerprint},
        "coverage": row.coverage,
        "level": row.level,
        "problems": list(row.problems),
    }
