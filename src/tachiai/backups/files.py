"""Files of a backup: written whole and durable, read by digest."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tachiai.errors import Outage

CHUNK = 1 << 20


@contextmanager
def disk() -> Iterator[None]:
    """Trouble with the disk inside the block is an ``Outage`` (``backup.disk``): full, read-only or gone, it may come back."""
    try:
        yield
    except OSError as problem:
        raise Outage("backup.disk", str(problem.strerror or problem)) from problem


def write_durably(path: Path, data: bytes) -> None:
    """The file whole, or not under this name; durable on return."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    scratch = path.with_name(f".new-{path.name}")
    handle = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    scratch.rename(path)
    flush_folder(path.parent)


def flush(path: Path) -> None:
    """A file that somebody else's program wrote becomes durable."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def flush_folder(folder: Path) -> None:
    """A new name is durable only when its folder is."""
    flush(folder)


def digest_of(path: Path) -> tuple[str, int]:
    """SHA-256 in hexadecimal digits and size of a file, however large."""
    running, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            running.update(chunk)
            size += len(chunk)
    return running.hexdigest(), size
