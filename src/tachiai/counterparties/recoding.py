"""コードの再届出: somebody who forgot their code chooses another, and a second member approves it before it opens anything."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from tachiai import ceremony
from tachiai.accounts.models import Member
from tachiai.accounts.rights import may_approve
from tachiai.ceremony import Purpose
from tachiai.counterparties.models import Registration, RegistrationState
from tachiai.counterparties.registering import MAY_REGISTER, note
from tachiai.counterparties.telling import ask_by_link, tell
from tachiai.errors import Refusal


def may_ask_for_code(member: Member, registration: Registration) -> bool:
    """Of a usable registration: one that was suspended for wrong codes ends, because nobody can say who typed them."""
    return member.is_active and member.role in MAY_REGISTER and registration.is_usable


def ask_for_code(registration: Registration, *, by: Member, at: datetime) -> None:
    """Mail a link by which the person chooses another code. The present one holds until the new one is approved.

    Refuses with ``registration.not_allowed`` or ``registration.not_usable``.
    """
    if by.role not in MAY_REGISTER or by.organization_id != registration.counterparty.organization_id:
        raise Refusal("registration.not_allowed")
    if not registration.is_usable:
        raise Refusal("registration.not_usable")
    with transaction.atomic(durable=True):
        usable = Registration.objects.filter(pk=registration.pk, state=RegistrationState.APPROVED, suspended_at=None)
        if not usable.update(code_asked_by=by, code_asked_at=at, pending_verifier="", pending_at=None):
            raise Refusal("registration.not_usable")
        note(registration, "registration.code_asked", by=by, at=at)
        ask_by_link("M24", registration, at=at, choose="again")
    registration.refresh_from_db()


def may_approve_code(member: Member, registration: Registration) -> bool:
    """A member with the right to approve who did not ask for it."""
    return (
        may_approve(member)
        and member.organization_id == registration.counterparty.organization_id
        and registration.code_asked_by_id != member.pk
        and bool(registration.pending_verifier)
        and registration.is_usable
    )


def approve_code(registration: Registration, *, by: Member, at: datetime) -> None:
    """The code chosen anew takes the place of the old one.

    Refuses with ``registration.not_allowed``, ``registration.same_member`` or ``registration.no_code``.
    """
    if not may_approve(by) or by.organization_id != registration.counterparty.organization_id:
        raise Refusal("registration.not_allowed")
    if registration.code_asked_by_id == by.pk:
        raise Refusal("registration.same_member")
    with transaction.atomic(durable=True):
        held = Registration.objects.select_for_update(of=("self",)).get(pk=registration.pk)
        if not held.pending_verifier or not held.is_usable:
            raise Refusal("registration.no_code")
        held.verifier, held.pending_verifier, held.pending_at = held.pending_verifier, "", None
        held.code_asked_at = held.code_asked_by = None
        held.save()
        ceremony.close_invitation(Purpose.CONFIRM, held.pk, at=at)
        note(registration, "registration.code_changed", by=by, at=at)
        tell("M25", registration, at=at, result="code")
    registration.refresh_from_db()
