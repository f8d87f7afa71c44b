"""Who may see and do what at the desk. One function a right; the doors ask, the verbs ask again."""

from __future__ import annotations

import uuid
from functools import lru_cache
from typing import Any

from django.db.models import Case, Q, QuerySet, When

from tachiai.accounts.models import Member, Role
from tachiai.envelopes.models import Envelope, Kind, Recipient, Side
from tachiai.envelopes.states import EnvelopeState, RecipientState
from tachiai.errors import Refusal
from tachiai.prepared import Prepared, given


def may_send(member: Member) -> bool:
    return member.is_active and member.role in (Role.ADMIN, Role.MANAGER, Role.STAFF)


def may_download_unfinished(member: Member) -> bool:
    """Bytes of an envelope that was never concluded are for the auditor alone, marked 未締結."""
    return member.role == Role.AUDITOR


def envelopes_for(member: Member) -> QuerySet[Envelope]:
    """The envelopes a member may see: the organization's, one's own, and those one is asked to sign."""
    return _seen_by(member.role, may_sign=member.may_sign, organization=member.organization_id, member=member.pk)


def _seen_by(role: str, *, may_sign: bool, organization: Any, member: Any) -> QuerySet[Envelope]:
    rows = Envelope.objects.filter(organization_id=organization).select_related("sender", "organization__operator")
    if role == Role.AUDITOR:
        return rows.exclude(state=EnvelopeState.DRAFT)
    if role in (Role.ADMIN, Role.MANAGER):
        return rows
    asked = Q(pk__in=Recipient.objects.filter(member_id=member).exclude(state=RecipientState.WAITING).values("envelope"))
    if role == Role.STAFF:
        return rows.filter(Q(sender_id=member) | asked)
    return rows.filter(asked) if may_sign else rows.none()


def envelope_for(member: Member, pk: uuid.UUID) -> Envelope:
    """One envelope, or ``Refusal("envelope.unknown")``: what one may not see and what does not exist look alike."""
    found = _visible(member.role, member.may_sign).first(pk=pk, organization=member.organization_id, member=member.pk)
    if found is None:
        raise Refusal("envelope.unknown")
    return found


@lru_cache(maxsize=16)
def _visible(role: str, may_sign: bool) -> Prepared[Envelope]:  # what tells two members' rights apart
    """One envelope as ``envelopes_for`` shows it to a member of these rights."""
    return Prepared(
        lambda: _seen_by(
            role, may_sign=may_sign, organization=given("organization", Envelope, "organization"), member=given("member", Member)
        ).filter(pk=given("pk", Envelope))[:1]
    )


def may_manage(member: Member, envelope: Envelope) -> bool:
    """Change, send, withdraw, send again: admins and managers in their organization, staff for their own."""
    if not may_send(member) or member.organization_id != envelope.organization_id:
        return False
    return member.role in (Role.ADMIN, Role.MANAGER) or envelope.sender_id == member.pk


def managed_envelope(member: Member, pk: uuid.UUID) -> Envelope:
    """An envelope that ``member`` may manage. Refuses with ``envelope.unknown`` or ``envelope.not_allowed``."""
    envelope = envelope_for(member, pk)
    if not may_manage(member, envelope):
        raise Refusal("envelope.not_allowed")
    return envelope


def own_place(member: Member, envelope: Envelope) -> Recipient | None:
    """The place at which ``member`` is asked to sign or review ``envelope``, if there is one and its turn has come.

    Of several, the one that is still to be done; otherwise the last.
    """
    place = _OWN_PLACE.first(envelope=envelope.pk, member=member.pk)
    if place is not None:
        place.envelope = envelope
    return place


_OWN_PLACE = Prepared(
    lambda: (
        Recipient.objects.filter(
            envelope_id=given("envelope", Recipient, "envelope"), member_id=given("member", Recipient, "member"), side=Side.OWN
        )
        .exclude(state=RecipientState.WAITING)
        .exclude(kind=Kind.COPY)
        .order_by(Case(When(state__in=(RecipientState.REQUESTED, RecipientState.OPENED), then=0), default=1), "-position")[:1]
    )
)
