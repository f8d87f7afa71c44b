"""Planning evidence and doing it: what the clock finds due becomes rows, and a row becomes one token."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time

from django.db import transaction

from tachiai import ledger
from tachiai.archive.evidence_making import files_without, make_batch
from tachiai.archive.evidence_rehashing import rehash_batch
from tachiai.archive.evidence_renewing import due_batches, renew_stamps, tell_lapsed
from tachiai.archive.evidence_stamps import HOUSE
from tachiai.archive.evidence_times import FIRST_DIGEST, outlived, stronger
from tachiai.archive.models import EvidenceAct, EvidenceBatch, EvidenceTask
from tachiai.clock import JAPAN
from tachiai.errors import Refusal
from tachiai.work.models import TaskState


def do_evidence(task: EvidenceTask, *, now: Callable[[], datetime]) -> None:
    """Do one piece of evidence work."""
    verbs = {EvidenceAct.MAKE: make_batch, EvidenceAct.RENEW: renew_stamps, EvidenceAct.REHASH: rehash_batch}
    verbs[EvidenceAct(task.act)](task, now=now)


def plan_evidence(*, nightly: time | None, at: datetime) -> int:
    """Write down what is due: the night's batch, if ``nightly`` (time in Japan) says so, and renewals in any case."""
    planned = 0
    local = at.astimezone(JAPAN)
    if nightly is not None and local.time() >= nightly:
        planned += _plan(EvidenceAct.MAKE, f"make:{local:%Y-%m-%d}", FIRST_DIGEST, at=at)
    return planned + plan_renewals(at=at)


def plan_renewals(*, at: datetime, now: bool = False) -> int:
    """A row for each digest whose stamps are due, or one for each batch whose digest itself ages out.

    Once a day for all planners together. The operator's ``now`` is not held to that, and wakes what was put off.
    """
    planned = 0
    tell_lapsed(at=at)
    for digest in set(due_batches(at=at).order_by().values_list("last__digest", flat=True)):
        if outlived(digest, at=at):
            for batch in due_batches(at=at).filter(last__digest=digest):
                planned += _plan_rehash(batch, stronger("", than=digest), at=at)
        else:
            planned += _plan_renewal(digest, at=at, now=now)
    return planned


def _plan_renewal(digest: str, *, at: datetime, now: bool) -> int:
    waiting = EvidenceTask.objects.filter(act=EvidenceAct.RENEW, digest=digest, state=TaskState.WAITING)
    if waiting.exists():
        return waiting.filter(lease_until=None).update(due_at=at) if now else 0
    occasion = at.isoformat() if now else at.astimezone(JAPAN).date().isoformat()
    return _plan(EvidenceAct.RENEW, f"renew:{digest}:{occasion}", digest, at=at)


def plan_making(*, at: datetime) -> int:
    """A batch now, whatever the clock says; 0 when every filed file has evidence."""
    if not files_without().exists():
        return 0
    return _plan(EvidenceAct.MAKE, f"make:{at.isoformat()}", FIRST_DIGEST, at=at)


def plan_rehashing(digest: str, *, at: datetime) -> int:
    """A new chain by ``digest`` for every batch of a weaker one. Refuses ``evidence.not_stronger`` when there is none."""
    weaker = [batch for batch in EvidenceBatch.objects.filter(continued_by=None).select_related("last") if _is_weaker(batch, digest)]
    if not weaker:
        raise Refusal("evidence.not_stronger", digest=digest, than=digest)
    return sum(_plan_rehash(batch, digest, at=at) for batch in weaker)


def bring_forward(*, at: datetime) -> int:
    """Every batch is due for renewal now, because the operator says so; how many were not due yet."""
    with transaction.atomic(durable=True):
        count = EvidenceBatch.objects.filter(continued_by=None, renew_at__gt=at).update(renew_at=at)
        ledger.append(HOUSE, "evidence.brought_forward", by=ledger.Actor("operator"), at=at, data={"batches": count})
    return count


def _is_weaker(batch: EvidenceBatch, digest: str) -> bool:
    try:
        stronger(digest, than=batch.last.digest)
    except Refusal:
        return False
    return True


def _plan_rehash(batch: EvidenceBatch, digest: str, *, at: datetime) -> int:
    return _plan(EvidenceAct.REHASH, f"rehash:{batch.pk}", digest, at=at, batch=batch)


def _plan(act: EvidenceAct, key: str, digest: str, *, at: datetime, batch: EvidenceBatch | None = None) -> int:
    """The row of this key, unless it was written already: it is looked for first, because looking takes no lock."""
    if EvidenceTask.objects.filter(key=key).exists():
        return 0
    facts = {"act": act, "digest": digest, "batch": batch, "due_at": at, "created_at": at}
    _task, made = EvidenceTask.objects.get_or_create(key=key, defaults=facts)
    return int(made)
