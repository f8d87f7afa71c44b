"""Answers about certificates, remembered in this process: one answer serves every closing that waits for it."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, Protocol, TypeVar

LARGEST = 256
LARGEST_BYTES = 32 * 1024 * 1024
Key = tuple[bytes, bytes]


class Weighty(Protocol):
    @property
    def size(self) -> int:
        """How many bytes it holds."""


V = TypeVar("V", bound=Weighty)


class Memory(Generic[V]):
    """The last answers by (certificate, issuer), least recently used ones forgotten. Threads may share one."""

    def __init__(self, *, largest: int = LARGEST, largest_bytes: int = LARGEST_BYTES) -> None:
        self._largest, self._largest_bytes = largest, largest_bytes
        self._known: OrderedDict[Key, V] = OrderedDict()
        self._asking: dict[Key, Future[V]] = {}
        self._lock = threading.Lock()

    def recall(self, key: Key, *, good: Callable[[V], bool], ask: Callable[[V | None], V]) -> V:
        """What is known if it is ``good``, else what ``ask`` brings. While somebody asks already, others wait for that answer.

        Whoever waits shares the outcome, a failure too. ``ask`` is given what was known before.
        """
        joined = False
        while True:
            with self._lock:
                known = self._known.get(key)
                if known is not None and good(known):
                    self._known.move_to_end(key)
                    return known
                flight = self._asking.get(key)
                if flight is None:
                    mine = self._asking[key] = Future()
                    break
            try:
                found = flight.result()
            finally:
                del flight  # a failure holds this frame, and must not hold itself through it
            # The first one joined may have been sent before this question arose; the second was not, and has to do.
            if good(found) or joined:
                return found
            joined = True
        try:
            return self._asked(key, mine, lambda: ask(known))
        finally:
            del mine

    def _asked(self, key: Key, mine: Future[V], ask: Callable[[], V]) -> V:
        try:
            found = ask()
        except BaseException as failed:
            with self._lock:
                del self._asking[key]
            mine.set_exception(failed)
            del mine
            raise
        with self._lock:
            del self._asking[key]
            self._known[key] = found
            self._known.move_to_end(key)
            while len(self._known) > 1 and (len(self._known) > self._largest or self._weight() > self._largest_bytes):
                self._known.popitem(last=False)
        mine.set_result(found)
        return found

    def _weight(self) -> int:
        return sum(known.size for known in self._known.values())
