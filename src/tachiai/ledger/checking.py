"""Checking every stream from its raw rows, and reading entries back for the rooms that hold their own rows against them."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple

from tachiai.errors import Refusal
from tachiai.findings import Finding, looked_at, walk
from tachiai.ledger.chains import check_stream
from tachiai.ledger.models import Entry, Personal, Stream


class Recorded(NamedTuple):
    """One entry as its body tells it; ``personal`` is empty where it was erased or there never was any."""

    stream: str
    number: int
    event: str
    at: datetime
    data: dict[str, Any]
    personal: dict[str, Any]


def check_streams(*, since: datetime | None = None) -> Iterator[Finding]:
    """Re-derive every chain; with ``since`` those that have grown since then, each from its beginning all the same."""
    strays = Entry.objects.exclude(stream__in=Stream.objects.values("pk")).count()
    if strays:
        yield Finding("ledger.stray_entries", "ledger", f"{strays} entries belong to no stream")
    strays = Personal.objects.exclude(entry__in=Entry.objects.values("pk")).count()
    if strays:
        yield Finding("ledger.stray_personal", "ledger", f"personal data of {strays} entries that are not there")
    grown = Entry.objects.filter(at__gte=since).values("stream") if since else None
    for streams in walk(Stream.objects.all() if grown is None else Stream.objects.filter(pk__in=grown)):
        for stream in streams:
            yield from looked_at(stream.name, partial(_stream, stream.name))


def touched(names: Collection[str], *, since: datetime) -> set[str]:
    """Those of some streams that have an entry at or after ``since``."""
    return set(Entry.objects.filter(stream__name__in=names, at__gte=since).values_list("stream__name", flat=True))


def _stream(name: str) -> Iterator[Finding]:
    try:
        check_stream(name)
    except Refusal as broken:
        yield Finding("ledger.broken", name, f"entry {broken.facts.get('number')}")


def recorded_in(stream: str) -> list[Recorded]:
    """The entries of one stream in order. What cannot be read is left out: the check of the chain has named it."""
    rows = Entry.objects.filter(stream__name=stream).order_by("number").select_related("personal", "stream")
    return [one for row in rows if (one := _recorded(row)) is not None]


def recorded_at(events: Collection[str], moments: Collection[datetime]) -> list[Recorded]:
    """The entries of these events at exactly these moments: how a row that remembers when it was recorded finds its entry."""
    rows = Entry.objects.filter(event__in=events, at__in=moments).select_related("personal", "stream")
    return [one for row in rows if (one := _recorded(row)) is not None]


def recorded_as(events: Collection[str], *, since: datetime | None = None) -> Iterator[list[Recorded]]:
    """All entries of these events, some at a time."""
    rows = Entry.objects.filter(event__in=events, **({"at__gte": since} if since else {})).select_related("personal", "stream")
    for page in walk(rows):
        yield [one for row in page if (one := _recorded(row)) is not None]


def _recorded(row: Entry) -> Recorded | None:
    try:
        body = json.loads(bytes(row.body))
        personal = getattr(row, "personal", None)
        told = json.loads(bytes(personal.body)) if personal is not None else {}
        return Recorded(row.stream.name, row.number, str(body["event"]), row.at, dict(body["data"]), dict(told))
    except (ValueError, KeyError, TypeError):
        return None
