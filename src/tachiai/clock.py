"""The one place that asks what time it is. Everything below the doors is given the time as ``at=``."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

JAPAN = ZoneInfo("Asia/Tokyo")


def now() -> datetime:
    """The current instant, aware, in UTC."""
    return datetime.now(UTC)


def today(at: datetime) -> date:
    """The calendar date in Japan at that instant: contract dates and deadlines are Japanese dates."""
    return at.astimezone(JAPAN).date()


def end_of(day: date) -> datetime:
    """The first instant after ``day`` in Japan: a deadline of that day holds up to 23:59:59 and no longer."""
    return datetime.combine(day + timedelta(days=1), time(), JAPAN).astimezone(UTC)
