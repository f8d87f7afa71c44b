"""SQLite with a queue for its one writer.

SQLite lets one connection write at a time, and whoever finds it taken tries again after pauses that grow to a tenth of a second:
a short transaction behind another short one then waits far longer than either takes. Here those who want to write wait for each other
first: the threads of a process at a lock that wakes the next one at once, and one thread of each process at a lock on a file beside
the database, which it tries every millisecond and which lets go of whoever dies. Neither decides anything: SQLite's own lock guards
the data as before, also against programs that do not queue, and whoever has waited too long asks SQLite itself.
"""

from __future__ import annotations

import fcntl
import os
import threading
import time
from functools import lru_cache
from typing import Any

from django.db.backends.sqlite3 import base

WAIT_SECONDS = 20.0
LOOK_EVERY_SECONDS = 0.001


class DatabaseWrapper(base.DatabaseWrapper):
    """Django's own, which queues before a transaction begins and leaves the queue when it is over."""

    _turn: Turn | None = None

    def create_cursor(self, name: str | None = None) -> base.SQLiteCursorWrapper:
        cursor: base.SQLiteCursorWrapper = self.connection.cursor(factory=Cursor)
        return cursor

    def _start_transaction_under_autocommit(self) -> None:
        if self._turn is None and not self.is_in_memory_db():
            self._turn = take_turn(str(self.settings_dict["NAME"]))
        try:
            super()._start_transaction_under_autocommit()  # type: ignore[misc]  # the stubs leave it out
        except BaseException:
            self._leave()
            raise

    def _commit(self) -> None:
        # A commit that fails leaves the transaction open; Django rolls it back, and only then is it the next one's turn.
        super()._commit()  # type: ignore[misc]  # as above
        self._leave()

    def _rollback(self) -> None:
        try:
            super()._rollback()  # type: ignore[misc]  # as above
        finally:
            self._leave()

    def _close(self) -> None:
        try:
            super()._close()  # type: ignore[misc]  # as above
        finally:
            self._leave()

    def _leave(self) -> None:
        turn, self._turn = self._turn, None
        if turn is not None:
            turn.end()


class Turn:
    """To be the one who writes, as far as everybody queues."""

    def __init__(self, file: int, threads: threading.Lock) -> None:
        self._file, self._threads = file, threads

    def end(self) -> None:
        os.close(self._file)
        self._threads.release()


def take_turn(database: str) -> Turn | None:
    """Wait until it is one's turn to write to the file ``database``; None after ``WAIT_SECONDS``."""
    until = time.monotonic() + WAIT_SECONDS
    threads = _threads_of(database)
    if not threads.acquire(timeout=WAIT_SECONDS):
        return None
    file = -1
    try:
        file = os.open(f"{database}-queue", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        if _locked(file, until=until):
            return Turn(file, threads)
    except BaseException:
        _give_up(file, threads)
        raise
    _give_up(file, threads)
    return None


def _give_up(file: int, threads: threading.Lock) -> None:
    if file >= 0:
        os.close(file)
    threads.release()


def _locked(file: int, *, until: float) -> bool:
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= until:
                return False
            time.sleep(LOOK_EVERY_SECONDS)
        else:
            return True


@lru_cache(maxsize=64)
def _threads_of(database: str) -> threading.Lock:
    # A house has one database; tests have many, and to forget the lock of one that nobody uses any more does no harm.
    return threading.Lock()


class Cursor(base.SQLiteCursorWrapper):
    """Django's own, which puts the marks for values into SQLite's form once for each statement instead of each time."""

    def convert_query(self, query: str, *, param_names: list[str] | None = None) -> str:
        converted: str = _converted(query) if param_names is None else super().convert_query(query, param_names=param_names)
        return converted


@lru_cache(maxsize=1024)
def _converted(query: str) -> Any:
    # What Django makes of a statement depends on the statement alone.
    return base.FORMAT_QMARK_REGEX.sub("?", query).replace("%%", "%")
