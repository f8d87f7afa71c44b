"""What the sender does at the desk, what an operator does at the terminal, and what becomes of registrations."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from model.people import (
    ASKED,
    CLOSING,
    CONSENTED,
    COPY,
    EXPIRED,
    IN_PROGRESS,
    SENDER,
    SENDING,
    UNSENT,
    WAITING,
    WITHDRAWN,
    Filing,
    Person,
    Refused,
    Who,
    day_of,
)
from model.story import STRIKES
from model.visits import Visits

REVIVE_WITHIN = timedelta(days=90)


class Desk(Visits):
    def withdraw(self, by: str, words: str, at: datetime) -> None:
        self.must_manage(by)
        if len(words.strip()) < 2:
            raise Refused("no reason")
        self.must_be(*UNSENT, SENDING, IN_PROGRESS, EXPIRED)
        self.drop_stuck()
        self.end(WITHDRAWN, at)
        self.tell("envelope.withdrawn")
        for person in self.mailed():
            self.mail("M11", person.mail)

    def change_signer(self, by: str, person: Person, who: Who, filing: Filing | None, at: datetime) -> Person:
        """By the sender: whoever has not answered yet, asked or not."""
        self.must_manage(by)
        self.must_be(IN_PROGRESS)
        if day_of(at) > self.deadline:
            raise Refused("the day is over")
        if person.seat.kind == COPY or person.state not in (WAITING, *ASKED, EXPIRED):
            raise Refused("not asked")
        return self.change(person, who, filing, keeps=False, at=at)

    def send_again(self, by: str, person: Person, day: date | None, at: datetime) -> None:
        """再依頼: a new link, the old one is dead; it revives what expired, for ninety days, with a new deadline."""
        self.must_manage(by)
        self.must_be(IN_PROGRESS, EXPIRED)
        revived = self.state == EXPIRED
        if revived:
            self.must_be_revivable(day, at)
        elif day_of(at) > self.deadline:
            raise Refused("the day is over")
        if person.state not in (*ASKED, EXPIRED) and not (revived and person.state == CONSENTED):
            raise Refused("not asked")
        if revived:
            assert day is not None
            self.revive(day)
        if person.state == CONSENTED:
            return  # nobody is asked twice
        self.tell("recipient.sent_again")
        self.ask(person, at, again=True)

    def must_be_revivable(self, day: date | None, at: datetime) -> None:
        assert self.ended_at is not None
        if at - self.ended_at > REVIVE_WITHIN:
            raise Refused("too old")
        if day is None or not 1 <= (day - day_of(at)).days <= 90:
            raise Refused("no deadline")

    def revive(self, day: date) -> None:
        """What was consented before the day was over is sealed now."""
        self.state, self.deadline, self.ended_at = IN_PROGRESS, day, None
        for job in self.jobs:
            if job.state == "dropped" and job.person.state == CONSENTED:
                job.state = "due"
        self.tell("envelope.revived")

    def revoke_link(self, by: str, person: Person, at: datetime) -> None:
        """リンクを無効にする."""
        self.must_manage(by)
        self.must_be(IN_PROGRESS)
        if person.link is None or person.link.closed or person.state not in ASKED:
            raise Refused("no link")
        person.link.closed = True
        self.tell("recipient.link_revoked")

    def bounce(self, person: Person) -> None:
        """不達: the request came back; it is shown and told, and ends nothing."""
        person.undelivered = True
        self.tell("recipient.undelivered")
        self.mail("M14", SENDER)

    # The operator.

    def stuck(self) -> list[object]:
        own = [state for state, strikes in self.own_work.items() if strikes >= STRIKES]
        return [*own, *(job for job in self.jobs if job.state == "stuck")]

    def drop_stuck(self) -> None:
        """What is stuck waits for an operator, who has nothing to put right any more."""
        self.own_work = {state: strikes if strikes < STRIKES else 0 for state, strikes in self.own_work.items()}
        for job in self.jobs:
            if job.state == "stuck":
                job.state = "dropped"

    def retry(self, words: str) -> None:
        """The cause is gone: whatever is stuck is due again."""
        if len(words.strip()) < 2:
            raise Refused("no reason")
        if not self.stuck():
            raise Refused("nothing is stuck")
        self.own_work = {state: strikes if strikes < STRIKES else 0 for state, strikes in self.own_work.items()}
        for job in self.jobs:
            if job.state == "stuck":
                job.state, job.strikes = "due", 0
        self.tell("envelope.retried")

    def withdraw_by_operator(self, words: str, at: datetime) -> None:
        """Also what is closing already; the sender is told as well."""
        if len(words.strip()) < 2:
            raise Refused("no reason")
        self.must_be(SENDING, IN_PROGRESS, EXPIRED, CLOSING)
        for job in self.jobs:
            if job.state in ("due", "stuck"):
                job.state = "dropped"
        self.own_work = dict.fromkeys(self.own_work, 0)
        self.end(WITHDRAWN, at)
        self.tell("envelope.withdrawn")
        for person in self.mailed():
            self.mail("M11", person.mail)
        self.mail("M11", SENDER)

    # Registrations.

    def end_filing(self, filing: Filing) -> None:
        if filing.ended:
            raise Refused("filing ended")
        filing.ended = True

    def date_filing(self, filing: Filing, last_day: date) -> None:
        if filing.ended:
            raise Refused("filing ended")
        filing.last_day = last_day

    def change_code(self, filing: Filing, at: datetime) -> None:
        """The code chosen anew takes the place of the old one; always the present one counts."""
        if not filing.is_usable(at):
            raise Refused("filing ended")
        filing.code_changed = True
