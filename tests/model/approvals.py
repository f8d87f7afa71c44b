"""承認 along a route: before anything is sent, or after the counterparty's signature and before our own signers are asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from model.people import (
    AWAITING,
    DRAFT,
    IN_PROGRESS,
    MANAGERS,
    OURS,
    RETURNED,
    SENDER,
    SENDING,
    WAITING,
    Person,
    Refused,
    day_of,
)
from model.story import Story

BEFORE, AFTER = "before", "after"
HELD, OPEN, APPROVED, TAKEN_BACK, ENDED = "held", "waiting", "approved", "taken_back", "ended"
PENDING, CANCELLED = "pending", "cancelled"
HOUSE = "@sakuragaoka.example.jp"


@dataclass(frozen=True)
class Step:
    """One step of a route: all of its approvers, or any one."""

    approvers: tuple[str, ...]
    any_one: bool = False


@dataclass(frozen=True)
class Route:
    timing: str
    steps: tuple[Step, ...]


@dataclass
class Spot:
    """One approver's place in a request."""

    step: int
    any_one: bool
    who: str
    state: str = WAITING
    decided_by: str = ""
    deputy_told: str = ""


@dataclass
class Deputyship:
    """代理: who stands in for whom, from one day to another."""

    approver: str
    deputy: str
    first: date
    last: date


@dataclass
class Asking:
    """承認依頼: one request, and what it is about."""

    timing: str
    asked_by: str
    spots: list[Spot]
    state: str = HELD
    about: tuple[object, ...] = field(default_factory=tuple)

    @property
    def pending(self) -> list[Spot]:
        return [one for one in self.spots if one.state == PENDING]


class Approvals(Story):
    def begin(self, route: Route | None, at: datetime) -> None:
        """The sender's word: it is sent at once, or handed in along the route."""
        self.route = route
        if route is None:
            self.dispatch(at)
        else:
            self.submit("sender", at)

    def lacking(self, at: datetime) -> bool:
        """Whether something keeps it from being sent: a day that is over, a registration that cannot be used."""
        today = day_of(at)
        days = [one.own_day for one in self.people if one.own_day is not None]
        unusable = any(one.filing is not None and not one.filing.is_usable(at) for one in self.people)
        return self.deadline <= today or unusable or any(not today < day <= self.deadline for day in days)

    def dispatch(self, at: datetime) -> None:
        self.state, self.sent_at = SENDING, at
        self.tell("envelope.sent")
        self.mail("M08", SENDER)

    def must_manage(self, by: str) -> None:
        if by not in MANAGERS:
            raise Refused("not theirs")

    def send(self, by: str, at: datetime) -> None:
        """From a draft that was taken back, without asking anybody: no route is required here."""
        self.must_manage(by)
        self.must_be(DRAFT)
        if self.lacking(at):
            raise Refused("it cannot be sent")
        self.dispatch(at)

    def submit(self, by: str, at: datetime) -> None:
        self.must_manage(by)
        self.must_be(DRAFT)
        if self.lacking(at):
            raise Refused("it cannot be sent")
        self.asking = self.draw_up(by)
        if self.asking.timing == AFTER:
            self.awaits = True
            self.dispatch(at)
        else:
            self.state = AWAITING
            self.ask_for_approval(at)

    def draw_up(self, by: str) -> Asking:
        """Nobody approves what they send: the sender is passed over."""
        assert self.route is not None
        spots = [
            Spot(number, step.any_one, who)
            for number, step in enumerate(self.route.steps, 1)
            for who in step.approvers
            if who not in ("sender", by)
        ]
        return Asking(self.route.timing, by, spots)

    def ask_for_approval(self, at: datetime) -> None:
        """It is about what stands now: whoever answers later answers about that, or not at all."""
        request = self.asking
        assert request is not None
        request.state, request.about = OPEN, self.what_stands()
        self.tell("envelope.submitted")
        self.ask_step(request, 1, at)

    def what_stands(self) -> tuple[object, ...]:
        return self.deadline, len(self.people), self.seals

    def ask_step(self, request: Asking, step: int, at: datetime) -> None:
        for spot in request.spots:
            if spot.step == step and spot.state == WAITING:
                spot.state = PENDING
                self.mail("M17", spot.who + HOUSE)
                self.tell_deputy(request, spot, at)

    def tell_deputy(self, request: Asking, spot: Spot, at: datetime) -> None:
        """M18, once to each who stands in today; the sender stands in for nobody."""
        standing = [one.deputy for one in self.deputies if one.approver == spot.who and one.first <= day_of(at) <= one.last]
        if standing and standing[-1] not in ("sender", request.asked_by, spot.deputy_told):
            spot.deputy_told = standing[-1]
            self.mail("M18", standing[-1] + HOUSE)

    def tell_deputies(self, at: datetime) -> None:
        """By the clock: whoever begins to stand in hears of what waits already."""
        request = self.asking
        if request is not None and request.state == OPEN and self.state in (AWAITING, IN_PROGRESS):
            for spot in request.pending:
                self.tell_deputy(request, spot, at)

    # Our own signers wait for it.

    def is_held(self, person: Person) -> bool:
        return self.awaits and person.who.side == OURS and person.signs

    def turn_has_come(self, at: datetime) -> None:
        if self.asking is not None and self.asking.state == HELD:
            self.ask_for_approval(at)

    # Answers.

    def open_request(self) -> Asking:
        request = self.asking
        if request is None:
            raise Refused("nobody asked")
        if request.state != OPEN or self.state != (AWAITING if request.timing == BEFORE else IN_PROGRESS):
            raise Refused("the request is over")
        return request

    def spot_of(self, request: Asking, by: str, at: datetime) -> Spot:
        """One's own place, or that of somebody for whom one stands in today; one person has one voice at a step."""
        if by not in APPROVERS:
            raise Refused("not theirs to approve")
        if by in ("sender", request.asked_by):
            raise Refused("the sender approves nothing")
        pending = request.pending
        if pending and any(one.decided_by == by for one in request.spots if one.step == pending[0].step):
            raise Refused("one voice at a step")
        standing = {one.approver for one in self.deputies if one.deputy == by and one.first <= day_of(at) <= one.last}
        for wanted in ({by}, standing):
            for spot in pending:
                if spot.who in wanted:
                    return spot
        raise Refused("not asked to approve")

    def approve(self, by: str, at: datetime) -> None:
        request = self.open_request()
        spot = self.spot_of(request, by, at)
        if request.about != self.what_stands():
            raise Refused("something was changed since")
        spot.state, spot.decided_by = APPROVED, by
        if spot.any_one:
            self.not_needed([one for one in request.pending if one.step == spot.step])
        self.tell("envelope.approved")
        if request.pending:
            return
        following = [one.step for one in request.spots if one.step > spot.step]
        if following:
            self.ask_step(request, min(following), at)
        else:
            self.all_approved(request, at)

    def all_approved(self, request: Asking, at: datetime) -> None:
        """With the last one it goes on by itself; what cannot be sent any more goes back with the reason."""
        request.state = APPROVED
        self.mail("M19", SENDER)
        if request.timing == AFTER:
            self.awaits = False
            self.go_on(at)
        elif self.lacking(at):
            self.state = RETURNED
            self.tell("envelope.returned")
        else:
            self.dispatch(at)

    def give_back(self, by: str, words: str, at: datetime) -> None:
        """差戻し, with what is to be put right; after the counterparty's signature the envelope stays where it is."""
        if len(words.strip()) < 2:
            raise Refused("no comment")
        request = self.open_request()
        spot = self.spot_of(request, by, at)
        spot.state, spot.decided_by = RETURNED, by
        self.end_request(request, RETURNED)
        if request.timing == BEFORE:
            self.state = RETURNED
        self.tell("envelope.returned")
        self.mail("M19", SENDER)

    def take_back(self, by: str) -> None:
        """取戻し: a draft again, and what was approved is void."""
        self.must_manage(by)
        self.must_be(AWAITING, RETURNED)
        self.state = DRAFT
        self.end_asking(TAKEN_BACK)
        self.tell("envelope.taken_back")

    def ask_again(self, by: str, at: datetime) -> None:
        """After a return behind the counterparty's signature, about what stands now."""
        self.must_manage(by)
        self.must_be(IN_PROGRESS)
        if not self.awaits or self.asking is None or self.asking.state != RETURNED:
            raise Refused("nothing was returned")
        self.asking = self.draw_up(by)
        self.ask_for_approval(at)

    def set_deputy(self, standing: Deputyship) -> None:
        self.deputies.append(standing)

    # Ends.

    def end_asking(self, state: str) -> None:
        if self.asking is not None and self.asking.state in (HELD, OPEN):
            self.end_request(self.asking, state)

    def end_request(self, request: Asking, state: str) -> None:
        request.state = state
        self.not_needed([one for one in request.spots if one.state in (WAITING, PENDING)])

    def not_needed(self, spots: Sequence[Spot]) -> None:
        for spot in spots:
            spot.state = CANCELLED


APPROVERS = ("second", "chief", "head", "sender")
