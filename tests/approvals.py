"""People who approve, routes along which they are asked, and envelopes that wait for them."""

from __future__ import annotations

import uuid
from datetime import timedelta

from cast import Cast
from stages import drafted
from tachiai import clock
from tachiai.accounts.models import Member, Role
from tachiai.accounts.route_models import ApprovalRoute, Timing
from tachiai.administration.deputies import set_deputy
from tachiai.administration.routes import Step, save_route
from tachiai.envelopes.approval_models import Approval
from tachiai.envelopes.approving import submit_for_approval
from tachiai.envelopes.models import Envelope


def approver(cast: Cast, who: str, name: str) -> Member:
    """A member with 承認権限 who never logs in by a password: bringing one into being takes its time."""
    made = Member(organization=cast.city, mail=f"{who}@sakuragaoka.example.jp", name=name, department="財政課", created_at=clock.now())
    made.role, made.may_approve = Role.STAFF, True
    made.set_unusable_password()
    made.save()
    return made


def route(cast: Cast, *steps: Step, name: str = "課長決裁", timing: Timing = Timing.BEFORE) -> ApprovalRoute:
    """``second`` alone, unless ``steps`` say otherwise."""
    given = steps or (Step((cast.second.pk,)),)
    return save_route(name, given, timing=timing, by=cast.admin, at=clock.now())


def any_of(*members: Member) -> Step:
    return Step(tuple(member.pk for member in members), any_one=True)


def all_of(*members: Member) -> Step:
    return Step(tuple(member.pk for member in members))


def stands_in(cast: Cast, deputy: Member, for_whom: Member, *, days: tuple[int, int] = (0, 7)) -> uuid.UUID:
    """``deputy`` acts for ``for_whom`` from one day to another, counted from today."""
    at = clock.now()
    first, last = (clock.today(at) + timedelta(days=one) for one in days)
    return set_deputy(for_whom, deputy, starts=first, ends=last, by=for_whom, at=at).pk


def awaiting(cast: Cast, along: ApprovalRoute) -> tuple[Envelope, Approval]:
    """A small draft, handed in."""
    envelope = drafted(cast)
    return envelope, submit_for_approval(envelope, along.pk, by=cast.clerk, at=clock.now())
