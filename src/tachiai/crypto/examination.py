"""Examining a stranger's file in a limited child: how the question and the report cross the pipe between house and child.

The job runs behind ``tachiai.pages.chamber``, which limits memory and time before it reads a byte. What comes back is checked
here like anything else a stranger may have had a hand in.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from tachiai.crypto.pades_verify import Coverage, Kind, Level, Report, Row, examine
from tachiai.errors import Refusal

Head = dict[str, Any]

LONGEST_WORDS = 500
MOST_ROWS = 200
_KINDS: tuple[Kind, ...] = ("certification", "signature", "timestamp")
_COVERAGES: tuple[Coverage, ...] = ("whole_file", "earlier_revision", "unclear")
_LEVELS: tuple[Level, ...] = ("none", "B-B", "B-T", "B-LTA")
_WORDS = ("field", "name", "reason", "contact", "location", "tsa_subject", "signer_subject", "issuer", "fingerprint")
_MOMENTS = ("signed_at", "gen_time", "not_after")


def question(*, roots: Sequence[bytes], tsa_roots: Sequence[bytes], at: datetime) -> Head:
    """What the child is told beside the file: whom to trust (DER certificates) and what time it is."""
    return {"roots": [_text(root) for root in roots], "tsa_roots": [_text(root) for root in tsa_roots], "at": at.isoformat()}


def examine_job(pdf: bytes, options: Head) -> tuple[Head, bytes]:
    """The child's side: refuses as ``pades_verify.examine`` does."""
    roots, tsa_roots = ([base64.b64decode(root) for root in options[name]] for name in ("roots", "tsa_roots"))
    report = examine(pdf, roots=roots, tsa_roots=tsa_roots, at=datetime.fromisoformat(options["at"]))
    if len(report.rows) > MOST_ROWS:
        raise Refusal("seal.unreadable", detail=f"{len(report.rows)} signatures")
    rows = [_told(row) for row in report.rows]
    return {"rows": rows, "closed": report.closed, "whole_file": report.whole_file, "problems": list(report.problems)}, b""


def read_report(head: Head) -> Report:
    """The house's side. Refuses ``seal.unreadable`` when the answer is no report."""
    try:
        rows = tuple(_row(one) for one in head["rows"])
        problems = tuple(str(code)[:40] for code in head["problems"])
        return Report(rows=rows, closed=head["closed"] is True, whole_file=head["whole_file"] is True, problems=problems)
    except (KeyError, TypeError, ValueError, AttributeError) as torn:
        raise Refusal("seal.unreadable", detail="answer") from torn


def _text(certificate: bytes) -> str:
    return base64.b64encode(certificate).decode()


def _told(row: Row) -> Head:
    words: Head = {name: getattr(row, name)[:LONGEST_WORDS] for name in _WORDS}
    moments = {name: None if getattr(row, name) is None else getattr(row, name).isoformat() for name in _MOMENTS}
    rest = {"kind": row.kind, "coverage": row.coverage, "consent": row.consent, "level": row.level, "problems": list(row.problems)}
    return words | moments | rest


def _row(one: Head) -> Row:
    words: Head = {name: str(one[name])[:LONGEST_WORDS] for name in _WORDS}
    moments: Head = {name: None if one[name] is None else datetime.fromisoformat(one[name]) for name in _MOMENTS}
    return Row(
        **words,
        **moments,
        kind=_KINDS[_KINDS.index(one["kind"])],
        coverage=_COVERAGES[_COVERAGES.index(one["coverage"])],
        level=_LEVELS[_LEVELS.index(one["level"])],
        consent=None if one["consent"] is None else str(one["consent"])[:128],
        problems=tuple(str(code)[:40] for code in one["problems"]),
    )
