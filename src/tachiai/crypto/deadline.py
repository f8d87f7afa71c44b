"""A bound on the CPU time of a piece of work in this very thread, for a judge that reads hostile files with a library of others.

In a limited child the kernel keeps such a bound. Within the house there is nobody to kill: so a second thread watches the first one's
clock, and when it has run for too long an exception is raised in it, between two of its bytecodes. Code that never returns to the
interpreter is not stopped so; what is bounded here is written in Python and its loops are.
"""

from __future__ import annotations

import ctypes
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tachiai.errors import Outage

# How soon the exception is raised again when something on its way has swallowed it.
_AGAIN_SECONDS = 1.0


class Overdue(BaseException):
    """Not an ``Exception``: nobody who makes the best of errors in a file may take this one for such."""


@contextmanager
def within(cpu_seconds: float, *, code: str) -> Iterator[None]:
    """Raises ``Outage(code)`` when the block has taken more than ``cpu_seconds`` of CPU: an alarm, and another attempt, not a verdict."""
    watch = _Watch(threading.get_ident(), cpu_seconds)
    watch.start()
    try:
        try:
            yield
        finally:
            watch.end()
    except Overdue:
        # It may have come while the watch was just being ended.
        watch.end()
        raise Outage(code, f"more than {cpu_seconds:g} s of CPU") from None


class _Watch(threading.Thread):
    def __init__(self, watched: int, cpu_seconds: float) -> None:
        super().__init__(name="deadline", daemon=True)
        self._watched, self._clock = watched, time.pthread_getcpuclockid(watched)
        self._until = time.clock_gettime(self._clock) + cpu_seconds
        self._over = threading.Event()
        # Held while an exception is on its way, so that none arrives when the block has been left.
        self._raising = threading.Lock()

    def run(self) -> None:
        left = self._until - time.clock_gettime(self._clock)
        while not self._over.wait(max(left, 0.01)):
            left = self._until - time.clock_gettime(self._clock)
            if left <= 0:
                self._raise(Overdue)
                left = _AGAIN_SECONDS

    def end(self) -> None:
        with self._raising:
            self._over.set()
        # What was raised and has not arrived yet is taken back.
        _set_exception(self._watched, None)

    def _raise(self, kind: type[BaseException]) -> None:
        with self._raising:
            if not self._over.is_set():
                _set_exception(self._watched, kind)


def _set_exception(thread: int, kind: type[BaseException] | None) -> None:
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), None if kind is None else ctypes.py_object(kind))
