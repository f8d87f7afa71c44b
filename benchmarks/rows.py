"""Row to row: how many seals a second one worker makes while the timestamp authority is 100 ms away (``make bench-rows``).

Consents wait in a house of their own; then ``tachiai work --only seal`` is started, and from outside it is measured how long it takes
from the first row that is taken up to the last that is done: claim, decryption, signature, timestamp, release gate, encryption, fsync,
ledger, invitations and mails written. On SQLite and on a throw-away PostgreSQL. The authority is a process of its own that takes its
share of the same machine. Prints a table and, as its last line, everything as JSON. Ends with 1 when an invariant does not hold.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import psycopg

from benchmarks import processes
from benchmarks.circumstances import circumstances
from benchmarks.postgres import NoPostgres, Postgres
from benchmarks.tsa import DelayedTsa

ROOT = Path(__file__).resolve().parent.parent
WAITING = "SELECT count(*) FROM envelopes_sealtask WHERE state = 'waiting'"
UNTOUCHED = "SELECT count(*) FROM envelopes_sealtask WHERE attempt = 0"
LOOK_SECONDS = 0.02
LIMIT_SECONDS = 300.0

Count = Callable[[str], int]


class Wrong(Exception):
    """The measurement is worthless; the message says why."""


def main(arguments: Sequence[str] | None = None) -> int:
    options = _options(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    found: dict[str, Any] = {}
    skipped: dict[str, str] = {}
    for database in options.databases.split(","):
        try:
            found[database] = measure(database, options)
        except NoPostgres as problem:
            skipped[database] = str(problem)
            _say(f"PostgreSQL NOT MEASURED: {problem}")
        except Wrong as problem:
            found[database] = {"wrong": str(problem)}
            _say(f"WRONG: {problem}")
    for database, figures in found.items():
        print("  ".join([database, *(f"{name}: {value}" for name, value in figures.items())]))
    print(
        json.dumps(
            {
                "benchmark": "rows",
                **circumstances(),
                "delay": options.delay,
                "rsa": options.rsa,
                "databases": found,
                "not_measured": skipped,
            }
        )
    )
    return 1 if not found or any("wrong" in figures for figures in found.values()) else 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    quick = os.environ.get("QUICK", "") not in ("", "0")
    parser = argparse.ArgumentParser(prog="benchmarks.rows", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--databases", default="sqlite,postgresql", help="which, separated by commas")
    parser.add_argument("--consents", type=int, default=400 if quick else 2000, help="how many wait")
    parser.add_argument("--delay", type=float, default=0.1, help="seconds to the timestamp authority and back")
    parser.add_argument("--rsa", type=int, default=2048, help="bits of the seal's and the authority's keys")
    parser.add_argument("--everything", action="store_true", help="let the worker do its other kinds of work beside it")
    parser.add_argument("--keep", action="store_true", help="leave the house's folder for looking at")
    return parser.parse_args(arguments)


def measure(database: str, options: argparse.Namespace) -> dict[str, Any]:
    """One house on one database. Raises ``NoPostgres`` when there is none to run it on, and ``Wrong``."""
    home = Path(tempfile.mkdtemp(prefix="tachiai-rows-"))
    try:
        if database == "postgresql":
            with Postgres() as postgres:
                return _measure(home, options, postgres)
        return _measure(home, options, None)
    finally:
        if options.keep:
            _say(f"left for looking at: {home}")
        else:
            shutil.rmtree(home, ignore_errors=True)


def _measure(home: Path, options: argparse.Namespace, postgres: Postgres | None) -> dict[str, Any]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TACHIAI_")}
    environment |= {"TACHIAI_HOME": str(home), "TACHIAI_MODE": "demo", "TACHIAI_MAILBOX": "yes"}
    if postgres:
        environment["TACHIAI_DATABASE_URL"] = postgres.url
    filled = _inside(environment, "fill", str(options.consents), str(options.rsa))
    _say(f"{options.consents} consents wait; each file has {filled['bytes']:,} bytes")
    with DelayedTsa(home / "keys" / "authority", delay=options.delay) as authority:
        worked = _work(environment | authority.environment, _counter(home, postgres), options)
        stamping = authority.cpu()
    checked = _inside(environment, "check")
    return {
        "seals_per_second": round(options.consents / worked.pop("seconds"), 1),
        **worked,
        "tsa_cpu_ms_per_seal": round(stamping / options.consents * 1000, 2),
        "file_bytes": filled["bytes"],
        "checked": checked,
    }


def _work(environment: dict[str, str], count: Count, options: argparse.Namespace) -> dict[str, Any]:
    """The worker as an operator starts it, from the first row taken up to the last one done."""
    command = [sys.executable, "-m", "tachiai.cli.main", "work", *([] if options.everything else ["--only", "seal"])]
    with tempfile.TemporaryFile() as log:
        worker = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
        try:
            _until(lambda: count(UNTOUCHED) < options.consents, worker, pause=LOOK_SECONDS / 4)
            began, before = time.monotonic(), processes.cpu(worker.pid).total
            _until(lambda: count(WAITING) == 0, worker, pause=LOOK_SECONDS)
            seconds = time.monotonic() - began
            cpu, resident = processes.cpu(worker.pid).total - before, processes.resident(worker.pid)
        finally:
            worker.terminate()
            worker.wait(30)
        log.seek(0)
        said = log.read().decode(errors="replace")
    complaints = [line for line in said.splitlines() if '"error"' in line or '"warning"' in line]
    if complaints:
        raise Wrong(f"the worker complained {len(complaints)} times: {complaints[0][:500]}")
    return {
        "seconds": seconds,
        "worker_cpu_ms_per_seal": round(cpu / options.consents * 1000, 2),
        "worker_resident_mb": round(resident / 1e6),
    }


def _until(holds: Callable[[], bool], worker: subprocess.Popen[bytes], *, pause: float) -> None:
    deadline = time.monotonic() + LIMIT_SECONDS
    while not holds():
        if worker.poll() is not None or time.monotonic() > deadline:
            raise Wrong(f"the worker ended ({worker.returncode}) or took longer than {LIMIT_SECONDS:g} s")
        time.sleep(pause)


def _counter(home: Path, postgres: Postgres | None) -> Count:
    """Counts rows from outside; on SQLite a reader never holds up the writer."""
    if postgres:
        connection = psycopg.connect(postgres.url, autocommit=True)
        return lambda statement: int((connection.execute(statement).fetchone() or (0,))[0])
    database = sqlite3.connect(f"file:{home / 'tachiai.sqlite3'}?mode=ro", uri=True, isolation_level=None)
    return lambda statement: int(database.execute(statement).fetchone()[0])


def _inside(environment: dict[str, str], *arguments: str) -> Any:
    command = [sys.executable, "-m", "benchmarks.waiting", *arguments]
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=ROOT, env=environment)
    if done.returncode:
        raise Wrong(f"{arguments[0]}: {done.stderr[-3000:]}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def _say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
