"""What every act of the reference model shares: whose turn it is, who is asked, how an envelope ends."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from model.people import (
    ASKED,
    CANCELLED,
    CLOSING,
    COPY,
    DONE,
    DRAFT,
    FORWARDED,
    IN_PROGRESS,
    OURS,
    REQUESTED,
    SENDING,
    SETTLED,
    THEIRS,
    WAITING,
    Job,
    Link,
    Person,
    Refused,
    day_of,
    end_of,
)

AWAY, REFUSING = "away", "refusing"
STRIKES = 5


class Story:
    """One envelope from its sending on. ``mails`` are kinds by address, ``told`` the entries of the ledger in order."""

    def __init__(self, people: Sequence[Person], *, papers: int, deadline: date, at: datetime) -> None:
        self.people = list(people)
        self.papers = papers
        self.deadline = deadline
        self.state = DRAFT
        self.sent_at = at
        self.ended_at: datetime | None = None
        self.concluded_at: datetime | None = None
        self.trouble = ""
        self.jobs: list[Job] = []
        self.seals = 0
        self.own_work = {SENDING: 0, CLOSING: 0}  # strikes against freezing and against closing
        self.warned: set[tuple[date, int]] = set()
        self.mails: Counter[tuple[str, str]] = Counter()
        self.told: list[str] = []
        self.route: Any = None
        self.asking: Any = None
        self.deputies: list[Any] = []
        self.awaits = False  # our own signers, for an approval

    def tell(self, event: str) -> None:
        self.told.append(event)

    def mail(self, kind: str, to: str) -> None:
        self.mails[kind, to] += 1

    # Whose turn it is.

    @property
    def asked_people(self) -> list[Person]:
        """Everybody of whom something is asked; who only gets a copy is not among them."""
        return [one for one in self.people if one.seat.kind != COPY]

    def group_of(self, person: Person) -> list[Person]:
        return [one for one in self.asked_people if one.seat.order == person.seat.order and one.state != FORWARDED]

    def has_answered(self, group: Sequence[Person]) -> bool:
        """全員 / いずれか1人."""
        answers = [one.state in DONE for one in group]
        return any(answers) if group[0].seat.any_one else all(answers)

    def turn(self) -> list[Person]:
        """The first number that has not answered: the same number is asked in parallel, the next only after it."""
        orders = sorted({one.seat.order for one in self.asked_people})
        for order in orders:
            group = self.group_of(next(one for one in self.asked_people if one.seat.order == order))
            if not self.has_answered(group):
                return group
        return []

    def go_on(self, at: datetime) -> None:
        """Somebody has done their part: the next are asked, or nobody is left and the envelope is closed."""
        group = self.turn()
        if not group:
            self.state = CLOSING
            self.tell("envelope.closing")
        waiting = [one for one in group if one.state == WAITING]
        # Approvers decide on what bears the counterparty's signature: who is asked beside our own signers answers first.
        theirs = any(one.who.side == THEIRS and one.state not in SETTLED for one in group)
        if any(self.is_held(one) for one in waiting) and not theirs:
            self.turn_has_come(at)
        for person in waiting:
            if not self.is_held(person):
                self.ask(person, at)

    def is_held(self, person: Person) -> bool:
        """Whether somebody waits for an approval, although it is their turn."""
        raise NotImplementedError

    def turn_has_come(self, at: datetime) -> None:
        """Of those who wait for an approval."""
        raise NotImplementedError

    def end_asking(self, state: str) -> None:
        """Whoever was to approve need not any more."""
        raise NotImplementedError

    # Asking.

    def due(self, person: Person) -> date:
        """Their own day; but whoever is asked when it is over has the envelope's."""
        own, asked = person.own_day, person.asked_at
        if own is None or (asked is not None and own < day_of(asked)):
            return self.deadline
        return min(own, self.deadline)

    def ask(self, person: Person, at: datetime, *, again: bool = False) -> None:
        """A request with a fresh link for a counterparty, and the desk's page for our own."""
        if person.state not in ASKED:
            person.state, person.asked_at = REQUESTED, at
        elif self.due(person) < day_of(at):
            person.asked_at = at  # by another day: a new request
        person.undelivered = False
        if person.is_theirs:
            self.link(person, at)
        self.tell("recipient.requested")
        self.request(person, again=again)

    def request(self, person: Person, *, again: bool) -> None:
        """The mail that asks, and names the day up to which this person may answer."""
        person.day_told = self.due(person)
        self.mail(self.request_kind(person, again=again), person.mail)

    def link(self, person: Person, at: datetime) -> None:
        """The old link is dead from now on, and so is whatever was open through it."""
        number = person.link.number + 1 if person.link else 1
        person.link = Link(number, end_of(self.due(person)))
        person.inside_since = None

    def request_kind(self, person: Person, *, again: bool) -> str:
        if not person.signs:
            return "M03"
        if person.who.side == OURS:
            return "M04"
        return "M02" if again else "M01"

    # Answers and ends.

    def settle(self, person: Person) -> None:
        """いずれか1人 has answered: the others of the number are not needed any more."""
        for other in self.left_of(person):
            self.cancel(other)
            self.tell("recipient.cancelled")

    def left_of(self, person: Person) -> list[Person]:
        """The others of いずれか1人 who can still do it: asked, still to be asked, or to be asked again."""
        if not person.seat.any_one:
            return []
        return [one for one in self.group_of(person) if one is not person and one.state not in SETTLED]

    def cancel(self, person: Person) -> None:
        person.state = CANCELLED
        if person.link:
            person.link.closed = True

    def end(self, state: str, at: datetime) -> None:
        """Declined or withdrawn: nothing is asked of anybody any more; what was signed stays signed, and concludes nothing."""
        self.state, self.ended_at = state, at
        for person in self.people:
            if person.state not in SETTLED:
                self.cancel(person)
            if person.link:
                person.link.closed = True
        self.end_asking("ended")

    def mailed(self) -> list[Person]:
        """Whoever was ever asked by mail, and not replaced without a wish to hear of the end."""
        return [one for one in self.people if one.asked_at is not None and (one.wants_copy or one.state != FORWARDED)]

    def must_be(self, *states: str) -> None:
        if self.state not in states:
            raise Refused(f"envelope is {self.state}")

    def must_go_on(self, person: Person, at: datetime) -> None:
        """In progress, and the day of whoever acts is not over."""
        self.must_be(IN_PROGRESS)
        if at >= end_of(self.due(person)):
            raise Refused("the day is over")
        if person.state not in ASKED:
            raise Refused("not asked")
