"""The two sides, held side by side: what every rule of the state machine needs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import ClassVar

from hypothesis.stateful import RuleBasedStateMachine

from model import comparing
from model.approvals import Route
from model.clockwork import Reference
from model.hand import Hand
from model.houses import FILINGS, Ground
from model.people import CONCLUDED, Filing, Person, Refused, Seat, seated
from tachiai.errors import Refusal

# A visit is left alone by then, long before the house would end it.
VISIT = timedelta(minutes=20)


@dataclass
class Tally:
    """What was done in one run."""

    steps: int = 0
    examples: int = 0
    accepted: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    states: Counter[str] = field(default_factory=Counter)


class Sides(RuleBasedStateMachine):
    """One envelope a run of this machine. ``ground`` is the house of this process."""

    ground: ClassVar[Ground]
    tally: ClassVar[Tally] = Tally()
    fsck_every: ClassVar[int] = 9

    def begin(self, seats: list[Seat], papers: int, days: int, route: Route | None) -> None:
        self.filings = {name: Filing(name) for name in FILINGS}
        self.hand = Hand(self.ground, seats, papers=papers, days=days, route=route)
        today = self.ground.clock.today
        people = seated(seats, self.filings, today)
        self.model = Reference(people, papers=papers, deadline=today + timedelta(days=days), at=self.now)
        self.model.begin(route, self.now)
        self.book = comparing.Book(self.hand, self.model)
        self.done = 0
        self.tally.examples += 1
        self.compare("send")

    @property
    def now(self) -> datetime:
        return self.ground.clock.at

    # Both sides, side by side.

    def both(self, name: str, model: Callable[[], object], product: Callable[[], object], *, in_order: bool = True) -> bool:
        """Let both do it: done by both or refused by both, for the same reason where the words fix it."""
        self.ground.clock.pass_by(timedelta(seconds=1))
        self.leave_stale_visits()
        self.tally.steps += 1
        self.done += 1
        code, why = "", ""
        try:
            product()
        except Refusal as refusal:
            code = refusal.code
        try:
            model()
        except Refused as refused:
            why = str(refused)
        assert bool(code) == bool(why), f"{name}: the model says {why or 'yes'!r}, the product {code or 'yes'!r}"
        assert not code or comparing.may_differ(why, code), f"{name}: the model says {why!r}, the product {code!r}"
        (self.tally.refused if code else self.tally.accepted)[name] += 1
        self.tally.reasons[f"{name}: {why} ({code})"] += bool(code)
        self.compare(name, in_order=in_order)
        return not code

    def compare(self, name: str, *, in_order: bool = True) -> None:
        found = comparing.differences(self.hand, self.model) + self.book.differences(in_order=in_order)
        if self.done % self.fsck_every == 0:
            found += comparing.findings(self.hand, quick=True)
        assert not found, f"after {name}: " + "; ".join(found)

    def teardown(self) -> None:
        if hasattr(self, "book"):
            self.tally.states[self.model.state] += 1
            found = comparing.findings(self.hand, quick=self.model.state != CONCLUDED)
            assert not found, found

    def leave_stale_visits(self) -> None:
        for place, person in enumerate(self.model.people):
            if person.inside_since is not None and self.now - person.inside_since > VISIT:
                self.model.leave(person)
                self.hand.leave(place)

    # Whom an act is about: mostly somebody of whom it may be asked, sometimes anybody.

    def some(self, spot: int, fits: Callable[[Person], bool], *, aim: bool) -> tuple[int, Person]:
        everybody = list(enumerate(self.model.people))
        fitting = [one for one in everybody if fits(one[1])] if aim else []
        chosen = fitting or everybody
        return chosen[spot % len(chosen)]

    def linked(self, spot: int, fits: Callable[[Person], bool], *, aim: bool) -> tuple[int, Person] | None:
        """The same of those who were ever mailed a link."""
        place, person = self.some(spot, lambda one: one.link is not None and fits(one), aim=aim)
        return (place, person) if person.link is not None else None
