"""What happens by itself: freezing, sealing and closing, whatever is in the way of them, and what is due by the clock."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from model.desk import Desk
from model.people import (
    ASKED,
    CLOSING,
    CONCLUDED,
    COPY,
    DELIVERED,
    EXPIRED,
    FORWARDED,
    IN_PROGRESS,
    JAPAN,
    SENDER,
    SENDING,
    SIGNED,
    Job,
    Link,
    Person,
    day_of,
)
from model.story import AWAY, REFUSING, STRIKES
from model.visits import DOWNLOAD_DAYS

# Days before the deadline on which whoever has not answered is reminded, and how long a request is left alone.
REMINDERS, QUIET = (23, 16, 9, 2), 5
WARNINGS = (3, 0)


def newest(schedule: tuple[int, ...], left: int) -> int | None:
    """Of several that were missed only the last."""
    return min((days for days in schedule if days >= left), default=None) if left >= 0 else None


class Reference(Desk):
    """The whole reference model."""

    # The house's own work.

    def is_held_up(self, work: str) -> bool:
        """Whether something is in the way of freezing or of closing; a refusal of its content counts against it, an outage does not."""
        if self.own_work[work] >= STRIKES or self.trouble == AWAY:
            return True
        if self.trouble == REFUSING:
            self.own_work[work] += 1
            return True
        return False

    def freeze(self, at: datetime) -> None:
        if self.state != SENDING:
            if self.own_work[SENDING] < STRIKES:
                self.own_work[SENDING] = 0
            return
        if self.is_held_up(SENDING):
            return
        for _ in range(self.papers):
            self.tell("document.frozen")
        self.tell("envelope.frozen")
        self.state = IN_PROGRESS
        self.go_on(at)

    def seal(self, at: datetime) -> None:
        """Each consent becomes one seal on each of its documents, one after the other."""
        tried: set[int] = set()
        while (job := self.next_job(tried)) is not None:
            tried.add(id(job))
            if self.state != IN_PROGRESS:
                job.state = "dropped"
                self.tell("consent.unsealed")
            elif self.trouble == REFUSING:
                job.strikes += 1
                job.state = "stuck" if job.strikes >= STRIKES else "due"
            elif self.trouble != AWAY:
                self.seal_one(job, at)

    def next_job(self, tried: set[int]) -> Job | None:
        """The earliest of its document: two never wait for the same bytes."""
        taken: set[int] = set()
        for job in self.jobs:
            if job.state == "due" and job.paper not in taken:
                if id(job) not in tried:
                    return job
                taken.add(job.paper)
        return None

    def seal_one(self, job: Job, at: datetime) -> None:
        job.state = "done"
        self.seals += 1
        self.tell("document.sealed")
        person = job.person
        if all(one.state == "done" for one in self.jobs if one.person is person):
            person.state = SIGNED
            self.tell("recipient.signed")
            self.mail("M09", SENDER)
            self.go_on(at)

    def close(self, at: datetime) -> None:
        if self.state != CLOSING or self.is_held_up(CLOSING):
            return
        for _ in range(self.papers):
            self.tell("document.closed")
        self.state, self.concluded_at = CONCLUDED, at
        self.tell("envelope.concluded")
        for person in self.people:
            if person.seat.kind == COPY:
                person.state = DELIVERED
                self.tell("recipient.delivered")
        for person in self.people:
            self.tell_concluded(person, at)
        self.mail("M05", SENDER)

    def tell_concluded(self, person: Person, at: datetime) -> None:
        """Who did their part, who gets a copy, and who wished it when they named another."""
        took_part = person.state in ("signed", "reviewed")
        if person.state != DELIVERED and not (person.wants_copy and (took_part or person.state == FORWARDED)):
            return
        self.mail("M05" if took_part else "M06", person.mail)
        if person.is_theirs:
            person.download = Link(1, at + DOWNLOAD_DAYS)

    # The clock.

    def tick(self, at: datetime, filings: list) -> None:  # type: ignore[type-arg]
        self.tell_deputies(at)
        self.expire(at)
        if 8 <= (at + JAPAN).hour < 19:
            self.remind(at)
        for filing in filings:
            if not filing.ended and filing.last_day is not None and filing.last_day < day_of(at):
                filing.ended = True

    def expire(self, at: datetime) -> None:
        if self.state != IN_PROGRESS:
            return
        if self.deadline < day_of(at):
            self.state, self.ended_at = EXPIRED, at
            for person in self.people:
                if person.state in ASKED:
                    person.state = EXPIRED
                if person.link:
                    person.link.closed = True
            self.tell("envelope.expired")
            self.mail("M13", SENDER)
            return
        for person in self.people:
            if person.state in ASKED and self.due(person) < day_of(at):
                person.state = EXPIRED
                self.tell("recipient.expired")
                self.mail("M13", SENDER)

    def remind(self, at: datetime) -> None:
        if self.state == IN_PROGRESS:
            for person in self.people:
                if person.state in ASKED and not person.undelivered:
                    self.remind_one(person, at)
            self.warn(at)
        if self.state == CONCLUDED:
            for person in self.people:
                self.warn_of_download(person, at)

    def remind_one(self, person: Person, at: datetime) -> None:
        """M02 with the link they have: 23, 16, 9 and 2 days before, none in the first five days."""
        assert person.asked_at is not None
        due = self.due(person)
        days = newest(REMINDERS, (due - day_of(at)).days)
        if days is None or (due, days) in person.reminded or not self.was_before(person.asked_at, due, days + QUIET):
            return
        person.reminded.add((due, days))
        link = person.link
        if link is not None and (link.closed or at >= link.until or link.life >= 10):
            return  # it would lead nowhere
        self.tell("recipient.reminded")
        self.request(person, again=True)

    def was_before(self, at: datetime, due: date, days: int) -> bool:
        return day_of(at) <= due - timedelta(days=days)

    def warn(self, at: datetime) -> None:
        """M13 to the sender: three days before, and on the day."""
        days = newest(WARNINGS, (self.deadline - day_of(at)).days)
        if days is None or (self.deadline, days) in self.warned or not self.was_before(self.sent_at, self.deadline, days + 1):
            return
        self.warned.add((self.deadline, days))
        self.mail("M13", SENDER)

    def warn_of_download(self, person: Person, at: datetime) -> None:
        """M28 on the eleventh day to who signed and has taken nothing home."""
        assert self.concluded_at is not None
        age = at - self.concluded_at
        if person.state != SIGNED or person.download is None or person.fetched or person.told_of_end:
            return
        if not timedelta(days=11) <= age <= DOWNLOAD_DAYS:
            return
        person.told_of_end = True
        if person.download.life >= 10 or at >= person.download.until:
            return
        self.tell("download.reminded")
        self.mail("M28", person.mail)
