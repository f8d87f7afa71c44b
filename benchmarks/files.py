"""Finished files to be verified: of each level, with one signature and with five. Made by our own sealer, judged by pyHanko."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.peers import gates, ours
from benchmarks.peers.ours import Desk
from benchmarks.scene import NAME, Scene, words
from tachiai.crypto import pades, planning
from tachiai.crypto.judgement import Expected
from tachiai.crypto.pades import SealText


@dataclass(frozen=True)
class Finished:
    """Files of ours, each sealed anew from one upload, and what a gate has to expect of them.

    ``signatures`` counts the house's own; document timestamps do not count. A judge is given another file each time: whatever it
    remembers of one must not make the next look faster than files that it has never seen.
    """

    level: str
    size: str
    signatures: int
    upload: bytes = field(repr=False)
    tails: tuple[bytes, ...] = field(repr=False)
    expected: Expected = field(repr=False)

    def file(self, number: int) -> bytes:
        """Another file for each number, as far as there are. Putting it together counts for every judge, and is a copy in memory."""
        return self.upload + self.tails[number % len(self.tails)]

    @property
    def title(self) -> str:
        return f"{self.level}, {self.size}, {self.signatures} signature{'s' if self.signatures > 1 else ''}"


def make(scene: Scene, desk: Desk, *, level: str, size: str, signatures: int, many: int = 1) -> Finished:
    """``many`` files with the house's certification, a slot for each further signature, those seals, and for B-LTA the closing.

    One signature at B-LTA is a paper of the house's own, certified and closed in one act.
    """
    upload = scene.contract(size)
    tails = tuple(_one(scene, desk, level, size, signatures, number)[len(upload) :] for number in range(many))
    return Finished(level, size, signatures, upload, tails, _expected(upload, level, signatures))


def _one(scene: Scene, desk: Desk, level: str, size: str, signatures: int, number: int) -> bytes:
    upload, plan = scene.contract(size), scene.plan(size)
    if level == "B-LTA" and signatures == 1:
        return ours.attesting(desk, upload, plan=plan)(number)
    frozen = ours.freezing(desk, upload, plan=plan, slots=list(_slots(signatures)))(number)
    held = _sealed(desk, frozen, range(1, signatures)) if signatures > 1 else frozen
    return ours.closing(desk, held, plan=None)(number) if level == "B-LTA" else held


def kept(scene: Scene, file: Finished) -> Path:
    """One of the files on disk, for programs that read it there."""
    path = scene.folder / f"finished-{file.level}-{len(file.upload)}-{file.signatures}.pdf"
    path.write_bytes(file.file(0))
    return path


def again(scene: Scene, path: Path, *, level: str, size: str, signatures: int) -> tuple[bytes, Expected]:
    """A kept file and what to expect of it, in another process."""
    expected = _expected(scene.contract(size), level, signatures)
    return path.read_bytes(), expected


def _expected(upload: bytes, level: str, signatures: int) -> Expected:
    if level == "B-LTA" and signatures == 1:
        return gates.expected(upload, closed=True, permission=1)
    return gates.expected(upload, sealed=range(1, signatures), laid_in=_slots(signatures), closed=level == "B-LTA")


def _slots(signatures: int) -> range:
    return range(1, max(2, signatures))


def _sealed(desk: Desk, frozen: bytes, slots: Sequence[int]) -> bytes:
    held, plan = frozen, planning.plan(frozen)
    for slot in slots:
        made = pades.seal(
            held,
            slot=slot,
            credential=desk.credential,
            timestamper=desk.stamps,
            text=SealText(name=NAME, reason=words(slot)),
            consent_digest=ours.consent(slot),
            at=datetime.now(UTC),
            plan=plan,
        )
        held, plan = held + made.tail, made.plan
    return held
