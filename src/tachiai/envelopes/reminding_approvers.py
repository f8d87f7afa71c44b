"""Reminding approvers (承認待ちのお知らせ): one letter a working morning with everything that has waited since an earlier day."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime, time, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet

from tachiai import outbox
from tachiai.accounts.models import Member
from tachiai.accounts.route_models import Deputyship
from tachiai.accounts.standing_in import in_force
from tachiai.clock import JAPAN, today
from tachiai.envelopes.approval_listing import DECIDED_ON, places_for
from tachiai.envelopes.approval_models import ApprovalPlace, ApprovalState, PlaceState
from tachiai.envelopes.reminding import CLOSES, OPENS
from tachiai.outbox import Mail

KIND = "M32"
SATURDAY = 5
# More than this nobody reads in a letter; the rest is counted.
LISTED = 20
AT_ONCE = 100


def remind_approvers(*, at: datetime) -> int:
    """Write M32 to every approver, and deputy in their days, with something that has waited since before today; how many were.

    Once a day and person, from Monday to Friday, not by night. What they were asked, or told of, today is left for tomorrow, and
    where an organization has its reminders off nobody is written to.
    """
    local = at.astimezone(JAPAN)
    if local.weekday() >= SATURDAY or not OPENS <= local.hour < CLOSES:
        return 0
    return sum(_remind(pk, at=at) for pk in _waited_for(at=at))


def _morning(at: datetime) -> datetime:
    """The first moment of the day in Japan."""
    return datetime.combine(today(at), time.min, JAPAN)


def _waited_for(*, at: datetime) -> list[uuid.UUID]:
    """Whose answer something waits for, themselves or as a deputy, and who was not written to today."""
    open_places = ApprovalPlace.objects.filter(
        state=PlaceState.PENDING,
        asked_at__lt=_morning(at),
        approval__state=ApprovalState.WAITING,
        approval__envelope__state__in=DECIDED_ON,
        approval__envelope__organization__reminds=True,
    ).values("member")
    deputies = Deputyship.objects.filter(in_force(today(at)), approver__in=open_places).values("deputy")
    told = Mail.objects.filter(kind=KIND, created_at__gte=_morning(at)).values("about")
    people = Member.objects.filter(Q(pk__in=open_places) | Q(pk__in=deputies), is_active=True).exclude(pk__in=told)
    return list(people.order_by("pk").values_list("pk", flat=True)[:AT_ONCE])


def _remind(pk: uuid.UUID, *, at: datetime) -> bool:
    with transaction.atomic(durable=True):
        # The member's row makes two workers with the same letter to write take turns.
        member = Member.objects.select_for_update(of=("self",)).select_related("organization").get(pk=pk)
        if _told_today(member, kinds=(KIND,), at=at).filter(about=member.pk).exists():
            return False
        waiting = _waiting(member, at=at)
        if not waiting:
            return False
        organization = member.organization
        outbox.mail(
            KIND,
            to=member.mail,
            language=member.language,
            context={
                "organization": organization.name,
                "organization_en": organization.name_en or organization.name,
                "recipient": {"organization": organization.name, "title": member.title, "name": member.name},
                "reader": "approver",
                "count": len(waiting),
                "waiting": [_said(place, member) for place in waiting[:LISTED]],
                "more": max(0, len(waiting) - LISTED),
            },
            path="/approvals",
            stream=f"organization:{organization.pk}",
            about=member.pk,
            at=at,
        )
    return True


def _waiting(member: Member, *, at: datetime) -> list[ApprovalPlace]:
    """One place for each request: their own before one that they hold for somebody else."""
    told = _told_today(member, kinds=("M17", "M18"), at=at).values("about")
    rows = places_for(member, at=at).filter(asked_at__lt=_morning(at)).exclude(pk__in=told)
    rows = rows.select_related("member", "approval__asked_by", "approval__envelope").order_by("asked_at", "pk")
    return _once(sorted(rows, key=lambda place: place.member_id != member.pk))


def _once(places: Iterable[ApprovalPlace]) -> list[ApprovalPlace]:
    first: dict[uuid.UUID, ApprovalPlace] = {}
    for place in places:
        first.setdefault(place.approval_id, place)
    return sorted(first.values(), key=lambda place: (place.asked_at or datetime.max.replace(tzinfo=JAPAN), str(place.pk)))


def _told_today(member: Member, *, kinds: tuple[str, ...], at: datetime) -> QuerySet[Mail]:
    begins = _morning(at)
    return Mail.objects.filter(kind__in=kinds, to=member.mail, created_at__range=(begins, begins + timedelta(days=1)))


def _said(place: ApprovalPlace, member: Member) -> dict[str, object]:
    envelope = place.approval.envelope
    return {
        "envelope": envelope.name,
        "number": envelope.number,
        "asker": place.approval.asked_by.name,
        "asked_at": place.asked_at.isoformat() if place.asked_at else "",
        "deadline": envelope.deadline.isoformat() if envelope.deadline else None,
        "instead_of": place.member.name if place.member_id != member.pk else "",
    }
