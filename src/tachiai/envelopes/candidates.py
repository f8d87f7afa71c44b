"""Who of our own may be asked to sign an envelope."""

from __future__ import annotations

from tachiai.accounts.models import Member


def own_signers(sender: Member) -> list[Member]:
    """Active members with the right to sign; the sender only where the organization's policy allows it."""
    rows = Member.objects.filter(organization_id=sender.organization_id, may_sign=True, is_active=True)
    if not sender.organization.sender_may_sign:
        rows = rows.exclude(pk=sender.pk)
    return list(rows.order_by("department", "name"))
