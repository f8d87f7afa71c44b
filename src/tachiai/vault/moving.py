"""Moving house: every box that a row names is copied to another store, proven there, and nothing is deleted here."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from tachiai.crypto.strongbox import Unopenable, unlock
from tachiai.errors import Outage, Refusal
from tachiai.vault import keeping
from tachiai.vault.models import Segment
from tachiai.vault.stores import Store

_AT_ONCE = 500


@dataclass
class Moved:
    """How a move went. ``there`` had been copied before; ``troubles`` are (path, code) of boxes that are not in the other store."""

    copied: int = 0
    there: int = 0
    size: int = 0
    troubles: list[tuple[str, str]] = field(default_factory=list)


def move_boxes(source: Store, target: Store, *, only_new: bool = False) -> Moved:
    """Copy to ``target`` what its rows promise of each box in ``source``. May be broken off and begun again at any time.

    A box is opened and its digest compared before it is copied, and read back afterwards; one that is there already has to be the same,
    byte for byte. ``only_new`` believes what is there by its size: for the last look, after a whole one. A box that cannot be copied is
    named and does not keep the others; an ``Outage`` of the target ends the move.
    """
    alike = _alike(source, target) if only_new else frozenset()
    moved = Moved()
    for segment in _segments():
        if segment.path in alike:
            moved.there += 1
            continue
        try:
            box = _proven(segment, source)
        except (Refusal, Outage) as trouble:
            if trouble.code != "vault.shredded":  # of those nothing is to be moved
                moved.troubles.append((segment.path, trouble.code))
            continue
        _copy(segment.path, box, target, moved)
    return moved


def _alike(source: Store, target: Store) -> frozenset[str]:
    here = {(found.path, found.size) for found in source.list()}
    return frozenset(found.path for found in target.list() if (found.path, found.size) in here)


def _segments() -> Iterator[Segment]:
    """In the order of their keys, some at a time: rows that come meanwhile are met at the end."""
    last = 0
    while some := list(Segment.objects.filter(pk__gt=last).select_related("blob").order_by("pk")[:_AT_ONCE]):
        yield from some
        last = some[-1].pk


def _proven(segment: Segment, source: Store) -> bytes:
    """The box, once it has opened to the very bytes of its row. Refuses ``vault.altered``."""
    key = keeping._key(segment.blob)  # noqa: SLF001  # the room's own
    box = source.get(segment.path)
    try:
        data = unlock(box, key, label=keeping._label(segment.blob_id, segment.number))  # noqa: SLF001  # as above
    except Unopenable as problem:
        raise Refusal("vault.altered", blob=str(segment.blob_id), segment=segment.number) from problem
    if hashlib.sha256(data).digest() != bytes(segment.sha256):
        raise Refusal("vault.altered", blob=str(segment.blob_id), segment=segment.number)
    return box


def _copy(path: str, box: bytes, target: Store, moved: Moved) -> None:
    fresh = not target.exists(path)
    if fresh:
        target.put_if_absent(path, box)
    if target.get_anew(path) != box:
        moved.troubles.append((path, "store.lied" if fresh else "vault.taken"))
        return
    moved.size += len(box)
    moved.copied, moved.there = moved.copied + fresh, moved.there + (not fresh)
