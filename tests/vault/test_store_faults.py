"""A disk that is full, read-only, over its quota or out of inodes, at every system call: nothing is half there, nothing is lost."""

from __future__ import annotations

import errno
import io
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from place import Place
from tachiai import clock, vault
from tachiai.errors import Outage
from tachiai.vault import keeping, stores
from tachiai.vault.models import Blob, Segment
from tachiai.vault.stores import FolderStore
from tachiai.work.models import Alarm

BOX = bytes(range(256)) * 400
REASONS = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO)
# Every system call of a put into a fresh folder, and how often it is made there: each time is a step of its own.
STEPS = {"mkdir": 2, "open": 4, "write": 1, "fsync": 4, "close": 4, "link": 1, "unlink": 1}


class Counting:
    """The module ``os`` as the store sees it, whose call number ``at`` of ``name`` fails, once."""

    def __init__(self, name: str, at: int, reason: int) -> None:
        self.calls: dict[str, int] = {}
        self._fails, self._reason = (name, at), reason

    def __getattr__(self, name: str) -> Any:
        held = getattr(os, name)
        return self._counted(name, held) if name in STEPS else held

    def _counted(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*arguments: Any, **more: Any) -> Any:
            self.calls[name] = self.calls.get(name, 0) + 1
            if (name, self.calls[name]) == self._fails:
                if name == "close":  # the handle is gone all the same
                    call(*arguments, **more)
                if name == "write":  # half of it is there already
                    call(arguments[0], arguments[1][: len(arguments[1]) // 2])
                raise OSError(self._reason, os.strerror(self._reason))
            return call(*arguments, **more)

        return counted


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_every_step_of_a_put_fails_cleanly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever fails: an outage, never a box that is not whole, and the same put goes through afterwards."""
    counted = Counting("", 0, 0)
    with monkeypatch.context() as patched:
        patched.setattr(stores, "os", counted)
        (tmp_path / "counted").mkdir()
        FolderStore(tmp_path / "counted").put_if_absent("ab/cd/box", BOX)
    assert counted.calls == STEPS
    steps = [(name, at) for name, times in STEPS.items() for at in range(1, times + 1)]
    for number, (name, at) in enumerate(steps):
        reason = REASONS[number % len(REASONS)]
        folder = tmp_path / str(number)
        folder.mkdir()
        store = FolderStore(folder)
        with monkeypatch.context() as patched:
            patched.setattr(stores, "os", Counting(name, at, reason))
            with pytest.raises(Outage, match=r"^store\.unwritable: ") as met:
                store.put_if_absent("ab/cd/box", BOX)
        assert os.strerror(reason) in str(met.value)
        left = files(folder)
        assert set(left.values()) <= {BOX}, (name, at)
        # A scratch file lies about only where the disk would not let go of it.
        assert all(not Path(path).name.startswith(".new-") for path in left) or name == "unlink"
        if "ab/cd/box" not in left:
            store.put_if_absent("ab/cd/box", BOX)
        assert store.get_anew("ab/cd/box") == BOX


def test_a_write_that_writes_nothing_does_not_go_on_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stores.os, "write", lambda *_: 0)
    with pytest.raises(Outage, match=r"store\.unwritable"):
        FolderStore(tmp_path).put_if_absent("ab/cd/box", BOX)
    assert files(tmp_path) == {}


@pytest.mark.usefixtures("house")
def test_a_box_that_comes_back_otherwise_is_never_recorded(house: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """One byte, a shorter file, another one's: the outage has a name, the alarm stands, the next try takes another path."""
    other = keeping._store()
    other.put_if_absent("some/other/box", b"of somebody else")
    turned: list[Callable[[bytes], bytes]] = [
        lambda box: box[:-1] + bytes((box[-1] ^ 1,)),
        lambda box: box[:-1],
        lambda box: b"",
        lambda _: other.get("some/other/box"),
    ]
    told = set()
    for change in turned:

        class Lying(FolderStore):
            def get_anew(self, path: str, change: Callable[[bytes], bytes] = change) -> bytes:
                return change(super().get_anew(path))

        with monkeypatch.context() as patched:
            patched.setattr(keeping, "_store", lambda lying=Lying: lying(house.home / "vault"))
            with pytest.raises(Outage, match=r"store\.lied") as met:
                vault.put(BOX, kind="document")
        told.add(met.value.detail)
        assert Blob.objects.count() == 0
    assert len(told) == len(turned)
    assert Alarm.objects.get(kind="store.lied", cleared_at=None).subject == str(house.home / "vault")
    stored = vault.put(BOX, kind="document")
    assert stored.path not in told
    with transaction.atomic():
        assert vault.read(vault.keep(stored, at=clock.now())) == BOX


@pytest.mark.usefixtures("house")
def test_a_box_that_cannot_be_read_back_is_never_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> Any:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    class Torn(io.FileIO):
        def readall(self) -> bytes:
            return broken()

    for opened in (broken, lambda path, *_, **__: Torn(path, "rb")):
        with monkeypatch.context() as patched:
            patched.setattr(stores, "open", opened, raising=False)
            with pytest.raises(Outage, match=r"store\.unreadable: Input/output error"):
                vault.put(BOX, kind="document")
    assert Segment.objects.count() == 0


def test_a_folder_tells_what_lies_in_it(tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "vault")
    assert list(store.list()) == []
    assert store.check() == {"kind": "folder"}
    store.put_if_absent("ab/cd/box", BOX)
    (tmp_path / "vault" / ".new-00").write_bytes(b"half")
    found = {one.path: one for one in store.list()}
    assert {path: one.size for path, one in found.items()} == {"ab/cd/box": len(BOX), ".new-00": 4}
    assert abs((store.now() - found["ab/cd/box"].written_at).total_seconds()) < 60
    assert abs((store.now() - datetime.now(UTC)).total_seconds()) < 60
    assert (store.exists("ab/cd/box"), store.exists("ab/cd/none")) == (True, False)
    (tmp_path / "file").write_bytes(b"")
    for trouble in (lambda: list(FolderStore(tmp_path / "file").list()), lambda: FolderStore(tmp_path / "file").exists("x")):
        with pytest.raises(Outage, match=r"store\.unreadable"):
            trouble()
