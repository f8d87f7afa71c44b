"""A fresh house for every test: its own folder, its own copy of a migrated database, its own keys.

Real transactions, real bytes, no shared state. The append-only triggers stay in force, so nothing is flushed: the
copy is thrown away.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from place import Place, forget_handles
from postgres import copy, drop

# The first process makes the scratch folder; the workers of a parallel run inherit it and share one template.
_OWNER = "TACHIAI_TESTS" not in os.environ
_SCRATCH = Path(os.environ.setdefault("TACHIAI_TESTS", os.environ.get("TACHIAI_TESTS") or tempfile.mkdtemp(prefix="tachiai-tests-")))
os.environ.update(
    TACHIAI_HOME=str(_SCRATCH / "template"),
    TACHIAI_MODE="demo",
    TACHIAI_MAILBOX="yes",
    TACHIAI_PUBLIC_URL="http://127.0.0.1:8000",
    DJANGO_SETTINGS_MODULE="tachiai.config.settings",
    DJANGO_ALLOW_ASYNC_UNSAFE="true",  # Playwright's loop runs in the thread that also reads rows
)
# A PostgreSQL server to use instead of SQLite: each test then gets a copy of a template database there.
POSTGRES = os.environ.get("TACHIAI_TESTS_POSTGRES", "")
for name in (
    "TACHIAI_SMTP_URL",
    "TACHIAI_TSA_URL",
    "TACHIAI_DATABASE_URL",
    "TACHIAI_SEAL_KEY_PATH",
    "TACHIAI_TRUSTED_PROXIES",
    "TACHIAI_STORE_URL",
):
    os.environ.pop(name, None)
if POSTGRES:
    os.environ["TACHIAI_DATABASE_URL"] = f"{POSTGRES}/tachiai_template"

import django  # noqa: E402  # the environment above is what it reads
import django.db  # noqa: E402

from tachiai.cli.houses import compile_catalogues, make_secrets  # noqa: E402
from tachiai.house import read  # noqa: E402

if _OWNER:
    make_secrets(read())
django.setup()

from cheap import lower_prices  # noqa: E402  # after Django's start

lower_prices()
if _OWNER:
    # Before any process speaks English for the first time: a catalogue that is not there yet is not looked for again.
    compile_catalogues()
if POSTGRES and django.db.connection.vendor != "postgresql":
    pytest.exit("settings were read before the tests chose their database", returncode=3)


def pytest_sessionfinish(session: pytest.Session) -> None:
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("TACHIAI_SKIPS_FAIL") and reporter is not None and reporter.stats.get("skipped"):
        # The build server has everything: what is skipped there was not tested.
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
    if _OWNER:
        shutil.rmtree(_SCRATCH, ignore_errors=True)


@pytest.fixture(scope="session")
def template(django_db_blocker: object) -> Path:
    """The house that every other is copied from: migrated, with secrets, demo authority and static files."""
    from tachiai.cli.houses import collect_static, establish

    with (_SCRATCH / "lock").open("w") as lock, django_db_blocker.unblock():  # type: ignore[attr-defined]
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (_SCRATCH / "made").exists():
            if POSTGRES:
                copy(POSTGRES, "template1", "tachiai_template")
            establish()
            collect_static()
            (_SCRATCH / "made").touch()
        from django.db import connections

        connections.close_all()
    return _SCRATCH / "template"


@pytest.fixture
def house(template: Path, tmp_path: Path, settings: object, django_db_blocker: object, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    """A fresh copy of the template, and Django pointed at it."""
    from dataclasses import replace

    from django.db import connections

    home = tmp_path / "home"
    shutil.copytree(template, home)
    settings.TACHIAI = replace(settings.TACHIAI, home=home)  # type: ignore[attr-defined]
    # However busy the machine is, an upload is inspected while its sender waits; whoever tests impatience says so.
    monkeypatch.setattr("tachiai.envelopes.intake.PATIENCE_SECONDS", 600.0)
    forget_handles()
    connections.close_all()
    database = connections["default"].settings_dict
    fresh = f"tachiai_{secrets.token_hex(6)}"
    if POSTGRES:
        copy(POSTGRES, "tachiai_template", fresh)
        monkeypatch.setenv("TACHIAI_DATABASE_URL", f"{POSTGRES}/{fresh}")
    before, database["NAME"] = database["NAME"], fresh if POSTGRES else home / "tachiai.sqlite3"
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        yield Place(home)
        connections.close_all()
    database["NAME"] = before
    if POSTGRES:
        drop(POSTGRES, fresh)
    forget_handles()
