"""Who may see and do what at the desk. One function a right; the doors ask, the verbs ask again."""

from __future__ import annotations

import uuid
from functools import lru_cache
from typing import Any

from django.db.models import Case, Q, QuerySet, When

from tachiai import clock
from tachiai.accounts.models import Member, Role
from tachiai.accounts.rights import SENDERS, in_open_folder, must_see_documents, opens_folder, role_now, shared_with
from tachiai.accounts.route_models import Deputyship
from tachiai.accounts.standing_in import deputyships_of
from tachiai.envelopes.approval_models import ApprovalPlace, PlaceState
from tachiai.envelopes.models import Envelope, Kind, Recipient, Side
from tachiai.envelopes.states import UNSENT, EnvelopeState, RecipientState
from tachiai.errors import Refusal
from tachiai.prepared import Prepared, given

SHORTEST_REASON, LONGEST_REASON = 2, 1000


def may_send(member: Member) -> bool:
    return role_now(member) in SENDERS


def may_download_unfinished(member: Member) -> bool:
    """Bytes of an envelope that was never concluded are for the auditor alone, marked 未締結."""
    return role_now(member) == Role.AUDITOR


def may_download(member: Member) -> bool:
    """Take files away: whoever sees them; staff only where the organization's policy lets them."""
    return role_now(member) != Role.STAFF or member.organization.staff_may_download


def needs_reason(member: Member) -> bool:
    """Whether a download asks what it is for: an auditor reads everybody's contracts, so each file taken away is accounted for."""
    return member.role == Role.AUDITOR


def check_download(by: object, *, reason: str, drawn: bool = False) -> dict[str, object]:
    """What an entry about a download by ``by`` tells beside who it was; a recipient's own files are theirs without a word.

    ``drawn``: by a lot, which is on record with who drew it, from what and when; no words are asked for.

    Refuses with ``download.not_allowed``, ``reason.missing`` or ``reason.too_long``.
    """
    if not isinstance(by, Member):
        return {}
    if not may_download(by):
        raise Refusal("download.not_allowed")
    if drawn or not needs_reason(by):
        return {}
    words = reason.strip()
    if len(words) < SHORTEST_REASON:
        raise Refusal("reason.missing")
    if len(words) > LONGEST_REASON:
        raise Refusal("reason.too_long", limit=LONGEST_REASON)
    return {"reason": words}


def envelopes_for(member: Member) -> QuerySet[Envelope]:
    """The envelopes a member may see: the organization's, a manager's folders, one's own, shared ones, and those one is asked to sign
    or to approve."""
    return _seen_by(role_now(member), organization=member.organization_id, member=member.pk, day=clock.today(clock.now()))


def _seen_by(role: str, *, organization: Any, member: Any, day: Any) -> QuerySet[Envelope]:
    rows = Envelope.objects.filter(organization_id=organization).select_related("sender", "organization__operator")
    if role == Role.AUDITOR:
        return rows.exclude(state=EnvelopeState.DRAFT)
    if role == Role.ADMIN:
        return rows
    if role not in SENDERS:
        return rows.none()  # a system administrator sees no document, whatever they were given besides
    asked = Q(pk__in=Recipient.objects.filter(member_id=member).exclude(state=RecipientState.WAITING).values("envelope"))
    told = shared_with(member, "pk") & ~Q(state=EnvelopeState.DRAFT)
    approved = Q(pk__in=_asked_to_approve(member, day).values("approval__envelope")) & ~Q(state=EnvelopeState.DRAFT)
    mine = Q(sender_id=member) | asked | told | approved
    return rows.filter(mine | in_open_folder(member)) if role == Role.MANAGER else rows.filter(mine)


def _asked_to_approve(member: Any, day: Any) -> QuerySet[ApprovalPlace]:
    """Where the member was asked to approve, or has decided; and, on the day, where they stand in for who is asked."""
    theirs = Q(member_id=member, asked_at__isnull=False) | Q(decided_by_id=member)
    return ApprovalPlace.objects.filter(
        theirs | Q(state=PlaceState.PENDING, member_id__in=deputyships_of(member, day).values("approver_id"))
    )


def envelope_for(member: Member, pk: uuid.UUID) -> Envelope:
    """One envelope. Refuses with ``envelope.unknown``: what one may not see and what does not exist look alike.

    To a role that sees no document at all everything is ``documents.not_allowed``, whether it exists or not.
    """
    must_see_documents(member)
    day = clock.today(clock.now())
    found = _visible(role_now(member)).first(pk=pk, organization=member.organization_id, member=member.pk, day=day)
    if found is None:
        raise Refusal("envelope.unknown")
    return found


@lru_cache(maxsize=16)
def _visible(role: str) -> Prepared[Envelope]:
    """One envelope as ``envelopes_for`` shows it to a member of this role."""
    return Prepared(
        lambda: _seen_by(
            role,
            organization=given("organization", Envelope, "organization"),
            member=given("member", Member),
            day=given("day", Deputyship, "starts"),
        ).filter(pk=given("pk", Envelope))[:1]
    )


def may_manage(member: Member, envelope: Envelope) -> bool:
    """Change, send, withdraw, send again: admins in their organization, managers in their folders, everybody who may send for their own."""
    if not may_send(member) or member.organization_id != envelope.organization_id:
        return False
    if member.role == Role.ADMIN or envelope.sender_id == member.pk:
        return True
    return member.role == Role.MANAGER and opens_folder(member, envelope.folder_id)


def managed_envelope(member: Member, pk: uuid.UUID) -> Envelope:
    """An envelope that ``member`` may manage. Refuses with ``envelope.unknown`` or ``envelope.not_allowed``."""
    envelope = envelope_for(member, pk)
    if not may_manage(member, envelope):
        raise Refusal("envelope.not_allowed")
    return envelope


def unsent_envelope(member: Member, pk: uuid.UUID) -> Envelope:
    """An envelope of which nothing was sent yet, to look at its documents: one's own draft, or what awaits approval.

    Refuses with ``envelope.unknown``, ``envelope.not_allowed``, or ``page.unknown`` once it was sent.
    """
    envelope = envelope_for(member, pk)
    if envelope.state == EnvelopeState.DRAFT and not may_manage(member, envelope):
        raise Refusal("envelope.not_allowed")
    if envelope.state not in UNSENT:
        raise Refusal("page.unknown")
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
