"""One answer for everybody who can use it: remembered, shared while it is asked for, and forgotten in the end."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from tachiai.crypto.revocation_memory import Memory
from tachiai.errors import Outage


@dataclass(frozen=True)
class Heard:
    number: int
    size: int = 1


KEY = (b"certificate", b"issuer")


def test_what_is_good_enough_is_not_asked_again() -> None:
    memory: Memory[Heard] = Memory()
    assert memory.recall(KEY, good=lambda _known: True, ask=lambda _before: Heard(1)) == Heard(1)
    assert memory.recall(KEY, good=lambda known: known.number >= 1, ask=lambda _before: Heard(2)) == Heard(1)
    assert memory.recall(KEY, good=lambda known: known.number >= 2, ask=lambda before: Heard((before or Heard(9)).number + 1)) == Heard(2)
    assert memory.recall((b"other", b"issuer"), good=lambda _known: True, ask=lambda _before: Heard(7)) == Heard(7)


class Slow:
    """Counts how often it is asked, and answers when it is let go."""

    def __init__(self, failure: Exception | None = None) -> None:
        self.asked, self.failure = 0, failure
        self.reached, self.go = threading.Event(), threading.Event()

    def __call__(self, _before: Heard | None) -> Heard:
        self.asked += 1
        number = self.asked
        self.reached.set()
        assert self.go.wait(5)
        if self.failure is not None:
            raise self.failure
        return Heard(number)


def together(memory: Memory[Heard], ask: Slow, good: Callable[[Heard], bool], askers: int = 8) -> list[Heard | Exception]:
    """Everybody asks while the first is still waiting for the answer."""

    def recall() -> Heard | Exception:
        try:
            return memory.recall(KEY, good=good, ask=ask)
        except Outage as outage:
            return outage

    with ThreadPoolExecutor(askers) as pool:
        first = pool.submit(recall)
        assert ask.reached.wait(5)
        others = [pool.submit(recall) for _ in range(askers - 1)]
        threading.Event().wait(0.05)
        ask.go.set()
        return [found.result(5) for found in (first, *others)]


def test_who_asks_at_the_same_time_waits_for_one_answer() -> None:
    ask = Slow()
    assert set(together(Memory(), ask, lambda _known: True)) == {Heard(1)}
    assert ask.asked == 1


def test_who_needs_a_newer_answer_than_the_one_on_its_way_asks_once_more_together() -> None:
    ask = Slow()
    found = together(Memory(), ask, lambda known: known.number >= 2)
    assert found[0] == Heard(1), "whoever asked takes what came"
    assert set(found[1:]) <= {Heard(2), Heard(3)}
    assert ask.asked <= 3


def test_a_failure_is_everybodys_and_is_not_remembered() -> None:
    memory: Memory[Heard] = Memory()
    ask = Slow(Outage("revocation.unreachable", "away"))
    assert {type(found) for found in together(memory, ask, lambda _known: True)} == {Outage}
    assert ask.asked == 1
    assert memory.recall(KEY, good=lambda _known: True, ask=lambda _before: Heard(5)) == Heard(5)


@pytest.mark.parametrize("bounds", [{"largest": 3}, {"largest_bytes": 3}])
def test_the_least_used_is_forgotten(bounds: dict[str, int]) -> None:
    memory: Memory[Heard] = Memory(**bounds)
    for number in range(3):
        memory.recall((b"%d" % number, b""), good=lambda _known: True, ask=lambda _before, n=number: Heard(n))  # type: ignore[misc]
    memory.recall((b"0", b""), good=lambda _known: True, ask=lambda _before: Heard(10))
    memory.recall((b"3", b""), good=lambda _known: True, ask=lambda _before: Heard(3))
    known = [memory.recall((b"%d" % n, b""), good=lambda _known: True, ask=lambda _before: Heard(99)).number for n in (0, 2, 3)]
    assert known == [0, 2, 3]
    assert memory.recall((b"1", b""), good=lambda _known: True, ask=lambda _before: Heard(99)) == Heard(99)
