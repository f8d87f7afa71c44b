"""Deputies (代理設定): who stands in for an approver on which days. Set by the approver or an admin; nobody raises themselves."""

from __future__ import annotations

import uuid
from datetime import date, datetime

from django.db import transaction
from django.db.models import QuerySet

from tachiai import ledger
from tachiai.accounts.models import Member
from tachiai.accounts.rights import may_administer, may_approve
from tachiai.accounts.route_models import Deputyship
from tachiai.clock import today
from tachiai.errors import Refusal


def deputyships_for(by: Member, *, at: datetime) -> QuerySet[Deputyship]:
    """Those that hold or are to come: of the whole organization for who administers it, otherwise of one's own place."""
    rows = Deputyship.objects.filter(approver__organization_id=by.organization_id, ended_at=None, ends__gte=today(at))
    if not may_administer(by):
        rows = rows.filter(approver=by)
    return rows.select_related("approver", "deputy", "set_by").order_by("starts", "approver__name")


def set_deputy(approver: Member, deputy: Member, *, starts: date, ends: date, by: Member, at: datetime) -> Deputyship:
    """Let ``deputy`` act for ``approver`` from ``starts`` to ``ends``: one deputy at a time, who may approve by their own right.

    Refuses with ``member.not_allowed``, ``deputy.is_self`` (nobody makes themselves a deputy), ``deputy.same``,
    ``deputy.unfit`` (either may not approve), ``deputy.days_reversed``, ``deputy.over`` (the last day has passed) or ``deputy.twice``.
    """
    if not _one_house(approver, deputy, by) or (by.pk != approver.pk and not may_administer(by)):
        raise Refusal("member.not_allowed")
    if deputy.pk == approver.pk:
        raise Refusal("deputy.same")
    if deputy.pk == by.pk:
        raise Refusal("deputy.is_self")
    if not may_approve(approver) or not may_approve(deputy):
        raise Refusal("deputy.unfit")
    if ends < starts:
        raise Refusal("deputy.days_reversed")
    if ends < today(at):
        raise Refusal("deputy.over")
    with transaction.atomic(durable=True):
        Member.objects.select_for_update().get(pk=approver.pk)
        if Deputyship.objects.filter(approver=approver, ended_at=None, starts__lte=ends, ends__gte=starts).exists():
            raise Refusal("deputy.twice")
        row = Deputyship.objects.create(approver=approver, deputy=deputy, starts=starts, ends=ends, set_by=by, created_at=at)
        told: dict[str, object] = {"deputyship": str(row.pk), "approver": str(approver.pk), "member": str(deputy.pk)}
        _note("deputy.set", by=by, at=at, data={**told, "starts": starts.isoformat(), "ends": ends.isoformat()})
    return row


def _one_house(*members: Member) -> bool:
    return len({member.organization_id for member in members}) == 1


def end_deputy(pk: uuid.UUID, *, by: Member, at: datetime) -> None:
    """End a deputyship at once, or one that was to come. Refuses with ``deputy.unknown``, also for another approver's."""
    with transaction.atomic(durable=True):
        row = deputyships_for(by, at=at).select_for_update(of=("self",)).filter(pk=pk).first()
        if row is None:
            raise Refusal("deputy.unknown")
        Deputyship.objects.filter(pk=row.pk).update(ended_at=at)
        told: dict[str, object] = {"deputyship": str(row.pk), "approver": str(row.approver_id), "member": str(row.deputy_id)}
        _note("deputy.ended", by=by, at=at, data=told)


def _note(event: str, *, by: Member, at: datetime, data: dict[str, object]) -> None:
    ledger.append(f"organization:{by.organization_id}", event, by=ledger.Actor("member", str(by.pk)), at=at, data=data)
