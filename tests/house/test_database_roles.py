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
# A contract from its draft to its end, with everything that locks, changes or removes a row on the way.
STORY = """
import django; django.setup()
from datetime import timedelta
from cast import assemble
from stories import concluded, sent, vendor_signs, work
from tachiai import archive, clock, counterparties, ledger, vault
from tachiai.administration.database_roles import may_change_entries
from tachiai.archive.log_keeping import keep_log
from tachiai.envelopes.checking import check_house
from tachiai.envelopes.destroying import Grounds, destroy_documents
from tachiai.envelopes.erasing import erase_person
from tachiai.envelopes.withdrawing import withdraw_envelope
from tachiai.ledger.models import LaterStamp
from tachiai.vault.rotating import rotate
assert not may_change_entries()
cast = assemble()
done, ended = concluded(cast), sent(cast, name="withdrawn")
assert done.state == "concluded"
vendor_signs(ended)
withdraw_envelope(ended, reason="a trial", by=cast.clerk, at=clock.now())
work()
counterparties.revoke(cast.vendor, reason="a trial", by=cast.clerk, at=clock.now())
erase_person(cast.vendor.mail, reason="a trial", at=clock.now())
assert ledger.latest(ended.stream, "personal.erased") is not None
destroy_documents(done, positions=[], grounds=Grounds("a trial", "nobody", before_retention=True), at=clock.now())
rotate(now=clock.now)
archive.anchored(["house", done.stream, ended.stream], now=clock.now)
keep_log(now=lambda: clock.now() + timedelta(days=2))
assert LaterStamp.objects.count() == 1
print([(one.code, one.subject, one.detail) for one in check_house() if not one.note])
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
        told = _run([sys.executable, "-c", STORY], as_app, tmp_path)
        assert (told.returncode, told.stdout.strip().splitlines()[-1:]) == (0, ["[]"]), told.stderr[-3000:] + told.stdout[-3000:]
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
    told["PYTHONPATH"] = str(Path(__file__).parents[1])
    return subprocess.run(command, env={**kept, **told}, capture_output=True, text=True, timeout=120, check=False)


def test_sqlite_knows_no_roles(house: Place) -> None:
    from django.db import connection

    if connection.vendor == "postgresql":
        pytest.skip("it does")
    with pytest.raises(Refusal, match=r"database\.no_roles"):
        restrict_role("app")
    assert may_change_entries()
