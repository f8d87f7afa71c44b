"""The clock of the demonstration's data, and which houses may be told of days gone by."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, time, timedelta

from tachiai import clock
from tachiai.cli.demo_story import DAYS
from tachiai.clock import JAPAN
from tachiai.house import House, Misconfigured

# So much passes whenever somebody looks at the clock: what a house does one after the other bears times one after the other.
MOMENT = timedelta(milliseconds=40)


def first_morning() -> datetime:
    """Before anything of the story: the embedded authority's certificates begin here."""
    return datetime.combine(clock.today(clock.now()) - timedelta(days=DAYS + 1), time(6), JAPAN)


class Calendar:
    """The clock of the story. It only goes forward."""

    def __init__(self, at: datetime) -> None:
        self._at, self._lock = at.astimezone(UTC), threading.Lock()

    def now(self) -> datetime:
        with self._lock:
            self._at += MOMENT
            return self._at

    def turn_to(self, at: datetime) -> None:
        with self._lock:
            self._at = max(self._at, at.astimezone(UTC))


def is_new(house: House) -> bool:
    """Whether nothing is in the house's folder, not even keys."""
    return not house.home.exists() or not any(house.home.iterdir())


def refuse_unfit(house: House) -> None:
    """No mail of the story may go out, none but the embedded authority stamps days gone by, and no database may hold anything yet."""
    for name, value in (
        ("SMTP_URL", house.smtp),
        ("TSA_URL", house.tsa),
        ("DATABASE_URL", house.database_url),
        ("STORE_URL", house.store_url),
    ):
        if value:
            raise Misconfigured(f"demonstration data is told into the house's own folder, mailbox and authority: unset TACHIAI_{name}")
