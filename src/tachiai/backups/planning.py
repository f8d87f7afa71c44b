"""When there is to be a backup or a drill, and the alarm when there was none."""

from __future__ import annotations

from datetime import datetime, timedelta

from tachiai.backups.models import Backup, BackupAct, BackupTask, Drill
from tachiai.clock import JAPAN
from tachiai.house import House
from tachiai.work import cancel
from tachiai.work.alarms import clear_alarm, raise_alarm
from tachiai.work.models import TaskState

ALARM = "backups.overdue"
# A day and what a large house needs for it.
BACKUP_OVERDUE = timedelta(hours=30)
_DAYS = {"daily": 1, "weekly": 7, "monthly": 31}


def plan_backups(house: House, *, at: datetime) -> int:
    """Write down the night's backup and the period's drill, once each; raise or clear the alarm for what is overdue."""
    if house.backup_to is None or house.backup_at is None:
        return 0
    local = at.astimezone(JAPAN)
    planned = 0
    if local.time() >= house.backup_at:
        planned += _plan(BackupAct.BACKUP, f"backup:{local:%Y-%m-%d}", at=at)
    if house.drill_every != "never" and Backup.objects.filter(dropped_at=None).exists():
        forms = {"daily": "%Y-%m-%d", "weekly": "%G-W%V", "monthly": "%Y-%m"}
        planned += _plan(BackupAct.DRILL, f"drill:{local.strftime(forms[house.drill_every])}", at=at)
    _watch(house, at=at)
    return planned


def overtake(act: BackupAct, *, at: datetime) -> None:
    """One more of ``act`` was made: rows of earlier ones that stuck are not waited for, and warn no longer; in the caller's transaction."""
    cancel(list(BackupTask.objects.select_for_update().filter(act=act, state=TaskState.STUCK)), at=at)


def _watch(house: House, *, at: datetime) -> None:
    first = BackupTask.objects.order_by("created_at").values_list("created_at", flat=True).first()
    last = Backup.objects.order_by("-began_at").values_list("began_at", flat=True).first() or first
    _alarm("backup", overdue=last is not None and at - last > BACKUP_OVERDUE, at=at)
    if house.drill_every == "never":
        return
    begun = BackupTask.objects.filter(act=BackupAct.DRILL).order_by("created_at").values_list("created_at", flat=True).first()
    drilled = Drill.objects.filter(passed=True).order_by("-began_at").values_list("began_at", flat=True).first() or begun
    allowed = timedelta(days=_DAYS[house.drill_every] + 2)
    _alarm("drill", overdue=drilled is not None and at - drilled > allowed, at=at)


def _alarm(subject: str, *, overdue: bool, at: datetime) -> None:
    if overdue:
        raise_alarm(ALARM, subject, detail=f"no {subject} that succeeded for too long", at=at)
    else:
        clear_alarm(ALARM, subject, at=at)


def _plan(act: BackupAct, key: str, *, at: datetime) -> int:
    """The row of this key, unless it was written already: it is looked for first, because looking takes no lock."""
    if BackupTask.objects.filter(key=key).exists():
        return 0
    _task, made = BackupTask.objects.get_or_create(key=key, defaults={"act": act, "due_at": at, "created_at": at})
    return int(made)
