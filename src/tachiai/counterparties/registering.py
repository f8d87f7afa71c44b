"""Entering a registration from paper, approving it by a second member, and revoking it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from tachiai import ceremony, ledger, outbox
from tachiai.accounts.models import Member, Organization, Role
from tachiai.ceremony import Purpose
from tachiai.counterparties.models import Counterparty, Method, Registration, RegistrationState
from tachiai.crypto.codes import code_verifier, is_weak, normalised_code
from tachiai.errors import Refusal

CONFIRM_WITHIN = timedelta(days=14)


@dataclass(frozen=True)
class Entered:
    """What the paper says. ``code`` is what the counterparty chose; it is turned into a verifier and forgotten."""

    counterparty: str
    title: str
    name: str
    mail: str
    code: str
    phone: str = ""
    address: str = ""
    language: str = "ja"


def register(entered: Entered, *, by: Member, at: datetime) -> Registration:
    """Enter a registration from paper; its address is asked to confirm itself by mail.

    Refuses with ``code.malformed``, ``code.weak`` or ``registration.not_allowed``.
    """
    if by.role not in (Role.ADMIN, Role.MANAGER, Role.STAFF):
        raise Refusal("registration.not_allowed")
    code = normalised_code(entered.code)
    if code is None:
        raise Refusal("code.malformed")
    if is_weak(code):
        raise Refusal("code.weak")
    verifier = code_verifier(code, pepper=settings.TACHIAI.secret("pepper"))
    with transaction.atomic(durable=True):
        registration = _written(entered, verifier, by=by, at=at)
        _ask_to_confirm(registration, at=at)
        _note(registration, "registration.entered", by=by, at=at, personal=_person(registration))
    return registration


def _written(entered: Entered, verifier: str, *, by: Member, at: datetime) -> Registration:
    organization = Organization.objects.select_for_update().get(pk=by.organization_id)
    counterparty, _ = Counterparty.objects.get_or_create(
        organization=organization,
        name=entered.counterparty,
        defaults={"address": entered.address, "created_at": at},
    )
    count = Registration.objects.filter(counterparty__organization=organization).count()
    return Registration.objects.create(
        counterparty=counterparty,
        number=f"R-{at.year}-{count + 1:05d}",
        title=entered.title,
        name=entered.name,
        mail=entered.mail,
        phone=entered.phone,
        language=entered.language,
        method=Method.PAPER,
        verifier=verifier,
        entered_by=by,
        entered_at=at,
    )


def _ask_to_confirm(registration: Registration, *, at: datetime) -> None:
    organization = registration.counterparty.organization
    invitation = ceremony.invite(Purpose.CONFIRM, registration.pk, expires_at=at + CONFIRM_WITHIN, at=at)
    outbox.mail(
        "M24",
        to=registration.mail,
        language=registration.language,
        context={
            "organization": organization.name,
            "organization_en": organization.name_en or organization.name,
            "department": organization.department,
            "phone": organization.phone,
            "reply_to": organization.mail,
            "number": registration.number,
            "expires_at": invitation.expires_at.isoformat(),
            "recipient": {
                "organization": registration.counterparty.name,
                "title": registration.title,
                "name": registration.name,
            },
        },
        link=("r", invitation.pk, invitation.generation),
        stream=stream_of(registration),
        about=registration.pk,
        at=at,
    )


def approve(registration: Registration, *, by: Member, at: datetime) -> None:
    """A second member's word that the paper is genuine; from now on the registration can be used.

    Refuses with ``registration.not_confirmed``, ``registration.same_member`` or ``registration.not_allowed``.
    """
    if not by.may_approve or by.organization_id != registration.counterparty.organization_id:
        raise Refusal("registration.not_allowed")
    if registration.entered_by_id == by.pk:
        raise Refusal("registration.same_member")
    with transaction.atomic(durable=True):
        waiting = Registration.objects.filter(pk=registration.pk, state=RegistrationState.CONFIRMED)
        if not waiting.update(state=RegistrationState.APPROVED, approved_by=by, approved_at=at):
            raise Refusal("registration.not_confirmed")
        _note(registration, "registration.approved", by=by, at=at)
    registration.refresh_from_db()


def revoke(registration: Registration, *, reason: str, by: Member, at: datetime) -> None:
    """The registration ends: nothing can be addressed to it and neither its code nor any stronger proof opens anything."""
    if by.role not in (Role.ADMIN, Role.MANAGER, Role.STAFF) or by.organization_id != registration.counterparty.organization_id:
        raise Refusal("registration.not_allowed")
    if not reason.strip():
        raise Refusal("reason.missing")
    with transaction.atomic(durable=True):
        standing = Registration.objects.filter(pk=registration.pk).exclude(state=RegistrationState.REVOKED)
        if not standing.update(state=RegistrationState.REVOKED, revoked_at=at):
            raise Refusal("registration.revoked")
        ceremony.close_invitation(Purpose.CONFIRM, registration.pk, at=at)
        ceremony.end_authenticator(registration.pk, at=at)
        ceremony.end_passkey(registration.pk, at=at)
        _note(registration, "registration.revoked", by=by, at=at, personal={"reason": reason.strip()})
    registration.refresh_from_db()


def stream_of(registration: Registration) -> str:
    """The ledger stream that tells of a registration: its organization's."""
    return f"organization:{registration.counterparty.organization_id}"


def _person(registration: Registration) -> dict[str, object]:
    return {
        "counterparty": registration.counterparty.name,
        "title": registration.title,
        "name": registration.name,
        "mail": registration.mail,
    }


def _note(registration: Registration, event: str, *, by: Member, at: datetime, personal: dict[str, object] | None = None) -> None:
    ledger.append(
        stream_of(registration),
        event,
        by=ledger.Actor("member", str(by.pk)),
        at=at,
        data={"registration": str(registration.pk), "method": registration.method},
        personal=personal,
    )
