"""What the desk shows of backups and drills, and to whom.

They are the house's and not an organization's: a report may name contracts of others. So only those who administer the operator's own
organization see them, or the only organization that there is.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction

from tachiai import ledger, vault
from tachiai.accounts.models import Member, Organization, Role
from tachiai.backups.making import STREAM
from tachiai.backups.models import Backup, Drill
from tachiai.errors import Refusal
from tachiai.work.models import Alarm

AT_MOST = 30


@dataclass(frozen=True)
class Overview:
    """``troubles`` are codes of alarms that stand: ``backup`` or ``drill`` overdue, ``failed`` drill, ``outage`` of the work itself."""

    configured: bool
    backups: list[Backup]
    drills: list[Drill]
    troubles: list[str]


def may_see_backups(member: Member) -> bool:
    if member.role not in (Role.ADMIN, Role.SYSTEM):
        return False
    return member.organization.is_operator or Organization.objects.count() == 1


def overview(member: Member) -> Overview:
    """The newest backups and drills. Refuses ``page.unknown`` for whoever may not see them."""
    _check(member)
    standing = Alarm.objects.filter(cleared_at=None, kind__startswith="backups.").order_by("raised_at").values_list("kind", "subject")
    troubles = ["outage" if kind == "backups.backuptask" else subject for kind, subject in standing]
    return Overview(
        settings.TACHIAI.backup_to is not None,
        list(Backup.objects.order_by("-began_at")[:AT_MOST]),
        list(Drill.objects.order_by("-began_at")[:AT_MOST]),
        list(dict.fromkeys(troubles)),
    )


def drill_report(member: Member, pk: uuid.UUID, *, at: datetime) -> tuple[str, bytes]:
    """The name and the bytes of a drill's paper; that it was taken is on record. Refuses ``page.unknown``."""
    _check(member)
    found = Drill.objects.select_related("report").filter(pk=pk).first()
    if found is None:
        raise Refusal("page.unknown")
    pdf = vault.read(found.report)
    with transaction.atomic(durable=True):
        ledger.append(STREAM, "drill.report_taken", by=ledger.Actor("member", str(member.pk)), at=at, data={"drill": str(pk)})
    return f"drill-{found.generation}.pdf", pdf


def _check(member: Member) -> None:
    if not may_see_backups(member):
        raise Refusal("page.unknown")
