"""The nursery: a process that has loaded one job's modules, has never seen a document, and forks a fresh child for each job.

Started by `tachiai.pages.births` as ``python -I -m tachiai.pages.nursery <module> <idle seconds>`` with a socket as its standard
input. Loading an interpreter and a parser costs ten times what inspecting a contract does; forking somebody who has loaded them costs
next to nothing and keeps what a process per document is for: a child shares no memory with another, and its crash ends nobody else.

One thread only: forking a process of several would copy locks that nobody is left to open, and PDFium dies of two. An order is one fixed
record with two descriptors: the socket on which the child talks, and one that belongs to its life, on which the nursery tells
its end. Whoever hangs up on the latter has the child killed; whoever ends the house therefore ends every child in it.
"""

from __future__ import annotations

import ctypes
import gc
import importlib
import os
import resource
import selectors
import signal
import socket
import struct
import sys
from dataclasses import dataclass, field

from tachiai.pages import chamber

ORDER = struct.Struct(">16sQI")  # job, memory in bytes, CPU in seconds
ENDED = struct.Struct(">i")  # as `os.waitstatus_to_exitcode` says it: negative for a signal
OPEN_FILES = 256
PR_SET_PDEATHSIG = 1


def main(arguments: list[str]) -> int:
    """Loads, then bears children until the house hangs up, or nobody has asked for one for long."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (OPEN_FILES, OPEN_FILES))
    orders = socket.socket(fileno=os.dup(0))
    module, idle_seconds = arguments
    loaded = importlib.import_module(module)
    # Only on something of our own: no nursery has ever seen a document.
    getattr(loaded, "warm_up", _nothing)()
    # What is loaded stays for ever. Untouched by the collector, its memory is shared with every child instead of copied.
    gc.collect()
    gc.freeze()
    _Nursery(orders, float(idle_seconds)).watch()
    return 0


def _nothing() -> None:
    """What a module without anything to set up does to set itself up."""


@dataclass
class _Nursery:
    orders: socket.socket
    idle_seconds: float
    lives: dict[int, socket.socket] = field(default_factory=dict)
    selector: selectors.BaseSelector = field(default_factory=selectors.DefaultSelector)

    def watch(self) -> None:
        """Orders, ends and hang-ups, one after the other. After the house has hung up, only until the last child has ended."""
        bell = self._bell()
        self.selector.register(self.orders, selectors.EVENT_READ, self._take_order)
        self.selector.register(bell, selectors.EVENT_READ, lambda: self._see_off(bell))
        open_to_orders = True
        while open_to_orders or self.lives:
            happened = self.selector.select(self.idle_seconds)
            if not happened and not self.lives:
                return
            for key, _ in happened:
                key.data()
            open_to_orders = self.orders.fileno() >= 0

    def _bell(self) -> socket.socket:
        """Rings when a child has ended: a signal alone could be missed between two looks."""
        bell, rope = socket.socketpair()
        for end in (bell, rope):
            end.setblocking(False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(rope.detach(), warn_on_full_buffer=False)
        return bell

    def _take_order(self) -> None:
        record, descriptors, _, _ = socket.recv_fds(self.orders, ORDER.size, 2)
        if len(record) != ORDER.size or len(descriptors) != 2:
            self.selector.unregister(self.orders)
            self.orders.close()
            return
        talk, life = (socket.socket(fileno=descriptor) for descriptor in descriptors)
        try:
            pid = os.fork()
        except OSError:
            # The house hears that nobody came, and that nobody has seen its file.
            pid = -1
        if pid == 0:
            _be_child(talk, record)
        talk.close()
        if pid < 0:
            life.close()
            return
        self.lives[pid] = life
        self.selector.register(life, selectors.EVENT_READ, lambda: self._hung_up(pid))

    def _hung_up(self, pid: int) -> None:
        # A child in the table has not been reaped, so its number cannot have gone to anybody else.
        life = self.lives.get(pid)
        if life is not None:
            self.selector.unregister(life)
            os.kill(pid, signal.SIGKILL)

    def _see_off(self, bell: socket.socket) -> None:
        bell.recv(4096)
        while self.lives:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            life = self.lives.pop(pid)
            if life in self.selector.get_map():
                self.selector.unregister(life)
            with life:
                _tell(life, os.waitstatus_to_exitcode(status))


def _tell(life: socket.socket, status: int) -> None:
    try:
        life.send(ENDED.pack(status))
    except OSError:
        return  # nobody waits for it any more


def _be_child(talk: socket.socket, record: bytes) -> None:
    """The forked child: forgets everything of the nursery's but its modules, and does its one job. Does not return."""
    status = 1
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.setsid()
        _die_with_nursery()
        # The nursery's own descriptors lead to other jobs' documents: none is left open.
        os.dup2(talk.fileno(), 0)
        os.closerange(3, OPEN_FILES)
        job, memory_bytes, cpu_seconds = ORDER.unpack(record)
        chamber.serve(job.rstrip(b"\0").decode(), memory_bytes=memory_bytes, cpu_seconds=cpu_seconds)
        status = 0
    finally:
        # PDFium's and qpdf's tear-down of a damaged document is the last place to crash, and nobody waits for it.
        os._exit(status)


def _die_with_nursery() -> None:
    """Where Linux offers it: whoever would have to end this child must not be outlived by it (prctl(2), PR_SET_PDEATHSIG)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
