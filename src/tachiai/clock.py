"""The one place that asks what time it is. Everything below the doors is given the time as ``at=``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

JAPAN = ZoneInfo("Asia/Tokyo")


_teller: Callable[[], datetime] | None = None


def now() -> datetime:
    """The current instant, aware, in UTC."""
    return datetime.now(UTC) if _teller is None else _teller()


@contextmanager
def told(teller: Callable[[], datetime]) -> Iterator[None]:
    """Within it, in every thread of this process, ``now`` is what ``teller`` says.

    A demonstration lives through days gone by like this (``cli.demo_seed``), and nothing else may: a real house lives in the present.
    """
    global _teller  # noqa: PLW0603  # the one clock of a process
    before, _teller = _teller, teller
    try:
        yield
    finally:
        _teller = before


def today(at: datetime) -> date:
    """The calendar date in Japan at that instant: contract dates and deadlines are Japanese dates."""
    return at.astimezone(JAPAN).date()


def end_of(day: date) -> datetime:
    """The first instant after ``day`` in Japan: a deadline of that day holds up to 23:59:59 and no longer."""
    return datetime.combine(day + timedelta(days=1), time(), JAPAN).astimezone(UTC)
