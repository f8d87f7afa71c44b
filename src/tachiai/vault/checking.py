"""Checking the boxes: each is there, opens under its own key in its own place, and holds the bytes whose digest was recorded."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator
from datetime import datetime
from functools import partial

from tachiai import clock, ledger
from tachiai.errors import Outage, Refusal
from tachiai.findings import Finding, looked_at, walk
from tachiai.vault.keeping import _key, _opened, _store
from tachiai.vault.litter import find_litter
from tachiai.vault.models import Blob, Segment


def check_boxes(*, since: datetime | None = None) -> Iterator[Finding]:
    """Open every box of every blob (with ``since``, of those begun since then), one in memory at a time, and count the litter."""
    for blobs in walk(Blob.objects.filter(created_at__gte=since) if since else Blob.objects.all()):
        for blob in blobs:
            yield from looked_at(str(blob.pk), partial(_blob, blob.pk))
    strays = Segment.objects.exclude(blob__in=Blob.objects.values("pk")).count()
    if strays:
        yield Finding("vault.stray_segments", "vault", f"{strays} segments belong to no blob")
    if since is None:
        yield from _litter()


def _blob(pk: uuid.UUID) -> Iterator[Finding]:
    blob = Blob.objects.filter(pk=pk).first()
    if blob is None:
        return  # shredded since
    segments = list(Segment.objects.filter(blob=blob).order_by("number"))
    if not segments or [segment.number for segment in segments] != list(range(len(segments))):
        yield Finding("vault.segment_missing", str(pk), f"there are {[segment.number for segment in segments]}")
        return
    if blob.shredded_at is not None or blob.shredding is not None:
        yield from _tombstone(blob)
        return
    try:
        key = _key(blob)
    except Refusal:
        yield Finding("vault.key_unopenable", str(pk), f"wrapped by {blob.kek}")
    except Outage as absent:
        if absent.code != "vault.key_absent":
            raise
        yield Finding("vault.key_absent", str(pk), f"wrapped by {blob.kek}")
    else:
        yield from _segments(blob, segments, key)


def _tombstone(blob: Blob) -> Iterator[Finding]:
    """What was destroyed is destroyed, and the ledger says by which act; its boxes are gone, or litter that nobody can open."""
    if any(bytes(blob.wrapped_key)):
        yield Finding("vault.key_survives", str(blob.pk), f"destroyed by {blob.shredding}")
    told = ledger.recorded_at(["document.destroyed"], [blob.shredded_at] if blob.shredded_at else [])
    named = [one for entry in told if entry.data.get("destruction") == str(blob.shredding) for one in entry.data.get("destroyed", [])]
    if str(blob.pk) not in {str(one.get("blob")) for one in named}:
        yield Finding("vault.destruction_unrecorded", str(blob.pk), f"destroyed by {blob.shredding}")


def _segments(blob: Blob, segments: list[Segment], key: bytes) -> Iterator[Finding]:
    """Each box in turn; behind one that cannot be had nothing can be said of the whole, so it ends there."""
    running, size = hashlib.sha256(), 0
    for segment in segments:
        try:
            data = _opened(blob, segment, key)
        except Outage as absent:
            if absent.code != "store.unreadable" or _store().exists(segment.path):
                raise
            yield Finding("vault.box_missing", str(blob.pk), f"segment {segment.number}: {segment.path}")
            return
        except Refusal:
            yield Finding("vault.box_altered", str(blob.pk), f"segment {segment.number}: {segment.path}")
            return
        running.update(data)
        size += len(data)
        if hashlib.sha256(data).digest() != bytes(segment.sha256) or running.digest() != bytes(segment.total_sha256):
            yield Finding("vault.digest_differs", str(blob.pk), f"segment {segment.number}")
        if (len(data), size) != (segment.size, segment.total_size):
            yield Finding("vault.size_differs", str(blob.pk), f"segment {segment.number}")


def _litter() -> Iterator[Finding]:
    """What lies there for nobody: left by whoever was killed between bytes and rows."""
    count = sum(1 for _ in find_litter(at=clock.now()))
    if count:
        yield Finding("vault.litter", "vault", f"{count} boxes", note=True)
