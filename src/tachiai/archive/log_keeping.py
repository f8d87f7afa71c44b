"""The log by the clock: entries get their places, a checkpoint is stamped when some wait too long, and what is wrong is an alarm."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta

from tachiai import ledger
from tachiai.archive.anchoring import publish_latest, stamp_again, stamp_log
from tachiai.clock import JAPAN
from tachiai.errors import Outage
from tachiai.work.alarms import clear_alarm, raise_alarm

# How long an entry waits for a token if no closing asks for one before; how old the last token gets while nothing new stands; and
# how long after that somebody must be told that a token is still missing.
STAMP_AFTER = timedelta(minutes=5)
STAMP_AGAIN = timedelta(days=1)
ALARM_AFTER = timedelta(days=1)
STUCK, UNSTAMPED = "log.stuck", "log.unstamped"
# What an Outage of the log is called as an alarm; everything else that can stop it is one.
ALARMS = ("log.behind", "log.forked", "log.key_changed", "log.published_unreadable", STUCK)


def keep_log(*, now: Callable[[], datetime]) -> int:
    """Integrate what was committed, and see to the last checkpoint; how many entries got their places. Outages become alarms."""
    placed, wrong = 0, ""
    try:
        placed = ledger.integrate(at=now(), sweep=_night.is_new(now()))
        _see_to_checkpoint(now=now)
    except Outage as trouble:
        wrong = trouble.code if trouble.code in ALARMS else STUCK
        raise_alarm(wrong, "log", detail=f"{trouble.code} {trouble.detail}", at=now())
    for kind in ALARMS:
        if kind != wrong:
            clear_alarm(kind, "log", at=now())
    _watch_age(at=now())
    return placed


def _see_to_checkpoint(*, now: Callable[[], datetime]) -> None:
    since = ledger.oldest_uncovered()
    if since is not None and now() - since >= STAMP_AFTER:
        stamp_log(now=now, reason="clock")
        return
    told, epoch = ledger.published(), ledger.current_epoch()
    if epoch is not None:
        ledger.check_published(told, epoch, signed=ledger.latest_checkpoint(stamped=False))
        if since is None and _age(at=now()) >= STAMP_AGAIN:
            stamp_again(now=now)
        else:
            publish_latest(at=now())


def _age(*, at: datetime) -> timedelta:
    """How old the last token is; no time at all while there is none."""
    last = ledger.latest_checkpoint()
    return at - ledger.newest_stamp(last).stamped_at if last else timedelta(0)


def _watch_age(*, at: datetime) -> None:
    since = ledger.oldest_uncovered()
    if since is not None and at - since >= ALARM_AFTER:
        raise_alarm(UNSTAMPED, "log", detail=f"entries since {since.isoformat()} are under no timestamp", at=at)
    elif _age(at=at) >= STAMP_AGAIN + ALARM_AFTER:
        raise_alarm(UNSTAMPED, "log", detail="the last timestamp is two days old", at=at)
    else:
        clear_alarm(UNSTAMPED, "log", at=at)


class _Nights:
    """Once a night, and for each process by itself, all entries are looked through."""

    def __init__(self) -> None:
        self._last: date | None = None

    def is_new(self, at: datetime) -> bool:
        night = at.astimezone(JAPAN).date()
        new, self._last = self._last is not None and night != self._last, night
        return new


_night = _Nights()
