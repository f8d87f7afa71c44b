"""Which generations are kept: the newest of each of the last days, months and years in which there is one."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from tachiai.clock import JAPAN


@dataclass(frozen=True)
class Rule:
    """How many days, months and years; the newest generation is kept whatever the rule says."""

    daily: int
    monthly: int
    yearly: int


Period = tuple[int, ...]


def _periods(rule: Rule) -> tuple[tuple[int, Callable[[datetime], Period], Callable[[Period, int], date]], ...]:
    """How many of each kind are kept, which one a moment (of Japan) falls in, and the first day of the one so many later."""
    return (
        (rule.daily, lambda one: (one.year, one.month, one.day), lambda period, more: date(*period) + timedelta(days=more)),
        (rule.monthly, lambda one: (one.year, one.month), _month_after),
        (rule.yearly, lambda one: (one.year,), lambda period, more: date(period[0] + more, 1, 1)),
    )


def _month_after(period: Period, more: int) -> date:
    months = period[0] * 12 + period[1] - 1 + more
    return date(months // 12, months % 12 + 1, 1)


def kept(made: Iterable[datetime], *, rule: Rule) -> set[datetime]:
    """Those of ``made`` that the rule keeps; days, months and years are Japan's."""
    newest_first = sorted(made, reverse=True)
    chosen = set(newest_first[:1])
    for count, period, _later in _periods(rule):
        seen: dict[Period, datetime] = {}
        for one in newest_first:
            seen.setdefault(period(one.astimezone(JAPAN)), one)
        chosen |= set(list(seen.values())[:count])
    return chosen


def kept_until(made: Collection[datetime], *, of: Iterable[datetime], rule: Rule, following: datetime) -> date | None:
    """The day on which the last of the generations ``of`` goes, if one is made every night from ``following`` on; None for none.

    ``made`` are all that there are. A house that makes none any more keeps what it has; the day is then too early.
    """
    return max((_until(one, made, rule=rule, following=following) for one in of), default=None)


def _until(one: datetime, made: Collection[datetime], *, rule: Rule, following: datetime) -> date:
    following = following.astimezone(JAPAN)
    ends = [following.date()]
    for count, period, later in _periods(rule):
        mine, coming = period(one.astimezone(JAPAN)), period(following)
        others = {period(other.astimezone(JAPAN)) for other in made if other > one}
        if count == 0 or mine in others or mine == coming:
            continue  # a newer one has its place
        # It goes when so many newer periods have a generation of their own; every one from the coming on will have one.
        wanted = count - len(others - {coming})
        if wanted > 0:
            ends.append(max(later(coming, wanted - 1), following.date()))
    return max(ends)
