"""A batch: one token for all filed files that have no evidence yet."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from tachiai import ledger, work
from tachiai.archive.evidence_composing import Stamps, check_members
from tachiai.archive.evidence_stamps import HOUSE, plant, told
from tachiai.archive.evidence_times import renewal_due
from tachiai.archive.models import EvidenceAct, EvidenceBatch, EvidenceMember, EvidenceStamp, EvidenceTask, RecordFile
from tachiai.errors import Outage

MOST_FILES = 10_000


def files_without() -> QuerySet[RecordFile]:
    """Every filed file that no batch holds, the oldest first. For one that is destroyed there is nothing left to prove."""
    return RecordFile.objects.filter(evidence=None, blob__shredded_at=None).order_by("pk")


def make_batch(task: EvidenceTask, *, now: Callable[[], datetime]) -> None:
    """Stamp up to ``MOST_FILES`` files that have no evidence, together; whatever is left over is another task's, due at once.

    The digests are those under which the files were filed: the vault gives back no other bytes, and a record is checked against them
    whenever it leaves the house.
    """
    files = list(files_without().only("pk", "sha256", "size")[:MOST_FILES])
    if not files:
        with transaction.atomic(durable=True):
            work.finish(task, at=now())
        return
    planted = plant([bytes(file.sha256) for file in files], digest=task.digest, now=now)
    _record(task, files, planted.stamp, planted.paths, at=now())


def _record(task: EvidenceTask, files: Sequence[RecordFile], stamp: EvidenceStamp, paths: Sequence[bytes], *, at: datetime) -> None:
    due = renewal_due(stamp.made_at, stamp.until)
    batch = EvidenceBatch(generation=1, count=len(files), stamp=stamp, last=stamp, renew_at=due, created_at=at)
    members = [
        EvidenceMember(batch=batch, file=file, size=file.size, hash=file.sha256, path=path, first=True)
        for file, path in zip(files, paths, strict=True)
    ]
    # The tree's two ends: what is wrong with it is wrong there.
    for member in (members[0], members[-1]):
        check_members([member], Stamps(), at=at)
    with transaction.atomic(durable=True):
        work.finish(task, at=at)
        if files_without().filter(pk__lte=files[-1].pk).count() != len(files):
            raise Outage("evidence.overtaken", "the same files are in another batch meanwhile")
        stamp.save(force_insert=True)
        batch.save(force_insert=True)
        EvidenceMember.objects.bulk_create(members)
        if len(files) == MOST_FILES:
            EvidenceTask.objects.create(act=EvidenceAct.MAKE, key=f"make:after:{batch.pk}", digest=task.digest, due_at=at, created_at=at)
        data = {"batch": str(batch.pk), "files": len(files), **told(stamp)}
        ledger.append(HOUSE, "evidence.made", by=ledger.Actor.house(), at=at, data=data)
