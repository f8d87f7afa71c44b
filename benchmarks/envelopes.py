"""Whole envelopes through HTTP against a house that really runs: ``python -m benchmarks.envelopes`` (``make bench-envelopes``).

Closed loop with 1, 4 and 8 users at once, mails by SMTP to a sink in this process, on SQLite and on a throw-away
PostgreSQL. Prints a table and, as its last line, everything as JSON. Ends with 1 if an envelope failed, a download did not
verify, the house complained, or the time ran out.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.browser import Upload
from benchmarks.figures import table, told_level
from benchmarks.houses import House
from benchmarks.load import Level, Meters, run_level
from benchmarks.mails import Mails
from benchmarks.postgres import NoPostgres, Postgres
from benchmarks.walk import User

LEVELS = "1:12,4:24,8:40"
QUICK_LEVELS = "1:4,4:8,8:16"
IDLE_SECONDS = 3.0


def main(arguments: Sequence[str] | None = None) -> int:
    options = _options(arguments)
    # Ended from outside, the house and the cluster are stopped and thrown away all the same.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    contract = _contract()
    found: dict[str, Any] = {}
    skipped: dict[str, str] = {}
    for database in options.databases.split(","):
        try:
            found[database] = measure(database, contract, options)
        except NoPostgres as problem:
            skipped[database] = str(problem)
            _say(f"PostgreSQL NOT MEASURED: {problem}")
    print()
    print(f"contract: {contract.name}, {len(contract.content):,} bytes; users at once: {options.levels}; workers: {options.workers}")
    print(table(found) if found else "nothing was measured")
    wrong = [words for one in found.values() for words in one["problems"]]
    for words in wrong:
        print(f"PROBLEM: {words}")
    whole = {"benchmark": "envelopes", **_circumstances(options), "databases": found, "not_measured": skipped}
    print(json.dumps(whole, ensure_ascii=False))
    return 1 if wrong or not found else 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    quick = os.environ.get("QUICK", "") not in ("", "0")
    parser = argparse.ArgumentParser(prog="benchmarks.envelopes", description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--databases", default="sqlite,postgresql", help="which, separated by commas")
    parser.add_argument("--levels", default=QUICK_LEVELS if quick else LEVELS, help="users:envelopes, separated by commas")
    parser.add_argument("--workers", type=int, default=1, help="work processes of the house")
    parser.add_argument("--limit", type=float, default=120.0 if quick else 300.0, help="seconds per database after which none is begun")
    parser.add_argument("--keep", action="store_true", help="leave the houses' folders for looking at")
    return parser.parse_args(arguments)


def _contract() -> Upload:
    """A sample of the house's own: a Japanese service contract, printed as PDF/A."""
    from tachiai.pages.samples import samples

    sample = samples()[0]
    return Upload(sample.file_name, sample.pdf)


def measure(database: str, contract: Upload, options: argparse.Namespace) -> dict[str, Any]:
    """One house on one database, all levels. Raises ``NoPostgres`` when there is none to run it on."""
    if database == "postgresql":
        with Postgres() as postgres:
            _say(f"PostgreSQL {postgres.version()}")
            return _measure(database, contract, options, postgres)
    return _measure(database, contract, options, None)


def _measure(database: str, contract: Upload, options: argparse.Namespace, postgres: Postgres | None) -> dict[str, Any]:
    with Mails() as mails:
        _say(f"{database}: making a house")
        house = House(smtp_url=mails.url, database_url=postgres.url if postgres else "", workers=options.workers)
        try:
            empty = _stored(house, postgres)
            with house:
                time.sleep(IDLE_SECONDS)
                meters = Meters(house, postgres)
                idle = house.resident() + meters.database_resident()
                levels, warmed = _levels(house, meters, mails, contract, options)
            full = _stored(house, postgres)
            told = house.told()
            problems = _problems(house, levels)
            return {
                "resident_idle": idle,
                "disk_per_envelope": (sum(full.values()) - sum(empty.values())) // max(1, warmed + sum(len(one.walked) for one in levels)),
                "disk": {name: full[name] - empty[name] for name in full},
                "mails": mails.count,
                "postgresql": postgres.version() if postgres else None,
                "levels": [told_level(level, told) for level in levels],
                "problems": problems,
            }
        finally:
            if options.keep:
                _say(f"left for looking at: {house.home}")
            else:
                house.demolish()


def _levels(house: House, meters: Meters, mails: Mails, contract: Upload, options: argparse.Namespace) -> tuple[list[Level], int]:
    """Every level, after a first envelope of each user's that is not counted; and how many those were."""
    wanted = [(int(users), int(envelopes)) for users, _, envelopes in (one.partition(":") for one in options.levels.split(","))]
    users = [User(house.base, house.people, mails) for _ in range(max(users for users, _ in wanted))]
    until = time.monotonic() + options.limit
    try:
        warm = run_level(users, meters, contract, envelopes=len(users), name="W", until=until)
        levels = [warm] if warm.errors else []
        for number, (count, envelopes) in enumerate(wanted if not warm.errors else []):
            level = run_level(users[:count], meters, contract, envelopes=envelopes, name=f"L{number}", until=until)
            levels.append(level)
            _say(f"  {count} at once: {len(level.walked)} envelopes in {level.seconds:.1f} s, {len(level.errors)} errors")
    finally:
        for user in users:
            user.close()
    return levels, len(warm.walked)


def _stored(house: House, postgres: Postgres | None) -> dict[str, int]:
    """Bytes on disk, by place; taken while the house is not running, so that SQLite has folded its log in."""
    stored = house.stored()
    return {"vault": stored["vault"], "database": postgres.size() if postgres else stored["sqlite"]}


def _problems(house: House, levels: Sequence[Level]) -> list[str]:
    """Everything that makes the figures worthless: errors, unfinished levels, complaints, a download that does not verify."""
    problems = [error for level in levels for error in level.errors]
    problems += [f"{level.users} at once: the time ran out after {len(level.walked)} envelopes" for level in levels if level.cut_short]
    problems += [f"the house said: {line[:300]}" for line in house.complaints()]
    for level in levels:
        if level.walked and not (verdict := _verdict(house, level.walked[-1].pdf)).endswith(": VALID"):
            problems.append(f"a download of {level.users} at once is not valid: {verdict}")
    return problems


def _verdict(house: House, pdf: bytes) -> str:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "concluded.pdf"
        file.write_bytes(pdf)
        return house.verify(file)


def _circumstances(options: argparse.Namespace) -> dict[str, Any]:
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "cores": os.cpu_count(),
        "processor": _processor(),
        "python": platform.python_version(),
        "load_average": [round(one, 2) for one in os.getloadavg()],
        "workers": options.workers,
    }


def _processor() -> str:
    known = Path("/proc/cpuinfo")
    lines = known.read_text().splitlines() if known.exists() else []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def _say(words: str) -> None:
    print(f"[{datetime.now(UTC):%H:%M:%S}] {words}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
