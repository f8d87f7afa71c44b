"""Telling deputies by the clock: who begins to stand in for an approver hears of what is waiting already."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db import transaction
from django.db.models import F, OuterRef, Q, Subquery

from tachiai.accounts.rights import SENDERS
from tachiai.accounts.route_models import Deputyship
from tachiai.accounts.standing_in import in_force
from tachiai.clock import today
from tachiai.envelopes.approval_listing import DECIDED_ON
from tachiai.envelopes.approval_models import ApprovalPlace, ApprovalState, PlaceState
from tachiai.envelopes.approving_rounds import tell_deputy
from tachiai.envelopes.models import Envelope

AT_ONCE = 100


def tell_deputies(*, at: datetime) -> int:
    """Write M18 for every pending place whose approver has a deputy today who was not told yet; how many were."""
    return sum(_tell(place, envelope, at=at) for place, envelope in _untold(at=at))


def _untold(*, at: datetime) -> list[tuple[uuid.UUID, uuid.UUID]]:
    fit = Q(deputy__is_active=True, deputy__may_approve=True, deputy__role__in=SENDERS)
    deputies = Deputyship.objects.filter(in_force(today(at)) & fit)
    rows = ApprovalPlace.objects.filter(
        state=PlaceState.PENDING, approval__state=ApprovalState.WAITING, approval__envelope__state__in=DECIDED_ON
    )
    standing = deputies.filter(approver=OuterRef("member")).order_by("-created_at").values("deputy")[:1]
    rows = rows.annotate(stands_in=Subquery(standing)).filter(stands_in__isnull=False)
    rows = rows.exclude(stands_in=F("approval__envelope__sender")).exclude(stands_in=F("approval__asked_by"))
    untold = rows.filter(Q(deputy_told=None) | ~Q(deputy_told=F("stands_in")))
    return list(untold.order_by("asked_at").values_list("pk", "approval__envelope")[:AT_ONCE])


def _tell(pk: uuid.UUID, envelope: uuid.UUID, *, at: datetime) -> bool:
    with transaction.atomic(durable=True):
        held = Envelope.objects.select_for_update(of=("self",)).select_related("organization", "sender").get(pk=envelope)
        place = ApprovalPlace.objects.select_related("member").get(pk=pk)
        if place.state != PlaceState.PENDING or held.state not in DECIDED_ON:
            return False
        return tell_deputy(held, place, at=at)
