"""``python -m torture``: kills, races and faults, on SQLite and PostgreSQL; a table at the end, and 1 when anything did not hold.

``--quick`` takes a handful of each kind on SQLite; ``--case NAME`` repeats one; ``--minutes`` ends in time, whatever is left.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

SCRATCH = Path(tempfile.gettempdir())
HERE = Path(__file__).parent.parent


def main() -> int:
    options = _options()
    if options.part:
        return _do_part(options)
    began = time.monotonic()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # whatever was started is ended on the way out
    with contextlib.ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tachiai-torture-")))
        server = stack.enter_context(_server()) if "postgresql" in options.backends else ""
        objects = stack.enter_context(_objects()) if _needs_objects(options) else ""
        share = max(1, options.processes // len(options.backends))
        parts = [(backend, part) for backend in options.backends for part in range(1, share + 1)]
        started = [_start(options, backend, part, share, scratch, (server, objects)) for backend, part in parts]
        stack.callback(lambda: [process.kill() for process in started])
        codes = [process.wait() for process in started]
        results = _results(scratch)
    from torture.results import table

    for result in results:
        if result.trouble:
            print(f"\n{result.name}\n{result.trouble}\n  again: python -m torture --case '{result.name}'")
    print(table(results, seconds=time.monotonic() - began))
    return 1 if any(codes) or not results or any(result.trouble for result in results) else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m torture", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a handful of every kind, on SQLite")
    parser.add_argument("--minutes", type=float, default=20.0, help="begin no case after this")
    parser.add_argument("--case", default="", help="repeat one case by its name, or several with commas between")
    parser.add_argument("--only", default="", help="only cases whose name contains this")
    parser.add_argument("--backend", choices=("sqlite", "postgresql"), action="append", dest="backends")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1, help="the order of the cases")
    for hidden in ("--part", "--scratch", "--server", "--objects", "--parts"):
        parser.add_argument(hidden, default="", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.case:
        options.backends = [options.case.split("/")[1]]
        options.processes = 1
    if not options.backends:
        options.backends = ["sqlite"] if options.quick else ["sqlite", "postgresql"]
    return options


@contextlib.contextmanager
def _server() -> Iterator[str]:
    import postgres

    with postgres.cluster() as server:
        yield server


def _needs_objects(options: argparse.Namespace) -> bool:
    return "@s3" in options.case if options.case else not options.quick


@contextlib.contextmanager
def _objects() -> Iterator[str]:
    import object_server

    with object_server.object_server() as server:
        yield server.endpoint


def _start(
    options: argparse.Namespace, backend: str, part: int, parts: int, scratch: Path, servers: tuple[str, str]
) -> subprocess.Popen[bytes]:
    """One process that leads: a backend is chosen when Django starts."""
    (server, objects), place = servers, scratch / f"{backend}-{part}"
    (place / "home").mkdir(parents=True)
    url = f"{server}/template1" if backend == "postgresql" else ""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("TACHIAI_")},
        "TACHIAI_HOME": str(place / "home"),
        "TACHIAI_MODE": "demo",
        "TACHIAI_PUBLIC_URL": "http://127.0.0.1:8000",
        "DJANGO_SETTINGS_MODULE": "tachiai.config.settings",
        "PYTHONPATH": os.pathsep.join(filter(None, (str(HERE), os.environ.get("PYTHONPATH")))),
        "PYTHONWARNINGS": "ignore:No directory at",
        **({"TACHIAI_DATABASE_URL": url} if url else {}),
    }
    told = [
        "--part",
        str(part),
        "--parts",
        str(parts),
        "--scratch",
        str(place),
        "--minutes",
        str(options.minutes),
        "--seed",
        str(options.seed),
    ]
    more = [*(["--quick"] if options.quick else []), *(["--case", options.case] if options.case else []), "--only", options.only]
    command = [sys.executable, "-m", "torture", *told, *more, "--server", server if url else "", "--objects", objects]
    return subprocess.Popen(command, env=environment, cwd=HERE)


def _results(scratch: Path) -> list:  # type: ignore[type-arg]  # of results, which only a part has loaded
    from torture.results import Result

    lines = (line for book in scratch.glob("*/results") for line in book.read_text().splitlines())
    return [Result.read(line) for line in lines]


def _do_part(options: argparse.Namespace) -> int:
    """Prepare the houses, and then one case after the other until none is left or the time is over."""
    began = time.monotonic()
    import django

    from tachiai.cli.houses import make_secrets
    from tachiai.house import read

    make_secrets(read())
    django.setup()
    from torture import cases
    from torture.grounds import Grounds, load, silence
    from torture.results import Result

    silence()
    load()
    grounds = Grounds(Path(options.scratch), options.server, options.objects)
    cases.prepare(grounds)
    names = options.case.split(",") if options.case else cases.names(grounds, quick=options.quick, only=options.only)
    if not options.quick:
        random.Random(options.seed).shuffle(names)  # noqa: S311  # repeatable, not secret
    mine = names[int(options.part) - 1 :: int(options.parts)]
    with (grounds.scratch / "results").open("a") as book:
        for name in mine:
            if time.monotonic() - began > options.minutes * 60:
                break
            started = time.monotonic()
            trouble, facts = cases.do(grounds, name)
            book.write(Result(name, time.monotonic() - started, trouble, facts).line() + "\n")
            book.flush()
    shutil.rmtree(grounds.scratch / "home", ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
