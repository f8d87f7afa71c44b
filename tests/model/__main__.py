"""``python -m model``: the product against the reference model, for as many steps as asked; 1 when they ever differed.

``--steps`` in all, shared by ``--processes``; ``--seed`` begins elsewhere; ``--only`` does the examples of one seed alone;
``--postgres`` does it all on a throw-away PostgreSQL.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from postgres import cluster, copy

HERE = Path(__file__).parent.parent
MEMORY = Path("/dev/shm")  # noqa: S108  # a scratch folder below it, where boxes are written by the hundred thousand


def main() -> int:
    options = _options()
    if options.part:
        return _do_part(options)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with contextlib.ExitStack() as stack:
        where = MEMORY if os.access(MEMORY, os.W_OK) else None
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tachiai-model-", dir=where)))
        number = 1 if options.only else options.processes
        server = stack.enter_context(cluster()) if options.postgres else ""
        started = [_start(options, part, number, scratch, server) for part in range(1, number + 1)]
        stack.callback(lambda: [process.kill() for process in started])
        codes = [process.wait() for process in started]
        return _tell(scratch, codes)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m model", description=__doc__)
    parser.add_argument("--steps", type=int, default=10_000, help="acts to be held side by side, in all")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1, help="the first seed")
    parser.add_argument("--only", type=int, default=0, help="the examples of this seed alone")
    parser.add_argument("--postgres", action="store_true", help="on PostgreSQL instead of SQLite")
    for hidden in ("--part", "--parts", "--scratch", "--server"):
        parser.add_argument(hidden, default="", help=argparse.SUPPRESS)
    return parser.parse_args()


def _start(options: argparse.Namespace, part: int, parts: int, scratch: Path, server: str) -> subprocess.Popen[bytes]:
    place = scratch / str(part)
    if server:
        copy(server, "template1", f"model_{part}")
    (place / "home").mkdir(parents=True)
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("TACHIAI_")},
        "TACHIAI_HOME": str(place / "home"),
        "TACHIAI_MODE": "demo",
        "TACHIAI_PUBLIC_URL": "http://127.0.0.1:8000",
        "DJANGO_SETTINGS_MODULE": "tachiai.config.settings",
        "PYTHONPATH": os.pathsep.join(filter(None, (str(HERE), os.environ.get("PYTHONPATH")))),
        "PYTHONWARNINGS": "ignore:No directory at",
        **({"TACHIAI_DATABASE_URL": f"{server}/model_{part}"} if server else {}),
    }
    told = {"steps": options.steps, "seed": options.seed, "only": options.only, "part": part, "parts": parts, "scratch": place}
    command = [sys.executable, "-m", "model", *(f"--{name}={value}" for name, value in (told | {"server": server}).items())]
    return subprocess.Popen(command, env=environment, cwd=HERE)


def _tell(scratch: Path, codes: list[int]) -> int:
    from model.outcomes import Outcome, table, together

    lines = [line for book in sorted(scratch.glob("*/results")) for line in book.read_text().splitlines()]
    whole = together([Outcome.read(line) for line in lines])
    for one in whole.divergences:
        print(f"\n{one}")
    print(table(whole))
    return 1 if any(codes) or whole.divergences or not whole.steps else 0


def _do_part(options: argparse.Namespace) -> int:
    """A house of one's own, and then one batch after the other."""
    from tachiai.cli.houses import establish

    house = establish()
    from cast import assemble
    from model import outcomes, runs
    from model.houses import Ground
    from tachiai import clock
    from torture.grounds import silence

    silence()
    ground = Ground(house.home, assemble(), server=options.server)
    clock.now = ground.clock.now
    part, parts = int(options.part), int(options.parts)
    if options.only:
        run = runs.run(ground, steps=1, first=options.only)
    else:
        run = runs.run(ground, steps=-(-options.steps // parts), first=options.seed + part - 1, stride=parts)
    for outcome in run:
        outcomes.append(Path(options.scratch) / "results", outcome)
    return 0


if __name__ == "__main__":
    sys.exit(main())
