"""One look at one kind of work: take up what is due, do it, and put off or strike what could not be done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from django.db.models import QuerySet

from tachiai.work.intakes import Intake, settle_trouble
from tachiai.work.leases import claim
from tachiai.work.models import Task

T = TypeVar("T", bound=Task)


@dataclass(frozen=True)
class Kind(Generic[T]):
    """A kind of work: its rows, the verb that does one of them, and how long one may take.

    A kind with a ``flow`` is done by it instead: it takes rows from an intake as it has room, many of them at the same time.
    """

    name: str
    rows: Callable[[], QuerySet[T]]
    verb: Callable[[T], None]
    lease: timedelta = timedelta(minutes=2)
    batch: int = 8
    flow: Callable[[Intake[T]], None] | None = None


def drain(kind: Kind[T], *, now: Callable[[], datetime], stopping: Callable[[], bool] = lambda: False) -> int:
    """Do what is due, and say how many rows were taken up (done or not). ``stopping`` says when a flow is to take no more."""
    if kind.flow is not None:
        intake = Intake(kind.name, kind.rows, lease=kind.lease, now=now, stopping=stopping)
        try:
            kind.flow(intake)
        finally:
            intake.give_back()
        return intake.taken
    tasks = claim(kind.rows(), at=now(), lease=kind.lease, limit=kind.batch)
    for task in tasks:
        _do(kind, task, now=now)
    return len(tasks)


def _do(kind: Kind[T], task: T, *, now: Callable[[], datetime]) -> None:
    try:
        kind.verb(task)
    except Exception as problem:  # every kind of trouble has its own answer there, and none may stop the others
        settle_trouble(kind.name, task, problem, at=now())
