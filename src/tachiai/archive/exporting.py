"""Lists that leave the house are on record: who took which, how many lines, and by which conditions."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from django.db import transaction

from tachiai import ledger
from tachiai.accounts.models import Member

Listed = Literal["records", "validity", "registrations", "operations", "envelopes"]


def note_export(listed: Listed, *, lines: int, conditions: Mapping[str, object], by: Member, at: datetime) -> None:
    """One entry in the organization's stream. ``conditions`` may name a counterparty, so they are kept as personal data."""
    asked = {name: str(value) for name, value in conditions.items() if value not in (None, "", False)}
    data: dict[str, object] = {"list": listed, "lines": lines}
    with transaction.atomic(durable=True):
        actor = ledger.Actor("member", str(by.pk))
        ledger.append(f"organization:{by.organization_id}", "list.exported", by=actor, at=at, data=data, personal=asked or None)
