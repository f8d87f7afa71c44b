"""Sealing, engine beside engine in one run: ``python -m benchmarks.sealing`` (``make bench-seal``).

Ours against the limit of the machine (one raw signature with the same key and SHA-256 of the file) and against the peers, by CPU
time, in turn. Prints tables, leaves samples of the measured files, and as its last line prints the figures as JSON. ``QUICK=1`` ends
within about a minute and a half on an idle machine. Ends with 1 when an output of ours
does not stand before pyHanko or a section failed.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks import alone, specimens
from benchmarks.circumstances import circumstances, results, say, write
from benchmarks.engines import PEERS
from benchmarks.sections import SEALS, Run, sections
from benchmarks.setting_up import set_up


def main(arguments: Sequence[str] | None = None) -> int:
    options = _options(arguments)
    with tempfile.TemporaryDirectory(prefix="tachiai-bench-") as folder:
        say("making keys and contracts")
        run = Run(set_up(Path(folder)), options, time.monotonic() + options.limit)
        if run.peers:
            alone.find_calm(run.scene)
        for title, measure in sections(options):
            run.section(title, measure)
        samples = results()
        specimens.leave(run.scene, run.specimens, samples)
    for words in run.problems:
        print(f"PROBLEM: {words}")
    whole = {
        "benchmark": "sealing",
        **run.headline,
        "samples": str(samples),
        "problems": run.problems,
        **circumstances(),
        **run.found,
    }
    write(whole, "sealing.json")
    print(json.dumps(whole, ensure_ascii=False))
    return 1 if run.problems else 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    quick = os.environ.get("QUICK", "") not in ("", "0")
    parser = argparse.ArgumentParser(prog="benchmarks.sealing", description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--quick", action="store_true", default=quick, help="130 KB only, fewer rounds (QUICK=1)")
    parser.add_argument("--peers", default=",".join(PEERS), help="which, separated by commas; may be empty")
    parser.add_argument("--rounds", type=int, default=5 if quick else 9)
    parser.add_argument("--seconds", type=float, default=0.12 if quick else 0.5, help="CPU seconds of each engine in each round")
    parser.add_argument("--limit", type=float, default=62.0 if quick else 900.0, help="seconds after which nothing new is begun")
    parser.add_argument("--seals", type=int, default=SEALS, help="how many seals are timed one by one")
    parser.add_argument("--patience", type=float, default=5.0 if quick else 45.0, help="seconds a peer is given for them")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
