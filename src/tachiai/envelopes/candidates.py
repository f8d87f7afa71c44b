"""Who of our own may be asked to sign an envelope."""

from __future__ import annotations

from tachiai.accounts.models import Member, Role
from tachiai.accounts.rights import sees_contracts
from tachiai.prepared import Prepared, given


def own_signers(sender: Member) -> list[Member]:
    """Active members with the right to sign, never a system administrator; the sender only where the organization's policy allows it."""
    signers = _SIGNERS.all(organization=sender.organization_id)
    for signer in signers:
        signer.organization = sender.organization
    return signers if sender.organization.sender_may_sign else [signer for signer in signers if signer.pk != sender.pk]


def own_people(sender: Member) -> list[Member]:
    """Everybody of ours who can be named in an envelope, and see it: who may not sign can still review or get a copy."""
    return [one for one in _PEOPLE.all(organization=sender.organization_id) if sees_contracts(one)]


_PEOPLE = Prepared(
    lambda: (
        Member.objects.filter(organization_id=given("organization", Member, "organization"), is_active=True)
        .select_related("organization")
        .order_by("-may_sign", "department", "name")
    )
)
_SIGNERS = Prepared(
    lambda: (
        Member.objects.filter(organization_id=given("organization", Member, "organization"), may_sign=True, is_active=True)
        .exclude(role=Role.SYSTEM)
        .order_by("department", "name")
    )
)
