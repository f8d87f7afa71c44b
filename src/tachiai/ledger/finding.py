"""Finding entries across many streams: what an operation log shows, newest first."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import BooleanField, CharField, F, Func, Q, QuerySet, Value
from django.db.models.functions import Cast, Concat, Replace, Substr

from tachiai.crypto.canonical import canonical
from tachiai.errors import Refusal
from tachiai.ledger.chains import check_stream
from tachiai.ledger.models import Entry, Stream
from tachiai.ledger.reading import Told, told

# Where the hyphens of a UUID part it: (first, how many) of its 32 digits.
GROUPS = ((1, 8), (9, 4), (13, 4), (17, 4), (21, 12))


@dataclass(frozen=True)
class Streams:
    """Which streams are meant: those ``named``, and one for each row of ``rows``, called ``<prefix>:<its key>``."""

    named: Collection[str] = ()
    prefix: str = ""
    rows: QuerySet[Any, Any] | None = None

    def chosen(self) -> QuerySet[Stream]:
        found = Q(name__in=list(self.named))
        if self.rows is not None:
            found |= Q(name__in=_names(self.rows, self.prefix))
        return Stream.objects.filter(found)


@dataclass(frozen=True)
class Sought:
    """What an entry must be like; everything given must hold. ``until`` is the first instant that no longer counts.

    ``actor`` is an id as in ``by``; ``address`` a network address that was not erased. ``events`` None means any.
    """

    events: Collection[str] | None = None
    but_events: Collection[str] = ()
    since: datetime | None = None
    until: datetime | None = None
    actor: str = ""
    address: str = ""


@dataclass(frozen=True)
class Found:
    """One entry, its stream, and its ``place``: entries of a lower place were written earlier."""

    place: int
    stream: str
    told: Told


@dataclass(frozen=True)
class Checked:
    """How far a check has come: streams and entries that hold, the last stream looked at (None: all are done), and what is broken."""

    streams: int
    entries: int
    after: int | None
    broken: tuple[str, int] | None = None


def find_entries(streams: Streams, sought: Sought, *, before: int | None = None, most: int) -> list[Found]:
    """At most ``most`` entries that were written before ``before``, newest first."""
    rows = Entry.objects.filter(stream__in=streams.chosen().values("pk")).filter(_wanted(sought))
    if before is not None:
        rows = rows.filter(pk__lt=before)
    # First the keys alone, which the index holds: sorting whole entries costs a hundred times as much.
    keys = list(rows.order_by("-pk").values_list("pk", flat=True)[:most])
    whole = Entry.objects.filter(pk__in=keys).order_by("-pk").select_related("stream", "personal")
    return [Found(row.pk, row.stream.name, told(row)) for row in whole]


def check_next(streams: Streams, *, after: int, entries: int) -> Checked:
    """Re-derive the next whole streams behind ``after`` until ``entries`` entries were looked at, or the first that is broken."""
    done = looked = 0
    for stream in streams.chosen().filter(pk__gt=after).order_by("pk").iterator(chunk_size=500):
        try:
            looked += _checked(stream)
        except Refusal as broken:
            return Checked(done, looked, None, (stream.name, int(str(broken.facts.get("number", 1)))))
        done += 1
        if looked >= entries:
            return Checked(done, looked, stream.pk)
    return Checked(done, looked, None)


def _checked(stream: Stream) -> int:
    """The stream's length. What was appended while it was read looks like a break: so a break is looked at again under its lock."""
    try:
        return check_stream(stream.name)
    except Refusal:
        with transaction.atomic():
            Stream.objects.select_for_update().get(pk=stream.pk)
            return check_stream(stream.name)


def without_stream(prefix: str, rows: QuerySet[Any, Any]) -> Any:
    """The key of a row whose stream is not there, although every such row has one; None when all are."""
    named = rows.annotate(stream_name=_name(prefix))
    return named.exclude(stream_name__in=Stream.objects.values("name")).values_list("pk", flat=True).first()


def _wanted(sought: Sought) -> Q:
    wanted = Q()
    if sought.events is not None:
        wanted &= Q(event__in=list(sought.events))
    if sought.but_events:
        wanted &= ~Q(event__in=list(sought.but_events))
    if sought.since is not None:
        wanted &= Q(at__gte=sought.since)
    if sought.until is not None:
        wanted &= Q(at__lt=sought.until)
    if sought.actor:
        # Canonical JSON writes the same member the same way everywhere, so its bytes can be looked for.
        wanted &= Q(_Holds(F("body"), Value(canonical({"id": sought.actor})[:-1])))
    if sought.address:
        told_address = canonical({"address": sought.address})[1:-1]
        wanted &= Q(_Holds(F("personal__body"), Value(told_address)))
    return wanted


class _Holds(Func):
    """Whether a column of bytes contains some bytes, on either database."""

    output_field = BooleanField()
    arity = 2

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        return super().as_sql(compiler, connection, template="(INSTR(%(expressions)s) > 0)", **extra)

    def as_postgresql(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        turned = self.copy()
        turned.set_source_expressions(self.get_source_expressions()[::-1])
        return super(_Holds, turned).as_sql(compiler, connection, template="(POSITION(%(expressions)s) > 0)", arg_joiner=" IN ", **extra)


def _names(rows: QuerySet[Any, Any], prefix: str) -> QuerySet[Any, Any]:
    named: QuerySet[Any, Any] = rows.order_by().annotate(stream_name=_name(prefix)).values("stream_name")
    return named


def _name(prefix: str) -> Concat:
    """A row's stream by its key: SQLite keeps a UUID without hyphens, PostgreSQL writes it with them."""
    digits = Replace(Cast("pk", CharField()), Value("-"), Value(""))
    parts: list[Any] = [Value(f"{prefix}:")]
    for first, length in GROUPS:
        parts += [Substr(digits, first, length), Value("-")]
    return Concat(*parts[:-1], output_field=CharField())
