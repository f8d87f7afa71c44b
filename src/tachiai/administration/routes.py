"""Approval routes (承認ルート) of an organization: templates that its admins keep, and whether anything may be sent without one."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Prefetch, QuerySet

from tachiai import ledger
from tachiai.accounts.models import Member, Organization
from tachiai.accounts.rights import may_administer, may_approve
from tachiai.accounts.route_models import ApprovalRoute, RouteStep, Timing
from tachiai.errors import Refusal

LONGEST = 60
MOST_STEPS = 9


@dataclass(frozen=True)
class Step:
    """Who approves at one step: all of them, or ``any_one``."""

    approvers: tuple[uuid.UUID, ...]
    any_one: bool = False


def standing_routes(organization: Organization) -> QuerySet[ApprovalRoute]:
    """The routes that can be chosen, with their steps in order."""
    steps = RouteStep.objects.order_by("number").prefetch_related("approvers")
    rows = ApprovalRoute.objects.filter(organization_id=organization.pk, ended_at=None).order_by("name")
    return rows.prefetch_related(Prefetch("steps", queryset=steps))


def routes_of(by: Member) -> QuerySet[ApprovalRoute]:
    """As ``standing_routes``, for whoever administers them. Refuses with ``member.not_allowed``."""
    _must_administer(by)
    return standing_routes(by.organization)


def approvers_of(organization: Organization) -> list[Member]:
    """Everybody who may stand in a route: 承認権限, and a role that sees contracts."""
    rows = Member.objects.filter(organization_id=organization.pk, may_approve=True, is_active=True).order_by("department", "name")
    return [member for member in rows if may_approve(member)]


def save_route(
    name: str, steps: Sequence[Step], *, timing: Timing = Timing.BEFORE, route: uuid.UUID | None = None, by: Member, at: datetime
) -> ApprovalRoute:
    """Make a route, or change the one of this key. What was asked along it before keeps its steps.

    Refuses with ``member.not_allowed``, ``route.nameless``, ``route.taken``, ``route.unknown``, ``route.stepless``,
    ``route.too_long`` (limit), ``route.step_empty`` (number) or ``route.unfit`` (number): somebody who may not approve.
    """
    _must_administer(by)
    called = name.strip()[:LONGEST]
    if not called:
        raise Refusal("route.nameless")
    _check_steps(steps, by.organization)
    try:
        with transaction.atomic(durable=True):
            row = _route(route, by=by) if route is not None else ApprovalRoute(organization_id=by.organization_id, created_at=at)
            row.name, row.timing = called, timing
            row.save()
            _set_steps(row, steps)
            told = [{"approvers": sorted(str(one) for one in step.approvers), "any_one": step.any_one} for step in steps]
            _note("route.saved", by=by, at=at, data={"route": str(row.pk), "name": called, "timing": str(timing), "steps": told})
    except IntegrityError as problem:
        raise Refusal("route.taken") from problem
    return row


def _check_steps(steps: Sequence[Step], organization: Organization) -> None:
    if not steps:
        raise Refusal("route.stepless")
    if len(steps) > MOST_STEPS:
        raise Refusal("route.too_long", limit=MOST_STEPS)
    known = {member.pk for member in approvers_of(organization)}
    for number, step in enumerate(steps, 1):
        if not step.approvers:
            raise Refusal("route.step_empty", number=number)
        if not known.issuperset(step.approvers):
            raise Refusal("route.unfit", number=number)


def _set_steps(row: ApprovalRoute, steps: Sequence[Step]) -> None:
    row.steps.all().delete()
    for number, step in enumerate(steps, 1):
        fresh = RouteStep.objects.create(route=row, number=number, any_one=step.any_one)
        fresh.approvers.set(Member.objects.filter(pk__in=step.approvers))


def end_route(route: uuid.UUID, *, by: Member, at: datetime) -> None:
    """Offer a route no longer. Refuses with ``member.not_allowed``, ``route.unknown``, and ``route.last`` when one is required and
    there is no other."""
    _must_administer(by)
    with transaction.atomic(durable=True):
        held = Organization.objects.select_for_update().get(pk=by.organization_id)
        row = _route(route, by=by)
        others = ApprovalRoute.objects.filter(organization=held, ended_at=None).exclude(pk=row.pk)
        if held.requires_route and not others.exists():
            raise Refusal("route.last")
        ApprovalRoute.objects.filter(pk=row.pk).update(ended_at=at)
        if held.default_route_id == row.pk:
            Organization.objects.filter(pk=held.pk).update(default_route=None)
        _note("route.ended", by=by, at=at, data={"route": str(row.pk), "name": row.name})
    by.organization.refresh_from_db()


def set_route_policy(*, requires_route: bool, default_route: uuid.UUID | None, by: Member, at: datetime) -> None:
    """Whether nothing is sent without an approval, and which route is chosen beforehand.

    Refuses with ``member.not_allowed``, ``route.unknown``, and ``route.none`` when one is to be required and there is none.
    """
    _must_administer(by)
    told = {"requires_route": requires_route, "default_route": str(default_route or "")}
    with transaction.atomic(durable=True):
        held = Organization.objects.select_for_update().get(pk=by.organization_id)
        standing = set(ApprovalRoute.objects.filter(organization=held, ended_at=None).values_list("pk", flat=True))
        if default_route is not None and default_route not in standing:
            raise Refusal("route.unknown")
        if requires_route and not standing:
            raise Refusal("route.none")
        Organization.objects.filter(pk=held.pk).update(requires_route=requires_route, default_route_id=default_route)
        _note("organization.routes_set", by=by, at=at, data=dict(told))
    by.organization.refresh_from_db()


def _route(pk: uuid.UUID, *, by: Member) -> ApprovalRoute:
    found = ApprovalRoute.objects.select_for_update().filter(pk=pk, organization_id=by.organization_id, ended_at=None).first()
    if found is None:
        raise Refusal("route.unknown")
    return found


def _must_administer(by: Member) -> None:
    if not may_administer(by):
        raise Refusal("member.not_allowed")


def _note(event: str, *, by: Member, at: datetime, data: dict[str, object]) -> None:
    ledger.append(f"organization:{by.organization_id}", event, by=ledger.Actor("member", str(by.pk)), at=at, data=data)
