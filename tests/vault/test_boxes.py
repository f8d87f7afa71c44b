"""The vault gives back exactly what was kept, or says that it was altered; it never writes over anything."""

from __future__ import annotations

import errno
import hashlib
import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from crowds import codes_of, together
from place import Place
from tachiai import vault
from tachiai.errors import Outage, Refusal
from tachiai.vault import keeping, stores, wrapping
from tachiai.vault.models import Blob, Segment
from tachiai.vault.stores import FolderStore

pytestmark = pytest.mark.usefixtures("house")

AT = datetime(2026, 11, 23, tzinfo=UTC)
BASE, TAIL, LAST = b"%PDF-1.7 base " * 50, b" first revision", b" second revision"


def digest(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def kept(data: bytes) -> Blob:
    stored = vault.put(data, kind="document")
    with transaction.atomic():
        return vault.keep(stored, at=AT)


def grown(blob: Blob, whole: bytes, tail: bytes) -> None:
    stored = vault.put_tail(blob, tail, total_sha256=digest(whole))
    with transaction.atomic():
        vault.keep(stored, at=AT)


@pytest.fixture
def blob(house: Place) -> Blob:
    found = kept(BASE)
    grown(found, BASE + TAIL, TAIL)
    grown(found, BASE + TAIL + LAST, LAST)
    return found


def box_of(house: Place, blob: Blob, number: int) -> Path:
    return house.home / "vault" / blob.segments.get(number=number).path


def test_what_was_kept_comes_back_whole_and_as_it_stood(blob: Blob) -> None:
    assert vault.read(blob) == BASE + TAIL + LAST
    assert vault.read(blob, upto=0) == BASE
    assert vault.read(blob, upto=1) == BASE + TAIL
    assert vault.read_segment(blob, number=1) == TAIL
    assert list(blob.segments.order_by("number").values_list("total_size", flat=True)) == [
        len(BASE),
        len(BASE + TAIL),
        len(BASE + TAIL + LAST),
    ]
    assert vault.read(kept(b"")) == b""


def test_the_digest_at_every_segments_end_comes_from_the_bytes(blob: Blob) -> None:
    whole = vault.read_whole(blob)
    states = [BASE, BASE + TAIL, BASE + TAIL + LAST]
    assert dict(whole.digests) == {len(state): digest(state) for state in states}
    assert (whole.data, whole.sha256) == (states[-1], digest(states[-1]))


def test_tails_of_several_blobs_are_recorded_together(django_assert_max_num_queries: Any) -> None:
    blobs = [kept(BASE + b"%d" % number) for number in range(5)]
    tails = [vault.put_tail(one, TAIL, total_sha256=digest(vault.read(one) + TAIL)) for one in blobs]
    with pytest.raises(RuntimeError, match="transaction"):
        vault.keep_tails(tails)
    with django_assert_max_num_queries(3), transaction.atomic():
        vault.keep_tails(tails)
    assert [vault.read(one) for one in blobs] == [BASE + b"%d" % number + TAIL for number in range(5)]


def test_a_blob_that_knows_its_segments_is_read_and_written_without_a_query(blob: Blob, django_assert_num_queries: Any) -> None:
    other = kept(BASE)
    found = vault.blobs([blob.pk, other.pk])[blob.pk]
    with django_assert_num_queries(0):
        whole = vault.read(found)
        stored = vault.put_tail(found, b"x", total_sha256=digest(whole + b"x"))
    assert (stored.number, stored.total_size) == (3, len(whole) + 1)
    assert vault.size_of(found) == vault.size_of(blob) == len(whole)


def test_a_note_opens_only_where_it_belongs(blob: Blob) -> None:
    box = vault.lock_note(blob, b"a plan", about="00ff")
    assert b"a plan" not in box
    assert vault.unlock_note(blob, box, about="00ff") == b"a plan"
    for torn in (box[:-1], box[:-1] + bytes((box[-1] ^ 1,)), b""):
        with pytest.raises(Refusal, match=r"vault\.altered"):
            vault.unlock_note(blob, torn, about="00ff")
    for other, about in ((kept(BASE), "00ff"), (blob, "00fe")):
        with pytest.raises(Refusal, match=r"vault\.altered"):
            vault.unlock_note(other, box, about=about)


def test_nothing_of_the_bytes_or_their_key_lies_on_the_disk(house: Place, blob: Blob) -> None:
    key = keeping._key(blob)
    for path in (house.home / "vault").rglob("*"):
        if path.is_file():
            assert BASE[:20] not in path.read_bytes()
            assert key not in path.read_bytes()
    assert key not in b"".join(bytes(row.wrapped_key) for row in Blob.objects.all())


def test_every_blob_has_a_key_of_its_own() -> None:
    keys = {keeping._key(kept(BASE)) for _ in range(5)}
    assert len(keys) == 5
    assert len({bytes(row.wrapped_key) for row in Blob.objects.all()}) == 5


def _flipped(place: int) -> Callable[[bytes], bytes]:
    return lambda box: box[:place] + bytes((box[place] ^ 1,)) + box[place + 1 :]


CHANGES: dict[str, Callable[[bytes], bytes]] = {
    "magic": _flipped(0),
    "nonce": _flipped(5),
    "ciphertext": _flipped(20),
    "tag": lambda box: box[:-1] + bytes((box[-1] ^ 0x80,)),
    "cut by one": lambda box: box[:-1],
    "cut to nothing": lambda box: box[:0],
    "cut to its head": lambda box: box[:16],
    "lengthened": lambda box: box + b"\0",
    "zeros": lambda box: bytes(len(box)),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_changed_box_is_named(house: Place, blob: Blob, change: Callable[[bytes], bytes]) -> None:
    path = box_of(house, blob, 1)
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(Refusal, match=r"vault\.altered"):
        vault.read(blob)
    assert vault.read(blob, upto=0) == BASE


def test_boxes_cannot_be_exchanged(house: Place, blob: Blob) -> None:
    """Neither within a blob nor between two that hold the same bytes."""
    one, two = box_of(house, blob, 1), box_of(house, blob, 2)
    held = one.read_bytes(), two.read_bytes()
    one.write_bytes(held[1])
    two.write_bytes(held[0])
    with pytest.raises(Refusal, match=r"vault\.altered"):
        vault.read(blob)
    one.write_bytes(held[0])
    two.write_bytes(held[1])
    assert vault.read(blob)
    twin = kept(BASE)
    box_of(house, twin, 0).write_bytes(box_of(house, blob, 0).read_bytes())
    with pytest.raises(Refusal, match=r"vault\.altered"):
        vault.read(twin)


def _missing_segment(blob: Blob) -> None:
    blob.segments.get(number=1).delete()


def _all_missing(blob: Blob) -> None:
    blob.segments.all().delete()


def _another_order(blob: Blob) -> None:
    blob.segments.filter(number=1).update(number=7)


def _another_digest(blob: Blob) -> None:
    blob.segments.filter(number=2).update(total_sha256=bytes(32))


def _another_segment_digest(blob: Blob) -> None:
    blob.segments.filter(number=2).update(sha256=bytes(32))


def _anothers_key(blob: Blob) -> None:
    Blob.objects.filter(pk=blob.pk).update(wrapped_key=kept(b"another").wrapped_key)


def _torn_key(blob: Blob) -> None:
    Blob.objects.filter(pk=blob.pk).update(wrapped_key=bytes(40))


ROWS = [_missing_segment, _all_missing, _another_order, _another_digest, _another_segment_digest, _anothers_key, _torn_key]


@pytest.mark.parametrize("tamper", ROWS, ids=[tamper.__name__.strip("_") for tamper in ROWS])
def test_changed_rows_are_named(blob: Blob, tamper: Callable[[Blob], None]) -> None:
    tamper(blob)
    with pytest.raises(Refusal, match=r"vault\.altered"):
        vault.read(Blob.objects.get(pk=blob.pk))


def test_a_lost_file_and_a_lost_key_are_outages(house: Place, blob: Blob, settings: Any) -> None:
    """They may come back: nothing is struck for them."""
    path = box_of(house, blob, 0)
    held = path.read_bytes()
    path.unlink()
    with pytest.raises(Outage, match=r"store\.unreadable"):
        vault.read(blob)
    path.write_bytes(held)
    file = settings.TACHIAI.keys / "vault.key"
    own = file.read_text()
    file.write_text(secrets.token_hex(32))
    wrapping.keys.cache_clear()
    with pytest.raises(Outage, match=r"vault\.key_absent"):
        vault.read(blob)
    # Under a key that only pretends to be the right one, the wrapping does not open.
    Blob.objects.filter(pk=blob.pk).update(kek=wrapping.keys().current.id)
    with pytest.raises(Refusal, match=r"vault\.altered"):
        vault.read(Blob.objects.get(pk=blob.pk))
    file.write_text(own)
    wrapping.keys.cache_clear()
    Blob.objects.filter(pk=blob.pk).update(kek=wrapping.keys().current.id)
    assert vault.read(Blob.objects.get(pk=blob.pk))


def test_nothing_is_wrapped_by_the_keys_of_another_house(blob: Blob, settings: Any) -> None:
    """A list that none of the rows knows is a mistake: it must not become the key of everything new."""
    file = settings.TACHIAI.keys / "vault.key"
    own = file.read_text()
    file.write_text(secrets.token_hex(32))
    wrapping.keys.cache_clear()
    with pytest.raises(Outage, match=r"vault\.key_absent"):
        vault.put(BASE, kind="document")
    earlier = settings.TACHIAI.keys / "vault-earlier"
    earlier.mkdir()
    (earlier / "own.key").write_text(own)  # as after a change of keys: the new one wraps, though no row knows it yet
    wrapping.keys.cache_clear()
    assert kept(BASE).kek == wrapping.keys().current.id != blob.kek


def test_a_second_next_segment_is_refused(blob: Blob) -> None:
    first = vault.put_tail(blob, b"a", total_sha256=bytes(32))
    second = vault.put_tail(blob, b"b", total_sha256=bytes(32))
    assert first.number == second.number == 3
    assert first.path != second.path
    with transaction.atomic():
        vault.keep(first, at=AT)
    with pytest.raises(IntegrityError), transaction.atomic():
        vault.keep(second, at=AT)
    assert vault.read_segment(blob, number=3) == b"a"


def test_bytes_are_recorded_in_a_transaction() -> None:
    stored = vault.put(BASE, kind="document")
    with pytest.raises(RuntimeError, match="transaction"):
        vault.keep(stored, at=AT)
    assert not Segment.objects.exists()


def test_putting_never_writes_over_anything(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    store.put_if_absent("ab/cd/box", b"first")
    with pytest.raises(Refusal, match=r"vault\.taken"):
        store.put_if_absent("ab/cd/box", b"second")
    assert store.get("ab/cd/box") == b"first"
    results = together([lambda number=number: store.put_if_absent("ab/cd/other", b"%d" % number) for number in range(8)])
    assert codes_of(results) == ["vault.taken"] * 7
    assert [path.name for path in tmp_path.rglob(".*")] == []


@pytest.mark.parametrize("step", ["open", "write", "fsync", "link"])
def test_a_disk_that_will_not_take_it_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    store = FolderStore(tmp_path / "store")
    with monkeypatch.context() as patched:
        patched.setattr(stores.os, step, full)
        with pytest.raises(Outage, match=r"store\.unwritable: No space left"):
            store.put_if_absent("ab/cd/box", b"bytes")
    assert [path for path in (tmp_path / "store").rglob("*") if path.is_file()] == []
    store.put_if_absent("ab/cd/box", b"bytes")
    assert store.get("ab/cd/box") == b"bytes"


def test_boxes_are_their_owners_alone(house: Place, blob: Blob) -> None:
    path = box_of(house, blob, 0)
    assert path.stat().st_mode & 0o077 == 0
    assert path.parent.stat().st_mode & 0o077 == 0
