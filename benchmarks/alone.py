"""One engine alone in a fresh process: how much memory it needs, and how slow its slowest seal is.

``python -m benchmarks.alone memory|slowest FOLDER ENGINE …``. The process tells its figures line by line, so that whoever started it
still has them should it have to be ended in the middle of a seal.
"""

from __future__ import annotations

import gc
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.engines import Asked, contender
from benchmarks.responder import Served, varied
from benchmarks.rounds import Absent, Here
from benchmarks.scene import Scene

ROOT = Path(__file__).resolve().parent.parent
_MEMORY_WITHIN_SECONDS = 60
_GRACE_SECONDS = 3


@dataclass(frozen=True)
class Slowest:
    """CPU seconds of single seals. ``unfinished``: how long the last one had been running when it was ended, on the wall."""

    acts: int
    median: float
    longest: float
    over_ten_medians: int
    unfinished: float

    @property
    def ratio(self) -> float:
        return max(self.longest, self.unfinished) / self.median


def memory(scene: Scene, engine: str, *, level: str, size: str) -> int:
    """The highest resident memory (bytes) of a fresh process in which ``engine`` makes three documents."""
    with _child("memory", scene, engine, level, size) as process:
        try:
            told, problem = process.communicate(timeout=_MEMORY_WITHIN_SECONDS)
        except subprocess.TimeoutExpired as late:
            process.kill()
            raise Absent(f"not done within {_MEMORY_WITHIN_SECONDS} s") from late
    if process.returncode:
        raise Absent(problem.strip().rpartition("\n")[2][:200])
    return int(told)


def slowest(scene: Scene, engine: str, *, acts: int, seconds: float) -> Slowest:
    """``acts`` seals (B-T, 130 KB) with tokens of varying size, or as many as were done within ``seconds``."""
    with _child("slowest", scene, engine, str(acts), str(seconds)) as process:
        ended = False
        try:
            told, problem = process.communicate(timeout=seconds + _GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            # A seal is still going on; what was told until now, and that, is the result.
            process.kill()
            ended = True
            told, problem = process.communicate()
    began, *spent = [float(line) for line in told.splitlines()] or [0.0]
    if len(spent) < 2 or (process.returncode and not ended):
        raise Absent(problem.strip().rpartition("\n")[2][:200] or "not even two seals in the time given")
    cut_off = max(0.0, seconds + _GRACE_SECONDS - (began + sum(spent))) if ended else 0.0
    middle = statistics.median(spent)
    return Slowest(len(spent), middle, max(spent), sum(one > 10 * middle for one in spent), cut_off)


def _child(verb: str, scene: Scene, engine: str, *more: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "benchmarks.alone", verb, str(scene.folder), engine, *more]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT)


# --------------------------------------------------------------------------------------------- within the process


def main(arguments: Sequence[str]) -> int:
    verb, folder, engine, *more = arguments
    scene = Scene(Path(folder))
    if verb == "memory":
        _use(scene, engine, level=more[0], size=more[1])
    else:
        _time(scene, engine, acts=int(more[0]), seconds=float(more[1]))
    return 0


def _use(scene: Scene, engine: str, *, level: str, size: str) -> None:
    responder = scene.responder()
    with Served(responder) as served:
        one = contender(engine, Asked(scene, level, size, responder, served.url))
        for _ in range(3):
            one.turn(1)
    print(getattr(one, "peak", 0) or _peak())
    stop = getattr(one, "stop", None)
    if stop is not None:
        stop()


def _time(scene: Scene, engine: str, *, acts: int, seconds: float) -> None:
    began = time.monotonic()
    one = contender(engine, Asked(scene, "B-T", "130 KB", scene.responder(varied)))
    if not isinstance(one, Here):
        raise Absent("is not timed seal by seal")
    one.turn(5)
    # What the imports left behind would be looked through again and again, in seals that have nothing to do with it.
    gc.collect()
    gc.freeze()
    print(time.monotonic() - began, flush=True)
    for spent in one.each(acts, until=began + seconds):
        print(spent, flush=True)


def _peak() -> int:
    """The highest resident memory of this very program. (What ``getrusage`` tells includes the parent's before the start.)"""
    status = Path("/proc/self/status").read_text()
    return 1024 * next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:"))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
