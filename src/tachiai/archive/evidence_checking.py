"""Judging an evidence record that somebody brings, together with the file it is said to be about. Nothing is looked up in the house."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from tachiai import sealing
from tachiai.crypto import evidence_examination
from tachiai.crypto.evidence_examination import Beginning
from tachiai.crypto.evidence_records import LARGEST_RECORD, Proof
from tachiai.crypto.keys import load_certificates
from tachiai.errors import Refusal
from tachiai.pages import child

__all__ = ["Checked", "Proof", "check_evidence", "load_certificates"]

LIMITS = child.Limits(memory_bytes=1024 * 1024 * 1024, cpu_seconds=30, wall_seconds=60.0, answer_bytes=0)
_DIGESTS = ("sha256", "sha384", "sha512")
# A file that has grown since still begins with what was stamped; each of its revisions ends like this.
_END = re.compile(rb"%%EOF(?:\r\n|\n|\r)?")
_MOST_BEGINNINGS = 32


@dataclass(frozen=True)
class Checked:
    """The first ``size`` of the file's ``whole`` bytes existed at ``proof.since``; what follows them the record does not know."""

    size: int
    whole: int
    proof: Proof


def check_evidence(data: bytes, record: bytes, *, at: datetime, roots: Sequence[bytes] = ()) -> Checked:
    """Judge ``record`` about the file ``data``, which is hashed here and read by nobody; the record is read in a limited child.

    ``roots``: whom to trust, the house's own authorities when none are given. Refuses with a code under ``evidence.``.
    """
    if len(record) > LARGEST_RECORD:
        raise Refusal("evidence.unreadable", detail=f"{len(record)} bytes")
    trusted = roots or sealing.trust()[1]
    asked = evidence_examination.question(_beginnings(data), roots=trusted, at=at)
    head, _body = child.run("evidence", record, limits=LIMITS, options=asked)
    size, proof = evidence_examination.read_answer(head)
    return Checked(size, len(data), proof)


def _beginnings(data: bytes) -> list[Beginning]:
    """The whole, then the file as each of its last revisions left it, the latest first."""
    ends = sorted({match.end() for match in _END.finditer(data)} - {len(data)})[-_MOST_BEGINNINGS:]
    running = {name: hashlib.new(name) for name in _DIGESTS}
    found, last = [], 0
    for end in (*ends, len(data)):
        for digest in running.values():
            digest.update(memoryview(data)[last:end])
        found.append(Beginning(end, {name: [digest.digest()] for name, digest in running.items()}))
        last = end
    return found[::-1]
