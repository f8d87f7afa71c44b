"""P-04 ④'s part of approval: which route, and the button that asks for it."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest
from django.utils.translation import gettext as _

from tachiai.accounts.models import Member
from tachiai.accounts.route_models import ApprovalRoute, Timing
from tachiai.administration.routes import standing_routes
from tachiai.envelopes.approving import submit_for_approval
from tachiai.envelopes.approving_rounds import standing_approval
from tachiai.envelopes.models import Envelope
from tachiai.errors import Refusal


def asks_for_approval(request: HttpRequest) -> bool:
    """Whether 「承認を依頼する」 was pressed, and not the button that sends."""
    return request.POST.get("act") == "submit"


def submit(request: HttpRequest, envelope: Envelope, member: Member, *, at: datetime, acknowledged: Collection[str]) -> None:
    """Ask along the chosen route. Refuses as ``submit_for_approval``, and with ``approval.missing`` where none was chosen."""
    try:
        route = uuid.UUID(request.POST.get("route", ""))
    except ValueError as problem:
        raise Refusal("approval.missing") from problem
    submit_for_approval(envelope, route, by=member, at=at, acknowledged=acknowledged)
    messages.success(request, _("承認を依頼しました。承認がそろうと、署名依頼は自動で送信されます。"))


def later_route(request: HttpRequest) -> uuid.UUID | None:
    """The route that was chosen for what is sent at a moment to come, if any. Refuses with ``route.unknown``."""
    chosen = request.POST.get("later-route", "")
    try:
        return uuid.UUID(chosen) if chosen else None
    except ValueError as problem:
        raise Refusal("route.unknown") from problem


def route_choice(envelope: Envelope, chosen: str = "", chosen_later: str = "") -> dict[str, Any]:
    """What the page shows: the routes, whether one has to be taken, and whether what stands has been approved already."""
    organization = envelope.organization
    routes = list(standing_routes(organization))
    standing = standing_approval(envelope) is not None
    later = [one for one in routes if one.timing == Timing.AFTER]
    usual = organization.default_route_id
    return {
        "routes": [{"pk": str(one.pk), "words": _words(one)} for one in routes],
        "later_routes": [{"pk": str(one.pk), "words": _named_steps(one)} for one in later],
        "later_route": chosen_later or next((str(one.pk) for one in later if one.pk == usual), ""),
        "route": chosen or str(organization.default_route_id or ""),
        "approved": standing,
        "must_ask": organization.requires_route and not standing,
        "asks_first": bool(routes) and not standing and (organization.requires_route or organization.default_route_id is not None),
    }


def _words(route: ApprovalRoute) -> str:
    if route.timing == Timing.AFTER:
        return _("{route}：相手方の署名の後に承認").format(route=_named_steps(route))
    return _named_steps(route)


def _named_steps(route: ApprovalRoute) -> str:
    steps = " → ".join(_step_words(step) for step in route.steps.all())
    return _("{name}（{steps}）").format(name=route.name, steps=steps)


def _step_words(step: Any) -> str:
    names = [one.name for one in step.approvers.all()]
    joined = _("・").join(names)
    return _("{names}のいずれか").format(names=joined) if step.any_one and len(names) > 1 else joined
