"""Boxes that no row names, and half files of writers that were killed: what may be taken away, and when (docs/operations/store.md)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Literal, TypeVar

from tachiai.vault import keeping
from tachiai.vault.models import Segment
from tachiai.vault.stores import PROBE, SCRATCH, Store

# Between the writing of a box and its row lie seconds, in the longest work a quarter of an hour. Nobody waits for a day.
AGE = timedelta(days=1)
_BOX = re.compile(r"[0-9a-f]{2}/[0-9a-f]{2}/[0-9a-f]{32}\.[0-9]+-[0-9a-f]{8}")
_AT_ONCE = 500
Kind = Literal["box", "scratch", "strange"]
Part = TypeVar("Part")


@dataclass(frozen=True)
class Litter:
    """Something older than :data:`AGE` that no row names. What is ``strange`` was not written by the vault, and is left alone."""

    kind: Kind
    path: str
    size: int
    written_at: datetime


def find_litter(*, at: datetime) -> Iterator[Litter]:
    """What lies in the store for nobody. Raises ``Outage`` when the store does not answer: half a list is none.

    Age is told by the store's own clock, and by ours where that is behind: a clock that runs ahead must not make a box old.
    """
    store = keeping._store()  # noqa: SLF001  # the room's own
    before = min(store.now(), at) - AGE
    old = (found for found in store.list() if found.written_at < before)
    for some in _in_parts(old):
        named = _named(found.path for found in some)
        for found in some:
            if found.path not in named:
                yield Litter(_kind(found.path), found.path, found.size, found.written_at)


def remove_litter(*, at: datetime) -> tuple[int, int]:
    """Remove boxes and half files that are litter; how many, and their bytes. Each is looked up once more just before it goes."""
    store = keeping._store()  # noqa: SLF001  # as above
    count = size = 0
    for one in [one for one in find_litter(at=at) if one.kind != "strange"]:
        if _named([one.path]):
            continue
        store.remove(one.path)
        count, size = count + 1, size + one.size
    return count, size


def written_over(store: Store) -> Iterator[str]:
    """The boxes of ``store`` with more than one version, or marked as deleted, that a document still needs: somebody else's act.

    What the house destroyed or cleared away itself is marked as deleted too, and is named by no row that stands.
    """
    for paths in _in_parts(store.overwritten()):
        needed = set(Segment.objects.filter(path__in=paths, blob__shredded_at=None).values_list("path", flat=True))
        yield from (path for path in paths if path in needed)


def _named(paths: Iterable[str]) -> set[str]:
    return set(Segment.objects.filter(path__in=list(paths)).values_list("path", flat=True))


def _kind(path: str) -> Kind:
    if _BOX.fullmatch(path):
        return "box"
    return "scratch" if path.rpartition("/")[2].startswith((SCRATCH, PROBE)) else "strange"


def _in_parts(found: Iterator[Part]) -> Iterator[list[Part]]:
    while some := list(islice(found, _AT_ONCE)):
        yield some
