"""Bells: whoever writes work rows rings, and a worker that waits looks at once instead of at its next round.

A ring is a convenience and never the record: the row is. Lost, it costs one round. On PostgreSQL it is a NOTIFY, which the server
delivers when the transaction commits; on SQLite a line into the named pipe that every worker of the house keeps in its folder.
"""

from __future__ import annotations

import contextlib
import os
import select
import stat
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from django.conf import settings
from django.db import connection, transaction

from tachiai.work.models import Task

CHANNEL = "tachiai_work"
HEAR_SECONDS = 0.5
_hung: dict[str, list[threading.Event]] = {}


def ring(model: type[Task]) -> None:
    """Tell every worker that rows of ``model`` are due; in a transaction, when it commits."""
    label = str(model._meta.label_lower)  # noqa: SLF001  # Django's public name for it
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_notify(%s, %s)", [CHANNEL, label])
        return
    transaction.on_commit(partial(_ring_pipes, label))


def hang(model: type[Task], bell: threading.Event) -> None:
    """From now on ``bell`` is set in this process at each ring for ``model`` that :func:`listen` hears."""
    _hung.setdefault(model._meta.label_lower, []).append(bell)  # noqa: SLF001


def take_down() -> None:
    """Forget every bell of this process."""
    _hung.clear()


def listen(stop: threading.Event) -> None:
    """Hear rings until ``stop`` is set, in a thread of its own. Raises what the database raises when it is away."""
    hear = _hear_notices if connection.vendor == "postgresql" else _hear_pipe
    hear(stop)


def _set(label: str) -> None:
    for bell in _hung.get(label, ()):
        bell.set()


def _set_all() -> None:
    for label in _hung:
        _set(label)


def _hear_notices(stop: threading.Event) -> None:
    connection.ensure_connection()
    with connection.cursor() as cursor:
        cursor.execute(f"LISTEN {CHANNEL}")
    wrapped = connection.connection
    _set_all()  # what was committed before we listened
    while not stop.is_set():
        for notice in wrapped.notifies(timeout=HEAR_SECONDS, stop_after=1):
            _set(notice.payload)


def _folder() -> Path:
    folder: Path = settings.TACHIAI.home / "bells"
    return folder


def _hear_pipe(stop: threading.Event) -> None:
    with _pipe() as pipe:
        _set_all()
        while not stop.is_set():
            ready, _, _ = select.select([pipe], [], [], HEAR_SECONDS)
            for label in os.read(pipe, 65536).decode("ascii", "replace").splitlines() if ready else ():
                _set(label)


@contextlib.contextmanager
def _pipe() -> Iterator[int]:
    """This process's own pipe. Open for writing too, so that it never reads as ended while nobody rings."""
    folder = _folder()
    folder.mkdir(mode=0o700, exist_ok=True)
    path = folder / f"{os.getpid()}.bell"
    path.unlink(missing_ok=True)
    os.mkfifo(path, 0o600)
    pipe = os.open(path, os.O_RDWR | os.O_NONBLOCK)
    try:
        yield pipe
    finally:
        path.unlink(missing_ok=True)
        os.close(pipe)


def _ring_pipes(label: str) -> None:
    with contextlib.suppress(OSError):  # no folder: nobody has ever listened here
        for path in _folder().iterdir():
            _ring_one(path, label)


def _ring_one(path: Path, label: str) -> None:
    try:
        pipe = os.open(path, os.O_WRONLY | os.O_NONBLOCK)
    except OSError:
        _sweep(path)
        return
    try:
        with contextlib.suppress(OSError):  # a full pipe has been rung often enough
            os.write(pipe, label.encode() + b"\n")
    finally:
        os.close(pipe)


def _sweep(path: Path) -> None:
    """The pipe of a worker that was killed: nobody reads it any more."""
    with contextlib.suppress(OSError):
        if stat.S_ISFIFO(path.stat().st_mode) and not _alive(path.stem):
            path.unlink()


def _alive(pid: str) -> bool:
    return pid.isdecimal() and Path(f"/proc/{pid}").exists()
