"""A backup or a restoring that kills itself (SIGKILL) at a named step. Run as a program: HOME BACKUPS backup|restore MODULE:NAME COUNT."""

from __future__ import annotations

import itertools
import os
import signal
import sys
from importlib import import_module
from pathlib import Path
from typing import Any


def main(home: str, folder: str, act: str, target: str, count: int) -> None:
    os.environ.update(TACHIAI_HOME=home, TACHIAI_MODE="demo", TACHIAI_BACKUP_TO=folder, DJANGO_SETTINGS_MODULE="tachiai.config.settings")
    import django

    django.setup()
    module_name, _, name = target.partition(":")
    place: Any = import_module(module_name)
    *owners, last = name.split(".")
    for owner in owners:
        place = getattr(place, owner)
    original, calls = getattr(place, last), itertools.count(1)

    def deadly(*args: Any, **kwargs: Any) -> Any:
        if next(calls) == count:
            os.kill(os.getpid(), signal.SIGKILL)
        return original(*args, **kwargs)

    setattr(place, last, deadly)
    from tachiai import backups, clock

    if act == "backup":
        backups.make_backup(now=clock.now)
    else:
        backups.restore(Path(folder), at=clock.now())


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4], int(sys.argv[5]))
