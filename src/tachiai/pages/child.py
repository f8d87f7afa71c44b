"""One limited child process for each job that touches a stranger's bytes.

The parent never parses a PDF. It has a child forked by a nursery that has loaded the parsers and never seen a document
(`tachiai.pages.births`), hands the bytes over a socket and reads one framed answer back; the child limits itself before it reads
anything (see `chamber`). A parser that crashes, hangs or swells therefore ends one child and nothing else, and the asker gets a
`Refusal`. The house itself is never forked, and no child does a second job: PDFium dies when two threads touch it, and one dead
worker of a pool would take its siblings along.

Memory: at most ``SLOTS`` children live at a time in one process of the house, each under its own address-space limit
(`Limits.memory_bytes`); the parent itself holds the upload, the answer, and no copies of either.
"""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import IO

from tachiai.errors import Outage, Refusal
from tachiai.pages import births, frame, progress
from tachiai.pages.births import Birth
from tachiai.pages.findings import Stage
from tachiai.pages.frame import GREETING, Head

SLOTS = max(1, os.cpu_count() or 1)
SLOT_WAIT_SECONDS = 60.0
GREETING_WAIT_SECONDS = 30.0  # a nursery loads in a fifth of a second on an idle machine

Hear = Callable[[Stage], None]

_slots = threading.BoundedSemaphore(SLOTS)


@dataclass(frozen=True)
class Limits:
    """What one child may use. CPU seconds bound the work; wall seconds bound a child that only sleeps or waits."""

    memory_bytes: int
    cpu_seconds: int
    wall_seconds: float
    answer_bytes: int


def run(job: str, pdf: bytes, *, limits: Limits, options: Head | None = None, hear: Hear | None = None) -> tuple[Head, bytes]:
    """Runs ``job`` on ``pdf`` in a fresh child and returns the head and body of its answer.

    Refuses with whatever the job refuses, and with ``file.too_complex`` (``reason``: time, memory or crash) when the child did
    not live to answer. ``hear`` is told how far the child is, in this thread; what it raises ends the child and passes through.
    Raises `Outage` when no child can be started (``pages.child``) or none became free (``pages.busy``): neither says anything
    about the file.
    """
    if not _slots.acquire(timeout=SLOT_WAIT_SECONDS):
        raise Outage("pages.busy", f"no child became free in {SLOT_WAIT_SECONDS:.0f} s")
    try:
        head, body = _converse(job, pdf, limits, options or {}, hear)
    finally:
        _slots.release()
    if "refusal" in head:
        raise Refusal(str(head["refusal"]), **_facts(head))
    return head, body


def _converse(job: str, pdf: bytes, limits: Limits, options: Head, hear: Hear | None) -> tuple[Head, bytes]:
    birth = _greeted(job, limits) or _greeted(job, limits)
    if birth is None:
        raise Outage("pages.child", "the child ended before it took the file")
    late = threading.Event()
    timer = threading.Timer(limits.wall_seconds, _end, (birth, late))
    timer.start()
    try:
        return _exchange(birth, pdf, limits, options, hear)
    except frame.FrameError as error:
        raise _explained(birth, late) from error
    finally:
        timer.cancel()
        birth.close()


def _greeted(job: str, limits: Limits) -> Birth | None:
    """A child that lives and is limited. One that dies before its greeting has not seen the file: the fault is ours (installation,
    memory, limits), or its nursery went away in that moment, for which the asker tries once more."""
    birth = births.bear(job, memory_bytes=limits.memory_bytes, cpu_seconds=limits.cpu_seconds)
    birth.talk.settimeout(GREETING_WAIT_SECONDS)
    try:
        greeting = birth.talk.recv(len(GREETING), socket.MSG_WAITALL)
    except OSError:
        greeting = b""
    if greeting != GREETING:
        birth.close()
        return None
    birth.talk.settimeout(None)
    return birth


def _exchange(birth: Birth, pdf: bytes, limits: Limits, options: Head, hear: Hear | None) -> tuple[Head, bytes]:
    # A child reads all before it says anything, so nobody waits for the other; one that does not is ended by the clock.
    asked = options if hear is None else {**options, "progress": True}
    try:
        birth.talk.sendall(frame.opening(asked, body_length=len(pdf)))
        birth.talk.sendall(pdf)
    except OSError as error:
        raise frame.FrameError("the child is gone") from error
    with birth.talk.makefile("rb") as answer:
        # Before the answer there are words of progress where they were asked for, and never many.
        for _ in range(progress.MOST_WORDS):
            head, body = _frame(answer, limits)
            word = None if hear is None else progress.heard(head)
            if hear is None or word is None:
                return head, body
            hear(word)
    raise frame.FrameError("a child that only talks")


def _frame(answer: IO[bytes], limits: Limits) -> tuple[Head, bytes]:
    try:
        return frame.read(answer, max_body_bytes=limits.answer_bytes)
    except OSError as error:
        raise frame.FrameError("the child is gone") from error


def _end(birth: Birth, late: threading.Event) -> None:
    late.set()
    birth.kill()


def _explained(birth: Birth, late: threading.Event) -> Refusal | Outage:
    """Why there was no whole answer. Only a child's own end says something about the file, and not its nursery's."""
    # A child may live on after a torn answer; what it would do then is not waited for.
    birth.kill()
    status = birth.status()
    if late.is_set() or status == -signal.SIGXCPU:
        return Refusal("file.too_complex", reason="time")
    if status is None:
        return Outage("pages.child", "the nursery ended before its child")
    return Refusal("file.too_complex", reason="crash")


def _facts(head: Head) -> Head:
    facts = head.get("facts")
    return {str(name): value for name, value in facts.items()} if isinstance(facts, dict) else {}
