"""Which migrations made the rows at hand, and whether the code at hand can take them further (decision 26).

Earlier migrations are replaced by one for each room. Rows that have been through all of them go over untouched; rows that stopped among
them cannot, since the steps they still need are no longer here. Names are given as ``app.name``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from django.db import connection
from django.db.migrations import Migration
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from tachiai.errors import Refusal


def refuse_halfway() -> None:
    """Before anything is migrated. Raises ``database.halfway`` for rows that stopped among replaced migrations."""
    applied = {f"{app}.{name}" for app, name in MigrationRecorder(connection).applied_migrations()}
    if wanted := find_lost_step(applied):
        raise Refusal("database.halfway", migration=wanted)


def find_lost_step(applied: Collection[str]) -> str:
    """The first migration that these rows still need and nobody has any more; empty when there is none."""
    for migration in _on_disk():
        replaced = list(_replaced(migration))
        lost = [name for name in replaced if name not in applied]
        if 0 < len(lost) < len(replaced):
            return lost[0]
    return ""


def known_migrations() -> set[str]:
    """Every migration that the code at hand knows, itself or as one that was replaced."""
    found = _on_disk()
    return {f"{one.app_label}.{one.name}" for one in found} | {name for one in found for name in _replaced(one)}


def _on_disk() -> list[Migration]:
    return list(MigrationLoader(None, ignore_no_migrations=True).disk_migrations.values())


def _replaced(migration: Migration) -> Iterator[str]:
    for app, name in migration.replaces:
        yield f"{app}.{name}"
