"""Who may answer a request for approval: whom it was asked of, or who stands in for them today; never its sender."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from tachiai.accounts.models import Member, Role
from tachiai.accounts.rights import may_approve
from tachiai.accounts.route_models import Deputyship
from tachiai.accounts.standing_in import deputyships_of
from tachiai.clock import today
from tachiai.envelopes.approval_models import Approval, ApprovalPlace, PlaceState
from tachiai.envelopes.models import Envelope
from tachiai.errors import Refusal


@dataclass(frozen=True)
class Seat:
    """The place at which a member answers, and what lets them if it is not their own."""

    place: ApprovalPlace
    deputyship: Deputyship | None = None


def seat_at(approval: Approval, envelope: Envelope, member: Member, *, at: datetime) -> Seat:
    """Where ``member`` may answer now.

    Refuses with ``approval.not_yours``, ``approval.reads_only`` (an auditor, whatever the rows say), ``approval.is_sender``,
    ``approval.twice`` (one person has one voice at a step), ``deputy.not_in_force`` (they stand in for the approver, but not today), or
    ``approval.not_asked`` (the step is decided, or not come).
    """
    if member.organization_id == envelope.organization_id and member.role == Role.AUDITOR:
        raise Refusal("approval.reads_only")
    if member.organization_id != envelope.organization_id or not may_approve(member):
        raise Refusal("approval.not_yours")
    if member.pk in (envelope.sender_id, approval.asked_by_id):
        raise Refusal("approval.is_sender")
    places = list(approval.places.select_related("member").order_by("step", "pk"))
    pending = [place for place in places if place.state == PlaceState.PENDING and may_approve(place.member)]
    decided = {place.step for place in places if place.decided_by_id == member.pk}
    if pending and pending[0].step in decided:
        raise Refusal("approval.twice")
    for place in pending:
        if place.member_id == member.pk:
            return Seat(place)
    standing = {one.approver_id: one for one in deputyships_of(member.pk, today(at)).order_by("created_at")}
    for place in pending:
        if place.member_id in standing:
            return Seat(place, standing[place.member_id])
    raise Refusal(_why_not(places, member))


def _why_not(places: list[ApprovalPlace], member: Member) -> str:
    if any(place.member_id == member.pk for place in places):
        return "approval.not_asked"
    principals = [place.member_id for place in places]
    stood = Deputyship.objects.filter(deputy=member, approver__in=principals).exists()
    return "deputy.not_in_force" if stood else "approval.not_yours"
