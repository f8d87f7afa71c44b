"""What has happened to a registration, from its organization's ledger stream."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from tachiai import ledger
from tachiai.accounts.models import Member
from tachiai.counterparties.models import Registration
from tachiai.counterparties.registering import stream_of


@dataclass(frozen=True)
class Step:
    """One entry about a registration: its event, when, which member (empty: the registrant or the house), and a reason."""

    code: str
    at: datetime
    actor: str
    reason: str


def history_of(registration: Registration) -> list[Step]:
    """Oldest first."""
    pk = str(registration.pk)
    told = [entry for entry in ledger.entries(stream_of(registration)) if pk in (entry.data.get("registration"), entry.data.get("about"))]
    members = {entry.by.get("id", "") for entry in told if entry.by["kind"] == "member"}
    names = {str(row.pk): row.name for row in Member.objects.filter(pk__in=members)}
    return [Step(entry.event, entry.at, names.get(entry.by.get("id", ""), ""), str(entry.personal.get("reason", ""))) for entry in told]
