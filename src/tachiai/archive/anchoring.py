"""Dating the log: a checkpoint under a token of the house's authority, made for closings and by the clock, and told to the world.

The archive does this because it may ask both: ``sealing`` stamps and knows of no log, ``ledger`` keeps the log and calls nobody.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from django.db import connection

from tachiai import ledger, sealing
from tachiai.errors import Outage
from tachiai.ledger import Checkpoint
from tachiai.work.alarms import clear_alarm, raise_alarm

UNPUBLISHED = "log.unpublished"
# One covers everything that was there when it was made; only what is written meanwhile asks for another.
_TRIES = 3


@dataclass(frozen=True)
class Anchor:
    """A checkpoint under its token: what whoever keeps it can hold the log to for ever. ``row`` is the checkpoint's key."""

    row: int
    origin: str
    size: int
    root: bytes
    note: str
    token: bytes
    stamped_at: datetime


def anchored(streams: Collection[str], *, now: Callable[[], datetime], reason: str = "closing") -> Anchor:
    """A stamped checkpoint that speaks of every entry that stands in ``streams`` now; never within a transaction.

    Many who ask at the same time share one token. Raises ``Outage`` where no token is to be had or the log must not be signed
    (``ledger.checkpoint``): nothing is concluded without.
    """
    if connection.in_atomic_block:
        raise RuntimeError("nobody waits for a timestamp within a transaction")
    for attempt in range(_TRIES):
        found = ledger.latest_checkpoint()
        if found is not None and ledger.is_covered(streams, found):
            return anchor_of(found)
        stamp_log(now=now, reason=reason, sweep=attempt > 0)
    raise Outage("log.overtaken", "entries are written faster than they are stamped, or not found")


def stamp_log(*, now: Callable[[], datetime], reason: str, sweep: bool = False) -> None:
    """Have the log as it is now stamped and published, together with everybody else who asks for it. Raises as :func:`anchored`."""
    _rounds.join(partial(_stamp, now=now, reason=reason, sweep=sweep))


def anchor_of(one: Checkpoint) -> Anchor:
    """A stamped checkpoint as it is handed on."""
    stamp = one.stamp
    return Anchor(one.pk, one.epoch.origin, one.size, bytes(one.root), one.note, bytes(stamp.token), stamp.stamped_at)


def _stamp(*, now: Callable[[], datetime], reason: str, sweep: bool) -> None:
    """Give places, sign, stamp, publish. What is interrupted is taken up at the next: a signed checkpoint waits for its token."""
    ledger.integrate(at=now(), sweep=sweep)
    one = ledger.checkpoint(at=now(), reason=reason)
    if one is None:
        return
    if getattr(one, "stamp", None) is None:
        stamped = sealing.stamp_digest(ledger.imprint_of(one), at=now(), now=now)
        facts = stamped.facts
        ledger.keep_stamp(one, token=stamped.token, stamped_at=facts.gen_time, authority=facts.tsa_subject, accredited=facts.accredited)
    publish_latest(at=now())


def stamp_again(*, now: Callable[[], datetime]) -> None:
    """Give the last stamped checkpoint a further token and publish that: nothing new stands, and the house still stands by it.

    Raises ``Outage`` while no token is to be had.
    """
    one = ledger.latest_checkpoint()
    if one is None:
        return
    stamped = sealing.stamp_digest(ledger.imprint_of(one), at=now(), now=now)
    facts = stamped.facts
    ledger.keep_later_stamp(one, token=stamped.token, stamped_at=facts.gen_time, authority=facts.tsa_subject, accredited=facts.accredited)
    publish_latest(at=now())


def publish_latest(*, at: datetime) -> None:
    """Write the last stamped checkpoint where it is published. A folder that cannot be written to is an alarm, and holds up nobody."""
    one = ledger.latest_checkpoint()
    if one is None:
        return
    try:
        ledger.publish(one, token=bytes(ledger.newest_stamp(one).token))
    except Outage as trouble:
        if trouble.code != UNPUBLISHED:
            raise
        raise_alarm(UNPUBLISHED, "log", detail=trouble.detail, at=at)
    else:
        clear_alarm(UNPUBLISHED, "log", at=at)


class _Round:
    """One token for everybody who came before it was begun."""

    def __init__(self) -> None:
        self.over = threading.Event()
        self.trouble: BaseException | None = None


class _Rounds:
    """Whoever comes first leads the next round as soon as the present one is over; whoever comes until then follows."""

    def __init__(self) -> None:
        self._lock, self._turn = threading.Lock(), threading.Lock()
        self._gathering: _Round | None = None

    def join(self, act: Callable[[], None]) -> None:
        """Return when ``act`` was done by somebody who began it after this call. Raises what it raised, to each who waited for it."""
        with self._lock:
            leads = self._gathering is None
            mine = self._gathering = self._gathering or _Round()
        if leads:
            self._lead(mine, act)
        mine.over.wait()
        if mine.trouble is not None:
            raise mine.trouble

    def _lead(self, mine: _Round, act: Callable[[], None]) -> None:
        with self._turn:
            with self._lock:
                self._gathering = None
            try:
                act()
            except BaseException as trouble:  # whatever it was, those who wait for it must hear of it
                mine.trouble = trouble
            finally:
                mine.over.set()


_rounds = _Rounds()
