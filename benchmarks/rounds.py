"""Engines in turn, round after round, so that whatever else the machine does meets all of them alike.

Time is CPU time, never the clock on the wall: the machine may be shared. A share of one engine in another's speed is taken
within each round and the median of the rounds is told, so that a slow minute of the machine cancels out.
"""

from __future__ import annotations

import gc
import math
import secrets
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

MOST_ACTS = 2000
LEAST_ROUNDS = 2


class Absent(Exception):
    """An engine that is not to be had here. The message says why; it is printed in the engine's place."""


@dataclass(frozen=True)
class Turn:
    """So many acts and the CPU seconds they took. ``outside`` (the timestamping authority's own) is not in ``seconds``."""

    acts: int
    seconds: float
    outside: float = 0.0
    output: bytes = field(default=b"", repr=False)

    @property
    def each(self) -> float:
        return self.seconds / self.acts


class Contender(Protocol):
    @property
    def name(self) -> str: ...

    def turn(self, acts: int) -> Turn:
        """Do ``acts`` acts, each its whole work. The output of one of them, chosen at random, comes along."""


class Outside(Protocol):
    """Somebody whose CPU time is spent in this process but is not the engine's."""

    @property
    def spent(self) -> float: ...


class Here:
    """A contender in this process: ``act(number)`` makes one document from start to end."""

    def __init__(self, name: str, act: Callable[[int], bytes], *, outside: Sequence[Outside] = ()) -> None:
        self.name = name
        self._act, self._outside = act, tuple(outside)
        self._number = 0

    def turn(self, acts: int) -> Turn:
        kept, chosen = b"", secrets.randbelow(acts)
        # Rubbish of whoever was here before is not this engine's to clear away.
        gc.collect()
        before = sum(one.spent for one in self._outside)
        started = time.process_time()
        for place in range(acts):
            self._number += 1
            output = self._act(self._number)
            if place == chosen:
                kept = output
        seconds = time.process_time() - started
        outside = sum(one.spent for one in self._outside) - before
        return Turn(acts, seconds - outside, outside, kept)

    def each(self, acts: int, *, until: float) -> Iterator[float]:
        """CPU seconds of each of ``acts`` acts alone, or of those that were begun before ``until`` (``time.monotonic``)."""
        for _ in range(acts):
            if time.monotonic() >= until:
                return
            yield self._single()

    def _single(self) -> float:
        self._number += 1
        before, started = sum(one.spent for one in self._outside), time.process_time()
        self._act(self._number)
        return time.process_time() - started - (sum(one.spent for one in self._outside) - before)


@dataclass
class Figures:
    """Every engine's turns, in rounds. Only engines that took part in a round are in it."""

    turns: dict[str, list[Turn]] = field(default_factory=dict)

    def rate(self, name: str) -> float:
        """Documents per CPU second: the median round."""
        return 1 / statistics.median(turn.each for turn in self.turns[name])

    def outside(self, name: str) -> float:
        """CPU seconds per document that others spent for it."""
        return statistics.median(turn.outside / turn.acts for turn in self.turns[name])

    def ratio(self, name: str, other: str, *, outside: bool = False) -> float:
        """How many times as fast as ``other``, within the same rounds. ``outside``: with what others spent for ``name``."""
        pairs = zip(self.turns[name], self.turns[other], strict=True)
        return statistics.median(theirs.each / (own.each + outside * own.outside / own.acts) for own, theirs in pairs)

    def told(self, *, limit: str) -> dict[str, dict[str, float]]:
        """For each engine: documents per CPU second, share of the limit, milliseconds of others, and how far its rounds differ."""
        return {
            name: {
                "per_cpu_second": round(self.rate(name), 2),
                "share_of_limit": round(self.ratio(name, limit), 4),
                "outside_ms": round(1000 * self.outside(name), 3),
                "spread": round(_spread([turn.each for turn in turns]), 3),
                "acts": sum(turn.acts for turn in turns),
            }
            for name, turns in self.turns.items()
        }

    def outputs(self, name: str) -> list[bytes]:
        return [turn.output for turn in self.turns[name] if turn.output]


def _spread(values: Sequence[float]) -> float:
    """The widest round against the median one: 0.1 is ten per cent."""
    middle = statistics.median(values)
    return max(abs(value - middle) for value in values) / middle


def run(contenders: Sequence[Contender], *, rounds: int, seconds: float, within: float = math.inf) -> Figures:
    """``rounds`` rounds, each contender about ``seconds`` CPU seconds at a time and one act at least.

    On a machine so busy that this takes more than ``within`` seconds, warming up included, two rounds have to do.
    """
    began = time.monotonic()
    acts = {one.name: _acts(one, seconds) for one in contenders}
    figures = Figures({one.name: [] for one in contenders})
    for number in range(rounds):
        if number >= LEAST_ROUNDS and time.monotonic() - began > within:
            break
        # Each round begins with somebody else, so that nobody always follows the same neighbour.
        start = number % len(contenders)
        for one in (*contenders[start:], *contenders[:start]):
            figures.turns[one.name].append(one.turn(acts[one.name]))
    return figures


def _acts(one: Contender, seconds: float) -> int:
    """How many acts fill a turn. This warms up as well: caches, imports, a just-in-time compiler."""
    first = one.turn(1)
    again = one.turn(max(1, min(20, int(0.25 * seconds / max(first.each, 1e-7)))))
    return max(1, min(MOST_ACTS, round(seconds / max(min(first.each, again.each), 1e-7))))
