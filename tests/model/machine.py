"""The state machine: it draws an envelope and one act after another, and lets both sides do it."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from model.approvals import Route
from model.drawing import PAUSES, WHO, envelopes, heirs
from model.houses import FILINGS
from model.machine_approvals import ApprovalActs
from model.people import (
    ASKED,
    CANCELLED,
    CONCLUDED,
    CONSENTED,
    COPY,
    DECLINED,
    DONE,
    EXPIRED,
    FORWARDED,
    IN_PROGRESS,
    REVIEWED,
    SENDING,
    Person,
    Refused,
    Seat,
    Who,
    at_hour,
    day_of,
    end_of,
)

WORDS = st.sampled_from(["権限がありません", "権限がありません", "権限がありません", " あ "])
MANAGERS = st.sampled_from(["sender"] * 5 + ["admin", "stranger", "auditor"])
SPOT = st.integers(0, 11)
OFTEN = st.sampled_from([True, True, True, True, False])
# So many people of one envelope, those included in whose place somebody else stands.
MOST = 14
PAST = (FORWARDED, DECLINED, CANCELLED, EXPIRED, *DONE)


class Envelopes(ApprovalActs):
    """Every act there is, by whomever, in whatever order."""

    @initialize(drawn=envelopes(), at_once=OFTEN)
    def send(self, drawn: tuple[list[Seat], int, int, Route | None], at_once: bool) -> None:
        self.begin(*drawn)
        if at_once:
            self.go_through()
            self.freeze()

    def go_through(self) -> None:
        """Everybody approves what waits for it."""
        while self.model.asking is not None and self.model.asking.pending and self._approve(self.model.asking.pending[0].who):
            pass

    # Behind a link.

    @rule(spot=SPOT, aim=OFTEN, what=st.sampled_from(["right"] * 6 + ["wrong", "malformed", "former"]))
    def enter(self, spot: int, aim: bool, what: str) -> None:
        found = self.linked(spot, lambda one: one.state in ASKED, aim=aim)
        if found is not None:
            place, person = found
            if what == "right" and person.gate == "otp" and person.state in ASKED:
                self._send_code(place, person)
            self._enter(place, person, what)

    def _enter(self, place: int, person: Person, what: str) -> bool:
        return self.both("enter", lambda: self._entered(person, what), lambda: self.hand.enter(place, what))

    def _entered(self, person: Person, what: str) -> None:
        changed = person.filing is not None and person.gate == "registered" and person.filing.code_changed
        right = what == "right" or (what == "former" and not changed)
        live = person.gate != "otp" or (person.link is not None and person.link.code_sent is not None)
        self.model.enter(person, right=right and live, well_formed=what != "malformed" or person.gate == "none", at=self.now)

    @rule(spot=SPOT, times=st.integers(3, 6), often=st.integers(0, 2))
    def guess(self, spot: int, times: int, often: int) -> None:
        """Somebody tries one wrong code after another."""
        found = self.linked(spot, lambda one: one.state in ASKED and one.gate != "none", aim=True)
        if often == 0 and found is not None:
            for _ in range(times):
                self._enter(*found, "wrong")

    @rule(spot=SPOT, aim=OFTEN)
    def send_code(self, spot: int, aim: bool) -> None:
        found = self.linked(spot, lambda one: one.state in ASKED and one.gate == "otp", aim=aim)
        if found is not None:
            self._send_code(*found)

    def _send_code(self, place: int, person: Person) -> bool:
        return self.both("send_code", lambda: self.model.send_code(person, self.now), lambda: self.hand.send_code(place))

    @rule(spot=SPOT)
    def follow_old(self, spot: int) -> None:
        """The link of before a 再依頼 leads nowhere."""
        place, person = self.some(spot, lambda one: one.link is not None and one.link.number > 1, aim=True)
        if person.link is not None and person.link.number > 1 and self.hand.row(place).pk in self.hand.old_links:
            self.both("follow_old", lambda: refuse("the link of before"), lambda: self.hand.follow_old(place))

    @rule(spot=SPOT, aim=OFTEN)
    def ask_sender(self, spot: int, aim: bool) -> None:
        found = self.linked(spot, lambda one: self.model.stop(one, self.now) in ("expired", "link ended"), aim=aim)
        if found is not None:
            place, person = found
            self.both("ask_sender", lambda: self.model.ask_sender(person, self.now), lambda: self.hand.ask_sender(place))

    # What they do.

    @rule(spot=SPOT, aim=OFTEN, paper=st.integers(0, 1))
    def read(self, spot: int, aim: bool, paper: int) -> None:
        place, person = self.some(spot, lambda one: one.state in ASKED, aim=aim)
        papers = person.papers(self.model.papers)
        if (person.is_theirs and person.link is not None) or (person.state in ASKED and self.model.state == IN_PROGRESS):
            self._read(place, person, papers[paper % len(papers)])

    def _read(self, place: int, person: Person, paper: int) -> bool:
        return self.both("read", lambda: self.model.read(person, paper, self.now), lambda: self.hand.read(place, paper))

    @rule(spot=SPOT, aim=OFTEN)
    def sign(self, spot: int, aim: bool) -> None:
        place, person = self.some(spot, lambda one: one.signs and one.state in (*ASKED, CONSENTED), aim=aim)
        if self.can_press(person):
            self._sign(place, person)

    def _sign(self, place: int, person: Person) -> bool:
        return self.both("sign", lambda: self.model.sign(person, self.now), lambda: self.hand.sign(place))

    @rule(spot=SPOT, aim=OFTEN)
    def confirm(self, spot: int, aim: bool) -> None:
        place, person = self.some(spot, lambda one: not one.signs and one.state in (*ASKED, REVIEWED), aim=aim)
        if self.can_press(person):
            self._confirm(place, person)

    def _confirm(self, place: int, person: Person) -> bool:
        return self.both("confirm", lambda: self.model.confirm(person, self.now), lambda: self.hand.confirm(place))

    def can_press(self, person: Person) -> bool:
        """Whoever has no link and is no member has nothing to press."""
        return person.link is not None or (not person.is_theirs and person.seat.kind != COPY)

    @rule(spot=SPOT, again=st.booleans())
    def answer(self, spot: int, again: bool) -> None:
        """Somebody who is asked goes their whole way: the code, every document, the last button."""
        place, person = self.some(spot, lambda one: one.state in ASKED, aim=True)
        if not self._come_in(place, person):
            return
        for paper in person.papers(self.model.papers):
            self._read(place, person, paper)
        act = self._sign if person.signs else self._confirm
        if act(place, person) and again:
            act(place, person)

    def _come_in(self, place: int, person: Person) -> bool:
        """Somebody who is asked is let in, if they are."""
        if person.state not in ASKED or self.model.state != IN_PROGRESS:
            return False
        if not person.is_theirs or person.inside_since is not None:
            return True
        if person.gate == "otp" and not self._send_code(place, person):
            return False
        return self._enter(place, person, "right")

    @rule(spots=st.lists(SPOT, min_size=1, max_size=2))
    def live_on(self, spots: list[int]) -> None:
        self.live(spots=spots)

    @rule(spots=st.lists(SPOT, min_size=1, max_size=4))
    def live(self, spots: list[int]) -> None:
        """A while in which all goes as it should."""
        for spot in spots:
            self.go_through()
            self.answer(spot=spot, again=False)
            self.work()

    @rule(spot=SPOT, aim=OFTEN, words=WORDS, often=st.integers(0, 3))
    def decline(self, spot: int, aim: bool, words: str, often: int) -> None:
        place, person = self.some(spot, lambda one: one.state in ASKED and self.is_in(one), aim=aim)
        if often == 0 and self.can_press(person):
            self._decline(place, person, words)

    def _decline(self, place: int, person: Person, words: str) -> None:
        self.both("decline", lambda: self.model.decline(person, words, self.now), lambda: self.hand.decline(place, words))

    @rule(spot=SPOT, often=st.integers(0, 5))
    def bow_out(self, spot: int, often: int) -> None:
        """One of いずれか1人 comes in and declines; now and then the last of them, or somebody without whom it cannot go on."""
        place, person = self.some(spot, lambda one: one.state in ASKED and bool(self.model.left_of(one)), aim=True)
        if (often == 0 or self.model.left_of(person)) and self._come_in(place, person):
            self._decline(place, person, "権限がありません")

    def is_in(self, person: Person) -> bool:
        return not person.is_theirs or person.inside_since is not None

    @rule(spot=SPOT, aim=OFTEN, who=heirs(), words=WORDS, keeps=st.booleans())
    def hand_over(self, spot: int, aim: bool, who: Who, words: str, keeps: bool) -> None:
        place, person = self.some(spot, lambda one: one.state in ASKED and one.seat.may_change and self.is_in(one), aim=aim)
        if self.can_press(person):
            self._hand_over(place, person, self.named(person, who), words, keeps=keeps)

    def _hand_over(self, place: int, person: Person, who: Who, words: str, *, keeps: bool) -> bool:
        act = lambda: self.model.hand_over(person, who, self.filings.get(who.filing), words, keeps=keeps, at=self.now)  # noqa: E731
        return self.both("hand_over", act, lambda: self.hand.hand_over(place, who, words, keeps=keeps))

    @rule(spot=SPOT, who=heirs(), keeps=st.booleans(), again=st.booleans())
    def name_another(self, spot: int, who: Who, keeps: bool, again: bool) -> None:
        """Somebody who may comes in and names another, and then tries what is still open to them."""
        place, person = self.some(spot, lambda one: one.state in ASKED and one.seat.may_change, aim=True)
        if not person.seat.may_change or len(self.model.people) >= MOST or not self._come_in(place, person):
            return
        if self._hand_over(place, person, self.named(person, who), "権限がありません", keeps=keeps) and again:
            self._come_back(place, person)

    @rule(spot=SPOT)
    def come_back(self, spot: int) -> None:
        """Somebody of whom nothing is asked any more tries everything that their link once led to."""
        place, person = self.some(spot, lambda one: one.link is not None and one.state in PAST, aim=True)
        if person.link is not None and person.state in PAST:
            self._come_back(place, person)

    def _come_back(self, place: int, person: Person) -> None:
        if not self.can_press(person):
            return
        if person.link is not None:
            self._enter(place, person, "right")
            self._read(place, person, person.papers(self.model.papers)[0])
        (self._sign if person.signs else self._confirm)(place, person)
        self._decline(place, person, "権限がありません")
        self._hand_over(place, person, self.named(person, WHO["third"]), "権限がありません", keeps=False)

    def named(self, person: Person, who: Who) -> Who:
        """Mostly somebody of the same side."""
        return who if who.side == person.who.side or who.mail.startswith("vice") else WHO["vice" if not person.is_theirs else "typed"]

    # The desk.

    @rule(by=MANAGERS, words=WORDS, often=st.integers(0, 5))
    def withdraw(self, by: str, words: str, often: int) -> None:
        if often == 0:
            self.both("withdraw", lambda: self.model.withdraw(by, words, self.now), lambda: self.hand.withdraw(by, words))

    @rule(by=MANAGERS, spot=SPOT, aim=OFTEN, who=heirs())
    def change_signer(self, by: str, spot: int, aim: bool, who: Who) -> None:
        place, person = self.some(spot, lambda one: one.state in (*ASKED, "waiting", EXPIRED) and one.seat.kind != COPY, aim=aim)
        if len(self.model.people) < MOST:
            who = self.named(person, who)
            act = lambda: self.model.change_signer(by, person, who, self.filings.get(who.filing), self.now)  # noqa: E731
            self.both("change_signer", act, lambda: self.hand.change_signer(by, place, who))

    @rule(by=MANAGERS, spot=SPOT, aim=OFTEN, days=st.sampled_from([7, 30, 30, 90, 91, 0, None]))
    def send_again(self, by: str, spot: int, aim: bool, days: int | None) -> None:
        place, person = self.some(spot, lambda one: one.state in (*ASKED, EXPIRED, CONSENTED), aim=aim)
        day = None if days is None else day_of(self.now) + timedelta(days=days)
        self.both("send_again", lambda: self.model.send_again(by, person, day, self.now), lambda: self.hand.send_again(by, place, day))

    @precondition(lambda self: self.model.state == EXPIRED)
    @rule(spot=SPOT)
    def revive(self, spot: int) -> None:
        self.send_again(by="sender", spot=spot, aim=True, days=30)

    @rule(by=MANAGERS, spot=SPOT, aim=OFTEN)
    def revoke_link(self, by: str, spot: int, aim: bool) -> None:
        place, person = self.some(spot, lambda one: one.is_theirs and one.state in ASKED, aim=aim)
        self.both("revoke_link", lambda: self.model.revoke_link(by, person, self.now), lambda: self.hand.revoke_link(by, place))

    @rule(spot=SPOT)
    def bounce(self, spot: int) -> None:
        place, person = self.some(spot, lambda one: one.state in ASKED, aim=True)
        if person.state in ASKED:
            self.both("bounce", lambda: self.model.bounce(person), lambda: self.hand.bounce(place))

    # The operator, and registrations.

    @rule(words=WORDS, often=st.integers(0, 3))
    def retry(self, words: str, often: int) -> None:
        if often == 0 or self.model.stuck():
            self.both("retry", lambda: self.model.retry(words), lambda: self.hand.retry(words))

    @rule(words=WORDS, often=st.integers(0, 9))
    def withdraw_by_operator(self, words: str, often: int) -> None:
        if often == 0:
            act = lambda: self.model.withdraw_by_operator(words, self.now)  # noqa: E731
            self.both("withdraw_by_operator", act, lambda: self.hand.withdraw_by_operator(words))

    @rule(name=st.sampled_from(sorted(FILINGS)), what=st.integers(0, 5))
    def touch_filing(self, name: str, what: int) -> None:
        filing = self.filings[name]
        if what == 0:
            self.both("end_filing", lambda: self.model.end_filing(filing), lambda: self.hand.end_filing(name))
        elif what == 1:
            last: date = day_of(self.now) + timedelta(days=2)
            self.both("date_filing", lambda: self.model.date_filing(filing, last), lambda: self.hand.date_filing(name, last))
        elif what in (2, 3):
            self.both("change_code", lambda: self.model.change_code(filing, self.now), lambda: self.hand.change_code(name))

    # The house's own work, what is in its way, and the clock.

    @rule()
    def work(self) -> None:
        """All that is due, as a house does that is well."""
        if self.model.state == SENDING:
            self.freeze()
        self.seal()
        self.close()

    @rule()
    def seal(self) -> None:
        self.both("seal", lambda: self.model.seal(self.now), self.hand.seal, in_order=False)

    def freeze(self) -> None:
        self.both("freeze", lambda: self.model.freeze(self.now), self.hand.freeze)

    def close(self) -> None:
        self.both("close", lambda: self.model.close(self.now), self.hand.close, in_order=False)

    @rule(what=st.sampled_from(["away", "refusing", "refusing"]), times=st.integers(1, 6), well=OFTEN)
    def suffer(self, what: str, times: int, well: bool) -> None:
        """For a while nothing can be sealed."""
        self.model.trouble = self.hand.trouble = what
        for _ in range(times):
            self.work()
        if well:
            self.recover()

    @rule()
    def recover(self) -> None:
        self.model.trouble = self.hand.trouble = ""

    @rule(pause=st.sampled_from(PAUSES), ticks=OFTEN)
    def pause(self, pause: str, ticks: bool) -> None:
        self.ground.clock.at = max(self.now, self.after(pause))
        self.leave_stale_visits()
        if ticks:
            self.tick()
        else:
            self.compare("pause")

    def after(self, pause: str) -> datetime:
        """When somebody looks again."""
        if pause == "past the deadline":
            return end_of(self.model.deadline) + timedelta(seconds=30)
        if pause == "the last evening":
            return at_hour(self.model.deadline, 18)
        if pause == "past their own day":
            days = [one.own_day for one in self.model.people if one.own_day and end_of(one.own_day) > self.now]
            return end_of(min(days)) + timedelta(seconds=30) if days else self.now
        if pause == "nine o'clock":
            today = at_hour(day_of(self.now), 9)
            return today if today > self.now else today + timedelta(days=1)
        return self.now + timedelta(minutes=int(pause))

    @rule(days=st.integers(2, 7))
    def days_go_by(self, days: int) -> None:
        """Day after day the clock looks by light, as it does in a house that is left alone."""
        for _ in range(days):
            self.pause(pause="nine o'clock", ticks=True)

    @rule()
    def tick(self) -> None:
        self.both("tick", lambda: self.model.tick(self.now, list(self.filings.values())), self.hand.tick, in_order=False)

    # Afterwards.

    @precondition(lambda self: self.model.state == CONCLUDED)
    @rule(spot=SPOT, what=st.sampled_from(["right", "right", "wrong"]))
    def fetch(self, spot: int, what: str) -> None:
        place, person = self.some(spot, lambda one: one.download is not None and one.gate != "otp", aim=True)
        if person.is_theirs and person.gate != "otp":
            act = lambda: self.model.fetch(person, right=what == "right", at=self.now)  # noqa: E731
            self.both("fetch", act, lambda: self.hand.fetch(place, what))

    @precondition(lambda self: self.model.state == CONCLUDED)
    @rule(spot=SPOT, what=st.sampled_from(["right", "right", "wrong"]))
    def reissue(self, spot: int, what: str) -> None:
        place, person = self.some(spot, lambda one: one.download is not None, aim=True)
        if person.is_theirs:
            act = lambda: self.model.reissue(person, right=what == "right", at=self.now)  # noqa: E731
            self.both("reissue", act, lambda: self.hand.reissue(place, what))


def refuse(why: str) -> None:
    raise Refused(why)
