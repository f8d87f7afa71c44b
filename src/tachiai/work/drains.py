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

    ``hands`` is how many a worker does at the same time: more than one where each waits for somebody far away.
    """

    name: str
    rows: Callable[[], QuerySet[T]]
    verb: Callable[[T], None]
    lease: timedelta = timedelta(minutes=2)
    batch: int = 8
    hands: int = 1


@dataclass(frozen=True)
class Flow(Generic[T]):
    """A kind of work of which many rows are under way at a time: ``run`` takes them from its intake as it has room.

    What is open longer than half a lease is to be held by ``run`` itself, or it goes to somebody else.
    """

    name: str
    rows: Callable[[], QuerySet[T]]
    run: Callable[[Intake[T]], None]
    lease: timedelta = timedelta(minutes=1)
    hands = 1  # the flow itself keeps many under way


def drain(kind: Kind[T] | Flow[T], *, now: Callable[[], datetime], stopping: Callable[[], bool] = lambda: False) -> int:
    """Do what is due, and say how many rows were taken up (done or not). ``stopping`` says when a flow is to take no more."""
    if isinstance(kind, Flow):
        return _let_flow(kind, now=now, stopping=stopping)
    tasks = claim(kind.rows, at=now(), lease=kind.lease, limit=kind.batch)
    for task in tasks:
        _do(kind, task, now=now)
    return len(tasks)


def _let_flow(flow: Flow[T], *, now: Callable[[], datetime], stopping: Callable[[], bool]) -> int:
    intake = Intake(flow.name, flow.rows, lease=flow.lease, now=now, stopping=stopping)
    try:
        flow.run(intake)
    finally:
        intake.give_back()
    return intake.taken


def _do(kind: Kind[T], task: T, *, now: Callable[[], datetime]) -> None:
    try:
        kind.verb(task)
    except Exception as problem:  # every kind of trouble has its own answer there, and none may stop the others
        settle_trouble(kind.name, task, problem, at=now())
