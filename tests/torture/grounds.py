"""Where torture happens: a house prepared once at each chapter of a story, copied for each case, and lived in by forked processes.

The process that leads never opens a database, a key or a connection: whatever touches a house is a child of its own, so that it can
be killed, and so that whoever comes after it is as fresh as a worker that was started again.
"""

from __future__ import annotations

import gc
import importlib
import os
import pkgutil
import shutil
import signal
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import postgres
from place import forget_handles

# Longer than any step of any story takes on a busy machine.
PATIENCE_SECONDS = 120
# Beside the home of a house whose key is in a token.
TOKEN = "softhsm2.conf"


@dataclass
class House:
    """A copy that one case has for itself. ``server`` is the PostgreSQL server, or empty for SQLite."""

    home: Path
    server: str
    database: str
    port: int = 0  # of the case's own mail server
    backup: bool = False  # whether it makes backups, beside its home
    bucket: str = ""  # where its boxes are, if not in its home

    def enter(self) -> None:
        """Point this process's Django at the house, as if it had been started on it."""
        from django.conf import settings
        from django.db import connections

        from tachiai.house import Smtp

        os.environ["TACHIAI_HOME"] = str(self.home)
        smtp = Smtp("127.0.0.1", self.port, "", "", "none", "noreply@example.jp") if self.port else None
        backups = self.backups if self.backup else None
        settings.TACHIAI = replace(settings.TACHIAI, home=self.home, smtp=smtp, backup_to=backups)
        if self.bucket:
            store = {"store_url": self.bucket, "store_access_key": "fictional", "store_secret_key": "fictional-secret"}
            settings.TACHIAI = replace(settings.TACHIAI, **store)
        if (self.home.parent / TOKEN).is_file():
            os.environ["SOFTHSM2_CONF"] = str(self.home.parent / TOKEN)
            # What was sealed before the token came stands, and its key stays configured.
            old = self.home / "keys" / "authority"
            settings.TACHIAI = replace(settings.TACHIAI, seal_key_file=old / "seal.key.pem", seal_chain_file=old / "seal.pem")
        forget_handles()
        connections["default"].settings_dict["NAME"] = self.database

    @property
    def backups(self) -> Path:
        return self.home.parent / "backups"

    def environment(self) -> dict[str, str]:
        """What a process is started with that is to live here."""
        names = {name: value for name, value in os.environ.items() if not name.startswith("TACHIAI_")}
        return names | {
            "TACHIAI_HOME": str(self.home),
            "TACHIAI_MODE": "demo",
            "TACHIAI_PUBLIC_URL": "http://127.0.0.1:8000",
            "TACHIAI_SMTP_URL": f"smtp://127.0.0.1:{self.port}?tls=none",
            "TACHIAI_MAIL_FROM": "noreply@example.jp",
            **({"TACHIAI_DATABASE_URL": f"{self.server}/{self.database}"} if self.server else {}),
        }

    def leave(self) -> None:
        if self.server:
            postgres.drop(self.server, self.database)
        shutil.rmtree(self.home.parent, ignore_errors=True)


@dataclass(eq=False)
class Grounds:
    """The prepared houses, by chapter, below one scratch folder."""

    scratch: Path
    server: str
    objects: str = ""  # the address of the object server, where there is one
    chapters: dict[str, House] = field(default_factory=dict)
    tellings: dict[str, tuple[Callable[[], object], str, bool]] = field(default_factory=dict)
    count: int = 0

    @property
    def backend(self) -> str:
        return "postgresql" if self.server else "sqlite"

    def copy(self, chapter: str) -> House:
        """A house of one's own at ``chapter``."""
        return self._copied(self._told(chapter))

    def tell(self, name: str, told: Callable[[], object], *, after: str = "", backup: bool = False) -> None:
        """Chapter ``name`` is what ``told`` makes of the house of the chapter before: prepared when somebody first asks for it."""
        self.tellings[name] = (told, after, backup)

    def _told(self, name: str) -> House:
        if name not in self.chapters:
            told, after, backup = self.tellings[name]
            house = self._copied(self._told(after)) if after else self._founded()
            house.backup = house.backup or backup
            said = run(told, house)
            if said:
                raise RuntimeError(f"{name} cannot be told: {said}")
            self.chapters[name] = house
        return self.chapters[name]

    def _copied(self, source: House) -> House:
        place = self._place()
        shutil.copytree(source.home, place / "home")
        if source.backups.is_dir():
            shutil.copytree(source.backups, place / "backups")
        fresh = House(place / "home", self.server, self._name(place), backup=source.backup)
        if self.server:
            postgres.copy(self.server, source.database, fresh.database)
        return fresh

    def _founded(self) -> House:
        from django.conf import settings

        place = self._place()
        shutil.copytree(settings.TACHIAI.home, place / "home")
        house = House(place / "home", self.server, self._name(place))
        if self.server:
            postgres.copy(self.server, "template1", house.database)
        return house

    def _place(self) -> Path:
        self.count += 1
        place = self.scratch / f"{self.count:05d}-{os.getpid()}"
        place.mkdir()
        return place

    def _name(self, place: Path) -> str:
        return f"torture_{place.name.replace('-', '_')}" if self.server else str(place / "home" / "tachiai.sqlite3")


def child(act: Callable[[], object], house: House) -> tuple[int, int]:
    """Fork somebody who lives in ``house`` and does ``act``: their process id, and the descriptor on which they say what went wrong."""
    reading, writing = os.pipe()
    sys.stdout.flush()
    gc.freeze()
    pid = os.fork()
    if pid:
        os.close(writing)
        return pid, reading
    os.close(reading)
    said = ""
    try:
        signal.alarm(PATIENCE_SECONDS)
        house.enter()
        act()
    except BaseException:
        said = traceback.format_exc()
    finally:
        os.write(writing, said[-60_000:].encode())
        os._exit(1 if said else 0)


def outcome(pid: int, reading: int) -> tuple[int, str]:
    """How a child ended (negative: the signal) and what it said."""
    with os.fdopen(reading, "rb") as pipe:
        said = pipe.read().decode()
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status), said


def run(act: Callable[[], object], house: House) -> str:
    """Do ``act`` in a child that lives in ``house``; what went wrong, or nothing."""
    ended, said = outcome(*child(act, house))
    return said or (f"ended by {signal.Signals(-ended).name}" if ended < 0 else "")


def silence() -> Any:
    """The house's log would drown the table; outages and strikes are looked for in rows."""
    import logging

    import structlog

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))


def load() -> None:
    """What every child would load for itself, once for all of them: nothing of it opens or starts anything.

    Every module of the rooms is among it: a face loads its verbs when they are asked for, and nobody can be killed in what is not there.
    """
    import tachiai
    from torture.steps import ROOMS

    for name in ("tachiai.config.jobs", "tachiai.config.urls", "tachiai.crypto.pades_verify", "psycopg"):
        importlib.import_module(name)
    for module in pkgutil.walk_packages(tachiai.__path__, "tachiai."):
        if module.name.split(".")[1] in ROOMS and ".migrations" not in module.name:
            importlib.import_module(module.name)
