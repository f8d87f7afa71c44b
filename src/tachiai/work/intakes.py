"""The intake of a flowing kind of work: rows are taken up as there is room, and each is settled by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Generic, TypeVar

import structlog
from django.db import DatabaseError
from django.db.models import QuerySet

from tachiai.errors import Outage, Refusal
from tachiai.work.leases import LostLease, claim, postpone, release, renew, strike
from tachiai.work.models import Task

T = TypeVar("T", bound=Task)
log = structlog.get_logger("tachiai.work")


class Intake(Generic[T]):
    """Where a flow takes its rows from and gives back those that met with trouble. Used by one thread."""

    def __init__(
        self,
        name: str,
        rows: Callable[[], QuerySet[T]],
        *,
        lease: timedelta,
        now: Callable[[], datetime],
        stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        self.taken = 0
        self._name, self._rows, self._lease, self._now, self._stopping = name, rows, lease, now, stopping
        self._open: dict[object, T] = {}

    def take(self, limit: int) -> list[T]:
        """Up to ``limit`` due rows, leased to this process; none once the worker is to stop."""
        if limit < 1 or self._stopping():
            return []
        tasks = claim(self._rows, at=self._now(), lease=self._lease, limit=limit)
        self.taken += len(tasks)
        self._open |= {task.pk: task for task in tasks}
        return tasks

    def settled(self, tasks: Iterable[T]) -> None:
        """These rows have their outcome, committed."""
        for task in tasks:
            self._open.pop(task.pk, None)

    def troubled(self, task: T, problem: Exception) -> None:
        """One row met with ``problem``: it alone is put off or struck."""
        settle_trouble(self._name, task, problem, at=self._now())
        self.settled([task])

    def hold(self) -> None:
        """Renew the leases of what is still open, when half their time is over."""
        at = self._now()
        ageing = [task for task in self._open.values() if task.lease_until is None or task.lease_until - at < self._lease / 2]
        if ageing:
            renew(ageing, at=at, lease=self._lease)

    def give_back(self) -> None:
        """Release what is still open: nobody works on it any more."""
        if self._open:
            release(list(self._open.values()))
            self._open.clear()


def settle_trouble(name: str, task: Task, problem: Exception, *, at: datetime) -> None:
    """What becomes of a row whose work ended in ``problem``: put off for an outage, struck for a refusal or a mistake of ours."""
    if isinstance(problem, LostLease):
        log.info("lease lost", kind=name, task=task.pk)
    elif isinstance(problem, Outage):
        log.warning("outage", kind=name, task=task.pk, code=problem.code, detail=problem.detail)
        postpone(task, code=problem.code, detail=problem.detail, at=at)
    elif isinstance(problem, (OSError, DatabaseError)):
        # A full disk or a lost database says nothing about this row: it is tried again, for ever.
        log.warning("outage", kind=name, task=task.pk, code="house.disturbed", detail=repr(problem))
        postpone(task, code="house.disturbed", detail=type(problem).__name__, at=at)
    elif isinstance(problem, Refusal):
        log.error("refused", kind=name, task=task.pk, code=problem.code, facts=problem.facts)
        strike(task, code=problem.code, at=at)
    else:
        # A mistake of ours must neither kill the worker nor spin: it strikes the row, loudly, and the others go on.
        log.error("failed", kind=name, task=task.pk, exc_info=problem)
        strike(task, code=f"bug.{type(problem).__name__}", at=at)
