"""The log: what giving places to a million entries costs in time and memory, and what appending costs with the tree and without.

``python -m benchmarks.ledger [--entries 20000 | --million | --signing] [--database URL]``; ``--signing`` measures consents and seals
instead, with the sequencer running and without. A house in a temporary folder; CPU seconds are of this process alone, so on PostgreSQL
the server's are not in them. Nothing is timestamped but seals.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import resource
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

AT = datetime(2026, 11, 26, tzinfo=UTC)
STREAMS = 20  # entries of an envelope
ROUND, ROUNDS = 400, 8


def cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def forget_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5")


def peak_mib() -> float:
    """The most memory this process has held since :func:`forget_peak`."""
    status = Path("/proc/self/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) / 1024


@contextmanager
def measured(name: str, count: int) -> Iterator[None]:
    forget_peak()
    held, cpu, wall = peak_mib(), cpu_seconds(), time.perf_counter()
    yield
    spent, lasted = cpu_seconds() - cpu, time.perf_counter() - wall
    rate = f"{count / spent:9,.0f} a CPU second" if spent else ""
    print(f"{name:52} {spent:8.2f} s CPU {lasted:8.2f} s {spent / count * 1e6:8.1f} µs each {rate} {held:6.0f} → {peak_mib():.0f} MiB")


def settle(home: Path, database: str) -> None:
    """A house with a database and secrets, and nothing in it."""
    os.environ.update(TACHIAI_HOME=str(home), TACHIAI_MODE="demo", DJANGO_SETTINGS_MODULE="tachiai.config.settings")
    os.environ["TACHIAI_DATABASE_URL"] = database
    import django

    from tachiai.cli.houses import make_secrets
    from tachiai.house import read

    make_secrets(read())
    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0, interactive=False)


def fill(count: int) -> None:
    """``count`` entries in streams of `STREAMS`, a thousand in a transaction."""
    from django.db import transaction

    from tachiai.ledger import Actor, Note, append_many

    for start in range(0, count, 1000):
        numbers = range(start, min(count, start + 1000))
        notes = [Note(f"envelope:{number // STREAMS}", "tested", Actor.house(), AT, {"number": number}) for number in numbers]
        with transaction.atomic(durable=True):
            append_many(notes)


@dataclass
class Appends:
    """What single appends cost: CPU seconds together, and how long each waited for its commit."""

    cpu: float = 0.0
    waits: list[float] = field(default_factory=list)

    def go(self, name: str) -> None:
        """`ROUND` entries, each committed by itself."""
        from django.db import transaction

        from tachiai.ledger import Actor, append

        before = cpu_seconds()
        for number in range(ROUND):
            begun = time.perf_counter()
            with transaction.atomic(durable=True):
                append(f"append:{name}:{number // STREAMS}", "tested", by=Actor.house(), at=AT, data={"number": number})
            self.waits.append(time.perf_counter() - begun)
        self.cpu += cpu_seconds() - before

    def tell(self, name: str) -> None:
        each, slowest = self.cpu / len(self.waits) * 1e6, statistics.quantiles(self.waits, n=100)[98]
        waits = f"waits {statistics.median(self.waits) * 1e3:.2f} ms, 99 % within {slowest * 1e3:.2f} ms"
        print(f"append, {name:44} {each:8.1f} µs CPU, {waits}")


def integrate_until(stop: Event, allowed: Event, home: str, database: str, pause: float) -> None:
    """Another process of the house gives places every ``pause`` seconds (the clock does every ten), while it may."""
    settle(Path(home), database)
    from tachiai import ledger

    while not stop.is_set():
        if allowed.is_set():
            ledger.integrate(at=AT)
        stop.wait(pause)


@contextmanager
def sequencer(home: Path, database: str, *, pause: float) -> Iterator[Event]:
    """The other process; it works while the event that is given is set."""
    context = multiprocessing.get_context("spawn")
    stop, allowed = context.Event(), context.Event()
    other = context.Process(target=integrate_until, args=(stop, allowed, str(home), database, pause))
    other.start()
    try:
        yield allowed
    finally:
        stop.set()
        other.join()


def compare_appends(home: Path, database: str) -> int:
    """Turn by turn, so that whatever else the machine does falls on both; how many entries were written."""
    from tachiai import ledger

    alone, beside = Appends(), Appends()
    with sequencer(home, database, pause=1.0) as allowed:
        for number in range(ROUNDS):
            allowed.clear()
            alone.go(f"alone-{number}")
            allowed.set()
            beside.go(f"beside-{number}")
    alone.tell("nobody gives places")
    beside.tell("another process gives places every second")
    waits = statistics.median(beside.waits) / statistics.median(alone.waits)
    print(f"append with the sequencer, as a ratio: CPU {beside.cpu / alone.cpu:.2f}, median wait {waits:.2f}")
    ledger.integrate(at=AT)
    return len(alone.waits) + len(beside.waits)


@dataclass
class Signings:
    """How long each consent took (its document shown, then agreed to), and each seal, by rounds."""

    consents: list[float] = field(default_factory=list)
    seals: list[float] = field(default_factory=list)

    def go(self, envelopes: list[Any]) -> None:
        from benchmarks.waiting import consent
        from tachiai import clock
        from tachiai.config.jobs import SEAL
        from tachiai.work import drain

        for envelope in envelopes:
            begun = time.perf_counter()
            consent(envelope)
            self.consents.append(time.perf_counter() - begun)
        begun = time.perf_counter()
        assert drain(SEAL, now=clock.now) == len(envelopes)
        self.seals.append((time.perf_counter() - begun) / len(envelopes))


def compare_signings(home: Path, database: str, *, rounds: int, each: int) -> None:
    """Consents and seals turn by turn, with another process that gives places five times a second and without."""
    os.environ.update(TACHIAI_HOME=str(home), TACHIAI_MODE="demo", DJANGO_SETTINGS_MODULE="tachiai.config.settings")
    os.environ["TACHIAI_DATABASE_URL"] = database
    from benchmarks.waiting import copies

    made = copies(2 * rounds * each, 2048)
    alone, beside = Signings(), Signings()
    with sequencer(home, database, pause=0.2) as allowed:
        for number in range(2 * rounds):
            given, turn = made[number * each : (number + 1) * each], beside if number % 2 else alone
            (allowed.set if number % 2 else allowed.clear)()
            turn.go(given)
    for name in ("consents", "seals"):
        without, with_it = (statistics.median(getattr(one, name)) for one in (alone, beside))
        print(f"{name}: median {without * 1e3:.1f} ms, {with_it * 1e3:.1f} ms with the sequencer, a ratio of {with_it / without:.2f}")


def prove(count: int, *, size: int) -> None:
    from tachiai import ledger

    epoch = ledger.current_epoch()
    with measured("checkpoint of the whole", 1):
        ledger.checkpoint(at=AT, reason="bench")
    asked = range(0, count, max(1, count // 200))
    with measured("inclusion proof", len(asked)):
        for number in asked:
            ledger.inclusion(f"envelope:{number // STREAMS}", number % STREAMS + 1, size=size, epoch=epoch)
    with measured("consistency proof", len(asked)):
        for number in asked:
            ledger.consistency(number, size)


def compare(count: int, home: Path, database: str) -> None:
    settle(home, database)
    from tachiai import ledger

    before = compare_appends(home, database)
    with measured(f"append {count:,} entries, a thousand at a time", count):
        fill(count)
    with measured(f"give {count:,} entries their places", count):
        assert ledger.integrate(at=AT) == count
    with measured("look again, with nothing new", 1):
        ledger.integrate(at=AT)
    with measured("look at all of them again (the nightly sweep)", count):
        assert ledger.integrate(at=AT, sweep=True) == 0
    prove(count, size=before + count)
    with measured("check the whole tree from its raw rows", count):
        assert ledger.check_tree() == []


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=20_000)
    parser.add_argument("--million", action="store_true")
    parser.add_argument("--database", default="", help="postgresql://…, an empty database; SQLite without")
    parser.add_argument("--signing", action="store_true", help="consents and seals, with the sequencer running and without")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if options.signing:
            compare_signings(Path(folder), options.database, rounds=8, each=8)
            return
        compare(1_000_000 if options.million else options.entries, Path(folder), options.database)


if __name__ == "__main__":
    main()
