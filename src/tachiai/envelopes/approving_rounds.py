"""One request for approval from its first step to its end, in the caller's transaction: who is asked when, and what ends it."""

from __future__ import annotations

import secrets
from datetime import datetime

from tachiai.accounts.models import Member
from tachiai.accounts.rights import may_approve
from tachiai.accounts.route_models import ApprovalRoute, Timing
from tachiai.accounts.standing_in import deputy_of
from tachiai.clock import today
from tachiai.envelopes.approval_models import Approval, ApprovalPlace, ApprovalState, PlaceState
from tachiai.envelopes.approving_digests import digest_of, document_digests
from tachiai.envelopes.events import note
from tachiai.envelopes.models import Envelope, Kind, Side
from tachiai.envelopes.telling import ask_to_approve
from tachiai.errors import Refusal
from tachiai.prepared import Prepared, given

OPEN = (ApprovalState.HELD, ApprovalState.WAITING)


def draw_up(envelope: Envelope, route: ApprovalRoute, *, by: Member, at: datetime) -> Approval:
    """A request along ``route``, of which nobody is asked yet. The sender stands at none of its places.

    Refuses with ``approval.own_route`` where the sender's approval would be needed, ``approval.unfit`` (name) for somebody who
    may not approve any more, and ``approval.nobody_after`` where nobody of ours would sign after the approval.
    """
    ours = envelope.recipients.filter(side=Side.OWN, kind=Kind.SIGNER)
    if route.timing == Timing.AFTER and not ours.exists():
        raise Refusal("approval.nobody_after")
    approval = Approval.objects.create(
        envelope=envelope, route=route, timing=route.timing, state=ApprovalState.HELD, asked_by=by, asked_at=at
    )
    own = {envelope.sender_id, by.pk}
    places = []
    for step in route.steps.order_by("number"):
        members = list(step.approvers.order_by("department", "name"))
        others = [member for member in members if member.pk not in own]
        if not others or (len(others) < len(members) and not step.any_one):
            raise Refusal("approval.own_route")
        places += [ApprovalPlace(approval=approval, step=step.number, any_one=step.any_one, member=member) for member in others]
    for place in places:
        _must_fit(place.member)
    ApprovalPlace.objects.bulk_create(places)
    return approval


def _must_fit(member: Member) -> None:
    if not may_approve(member):
        raise Refusal("approval.unfit", name=member.name)


def begin(approval: Approval, envelope: Envelope, *, by: Member | None, at: datetime) -> None:
    """Fix what is to be approved and ask the first step. ``by`` None: the turn of our own signers has come."""
    salt = secrets.token_bytes(32)
    timing = Timing(approval.timing)
    approval.salt, approval.digest = salt, digest_of(envelope, salt=salt, timing=timing)
    approval.state = ApprovalState.WAITING
    approval.save(update_fields=["salt", "digest", "state"])
    data: dict[str, object] = {
        **plan_of(approval),
        "digest": approval.digest.hex(),
        "documents": [sha256.hex() for sha256 in document_digests(envelope, timing=timing).values()],
    }
    note(envelope, "envelope.submitted", by=by, at=at, data=data)
    ask_step(approval, envelope, 1, at=at)


def plan_of(approval: Approval) -> dict[str, object]:
    """Along which route, and who stands at which step: as an entry says it."""
    places = approval.places.order_by("step", "pk")
    told = [{"place": str(one.pk), "step": one.step, "member": str(one.member_id), "any_one": one.any_one} for one in places]
    return {"approval": str(approval.pk), "route": str(approval.route_id), "timing": str(approval.timing), "places": told}


def ask_step(approval: Approval, envelope: Envelope, step: int, *, at: datetime) -> None:
    """M17 to everybody of one step, M18 to who stands in for them today."""
    for place in approval.places.filter(step=step, state=PlaceState.WAITING).select_related("member").order_by("pk"):
        place.state, place.asked_at = PlaceState.PENDING, at
        place.save(update_fields=["state", "asked_at"])
        ask_to_approve(envelope, place, place.member, at=at)
        tell_deputy(envelope, place, at=at)


def tell_deputy(envelope: Envelope, place: ApprovalPlace, *, at: datetime) -> bool:
    """M18 to who stands in for the approver of a pending place, once to each; whether one was written."""
    deputy = deputy_of(place.member, today(at))
    if deputy is None or deputy.pk in (envelope.sender_id, place.approval.asked_by_id, place.deputy_told_id):
        return False
    ApprovalPlace.objects.filter(pk=place.pk).update(deputy_told=deputy)
    ask_to_approve(envelope, place, deputy, at=at, instead_of=place.member)
    return True


def settle_step(approval: Approval, step: int) -> int | None:
    """After a yes at ``step``: the others of whom any one sufficed are not needed any more. The step to ask next, 0 when all have
    approved, None while this one waits for somebody."""
    rows = approval.places.filter(step=step)
    rows.filter(any_one=True, state=PlaceState.PENDING).update(state=PlaceState.CANCELLED)
    if rows.filter(state=PlaceState.PENDING).exists():
        return None
    following = approval.places.filter(step__gt=step).order_by("step").values_list("step", flat=True).first()
    return following or 0


def end(approval: Approval, state: ApprovalState, *, at: datetime) -> None:
    """The request is over; whoever was still to answer need not."""
    approval.places.filter(state__in=(PlaceState.WAITING, PlaceState.PENDING)).update(state=PlaceState.CANCELLED)
    approval.state, approval.ended_at = state, at
    approval.save(update_fields=["state", "ended_at"])


def end_open(envelope: Envelope, state: ApprovalState, *, at: datetime) -> None:
    """End the request that is under way, if there is one: the envelope has ended, or went back to its sender."""
    for approval in Approval.objects.filter(envelope=envelope, state__in=OPEN):
        end(approval, state, at=at)


def begin_due(envelope: Envelope, *, at: datetime) -> None:
    """The turn of our own signers has come, and they are asked after an approval: begin it, unless it has begun."""
    held = held_approval(envelope)
    if held is not None:
        begin(held, envelope, by=None, at=at)


def held_approval(envelope: Envelope) -> Approval | None:
    """The request that was drawn up for later: behind the counterparty's signature, or until a scheduled draft is sent."""
    return _HELD.first(envelope=envelope.pk)


def check_held(approval: Approval) -> None:
    """Refuses with ``route.unknown`` where the route of a request that was drawn up earlier cannot be gone any more: it is not offered,
    or somebody who stands in it may not approve."""
    places = approval.places.select_related("member")
    if approval.route.ended_at is not None or not all(may_approve(place.member) for place in places):
        raise Refusal("route.unknown")


_HELD = Prepared(lambda: Approval.objects.filter(envelope_id=given("envelope", Approval, "envelope"), state=ApprovalState.HELD)[:1])


def standing_approval(envelope: Envelope) -> Approval | None:
    """The approval that was given to exactly what would be sent now; None when there is none, or anything was changed since."""
    for approval in _APPROVED.all(envelope=envelope.pk):
        if is_unchanged(approval, envelope):
            return approval
    return None


def is_unchanged(approval: Approval, envelope: Envelope) -> bool:
    """Whether everything is as it was when approval was asked for."""
    if approval.salt is None or approval.digest is None:
        return False
    return bytes(approval.digest) == digest_of(envelope, salt=bytes(approval.salt), timing=Timing(approval.timing))


def undisturbed(envelope: Envelope) -> Approval | None:
    """The request that is being decided on, if all that it is about is still there; asked for before the envelope goes on."""
    approval = Approval.objects.filter(envelope=envelope, state=ApprovalState.WAITING).first()
    return approval if approval is not None and is_unchanged(approval, envelope) else None


def renew_digest(approval: Approval, envelope: Envelope) -> dict[str, object]:
    """A new deadline undoes no answer: the request goes on, and its further answers name the digest with the new day.

    What the entry about the deadline has to say of it.
    """
    approval.digest = digest_of(envelope, salt=bytes(approval.salt or b""), timing=Timing(approval.timing))
    approval.save(update_fields=["digest"])
    return {"approval": str(approval.pk), "digest": approval.digest.hex()}


_APPROVED = Prepared(
    lambda: Approval.objects.filter(
        envelope_id=given("envelope", Approval, "envelope"), state=ApprovalState.APPROVED, timing=Timing.BEFORE
    ).order_by("-asked_at")
)


def is_asked(envelope: Envelope, member: Member) -> bool:
    """Whether ``member`` stands at a place of a request that is under way."""
    return ApprovalPlace.objects.filter(approval__envelope=envelope, approval__state__in=OPEN, member=member).exists()


def latest_approval(envelope: Envelope) -> Approval | None:
    """The newest request of an envelope, whatever became of it."""
    return Approval.objects.filter(envelope=envelope).select_related("route", "asked_by").order_by("-asked_at", "-pk").first()
