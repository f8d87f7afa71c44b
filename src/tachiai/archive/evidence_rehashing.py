"""Hash-tree renewal (RFC 4998, 5.2): a new chain for the files of one batch, by a stronger digest, over all that was stamped so far."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import structlog
from django.db import transaction

from tachiai import ledger, vault, work
from tachiai.archive.evidence_composing import Stamps, chain_of, check_members
from tachiai.archive.evidence_renewing import ALARM, cover, settle_token
from tachiai.archive.evidence_stamps import HOUSE, Planted, plant, told
from tachiai.archive.evidence_times import renewal_due
from tachiai.archive.models import EvidenceBatch, EvidenceMember, EvidenceStamp, EvidenceTask
from tachiai.crypto import evidence_writing
from tachiai.errors import Outage, Refusal
from tachiai.work.alarms import raise_alarm

CHUNK = 200
LEASE = timedelta(minutes=5)
log = structlog.get_logger("tachiai.archive")


class Leaf(NamedTuple):
    """A member as it stands in the new tree: the bytes' own new hash, and that hash with all earlier stamps."""

    member: EvidenceMember
    hash: bytes
    renewed: bytes


def rehash_batch(task: EvidenceTask, *, now: Callable[[], datetime]) -> None:
    """Begin a new chain for ``task.batch`` by ``task.digest``. A file that is not what it was is left out, with an alarm.

    What is left out keeps the chains it has: they go on proving what they proved, until they age out.
    """
    if task.batch_id is None:
        raise RuntimeError("a new chain continues a batch")
    batch = EvidenceBatch.objects.select_related("stamp", "last", "continued_by").get(pk=task.batch_id)
    if batch.continued_by is not None:
        with transaction.atomic(durable=True):
            work.finish(task, at=now())
        return
    last = batch.last
    settle_token(last, at=now())
    found, lost = _leaves(task, batch, last, now=now)
    if not found and not lost:
        # Everything it spoke of is destroyed: it stays as it is, and nobody needs more of it.
        with transaction.atomic(durable=True):
            work.finish(task, at=now())
        return
    if not found:
        raise Refusal("evidence.nothing_left", batch=str(batch.pk))
    planted = plant([leaf.renewed for leaf in found], digest=task.digest, now=now)
    _record(task, batch, found, lost, planted, at=now())


def _leaves(task: EvidenceTask, batch: EvidenceBatch, last: EvidenceStamp, *, now: Callable[[], datetime]) -> tuple[list[Leaf], list[int]]:
    stamps = Stamps()
    stamps.replace(last)
    found: list[Leaf] = []
    lost: list[int] = []
    for members in _in_chunks(batch):
        earlier = _memberships(members)
        for member in members:
            try:
                data = beginning(member)
            except Refusal as altered:
                if altered.code == "vault.shredded":
                    continue  # its old chains stay true; there are no bytes for a new one
                log.exception("evidence lost", file=member.file_id, code=altered.code)
                lost.append(member.file_id)
                continue
            fresh = hashlib.new(task.digest, data).digest()
            sequence = evidence_writing.chain_sequence([chain_of(one, stamps) for one in earlier[member.file_id]])
            found.append(Leaf(member, fresh, evidence_writing.renewed_hash(fresh, sequence, digest=task.digest)))
        work.renew([task], at=now(), lease=LEASE)
    return found, lost


def _in_chunks(batch: EvidenceBatch) -> Iterator[list[EvidenceMember]]:
    last = 0
    while True:
        rows = EvidenceMember.objects.filter(batch=batch, pk__gt=last).select_related("batch__stamp", "file__blob").order_by("pk")
        members = list(rows[:CHUNK])
        if not members:
            return
        yield members
        last = members[-1].pk


def _memberships(members: Sequence[EvidenceMember]) -> dict[int, list[EvidenceMember]]:
    """All memberships of the same files, each file's in the order of its chains."""
    rows = EvidenceMember.objects.filter(file__in=[member.file_id for member in members])
    found: dict[int, list[EvidenceMember]] = {}
    for member in rows.select_related("batch__stamp").order_by("batch__generation"):
        found.setdefault(member.file_id, []).append(member)
    return found


def beginning(member: EvidenceMember) -> bytes:
    """The bytes that a membership speaks of: the file as it was then. Refuses ``evidence.file_altered`` and ``vault.altered``."""
    data = vault.read(member.file.blob)[: member.size]
    if len(data) != member.size or hashlib.new(member.batch.stamp.digest, data).digest() != bytes(member.hash):
        raise Refusal("evidence.file_altered", file=str(member.file_id))
    return data


def _record(
    task: EvidenceTask, batch: EvidenceBatch, found: Sequence[Leaf], lost: Sequence[int], planted: Planted, *, at: datetime
) -> None:
    stamp, generation = planted.stamp, batch.generation + 1
    due = renewal_due(stamp.made_at, stamp.until)
    following = EvidenceBatch(generation=generation, count=len(found), stamp=stamp, last=stamp, renew_at=due, created_at=at)
    members = [
        EvidenceMember(batch=following, file_id=leaf.member.file_id, size=leaf.member.size, hash=leaf.hash, path=path, first=False)
        for leaf, path in zip(found, planted.paths, strict=True)
    ]
    for leaf, member in ((found[0], members[0]), (found[-1], members[-1])):
        stamps = Stamps()
        stamps.replace(batch.last)
        check_members([*_memberships([leaf.member])[leaf.member.file_id], member], stamps, at=at)
    with transaction.atomic(durable=True):
        work.finish(task, at=at)
        stamp.save(force_insert=True)
        following.save(force_insert=True)
        EvidenceMember.objects.bulk_create(members)
        if not batch.last.covered:
            cover(batch.last)
        if EvidenceBatch.objects.filter(pk=batch.pk, last=batch.last_id, continued_by=None).update(continued_by=following) != 1:
            raise Outage("evidence.overtaken", "the batch has been renewed meanwhile")
        for file in lost:
            raise_alarm(ALARM, f"file {file}", detail="evidence.file_altered: left out of the new chain", at=at)
        data = {"batch": str(following.pk), "continues": str(batch.pk), "files": len(found), "lost": len(lost), **told(stamp)}
        ledger.append(HOUSE, "evidence.renewed", by=ledger.Actor.house(), at=at, data=data)
