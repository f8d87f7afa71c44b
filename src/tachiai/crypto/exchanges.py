"""HTTP exchanges with a timestamping authority (RFC 3161, 3.4): hundreds under way at once, on connections that are kept.

An authority is 20 to 200 ms away, and a thread for each request that waits would cost more than the seal itself. So one thread
of the process runs an event loop for all authorities (docs/decisions/0006-timestamps-in-flight.md), and whoever asks gets a future.
"""

from __future__ import annotations

import asyncio
import atexit
import base64
import os
import ssl
import threading
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotInTime
from dataclasses import dataclass
from typing import Any, TypeVar
from weakref import WeakSet

import aiohttp

T = TypeVar("T")
# A server may forget a connection that it was free to close; past this we would rather open a new one.
IDLE_SECONDS = 30.0
MOST_CONNECTIONS = 100
_STOP_WITHIN_SECONDS = 2.0
# Looking up a host's name is the one thing here that blocks; two threads do it, and what they found is kept for a while.
_NAME_THREADS = 2


class TooLong(Exception):
    """An answer that is larger than what was agreed to be read."""


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes


class Line:
    """The way to one authority. Threads may share it; each process, forked ones too, has connections of its own.

    ``connections`` bounds how many requests are under way at once; further ones wait for their turn. Neither proxies nor passwords
    are taken from the environment, cookies are not kept, and a redirect is an answer like any other: it is not followed.
    """

    def __init__(self, url: str, *, username: str, password: str, tls: ssl.SSLContext | None, connections: int) -> None:
        self._url, self._tls, self._connections = url, tls, connections
        self._headers = {"Authorization": _basic(username, password)} if username else {}
        self._now: _Connections | None = None

    def start(self, coroutine: Coroutine[Any, Any, T]) -> Future[T]:
        """Have ``coroutine`` run where the connections live."""
        return asyncio.run_coroutine_threadsafe(coroutine, _here.loop())

    async def in_turn(self, work: Callable[[], Awaitable[T]]) -> T:
        """Do ``work`` when there is a connection for it: the waiting is not the authority's slowness."""
        async with self._open().turns:
            return await work()

    async def post(self, body: bytes, *, headers: dict[str, str], largest: int, fresh: bool = False) -> Answer:
        """One request and its answer; ``fresh`` on a connection that nobody has used.

        Raises ``aiohttp.ClientError`` or ``OSError`` when it fails and :class:`TooLong` for more than ``largest`` bytes. Time is
        the caller's to bound. :func:`went_stale` tells which failures a fresh connection may cure.
        """
        session = self._open().fresh if fresh else self._open().kept
        async with session.post(self._url, data=body, headers=headers, allow_redirects=False) as answer:
            held = bytearray()
            async for piece in answer.content.iter_any():
                held += piece
                if len(held) > largest:
                    answer.close()  # never given back: the rest of the flood would be the next answer's beginning
                    raise TooLong
            return Answer(answer.status, bytes(held))

    def close(self) -> None:
        """Let the connections go. A later request opens new ones."""
        opened, self._now = self._now, None
        if opened is not None and _here.runs(opened.loop):
            asyncio.run_coroutine_threadsafe(opened.close(), opened.loop)

    def _open(self) -> _Connections:
        """The connections of this process's loop; called only there, so that two never appear."""
        loop = asyncio.get_running_loop()
        if self._now is None or self._now.loop is not loop:
            self._now = _Connections(loop, headers=self._headers, tls=self._tls, limit=self._connections)
        return self._now


def _basic(username: str, password: str) -> str:
    """RFC 7617, in UTF-8."""
    return "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()


def went_stale(failure: Exception) -> bool:
    """Whether a kept connection may simply have ended on the other side before the request was answered."""
    return isinstance(failure, aiohttp.ServerDisconnectedError | aiohttp.ClientOSError) and not isinstance(
        failure, aiohttp.ClientConnectorError
    )


def waited(future: Future[T]) -> T:
    """The result of ``future``. Waiting where the answers are read would be waiting for ever, so that raises at once."""
    if _here.here():
        raise RuntimeError("a callback of one token must not wait for another")
    return future.result()


class _Connector(aiohttp.TCPConnector):
    """Closes what it forgot only in the process that opened it: a forked child's copies are the parent's sockets still."""

    def __init__(self, **details: Any) -> None:
        self._owner = os.getpid()
        super().__init__(**details)

    def __del__(self, _warnings: Any = None) -> None:
        if os.getpid() == self._owner:
            super().__del__()


class _Connections:
    def __init__(self, loop: asyncio.AbstractEventLoop, *, headers: dict[str, str], tls: ssl.SSLContext | None, limit: int):
        self.loop = loop
        self.turns = asyncio.Semaphore(limit)
        secure: ssl.SSLContext | bool = True if tls is None else tls
        self.kept = _session(_Connector(limit=limit, keepalive_timeout=IDLE_SECONDS, ssl=secure), headers)
        self.fresh = _session(_Connector(limit=limit, force_close=True, ssl=secure), headers)
        _here.living.add(self)

    async def close(self) -> None:
        for session in (self.kept, self.fresh):
            await session.close()

    def disown(self) -> None:
        """In a forked child: forget without touching. Nothing may be written to, or unregistered from, what the parent uses."""
        for session in (self.kept, self.fresh):
            session.detach()


def _session(connector: aiohttp.BaseConnector, headers: dict[str, str]) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        connector=connector,
        headers=headers,
        trust_env=False,
        auto_decompress=False,
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=None),
        skip_auto_headers=("User-Agent", "Accept-Encoding"),
    )


class _Loop:
    """The process's one loop and its thread, begun with the first request."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self.living: WeakSet[_Connections] = WeakSet()

    def loop(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._loop.set_default_executor(ThreadPoolExecutor(_NAME_THREADS, "tachiai-names"))
                self._thread = threading.Thread(target=self._loop.run_forever, name="tachiai-exchanges", daemon=True)
                self._thread.start()
            return self._loop

    def here(self) -> bool:
        """Whether the caller is the loop's own thread."""
        return threading.current_thread() is self._thread

    def runs(self, loop: asyncio.AbstractEventLoop) -> bool:
        return self._loop is loop and loop.is_running()

    def stop(self) -> None:
        """At the end of the process: connections are closed in order, so that no library complains about them."""
        with self._lock:
            loop, thread = self._loop, self._thread
        if loop is None or thread is None:
            return
        closing = asyncio.run_coroutine_threadsafe(_close_all(list(self.living)), loop)
        try:
            closing.result(_STOP_WITHIN_SECONDS)
        except NotInTime:
            return  # the thread is a daemon: the process ends with it
        loop.call_soon_threadsafe(loop.stop)
        thread.join(_STOP_WITHIN_SECONDS)

    def begin_anew(self) -> None:
        """In a forked child: the thread is not here, the lock may be held for ever, and the sockets are the parent's."""
        for opened in self.living:
            opened.disown()
        self.__init__()  # type: ignore[misc]  # everything is new on purpose


async def _close_all(living: list[_Connections]) -> None:
    for opened in living:
        await opened.close()


_here = _Loop()
atexit.register(_here.stop)
os.register_at_fork(after_in_child=_here.begin_anew)
