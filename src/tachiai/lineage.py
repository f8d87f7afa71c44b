"""Migrations: making all tables of a room at once, and which rows the code at hand can take further (decision 26).

Earlier migrations are replaced by one for each room. Rows that have been through all of them go over untouched; rows that stopped among
them cannot, since the steps they still need are no longer here. Names are given as ``app.name``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from django.db import connection
from django.db.migrations import Migration
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations import CreateModel
from django.db.migrations.operations.base import Operation
from django.db.migrations.recorder import MigrationRecorder
from django.db.migrations.state import ProjectState

from tachiai.errors import Refusal


class CreateModels(Operation):
    """The models of a room in one step, which may refer to each other. Made one by one, each has Django draw up all its relations anew:
    most of the time of a fresh house."""

    def __init__(self, *models: CreateModel) -> None:
        self.models = models

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        # What was drawn up goes, and is drawn up again once, when the first table is made.
        state.__dict__.pop("apps", None)
        for model in self.models:
            model.state_forwards(app_label, state)

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: ProjectState, to_state: ProjectState) -> None:
        for model in self.models:
            model.database_forwards(app_label, schema_editor, from_state, to_state)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: ProjectState, to_state: ProjectState) -> None:
        for model in reversed(self.models):
            model.database_backwards(app_label, schema_editor, from_state, to_state)

    def describe(self) -> str:
        return f"Create {len(self.models)} models"


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
