"""One piece of backup work."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from tachiai.backups.drilling import drill
from tachiai.backups.making import make_backup
from tachiai.backups.models import BackupAct, BackupTask


def do_backup(task: BackupTask, *, now: Callable[[], datetime]) -> None:
    """Make a generation or drill with the newest, whichever the row says."""
    if task.act == BackupAct.BACKUP:
        make_backup(now=now, task=task)
    else:
        drill(now=now, task=task)
