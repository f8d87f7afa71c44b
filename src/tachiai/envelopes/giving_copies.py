"""Giving copies of concluded contracts to a new address (写しの交付): the staff make sure who asks, outside of this house, and decide.

What is given is a new download link for each contract; the old links are dead from that moment, the signing one too. Nothing of what
was signed or consented to changes, and the code is asked for at the new place as it was at the old.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from tachiai import ceremony, counterparties, ledger
from tachiai.accounts.models import Member
from tachiai.accounts.rights import may_approve
from tachiai.archive.models import Record
from tachiai.ceremony import Purpose
from tachiai.counterparties.access import may_see_registrations
from tachiai.counterparties.models import Registration
from tachiai.envelopes.access import LONGEST_REASON, SHORTEST_REASON, envelopes_for
from tachiai.envelopes.asking_copies import stream_of, tell_requester
from tachiai.envelopes.closing import DOWNLOAD_DAYS
from tachiai.envelopes.copy_models import CopyGrant, CopyRequest, CopyState
from tachiai.envelopes.downloading import standing_files
from tachiai.envelopes.events import note
from tachiai.envelopes.models import Envelope, Gate, Recipient, Side
from tachiai.envelopes.states import EnvelopeState, RecipientState
from tachiai.envelopes.telling import tell_copied
from tachiai.errors import Refusal

AT_MOST = 100
TOOK_PART = (RecipientState.SIGNED, RecipientState.REVIEWED, RecipientState.DELIVERED)


def copy_requests_of(member: Member) -> QuerySet[CopyRequest]:
    """What was asked of the member's organization, the latest first. Refuses with ``registration.not_allowed``."""
    if not may_see_registrations(member):
        raise Refusal("registration.not_allowed")
    told = CopyRequest.objects.filter(organization=member.organization_id).exclude(state=CopyState.UNCONFIRMED)
    return told.select_related("organization", "decided_by").order_by("-asked_at")


def copy_request_for(member: Member, pk: uuid.UUID) -> CopyRequest:
    """One of them. Refuses with ``registration.not_allowed`` or ``registration.unknown``."""
    found = copy_requests_of(member).filter(pk=pk).first()
    if found is None:
        raise Refusal("registration.unknown")
    return found


def may_decide(member: Member, request: CopyRequest) -> bool:
    """Whoever works with contracts and has the right to approve; what they cannot see they cannot give."""
    return may_approve(member) and member.organization_id == request.organization_id and request.state == CopyState.ASKED


def took_in(member: Member, request: CopyRequest) -> Registration | None:
    """A registration of the new address that ``member`` entered or approved: another member gives the copies then."""
    return _taken_in_by(member).filter(counterparty__organization=request.organization_id, mail__iexact=request.mail).first()


def _taken_in_by(member: Member) -> QuerySet[Registration]:
    return Registration.objects.filter(Q(entered_by=member) | Q(approved_by=member)).order_by("entered_at")


def requests_to_decide(member: Member) -> list[CopyRequest]:
    """Those in which ``member`` may give copies now, the longest waiting first."""
    if not may_approve(member):
        return []
    rows = CopyRequest.objects.filter(organization=member.organization_id, state=CopyState.ASKED)
    theirs = _taken_in_by(member).filter(counterparty__organization=OuterRef("organization"), mail__iexact=OuterRef("mail"))
    return list(rows.exclude(Exists(theirs)).order_by("asked_at")[:AT_MOST])


def places_for(request: CopyRequest, member: Member, *, words: str = "") -> list[Recipient]:
    """Counterparties' places in concluded contracts that ``member`` sees: those of the former address, or what ``words`` find.

    ``words`` are looked for in the number, the name and the certificate's number of the contract, and in who took part.
    """
    rows = _concluded(member)
    for word in words.split():
        certified = Record.objects.filter(certificate_number__icontains=word).values("origin")
        told = Q(envelope__number__icontains=word) | Q(envelope__name__icontains=word) | Q(envelope__in=certified)
        rows = rows.filter(told | Q(organization_name__icontains=word) | Q(name__icontains=word) | Q(mail__iexact=word))
    if not words.strip():
        given = CopyGrant.objects.filter(mail__iexact=request.former_mail).values("recipient")
        rows = rows.filter(Q(mail__iexact=request.former_mail) | Q(pk__in=given))
    return list(rows.order_by("-envelope__concluded_at", "position")[:AT_MOST])


def _concluded(member: Member) -> QuerySet[Recipient]:
    seen = envelopes_for(member).filter(state=EnvelopeState.CONCLUDED).values("pk")
    rows = Recipient.objects.filter(envelope__in=seen, side=Side.COUNTERPARTY, state__in=TOOK_PART)
    return rows.select_related("envelope__organization", "envelope__sender", "registration__counterparty")


def registrations_for(request: CopyRequest) -> list[Registration]:
    """The usable registrations of the new address: with one of them its code is asked for, otherwise a code is mailed."""
    usable = counterparties.usable_registrations(request.organization)
    return [one for one in usable if one.mail.casefold() == request.mail.casefold()]


def grant_copies(
    request: CopyRequest, places: Collection[uuid.UUID], *, registration: uuid.UUID | None, checked: str, by: Member, at: datetime
) -> list[CopyGrant]:
    """Give the concluded copies of ``places`` to whoever asks; ``checked`` says how it was made sure who that is.

    Whoever entered or approved the new address's registration is not who gives them: two members stand behind each grant.
    Refuses with ``registration.not_allowed``, ``copies.same_member`` (number), ``copies.decided``, ``copies.none_chosen``,
    ``copies.check_missing``, ``reason.too_long``, ``registration.not_usable``, or ``vault.shredded`` when nothing of a contract is left.
    """
    said = _said(checked, missing="copies.check_missing")
    with transaction.atomic(durable=True):
        held = _held(request, by)
        theirs = took_in(by, held)
        if theirs is not None:
            raise Refusal("copies.same_member", number=theirs.number)
        behind = _registration(held, registration)
        chosen = _chosen(places, by)
        grants = [_grant(held, place, behind, by=by, at=at) for place in chosen]
        _decide(held, CopyState.GRANTED, by=by, at=at, checked=said)
        _note(held, "copies.granted", by=by, at=at, personal={"checked": said}, places=[str(place.pk) for place in chosen])
    return grants


def _said(words: str, *, missing: str) -> str:
    said = words.strip()
    if len(said) < SHORTEST_REASON:
        raise Refusal(missing)
    if len(said) > LONGEST_REASON:
        raise Refusal("reason.too_long", limit=LONGEST_REASON)
    return said


def _held(request: CopyRequest, by: Member) -> CopyRequest:
    held = CopyRequest.objects.select_for_update(of=("self",)).select_related("organization").get(pk=request.pk)
    if held.state != CopyState.ASKED:
        raise Refusal("copies.decided")
    if not may_decide(by, held):
        raise Refusal("registration.not_allowed")
    return held


def _registration(request: CopyRequest, pk: uuid.UUID | None) -> Registration | None:
    if pk is None:
        return None
    found = next((one for one in registrations_for(request) if one.pk == pk), None)
    if found is None:
        raise Refusal("registration.not_usable")
    return found


def _chosen(places: Iterable[uuid.UUID], by: Member) -> list[Recipient]:
    """The places with their envelopes locked, in one order for everybody."""
    chosen = list(_concluded(by).filter(pk__in=set(places)).order_by("envelope_id", "position"))
    if not chosen or len(chosen) != len(set(places)):
        raise Refusal("copies.none_chosen")
    list(Envelope.objects.select_for_update().filter(pk__in={one.envelope_id for one in chosen}).order_by("pk"))
    return chosen


def _grant(request: CopyRequest, place: Recipient, behind: Registration | None, *, by: Member, at: datetime) -> CopyGrant:
    standing_files(place.envelope, by=place)
    grant = CopyGrant.objects.create(
        request=request,
        recipient=place,
        registration=behind,
        gate=Gate.REGISTERED if behind else Gate.OTP,
        organization_name=request.party,
        title=request.title,
        name=request.name,
        mail=behind.mail if behind else request.mail,
        language=request.language,
        granted_by=by,
        granted_at=at,
    )
    invitation = ceremony.invite(Purpose.DOWNLOAD, place.pk, expires_at=at + timedelta(days=DOWNLOAD_DAYS), at=at)
    if ceremony.standing_invitation(Purpose.SIGN, place.pk) is not None:
        # What has been signed is still looked at through the signing link, so it dies with the mailbox; its successor is sent to nobody.
        ceremony.invite(Purpose.SIGN, place.pk, expires_at=at, at=at)
    data: dict[str, object] = {**said_of_grant(grant), "generation": invitation.generation}
    note(place.envelope, "copies.given", by=by, at=at, data=data, personal=person_of_grant(grant))
    tell_copied(place, invitation, request.number, at=at)
    return grant


def said_of_grant(grant: CopyGrant) -> dict[str, object]:
    """What the entry in the envelope's stream tells of a grant; fsck holds the row against it."""
    behind = {"registration": str(grant.registration_id)} if grant.registration_id else {}
    return {
        "grant": str(grant.pk),
        "recipient": str(grant.recipient_id),
        "copy_request": str(grant.request_id),
        "gate": str(grant.gate),
        "granted_by": str(grant.granted_by_id),
        **behind,
    }


def person_of_grant(grant: CopyGrant) -> dict[str, object]:
    names = ("organization_name", "title", "name", "mail", "language")
    return {name: getattr(grant, name) for name in names}


def refuse_copies(request: CopyRequest, *, reason: str, by: Member, at: datetime) -> None:
    """Nothing is given, and whoever asked is told why. Refuses as :func:`grant_copies`, and with ``reason.missing``."""
    said = _said(reason, missing="reason.missing")
    with transaction.atomic(durable=True):
        held = _held(request, by)
        _decide(held, CopyState.REFUSED, by=by, at=at, reason=said)
        _note(held, "copies.refused", by=by, at=at, personal={"reason": said})
        tell_requester(held, what="refused", at=at)


def _decide(request: CopyRequest, state: CopyState, *, by: Member, at: datetime, checked: str = "", reason: str = "") -> None:
    request.state, request.decided_by, request.decided_at = state, by, at
    request.checked, request.reason = checked, reason
    request.save(update_fields=["state", "decided_by", "decided_at", "checked", "reason"])


def _note(request: CopyRequest, event: str, *, by: Member, at: datetime, personal: dict[str, object], **more: object) -> None:
    data: dict[str, object] = {"copy_request": str(request.pk), "number": request.number, **more}
    ledger.append(stream_of(request), event, by=ledger.Actor("member", str(by.pk)), at=at, data=data, personal=personal)
