"""One look at one kind of work: claim what is due, do it, and put off or strike what could not be done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, TypeVar

import structlog
from django.db import DatabaseError
from django.db.models import QuerySet

from tachiai.errors import Outage, Refusal
from tachiai.work.leases import LostLease, claim, postpone, strike
from tachiai.work.models import Task

T = TypeVar("T", bound=Task)
log = structlog.get_logger("tachiai.work")


@dataclass(frozen=True)
class Kind(Generic[T]):
    """A kind of work: its rows, the verb that does one of them, and how long one may take."""

    name: str
    rows: Callable[[], QuerySet[T]]
    verb: Callable[[T], None]
    lease: timedelta = timedelta(minutes=2)
    batch: int = 8


def drain(kind: Kind[T], *, now: Callable[[], datetime]) -> int:
    """Do what is due, and say how many rows were taken up (done or not)."""
    tasks = claim(kind.rows(), at=now(), lease=kind.lease, limit=kind.batch)
    for task in tasks:
        _do(kind, task, now=now)
    return len(tasks)


def _do(kind: Kind[T], task: T, *, now: Callable[[], datetime]) -> None:
    try:
        kind.verb(task)
    except LostLease:
        log.info("lease lost", kind=kind.name, task=task.pk)
    except Outage as outage:
        log.warning("outage", kind=kind.name, task=task.pk, code=outage.code, detail=outage.detail)
        postpone(task, code=outage.code, detail=outage.detail, at=now())
    except (OSError, DatabaseError) as failure:
        # A full disk or a lost database says nothing about this row: it is tried again, for ever.
        log.warning("outage", kind=kind.name, task=task.pk, code="house.disturbed", detail=repr(failure))
        postpone(task, code="house.disturbed", detail=type(failure).__name__, at=now())
    except Refusal as refusal:
        log.error("refused", kind=kind.name, task=task.pk, code=refusal.code, facts=refusal.facts)  # noqa: TRY400  # a refusal is an answer; its traceback tells nothing
        strike(task, code=refusal.code, at=now())
    except Exception as bug:
        # A mistake of ours must neither kill the worker nor spin: it strikes the row, loudly, and the others go on.
        log.exception("failed", kind=kind.name, task=task.pk)
        strike(task, code=f"bug.{type(bug).__name__}", at=now())
