"""One house for many examples: its people are brought into being once, and before each example it is as it was then."""

from __future__ import annotations

import shutil
import uuid
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any
from unittest import mock

from django.conf import settings
from django.db import connections

from approvals import approver
from cast import CODE, Cast, member, registered
from crypto.pdfs import plain
from postgres import copy, drop
from tachiai import clock
from tachiai.accounts.models import Member, Role
from tachiai.clock import JAPAN
from tachiai.counterparties import codes
from tachiai.counterparties.models import Registration
from tachiai.crypto.codes import code_verifier
from tachiai.envelopes import freezing, reading
from tachiai.envelopes.drafting import Description, add_document, create_envelope, describe_envelope
from tachiai.envelopes.models import Envelope

CODES = {"first": CODE, "second": "582047"}
PAPERS = 2
LONGEST = 60
FILINGS = {
    "vendor": "vendor@example.jp",
    "builder": "builder@example.com",
    "heir": "heir@example.com",
    "third": "third@example.net",
}


class Watch:
    """The time in this house. It stands still while anything is done, so that both sides speak of the same instant."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    @property
    def today(self) -> date:
        return clock.today(self.at)

    def now(self) -> datetime:
        return self.at

    def pass_by(self, span: timedelta) -> None:
        self.at += span


def hasten() -> list[Any]:
    """What is slow on purpose, and gives the same each time, is asked once: whether a code is right, how the papers look."""
    matches, draws = lru_cache(maxsize=None)(codes.code_matches), lru_cache(maxsize=None)(freezing.render)
    return [mock.patch.object(codes, "code_matches", matches), mock.patch.object(freezing, "render", draws)]


class Ground:
    """The house of one process, with the papers of every example already taken in."""

    def __init__(self, home: Path, cast: Cast, *, server: str = "") -> None:
        self.home, self.server = home, server
        at = clock.now()
        opening = datetime.combine(clock.today(at) + timedelta(days=1), time(10), JAPAN)
        self.opens_at = opening.astimezone(at.tzinfo)
        self.clock = Watch(self.opens_at)
        vice = member(cast.city, "vice", "副島 三郎", Role.STAFF, at=at, may_sign=True, title="副市長")
        self.members: dict[str, Member] = {
            "sender": cast.clerk,
            "admin": cast.admin,
            "second": cast.second,
            "auditor": cast.auditor,
            "stranger": cast.stranger,
            "mayor": cast.mayor,
            "vice": vice,
            "chief": approver(cast, "chief", "課野 四郎"),
            "head": approver(cast, "head", "部野 五郎"),
        }
        # So that a sender who could approve is seen not to.
        Member.objects.filter(pk=cast.clerk.pk).update(may_approve=True)
        cast.clerk.refresh_from_db()
        for mail in (FILINGS["heir"], FILINGS["third"]):
            registered(cast.clerk, cast.second, f"{mail}（架空）", "部長", "青空 湊", mail, at=at)
        self.filings: dict[str, uuid.UUID] = {name: Registration.objects.get(mail=mail).pk for name, mail in FILINGS.items()}
        self._second = code_verifier(CODES["second"], pepper=settings.TACHIAI.secret("pepper"))
        self._hastened = hasten()
        for patch in self._hastened:
            patch.start()
        self._draft = self._drafted(cast, at=at)
        self._keep()

    def _drafted(self, cast: Cast, *, at: datetime) -> uuid.UUID:
        envelope = create_envelope(by=cast.clerk, at=at)
        for number in range(1, PAPERS + 1):
            add_document(envelope, file_name=f"文書{number}.pdf", pdf=plain(), by=cast.clerk, at=at)
        today = clock.today(at)
        description = Description("小さな契約", "", today, cast.vendor.counterparty.name, 1_100_000, today + timedelta(days=LONGEST))
        describe_envelope(envelope, description, by=cast.clerk, at=at)
        return envelope.pk

    def draft(self) -> Envelope:
        """The draft, in a house that is as it was at first."""
        self._restore()
        self.clock.at = self.opens_at
        return Envelope.objects.select_related("organization__operator", "sender").get(pk=self._draft)

    def verifier(self, registration: Registration, *, changed: bool) -> str:
        return self._second if changed else registration.verifier

    def code_of(self, registration: Registration, *, former: bool) -> str:
        changed = registration.verifier == self._second
        return "second" if changed and not former else "first"

    # As it was.

    @property
    def _database(self) -> str:
        return str(connections["default"].settings_dict["NAME"])

    @property
    def _kept(self) -> Path:
        return self.home.with_name(f"{self.home.name}.kept")

    def _keep(self) -> None:
        connections.close_all()
        if self.server:
            copy(self.server, self._database, f"{self._database}_kept")
        self._kept.mkdir()
        _carry(self.home, self._kept)

    def _restore(self) -> None:
        connections.close_all()
        reading._opened.cache_clear()
        if self.server:
            drop(self.server, self._database)
            copy(self.server, f"{self._database}_kept", self._database)
        _carry(self._kept, self.home)

    def leave(self) -> None:
        for patch in self._hastened:
            patch.stop()
        connections.close_all()
        if self.server:
            drop(self.server, f"{self._database}_kept")
        shutil.rmtree(self._kept, ignore_errors=True)


def _carry(source: Path, target: Path) -> None:
    """What an envelope leaves behind in a house: boxes, what was published of the log, and SQLite's rows."""
    for name in ("vault", "published"):
        shutil.rmtree(target / name, ignore_errors=True)
        if (source / name).is_dir():
            shutil.copytree(source / name, target / name)
    for left in target.glob("tachiai.sqlite3*"):
        left.unlink()
    for kept in source.glob("tachiai.sqlite3*"):
        shutil.copy(kept, target / kept.name)
