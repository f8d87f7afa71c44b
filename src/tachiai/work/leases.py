"""Claiming, finishing and putting off leased rows.

A claim is one short transaction; the work happens outside of any; the outcome is committed by the caller together
with ``finish``, which fails if the lease has meanwhile gone to somebody else.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from django.db import connection, transaction
from django.db.models import F, Q, QuerySet

from tachiai.prepared import Prepared, among, given
from tachiai.rowwise import Change, change_all, change_each
from tachiai.work.alarms import clear_alarm, raise_alarm
from tachiai.work.models import Task, TaskState

T = TypeVar("T", bound=Task)

# Not done, and not given up.
OPEN = (TaskState.WAITING, TaskState.STUCK)
STRIKES = 5
LONGEST_BACKOFF = timedelta(minutes=5)
ALARM_AFTER = timedelta(minutes=1)


class LostLease(Exception):
    """The row was taken over by another worker: whatever this one did must not be committed."""


def claim(rows: Callable[[], QuerySet[T]], *, at: datetime, lease: timedelta, limit: int) -> list[T]:
    """Up to ``limit`` due rows of ``rows``, each now leased to this process until ``at + lease``.

    ``rows`` is the same function each time: what it gives is put into SQL once.
    """
    look, lock = _due(rows, limit)
    if look.first(at=at) is None:
        # Looking takes no lock; under SQLite a write transaction would, twice a second, for nothing.
        return []
    with transaction.atomic(durable=True):
        taken, whose = lock.all(at=at), holder()
        for task in taken:
            task.attempt, task.lease_until, task.holder = task.attempt + 1, at + lease, whose
        _hold(taken)
        return taken


@lru_cache(maxsize=256)
def _due(rows: Callable[[], QuerySet[T]], limit: int) -> tuple[Prepared[Any], Prepared[T]]:
    """Whether any row is due, and the first of those that are, locked. Only questions are kept, so they never say what was."""

    def due() -> QuerySet[T]:
        found = rows()
        free = Q(lease_until=None) | Q(lease_until__lt=given("at", found.model, "lease_until"))
        return found.filter(free, state=TaskState.WAITING, due_at__lte=given("at", found.model, "due_at")).order_by("due_at", "pk")

    return Prepared(lambda: due().order_by().values_list("pk")[:1]), Prepared(lambda: _locked(due())[:limit])


def _hold(taken: Sequence[Task]) -> None:
    """What was just set in rows that are locked: they need not be read again, for nobody can have changed them meanwhile."""
    if taken:
        columns = ("attempt", "lease_until", "holder")
        change_each(type(taken[0]), [Change(task.pk, {name: getattr(task, name) for name in columns}) for task in taken])


def _locked(due: QuerySet[T]) -> QuerySet[T]:
    if connection.features.has_select_for_update_skip_locked:
        return due.select_for_update(skip_locked=True, of=("self",))
    return due  # SQLite: the IMMEDIATE transaction is the lock


def renew(tasks: Sequence[T], *, at: datetime, lease: timedelta) -> None:
    """Hold on to rows whose work takes longer: those that are still ours are leased until ``at + lease``."""
    for attempt, ours in _by_attempt(tasks).items():
        rows = type(ours[0])._default_manager.filter(pk__in=[task.pk for task in ours])  # noqa: SLF001
        rows.filter(attempt=attempt, state=TaskState.WAITING).update(lease_until=at + lease)
        for task in ours:
            task.lease_until = at + lease


def make_sure(task: Task, *, at: datetime, lease: timedelta) -> None:
    """Before what cannot be undone: the row is still ours, and is until ``at + lease``. Raises ``LostLease``."""
    rows = type(task)._default_manager  # noqa: SLF001
    if not rows.filter(pk=task.pk, attempt=task.attempt, state=TaskState.WAITING).update(lease_until=at + lease):
        raise LostLease(f"{type(task).__name__} {task.pk}")
    task.lease_until = at + lease


def release(tasks: Sequence[T]) -> None:
    """Give back rows that were taken up and not worked on, for whoever comes next."""
    for attempt, ours in _by_attempt(tasks).items():
        rows = type(ours[0])._default_manager.filter(pk__in=[task.pk for task in ours])  # noqa: SLF001
        rows.filter(attempt=attempt, state=TaskState.WAITING).update(lease_until=None, holder="")


def _by_attempt(tasks: Sequence[T]) -> dict[int, list[T]]:
    found: dict[int, list[T]] = {}
    for task in tasks:
        found.setdefault(task.attempt, []).append(task)
    return found


def fenced(tasks: Sequence[T]) -> tuple[list[T], list[T]]:
    """Lock the rows in the caller's transaction; (those whose attempt is still ours, those that were lost)."""
    if not tasks:
        return [], []
    held = dict(_standing(type(tasks[0])).all(keys=[task.pk for task in tasks]))
    ours = [task for task in tasks if held.get(task.pk) == task.attempt]
    return ours, [task for task in tasks if held.get(task.pk) != task.attempt]


@lru_cache(maxsize=32)
def _standing(model: type[Task]) -> Prepared[tuple[object, int]]:
    """The waiting ones of some rows, locked in the order of their keys: key and attempt. One question for each kind of row."""
    waiting = model._default_manager.filter(pk__in=among("keys", model), state=TaskState.WAITING)  # noqa: SLF001
    return Prepared(lambda: waiting.select_for_update().order_by("pk").values_list("pk", "attempt"))


def finish_many(tasks: Sequence[T], *, at: datetime, state: TaskState = TaskState.DONE) -> None:
    """As :func:`finish` for rows that :func:`fenced` has just called ours, in the same transaction. All of them or ``LostLease``."""
    if not tasks:
        return
    outcome = {"state": str(state), "lease_until": None, "holder": "", "trouble": "", "troubled_since": None}
    waiting = {"state": str(TaskState.WAITING)}
    if change_all(type(tasks[0]), [task.pk for task in tasks], outcome, held=waiting) != len(tasks):
        raise LostLease(f"{type(tasks[0]).__name__}: some of {len(tasks)}")
    for task in tasks:
        if task.troubled_since:
            clear_alarm(_alarm_kind(task), str(task.pk), at=at)


def finish(task: Task, *, at: datetime, state: TaskState = TaskState.DONE) -> None:
    """Record the outcome inside the caller's transaction. Raises ``LostLease`` when the attempt is no longer ours."""
    outcome = {"state": str(state), "lease_until": None, "holder": "", "trouble": "", "troubled_since": None}
    ours = {"attempt": task.attempt, "state": str(TaskState.WAITING)}
    if not change_all(type(task), [task.pk], outcome, held=ours):
        raise LostLease(f"{type(task).__name__} {task.pk}")
    if task.troubled_since:
        clear_alarm(_alarm_kind(task), str(task.pk), at=at)


def postpone(task: Task, *, code: str, detail: str = "", at: datetime) -> None:
    """An outage: try again later, for ever, at most five minutes apart; it never counts against the row."""
    since = task.troubled_since or at
    delay = min(LONGEST_BACKOFF, timedelta(seconds=2 ** min(task.outages, 9)))
    rows = type(task)._default_manager  # noqa: SLF001
    with transaction.atomic(durable=True):
        ours = rows.filter(pk=task.pk, attempt=task.attempt, state=TaskState.WAITING)
        held = ours.update(
            outages=F("outages") + 1, due_at=at + delay, lease_until=None, holder="", trouble=code[:60], troubled_since=since
        )
        # Whoever took a lost row over may have done it already, and then nobody would clear the alarm.
        if held and (at - since >= ALARM_AFTER or task.outages >= 3):
            raise_alarm(_alarm_kind(task), str(task.pk), detail=f"{code} {detail}", at=at)


def put_off(task: Task, *, until: datetime, at: datetime) -> None:
    """Nothing is wrong, it is only too early: try again at ``until``, without trouble or alarm."""
    rows = type(task)._default_manager  # noqa: SLF001
    ours = rows.filter(pk=task.pk, attempt=task.attempt, state=TaskState.WAITING)
    with transaction.atomic(durable=True):
        ours.update(due_at=until, lease_until=None, holder="", outages=0, trouble="", troubled_since=None)
        if task.troubled_since:
            clear_alarm(_alarm_kind(task), str(task.pk), at=at)


def resume(tasks: Sequence[Task], *, at: datetime) -> None:
    """Somebody has seen to what these rows stuck at: they are due again, with a clean sheet, in the caller's transaction."""
    for task in tasks:
        rows = type(task)._default_manager.filter(pk=task.pk)  # noqa: SLF001
        rows.update(
            state=TaskState.WAITING,
            due_at=at,
            lease_until=None,
            holder="",
            strikes=0,
            outages=0,
            trouble="",
            troubled_since=None,
            attempt=F("attempt") + 1,
        )
        clear_alarm(_alarm_kind(task), str(task.pk), at=at)


def cancel(tasks: Sequence[T], *, at: datetime) -> list[T]:
    """Their reason fell away: they are not done any more, nor by whoever has just taken them up. In the caller's transaction.

    Which of them were: what was finished in the same moment stays done.
    """
    cancelled = []
    for task in tasks:
        rows = type(task)._default_manager.filter(pk=task.pk, state__in=OPEN)  # noqa: SLF001
        fields = {"lease_until": None, "holder": "", "trouble": "", "troubled_since": None, "attempt": F("attempt") + 1}
        if rows.update(state=TaskState.CANCELLED, **fields):
            clear_alarm(_alarm_kind(task), str(task.pk), at=at)
            cancelled.append(task)
    return cancelled


def strike(task: Task, *, code: str, at: datetime) -> None:
    """The row's own content was refused: after five strikes it is stuck and an alarm stands until somebody acts."""
    rows = type(task)._default_manager  # noqa: SLF001
    stuck = task.strikes + 1 >= STRIKES
    with transaction.atomic(durable=True):
        ours = rows.filter(pk=task.pk, attempt=task.attempt, state=TaskState.WAITING)
        held = ours.update(
            strikes=F("strikes") + 1,
            state=TaskState.STUCK if stuck else TaskState.WAITING,
            due_at=at + timedelta(seconds=2**task.strikes),
            lease_until=None,
            holder="",
            trouble=code[:60],
            troubled_since=task.troubled_since or at,
        )
        if held and stuck:
            raise_alarm(_alarm_kind(task), str(task.pk), detail=code, at=at)


def _alarm_kind(task: Task) -> str:
    return f"{task._meta.app_label}.{task._meta.model_name}"  # noqa: SLF001


def holder() -> str:
    """This process, told apart from any later one that is given the same number."""
    return f"{socket.gethostname()}:{os.getpid()}:{_started(os.getpid())}"


def _started(pid: int) -> str:
    """When a process began, in kernel ticks; empty when there is no such process (or no /proc)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""


def release_dead(kinds: Sequence[type[Task]]) -> int:
    """Give back leases whose holder on this machine no longer lives, so that a kill costs seconds, not a lease."""
    released = 0
    here = socket.gethostname()
    for model in kinds:
        rows = model._default_manager.filter(state=TaskState.WAITING, lease_until__isnull=False)  # noqa: SLF001
        for name in rows.values_list("holder", flat=True).distinct():
            host, _, rest = name.rpartition(":")[0].rpartition(":")
            started = name.rpartition(":")[2]
            if host == here and rest.isdigit() and _started(int(rest)) != started:
                released += rows.filter(holder=name).update(lease_until=None, holder="")
    return released
