"""Keeping and giving back. Bytes first, rows second: an orphaned box is litter, a row without bytes is a lie.

``put`` and ``put_tail`` write outside any transaction; ``keep`` records what they wrote inside the caller's.
"""

from __future__ import annotations

import hashlib
import secrets
import uuid
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from django.conf import settings
from django.db import connection

from tachiai.crypto.strongbox import KeyEncryptionKey, Unopenable, lock, new_data_key, unlock
from tachiai.errors import Outage, Refusal
from tachiai.vault.models import Blob, Segment
from tachiai.vault.stores import FolderStore, Store


@dataclass(frozen=True)
class Stored:
    """Bytes that are durable but not yet recorded: segment ``number`` of blob ``blob_id``."""

    blob_id: uuid.UUID
    kind: str
    number: int
    path: str
    size: int
    sha256: bytes
    total_size: int
    total_sha256: bytes
    wrapped_key: bytes
    kek: str


def put(data: bytes, *, kind: str) -> Stored:
    """Encrypt ``data`` under a new key and write it as the base of a new blob. Raises ``Outage`` if the store fails."""
    blob_id, key, kek = uuid.uuid4(), new_data_key(), _kek()
    digest = hashlib.sha256(data).digest()
    path = _write(blob_id, 0, data, key)
    return Stored(blob_id, kind, 0, path, len(data), digest, len(data), digest, kek.wrap(key), kek.id)


def put_tail(blob: Blob, tail: bytes, *, total_sha256: bytes) -> Stored:
    """Write the next segment of ``blob``; ``total_sha256`` is the digest of the whole with ``tail`` appended."""
    last = blob.segments.order_by("-number")[0]
    number = last.number + 1
    path = _write(blob.id, number, tail, _key(blob))
    digest = hashlib.sha256(tail).digest()
    total = last.total_size + len(tail)
    return Stored(blob.id, blob.kind, number, path, len(tail), digest, total, total_sha256, bytes(blob.wrapped_key), blob.kek)


def keep(stored: Stored, *, at: datetime) -> Blob:
    """Record what was written, in the caller's transaction. A second segment of the same number is refused by the database."""
    if not connection.in_atomic_block:
        raise RuntimeError("bytes are recorded in the transaction of the act that made them")
    if stored.number == 0:
        blob = Blob.objects.create(id=stored.blob_id, kind=stored.kind, wrapped_key=stored.wrapped_key, kek=stored.kek, created_at=at)
    else:
        blob = Blob.objects.get(pk=stored.blob_id)
    Segment.objects.create(
        blob=blob,
        number=stored.number,
        path=stored.path,
        size=stored.size,
        sha256=stored.sha256,
        total_size=stored.total_size,
        total_sha256=stored.total_sha256,
    )
    return blob


def read(blob: Blob, *, upto: int | None = None) -> bytes:
    """The whole, or as it stood with segment ``upto`` the last; every byte checked against the recorded digests.

    Raises ``Refusal("vault.altered")`` when the store gives back anything but what was kept.
    """
    segments = [segment for segment in blob.segments.order_by("number") if upto is None or segment.number <= upto]
    key = _key(blob)
    whole = b"".join(_open(blob, segment, key) for segment in segments)
    if not segments or hashlib.sha256(whole).digest() != bytes(segments[-1].total_sha256):
        raise Refusal("vault.altered", blob=str(blob.id))
    return whole


def read_segment(blob: Blob, *, number: int) -> bytes:
    """One segment alone, checked against its own digest."""
    return _open(blob, blob.segments.get(number=number), _key(blob))


def _open(blob: Blob, segment: Segment, key: bytes) -> bytes:
    box = _store().get(segment.path)
    try:
        data = unlock(box, key, label=_label(blob.id, segment.number))
    except Unopenable as problem:
        raise Refusal("vault.altered", blob=str(blob.id), segment=segment.number) from problem
    if hashlib.sha256(data).digest() != bytes(segment.sha256):
        raise Refusal("vault.altered", blob=str(blob.id), segment=segment.number)
    return data


def _write(blob_id: uuid.UUID, number: int, data: bytes, key: bytes) -> str:
    # The random part lets a second attempt write beside the litter of a first that was killed.
    name = blob_id.hex
    path = f"{name[:2]}/{name[2:4]}/{name}.{number}-{secrets.token_hex(4)}"
    _store().put_if_absent(path, lock(data, key, label=_label(blob_id, number)))
    return path


def _label(blob_id: uuid.UUID, number: int) -> str:
    """Binds a box to its place, so that two boxes cannot be exchanged."""
    return f"tachiai-segment-v1:{blob_id}:{number}"


def _key(blob: Blob) -> bytes:
    kek = _kek()
    if kek.id != blob.kek:
        raise Outage("vault.key_absent", f"blob {blob.id} is wrapped by key {blob.kek}")
    try:
        return kek.unwrap(bytes(blob.wrapped_key))
    except Unopenable as problem:
        raise Refusal("vault.altered", blob=str(blob.id)) from problem


@lru_cache(maxsize=1)
def _kek() -> KeyEncryptionKey:
    return KeyEncryptionKey(settings.TACHIAI.secret("vault"))


@lru_cache(maxsize=1)
def _store() -> Store:
    return FolderStore(settings.TACHIAI.vault)
