"""Many rows at once are written as the ORM would write each of them."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from django.apps import apps
from django.db import DatabaseError, connection, transaction
from django.utils.functional import lazystr

from cast import assemble
from place import Place
from tachiai.accounts.models import Member
from tachiai.rowwise import Change, adapter_of, change_all, change_each, insert_each, insert_values
from tachiai.work.models import Alarm, TaskState

NOW = datetime(2026, 11, 23, 8, 5, 0, 120, tzinfo=UTC)
TELLING = [
    None, True, False, 0, 7, -3, 2**40, "", "契約", "x" * 300, lazystr("later"), TaskState.WAITING, b"", bytes(range(256)),
    memoryview(b"seen"), NOW, NOW.replace(microsecond=0), NOW.astimezone(timezone(timedelta(hours=9))), date(2026, 11, 23),
    uuid.UUID(int=2**100 + 17), str(uuid.UUID(int=5)), "2001:DB8::1", {"a": ["締結", None, 1]}, [],
]  # fmt: skip


def test_every_field_is_given_to_the_driver_as_by_the_orm(house: Place) -> None:
    compared = 0
    for column in (column for model in apps.get_models() for column in model._meta.concrete_fields):
        adapt = adapter_of(column, connection)
        for value in TELLING:
            try:
                expected = column.get_db_prep_save(value, connection)
            except Exception:  # noqa: S112  # not a value for this field at all
                continue
            compared += 1
            assert alike(adapt(value), expected), (column, value)
    assert compared > 1000


def alike(told: Any, expected: Any) -> bool:
    """Equal as the driver takes them: what a wrapper of the driver holds, and a buffer as its bytes."""
    told, expected = (getattr(value, "obj", value) if not isinstance(value, memoryview) else value for value in (told, expected))
    if isinstance(expected, (memoryview, bytes)):
        return bytes(told) == bytes(expected)
    return bool(told == expected) and isinstance(expected, type(told))


def test_an_instant_without_its_zone_is_a_mistake(house: Place) -> None:
    with pytest.raises(ValueError, match="time zone"):
        adapter_of(Alarm._meta.get_field("raised_at"), connection)(NOW.replace(tzinfo=None))


@pytest.mark.parametrize("count", [1, 3, 4, 200])
def test_rows_come_back_as_they_were_written(count: int, house: Place) -> None:
    rows = [Alarm(kind="test", subject=f"{number}\t\\N 契約\n", detail="", raised_at=NOW) for number in range(count)]
    with transaction.atomic(durable=True):
        insert_each(rows)
    found = Alarm.objects.filter(kind="test")
    assert {row.subject for row in found} == {row.subject for row in rows}
    assert {(row.raised_at, row.cleared_at, row.detail) for row in found} == {(NOW, None, "")}


def test_none_of_many_is_kept_when_one_is_refused(house: Place) -> None:
    rows = [Alarm(kind="test", subject=str(number % 9), raised_at=NOW) for number in range(10)]
    with pytest.raises(DatabaseError), transaction.atomic(durable=True):
        insert_each(rows)
    assert not Alarm.objects.filter(kind="test").exists()


def test_only_rows_that_hold_are_changed(house: Place) -> None:
    assemble()
    members = list(Member.objects.order_by("pk"))
    held = {"name": members[0].name}
    with transaction.atomic(durable=True):
        changes = [Change(member.pk, {"title": f"{member.pk}", "phone": "03"}, held=held) for member in members]
        assert change_each(Member, changes) == sum(member.name == members[0].name for member in members) < len(members)
        assert change_each(Member, [Change(members[1].pk, {"title": "部長"}), Change(2**40, {"title": "社長"})]) == 1
    for member in members:
        fresh = Member.objects.get(pk=member.pk)
        assert fresh.title == ("部長" if member.pk == members[1].pk else str(member.pk) if member.name == members[0].name else member.title)


def test_a_change_that_is_refused_raises_as_the_database_would(house: Place) -> None:
    assemble()
    first, second = Member.objects.order_by("pk")[:2]
    with pytest.raises(DatabaseError), transaction.atomic(durable=True):
        change_each(Member, [Change(first.pk, {"mail": second.mail})])


def test_all_that_hold_are_given_the_same(house: Place) -> None:
    assemble()
    members = list(Member.objects.order_by("pk"))
    first, keys = members[0], [member.pk for member in members[:3]]
    with transaction.atomic(durable=True):
        assert change_all(Member, [], {"title": "社長"}, held={}) == 0
        assert change_all(Member, keys, {"title": "社長", "phone": ""}, held={"mail": first.mail}) == 1
        assert change_all(Member, [*keys, 2**40], {"department": "法務"}, held={}) == 3
    assert [member.pk for member in Member.objects.filter(title="社長")] == [first.pk]
    assert {member.pk for member in Member.objects.filter(department="法務")} >= set(keys)


def test_values_without_a_row(house: Place) -> None:
    names = ("raised_at", "cleared_at", "told_at", "kind", "subject", "detail")
    with transaction.atomic(durable=True):
        insert_values(Alarm, names, [(NOW, None, None, "test", str(number), "契約") for number in range(6)])
        insert_values(Alarm, names, [])
    assert list(Alarm.objects.filter(kind="test", detail="契約").order_by("pk").values_list("subject", flat=True)) == [*"012345"]
    with pytest.raises(TypeError):
        insert_values(Alarm, names[1:], [(None, None, "test", "0", "")])
