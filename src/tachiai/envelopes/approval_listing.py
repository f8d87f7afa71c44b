"""P-06: what a member is to approve, for themselves and for whom they stand in, and what they have decided."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from django.db.models import Exists, OuterRef, Q, QuerySet

from tachiai.accounts.models import Member
from tachiai.accounts.rights import may_approve, sees_contracts
from tachiai.accounts.route_models import Timing
from tachiai.accounts.standing_in import deputyships_of
from tachiai.clock import today
from tachiai.envelopes.approval_models import Approval, ApprovalPlace, ApprovalState, PlaceState
from tachiai.envelopes.states import EnvelopeState

# The states in which an envelope can be decided on.
DECIDED_ON = (EnvelopeState.AWAITING_APPROVAL, EnvelopeState.IN_PROGRESS)


class Pile(StrEnum):
    """Which places are listed."""

    OWN = "own"
    DEPUTY = "deputy"
    DONE = "done"


def places_under(pile: Pile, member: Member, *, at: datetime) -> QuerySet[ApprovalPlace]:
    """The places of one pile, what waits longest first; of what is done, the newest first."""
    if not sees_contracts(member):
        rows = ApprovalPlace.objects.none()  # what they decided on in another role is shown to them no more
    elif pile is Pile.DONE:
        rows = ApprovalPlace.objects.filter(decided_by=member).order_by("-decided_at", "-pk")
    else:
        rows = _pending(member, at=at, own=pile is Pile.OWN, instead=pile is Pile.DEPUTY).order_by("asked_at", "pk")
    return rows.select_related("member", "decided_by", "approval__asked_by", "approval__envelope__sender")


def places_for(member: Member, *, at: datetime) -> QuerySet[ApprovalPlace]:
    """Every place at which ``member`` may answer now."""
    return _pending(member, at=at, own=True, instead=True)


def approvals_waiting(member: Member, *, at: datetime) -> int:
    """How many requests wait for ``member``'s answer; one is counted once however many they could answer for."""
    if not may_approve(member):
        return 0
    return places_for(member, at=at).values("approval").distinct().count()


def _pending(member: Member, *, at: datetime, own: bool, instead: bool) -> QuerySet[ApprovalPlace]:
    if not may_approve(member):
        return ApprovalPlace.objects.none()
    whose = Q(pk=None)
    if own:
        whose |= Q(member=member)
    if instead:
        whose |= Q(member__in=deputyships_of(member.pk, today(at)).values("approver")) & ~Q(member=member)
    rows = ApprovalPlace.objects.filter(whose, state=PlaceState.PENDING, approval__state=ApprovalState.WAITING)
    rows = rows.filter(approval__envelope__state__in=DECIDED_ON)
    # Nobody decides on what they send, nor twice at one step.
    decided = ApprovalPlace.objects.filter(approval=OuterRef("approval"), step=OuterRef("step"), decided_by=member)
    return rows.exclude(approval__envelope__sender=member).exclude(approval__asked_by=member).exclude(Exists(decided))


def returned_later() -> QuerySet[Approval]:
    """Requests that were returned behind the counterparty's signature and not asked again: their sender has to do something."""
    newer = Approval.objects.filter(envelope=OuterRef("envelope"), asked_at__gt=OuterRef("asked_at"))
    return Approval.objects.filter(state=ApprovalState.RETURNED, timing=Timing.AFTER).exclude(Exists(newer))
