"""The house's side of its nurseries: one for each module of jobs, started when first needed, replaced when it has ended or grown old.

What the house holds of a child are two sockets: on one it talks with it, the other is its life. Hanging up on its life kills the
child, whatever it is doing.
"""

from __future__ import annotations

import atexit
import socket
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass, field

from tachiai.errors import Outage
from tachiai.pages.chamber import JOBS
from tachiai.pages.nursery import ENDED, ORDER

# Children of one nursery lie alike in memory, so what a stranger could learn of one must not stay true for long.
MOST_BIRTHS = 1000
# An idle house gives the memory back; the next job starts a nursery anew.
IDLE_SECONDS = 600.0
STOP_WITHIN_SECONDS = 5.0
# For glibc's malloc; others do not look. One arena keeps a child's address space honest under RLIMIT_AS. The rest is about the megabytes of
# a page's picture: they are used again for the next page and come in large pages, not given back and faulted in anew by 4 KB.
MEMORY = {
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_MMAP_THRESHOLD_": str(32 * 1024 * 1024),
    "MALLOC_TRIM_THRESHOLD_": str(64 * 1024 * 1024),
    "MALLOC_TOP_PAD_": str(8 * 1024 * 1024),
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",
}


@dataclass(frozen=True)
class Birth:
    """One child, as the house holds it."""

    talk: socket.socket
    life: socket.socket

    def kill(self) -> None:
        """Ends the child, and whoever waits for a word of it. Harmless when it has ended already."""
        with suppress(OSError):
            self.life.shutdown(socket.SHUT_WR)
        with suppress(OSError):
            self.talk.shutdown(socket.SHUT_RDWR)

    def status(self) -> int | None:
        """How the child has ended (negative: by this signal), waiting for it; None when its nursery ended first."""
        told = self.life.recv(ENDED.size)
        return int(ENDED.unpack(told)[0]) if len(told) == ENDED.size else None

    def close(self) -> None:
        self.kill()
        self.talk.close()
        self.life.close()


@dataclass
class _Nursery:
    """The process for one module's jobs. ``orders`` is None until it is started, and again when it is given up."""

    module: str
    lock: threading.Lock = field(default_factory=threading.Lock)
    orders: socket.socket | None = None
    process: subprocess.Popen[bytes] | None = None
    births: int = 0

    def bear(self, order: bytes) -> Birth:
        (talk, theirs), (life, its) = socket.socketpair(), socket.socketpair()
        with theirs, its, self.lock:
            if self.births >= MOST_BIRTHS:
                self._retire()
            try:
                self._send(order, [theirs.fileno(), its.fileno()])
            except OSError as error:
                talk.close()
                life.close()
                raise Outage("pages.child", str(error)) from error
            self.births += 1
        return Birth(talk, life)

    def _send(self, order: bytes, descriptors: list[int]) -> None:
        # The second attempt is for a nursery that has ended since its last child: of idleness, or of somebody's hand.
        for attempt in (1, 2):
            orders = self.orders or self._start()
            try:
                socket.send_fds(orders, [order], descriptors)
            except OSError:
                self._retire()
                if attempt == 2:
                    raise
            else:
                return

    def _start(self) -> socket.socket:
        # It inherits no environment: nothing of the house's secrets is there to be leaked.
        self.orders, theirs = socket.socketpair()
        with theirs:
            self.process = subprocess.Popen(  # noqa: S603 — the interpreter that runs us, and arguments of our own
                [sys.executable, "-I", "-m", "tachiai.pages.nursery", self.module, str(IDLE_SECONDS)],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={"LC_ALL": "C.UTF-8", **MEMORY},
                cwd="/",
                start_new_session=True,
            )
        self.births = 0
        return self.orders

    def _retire(self) -> None:
        """Hangs up. The nursery ends when its last child has; it is reaped by whoever starts or stops one next."""
        if self.orders is not None:
            self.orders.close()
        if self.process is not None:
            _leaving.append(self.process)
        self.orders = self.process = None
        _leaving[:] = [process for process in _leaving if process.poll() is None]

    def stop(self) -> None:
        with self.lock:
            self._retire()


_nurseries: dict[str, _Nursery] = {}
_leaving: list[subprocess.Popen[bytes]] = []
_opening = threading.Lock()


def bear(job: str, *, memory_bytes: int, cpu_seconds: int) -> Birth:
    """A fresh child that is about to greet. Raises `Outage` (``pages.child``) when there is no such job or no process to be had."""
    if job not in JOBS:
        raise Outage("pages.child", f"no job {job}")
    module = JOBS[job][0]
    with _opening:
        nursery = _nurseries.setdefault(module, _Nursery(module))
    return nursery.bear(ORDER.pack(job.encode(), memory_bytes, cpu_seconds))


def stop() -> None:
    """Ends every nursery; those whose children still work are waited for a moment, then killed."""
    with _opening:
        for nursery in _nurseries.values():
            nursery.stop()
        _nurseries.clear()
        for process in _leaving:
            try:
                process.wait(STOP_WITHIN_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        _leaving.clear()


atexit.register(stop)
