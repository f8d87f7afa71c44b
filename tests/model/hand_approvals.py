"""The product's approvals, driven by their verbs: a route of the organization's, what is handed in along it, and the answers."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import TYPE_CHECKING

from model.approvals import Route
from tachiai.accounts.models import Member
from tachiai.accounts.route_models import Timing
from tachiai.administration.deputies import set_deputy
from tachiai.administration.routes import Step, save_route
from tachiai.envelopes.approving import approve, ask_approval_again, return_envelope, submit_for_approval, take_back
from tachiai.envelopes.approving_rounds import latest_approval
from tachiai.envelopes.models import Envelope
from tachiai.envelopes.sending import send_envelope
from tachiai.errors import Refusal


class ApprovingHand:
    """What a hand does about approvals."""

    envelope: Envelope
    route: uuid.UUID | None = None

    if TYPE_CHECKING:

        @property
        def now(self) -> datetime: ...
        def member(self, name: str) -> Member: ...
        def fresh(self) -> Envelope: ...

    def begin(self, route: Route | None) -> None:
        if route is None:
            self.send("sender")
            return
        steps = [Step(tuple(self.member(one).pk for one in step.approvers), step.any_one) for step in route.steps]
        self.route = save_route("決裁", steps, timing=Timing(route.timing), by=self.member("admin"), at=self.now).pk
        self.submit("sender")

    def send(self, by: str) -> None:
        send_envelope(self.fresh(), by=self.member(by), at=self.now)

    def submit(self, by: str) -> None:
        assert self.route is not None
        submit_for_approval(self.fresh(), self.route, by=self.member(by), at=self.now)

    def approval(self) -> uuid.UUID:
        found = latest_approval(self.fresh())
        if found is None:
            raise Refusal("approval.unknown")
        return found.pk

    def approve(self, by: str) -> None:
        approve(self.approval(), by=self.member(by), at=self.now)

    def give_back(self, by: str, words: str) -> None:
        return_envelope(self.approval(), comment=words, by=self.member(by), at=self.now)

    def take_back(self, by: str) -> None:
        take_back(self.fresh(), by=self.member(by), at=self.now)

    def ask_approval_again(self, by: str) -> None:
        ask_approval_again(self.fresh(), by=self.member(by), at=self.now)

    def set_deputy(self, approver: str, deputy: str, first: date, last: date) -> None:
        set_deputy(self.member(approver), self.member(deputy), starts=first, ends=last, by=self.member(approver), at=self.now)
