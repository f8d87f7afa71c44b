"""A place to restore into for trial: a folder in the house, a database of its own, and the environment that points at them."""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import psycopg
from django.conf import settings
from django.db import connection
from psycopg import sql

from tachiai.backups.files import disk
from tachiai.backups.snapshots import told_database
from tachiai.errors import Outage, Refusal
from tachiai.vault.key_list import EARLIER, RETIRED


@dataclass(frozen=True)
class Scratch:
    """``environment`` makes a process of ours the house in ``home``."""

    home: Path
    environment: dict[str, str]


@contextmanager
def scratch_house() -> Iterator[Scratch]:
    """Somewhere to restore into, with the keys that are needed to read; gone afterwards, and whatever an earlier drill left.

    One at a time: ``Outage("backup.busy")`` while another drill goes on. Refuses ``drill.no_scratch_database`` when the database's role
    may not create one.
    """
    folder = settings.TACHIAI.home / "drill"
    with _alone(folder):
        yield from _scratch_house(folder)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """The house's own folder bears the lock, because what an earlier drill left below it is removed by the next."""
    with disk():
        handle = os.open(folder.parent, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as problem:
            raise Outage("backup.busy", str(folder)) from problem
        yield
    finally:
        os.close(handle)


def _scratch_house(folder: Path) -> Iterator[Scratch]:
    with disk():
        if folder.exists():
            shutil.rmtree(folder)
        folder.mkdir(mode=0o700)
    home = folder / secrets.token_hex(4)
    name = f"{connection.settings_dict['NAME']}_drill_{home.name}" if connection.vendor == "postgresql" else ""
    try:
        with disk():
            _lend_keys(settings.TACHIAI.keys, home / "keys")
        if name:
            _create_database(name)
        yield Scratch(home, _environment(home, name))
    finally:
        if name:
            _drop_database(name)
        shutil.rmtree(folder, ignore_errors=True)


def _lend_keys(keys: Path, scratch: Path) -> None:
    """Everything but what seals. A key of the vault that was retired since the generation was made opens its rows still."""
    shutil.copytree(keys, scratch, ignore=shutil.ignore_patterns("seal"))
    if (scratch / RETIRED).is_dir():
        shutil.copytree(scratch / RETIRED, scratch / EARLIER, dirs_exist_ok=True)


# What would lead out of the scratch house: to the mail server, to production's own boxes, backups and publications.
_OUTWARD = ("SMTP_URL", "STORE_URL", "BACKUP_TO", "BACKUP_RESTIC", "BACKUP_RESTIC_PASSWORD", "CHECKPOINT_MIRROR")


def _environment(home: Path, database: str) -> dict[str, str]:
    """As this process's, but for where the house is. The certificates of its keys are read where they lie: a held house seals nothing."""
    house = settings.TACHIAI
    gone = {f"TACHIAI_{name}" for name in ("HOME", "DATABASE_URL", *_OUTWARD)}
    kept = {name: value for name, value in os.environ.items() if name.removesuffix("_FILE") not in gone}
    own = {
        "TACHIAI_HOME": str(home),
        "TACHIAI_DATABASE_URL": _address(connection.settings_dict, database) if database else "",
        "TACHIAI_MODE": house.mode,
        "TACHIAI_SEAL_KEYS": str(house.seal_keys),
    }
    return kept | own


def _address(settings: dict[str, Any], name: str) -> str:
    """The scratch database as ``TACHIAI_DATABASE_URL`` tells it."""
    user, password = quote(str(settings["USER"]), safe=""), quote(str(settings["PASSWORD"]), safe="")
    options = {key: value for key, value in settings["OPTIONS"].items() if isinstance(value, str)}
    if not settings["OPTIONS"].get("server_side_binding"):
        options["prepared"] = "no"
    who = f"{user}:{password}@" if password else f"{user}@" if user else ""
    port = f":{settings['PORT']}" if settings["PORT"] else ""
    return f"postgresql://{who}{settings['HOST']}{port}/{quote(name, safe='')}{'?' if options else ''}{urlencode(options)}"


def _create_database(name: str) -> None:
    try:
        _asked(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
    except psycopg.errors.InsufficientPrivilege as problem:
        raise Refusal("drill.no_scratch_database", user=connection.settings_dict["USER"]) from problem
    except psycopg.Error as problem:
        raise Outage("backup.database", type(problem).__name__) from problem


def _drop_database(name: str) -> None:
    try:
        _asked(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
    except psycopg.Error as problem:
        raise Outage("backup.database", type(problem).__name__) from problem


def _asked(question: sql.Composed) -> None:
    password = str(connection.settings_dict.get("PASSWORD") or "")
    with psycopg.connect(told_database(), password=password or None, autocommit=True) as held:
        held.execute(question)
