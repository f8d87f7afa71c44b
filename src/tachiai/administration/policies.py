"""What an organization demands of its members: a second factor, and whether staff may take files away; and a word of its own."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from allauth.mfa.utils import is_mfa_enabled
from django.db import transaction

from tachiai import ledger
from tachiai.accounts.models import Member, Organization
from tachiai.accounts.rights import may_administer
from tachiai.errors import Refusal


def set_policy(
    *,
    requires_second_factor: bool,
    staff_may_download: bool,
    approver_label: str = "",
    approver_label_en: str = "",
    by: Member,
    at: datetime,
) -> None:
    """Record the organization's policy; the labels are what those who approve without signing are called, empty the house's words.

    Refuses with ``member.not_allowed``, and with ``policy.own_factor_first`` when a second factor
    is to be demanded by somebody who has none: they would be the first to be shut out."""
    if not may_administer(by):
        raise Refusal("member.not_allowed")
    if requires_second_factor and not is_mfa_enabled(by):
        raise Refusal("policy.own_factor_first")
    told: dict[str, Any] = {
        "requires_second_factor": requires_second_factor,
        "staff_may_download": staff_may_download,
        "approver_label": approver_label.strip(),
        "approver_label_en": approver_label_en.strip(),
    }
    with transaction.atomic(durable=True):
        Organization.objects.filter(pk=by.organization_id).update(**told)
        stream, actor = f"organization:{by.organization_id}", ledger.Actor("member", str(by.pk))
        ledger.append(stream, "organization.policy_set", by=actor, at=at, data=dict(told))
    by.organization.refresh_from_db()


def must_set_up_factor(member: Member) -> bool:
    """Whether the desk stays closed to ``member`` until they have set up a second factor."""
    return member.organization.requires_second_factor and not is_mfa_enabled(member)
