"""What was destroyed is gone for ever, and says so; what is told of it stays true."""

from __future__ import annotations

import hashlib
import uuid
from datetime import UTC, datetime

import pytest
from django.db import connection, transaction

from place import Place
from tachiai import vault
from tachiai.errors import Outage, Refusal
from tachiai.vault import keeping, stores
from tachiai.vault.models import Blob

pytestmark = pytest.mark.usefixtures("house")

AT = datetime(2026, 11, 23, tzinfo=UTC)
BASE, TAIL = b"%PDF-1.7 base " * 50, b" first revision"


def kept() -> Blob:
    stored = vault.put(BASE, kind="document")
    with transaction.atomic():
        blob = vault.keep(stored, at=AT)
    tail = vault.put_tail(blob, TAIL, total_sha256=hashlib.sha256(BASE + TAIL).digest())
    with transaction.atomic():
        vault.keep(tail, at=AT)
    return blob


def destroyed(*blobs: Blob) -> uuid.UUID:
    number = uuid.uuid4()
    with transaction.atomic(durable=True):
        done = vault.destroy([blob.pk for blob in blobs], shredding=number, at=AT)
    assert [(one.size, one.sha256, one.segments) for one in done] == [(len(BASE + TAIL), hashlib.sha256(BASE + TAIL).digest(), 2)] * len(
        blobs
    )
    return number


def test_a_destroyed_blob_is_refused_everywhere_and_its_tombstone_stays(house: Place) -> None:
    blob, other = kept(), kept()
    note = vault.lock_note(blob, b"a plan", about="x")
    wrapped, data_key = bytes(blob.wrapped_key), keeping._key(blob)
    boxes = [house.home / "vault" / path for path in blob.segments.values_list("path", flat=True)]
    held = [box.read_bytes() for box in boxes]
    number = destroyed(blob)
    row = Blob.objects.get(pk=blob.pk)
    assert (set(bytes(row.wrapped_key)), row.shredded_at, row.shredding, vault.size_of(row)) == ({0}, AT, number, len(BASE + TAIL))
    assert not any(box.exists() for box in boxes)
    for act in (
        lambda: vault.read(row),
        lambda: vault.read(vault.blobs([row.pk])[row.pk], upto=0),
        lambda: vault.read_segment(row, number=1),
        lambda: vault.put_tail(row, b"x", total_sha256=bytes(32)),
        lambda: vault.branch(row, upto=0, tails=[]),
        lambda: vault.unlock_note(row, note, about="x"),
        lambda: vault.lock_note(row, b"a plan", about="x"),
        lambda: vault.must_stand(row),
    ):
        with pytest.raises(Refusal) as refused:
            act()
        assert (refused.value.code, refused.value.facts["at"], refused.value.facts["certificate"]) == ("vault.shredded", AT, str(number))
    vault.must_stand(other)
    assert vault.read(other) == BASE + TAIL
    # Even if somebody kept the boxes: no row opens them, not this one with its tombstone's mark wiped away either.
    for box, bytes_ in zip(boxes, held, strict=True):
        box.write_bytes(bytes_)
    Blob.objects.filter(pk=row.pk).update(shredded_at=None)
    with pytest.raises(Refusal, match=r"vault\.altered"):
        vault.read(Blob.objects.get(pk=row.pk))
    if connection.vendor == "sqlite":
        files = b"".join(path.read_bytes() for path in house.home.glob("tachiai.sqlite3*"))
        assert (bytes(other.wrapped_key) in files, wrapped in files, data_key in files) == (True, False, False)


def test_what_a_rotation_leaves_behind_is_gone_as_well(house: Place) -> None:
    blob = kept()
    before = bytes(blob.wrapped_key)
    vault.make_file(at=AT)
    vault.rotate(now=lambda: AT)
    destroyed(Blob.objects.get(pk=blob.pk))
    if connection.vendor == "sqlite":
        assert before not in b"".join(path.read_bytes() for path in house.home.glob("tachiai.sqlite3*"))
    assert vault.count_by_key() == {}
    assert vault.rotate(now=lambda: AT).moved == 0


def test_nothing_is_destroyed_outside_a_transaction_or_by_one_that_fails(house: Place) -> None:
    blob = kept()
    with pytest.raises(RuntimeError, match="transaction"):
        vault.destroy([blob.pk], shredding=uuid.uuid4(), at=AT)
    with transaction.atomic():
        assert len(vault.destroy([blob.pk], shredding=uuid.uuid4(), at=AT)) == 1
        transaction.set_rollback(True)
    assert vault.read(Blob.objects.get(pk=blob.pk)) == BASE + TAIL
    number = destroyed(blob)
    with transaction.atomic():
        assert vault.destroy([blob.pk], shredding=uuid.uuid4(), at=AT) == []
    assert Blob.objects.get(pk=blob.pk).shredding == number


def test_a_box_that_would_not_go_is_swept_later(house: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    blob = kept()

    def stuck(*_: object) -> None:
        raise Outage("store.unwritable", "read-only")

    with monkeypatch.context() as patched:
        patched.setattr(stores.FolderStore, "remove", stuck)
        number = destroyed(blob)
    left = [house.home / "vault" / path for path in blob.segments.values_list("path", flat=True)]
    assert all(box.exists() for box in left)
    assert (vault.sweep(number), vault.sweep(number)) == (2, 2)
    assert not any(box.exists() for box in left)
