"""Where boxes lie: a port of a few verbs, and the local folder behind it. What an object store is, is told in ``object_store``."""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from tachiai.errors import Outage, Refusal

SCRATCH = ".new-"
PROBE = ".probe-"


@dataclass(frozen=True)
class Found:
    """Something that lies in a store. ``written_at`` is by the store's own clock."""

    path: str
    size: int
    written_at: datetime


class Store(Protocol):
    """Holds boxes by path. Putting is all or nothing, and never over something that is there.

    Every trouble is an ``Outage`` with ``store.unwritable``, ``store.unreadable``, ``store.unreachable`` or ``store.denied``.
    """

    def put_if_absent(self, path: str, box: bytes) -> None:
        """The box is durable when this returns. Refuses ``vault.taken`` where something lies already."""

    def get(self, path: str) -> bytes:
        """The box at ``path``. Rows promise it is there, so its absence is the store's trouble."""

    def get_anew(self, path: str) -> bytes:
        """As ``get``, but what the medium holds, as far as it lets itself be asked, and not what somebody still remembers."""

    def exists(self, path: str) -> bool:
        """Whether something lies at ``path``."""

    def remove(self, path: str) -> None:
        """Let the box go; one that is gone already is no trouble."""

    def list(self) -> Iterator[Found]:
        """Everything that lies there, boxes and other things, in no order."""

    def overwritten(self) -> Iterator[str]:
        """The paths of boxes that somebody wrote over or deleted while the store kept what was there before."""

    def now(self) -> datetime:
        """The store's own clock: the only one that its ages are told by."""

    def check(self) -> Mapping[str, str]:
        """Try everything with a probe that is removed again, and tell what the store offers. Refuses ``store.unfit`` (reason)."""


class FolderStore:
    """Boxes as files below one folder, durable when ``put_if_absent`` returns."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __str__(self) -> str:
        return str(self._folder)

    def put_if_absent(self, path: str, box: bytes) -> None:
        """Write, flush and only then name the file. Raises ``Outage`` when the disk will not take it."""
        target = self._folder / path
        folder = target.parent
        # Every seal comes by here, so it is told in system calls: the library's way costs ten times as much.
        scratch = f"{folder}/{SCRATCH}{secrets.token_hex(8)}"
        try:
            self._ready(folder)
            handle = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            try:
                _write_out(handle, box)
                os.link(scratch, target)
            finally:
                os.unlink(scratch)  # noqa: PTH108  # the twin of open and link
            _flush_folder(folder)
        except FileExistsError as problem:
            raise Refusal("vault.taken", path=path) from problem
        except OSError as problem:
            raise Outage("store.unwritable", str(problem.strerror)) from problem

    def get(self, path: str) -> bytes:
        try:
            with open(f"{self._folder}/{path}", "rb", buffering=0) as file:  # noqa: PTH123  # as above
                return file.readall()
        except OSError as problem:
            raise Outage("store.unreadable", str(problem.strerror)) from problem

    def get_anew(self, path: str) -> bytes:
        """Through a fresh name and handle, once the kernel has been asked to forget what it still has of the file in memory.

        The bytes are flushed by then, so nothing is lost. What the disk itself remembers cannot be seen past from here.
        """
        try:
            with open(f"{self._folder}/{path}", "rb", buffering=0) as file:  # noqa: PTH123  # as above
                _forget(file.fileno())
                return file.readall()
        except OSError as problem:
            raise Outage("store.unreadable", str(problem.strerror)) from problem

    def exists(self, path: str) -> bool:
        try:
            os.stat(self._folder / path)  # noqa: PTH116  # Path.exists calls a disk that fails an absence
        except FileNotFoundError:
            return False
        except OSError as problem:
            raise Outage("store.unreadable", str(problem.strerror)) from problem
        return True

    def remove(self, path: str) -> None:
        """Unlink the box; one that is gone already is no trouble. Raises ``Outage`` when the disk will not let it go."""
        try:
            (self._folder / path).unlink(missing_ok=True)
        except OSError as problem:
            raise Outage("store.unwritable", str(problem.strerror)) from problem

    def list(self) -> Iterator[Found]:
        try:
            # A house that has kept nothing yet has no folder either.
            yield from _found(self._folder, "") if self.exists("") else ()
        except OSError as problem:
            raise Outage("store.unreadable", str(problem.strerror)) from problem

    def overwritten(self) -> Iterator[str]:
        """None: a folder remembers nothing of what was there before. A changed box is found by its digest."""
        return iter(())

    def now(self) -> datetime:
        """A file that has just been written bears it; on a network's disk that is the server's."""
        path = self._probe()
        try:
            written = (self._folder / path).stat().st_mtime
        except OSError as problem:
            raise Outage("store.unreadable", str(problem.strerror)) from problem
        finally:
            self.remove(path)
        return datetime.fromtimestamp(written, UTC)

    def check(self) -> Mapping[str, str]:
        path = self._probe()
        try:
            check_probe(self, path)
        finally:
            self.remove(path)
        return {"kind": "folder"}

    def _probe(self) -> str:
        path = f"{PROBE}{secrets.token_hex(8)}"
        self.put_if_absent(path, PROBE_BOX)
        return path

    def _ready(self, folder: Path) -> None:
        """Make what is missing of the way to ``folder``, each name flushed: a power cut must not take a whole branch of boxes."""
        missing = [folder]
        while not missing[-1].is_dir():
            missing.append(missing[-1].parent)
        for one in reversed(missing[:-1]):
            with suppress(FileExistsError):  # somebody else was faster
                os.mkdir(one, 0o700)  # noqa: PTH102  # as above
            try:
                _flush_folder(one.parent)
            except OSError:
                # Whoever comes next must not take a folder for safe that a power cut would take away.
                with suppress(OSError):
                    os.rmdir(one)  # noqa: PTH106  # as above
                raise


PROBE_BOX = b"tachiai: probe"


def check_probe(store: Store, path: str) -> None:
    """A probe that lies at ``path`` comes back, and nothing is written over it. Refuses ``store.unfit`` (reason)."""
    try:
        store.put_if_absent(path, PROBE_BOX[::-1])
    except Refusal as refusal:
        if refusal.code != "vault.taken":
            raise
    else:
        raise Refusal("store.unfit", reason="overwrites")
    if store.get_anew(path) != PROBE_BOX or not store.exists(path):
        raise Refusal("store.unfit", reason="lies")


def _write_out(handle: int, box: bytes) -> None:
    try:
        left = memoryview(box)
        while left:
            written = os.write(handle, left)
            if not written:
                raise OSError(errno.EIO, os.strerror(errno.EIO))
            left = left[written:]
        os.fsync(handle)
    finally:
        os.close(handle)


def _flush_folder(folder: Path) -> None:
    """A new name is durable only when its folder is."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _forget(handle: int) -> None:
    """Advice, which not every system knows and no kernel has to follow: without it, the reading is only less strict."""
    with suppress(AttributeError, OSError):
        os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)


def _found(folder: Path, below: str) -> Iterator[Found]:
    with os.scandir(folder) as entries:
        for entry in entries:
            try:
                told = entry.stat(follow_symlinks=False)
            except FileNotFoundError:  # removed meanwhile
                continue
            if entry.is_dir(follow_symlinks=False):
                yield from _found(Path(entry.path), f"{below}{entry.name}/")
            else:
                yield Found(f"{below}{entry.name}", told.st_size, datetime.fromtimestamp(told.st_mtime, UTC))
