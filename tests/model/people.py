"""What an envelope of the reference model is made of. Plain values: nothing here knows the product."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta

JAPAN = timedelta(hours=9)
SENDER = "the sender"

# 区分, and what is asked of each.
SIGNER, REVIEWER, APPROVER, COPY = "signer", "reviewer", "approver", "copy"
THEIRS, OURS = "theirs", "ours"
# 認証 of a counterparty.
REGISTERED, ONE_TIME, OPEN = "registered", "otp", "none"

WAITING, REQUESTED, OPENED, CONSENTED = "waiting", "requested", "opened", "consented"
SIGNED, REVIEWED, FORWARDED, DELIVERED = "signed", "reviewed", "forwarded", "delivered"
DECLINED, EXPIRED, CANCELLED = "declined", "expired", "cancelled"
DRAFT, AWAITING, RETURNED = "draft", "awaiting_approval", "returned"
SENDING, IN_PROGRESS, CLOSING, CONCLUDED, WITHDRAWN = "sending", "in_progress", "closing", "concluded", "withdrawn"
UNSENT = (DRAFT, AWAITING, RETURNED)
# 7.0: one's own, and the organization's admin; no stranger, no auditor.
MANAGERS = ("sender", "admin")

ASKED = (REQUESTED, OPENED)
DONE = (SIGNED, REVIEWED)
# Of whom nothing more is to come, whatever happens to the envelope.
SETTLED = (SIGNED, REVIEWED, FORWARDED, DELIVERED, DECLINED, CANCELLED)


class Refused(Exception):
    """The model's own reason why something may not be done."""


def day_of(at: datetime) -> date:
    """The calendar's day in Japan."""
    return (at + JAPAN).date()


def end_of(day: date) -> datetime:
    """A deadline holds to 23:59:59 of its day in Japan."""
    return at_hour(day + timedelta(days=1), 0)


def at_hour(day: date, hour: int) -> datetime:
    """That hour of that day in Japan."""
    return datetime.combine(day, time(hour), UTC) - JAPAN


@dataclass
class Filing:
    """届出: a registered address with its code."""

    name: str
    ended: bool = False
    suspended: bool = False
    last_day: date | None = None
    wrong: list[datetime] = field(default_factory=list)
    code_changed: bool = False

    def is_usable(self, at: datetime) -> bool:
        return not self.ended and not self.suspended and (self.last_day is None or day_of(at) <= self.last_day)


@dataclass(frozen=True)
class Who:
    """Somebody who can be asked: a member, the holder of a filing, or a name that the sender typed."""

    mail: str
    side: str
    filing: str = ""
    may_sign: bool = True


@dataclass(frozen=True)
class Seat:
    """One row of the recipients' page."""

    who: Who
    order: int
    kind: str = SIGNER
    any_one: bool = False
    gate: str = REGISTERED
    own_days: int = 0  # their own deadline, so many days from the sending; 0 is the envelope's
    papers: frozenset[int] = frozenset()  # none is all of them
    may_change: bool = False
    wants_copy: bool = True


@dataclass
class Link:
    """A link that was mailed: which one of several, until when, and what was tried at it."""

    number: int
    until: datetime
    closed: bool = False
    tries: int = 0
    life: int = 0
    locked_until: datetime | None = None
    code_sent: datetime | None = None


@dataclass
class Person:
    """宛先 with where they stand."""

    who: Who
    seat: Seat
    filing: Filing | None
    own_day: date | None
    gate: str
    state: str = WAITING
    wants_copy: bool = True
    undelivered: bool = False
    asked_at: datetime | None = None
    link: Link | None = None
    inside_since: datetime | None = None
    seen: set[int] = field(default_factory=set)
    reminded: set[tuple[date, int]] = field(default_factory=set)
    download: Link | None = None
    fetched: bool = False
    day_told: date | None = None
    told_of_end: bool = False
    heard_at: datetime | None = None

    @property
    def mail(self) -> str:
        return self.who.mail

    @property
    def is_theirs(self) -> bool:
        return self.who.side == THEIRS

    @property
    def signs(self) -> bool:
        return self.seat.kind == SIGNER

    def papers(self, number: int) -> list[int]:
        """Which of so many documents are theirs."""
        return sorted(self.seat.papers) or list(range(number))


@dataclass
class Job:
    """One seal that a consent calls for."""

    person: Person
    paper: int
    state: str = "due"  # done · stuck · dropped
    strikes: int = 0


def seated(seats: Sequence[Seat], filings: dict[str, Filing], sent_on: date) -> list[Person]:
    """Everybody in the order of their rows: by number, and within it as they were entered."""
    asked = [seat.order for seat in seats if seat.kind != COPY]
    people = []
    for given in sorted(seats, key=lambda one: one.order):
        # One alone is no group.
        seat = replace(given, any_one=given.any_one and given.kind != COPY and asked.count(given.order) > 1)
        own = sent_on + timedelta(days=seat.own_days) if seat.own_days else None
        people.append(Person(seat.who, seat, filings.get(seat.who.filing), own, seat.gate, wants_copy=seat.wants_copy))
    return people
