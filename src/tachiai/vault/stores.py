"""Where boxes lie: a port of three verbs, and the local folder behind it."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Protocol

from tachiai.errors import Outage, Refusal


class Store(Protocol):
    """Holds boxes by path. Putting is all or nothing, and never over something that is there."""

    def put_if_absent(self, path: str, box: bytes) -> None: ...

    def get(self, path: str) -> bytes: ...


class FolderStore:
    """Boxes as files below one folder, durable when ``put_if_absent`` returns."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put_if_absent(self, path: str, box: bytes) -> None:
        """Write, flush and only then name the file. Raises ``Outage`` when the disk will not take it."""
        target = self._folder / path
        try:
            self._ready(target.parent)
            handle, scratch = tempfile.mkstemp(dir=target.parent, prefix=".new-")
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(box)
                    file.flush()
                    os.fsync(file.fileno())
                os.link(scratch, target)
            finally:
                os.unlink(scratch)  # noqa: PTH108  # the twin of mkstemp and link
            _flush_folder(target.parent)
        except FileExistsError as problem:
            raise Refusal("vault.taken", path=path) from problem
        except OSError as problem:
            raise Outage("store.unwritable", str(problem.strerror)) from problem

    def get(self, path: str) -> bytes:
        """The box at ``path``. Raises ``Outage``: rows promise it is there, so its absence is the store's trouble."""
        try:
            return (self._folder / path).read_bytes()
        except OSError as problem:
            raise Outage("store.unreadable", str(problem.strerror)) from problem

    def _ready(self, folder: Path) -> None:
        if not folder.is_dir():
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            _flush_folder(folder.parent)


def _flush_folder(folder: Path) -> None:
    """A new name is durable only when its folder is."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
