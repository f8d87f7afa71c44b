"""Who may see, enter and approve registrations at the desk."""

from __future__ import annotations

import uuid

from tachiai.accounts import rights
from tachiai.accounts.models import Member, Role
from tachiai.accounts.rights import SENDERS, role_now
from tachiai.counterparties.models import Method, Registration, RegistrationState
from tachiai.counterparties.usable import registrations_of
from tachiai.errors import Refusal


def may_see_registrations(member: Member) -> bool:
    """Everybody who works with contracts; a system administrator does not."""
    return role_now(member) in (*SENDERS, Role.AUDITOR)


def may_register(member: Member) -> bool:
    """Enter and revoke: whoever may send. An auditor reads; a system administrator does neither."""
    return role_now(member) in SENDERS


def may_approve(member: Member, registration: Registration) -> bool:
    """A second member with the right to approve, once the address has confirmed itself."""
    return rights.may_approve(member) and registration.entered_by_id != member.pk and registration.state == RegistrationState.CONFIRMED


def may_return(member: Member, registration: Registration) -> bool:
    """Send it back to its owner with a reason: whoever registers (an approver may), for what was filled in online."""
    return (
        may_register(member)
        and registration.state == RegistrationState.CONFIRMED
        and registration.method == Method.ONLINE
        and registration.entered_by_id is None
    )


def registration_for(member: Member, pk: uuid.UUID) -> Registration:
    """One registration of the member's organization. Refuses with ``registration.not_allowed`` or ``registration.unknown``."""
    if not may_see_registrations(member):
        raise Refusal("registration.not_allowed")
    found = registrations_of(member.organization).filter(pk=pk).first()
    if found is None:
        raise Refusal("registration.unknown")
    return found
