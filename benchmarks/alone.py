"""One engine alone in a fresh process: how much memory it needs to seal or to judge, and how slow its slowest seal is.

``python -m benchmarks.alone memory|judging|slowest FOLDER ENGINE …``. The process tells its figures line by
line, so that whoever started it still has them should it have to be ended in the middle of a seal.
"""

from __future__ import annotations

import gc
import itertools
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from benchmarks.engines import DOCUMENTED, ENDESIVE, TUNED, Asked, contender, gathered
from benchmarks.responder import Served
from benchmarks.rounds import Absent, Here
from benchmarks.scene import CALMEST, Scene

ROOT = Path(__file__).resolve().parent.parent
_MEMORY_WITHIN_SECONDS = 60
_GRACE_SECONDS = 3
_CALM_SECONDS = 0.6


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
    return _told(_child("memory", scene, engine, level, size))


def judging_memory(scene: Scene, judge: str, path: Path, *, level: str, size: str, signatures: int) -> int:
    """The same for judging a finished file three times: ``fast``, ``deep`` or ``pyhanko``."""
    return _told(_child("judging", scene, judge, str(path), level, size, str(signatures)))


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


def find_calm(scene: Scene) -> None:
    """Settle on a token size at which asn1crypto does not stall, in favour of the peers that are built on it.

    It takes a length whose last octet is 0x80 for something else and encodes again and again, for seconds or minutes. Whether a
    peer meets that depends on the sizes of this run's certificates; :func:`slowest` shows it, the other figures should not.
    """
    scene.settle(_told(_child("calm", scene, "-")))


def _told(started: subprocess.Popen[str]) -> int:
    with started as process:
        try:
            told, problem = process.communicate(timeout=_MEMORY_WITHIN_SECONDS)
        except subprocess.TimeoutExpired as late:
            process.kill()
            raise Absent(f"not done within {_MEMORY_WITHIN_SECONDS} s") from late
    if process.returncode:
        raise Absent(problem.strip().rpartition("\n")[2][:200])
    return int(told)


def _child(verb: str, scene: Scene, engine: str, *more: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "benchmarks.alone", verb, str(scene.folder), engine, *more]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT)


# --------------------------------------------------------------------------------------------- within the process


def main(arguments: Sequence[str]) -> int:
    verb, folder, engine, *more = arguments
    scene = Scene(Path(folder))
    if verb == "memory":
        _use(scene, engine, level=more[0], size=more[1])
    elif verb == "judging":
        _judge(scene, engine, Path(more[0]), level=more[1], size=more[2], signatures=int(more[3]))
    elif verb == "calm":
        print(_calmest(scene))
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


def _judge(scene: Scene, judge: str, path: Path, *, level: str, size: str, signatures: int) -> None:
    if judge == "pyhanko":
        from benchmarks.peers.hanko_judging import Judge

        known, file = Judge(scene), path.read_bytes()
        for _ in range(3):
            trouble = known.archival(file) if level == "B-LTA" else known.stamped(file)
            assert not trouble, trouble
    else:
        from benchmarks import files
        from benchmarks.peers import gates

        file, expected = files.again(scene, path, level=level, size=size, signatures=signatures)
        act = gates.judged(gates.fast() if judge == "fast" else gates.deep(), lambda _number: file, expected, scene.roots)
        for number in range(3):
            act(number)
    print(_peak())


def _calmest(scene: Scene) -> int:
    """The length of serial numbers with which no act of any such peer took long."""
    signal.signal(signal.SIGPROF, _too_long)
    for octets in range(CALMEST, 7, -1):
        scene.settle(octets)
        with suppress(TimeoutError):
            _try_peers(scene)
            return octets
    raise RuntimeError("no token size suits the peers")


def _try_peers(scene: Scene) -> None:
    from benchmarks.peers import hanko

    responder, size = scene.responder(), "130 KB"
    asked = [(TUNED, "B-T"), (TUNED, "B-LTA"), (DOCUMENTED, "B-T"), (DOCUMENTED, "B-LTA"), (ENDESIVE, "B-T")]
    here = [gathered([engine], Asked(scene, level, size, responder))[0].values() for engine, level in asked]
    for one in (*itertools.chain.from_iterable(here), hanko.like_pkcs11(scene, scene.contract(size), responder)):
        # The peers' nonces differ by an octet, at random: several tries meet both sizes.
        for _ in range(2 if one.name == DOCUMENTED else 5):
            signal.setitimer(signal.ITIMER_PROF, _CALM_SECONDS)
            one.turn(1)
    signal.setitimer(signal.ITIMER_PROF, 0)


def _too_long(_number: int, _frame: object) -> None:
    raise TimeoutError


def _time(scene: Scene, engine: str, *, acts: int, seconds: float) -> None:
    began = time.monotonic()
    one = contender(engine, Asked(scene, "B-T", "130 KB", scene.responder(changing=True)))
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
