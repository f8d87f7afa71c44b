"""Carrying generations somewhere else by restic: encrypted, each byte once, with the same rule of what is kept."""

from __future__ import annotations

import os
import shutil
import subprocess

from django.conf import settings

from tachiai.backups.repository import Repository
from tachiai.errors import Outage, Refusal
from tachiai.house import House

TAG = "tachiai"


def carry_away(place: Repository, generation: str) -> None:
    """Bring the repository into restic's, where one is configured; then forget there what the rule keeps no longer, and read a part again.

    The folder goes as it is, so that what restic gives back is a repository. Raises ``Outage("backup.restic")`` with its last word;
    refuses ``backup.no_program`` when it is not installed.
    """
    house = settings.TACHIAI
    if not house.backup_restic:
        return
    if (trouble := _trouble(house, ["cat", "config"])) is not None and (beginning := _trouble(house, ["init"])) is not None:
        # Which of the two an operator has to mend, a wrong password or a place that cannot be reached, only both together tell.
        raise Outage("backup.restic", f"{trouble}; init: {beginning}")
    _must(house, ["backup", f"--tag={TAG},{generation}", "--exclude=.*", "."], folder=str(place.folder))
    rule = [f"--keep-daily={house.backup_daily}", f"--keep-monthly={house.backup_monthly}", f"--keep-yearly={house.backup_yearly}"]
    _must(house, ["forget", f"--tag={TAG}", "--group-by=host", "--prune", *rule])
    _must(house, ["check", "--read-data-subset=1/28"])


def _must(house: House, arguments: list[str], *, folder: str | None = None) -> None:
    if (trouble := _trouble(house, arguments, folder=folder)) is not None:
        raise Outage("backup.restic", f"{arguments[0]}: {trouble}")


def _trouble(house: House, arguments: list[str], *, folder: str | None = None) -> str | None:
    """None when it went well; otherwise the last line of what restic said."""
    program = shutil.which("restic")
    if program is None:
        raise Refusal("backup.no_program", program="restic")
    environment = {**os.environ, "RESTIC_REPOSITORY": house.backup_restic, "RESTIC_PASSWORD": house.backup_restic_password}
    done = subprocess.run(  # noqa: S603  # a program of the system, and our own arguments
        [program, "--quiet", *arguments], env=environment, cwd=folder, capture_output=True, text=True, check=False
    )
    return None if done.returncode == 0 else (done.stderr.strip().splitlines() or ["failed"])[-1]
