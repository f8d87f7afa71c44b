"""Registrations that wait for a second member's word."""

from __future__ import annotations

from tachiai.accounts import rights
from tachiai.accounts.models import Member
from tachiai.counterparties.access import may_approve
from tachiai.counterparties.models import Registration, RegistrationState
from tachiai.counterparties.recoding import may_approve_code
from tachiai.counterparties.usable import registrations_of


def registrations_to_approve(member: Member) -> list[Registration]:
    """Those that ``member`` may approve now, the longest waiting first."""
    if not rights.may_approve(member):
        return []
    told = registrations_of(member.organization)
    waiting = told.filter(state=RegistrationState.CONFIRMED).order_by("confirmed_at")
    codes = told.exclude(pending_verifier="").order_by("pending_at")
    return [one for one in waiting if may_approve(member, one)] + [one for one in codes if may_approve_code(member, one)]
