"""The acts about approvals, by whomever, in whatever order."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from model.approvals import Asking, Deputyship
from model.people import AWAITING, DRAFT, RETURNED, UNSENT, day_of
from model.sides import Sides

ANYBODY = st.sampled_from(["second", "chief", "head", "second", "chief", "head", "sender", "auditor", "stranger"])
MANAGERS = st.sampled_from(["sender"] * 5 + ["admin", "stranger", "auditor"])
PAIRS = st.sampled_from([("second", "chief"), ("chief", "head"), ("head", "second")])
COMMENTS = st.sampled_from(["金額を確認してください", "金額を確認してください", " あ "])


class ApprovalActs(Sides):
    """What is done only where there is a route."""

    def request(self) -> Asking | None:
        asking: Asking | None = self.model.asking
        return asking

    @precondition(lambda self: self.model.asking is not None)
    @rule(by=ANYBODY)
    def approve(self, by: str) -> None:
        self._approve(by)

    def _approve(self, by: str) -> bool:
        return self.both("approve", lambda: self.model.approve(by, self.now), lambda: self.hand.approve(by))

    @precondition(lambda self: self.model.asking is not None and self.model.asking.pending)
    @rule(steps=st.integers(1, 4), spot=st.integers(0, 5))
    def approve_on(self, steps: int, spot: int) -> None:
        """Those whose turn it is say yes, one after the other."""
        for _ in range(steps):
            asking = self.request()
            if asking is not None and asking.pending:
                self.approve(by=asking.pending[spot % len(asking.pending)].who)

    @precondition(lambda self: self.model.asking is not None and self.model.asking.pending)
    @rule(by=ANYBODY, spot=st.integers(0, 5), aim=st.booleans(), words=COMMENTS)
    def give_back(self, by: str, spot: int, aim: bool, words: str) -> None:
        asking = self.request()
        if aim and asking is not None and asking.pending:
            by = asking.pending[spot % len(asking.pending)].who
        self.both("give_back", lambda: self.model.give_back(by, words, self.now), lambda: self.hand.give_back(by, words))

    @precondition(lambda self: self.model.state in (AWAITING, RETURNED))
    @rule(by=MANAGERS)
    def take_back(self, by: str) -> None:
        self.both("take_back", lambda: self.model.take_back(by), lambda: self.hand.take_back(by))

    @precondition(lambda self: self.model.route is not None and self.model.state in UNSENT)
    @rule(by=MANAGERS, again=st.booleans())
    def hand_in(self, by: str, again: bool) -> None:
        """Once more along the route, or sent past it: nobody requires one here."""
        if self.model.state == RETURNED:
            self.take_back(by="sender")
        if again or self.model.state != DRAFT:
            self.both("submit", lambda: self.model.submit(by, self.now), lambda: self.hand.submit(by))
        else:
            self.both("send", lambda: self.model.send(by, self.now), lambda: self.hand.send(by))

    @precondition(lambda self: self.model.awaits)
    @rule(by=MANAGERS)
    def ask_approval_again(self, by: str) -> None:
        self.both("ask_approval_again", lambda: self.model.ask_again(by, self.now), lambda: self.hand.ask_approval_again(by))

    @precondition(lambda self: self.model.route is not None)
    @rule(
        pair=st.sampled_from([("second", "chief"), ("chief", "head"), ("head", "second")]), start=st.integers(0, 3), days=st.integers(0, 20)
    )
    def set_deputy(self, pair: tuple[str, str], start: int, days: int) -> None:
        """Nobody stands in for two: at one step they might answer for either, and the words do not say for whom."""
        approver, deputy = pair
        if any(one.approver == approver for one in self.model.deputies):
            return
        first = day_of(self.now) + timedelta(days=start)
        standing = Deputyship(approver, deputy, first, first + timedelta(days=days))
        act = lambda: self.model.set_deputy(standing)  # noqa: E731
        self.both("set_deputy", act, lambda: self.hand.set_deputy(approver, deputy, first, standing.last))
