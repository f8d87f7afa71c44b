"""The inside of a child: limits first, then a greeting, then one job on a stranger's bytes, then one framed answer.

Started by `tachiai.pages.child` as ``python -I -m tachiai.pages.chamber <job> <memory bytes> <cpu seconds>``. Only the job's own
module is imported, so that inspecting does not pay for an image encoder.
"""

from __future__ import annotations

import importlib
import os
import resource
import sys
import traceback
from collections.abc import Callable
from typing import IO

from tachiai.errors import Refusal
from tachiai.pages import frame
from tachiai.pages.frame import GREETING, Head

Job = Callable[[bytes, Head], tuple[Head, bytes]]

JOBS = {
    "inspect": ("tachiai.pages.forensics", "inspect_job"),
    "normalise": ("tachiai.pages.forensics", "normalise_job"),
    "render": ("tachiai.pages.raster", "render_job"),
    "render_page": ("tachiai.pages.raster", "render_page_job"),
    # Only named here, never imported by the house's side: signatures are read by their own room, in the same kind of cell.
    "examine": ("tachiai.crypto.examination", "examine_job"),
    "rehearse": ("tachiai.crypto.rehearsal", "rehearse_job"),
}
MAX_INPUT_BYTES = 256 * 1024 * 1024
OPEN_FILES = 32  # modules and substitute fonts are opened late; sockets and floods of files are not wanted


def main(arguments: list[str]) -> int:
    """Does one job and ends. Its status says nothing; only a whole frame on stdout is an answer."""
    job_name, memory_bytes, cpu_seconds = arguments
    limit_self(memory_bytes=int(memory_bytes), cpu_seconds=int(cpu_seconds))
    answer_to = _claim_stdout()
    module, function = JOBS[job_name]
    job: Job = getattr(importlib.import_module(module), function)
    answer_to.write(GREETING)
    answer_to.flush()
    options, pdf = frame.read(sys.stdin.buffer, max_body_bytes=MAX_INPUT_BYTES)
    head, body = _answer(job, pdf, options)
    answer_to.write(frame.opening(head, body_length=len(body)))
    answer_to.write(body)
    answer_to.flush()
    # PDFium's and qpdf's tear-down of a damaged document is the last place to crash, and nobody waits for it.
    os._exit(0)


def limit_self(*, memory_bytes: int, cpu_seconds: int) -> None:
    """Gives up, for good, what the job does not need: memory, time, writing files, core dumps, new processes and threads."""
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


def _claim_stdout() -> IO[bytes]:
    # A library that prints would break the frame: descriptor 1 is moved away and replaced before any is loaded.
    private = os.dup(1)
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.close(null)
    return os.fdopen(private, "wb")


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


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
