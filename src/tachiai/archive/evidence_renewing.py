"""Renewal of both kinds (RFC 4998, 5.2), each for as many files as there are: one token over old tokens, or a new tree over all files.

A timestamp renewal touches no file: its tree is over the last tokens of the batches that are due. A hash-tree renewal reads every file
of a batch again, because only the bytes can vouch for a stronger digest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

import structlog
from django.db import transaction
from django.db.models import QuerySet

from tachiai import ledger, sealing, work
from tachiai.archive.evidence_composing import Stamps, check_members
from tachiai.archive.evidence_stamps import HOUSE, Planted, plant, told
from tachiai.archive.evidence_times import ALARM_BEFORE, LOOK_AGAIN, TRY_AGAIN, renewal_due
from tachiai.archive.models import EvidenceBatch, EvidenceMember, EvidenceStamp, EvidenceTask
from tachiai.crypto import evidence_writing
from tachiai.errors import Outage, Refusal
from tachiai.work.alarms import clear_alarm, raise_alarm

ALARM = "archive.evidence"
log = structlog.get_logger("tachiai.archive")


def due_batches(*, at: datetime) -> QuerySet[EvidenceBatch]:
    """The batches whose last stamp has to be renewed by now, and can be: what has lapsed is lost."""
    standing = EvidenceBatch.objects.filter(continued_by=None, renew_at__lte=at, last__until__gt=at)
    return standing.select_related("last").order_by("created_at", "pk")


def tell_lapsed(*, at: datetime) -> None:
    """An alarm for each batch whose evidence has ended without renewal."""
    for batch in EvidenceBatch.objects.filter(continued_by=None, renew_at__lte=at, last__until__lte=at).select_related("last"):
        detail = f"evidence.lapsed: {batch.count} files, not renewed before {batch.last.until.isoformat()}"
        with transaction.atomic(durable=True):
            raise_alarm(ALARM, f"batch {batch.pk}", detail=detail, at=at)


def renew_stamps(task: EvidenceTask, *, now: Callable[[], datetime]) -> None:
    """One token for the last stamps of all batches of ``task.digest`` that are due.

    A stamp whose token or authority gives trouble is left for another day, with an alarm, and holds up nobody else. Where the authority
    still stamps with certificates that end as early as the old ones, nothing is gained: what was stamped is thrown away, the work is put
    off by a month, and in the last months an alarm stands.
    """
    due = list(due_batches(at=now()).filter(last__digest=task.digest))
    old = _settled({batch.last_id: batch.last for batch in due}.values(), at=now())
    if not old:
        _end(task, due, at=now())
        return
    planted = plant([evidence_writing.token_hash(bytes(one.token), digest=task.digest) for one in old], digest=task.digest, now=now)
    ending = min(stamp.until for stamp in old)
    if planted.stamp.until <= ending:
        _put_off(task, ending, at=now())
        return
    for one, path in zip(old, planted.paths, strict=True):
        one.renewed_by, one.renewed_path = planted.stamp, path
    batches = [batch for batch in due if batch.last_id in {stamp.pk for stamp in old}]
    _check(batches, old, planted, at=now())
    _record_renewal(task, batches, old, planted, at=now())


def _settled(old: Iterable[EvidenceStamp], *, at: datetime) -> list[EvidenceStamp]:
    """Those that can be stamped again now. When none can because nobody answers, that is an outage like any other."""
    found: list[EvidenceStamp] = []
    outage: Outage | None = None
    for stamp in old:
        try:
            settle_token(stamp, at=at)
            found.append(stamp)
        except (Refusal, Outage) as trouble:
            outage = trouble if isinstance(trouble, Outage) else outage
            with transaction.atomic(durable=True):
                raise_alarm(ALARM, f"stamp {stamp.pk}", detail=f"{trouble.code}: not renewed", at=at)
    if outage is not None and not found:
        raise outage
    return found


def settle_token(stamp: EvidenceStamp, *, at: datetime) -> None:
    """Bring the last answers about a stamp's certificates into its token, unless a later stamp speaks of its bytes already.

    In its last months it has to do with the answers it has: an authority that has gone out of business must not take its stamps along.
    """
    if stamp.covered:
        return
    try:
        stamp.token = sealing.prove_token(bytes(stamp.token), digest=bytes(stamp.root), at=at)
    except Outage as silent:
        if stamp.until - at >= ALARM_BEFORE:
            raise
        log.warning("renewed without newer answers", stamp=str(stamp.pk), code=silent.code, detail=silent.detail)


def _end(task: EvidenceTask, due: Sequence[EvidenceBatch], *, at: datetime) -> None:
    """Nothing was due, or nothing of it can be renewed until somebody has looked at the alarms."""
    if due:
        work.put_off(task, until=at + LOOK_AGAIN, at=at)
        return
    with transaction.atomic(durable=True):
        work.finish(task, at=at)


def _check(batches: Sequence[EvidenceBatch], old: Sequence[EvidenceStamp], planted: Planted, *, at: datetime) -> None:
    """A file of the first and of the last batch, with all that will be said of it, before anything of it is in the rows."""
    stamps = Stamps()
    stamps.replace(*old, planted.stamp)
    for batch in (batches[0], batches[-1]):
        begun = batch.members.order_by("pk")[0]
        rows = EvidenceMember.objects.filter(file=begun.file_id, batch__generation__lte=batch.generation)
        members = list(rows.select_related("batch__stamp").order_by("batch__generation"))
        members[-1].batch.last = planted.stamp
        check_members(members, stamps, at=at)


def cover(stamp: EvidenceStamp, **more: object) -> None:
    """Fix a stamp's token for ever, in the caller's transaction. Raises ``Outage`` when somebody else has fixed it meanwhile."""
    rows = EvidenceStamp.objects.filter(pk=stamp.pk, covered=stamp.covered, renewed_by=None)
    if rows.update(covered=True, token=stamp.token, **more) != 1:
        raise Outage("evidence.overtaken", "another renewal has covered the same stamp")


def _put_off(task: EvidenceTask, ending: datetime, *, at: datetime) -> None:
    if ending - at < ALARM_BEFORE:
        detail = f"evidence.not_renewed: the authority's certificates end as early as the old ones, {ending.isoformat()}"
        with transaction.atomic(durable=True):
            raise_alarm(ALARM, task.digest, detail=detail, at=at)
    work.put_off(task, until=at + TRY_AGAIN, at=at)


def _record_renewal(
    task: EvidenceTask, batches: Sequence[EvidenceBatch], old: Sequence[EvidenceStamp], planted: Planted, *, at: datetime
) -> None:
    stamp = planted.stamp
    due = renewal_due(stamp.made_at, stamp.until)
    with transaction.atomic(durable=True):
        work.finish(task, at=at)
        stamp.save(force_insert=True)
        for one in old:
            cover(one, renewed_by=stamp, renewed_path=one.renewed_path)
            clear_alarm(ALARM, f"stamp {one.pk}", at=at)
        for batch in batches:
            mine = EvidenceBatch.objects.filter(pk=batch.pk, last=batch.last_id, continued_by=None)
            if mine.update(last=stamp, renew_at=due) != 1:
                raise Outage("evidence.overtaken", "a batch has been renewed meanwhile")
        clear_alarm(ALARM, task.digest, at=at)
        data = {"batches": [str(batch.pk) for batch in batches], "files": sum(batch.count for batch in batches), **told(stamp)}
        ledger.append(HOUSE, "evidence.renewed", by=ledger.Actor.house(), at=at, data=data)
