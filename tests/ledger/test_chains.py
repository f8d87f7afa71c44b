"""The ledger: entries chained in order, and every twin that was tampered with named where it breaks."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from crowds import together
from place import Place
from tachiai import ledger
from tachiai.errors import Refusal
from tachiai.ledger import Actor, Note
from tachiai.ledger.formats import commitment, entry_digest
from tachiai.ledger.models import Entry, Personal, Stream

pytestmark = pytest.mark.usefixtures("house")

AT = datetime(2026, 11, 23, 8, 5, tzinfo=UTC)
STREAM = "envelope:golden"
SQLITE_TRIGGERS = ("ledger_entry_no_update", "ledger_entry_no_delete", "ledger_personal_no_update")


def append(number: int, **more: object) -> Entry:
    with transaction.atomic(durable=True):
        ledger.append(
            STREAM,
            f"tested.{number}",
            by=Actor("member", "4711"),
            at=AT + timedelta(seconds=number),
            data={"number": number},
            personal={"name": f"架空 {number}"},
            **more,  # type: ignore[arg-type]
        )
    return Entry.objects.filter(stream__name=STREAM).latest("number")


@pytest.fixture
def chain() -> list[Entry]:
    return [append(number) for number in range(1, 6)]


@pytest.fixture
def unguarded(house: object) -> None:
    """An administrator with the database in their hands: the triggers are gone."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("ALTER TABLE ledger_entry DISABLE TRIGGER USER")
            cursor.execute("ALTER TABLE ledger_personal DISABLE TRIGGER USER")
            return
        for name in SQLITE_TRIGGERS:
            cursor.execute(f"DROP TRIGGER {name}")


def broken_at() -> int:
    with pytest.raises(Refusal, match=r"ledger\.broken") as told:
        ledger.check_stream(STREAM)
    assert told.value.facts["stream"] == STREAM
    return int(str(told.value.facts["number"]))


def test_a_chain_holds(chain: list[Entry]) -> None:
    assert ledger.check_stream(STREAM) == 5
    bodies = [json.loads(bytes(entry.body)) for entry in chain]
    assert [body["seq"] for body in bodies] == [1, 2, 3, 4, 5]
    assert bodies[0]["previous"] == "00" * 32
    assert [body["previous"] for body in bodies[1:]] == [bytes(entry.digest).hex() for entry in chain[:-1]]
    assert bytes(Stream.objects.get(name=STREAM).head) == bytes(chain[-1].digest)
    assert "架空".encode() not in b"".join(bytes(entry.body) for entry in chain)


def test_it_grows_one_by_one_however_many_write() -> None:
    together([lambda number=number: append(number) for number in range(16)])
    assert ledger.check_stream(STREAM) == 16


def note(stream: str, number: int) -> Note:
    return Note(stream, f"tested.{number}", Actor.house(), AT, {"number": number}, {"name": f"架空 {number}"} if number % 2 else None)


def test_many_at_once_are_chained_like_one_by_one(django_assert_max_num_queries: Any) -> None:
    with transaction.atomic(durable=True):
        ledger.append_many([note(STREAM, 1), note("envelope:other", 2), note(STREAM, 3)])
    notes = [note(stream, number) for number in range(4, 44) for stream in (STREAM, "envelope:other")]
    with django_assert_max_num_queries(8), transaction.atomic(durable=True):
        ledger.append_many(notes)
    assert ledger.check_stream(STREAM) == 42
    assert ledger.check_stream("envelope:other") == 41
    assert [told.data["number"] for told in ledger.entries(STREAM)] == [1, *range(3, 44)]
    assert ledger.entries(STREAM)[1].personal == {"name": "架空 3"}


def test_many_who_need_the_same_streams_wait_for_one_another() -> None:
    def batch(names: list[str]) -> None:
        with transaction.atomic(durable=True):
            ledger.append_many([note(name, 1) for name in names])

    together([lambda order=order: batch(["a", "b", "c"][::order]) for order in (1, -1, 1, -1)])
    assert [ledger.check_stream(name) for name in ("a", "b", "c")] == [4, 4, 4]


def test_gathered_entries_are_written_at_the_end_or_not_at_all() -> None:
    with transaction.atomic(durable=True), ledger.gathered():
        ledger.append(STREAM, "tested.1", by=Actor.house(), at=AT)
        ledger.append("envelope:other", "tested.1", by=Actor.house(), at=AT)
        ledger.append(STREAM, "tested.2", by=Actor.house(), at=AT)
        assert not Entry.objects.exists()
    assert ledger.check_stream(STREAM) == 2

    def fails() -> None:
        with transaction.atomic(durable=True), ledger.gathered():
            ledger.append(STREAM, "tested.3", by=Actor.house(), at=AT)
            raise KeyError

    with pytest.raises(KeyError):
        fails()
    assert ledger.check_stream(STREAM) == 2
    with transaction.atomic(durable=True):
        ledger.append(STREAM, "tested.3", by=Actor.house(), at=AT)
    assert ledger.check_stream(STREAM) == 3
    with pytest.raises(RuntimeError, match="transaction"), ledger.gathered():
        pass


def test_nothing_is_appended_outside_of_what_it_records() -> None:
    with pytest.raises(RuntimeError, match="transaction"):
        ledger.append(STREAM, "tested", by=Actor.house(), at=AT)
    with transaction.atomic():
        ledger.append(STREAM, "tested", by=Actor.house(), at=AT)
        transaction.set_rollback(True)
    assert not Entry.objects.exists()


@pytest.mark.parametrize("value", [1.5, {"x": 0.1}, 2**53, object(), {1: "x"}, "\ud800"])
def test_what_no_canonical_form_holds_is_not_appended(value: object) -> None:
    with pytest.raises((ValueError, TypeError)), transaction.atomic():
        ledger.append(STREAM, "tested", by=Actor.house(), at=AT, data={"value": value})
    assert not Entry.objects.exists()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger_entry SET event = 'other'",
        "UPDATE ledger_entry SET body = body",
        "DELETE FROM ledger_entry",
        "UPDATE ledger_personal SET body = x'7b7d'",
        "REPLACE INTO ledger_entry SELECT * FROM ledger_entry",
        (
            "REPLACE INTO ledger_entry (stream_id, number, event, at, body, digest) "
            "SELECT stream_id, number, 'x', at, body, digest FROM ledger_entry"
        ),
        "REPLACE INTO ledger_personal SELECT id, x'00', x'7b7d', entry_id FROM ledger_personal",
    ],
)
def test_the_database_itself_refuses(chain: list[Entry], statement: str) -> None:
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert ledger.check_stream(STREAM) == len(chain)


def _changed_body(chain: list[Entry]) -> None:
    Entry.objects.filter(pk=chain[2].pk).update(body=bytes(chain[2].body).replace(b'"number":3', b'"number":4'))


def _changed_body_with_its_digest(chain: list[Entry]) -> None:
    """The entry itself is whole again; the next one still names the old."""
    body = bytes(chain[1].body).replace(b'"number":2', b'"number":9')
    Entry.objects.filter(pk=chain[1].pk).update(body=body, digest=entry_digest(body))


def _garbage_with_its_digest(chain: list[Entry]) -> None:
    for body in (b"not json", b"[]", b"{}", b"\xff"):
        Entry.objects.filter(pk=chain[2].pk).update(body=body, digest=entry_digest(body))
        assert broken_at() == 3


def _flipped_digest(chain: list[Entry]) -> None:
    digest = bytearray(bytes(chain[2].digest))
    digest[0] ^= 1
    Entry.objects.filter(pk=chain[2].pk).update(digest=bytes(digest))


def _swapped(chain: list[Entry]) -> None:
    Entry.objects.filter(pk=chain[2].pk).update(number=99)
    Entry.objects.filter(pk=chain[3].pk).update(number=3)
    Entry.objects.filter(pk=chain[2].pk).update(number=4)


def _missing(chain: list[Entry]) -> None:
    Personal.objects.filter(entry=chain[2]).delete()
    Entry.objects.filter(pk=chain[2].pk).delete()


def _truncated(chain: list[Entry]) -> None:
    Personal.objects.filter(entry__in=chain[3:]).delete()
    Entry.objects.filter(pk__in=[entry.pk for entry in chain[3:]]).delete()


def _truncated_with_its_length(chain: list[Entry]) -> None:
    _truncated(chain)
    Stream.objects.update(length=3)


def _another_head(chain: list[Entry]) -> None:
    Stream.objects.update(head=bytes(chain[3].digest))


def _event_column(chain: list[Entry]) -> None:
    Entry.objects.filter(pk=chain[2].pk).update(event="another.event")


def _time_column(chain: list[Entry]) -> None:
    """Timelines show the column: it may not be moved by a microsecond."""
    Entry.objects.filter(pk=chain[2].pk).update(at=chain[2].at + timedelta(microseconds=1))


def _changed_personal(chain: list[Entry]) -> None:
    Personal.objects.filter(entry=chain[2]).update(body='{"name":"別人"}'.encode())


def _changed_salt(chain: list[Entry]) -> None:
    Personal.objects.filter(entry=chain[2]).update(salt=bytes(32))


def _personal_of_another(chain: list[Entry]) -> None:
    """Erased, and then put in with other words, which the trigger cannot see."""
    Personal.objects.filter(entry=chain[2]).delete()
    Personal.objects.create(entry=chain[2], salt=bytes(32), body=b"{}")


def _entry_of_another_stream(chain: list[Entry]) -> None:
    with transaction.atomic():
        ledger.append("envelope:other", "tested.3", by=Actor.house(), at=AT)
    foreign = Entry.objects.get(stream__name="envelope:other")
    Entry.objects.filter(pk=chain[2].pk).update(body=bytes(foreign.body), digest=bytes(foreign.digest))


TWINS = [
    (_changed_body, 3),
    (_changed_body_with_its_digest, 3),
    (_garbage_with_its_digest, 3),
    (_flipped_digest, 3),
    (_swapped, 3),
    (_missing, 3),
    (_truncated, 4),
    (_truncated_with_its_length, 4),
    (_another_head, 6),
    (_event_column, 3),
    (_time_column, 3),
    (_changed_personal, 3),
    (_changed_salt, 3),
    (_personal_of_another, 3),
    (_entry_of_another_stream, 3),
]


@pytest.mark.usefixtures("unguarded")
@pytest.mark.parametrize(("tamper", "number"), TWINS, ids=[tamper.__name__.strip("_") for tamper, _ in TWINS])
def test_a_broken_twin_is_named_where_it_breaks(chain: list[Entry], tamper: Callable[[list[Entry]], None], number: int) -> None:
    tamper(chain)
    assert broken_at() == number


def test_erasing_personal_data_leaves_the_chain_whole(chain: list[Entry]) -> None:
    held = Personal.objects.get(entry=chain[2])
    assert json.loads(bytes(chain[2].body))["personal"] == commitment(bytes(held.salt), bytes(held.body)).hex()
    held.delete()
    assert ledger.check_stream(STREAM) == 5
    told = ledger.entries(STREAM)
    assert (told[2].personal, told[3].personal) == ({}, {"name": "架空 4"})


def test_streams_do_not_mix(house: Place, chain: list[Entry]) -> None:
    with transaction.atomic():
        ledger.append("house", "tested", by=Actor.house(), at=AT)
    assert ledger.check_stream("house") == 1
    assert ledger.check_stream(STREAM) == len(chain)
    with pytest.raises(Stream.DoesNotExist):
        ledger.check_stream("envelope:unknown")
