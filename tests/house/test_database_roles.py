"""On PostgreSQL the house's own login may append to the record and has no right to change it, triggers or none."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from psycopg import errors, sql

from place import Place
from postgres import cluster, copy, programs
from tachiai.administration.database_roles import may_change_entries, restrict_role
from tachiai.errors import Refusal

TACHIAI = [sys.executable, "-m", "tachiai.cli.main"]
APPENDING = """
import django; django.setup()
from django.db import transaction
from tachiai import clock, ledger
from tachiai.administration.database_roles import may_change_entries
from tachiai.ledger.models import Personal
with transaction.atomic():
    ledger.append("house", "probe", by=ledger.Actor.house(), at=clock.now(), personal={"name": "架空 太郎"})
Personal.objects.all().delete()
assert not may_change_entries()
assert ledger.integrate(at=clock.now()) > 0
assert ledger.checkpoint(at=clock.now(), reason="test") is not None
"""


def test_the_role_appends_and_never_changes(tmp_path: Path) -> None:
    if programs() is None:
        pytest.skip("PostgreSQL is not installed")
    with cluster() as server:
        copy(server, "template1", "house")
        with psycopg.connect(f"{server}/house", autocommit=True) as owner:
            owner.execute("CREATE ROLE app LOGIN")
            owner.execute("CREATE ROLE boss LOGIN SUPERUSER")
        assert _run([*TACHIAI, "database", "restrict", "nobody"], f"{server}/house", tmp_path).returncode == 1
        assert _run([*TACHIAI, "database", "restrict", "boss"], f"{server}/house", tmp_path).returncode == 1
        told = _run([*TACHIAI, "database", "restrict", "app"], f"{server}/house", tmp_path)
        assert told.returncode == 0, told.stderr
        assert "ledger_entry" in told.stdout
        as_app = f"{server}/house".replace("postgres@", "app@")
        appended = _run([sys.executable, "-c", APPENDING], as_app, tmp_path)
        assert appended.returncode == 0, appended.stderr
        _may_not_change(as_app)
        # A start under this login needs no more than it has.
        assert _run([*TACHIAI, "init"], as_app, tmp_path).returncode == 0


def _may_not_change(address: str) -> None:
    with psycopg.connect(address, autocommit=True) as connection:
        for statement in (
            "UPDATE ledger_entry SET event = 'other'",
            "DELETE FROM ledger_entry",
            "TRUNCATE ledger_entry CASCADE",
            "UPDATE ledger_personal SET body = ''",
            "ALTER TABLE ledger_entry DISABLE TRIGGER USER",
            "DROP TRIGGER ledger_entry_append_only ON ledger_entry",
            "DELETE FROM ledger_leaf",
            "UPDATE ledger_checkpoint SET note = ''",
            "DELETE FROM ceremony_consent",
            "DELETE FROM django_migrations",
        ):
            with pytest.raises(errors.InsufficientPrivilege):
                connection.execute(sql.SQL(statement))


def _run(command: list[str], database: str, tmp_path: Path) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TACHIAI_")}
    told = {"TACHIAI_HOME": str(tmp_path / "home"), "TACHIAI_MODE": "demo", "TACHIAI_DATABASE_URL": database}
    return subprocess.run(command, env={**kept, **told}, capture_output=True, text=True, timeout=120, check=False)


def test_sqlite_knows_no_roles(house: Place) -> None:
    from django.db import connection

    if connection.vendor == "postgresql":
        pytest.skip("it does")
    with pytest.raises(Refusal, match=r"database\.no_roles"):
        restrict_role("app")
    assert may_change_entries()
