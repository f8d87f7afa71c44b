"""The inside of a child: limits first, then a greeting, then one job on a stranger's bytes, then one framed answer; before it, where they
were asked for, some words of progress.

A child is forked by `tachiai.pages.nursery`, which has loaded the job's own module and nothing else of the sort: inspecting does not
carry an image encoder with it.
"""

from __future__ import annotations

import gc
import importlib
import mmap
import resource
import traceback
from collections.abc import Callable
from functools import partial
from typing import IO

from tachiai.errors import Refusal
from tachiai.pages import frame, progress
from tachiai.pages.confinement import confine_self
from tachiai.pages.frame import GREETING, Head

Job = Callable[[bytes, Head], tuple[Head, bytes]]

JOBS = {
    "inspect": ("tachiai.pages.forensics", "inspect_job"),
    "normalise": ("tachiai.pages.forensics", "normalise_job"),
    "plan": ("tachiai.pages.forensics", "plan_job"),
    "survey": ("tachiai.pages.forensics", "survey_job"),
    "render": ("tachiai.pages.raster", "render_job"),
    "render_page": ("tachiai.pages.raster", "render_page_job"),
    "seal_image": ("tachiai.pages.seal_pixels", "seal_image_job"),
    "returned_mail": ("tachiai.pages.returned_mail", "returned_mail_job"),
    # Only named here, never imported by the house's side: signatures are read by their own room, in the same kind of cell.
    "examine": ("tachiai.crypto.examination", "examine_job"),
    "evidence": ("tachiai.crypto.evidence_examination", "evidence_job"),
}
HEADROOM_BYTES = 32 * 1024 * 1024
MAX_INPUT_BYTES = 256 * 1024 * 1024
OPEN_FILES = 32  # modules and substitute fonts are opened late; sockets and floods of files are not wanted


def serve(job_name: str, *, memory_bytes: int, cpu_seconds: int) -> None:
    """Does one job with what comes on descriptor 0, and answers there. Only a whole frame is an answer."""
    limit_self(memory_bytes=memory_bytes, cpu_seconds=cpu_seconds)
    # What the nursery has loaded stays, and a parser's thousands of objects are looked through for cycles seldom: a fifth of the work.
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
    # The limit counts what the nursery has loaded. A child without room to work says so now, while it has not seen the file.
    mmap.mmap(-1, HEADROOM_BYTES).close()
    module, function = JOBS[job_name]
    job: Job = getattr(importlib.import_module(module), function)
    with open(0, "rb", closefd=False) as asked, open(0, "wb", closefd=False) as answer_to:
        answer_to.write(GREETING)
        answer_to.flush()
        options, pdf = frame.read(asked, max_body_bytes=MAX_INPUT_BYTES)
        if options.pop("progress", False):
            progress.be_heard(partial(_say, answer_to))
        head, body = _answer(job, pdf, options)
        answer_to.write(frame.opening(head, body_length=len(body)))
        answer_to.write(body)


def _say(answer_to: IO[bytes], word: Head) -> None:
    answer_to.write(frame.opening(word, body_length=0))
    answer_to.flush()


def limit_self(*, memory_bytes: int, cpu_seconds: int) -> None:
    """Gives up, for good, what the job does not need: memory, time, writing files, core dumps, new processes and threads, the network."""
    limits = {
        resource.RLIMIT_AS: memory_bytes,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NOFILE: OPEN_FILES,
        resource.RLIMIT_NPROC: 0,
    }
    for name, value in limits.items():
        resource.setrlimit(name, (value, value))
    # The soft limit ends the child by SIGXCPU, which tells the parent that it was time and not a crash.
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds + 1))
    confine_self()


def _answer(job: Job, pdf: bytes, options: Head) -> tuple[Head, bytes]:
    try:
        return job(pdf, options)
    except Refusal as refusal:
        return {"refusal": refusal.code, "facts": refusal.facts}, b""
    except (MemoryError, RecursionError):
        return {"refusal": "file.too_complex", "facts": {"reason": "memory"}}, b""
    except Exception as error:
        # Whatever a parser raises over a stranger's bytes, it is the file that could not be read.
        return {"refusal": "file.broken", "facts": {"cause": type(error).__name__, "where": _place(error)}}, b""


def _place(error: Exception) -> str:
    """File and line of ours where it happened, so that a fault of the house is not lost behind a fault of the file."""
    frames = [place for place in traceback.extract_tb(error.__traceback__) if "tachiai" in place.filename]
    return f"{frames[-1].filename.rpartition('/')[2]}:{frames[-1].lineno}" if frames else ""
