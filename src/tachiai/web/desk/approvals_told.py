"""A request for approval as pages tell it: its steps with who has answered what, and what the reader can do about it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from tachiai.accounts.models import Member
from tachiai.accounts.route_models import Timing
from tachiai.envelopes.approval_models import Approval, ApprovalPlace, ApprovalState
from tachiai.envelopes.approving_access import Seat, seat_at
from tachiai.envelopes.approving_rounds import latest_approval
from tachiai.envelopes.drafting import LONGEST_DEADLINE_DAYS
from tachiai.envelopes.models import Envelope
from tachiai.envelopes.states import EnvelopeState
from tachiai.envelopes.timeline import Event
from tachiai.errors import Refusal
from tachiai.web.desk.telling import acting_words
from tachiai.web.problems import sentence


def seat_of(approval: Approval, envelope: Envelope, member: Member, *, at: datetime) -> Seat | None:
    """Where the reader may answer now; None when they may not."""
    goes_on = EnvelopeState.AWAITING_APPROVAL if approval.timing == Timing.BEFORE else EnvelopeState.IN_PROGRESS
    if approval.state != ApprovalState.WAITING or envelope.state != goes_on:
        return None
    try:
        return seat_at(approval, envelope, member, at=at)
    except Refusal:
        return None


def told_steps(approval: Approval, events: list[Event]) -> list[dict[str, Any]]:
    """The steps in order, each with its places; ``events`` are the envelope's timeline, which remembers the comments."""
    comments = {str(one.facts["place"]): str(one.facts.get("comment", "")) for one in events if "place" in one.facts}
    steps: dict[int, dict[str, Any]] = {}
    for place in approval.places.select_related("member", "decided_by").order_by("step", "member__department", "member__name"):
        step = steps.setdefault(place.step, {"number": place.step, "any_one": place.any_one, "places": []})
        step["places"].append(_told_place(place, comments.get(str(place.pk), "")))
    for step in steps.values():
        step["several"] = len(step["places"]) > 1
    return list(steps.values())


def _told_place(place: ApprovalPlace, comment: str) -> dict[str, Any]:
    decider = place.decided_by
    instead = decider is not None and decider.pk != place.member_id
    who = acting_words(decider.name, {"instead_of": place.member.name}) if decider is not None and instead else place.member.name
    return {
        "who": who,
        "department": place.member.department,
        "title": place.member.title,
        "state": place.state,
        "instead": instead,
        "at": place.decided_at,
        "comment": comment,
    }


def told_approval(envelope: Envelope, member: Member, events: list[Event], *, manages: bool, at: datetime) -> dict[str, Any] | None:
    """What the envelope's page shows of its newest request; None when there never was one, or it went back to a draft."""
    approval = latest_approval(envelope)
    if approval is None or approval.state == ApprovalState.TAKEN_BACK:
        return None
    seat = seat_of(approval, envelope, member, at=at)
    returned = approval.state == ApprovalState.RETURNED or envelope.state == EnvelopeState.RETURNED
    later = approval.timing == Timing.AFTER
    return {
        "route": approval.route.name,
        "later": later,
        "held": approval.state == ApprovalState.HELD,
        "steps": told_steps(approval, events),
        "answer_url": reverse("desk:approval", args=[approval.pk]) if seat else "",
        "instead_of": seat.place.member.name if seat and seat.deputyship else "",
        "returned": _why_returned(events) if returned and envelope.state in (EnvelopeState.RETURNED, EnvelopeState.IN_PROGRESS) else None,
        "may_take_back": manages and envelope.state in (EnvelopeState.AWAITING_APPROVAL, EnvelopeState.RETURNED),
        "may_ask_again": manages and later and returned and envelope.state == EnvelopeState.IN_PROGRESS,
    }


def _why_returned(events: list[Event]) -> dict[str, str]:
    last = next((one for one in reversed(events) if one.code == "envelope.returned"), None)
    if last is None:
        return {"who": "", "words": ""}
    if last.facts.get("because"):
        return {"who": "", "words": sentence(str(last.facts["because"]), {"days": LONGEST_DEADLINE_DAYS})}
    return {"who": acting_words(last.actor, last.facts), "words": str(last.facts.get("comment", ""))}


def pile_words() -> dict[str, str]:
    return {"own": _("自分の承認待ち"), "deputy": _("代理分"), "done": _("済み")}
