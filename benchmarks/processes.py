"""What processes cost: CPU seconds with all their children, and memory, read from the kernel."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import TracebackType

import psutil  # type: ignore[import-untyped]

SAMPLE_EVERY_SECONDS = 0.5


@dataclass(frozen=True)
class Cpu:
    """CPU seconds so far: ``own`` of the living processes, ``ended`` of children that have come and gone (one job each)."""

    own: float
    ended: float

    @property
    def total(self) -> float:
        return self.own + self.ended

    def __sub__(self, before: Cpu) -> Cpu:
        return Cpu(self.own - before.own, self.ended - before.ended)


def family(pid: int) -> list[psutil.Process]:
    """A process and everybody below it. Somebody who ends meanwhile is left out; the parent's ``ended`` then has their time."""
    try:
        head = psutil.Process(pid)
        return [head, *head.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def cpu(pid: int) -> Cpu:
    own = ended = 0.0
    for process in family(pid):
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        own += times.user + times.system
        ended += times.children_user + times.children_system
    return Cpu(own, ended)


def resident(pid: int) -> int:
    """Bytes of resident memory, summed: pages that processes share are counted in each, as peers' figures are."""
    total = 0
    for process in family(pid):
        try:
            total += process.memory_info().rss
        except psutil.NoSuchProcess:
            continue
    return total


def machine_busy() -> float:
    """CPU seconds the whole machine has worked since it started, whoever for."""
    times = psutil.cpu_times()
    return float(times.user + times.nice + times.system + times.irq + times.softirq + times.steal)


class Peak:
    """Watches named sums of memory in a thread while it is entered, and keeps the highest of each (bytes)."""

    def __init__(self, watched: Mapping[str, Callable[[], int]]) -> None:
        self.highest = dict.fromkeys(watched, 0)
        self._watched = watched
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="peak")

    def __enter__(self) -> Peak:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, raised: BaseException | None, trace: TracebackType | None) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        while True:
            for name, measure in self._watched.items():
                self.highest[name] = max(self.highest[name], measure())
            if self._stop.wait(SAMPLE_EVERY_SECONDS):
                return
