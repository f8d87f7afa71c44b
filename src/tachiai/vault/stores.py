"""Where boxes lie: a port of a few verbs, and the local folder behind it."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Protocol

from tachiai.errors import Outage, Refusal


class Store(Protocol):
    """Holds boxes by path. Putting is all or nothing, and never over something that is there."""

    def put_if_absent(self, path: str, box: bytes) -> None: ...

    def get(self, path: str) -> bytes: ...

    def remove(self, path: str) -> None: ...


class FolderStore:
    """Boxes as files below one folder, durable when ``put_if_absent`` returns."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put_if_absent(self, path: str, box: bytes) -> None:
        """Write, flush and only then name the file. Raises ``Outage`` when the disk will not take it."""
        target = self._folder / path
        folder = target.parent
        # Every seal comes by here, so it is told in system calls: the library's way costs ten times as much.
        scratch = f"{folder}/.new-{secrets.token_hex(8)}"
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
        """The box at ``path``. Raises ``Outage``: rows promise it is there, so its absence is the store's trouble."""
        try:
            with open(f"{self._folder}/{path}", "rb", buffering=0) as file:  # noqa: PTH123  # as above
                return file.readall()
        except OSError as problem:
            raise Outage("store.unreadable", str(problem.strerror)) from problem

    def remove(self, path: str) -> None:
        """Unlink the box; one that is gone already is no trouble. Raises ``Outage`` when the disk will not let it go."""
        try:
            (self._folder / path).unlink(missing_ok=True)
        except OSError as problem:
            raise Outage("store.unwritable", str(problem.strerror)) from problem

    def _ready(self, folder: Path) -> None:
        if not folder.is_dir():
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            _flush_folder(folder.parent)


def _write_out(handle: int, box: bytes) -> None:
    try:
        left = memoryview(box)
        while left:
            left = left[os.write(handle, left) :]
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
