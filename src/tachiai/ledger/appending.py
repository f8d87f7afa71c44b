"""Appending: the one way an entry comes into being, always inside the transaction of what it records."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection

from tachiai.crypto.canonical import canonical
from tachiai.ledger.actors import Actor
from tachiai.ledger.formats import commitment, entry_body, entry_digest
from tachiai.ledger.models import Entry, Personal, Stream
from tachiai.prepared import Prepared, among
from tachiai.rowwise import Change, change_each, insert_values


@dataclass(frozen=True)
class Note:
    """One entry to be: ``data`` holds ids, digests and plain facts; whatever names or traces a person goes into ``personal``."""

    stream: str
    event: str
    by: Actor
    at: datetime
    data: Mapping[str, object] | None = None
    personal: Mapping[str, object] | None = None


_gathering: ContextVar[list[Note] | None] = ContextVar("gathering", default=None)


def append(
    stream: str,
    event: str,
    *,
    by: Actor,
    at: datetime,
    data: Mapping[str, object] | None = None,
    personal: Mapping[str, object] | None = None,
) -> None:
    """Append one entry v1 to ``stream`` (docs/formats/ledger-entry.md).

    Raises ``RuntimeError`` outside a transaction: an act and its entry stand or fall together.
    """
    note = Note(stream, event, by, at, data, personal)
    _must_be_inside()
    gathered = _gathering.get()
    if gathered is None:
        append_many([note])
    else:
        gathered.append(note)


@contextmanager
def gathered() -> Iterator[None]:
    """Within one transaction: entries appended inside the block are written together at its end, in their order.

    Many acts of one transaction then cost a few statements. What is appended inside is not to be read before the end.
    """
    _must_be_inside()
    notes: list[Note] = []
    token = _gathering.set(notes)
    try:
        yield
    finally:
        _gathering.reset(token)
    append_many(notes)


def append_many(notes: Sequence[Note]) -> None:
    """Append entries in their order, each stream's head read and locked once. Raises as :func:`append`."""
    _must_be_inside()
    if not notes:
        return
    heads = _locked_heads({note.stream for note in notes})
    chained = [_chained(heads[note.stream], note) for note in notes]
    insert_values(Entry, _ENTRY, [one.entry for one in chained])
    _keep_apart([one for one in chained if one.salt])
    moved = [Change(head.pk, {"length": head.length, "head": head.head}) for head in heads.values()]
    change_each(Stream, moved)


def _must_be_inside() -> None:
    if not connection.in_atomic_block:
        raise RuntimeError("a ledger entry is appended in the transaction of the act it records")


class _Head:
    """The head of a stream, moving on with every entry."""

    def __init__(self, pk: int, length: int, head: bytes) -> None:
        self.pk, self.length, self.head = pk, length, head


# The columns of an entry, in the order in which they are written.
_ENTRY = ("stream_id", "number", "event", "at", "body", "digest")


class _Chained(NamedTuple):
    """An entry's values, and what of it may be erased one day, if there is any: then it has a salt."""

    entry: tuple[int, int, str, datetime, bytes, bytes]
    salt: bytes
    told: bytes


def _chained(head: _Head, note: Note) -> _Chained:
    """The entry that follows ``head``, which moves on to it."""
    salt = secrets.token_bytes(32) if note.personal else b""
    told = canonical(dict(note.personal)) if note.personal else b""
    number = head.length + 1
    body = entry_body(
        stream=note.stream,
        number=number,
        previous=head.head,
        at=note.at,
        event=note.event,
        by=note.by.told(),
        data=dict(note.data or {}),
        personal=commitment(salt, told) if note.personal else None,
    )
    head.length, head.head = number, entry_digest(body)
    return _Chained((head.pk, number, note.event, note.at, body, head.head), salt, told)


def _keep_apart(chained: Sequence[_Chained]) -> None:
    """The personal data of entries that were just written, beside them."""
    if not chained:
        return
    written = _KEYS.all(streams={one.entry[0] for one in chained}, numbers={one.entry[1] for one in chained})
    keys = {(stream, number): pk for pk, stream, number in written}
    insert_values(Personal, ("entry_id", "salt", "body"), [(keys[one.entry[:2]], one.salt, one.told) for one in chained])


_KEYS: Prepared[tuple[int, int, int]] = Prepared(
    lambda: Entry.objects.filter(stream__in=among("streams", Entry, "stream"), number__in=among("numbers", Entry, "number")).values_list(
        "pk", "stream_id", "number"
    )
)


def _locked_heads(names: set[str]) -> dict[str, _Head]:
    """The streams' heads, locked in the order of their names, so that two who need the same ones never wait for each other."""
    found = _locked(names)
    absent = sorted(names - found.keys())
    if absent:
        Stream.objects.bulk_create([Stream(name=name) for name in absent], ignore_conflicts=True)
        found |= _locked(set(absent))
    return found


def _locked(names: set[str]) -> dict[str, _Head]:
    return {name: _Head(pk, length, bytes(head)) for name, pk, length, head in _LOCKED.all(names=names)}


_LOCKED: Prepared[Any] = Prepared(
    lambda: (
        Stream.objects.select_for_update()
        .filter(name__in=among("names", Stream, "name"))
        .order_by("name")
        .values_list("name", "pk", "length", "head")
    )
)
