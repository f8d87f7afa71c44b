"""Giving entries their places in the tree, after they were committed and never while somebody appends.

One sequencer at a time holds the epoch; those who append never ask for it, so nobody waits for the tree.
Entries are found by their ids. Ids are handed out in order, but not committed in order: under PostgreSQL a slow transaction
commits an entry with a lower id than entries that have their places already. So each look begins at an id below which nothing
can appear any more: one that was seen when a transaction numbered X was the next to begin, once every transaction below X is over.
Within one stream ids are committed in order, because the stream's row is locked; so a stream's entries stand in the tree in theirs.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple

from django.db import connection, transaction
from django.db.models import Exists, Max, OuterRef, QuerySet

from tachiai.ledger.epochs import first_epoch, held_epoch
from tachiai.ledger.models import Entry, Epoch, Leaf
from tachiai.ledger.tiles import complete_tiles
from tachiai.rowwise import insert_values

# How many entries get their places in one transaction: under SQLite it keeps everybody else from writing, for some ten milliseconds.
BATCH = 1024


class _Seen(NamedTuple):
    """The highest id at one moment, and the transaction that was the next to begin at a later one."""

    top: int
    horizon: int


class _Mark:
    """From where one process looks: below ``settled`` everything has its place."""

    def __init__(self) -> None:
        self.settled = 0
        self.seen: _Seen | None = None
        self.turn = threading.Lock()


_marks: dict[tuple[str, int], _Mark] = {}


def integrate(*, at: datetime, sweep: bool = False) -> int:
    """Give every committed entry its place, in batches; how many there were. Not within a transaction.

    ``sweep`` looks at all entries there are instead of those that can be new. It is what a process does first, and what the
    clock asks for every night, so that no place depends on what a process remembers.
    """
    if not Entry.objects.exists():
        return 0
    epoch = first_epoch(at=at)
    mark = _marks.setdefault((str(connection.settings_dict["NAME"]), epoch.number), _Mark())
    with mark.turn:
        return _integrate_from(0 if sweep else _beginning(mark), mark, epoch)


def _beginning(mark: _Mark) -> int:
    """Where to look from; from the start again when the database is no longer the one we know."""
    top = Entry.objects.aggregate(top=Max("pk"))["top"] or 0
    if top < mark.settled:
        mark.settled, mark.seen = 0, None
    return mark.settled


def _integrate_from(after: int, mark: _Mark, epoch: Epoch) -> int:
    ended = _oldest_running()
    count = 0
    # Looking takes no lock; under SQLite a write transaction would, every few seconds, for nothing.
    while inherited(epoch).exists() and (batch := _place(lambda held, size: inherited(held, size).values_list("entry_id", flat=True))):
        count += len(batch)
    while without_place(epoch, after).exists() and (batch := _place(partial(_next_without_place, after))):
        count, after = count + len(batch), batch[-1]
    _settle(mark, after, ended)
    return count


def _next_without_place(after: int, held: Epoch, _size: int) -> QuerySet[Entry, int]:
    return without_place(held, after).order_by("pk").values_list("pk", flat=True)


def _place(found: Callable[[Epoch, int], QuerySet[Any, int]]) -> list[int]:
    """Give up to ``BATCH`` entries their places; their ids in order of the places. None are left where somebody else was quicker."""
    with transaction.atomic(durable=True):
        epoch = held_epoch()
        size = tree_size(epoch)
        entries = list(found(epoch, size)[:BATCH])
        insert_values(Leaf, ("epoch_id", "index", "entry_id"), [(epoch.pk, size + at, entry) for at, entry in enumerate(entries)])
        complete_tiles(epoch, size + len(entries))
    return entries


def tree_size(epoch: Epoch) -> int:
    """How many entries have a place in ``epoch``."""
    top = Leaf.objects.filter(epoch=epoch).aggregate(top=Max("index"))["top"]
    return 0 if top is None else int(top) + 1


def inherited(epoch: Epoch, size: int | None = None) -> QuerySet[Leaf]:
    """The places of the epoch before that this one has not taken over yet; they are taken over first, one by one."""
    size = tree_size(epoch) if size is None else size
    return Leaf.objects.filter(epoch__number=epoch.number - 1, index__gte=size).order_by("index")


def without_place(epoch: Epoch, after: int) -> QuerySet[Entry]:
    """The entries above id ``after`` that have no place in ``epoch``."""
    return Entry.objects.filter(~Exists(Leaf.objects.filter(epoch=epoch, entry=OuterRef("pk"))), pk__gt=after)


def _settle(mark: _Mark, after: int, ended: int) -> None:
    """Remember how far nothing can appear any more, now that everything from the mark to the end has its place."""
    if connection.vendor != "postgresql":
        # One writes at a time, so ids are committed in order.
        mark.settled = max(mark.settled, after)
        return
    if mark.seen is not None and ended >= mark.seen.horizon:
        mark.settled, mark.seen = max(mark.settled, mark.seen.top), None
    if mark.seen is None:
        top = Entry.objects.aggregate(top=Max("pk"))["top"] or 0
        # Asked after the highest id: whoever was given a lower one had begun by then.
        mark.seen = _Seen(top, _snapshot("xmax"))


def _oldest_running() -> int:
    """The number of the oldest transaction that runs; everything below is over. Asked before we look."""
    return _snapshot("xmin") if connection.vendor == "postgresql" else 0


def _snapshot(end: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_snapshot_{end}(pg_current_snapshot())::text::bigint")  # one of two words of ours
        return int(cursor.fetchone()[0])
