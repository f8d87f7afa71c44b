"""Which generations are kept: the newest of each of the last days, months and years in which there is one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from tachiai.clock import JAPAN


@dataclass(frozen=True)
class Rule:
    """How many days, months and years; the newest generation is kept whatever the rule says."""

    daily: int
    monthly: int
    yearly: int


def kept(made: Iterable[datetime], *, rule: Rule) -> set[datetime]:
    """Those of ``made`` that the rule keeps; days, months and years are Japan's."""
    newest_first = sorted(made, reverse=True)
    chosen = set(newest_first[:1])
    periods: tuple[tuple[int, Callable[[datetime], tuple[int, ...]]], ...] = (
        (rule.daily, lambda one: (one.year, one.month, one.day)),
        (rule.monthly, lambda one: (one.year, one.month)),
        (rule.yearly, lambda one: (one.year,)),
    )
    for count, period in periods:
        seen: dict[tuple[int, ...], datetime] = {}
        for one in newest_first:
            seen.setdefault(period(one.astimezone(JAPAN)), one)
        chosen |= set(list(seen.values())[:count])
    return chosen
