"""Judging a stranger's evidence record in a limited child: the question, the job and the answer, as in :mod:`.examination`."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tachiai.crypto.evidence_records import Hashes, Proof, Step, verify
from tachiai.errors import Refusal

Head = dict[str, Any]

MOST_STEPS, LONGEST_NAME = 256, 500


@dataclass(frozen=True)
class Beginning:
    """The first ``size`` bytes of a file, by their hashes."""

    size: int
    hashes: Hashes


def question(beginnings: Sequence[Beginning], *, roots: Sequence[bytes], at: datetime) -> Head:
    """What the child is told beside the record: the file (whole, and as it may have been earlier), whom to trust, what time it is."""
    asked = [
        {"size": one.size, "hashes": {name: [value.hex() for value in held] for name, held in one.hashes.items()}} for one in beginnings
    ]
    return {"beginnings": asked, "roots": [base64.b64encode(root).decode() for root in roots], "at": at.isoformat()}


def evidence_job(record: bytes, options: Head) -> tuple[Head, bytes]:
    """The child's side. The first beginning that the record speaks of is judged; refuses as ``evidence_records.verify``."""
    roots = [base64.b64decode(root) for root in options["roots"]]
    at = datetime.fromisoformat(options["at"])
    first: Refusal | None = None
    for asked in options["beginnings"]:
        hashes = {name: [bytes.fromhex(value) for value in held] for name, held in asked["hashes"].items()}
        try:
            proof = verify(record, hashes, roots=roots, at=at)
        except Refusal as refusal:
            if refusal.code != "evidence.other_object":
                raise
            first = first or refusal
            continue
        return {"size": asked["size"], "steps": [_told(step) for step in proof.steps]}, b""
    raise first or Refusal("evidence.other_object", stamp=1)


def read_answer(head: Head) -> tuple[int, Proof]:
    """The house's side: how many bytes of the file are proven, and the proof. Refuses ``evidence.unreadable``."""
    try:
        steps = tuple(_step(one) for one in head["steps"])
        if not 0 < len(steps) <= MOST_STEPS:
            raise ValueError("no steps")  # noqa: TRY301  # as torn as any other answer
        return int(head["size"]), Proof(steps)
    except (KeyError, TypeError, ValueError, AttributeError) as torn:
        raise Refusal("evidence.unreadable", detail="answer") from torn


def _told(step: Step) -> Head:
    return {
        "at": step.at.isoformat(),
        "authority": step.authority[:LONGEST_NAME],
        "digest": step.digest,
        "until": step.until.isoformat(),
        "proven": step.proven,
    }


def _step(one: Head) -> Step:
    at, until = datetime.fromisoformat(one["at"]), datetime.fromisoformat(one["until"])
    return Step(at, str(one["authority"])[:LONGEST_NAME], str(one["digest"])[:10], until, one["proven"] is True)
