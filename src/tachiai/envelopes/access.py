"""Who may see and do what at the desk. One function a right; the doors ask, the verbs ask again."""

from __future__ import annotations

import uuid

from django.db.models import Q, QuerySet

from tachiai.accounts.models import Member, Role
from tachiai.envelopes.models import Envelope, Recipient, Side
from tachiai.envelopes.states import EnvelopeState, RecipientState
from tachiai.errors import Refusal


def may_send(member: Member) -> bool:
    return member.is_active and member.role in (Role.ADMIN, Role.MANAGER, Role.STAFF)


def may_download_unfinished(member: Member) -> bool:
    """Bytes of an envelope that was never concluded are for the auditor alone, marked 未締結."""
    return member.role == Role.AUDITOR


def envelopes_for(member: Member) -> QuerySet[Envelope]:
    """The envelopes a member may see: the organization's, one's own, and those one is asked to sign."""
    rows = Envelope.objects.filter(organization_id=member.organization_id).select_related("sender", "organization")
    if member.role == Role.AUDITOR:
        return rows.exclude(state=EnvelopeState.DRAFT)
    if member.role in (Role.ADMIN, Role.MANAGER):
        return rows
    asked = Q(pk__in=Recipient.objects.filter(member=member).exclude(state=RecipientState.WAITING).values("envelope"))
    if member.role == Role.STAFF:
        return rows.filter(Q(sender=member) | asked)
    return rows.filter(asked) if member.may_sign else rows.none()


def envelope_for(member: Member, pk: uuid.UUID) -> Envelope:
    """One envelope, or ``Refusal("envelope.unknown")``: what one may not see and what does not exist look alike."""
    found = envelopes_for(member).filter(pk=pk).first()
    if found is None:
        raise Refusal("envelope.unknown")
    return found


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
    """The place at which ``member`` is asked to sign ``envelope``, if there is one and its turn has come."""
    places = envelope.recipients.filter(side=Side.OWN, member=member).exclude(state=RecipientState.WAITING)
    return places.order_by("slot").first()
