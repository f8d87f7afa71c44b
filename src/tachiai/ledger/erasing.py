"""Erasing personal data: object and salt go, entry, chain and tree stay true and tell nothing of what was erased."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from tachiai.ledger.actors import Actor
from tachiai.ledger.appending import append
from tachiai.ledger.models import Entry, Personal


@dataclass(frozen=True, order=True)
class Mention:
    """An entry whose personal data is somebody's."""

    stream: str
    number: int
    event: str
    at: datetime


# Under which names an entry says whom it is about.
_ABOUT = ("recipient", "registration", "member", "about")


def mentions(words: Collection[str], ids: Collection[str], *, events: Collection[str] = ()) -> Iterator[Mention]:
    """Entries with personal data that holds one of ``words`` as a value (whatever its case), or that are by or about one of ``ids``.

    Of ``events`` alone where some are named. Reads every entry that still has personal data: a command for the operator, not for a page.
    """
    wanted, people = {word.casefold() for word in words}, set(ids)
    rows = Personal.objects.select_related("entry__stream").order_by("entry_id")
    rows = rows.filter(entry__event__in=events) if events else rows
    for row in rows.iterator(chunk_size=500):
        if not people.isdisjoint(_people(json.loads(bytes(row.entry.body)))) or not wanted.isdisjoint(_values(json.loads(bytes(row.body)))):
            yield Mention(row.entry.stream.name, row.entry.number, row.entry.event, row.entry.at)


def _people(told: dict[str, Any]) -> Iterator[str]:
    """Who made an entry, and whom it names, by id."""
    named = told.get("data") or {}
    for one in (told["by"].get("id"), *(named.get(name) for name in _ABOUT)):
        if isinstance(one, str):
            yield one


def _values(told: object) -> Iterator[str]:
    """Every text in a value, however deep, without regard to case."""
    if isinstance(told, str):
        yield told.casefold()
    elif isinstance(told, dict):
        for value in told.values():
            yield from _values(value)
    elif isinstance(told, list):
        for value in told:
            yield from _values(value)


def erase_personal(stream: str, numbers: Collection[int], *, reason: str, by: Actor, at: datetime) -> int:
    """Erase the personal data of these entries, and say in the same stream that it was done; how many there were.

    In the caller's transaction. ``reason`` stands there for ever, so it names nobody.
    """
    rows = Entry.objects.filter(stream__name=stream, number__in=numbers, personal__isnull=False)
    found = dict(rows.values_list("pk", "number"))
    if not found:
        return 0
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("personal data is erased in the transaction of the entry that says so")
    Personal.objects.filter(entry__in=found).delete()
    append(stream, "personal.erased", by=by, at=at, data={"entries": sorted(found.values()), "reason": reason})
    return len(found)
