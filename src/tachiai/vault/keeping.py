"""Keeping and giving back. Bytes first, rows second: an orphaned box is litter, a row without bytes is a lie.

``put`` and ``put_tail`` write outside any transaction; ``keep`` records what they wrote inside the caller's.
"""

from __future__ import annotations

import hashlib
import secrets
import uuid
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache, partial

from django.conf import settings
from django.db import connection, transaction

from tachiai.crypto.key_wrapping import KeyWrapping
from tachiai.crypto.strongbox import Unopenable, lock, lock_squeezed, new_data_key, unlock
from tachiai.errors import Outage, Refusal
from tachiai.prepared import Prepared, among
from tachiai.rowwise import insert_each
from tachiai.vault.lies import report_lie
from tachiai.vault.models import Blob, Segment
from tachiai.vault.opening import configured_store
from tachiai.vault.stores import Store
from tachiai.vault.wrapping import keys


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


@dataclass(frozen=True)
class Whole:
    """A blob's bytes. ``digests``: SHA-256 of the first *n* bytes, computed from these very bytes, for each *n* a segment ends at."""

    data: bytes
    digests: Mapping[int, bytes]

    @property
    def sha256(self) -> bytes:
        return self.digests[len(self.data)]


def put(data: bytes, *, kind: str) -> Stored:
    """Encrypt ``data`` under a new key and write it as the base of a new blob. Raises ``Outage`` if the store or the key's keeper fails."""
    blob_id, key, kek = uuid.uuid4(), new_data_key(), _wrapping_key()
    # Wrapped first: where the key's keeper is away, nothing is written that nobody could open.
    wrapped = kek.wrap(key)
    digest = hashlib.sha256(data).digest()
    path = _write(blob_id, 0, data, key)
    return Stored(blob_id, kind, 0, path, len(data), digest, len(data), digest, wrapped, kek.id)


def _wrapping_key() -> KeyWrapping:
    """The current key, once it is plain that the configured keys are this house's own.

    With the list of another house everything new would be wrapped by that house's key. So where rows name keys and none is configured,
    nothing is wrapped at all: ``Outage("vault.key_absent")``, for the right list may come back.
    """
    held = keys()
    current = held.current
    if not held.are_ours:
        live = Blob.objects.filter(shredded_at=None)
        if not live.filter(kek=current.id).exists() and live.exists() and not live.filter(kek__in=[key.id for key in held.all]).exists():
            raise Outage("vault.key_absent", "the rows name keys, and none of them is configured: is this another house's list?")
        held.are_ours = True
    return current


def put_tail(blob: Blob, tail: bytes, *, total_sha256: bytes) -> Stored:
    """Write the next segment of ``blob``; ``total_sha256`` is the digest of the whole with ``tail`` appended.

    For a blob of :func:`blobs` nothing is asked of the database, so that any thread may write.
    """
    last = _segments(blob)[-1]
    number = last.number + 1
    path = _write(blob.id, number, tail, _key(blob))
    digest = hashlib.sha256(tail).digest()
    total = last.total_size + len(tail)
    return Stored(blob.id, blob.kind, number, path, len(tail), digest, total, total_sha256, bytes(blob.wrapped_key), blob.kek)


def keep(stored: Stored, *, at: datetime) -> Blob:
    """Record what was written, in the caller's transaction. A second segment of the same number is refused by the database."""
    must_be_inside()
    if stored.number == 0:
        blob = Blob(id=stored.blob_id, kind=stored.kind, wrapped_key=stored.wrapped_key, kek=stored.kek, created_at=at)
        insert_each([blob])
    else:
        (blob,) = _BLOBS.all(keys=[stored.blob_id])
    insert_each([_segment(stored)])
    return blob


def branch(blob: Blob, *, upto: int, tails: Sequence[tuple[bytes, bytes]]) -> list[Stored]:
    """Write a new blob, under a key of its own, that begins as ``blob`` does up to segment ``upto`` and goes on with ``tails``.

    Each tail comes with the digest of the whole that ends with it.
    """
    made = [put(read_segment(blob, number=0), kind=blob.kind)]
    key = _unwrapped(made[0].blob_id, made[0].kek, made[0].wrapped_key)
    copied = [(read_segment(blob, number=n.number), bytes(n.total_sha256)) for n in _segments(blob) if 0 < n.number <= upto]
    for data, total_sha256 in (*copied, *tails):
        before = made[-1]
        number, digest = before.number + 1, hashlib.sha256(data).digest()
        path = _write(before.blob_id, number, data, key)
        following = replace(before, number=number, path=path, size=len(data), sha256=digest)
        made.append(replace(following, total_size=before.total_size + len(data), total_sha256=total_sha256))
    return made


def keep_branch(made: Sequence[Stored], *, at: datetime) -> Blob:
    """Record what ``branch`` wrote, in the caller's transaction."""
    blob = keep(made[0], at=at)
    keep_tails(made[1:])
    return blob


def keep_tails(tails: Iterable[Stored]) -> None:
    """Record what ``put_tail`` wrote for several blobs, in the caller's transaction and in one statement."""
    must_be_inside()
    insert_each([_segment(stored) for stored in tails])


def shred(blobs: Iterable[Blob]) -> None:
    """Forget ``blobs`` in the caller's transaction: rows and wrapped keys now, their boxes when it commits.

    A data key lies in its row alone, so a box that outlives it is litter that nobody can open. What somebody still refers to is
    kept: the database refuses. For what was a document see ``destroying``.
    """
    must_be_inside()
    keys = [blob.pk for blob in blobs]
    segments = Segment.objects.filter(blob__in=keys)
    paths = list(segments.values_list("path", flat=True))
    segments.delete()
    Blob.objects.filter(pk__in=keys).delete()
    transaction.on_commit(partial(unlink, paths))


def unlink(paths: Sequence[str]) -> None:
    """Remove boxes that no row opens any more."""
    for path in paths:
        with suppress(Outage):  # left as litter
            _store().remove(path)


def blobs(ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, Blob]:
    """Several blobs that know their segments, so that nothing that is read from or appended to them asks the database again."""
    found = {blob.pk: blob for blob in _BLOBS.all(keys=set(ids))}
    for blob in found.values():
        blob.known_segments = []
    for segment in _SEGMENTS.all(blobs=found):
        found[segment.blob_id].known_segments.append(segment)  # type: ignore[union-attr]  # a list, just above
    return found


_BLOBS = Prepared(lambda: Blob.objects.filter(pk__in=among("keys", Blob)))
_SEGMENTS = Prepared(lambda: Segment.objects.filter(blob__in=among("blobs", Segment, "blob")).order_by("number"))


def size_of(blob: Blob) -> int:
    """How many bytes the whole has."""
    return max((segment.total_size for segment in _segments(blob)), default=0)


def read(blob: Blob, *, upto: int | None = None) -> bytes:
    """The whole, or as it stood with segment ``upto`` the last; every byte checked against the recorded digests.

    Raises ``Refusal("vault.altered")`` when the store gives back anything but what was kept.
    """
    return read_whole(blob, upto=upto).data


def read_whole(blob: Blob, *, upto: int | None = None) -> Whole:
    """As ``read``, with the digest at the end of every segment, so that nobody has to hash the same bytes again."""
    segments = [segment for segment in _segments(blob) if upto is None or segment.number <= upto]
    if not segments:
        raise Refusal("vault.altered", blob=str(blob.id))
    key, running, parts = _key(blob), hashlib.sha256(), []
    digests: dict[int, bytes] = {}
    size = 0
    for segment in segments:
        data = _opened(blob, segment, key)
        running.update(data)
        size += len(data)
        digests[size] = running.digest()
        # The first segment is the whole so far: one computation tells both digests.
        own = digests[size] if size == len(data) else hashlib.sha256(data).digest()
        if own != bytes(segment.sha256) or digests[size] != bytes(segment.total_sha256):
            raise Refusal("vault.altered", blob=str(blob.id), segment=segment.number)
        parts.append(data)
    return Whole(b"".join(parts), digests)


def read_segment(blob: Blob, *, number: int) -> bytes:
    """One segment alone, checked against its own digest."""
    segment = blob.segments.get(number=number)
    data = _opened(blob, segment, _key(blob))
    if hashlib.sha256(data).digest() != bytes(segment.sha256):
        raise Refusal("vault.altered", blob=str(blob.id), segment=segment.number)
    return data


def lock_note(blob: Blob, note: bytes, *, about: str) -> bytes:
    """``note`` as a box under the blob's own key, for a column beside it. ``about`` binds it to what it is told of."""
    return lock(note, _key(blob), label=_note_label(blob, about))


def unlock_note(blob: Blob, box: bytes, *, about: str) -> bytes:
    """The note of :func:`lock_note`. Raises ``Refusal("vault.altered")`` for any other box, blob or ``about``."""
    try:
        return unlock(box, _key(blob), label=_note_label(blob, about))
    except Unopenable as problem:
        raise Refusal("vault.altered", blob=str(blob.id), note=about) from problem


def _segments(blob: Blob) -> Sequence[Segment]:
    if blob.known_segments is not None:
        return blob.known_segments
    return _SEGMENTS.all(blobs=[blob.pk])


def _segment(stored: Stored) -> Segment:
    return Segment(
        blob_id=stored.blob_id,
        number=stored.number,
        path=stored.path,
        size=stored.size,
        sha256=stored.sha256,
        total_size=stored.total_size,
        total_sha256=stored.total_sha256,
    )


def must_be_inside() -> None:
    """Raises ``RuntimeError`` outside a transaction."""
    if not connection.in_atomic_block:
        raise RuntimeError("bytes are recorded in the transaction of the act that made them")


def _opened(blob: Blob, segment: Segment, key: bytes) -> bytes:
    store, label = _store(), _label(blob.id, segment.number)
    with suppress(Unopenable):
        return unlock(store.get(segment.path), key, label=label)
    # It may have been damaged on its way only, and a row that waits for it must not get stuck by that: asked for once more.
    try:
        return unlock(store.get_anew(segment.path), key, label=label)
    except Unopenable as problem:
        raise Refusal("vault.altered", blob=str(blob.id), segment=segment.number) from problem


def _write(blob_id: uuid.UUID, number: int, data: bytes, key: bytes) -> str:
    """The path of the new box, once the store has given it back as it was made. Raises ``Outage``: ``store.lied`` when it has not.

    Byte for byte, which is more than equal digests. What lies at the path then is litter, and the next attempt takes another one.
    """
    # The random part lets a second attempt write beside the litter of a first that was killed.
    name = blob_id.hex
    path = f"{name[:2]}/{name[2:4]}/{name}.{number}-{secrets.token_hex(4)}"
    box, store = lock_squeezed(data, key, label=_label(blob_id, number)), _store()
    store.put_if_absent(path, box)
    if store.get_anew(path) != box:
        report_lie(str(store), path)
        raise Outage("store.lied", path)
    return path


def _label(blob_id: uuid.UUID, number: int) -> str:
    """Binds a box to its place, so that two boxes cannot be exchanged."""
    return f"tachiai-segment-v1:{blob_id}:{number}"


def _note_label(blob: Blob, about: str) -> str:
    return f"tachiai-note-v1:{blob.id}:{about}"


def must_stand(blob: Blob) -> None:
    """Refuses ``vault.shredded`` for a tombstone; for whoever shows bytes that were read before, with a row that was read now."""
    if blob.shredded_at is not None:
        raise Refusal("vault.shredded", blob=str(blob.pk), at=blob.shredded_at, certificate=str(blob.shredding or ""))


def _key(blob: Blob) -> bytes:
    must_stand(blob)
    return _unwrapped(blob.id, blob.kek, bytes(blob.wrapped_key))


def _unwrapped(blob_id: uuid.UUID, kek: str, wrapped: bytes) -> bytes:
    try:
        return keys.of(kek).unwrap(wrapped)
    except Unopenable as problem:
        raise Refusal("vault.altered", blob=str(blob_id)) from problem


@lru_cache(maxsize=1)
def _store() -> Store:
    return configured_store(settings.TACHIAI)
