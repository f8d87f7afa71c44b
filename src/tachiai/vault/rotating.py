"""Rotation (鍵の更新): every data key is wrapped anew by the current key-encryption key. No byte of a document is read or written.

The wrapped key and the name of its key change together and only where both are still what was read, so that a kill at any
point, another rotation beside it, sealing and shredding leave every row openable; whoever begins again goes on where it stood.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Count

from tachiai import ledger
from tachiai.crypto.key_wrapping import KeyWrapping
from tachiai.crypto.strongbox import Unopenable
from tachiai.vault.models import Blob
from tachiai.vault.wrapping import keys
from tachiai.work.alarms import clear_alarm, raise_alarm
from tachiai.work.models import Alarm

BATCH = 100
STREAM, EVENT = "house", "vault.key_rotated"
UNFINISHED = "vault.rotation_unfinished"


@dataclass(frozen=True)
class Rotation:
    """What a rotation did. ``altered`` could not be unwrapped by the key their row names; they were left as they were."""

    key: str
    moved: int
    altered: tuple[uuid.UUID, ...]
    resumed: bool


@dataclass(frozen=True)
class _Rewrapped:
    blob: Blob
    wrapped: bytes


def count_by_key() -> dict[str, int]:
    """How many blobs each key-encryption key wraps, by its id. Tombstones have no key any more."""
    rows = Blob.objects.filter(shredded_at=None).values("kek").annotate(count=Count("pk")).order_by("kek")
    return {row["kek"]: row["count"] for row in rows}


def rotate(*, now: Callable[[], datetime]) -> Rotation:
    """Wrap every data key anew by the current key, a hundred at a time, and say so in the ledger.

    An alarm stands from the beginning to the end, so that an interrupted rotation is known of. Raises ``Outage`` when the keeper
    of one of the keys does not answer: what was moved until then stays moved, and the next call goes on.
    """
    kek = keys.looked().current
    resumed = _begin(kek.id, at=now())
    moved, altered = 0, set[uuid.UUID]()
    # What other processes wrapped by the earlier key meanwhile is found by going through the rows again.
    while (done := _pass(kek, altered)) > 0:
        moved += done
    _end(kek.id, moved=moved, altered=altered, at=now())
    return Rotation(kek.id, moved, tuple(sorted(altered)), resumed)


def _begin(kek: str, *, at: datetime) -> bool:
    """Whether an earlier rotation to the same key had been interrupted."""
    with transaction.atomic(durable=True):
        resumed = Alarm.objects.filter(kind=UNFINISHED, subject=kek, cleared_at=None).exists()
        told: dict[str, object] = {"step": "resumed" if resumed else "begun", "key": kek, "counts": count_by_key()}
        ledger.append(STREAM, EVENT, by=ledger.Actor("operator"), at=at, data=told)
        raise_alarm(UNFINISHED, kek, detail="Data keys are being wrapped anew. If nobody is at it: tachiai vault rotate", at=at)
    return resumed


def _end(kek: str, *, moved: int, altered: set[uuid.UUID], at: datetime) -> None:
    """With anything left that does not open, the alarm stays."""
    told: dict[str, object] = {"step": "ended", "key": kek, "moved": moved, "counts": count_by_key()}
    if altered:
        told |= {"step": "incomplete", "altered": len(altered)}
    with transaction.atomic(durable=True):
        ledger.append(STREAM, EVENT, by=ledger.Actor("operator"), at=at, data=told)
        for subject in () if altered else Alarm.objects.filter(kind=UNFINISHED, cleared_at=None).values_list("subject", flat=True):
            clear_alarm(UNFINISHED, subject, at=at)


def _pass(kek: KeyWrapping, altered: set[uuid.UUID]) -> int:
    """Once through all rows; how many were moved."""
    return sum(_move(batch, kek) for batch in _batches(kek, altered))


def _batches(kek: KeyWrapping, altered: set[uuid.UUID]) -> Iterator[list[_Rewrapped]]:
    """A batch is wrapped outside any transaction: the keeper may be a journey away."""
    last = uuid.UUID(int=0)
    while rows := list(Blob.objects.filter(shredded_at=None, pk__gt=last).exclude(kek=kek.id).order_by("pk")[:BATCH]):
        last = rows[-1].pk
        made = []
        for blob in rows:
            try:
                made.append(_Rewrapped(blob, kek.wrap(keys.of(blob.kek).unwrap(bytes(blob.wrapped_key)))))
            except Unopenable:
                altered.add(blob.pk)
        yield made


def _move(batch: list[_Rewrapped], kek: KeyWrapping) -> int:
    with transaction.atomic(durable=True):
        return sum(
            Blob.objects.filter(pk=one.blob.pk, kek=one.blob.kek, wrapped_key=bytes(one.blob.wrapped_key), shredded_at=None).update(
                kek=kek.id, wrapped_key=one.wrapped
            )
            for one in batch
        )
