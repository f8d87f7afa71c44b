"""Is this file genuine? The judgement behind the public page and ``tachiai verify``.

Of the house's own seals only a file that it filed as concluded, byte for byte, can be *valid*: names and reasons in a signature are what
its maker wrote there, and a certificate shared with others does not say which of them wrote it. A stranger's file is *valid* when every
signature in it is, through a list that the operator trusts. Everything else is at best for somebody to look at, and a file whose signed
bytes were altered is invalid, whoever made it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from tachiai import sealing
from tachiai.archive.models import RecordFile
from tachiai.archive.searching import find_by_digest
from tachiai.crypto import examination, verdicts
from tachiai.crypto.judgement import Algorithm, Link, Report, Row
from tachiai.errors import Refusal
from tachiai.pages import child
from tachiai.pages.inspect import MAX_FILE_BYTES, refuse_by_size

__all__ = ["ALTERED", "LARGEST", "Judgement", "Row", "Verdict", "judge", "told"]

LARGEST = MAX_FILE_BYTES

# pyHanko is slow on large files and needs some room for itself; the largest concluded file has to pass.
LIMITS = child.Limits(memory_bytes=1024 * 1024 * 1024, cpu_seconds=30, wall_seconds=60.0, answer_bytes=0)

# The signed bytes are not what was signed, or the signature does not cover what it claims to.
ALTERED = frozenset(("broken", "byte_range", "modified", "timestamp_mismatch"))


class Verdict(StrEnum):
    VALID = "valid"
    ATTENTION = "attention"
    INVALID = "invalid"
    UNSIGNED = "none"
    UNVERIFIABLE = "unverifiable"


@dataclass(frozen=True)
class Judgement:
    """A verdict, what it rests on (``reasons``: codes, the weightiest first), and the concluded file if it is one of ours.

    ``report`` is None where there was nothing to report: no signature, or nothing that could be read; ``detail`` then says more, for
    a file that took more than it may: ``time``, ``memory`` or ``crash``.
    """

    verdict: Verdict
    reasons: tuple[str, ...]
    sha256: bytes
    size: int
    report: Report | None = None
    file: RecordFile | None = None
    detail: str = ""

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
    options = examination.question(at=at, **sealing.trust_for_strangers())
    try:
        head, _ = child.run("examine", pdf, limits=LIMITS, options=options)
        report = examination.read_report(head)
    except Refusal as refusal:
        unsigned = refusal.code == "seal.no_signature" and not refusal.facts.get("unknown")
        verdict = Verdict.UNSIGNED if unsigned else Verdict.UNVERIFIABLE
        return Judgement(verdict, (refusal.code,), digest, len(pdf), file=file, detail=str(refusal.facts.get("reason", "")))
    verdict, reasons = _weigh(report, file)
    return Judgement(verdict, reasons, digest, len(pdf), report, file)


def _weigh(report: Report, file: RecordFile | None) -> tuple[Verdict, tuple[str, ...]]:
    found = _codes(report)
    gravest = Verdict(verdicts.worst([verdicts.verdict_of(report.problems), *(row.verdict for row in report.rows)]))
    ours = any(row.trust == "house" and row.kind != "timestamp" for row in report.rows)
    if gravest in (Verdict.INVALID, Verdict.UNVERIFIABLE):
        return gravest, found
    if file is None and ours:
        return Verdict.ATTENTION, ("file.not_ours", *found)
    if file is not None and not found and not report.closed:
        return Verdict.ATTENTION, ("seal.not_archival",)
    return gravest, found


def _codes(report: Report) -> tuple[str, ...]:
    """Every problem once, of the file and of its signatures, the weightiest first."""
    revoked_before = any(row.verdict == "invalid" and row.code == "certificate_revoked" for row in report.rows)
    told = verdicts.in_order([*report.problems, *(code for row in report.rows for code in row.problems)], invalid=revoked_before)
    return tuple(f"seal.{code}" for code in told)


def told(judgement: Judgement) -> dict[str, object]:
    """The judgement for a program (docs/formats/verdict.md): ISO 8601 times, lower-case hex digests.

    ``v`` counts up when a key changes its meaning.
    """
    file, report = judgement.file, judgement.report
    return {
        "v": 2,
        "verdict": str(judgement.verdict),
        "reasons": list(judgement.reasons),
        "detail": judgement.detail,
        "sha256": judgement.sha256.hex(),
        "size": judgement.size,
        "record": None if file is None else _record_told(file),
        "whole_file": None if report is None else report.whole_file,
        "closed": None if report is None else report.closed,
        "until": None if report is None else _until_told(report),
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
        "verdict": row.verdict,
        "code": _code(row.code),
        "problems": [_code(code) for code in row.problems],
        "kind": row.kind,
        "field": row.field,
        "name": row.name,
        "reason": row.reason,
        "contact": row.contact,
        "location": row.location,
        "signed_at": _moment(row.signed_at),
        "coverage": row.coverage,
        "level": row.level,
        "certificate": {
            "subject": row.signer_subject,
            "issuer": row.issuer,
            "sha256": row.fingerprint,
            "not_after": _moment(row.not_after),
        },
        "trust": {"by": row.trust, "list": row.trust_list, "chain": [_link_told(link) for link in row.chain]},
        "timestamp": _time_told(row),
        "revocation": {"status": row.revocation, "at": _moment(row.revocation_at)},
        "algorithms": [_algorithm_told(one) for one in row.algorithms],
        "changes": [{**change._asdict(), "pages": list(change.pages)} for change in row.changes],
        "until": _until_told(row),
    }


def _time_told(row: Row) -> dict[str, object] | None:
    if row.gen_time is None:
        return None
    chain = [_link_told(link) for link in row.time_chain]
    return {
        "time": _moment(row.gen_time),
        "authority": row.tsa_subject,
        "trust": {"by": row.time_trust, "list": row.time_list, "chain": chain},
    }


def _link_told(link: Link) -> dict[str, object]:
    return {
        "subject": link.subject,
        "issuer": link.issuer,
        "not_before": _moment(link.not_before),
        "not_after": _moment(link.not_after),
        "sha256": link.fingerprint,
        "key": link.key,
    }


def _algorithm_told(one: Algorithm) -> dict[str, object]:
    ends = {"sign_until": one.sign_until, "verify_until": one.verify_until}
    return {"use": one.use, "name": one.name, "bits": one.bits} | {
        key: None if day is None else day.isoformat() for key, day in ends.items()
    }


def _until_told(held: Row | Report) -> dict[str, object]:
    return {"time": _moment(held.until), "cause": held.until_cause}


def _code(code: str) -> str:
    return f"seal.{code}" if code else ""


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
