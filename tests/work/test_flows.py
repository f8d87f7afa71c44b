"""A flow takes rows as it has room, holds on to what takes long, and gives back what it did not come to."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction

from tachiai import clock, work
from tachiai.errors import Outage, Refusal
from tachiai.outbox.models import Mail
from tachiai.rowwise import Change, change_each, insert_each
from tachiai.work import Flow, Intake, LostLease, drain
from tachiai.work.models import TaskState
from work.test_leases import LEASE, NOW, rows

pytestmark = pytest.mark.usefixtures("house")


def intake(**more: object) -> Intake[Mail]:
    return Intake("test", Mail.objects.all, lease=LEASE, now=lambda: NOW, **more)  # type: ignore[arg-type]


def done(tasks: list[Mail]) -> None:
    with transaction.atomic(durable=True):
        ours, _lost = work.fenced(tasks)
        work.finish_many(ours, at=NOW)


def test_rows_are_taken_while_there_is_room() -> None:
    rows(5)

    def run(source: Intake[Mail]) -> None:
        while tasks := source.take(2):
            done(tasks)
            source.settled(tasks)

    assert drain(Flow("test", Mail.objects.all, run, lease=LEASE), now=lambda: NOW) == 5
    assert Mail.objects.filter(state=TaskState.DONE).count() == 5


def test_what_was_not_come_to_is_given_back() -> None:
    rows(3)

    def run(source: Intake[Mail]) -> None:
        first, *_ = source.take(3)
        done([first])
        source.settled([first])
        raise DatabaseError("away")

    with pytest.raises(DatabaseError):
        drain(Flow("test", Mail.objects.all, run, lease=LEASE), now=lambda: NOW)
    assert Mail.objects.filter(state=TaskState.WAITING, lease_until=None, holder="").count() == 2


def test_nothing_is_taken_any_more_once_the_worker_is_to_stop() -> None:
    rows(1)
    assert intake(stopping=lambda: True).take(1) == []
    assert len(intake().take(1)) == 1


def test_a_lease_is_renewed_when_half_its_time_is_over() -> None:
    rows(2)
    at = NOW
    source = Intake("test", Mail.objects.all, lease=LEASE, now=lambda: at)
    kept, lost = source.take(2)
    source.hold()
    assert set(Mail.objects.values_list("lease_until", flat=True)) == {NOW + LEASE}
    at = NOW + LEASE * 0.6
    Mail.objects.filter(pk=lost.pk).update(attempt=2)
    source.hold()
    assert Mail.objects.get(pk=kept.pk).lease_until == at + LEASE
    assert Mail.objects.get(pk=lost.pk).lease_until == NOW + LEASE


def test_each_rows_trouble_is_its_own() -> None:
    rows(4)
    source = intake()
    away, refused, mistaken, lost = source.take(4)
    source.troubled(away, Outage("tsa.unreachable"))
    source.troubled(refused, Refusal("vault.altered"))
    source.troubled(mistaken, KeyError("x"))
    source.troubled(lost, LostLease("gone"))
    told = {row.pk: (row.trouble, row.outages, row.strikes) for row in Mail.objects.all()}
    assert told == {
        away.pk: ("tsa.unreachable", 1, 0),
        refused.pk: ("vault.altered", 0, 1),
        mistaken.pk: ("bug.KeyError", 0, 1),
        lost.pk: ("", 0, 0),
    }


def test_only_rows_of_ones_own_attempt_are_finished() -> None:
    rows(3)
    tasks = intake().take(3)
    Mail.objects.filter(pk=tasks[1].pk).update(attempt=7)
    with transaction.atomic(durable=True):
        ours, lost = work.fenced(tasks)
        work.finish_many(ours, at=NOW)
    assert [task.pk for task in lost] == [tasks[1].pk]
    assert set(Mail.objects.values_list("pk", "state")) == {(tasks[0].pk, "done"), (tasks[1].pk, "waiting"), (tasks[2].pk, "done")}
    with pytest.raises(LostLease), transaction.atomic(durable=True):
        work.finish_many(tasks, at=NOW)


def test_changes_are_made_only_where_what_is_held_still_holds() -> None:
    rows(3)
    first, second, third = Mail.objects.order_by("to")
    later = clock.now() + timedelta(days=1)
    changes = [
        Change(first.pk, {"reply": "a", "due_at": later, "context": {"x": ["ü"]}}, {"state": "waiting", "attempt": 0}),
        Change(second.pk, {"reply": "b", "due_at": later, "context": {}}, {"state": "waiting", "attempt": 1}),
        Change(third.pk, {"reply": "c", "due_at": later, "context": {"n": None}}, {"state": "waiting", "attempt": 0}),
    ]
    with transaction.atomic():
        assert change_each(Mail, changes) == 2
        assert change_each(Mail, []) == 0
    found = Mail.objects.order_by("to").values_list("reply", "context")
    assert list(found) == [("a", {"x": ["ü"]}), ("", {}), ("c", {"n": None})]
    assert Mail.objects.get(pk=first.pk).due_at == later


def test_inserted_rows_are_what_saving_them_would_make() -> None:
    rows(1)
    [saved] = Mail.objects.all()
    fresh = [Mail(**{**_facts(saved), "message_id": f"<{number}@x>", "link_invitation": saved.pk}) for number in range(2000)]
    with transaction.atomic():
        insert_each(fresh)
        insert_each([])
    assert Mail.objects.count() == 2001
    [again] = Mail.objects.filter(message_id="<7@x>")
    assert (again.due_at, again.context, again.link_invitation, again.sent_at) == (saved.due_at, {}, saved.pk, None)


def _facts(mail: Mail) -> dict[str, object]:
    return {column.attname: getattr(mail, column.attname) for column in Mail._meta.concrete_fields if not column.primary_key}
