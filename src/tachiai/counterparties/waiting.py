"""Registrations that wait for a second member's word."""

from __future__ import annotations

from tachiai.accounts.models import Member
from tachiai.counterparties.access import may_approve
from tachiai.counterparties.models import Registration, RegistrationState
from tachiai.counterparties.usable import registrations_of


def registrations_to_approve(member: Member) -> list[Registration]:
    """Those that ``member`` may approve now, the longest waiting first."""
    if not member.may_approve:
        return []
    waiting = registrations_of(member.organization).filter(state=RegistrationState.CONFIRMED).order_by("confirmed_at")
    return [registration for registration in waiting if may_approve(member, registration)]
