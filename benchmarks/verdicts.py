"""What a report on a file comes to, in one word, without a house: for trials and tables."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from tachiai.crypto.judgement import Report
from tachiai.crypto.pades_verify import examine
from tachiai.errors import Refusal

VERDICTS = ("valid", "attention", "invalid", "unverifiable", "none")
# The worst of them decides for a file.
_WEIGHT = ("invalid", "unverifiable", "attention", "valid")
_ALTERED = frozenset(("broken", "byte_range", "modified"))


def judged(pdf: bytes, *, roots: Sequence[bytes], at: datetime) -> tuple[str, tuple[str, ...]]:
    """The verdict on ``pdf`` and its reasons, where ``roots`` are trusted for signers and for times."""
    try:
        return weighed(examine(pdf, roots=roots, tsa_roots=roots, at=at))
    except Refusal as refused:
        return refusal_weighed(refused)


def weighed(report: Report) -> tuple[str, tuple[str, ...]]:
    """The verdict of a report, and the codes of everything found. Nobody's archive is asked, so "valid" is the most lenient reading."""
    found = tuple(dict.fromkeys((*report.problems, *(code for row in report.rows for code in (*row.problems, row.code) if code))))
    if any(row.code for row in report.rows):
        worst = min((_WEIGHT.index(row.verdict) for row in report.rows), default=1)
        return _WEIGHT[min(worst, _WEIGHT.index("attention")) if report.problems else worst], found
    if _ALTERED & set(found):
        return "invalid", found
    return ("valid" if report.sound else "attention"), found


def refusal_weighed(refused: Refusal) -> tuple[str, tuple[str, ...]]:
    """The verdict where there was no report: nothing is signed, or nothing could be read."""
    unsigned = refused.code == "seal.no_signature" and not refused.facts.get("unknown")
    return ("none" if unsigned else "unverifiable"), (refused.code,)
