"""What staff say to a registration: approved by a second member, returned to its owner, dated, revoked; and what the dates do."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import date, datetime

from django.db import transaction
from django.db.models import QuerySet

from tachiai import ceremony
from tachiai.accounts.models import Member
from tachiai.accounts.rights import may_approve
from tachiai.ceremony import Purpose
from tachiai.clock import today
from tachiai.counterparties.models import Counterparty, Method, Registration, RegistrationState
from tachiai.counterparties.registering import MAY_REGISTER, note
from tachiai.counterparties.telling import ask_by_link, tell
from tachiai.errors import Refusal

LONGEST_REASON = 1000
AT_ONCE = 100


def approve(
    registration: Registration,
    *,
    by: Member,
    at: datetime,
    valid_from: date | None = None,
    valid_until: date | None = None,
    replacing: Collection[uuid.UUID] = (),
    shown: datetime | None = None,
) -> None:
    """A second member's word that it is genuine; from now on (or within its dates) the registration can be used.

    Those of ``replacing`` that :func:`replaceable` names are revoked in the same moment. ``shown``: when what the member looked at had
    been confirmed, where it was looked at on a page. Refuses with ``registration.not_confirmed``, ``registration.changed``,
    ``registration.same_member``, ``registration.not_allowed`` or ``registration.dates``.
    """
    _may_decide(registration, by)
    _must_be_dates(valid_from, valid_until)
    with transaction.atomic(durable=True):
        if shown is not None and Registration.objects.filter(pk=registration.pk).exclude(confirmed_at=shown).exists():
            raise Refusal("registration.changed")  # returned and corrected meanwhile: nobody has looked at what it says now
        waiting = Registration.objects.filter(pk=registration.pk, state=RegistrationState.CONFIRMED)
        dates = {"valid_from": valid_from, "valid_until": valid_until}
        if not waiting.update(state=RegistrationState.APPROVED, approved_by=by, approved_at=at, **dates):
            raise Refusal("registration.not_confirmed")
        _complete_party(registration)
        note(registration, "registration.approved", by=by, at=at, said=_said_dates(valid_from, valid_until))
        for old in replaceable(registration).filter(pk__in=replacing):
            _replace(old, registration, by=by, at=at)
        if registration.method == Method.ONLINE:
            tell("M25", registration, at=at, result="approved")
    registration.refresh_from_db()


def _may_decide(registration: Registration, by: Member) -> None:
    if not may_approve(by) or by.organization_id != registration.counterparty.organization_id:
        raise Refusal("registration.not_allowed")
    if registration.entered_by_id == by.pk:
        raise Refusal("registration.same_member")


def _must_be_dates(valid_from: date | None, valid_until: date | None) -> None:
    if valid_from and valid_until and valid_until < valid_from:
        raise Refusal("registration.dates")


def _said_dates(valid_from: date | None, valid_until: date | None) -> dict[str, object]:
    days = {"valid_from": valid_from, "valid_until": valid_until}
    return {name: day.isoformat() for name, day in days.items() if day is not None}


def _complete_party(registration: Registration) -> None:
    """What was told of the party is believed where nothing was known, now that somebody has looked at it."""
    party = Counterparty.objects.filter(pk=registration.counterparty_id)
    party.filter(corporate_number="").update(corporate_number=registration.corporate_number)
    party.filter(address="").update(address=registration.address)


def replaceable(registration: Registration) -> QuerySet[Registration]:
    """Approved registrations that look like the same person's: the same party, and the same address or the same name."""
    same = Registration.objects.filter(counterparty_id=registration.counterparty_id, state=RegistrationState.APPROVED)
    by_mail = same.filter(mail__iexact=registration.mail)
    return (by_mail | same.filter(name=registration.name)).exclude(pk=registration.pk).select_related("counterparty").order_by("entered_at")


def _replace(old: Registration, registration: Registration, *, by: Member, at: datetime) -> None:
    _end(old, at=at)
    Registration.objects.filter(pk=old.pk).update(replaced_by=registration)
    note(old, "registration.replaced", by=by, at=at, said={"by_registration": str(registration.pk)})


def return_registration(registration: Registration, *, reason: str, by: Member, at: datetime) -> None:
    """Back to its owner, who reads the reason and has a fortnight to correct it by a link of their own.

    What came on paper cannot be corrected online: refused with ``registration.not_online``. Refuses with
    ``registration.not_allowed``, ``registration.not_confirmed``, ``reason.missing`` or ``reason.too_long``.
    """
    said = _reason(reason)
    if by.organization_id != registration.counterparty.organization_id or by.role not in MAY_REGISTER:
        raise Refusal("registration.not_allowed")
    if registration.method != Method.ONLINE or registration.entered_by_id is not None:
        raise Refusal("registration.not_online")
    with transaction.atomic(durable=True):
        waiting = Registration.objects.filter(pk=registration.pk, state=RegistrationState.CONFIRMED)
        if not waiting.update(state=RegistrationState.RETURNED, returned_at=at, return_reason=said):
            raise Refusal("registration.not_confirmed")
        note(registration, "registration.returned", by=by, at=at, personal={"reason": said})
        ask_by_link("M25", registration, at=at, result="returned", reason=said)
    registration.refresh_from_db()


def _reason(reason: str) -> str:
    said = reason.strip()
    if len(said) < 2:
        raise Refusal("reason.missing")
    if len(said) > LONGEST_REASON:
        raise Refusal("reason.too_long", limit=LONGEST_REASON)
    return said


def set_validity(registration: Registration, *, valid_from: date | None, valid_until: date | None, by: Member, at: datetime) -> None:
    """From which day to which an approved registration may be used. Refuses as ``approve``, and a revoked one."""
    if not may_approve(by) or by.organization_id != registration.counterparty.organization_id:
        raise Refusal("registration.not_allowed")
    _must_be_dates(valid_from, valid_until)
    with transaction.atomic(durable=True):
        approved = Registration.objects.filter(pk=registration.pk, state=RegistrationState.APPROVED)
        if not approved.update(valid_from=valid_from, valid_until=valid_until):
            raise Refusal("registration.not_usable")
        note(registration, "registration.dated", by=by, at=at, said=_said_dates(valid_from, valid_until))
    registration.refresh_from_db()


def revoke(registration: Registration, *, reason: str, by: Member, at: datetime) -> None:
    """The registration ends: nothing can be addressed to it and neither its code nor any stronger proof opens anything."""
    if by.role not in MAY_REGISTER or by.organization_id != registration.counterparty.organization_id:
        raise Refusal("registration.not_allowed")
    if not reason.strip():
        raise Refusal("reason.missing")
    with transaction.atomic(durable=True):
        _end(registration, at=at)
        note(registration, "registration.revoked", by=by, at=at, personal={"reason": reason.strip()})
    registration.refresh_from_db()


def _end(registration: Registration, *, at: datetime) -> None:
    """In the caller's transaction. Refuses with ``registration.revoked``."""
    standing = Registration.objects.filter(pk=registration.pk).exclude(state=RegistrationState.REVOKED)
    if not standing.update(state=RegistrationState.REVOKED, revoked_at=at, pending_verifier=""):
        raise Refusal("registration.revoked")
    ceremony.close_invitation(Purpose.CONFIRM, registration.pk, at=at)
    ceremony.end_authenticator(registration.pk, at=at)
    ceremony.end_passkey(registration.pk, at=at)


def expire_registrations(*, at: datetime) -> int:
    """What was valid until yesterday ends on record; how many did. It could not be used since midnight in any case."""
    over = Registration.objects.filter(state=RegistrationState.APPROVED, valid_until__lt=today(at)).select_related("counterparty")
    done = 0
    for registration in over[:AT_ONCE]:
        with transaction.atomic(durable=True):
            # Somebody may have revoked it, or given it other dates, in the same moment.
            if over.select_for_update(of=("self",)).filter(pk=registration.pk).exists():
                _end(registration, at=at)
                note(registration, "registration.expired", by=None, at=at)
                done += 1
    return done
