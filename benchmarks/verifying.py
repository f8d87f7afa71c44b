"""Verifying finished files: ``python -m benchmarks.verifying`` (``make bench-verify``).

Files of our own at B-T and B-LTA, with one signature and with five, 130 KB and 10 MB: the release gate and the deep verifier in
turn with pyHanko (``validate_pdf_signature`` at B-T, ``ades_lta_validation`` at B-LTA, every signature of the file); ``pdfsig`` as a
process beside, which checks less. Prints a table and, as its last line, everything as JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks import acts, alone, files, rounds
from benchmarks.circumstances import circumstances, say, write
from benchmarks.files import Finished
from benchmarks.peers import gates, ours
from benchmarks.peers.as_published import Published
from benchmarks.peers.hanko_judging import Judge
from benchmarks.rounds import Absent, Contender, Here
from benchmarks.scene import Scene
from benchmarks.setting_up import set_up
from benchmarks.tables import table

OURS, DEEP, HANKO, PDFSIG = "release gate", "deep verifier", "pyHanko", "pdfsig (a process; checks less)"
EVERY = tuple((level, size, count) for size in ("130 KB", "10 MB") for level in ("B-T", "B-LTA") for count in (1, 5))
QUICK = (("B-T", "130 KB", 1), ("B-LTA", "130 KB", 1))


class Pdfsig:
    """Poppler's ``pdfsig``, started anew for each file; its start is counted, so it is shown and not compared."""

    name = PDFSIG

    def __init__(self, file: Path) -> None:
        self._command = ["pdfsig", "-nocert", str(file)]
        if shutil.which("pdfsig") is None:
            raise Absent("pdfsig is not installed")

    def turn(self, acts: int) -> rounds.Turn:
        before = _children()
        for _ in range(acts):
            subprocess.run(self._command, capture_output=True, check=False)
        return rounds.Turn(acts, _children() - before)


def measure(scene: Scene, *, cases: Sequence[tuple[str, str, int]], rounds_each: int, seconds: float, until: float) -> dict[str, Any]:
    """All verifiers on each case: level, size, number of signatures. None is begun after ``until`` (``time.monotonic``)."""
    desk = ours.desk(scene, scene.sealer().credential, scene.responder())
    judge = Judge(scene)
    found: dict[str, Any] = {"cases": {}, "not_measured": {}}
    for level, size, count in cases:
        if time.monotonic() > until:
            found["not_measured"][f"{level}, {size}, {count}"] = "the time ran out"
            continue
        rate = acts.GATE_RATE if size == "130 KB" else acts.GATE_RATE // 10
        many = max(4, int(rounds_each * seconds * rate / count))
        file = files.make(scene, desk, level=level, size=size, signatures=count, many=many)
        found["cases"][file.title] = _case(scene, judge, file, rounds_each, seconds)
        say(f"verified {file.title}")
    return found


def _case(scene: Scene, judge: Judge, file: Finished, rounds_each: int, seconds: float) -> dict[str, Any]:
    here, absent = _contenders(scene, judge, file)
    figures = rounds.run(here, rounds=rounds_each, seconds=seconds)
    names = [one.name for one in here]
    return {
        "per_cpu_second": {name: round(figures.rate(name), 2) for name in names},
        "times_pyhanko": {name: round(figures.ratio(name, HANKO), 2) for name in names if name in (OURS, DEEP)},
        "absent": absent,
    }


def memory(scene: Scene) -> dict[str, Any]:
    """Megabytes that each judge needs at its peak for a file of 10 MB, in a fresh process; or why there is no figure."""
    desk = ours.desk(scene, scene.sealer().credential, scene.responder())
    found: dict[str, Any] = {}
    for level in ("B-T", "B-LTA"):
        path = files.kept(scene, files.make(scene, desk, level=level, size="10 MB", signatures=1))
        for judge, name in (("fast", OURS), ("deep", DEEP), ("pyhanko", HANKO)):
            try:
                octets = alone.judging_memory(scene, judge, path, level=level, size="10 MB", signatures=1)
                found.setdefault(level, {})[name] = round(octets / 1e6, 1)
            except Absent as why:
                found.setdefault(level, {})[name] = f"absent: {why}"
    return found


def _contenders(scene: Scene, judge: Judge, file: Finished) -> tuple[list[Contender], dict[str, str]]:
    judging = judge.archival if file.level == "B-LTA" else judge.stamped
    here: list[Contender] = [Published(HANKO, lambda number: _sound(judging(file.file(number))))]
    absent: dict[str, str] = {}
    makers: dict[str, Callable[[], Contender]] = {
        OURS: lambda: Here(OURS, gates.judged(gates.fast(), file.file, file.expected, scene.roots)),
        DEEP: lambda: Here(DEEP, gates.judged(gates.deep(), file.file, file.expected, scene.roots)),
        PDFSIG: lambda: Pdfsig(files.kept(scene, file)),
    }
    for name, make in makers.items():
        try:
            here.append(make())
        except Absent as why:
            absent[name] = str(why)
    return here, absent


def _sound(trouble: str) -> bytes:
    """A file that does not pass must never count as a fast verification."""
    if trouble:
        raise AssertionError(trouble)
    return b""


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def headline(found: dict[str, Any]) -> dict[str, Any]:
    """``verify_bt_x_pyhanko`` and ``verify_blta_x_pyhanko``, of one signature in 130 KB, and whose they are."""
    told: dict[str, Any] = {}
    for key, title in (("verify_bt_x_pyhanko", "B-T, 130 KB, 1 signature"), ("verify_blta_x_pyhanko", "B-LTA, 130 KB, 1 signature")):
        times = found["cases"].get(title, {}).get("times_pyhanko", {})
        if times:
            told["verified_by"] = OURS if OURS in times else DEEP
            told[key] = times[told["verified_by"]]
    return told


def shown(found: dict[str, Any]) -> str:
    rows: list[list[str]] = []
    for title, case in found["cases"].items():
        rows.append([title, "", ""])
        for name, rate in sorted(case["per_cpu_second"].items(), key=lambda item: -item[1]):
            times = case["times_pyhanko"].get(name)
            rows.append([f"  {name}", f"{rate:,.1f}", f"{times:,.1f}" if times else ""])
        rows += [[f"  {name}: absent: {why}", "", ""] for name, why in case["absent"].items()]
    rows += [[f"{title}: not measured: {why}", "", ""] for title, why in found["not_measured"].items()]
    return table("Verification: documents per CPU second", ("", "per CPU s", "× pyHanko"), rows)


def memory_shown(found: dict[str, Any]) -> str:
    judges = list(dict.fromkeys(name for level in found.values() for name in level))
    rows = [[name, *(str(found[level].get(name, "–")) for level in found)] for name in judges]
    return table("Verification: peak memory for 10 MB, in MB (fresh process)", ("", *found), rows)


def main(arguments: Sequence[str] | None = None) -> int:
    options = _options(arguments)
    until = time.monotonic() + options.limit
    with tempfile.TemporaryDirectory(prefix="tachiai-bench-") as folder:
        scene = set_up(Path(folder))
        cases = QUICK if options.quick else EVERY
        found = measure(scene, cases=cases, rounds_each=options.rounds, seconds=options.seconds, until=until)
        remembered = {} if options.quick else memory(scene)
    print(shown(found))
    if remembered:
        print(memory_shown(remembered))
    whole = {"benchmark": "verifying", **headline(found), **circumstances(), **found, "memory_mb": remembered}
    write(whole, "verifying.json")
    print(json.dumps(whole, ensure_ascii=False))
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    quick = os.environ.get("QUICK", "") not in ("", "0")
    parser = argparse.ArgumentParser(prog="benchmarks.verifying", description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--quick", action="store_true", default=quick, help="130 KB and one signature only (QUICK=1)")
    parser.add_argument("--rounds", type=int, default=3 if quick else 5)
    parser.add_argument("--seconds", type=float, default=0.2 if quick else 0.5, help="CPU seconds of each engine in each round")
    parser.add_argument("--limit", type=float, default=60.0 if quick else 300.0, help="seconds after which no case is begun")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
