"""What has happened to a member's place in the organization: invited, given and taken rights, stopped. Logins are in the operation log."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tachiai import ledger
from tachiai.accounts.models import Member
from tachiai.administration.members import stream_of

EVENTS = (
    "member.created",
    "member.invited",
    "member.invited_again",
    "member.joined",
    "member.changed",
    "member.rights_changed",
    "member.stopped",
    "member.restarted",
    "member.password_changed",
    "member.password_reset",
    "member.second_factor_added",
    "member.second_factor_removed",
    "member.second_factor_reset",
)
RIGHTS = ("role", "may_sign", "may_approve", "reads_from", "reads_until", "groups")


@dataclass(frozen=True)
class Step:
    """One entry: its event, when, which member did it (empty: the operator), and which rights changed, as (before, after)."""

    code: str
    at: datetime
    actor: str
    changes: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)


def history_of(member: Member) -> list[Step]:
    """Oldest first. The caller has made sure that the reader administers the member's organization."""
    pk = str(member.pk)
    told = [entry for entry in ledger.entries(stream_of(member), events=EVENTS) if entry.data.get("member") == pk]
    actors = {entry.by.get("id", "") for entry in told if entry.by["kind"] == "member"}
    names = {str(row.pk): row.name for row in Member.objects.filter(pk__in=actors)}
    return [Step(entry.event, entry.at, names.get(entry.by.get("id", ""), ""), _changes(entry.data)) for entry in told]


def _changes(data: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    was = data.get("was")
    if was is None:
        return {}
    return {name: (was.get(name), data.get(name)) for name in RIGHTS if was.get(name) != data.get(name)}
