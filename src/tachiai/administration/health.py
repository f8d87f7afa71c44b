"""システム状態: what of the house answers and what runs short, in five lines for those who administer it."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings

from tachiai import ledger, outbox, sealing
from tachiai.accounts.models import Member
from tachiai.backups.models import Backup
from tachiai.backups.showing import may_see_backups
from tachiai.errors import Outage
from tachiai.house import Misconfigured
from tachiai.work.models import Alarm, TaskState

# From where on a line asks for somebody's attention.
KEY_DAYS = 30
MAIL_WAITS = timedelta(minutes=10)
FREE_PART = 0.1
BACKUP_AGE = timedelta(hours=36)


@dataclass(frozen=True)
class Health:
    """What the house says of itself. Times are None when there has been none yet; ``free`` and ``size`` are bytes."""

    stamped_at: datetime | None
    stamps_fail: bool
    key_days: int | None
    mails_late: int
    free: int
    size: int
    backed_up_at: datetime | None
    backs_up: bool
    at: datetime

    @property
    def key_ends_soon(self) -> bool:
        return self.key_days is None or self.key_days < KEY_DAYS

    @property
    def runs_full(self) -> bool:
        return self.free < self.size * FREE_PART

    @property
    def backup_late(self) -> bool:
        return self.backs_up and (self.backed_up_at is None or self.at - self.backed_up_at > BACKUP_AGE)


def health_for(member: Member, *, at: datetime) -> Health | None:
    """The house's state for those who administer it (see ``backups.showing``); None for everybody else."""
    if not may_see_backups(member):
        return None
    newest = ledger.latest_checkpoint()
    ends = _key_ends(at=at)
    disk = shutil.disk_usage(settings.TACHIAI.home)
    last = Backup.objects.order_by("-ended_at").first()
    standing = Alarm.objects.filter(cleared_at=None)
    return Health(
        stamped_at=ledger.newest_stamp(newest).stamped_at if newest else None,
        stamps_fail=standing.filter(detail__startswith="tsa.").exists() or standing.filter(kind="log.unstamped").exists(),
        key_days=(ends - at).days if ends else None,
        mails_late=outbox.Mail.objects.filter(state=TaskState.WAITING, created_at__lt=at - MAIL_WAITS).count(),
        free=disk.free,
        size=disk.total,
        backed_up_at=last.ended_at if last else None,
        backs_up=settings.TACHIAI.backup_to is not None,
        at=at,
    )


def _key_ends(*, at: datetime) -> datetime | None:
    try:
        return sealing.keys_end(at=at)
    except (Misconfigured, Outage):
        return None  # the page says that none can be used; the log and the alarms say why
