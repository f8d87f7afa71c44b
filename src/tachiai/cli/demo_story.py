"""What a plan of the demonstration's data is: an envelope, what happens to it, and the days on which it does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from random import Random

from tachiai.clock import JAPAN

DAYS, DEADLINE_DAYS = 90, 30
OPENS, CLOSES = 9, 17  # when the city writes; others answer whenever they like, but not by night


@dataclass(frozen=True)
class Paper:
    """One document. ``pages`` is about how many it has; ``scan``: it has no text, only pictures of its pages."""

    title: str
    kind: str
    pages: int = 1
    scan: bool = False


@dataclass(frozen=True)
class Asked:
    """One recipient, by the key of a person of the cast."""

    order: int
    who: str
    kind: str = "signer"
    any_one: bool = False
    gate: str = "registered"
    may_reassign: bool = False
    own_days: int | None = None


@dataclass(frozen=True)
class Step:
    """What somebody does with the envelope at a time; ``words`` and ``to`` as the act needs."""

    at: datetime
    act: str
    who: str = ""
    words: str = ""
    to: str = ""


@dataclass(frozen=True)
class Plan:
    """One envelope. ``deadline`` None is thirty days after it is made.

    ``route`` names the approval route it is sent along, ``send_at`` when it is to be sent by itself; ``templated`` begins it from the
    template of its kind. A contract that ``ends`` goes on by itself where it ``renews``.
    """

    key: str
    name: str
    sender: str
    papers: tuple[Paper, ...]
    asked: tuple[Asked, ...]
    party: str
    amount: int | None
    made_at: datetime
    comment: str = ""
    sends: bool = True
    described: bool = True
    fields: bool = False
    deadline: date | None = None
    route: str = ""
    send_at: datetime | None = None
    templated: bool = False
    ends: date | None = None
    renews: bool = False
    steps: tuple[Step, ...] = ()


@dataclass
class Days:
    """The calendar of one telling: today, and a dice of its own for each plan, so that one more plan changes no other."""

    today: date
    dice: Random = field(default_factory=Random)

    def ago(self, days: float, hour: int = OPENS) -> datetime:
        """A time in working hours, so many days before today and at least one."""
        day = self.today - timedelta(days=max(1, int(days)))
        return datetime.combine(day, time(hour, self.dice.randrange(60), self.dice.randrange(60)), JAPAN)

    def made(self, days: float) -> datetime:
        return self.ago(days, self.dice.randrange(OPENS, CLOSES))

    @property
    def last(self) -> datetime:
        """Until when the story is told."""
        return datetime.combine(self.today - timedelta(days=1), time(20), JAPAN)

    def after(self, at: datetime) -> datetime:
        """When somebody gets round to it: half of them within nine hours, few after weeks, nobody by night."""
        hours = min(max(self.dice.lognormvariate(2.2, 1.4), 0.2), 24 * 26)
        then = at + timedelta(hours=hours)
        if not 7 <= then.hour < 22:
            then = (then + timedelta(hours=9)).replace(hour=7 + self.dice.randrange(3))
        return then


def in_order(plans: Sequence[Plan]) -> Iterator[tuple[datetime, Plan, Step | None]]:
    """Everything that is to happen, the earliest first; ``None`` is the making of the envelope itself."""
    told: list[tuple[datetime, int, int, Plan, Step | None]] = []
    for number, plan in enumerate(plans):
        told.append((plan.made_at, number, 0, plan, None))
        told += [(step.at, number, place, plan, step) for place, step in enumerate(plan.steps, 1)]
    for at, _, _, plan, step in sorted(told, key=lambda one: one[:3]):
        yield at, plan, step
