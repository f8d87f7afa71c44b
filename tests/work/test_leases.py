"""Work rows: claimed once, fenced by their attempt, put off for outages for ever and stuck after five refusals."""

from __future__ import annotations

import os
import socket
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, OperationalError, transaction

from crowds import together
from tachiai import clock, work
from tachiai.errors import Outage, Refusal
from tachiai.outbox.models import Mail
from tachiai.work import Kind, LostLease, claim, drain, finish, leases, release_dead
from tachiai.work.alarms import clear_alarm, raise_alarm
from tachiai.work.models import Alarm, TaskState

pytestmark = pytest.mark.usefixtures("house")

NOW = clock.now()
LEASE = timedelta(minutes=2)


def rows(count: int = 1, *, at: datetime = NOW) -> None:
    for number in range(count):
        fresh = uuid.uuid4()
        Mail.objects.create(
            id=fresh,
            kind="M99",
            to=f"{number}@example.jp",
            language="ja",
            stream="house",
            message_id=f"<{fresh}@x>",
            due_at=at,
            created_at=at,
        )


def taken(limit: int = 8, *, at: datetime = NOW) -> list[Mail]:
    return claim(Mail.objects.all, at=at, lease=LEASE, limit=limit)


def kind(verb: Callable[[Mail], None], *, batch: int = 8) -> Kind[Mail]:
    return Kind("test", Mail.objects.all, verb, lease=LEASE, batch=batch)


def done(task: Mail, *, reply: str = "") -> None:
    with transaction.atomic(durable=True):
        Mail.objects.filter(pk=task.pk).update(reply=reply)
        finish(task, at=NOW)


def raising(problem: Exception) -> Callable[[Mail], None]:
    def verb(_task: Mail) -> None:
        raise problem

    return verb


def test_a_row_is_taken_once_until_its_lease_is_over() -> None:
    rows()
    [first] = taken()
    assert (first.attempt, first.holder.split(":")[:2]) == (1, [socket.gethostname(), str(os.getpid())])
    assert taken(at=NOW + LEASE) == []
    [second] = taken(at=NOW + LEASE + timedelta(microseconds=1))
    assert second.attempt == 2


def test_only_what_is_due_is_taken_the_oldest_first() -> None:
    rows(at=NOW + timedelta(seconds=1))
    assert taken() == []
    rows(3, at=NOW - timedelta(hours=1))
    rows(2)
    assert [task.due_at for task in taken(limit=4)] == [NOW - timedelta(hours=1)] * 3 + [NOW]


def test_two_workers_never_take_the_same() -> None:
    rows(40)
    seen: list[uuid.UUID] = []

    def verb(task: Mail) -> None:
        seen.append(task.pk)
        done(task)

    def worker() -> int:
        total = 0
        while count := drain(kind(verb, batch=3), now=lambda: NOW):
            total += count
        return total

    totals = together([worker] * 4)
    assert sum(totals) == len(seen) == len(set(seen)) == 40
    assert not Mail.objects.exclude(state=TaskState.DONE).exists()


def test_who_lost_the_lease_commits_nothing() -> None:
    rows()
    [slow] = taken()
    later = NOW + timedelta(hours=1)
    [fast] = taken(at=later)
    with pytest.raises(LostLease):
        done(slow, reply="by the slow one")
    assert Mail.objects.get().reply == ""
    done(fast)
    with pytest.raises(LostLease):
        done(fast)
    # Neither may the slow one put it off or strike it any more, nor raise an alarm that nobody would clear.
    slow.outages, slow.strikes = 3, leases.STRIKES - 1
    work.postpone(slow, code="x.y", at=later)
    work.strike(slow, code="x.y", at=later)
    row = Mail.objects.get()
    assert (row.state, row.strikes, row.outages, row.trouble) == (TaskState.DONE, 0, 0, "")
    assert not Alarm.objects.exists()


def test_a_lost_lease_is_no_failure() -> None:
    rows()
    assert drain(kind(raising(LostLease("gone"))), now=lambda: NOW) == 1
    row = Mail.objects.get()
    assert (row.strikes, row.outages, row.state) == (0, 0, TaskState.WAITING)


@pytest.mark.parametrize(
    ("problem", "code"),
    [
        (Outage("tsa.unreachable", "no route"), "tsa.unreachable"),
        (OSError(28, "No space left on device"), "house.disturbed"),
        (OperationalError("database or disk is full"), "house.disturbed"),
    ],
)
def test_an_outage_never_counts_against_the_row(problem: Exception, code: str) -> None:
    rows()
    at, delays = NOW, []
    for outage in range(1, 41):
        moment = at
        assert drain(kind(raising(problem)), now=lambda moment=moment: moment) == 1  # type: ignore[misc]
        row = Mail.objects.get()
        assert (row.state, row.strikes, row.outages, row.trouble) == (TaskState.WAITING, 0, outage, code)
        assert row.troubled_since == NOW
        delays.append(row.due_at - at)
        at = row.due_at
    assert delays[:5] == [timedelta(seconds=2**power) for power in range(5)]
    assert max(delays) == delays[-1] == timedelta(minutes=5)
    assert [alarm.kind for alarm in Alarm.objects.all()] == ["outbox.mail"]
    assert drain(kind(done), now=lambda: at) == 1
    assert Alarm.objects.get().cleared_at is not None
    row = Mail.objects.get()
    assert (row.trouble, row.troubled_since, row.holder) == ("", None, "")


@pytest.mark.parametrize(("problem", "code"), [(Refusal("vault.altered"), "vault.altered"), (KeyError("oops"), "bug.KeyError")])
def test_five_refusals_of_its_own_content_stop_a_row(problem: Exception, code: str) -> None:
    rows(2)
    other = Mail.objects.order_by("due_at", "pk")[1]
    tried: list[uuid.UUID] = []

    def verb(task: Mail) -> None:
        tried.append(task.pk)
        if task.pk != other.pk:
            raise problem
        done(task)

    at = NOW
    for _ in range(8):
        moment = at
        drain(kind(verb), now=lambda moment=moment: moment)  # type: ignore[misc]
        at += timedelta(minutes=1)
    stuck = Mail.objects.exclude(pk=other.pk).get()
    assert tried.count(stuck.pk) == leases.STRIKES == 5
    assert tried.count(other.pk) == 1  # the other went on
    assert (stuck.state, stuck.trouble) == (TaskState.STUCK, code)
    assert Alarm.objects.get().detail == code


def test_outages_between_refusals_do_not_add_up() -> None:
    rows()
    at = NOW
    for problem in [Refusal("x.y"), Outage("a.b")] * 4:
        moment = at
        drain(kind(raising(problem)), now=lambda moment=moment: moment)  # type: ignore[misc]
        at += timedelta(minutes=10)
    row = Mail.objects.get()
    assert (row.state, row.strikes, row.outages) == (TaskState.WAITING, 4, 4)


def test_what_a_dead_process_held_is_given_back_and_a_living_ones_is_not() -> None:
    rows(4)
    mine, dead, reborn, elsewhere = Mail.objects.order_by("to")
    own = leases.holder()
    here = socket.gethostname()
    holders = {mine: own, dead: f"{here}:4194999:1", reborn: f"{here}:{os.getpid()}:1", elsewhere: "another.example.jp:4194999:1"}
    for row, name in holders.items():
        Mail.objects.filter(pk=row.pk).update(lease_until=NOW + LEASE, holder=name)
    assert release_dead([Mail]) == 2
    free = set(Mail.objects.filter(lease_until=None).values_list("pk", flat=True))
    assert free == {dead.pk, reborn.pk}


def test_an_alarm_stands_once_and_keeps_its_first_time() -> None:
    for minutes in range(3):
        raise_alarm("tsa", "clock", detail="x" * 900, at=NOW + timedelta(minutes=minutes))
    alarm = Alarm.objects.get()
    assert alarm.raised_at == NOW
    assert len(alarm.detail) == 500
    clear_alarm("tsa", "clock", at=NOW)
    clear_alarm("tsa", "clock", at=NOW)
    raise_alarm("tsa", "clock", detail="again", at=NOW)
    assert Alarm.objects.count() == 2


def test_a_commit_that_fails_is_tried_again() -> None:
    """The outcome is rolled back whole, and the row put off."""
    rows()
    calls: list[Any] = []

    def verb(task: Mail) -> None:
        with transaction.atomic(durable=True):
            finish(task, at=NOW)
            calls.append(task)
            if len(calls) == 1:
                raise DatabaseError("the disk went away")

    drain(kind(verb), now=lambda: NOW)
    assert Mail.objects.get().state == TaskState.WAITING
    drain(kind(verb), now=lambda: NOW + timedelta(minutes=1))
    assert Mail.objects.get().state == TaskState.DONE


def test_what_was_finished_in_the_same_moment_is_not_cancelled() -> None:
    rows(2)
    first, second = taken()
    done(first)
    with transaction.atomic(durable=True):
        assert work.cancel([first, second], at=NOW) == [second]
    assert [Mail.objects.get(pk=one.pk).state for one in (first, second)] == [TaskState.DONE, TaskState.CANCELLED]
    with pytest.raises(LostLease):
        done(second)
