"""Whether the clock reminds those who have not signed: the organization's own choice."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from tachiai import ledger
from tachiai.accounts.models import Member, Organization, Role
from tachiai.errors import Refusal

MAY_SET = (Role.ADMIN, Role.SYSTEM)


def may_set_reminders(member: Member) -> bool:
    return member.is_active and member.role in MAY_SET


def set_reminders(*, on: bool, by: Member, at: datetime) -> None:
    """Switch reminders of the organization of ``by`` on or off. Refuses with ``settings.not_allowed``."""
    if not may_set_reminders(by):
        raise Refusal("settings.not_allowed")
    with transaction.atomic(durable=True):
        Organization.objects.filter(pk=by.organization_id).update(reminds=on)
        stream, actor = f"organization:{by.organization_id}", ledger.Actor("member", str(by.pk))
        ledger.append(stream, "organization.reminders_set", by=actor, at=at, data={"on": on})
