"""One limited child process for each job that touches a stranger's bytes.

The parent never parses a PDF. It starts ``python -I -m tachiai.pages.chamber``, hands the bytes over stdin and reads one
framed answer from stdout; the child limits itself before it reads anything (see `chamber`). A parser that crashes, hangs or
swells therefore ends one child and nothing else, and the asker gets a `Refusal`. There is no fork and no pool: PDFium dies when
two threads touch it, and one dead worker of a pool would take its siblings along.

Memory: at most ``SLOTS`` children live at a time in one process of the house, each under its own address-space limit
(`Limits.memory_bytes`); the parent itself holds the upload, the answer, and no copies of either.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass
from typing import IO

from tachiai.errors import Outage, Refusal
from tachiai.pages import frame
from tachiai.pages.frame import GREETING, Head

SLOTS = max(1, os.cpu_count() or 1)
SLOT_WAIT_SECONDS = 60.0

_slots = threading.BoundedSemaphore(SLOTS)


@dataclass(frozen=True)
class Limits:
    """What one child may use. CPU seconds bound the work; wall seconds bound a child that only sleeps or waits."""

    memory_bytes: int
    cpu_seconds: int
    wall_seconds: float
    answer_bytes: int


def run(job: str, pdf: bytes, *, limits: Limits, options: Head | None = None) -> tuple[Head, bytes]:
    """Runs ``job`` on ``pdf`` in a fresh child and returns the head and body of its answer.

    Refuses with whatever the job refuses, and with ``file.too_complex`` (``reason``: time, memory or crash) when the child did
    not live to answer. Raises `Outage` when no child can be started (``pages.child``) or none became free (``pages.busy``):
    neither says anything about the file.
    """
    if not _slots.acquire(timeout=SLOT_WAIT_SECONDS):
        raise Outage("pages.busy", f"no child became free in {SLOT_WAIT_SECONDS:.0f} s")
    try:
        head, body = _converse(job, pdf, limits, options or {})
    finally:
        _slots.release()
    if "refusal" in head:
        raise Refusal(str(head["refusal"]), **_facts(head))
    return head, body


def _converse(job: str, pdf: bytes, limits: Limits, options: Head) -> tuple[Head, bytes]:
    process = _start(job, limits)
    late = threading.Event()
    timer = threading.Timer(limits.wall_seconds, _end, (process, late))
    timer.start()
    try:
        return _exchange(process, pdf, limits, options)
    except frame.FrameError as error:
        raise Refusal("file.too_complex", reason=_cause(process, late)) from error
    finally:
        timer.cancel()
        process.kill()
        process.wait()


def _start(job: str, limits: Limits) -> subprocess.Popen[bytes]:
    # The child inherits no environment: nothing of the house's secrets is there to be leaked. One malloc arena keeps its
    # address space honest under RLIMIT_AS.
    arguments = [sys.executable, "-I", "-m", "tachiai.pages.chamber", job, str(limits.memory_bytes), str(limits.cpu_seconds)]
    try:
        return subprocess.Popen(  # noqa: S603 — the interpreter that runs us, and arguments of our own
            arguments,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={"LC_ALL": "C.UTF-8", "MALLOC_ARENA_MAX": "1"},
            cwd="/",
            start_new_session=True,
        )
    except OSError as error:
        raise Outage("pages.child", str(error)) from error


def _exchange(process: subprocess.Popen[bytes], pdf: bytes, limits: Limits, options: Head) -> tuple[Head, bytes]:
    stdin, stdout = process.stdin, process.stdout
    if stdin is None or stdout is None:
        raise Outage("pages.child", "the child has no pipes")
    with stdout:
        # A child that dies before its greeting has not seen the file: the fault is ours (installation, memory, limits).
        if stdout.read(len(GREETING)) != GREETING:
            stdin.close()
            raise Outage("pages.child", f"the child ended with status {process.wait()} before it took the file")
        writer = threading.Thread(target=_send, args=(stdin, frame.opening(options, body_length=len(pdf)), pdf))
        writer.start()
        try:
            return frame.read(stdout, max_body_bytes=limits.answer_bytes)
        finally:
            # A child that answered or died reads no more; killing it here frees a writer that waits on a full pipe.
            process.kill()
            writer.join()


def _send(stdin: IO[bytes], *parts: bytes) -> None:
    try:
        with stdin:
            for part in parts:
                stdin.write(part)
    except OSError:
        return  # the child is gone; the reader sees that as a frame cut short and says why


def _end(process: subprocess.Popen[bytes], late: threading.Event) -> None:
    late.set()
    process.kill()


def _cause(process: subprocess.Popen[bytes], late: threading.Event) -> str:
    status = process.wait()
    return "time" if late.is_set() or status == -signal.SIGXCPU else "crash"


def _facts(head: Head) -> Head:
    facts = head.get("facts")
    return {str(name): value for name, value in facts.items()} if isinstance(facts, dict) else {}
