"""Who stands in for whom on a day (代理)."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db.models import Q, QuerySet

from tachiai.accounts.models import Member
from tachiai.accounts.rights import SENDERS, may_approve
from tachiai.accounts.route_models import Deputyship


def in_force(day: Any) -> Q:
    """Deputyships that hold on ``day`` of Japan."""
    approves = Q(approver__is_active=True, approver__may_approve=True, approver__role__in=SENDERS)
    return approves & Q(starts__lte=day, ends__gte=day, ended_at=None)


def deputyships_of(deputy: Any, day: Any) -> QuerySet[Deputyship]:
    """What lets the member of the key ``deputy`` act for somebody on ``day``."""
    return Deputyship.objects.filter(in_force(day), deputy_id=deputy)


def deputy_of(approver: Member, day: date) -> Member | None:
    """Who may act for ``approver`` on ``day``; None without one who may still approve anything."""
    found = Deputyship.objects.filter(in_force(day), approver=approver).select_related("deputy").order_by("-created_at").first()
    return found.deputy if found is not None and may_approve(found.deputy) else None
