"""The database of one moment, as a file, and the boxes that its rows name; taken while workers go on."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from django.db import connection
from psycopg.conninfo import make_conninfo

from tachiai.backups.files import flush
from tachiai.errors import Outage, Refusal
from tachiai.ledger.exporting import last_note_of_rows
from tachiai.vault.copying import boxes_of_rows

SQLITE, POSTGRESQL = "database.sqlite3", "database.dump"
_MIGRATIONS = "SELECT app || '.' || name FROM django_migrations ORDER BY 1"
# What Django is told of a connection and libpq is not.
_DJANGOS = ("server_side_binding", "prepare_threshold")


@dataclass(frozen=True)
class Snapshot:
    """A file, and what its rows named: boxes of the vault, migrations that had been applied, and the log's last checkpoint.

    ``note`` is that checkpoint as it was signed; empty before the first.
    """

    file: Path
    engine: str
    boxes: tuple[str, ...]
    migrations: tuple[str, ...]
    note: str


def take_snapshot(folder: Path) -> Snapshot:
    """Every row of one moment, in ``folder``. Raises ``Outage`` when database or disk will not."""
    return _dump(folder / POSTGRESQL) if connection.vendor == "postgresql" else _copy(folder / SQLITE)


def _copy(target: Path) -> Snapshot:
    """SQLite's own backup, in one step: readers and writers of a database in WAL mode do not notice."""
    try:
        source = sqlite3.connect(f"file:{connection.settings_dict['NAME']}?mode=ro", uri=True, timeout=20)
        with closing(source), closing(sqlite3.connect(target)) as copy:
            source.backup(copy)
            copy.execute("PRAGMA journal_mode=DELETE")
            if copy.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
                raise Outage("backup.database", "the copy of the database is damaged")
            boxes = tuple(row[0] for row in copy.execute(boxes_of_rows()))
            migrations = tuple(row[0] for row in copy.execute(_MIGRATIONS))
            notes = tuple(row[0] for row in copy.execute(last_note_of_rows()))
    except sqlite3.Error as problem:
        raise Outage("backup.database", str(problem)) from problem
    flush(target)
    return Snapshot(target, "sqlite", boxes, migrations, "".join(notes))


def _dump(target: Path) -> Snapshot:
    """``pg_dump`` of a snapshot that we hold open, so that the boxes are asked of the very same moment."""
    try:
        with psycopg.connect(_told(connection.settings_dict, secret=True)) as held:
            held.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            held.read_only = True
            name = _column(held, "SELECT pg_export_snapshot()")[0]
            boxes, migrations, notes = (_column(held, asked) for asked in (boxes_of_rows(), _MIGRATIONS, last_note_of_rows()))
            run_postgres(
                "pg_dump",
                ["-Fc", "--no-owner", "--no-privileges", f"--snapshot={name}", f"--file={target}", f"--dbname={told_database()}"],
            )
    except psycopg.Error as problem:
        raise Outage("backup.database", type(problem).__name__) from problem
    flush(target)
    return Snapshot(target, "postgresql", boxes, migrations, "".join(notes))


def _column(held: psycopg.Connection[Any], question: str) -> tuple[str, ...]:
    return tuple(str(row[0]) for row in held.execute(question.encode()))


def lay_database(file: Path) -> None:
    """Put a snapshot where the configured database is to be, all or nothing. The caller has seen that nothing is there.

    Raises ``Outage`` when the database will not have it.
    """
    if connection.vendor == "postgresql":
        run_postgres(
            "pg_restore",
            ["--no-owner", "--no-privileges", "--single-transaction", "--exit-on-error", f"--dbname={told_database()}", str(file)],
        )
        return
    target = Path(str(connection.settings_dict["NAME"]))
    scratch = target.with_name(f".new-{target.name}")
    shutil.copyfile(file, scratch)
    scratch.chmod(0o600)
    flush(scratch)
    scratch.rename(target)
    flush(target.parent)


def is_empty() -> bool:
    """Whether the configured database has no table yet, or does not exist as a file."""
    if connection.vendor == "postgresql":
        try:
            with psycopg.connect(_told(connection.settings_dict, secret=True)) as held:
                return not _column(held, "SELECT tablename FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')")
        except psycopg.Error as problem:
            raise Outage("backup.database", type(problem).__name__) from problem
    return not Path(str(connection.settings_dict["NAME"])).exists()


def told_database() -> str:
    """How libpq reaches the configured database; without the password, which no list of processes may show."""
    return _told(connection.settings_dict, secret=False)


def _told(settings: Mapping[str, Any], *, secret: bool) -> str:
    named = {"dbname": "NAME", "user": "USER", "host": "HOST", "port": "PORT", **({"password": "PASSWORD"} if secret else {})}
    given = {key: str(settings[name]) for key, name in named.items() if settings.get(name)}
    options = {key: value for key, value in settings.get("OPTIONS", {}).items() if key not in _DJANGOS}
    return make_conninfo("", **given, **options)


def run_postgres(program: str, arguments: list[str]) -> None:
    """One of PostgreSQL's own programs. Raises ``Outage`` with the last line of what it said when it fails."""
    password = str(connection.settings_dict.get("PASSWORD") or "")
    environment = {**os.environ, **({"PGPASSWORD": password} if password else {})}
    done = subprocess.run([_program(program), *arguments], env=environment, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise Outage("backup.database", f"{program}: {(done.stderr.strip().splitlines() or ['failed'])[-1]}")


def _program(name: str) -> str:
    """The newest that is installed: a dump needs a program at least as new as its server. Refuses ``backup.no_program``."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: _version(path.parts[-3]))
    program = str(found[-1]) if found else shutil.which(name)
    if program is None:
        raise Refusal("backup.no_program", program=name)
    return program


def _version(name: str) -> float:
    try:
        return float(name)
    except ValueError:
        return 0.0
