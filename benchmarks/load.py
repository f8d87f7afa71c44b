"""A closed loop: so many users at once, each beginning its next envelope when its last is concluded and downloaded."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from benchmarks import processes
from benchmarks.browser import Upload
from benchmarks.houses import House
from benchmarks.postgres import Postgres
from benchmarks.processes import Cpu, Peak
from benchmarks.walk import User, Walked


@dataclass
class Level:
    """One level of the loop, measured from its first request to the last download."""

    users: int
    wanted: int
    walked: list[Walked] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    seconds: float = 0.0
    web: Cpu = field(default_factory=lambda: Cpu(0, 0))
    work: Cpu = field(default_factory=lambda: Cpu(0, 0))
    postgres: float = 0.0
    generator: float = 0.0
    others: float = 0.0
    peak: dict[str, int] = field(default_factory=dict)

    @property
    def cut_short(self) -> bool:
        """Whether the time limit ended it before all envelopes were begun."""
        return len(self.walked) + len(self.errors) < self.wanted


@dataclass(frozen=True)
class Meters:
    """Where the measurement reads from."""

    house: House
    postgres: Postgres | None

    def database_cpu(self) -> float:
        return processes.cpu(self.postgres.pid).total if self.postgres else 0.0

    def database_resident(self) -> int:
        return processes.resident(self.postgres.pid) if self.postgres else 0


def run_level(users: Sequence[User], meters: Meters, contract: Upload, *, envelopes: int, name: str, until: float) -> Level:
    """Walk ``envelopes`` with all ``users`` at once; none is begun after ``until`` (monotonic seconds)."""
    level = Level(len(users), envelopes)
    numbers = itertools.count(1)
    lock = threading.Lock()

    def work(user: User) -> None:
        while True:
            with lock:
                number = next(numbers)
            if number > envelopes or time.monotonic() >= until:
                return
            try:
                walked = user.walk(f"業務委託契約 {name}-{number:04d}", contract)
            except Exception as problem:
                # Whatever stopped one envelope is the finding, not a reason to stop measuring the others.
                level.errors.append(f"{type(problem).__name__}: {problem}")
            else:
                level.walked.append(walked)

    threads = [threading.Thread(target=work, args=(user,), name=f"user-{index}", daemon=True) for index, user in enumerate(users)]
    with Peak({"house": meters.house.resident, "postgres": meters.database_resident}) as peak:
        busy, parts, database = processes.machine_busy(), meters.house.cpu(), meters.database_cpu()
        own, began = time.process_time(), time.monotonic()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        level.seconds = time.monotonic() - began
        level.generator = time.process_time() - own
        after = meters.house.cpu()
        level.web, level.work = after["web"] - parts["web"], after["work"] - parts["work"]
        level.postgres = meters.database_cpu() - database
        accounted = level.generator + level.web.total + level.work.total + level.postgres
        level.others = max(0.0, processes.machine_busy() - busy - accounted)
    level.peak = peak.highest
    return level
