"""Two answers at one moment: one wins, the other is told, and the house is in order whichever it was."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from approvals import all_of, any_of, approver, awaiting, route
from cast import Cast
from crowds import codes_of, together
from invariants import check_envelope, events
from stages import drafted
from tachiai import clock
from tachiai.accounts.models import Member
from tachiai.envelopes.approval_models import Approval
from tachiai.envelopes.approving import approve, return_envelope, submit_for_approval, take_back
from tachiai.envelopes.models import Envelope
from tachiai.envelopes.withdrawing import withdraw_envelope

ROUNDS = 4
Act = Callable[[], Any]


def approves(approval: Approval, by: Member) -> Act:
    return partial(approve, approval.pk, by=by, at=clock.now())


def returns(approval: Approval, by: Member) -> Act:
    return partial(return_envelope, approval.pk, comment="直してください", by=by, at=clock.now())


def race(number: int, one: Act, other: Act) -> list[Any]:
    results = together([one, other] if number % 2 else [other, one])
    return results if number % 2 else results[::-1]


def fresh(envelope: Envelope) -> Envelope:
    return Envelope.objects.select_related("organization", "sender").get(pk=envelope.pk)


def test_two_approvers_at_once(cast: Cast) -> None:
    """Of those of whom any one suffices one wins; of those who all have to, both do; it is sent once; a yes and a no are one of them."""
    head = approver(cast, "head", "課長 一")
    either, both = route(cast, any_of(cast.second, head)), route(cast, all_of(cast.second, head), name="全員")
    for number in range(ROUNDS):
        envelope, approval = awaiting(cast, either if number % 2 else both)
        results = race(number, approves(approval, cast.second), approves(approval, head))
        assert codes_of(results) in ([["approval.over"], ["approval.not_asked"]] if number % 2 else [[]])
        assert fresh(envelope).state == "sending"
        assert events(envelope).count("envelope.sent") == 1
        check_envelope(envelope)
    envelope, approval = awaiting(cast, either)
    yes, no = race(1, approves(approval, cast.second), returns(approval, head))
    assert len(codes_of([yes, no])) == 1
    assert fresh(envelope).state == ("returned" if codes_of([yes]) else "sending")
    check_envelope(envelope)


@pytest.mark.parametrize("ending", ["taken back", "withdrawn"])
def test_approving_against_the_sender_s_own_change_of_mind(cast: Cast, ending: str) -> None:
    """What is taken back first is never sent. Withdrawing always ends it, before the sending or after it."""
    along = route(cast)
    envelope = drafted(cast)
    for number in range(ROUNDS):
        if fresh(envelope).state != "draft":
            envelope = drafted(cast)
        approval = submit_for_approval(envelope, along.pk, by=cast.clerk, at=clock.now())
        held, at = fresh(envelope), clock.now()
        acts = {
            "taken back": partial(take_back, held, by=cast.clerk, at=at),
            "withdrawn": partial(withdraw_envelope, held, reason="取りやめ", by=cast.clerk, at=at),
        }
        approved, ended = race(number, approves(approval, cast.second), acts[ending])
        told, state = events(envelope), fresh(envelope).state
        if ending == "taken back":
            assert codes_of([approved, ended]) in (["approval.over"], ["envelope.moved"])
            assert state == ("draft" if codes_of([approved]) else "sending")
        else:
            assert codes_of([ended]) == []
            assert state == "withdrawn"
        assert told.count("envelope.sent") == (0 if codes_of([approved]) else 1)
        check_envelope(envelope)
