"""Houses at a chapter of the story: told once in a run, then copied for each test that begins there.

Bringing people into being is slow on purpose (passwords, codes); tests of what they do afterwards need not wait for it.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connections

from cast import CODE, Cast, assemble, link_for
from crypto.pdfs import plain
from place import Place
from postgres import copy, drop
from stories import work
from tachiai import clock
from tachiai.accounts.models import Member, Organization
from tachiai.ceremony.models import Level
from tachiai.counterparties.models import Registration
from tachiai.envelopes.drafting import Description, add_document, create_envelope, describe_envelope, name_recipients
from tachiai.envelopes.models import Envelope, Recipient
from tachiai.envelopes.opening import open_envelope, show_document
from tachiai.envelopes.sending import send_envelope
from tachiai.envelopes.signing import Circumstances, sign, sign_at_desk
from tachiai.envelopes.visiting import Visit, visit

VENDOR, BUILDER, MAYOR = "vendor@example.jp", "builder@example.com", "mayor@sakuragaoka.example.jp"
HERE = Circumstances("192.0.2.10", "tests", "ja")
RELATED = ("envelope__organization__operator", "envelope__sender", "registration__counterparty", "member__organization")


@dataclass(frozen=True)
class Scene:
    """The people, and the envelope they are about."""

    cast: Cast
    envelope: Envelope

    def person(self, mail: str) -> Recipient:
        return Recipient.objects.select_related(*RELATED).get(envelope=self.envelope, mail=mail)

    @property
    def vendor(self) -> Recipient:
        return self.person(VENDOR)

    @property
    def builder(self) -> Recipient:
        return self.person(BUILDER)

    @property
    def mayor(self) -> Recipient:
        return self.person(MAYOR)

    def state(self) -> str:
        self.envelope.refresh_from_db()
        return str(self.envelope.state)


def recalled() -> Cast:
    """The cast again, from the rows of a copied house."""
    people = {member.mail: member for member in Member.objects.select_related("organization__operator")}
    towns = {town.slug: town for town in Organization.objects.select_related("operator")}
    parties = {row.mail: row for row in Registration.objects.select_related("counterparty__organization")}
    city = {name: people[f"{name}@sakuragaoka.example.jp"] for name in ("clerk", "second", "mayor", "admin", "auditor", "system")}
    return Cast(
        city=towns["sakuragaoka"],
        town=towns["umikaze"],
        vendor=parties[VENDOR],
        builder=parties[BUILDER],
        stranger=people["stranger@umikaze.example.jp"],
        stranger_admin=people["stranger-admin@umikaze.example.jp"],
        **city,
    )


def drafted(cast: Cast, *, papers: int = 1, both: bool = False) -> Envelope:
    """A draft of small papers, to the vendor (and at the same time the builder, if ``both``) and then the mayor."""
    at = clock.now()
    envelope = create_envelope(by=cast.clerk, at=at)
    for number in range(1, papers + 1):
        add_document(envelope, file_name=f"文書{number}.pdf", pdf=plain(), by=cast.clerk, at=at)
    today = clock.today(at)
    description = Description("小さな契約", "", today, cast.vendor.counterparty.name, 1_100_000, today + timedelta(days=30))
    describe_envelope(envelope, description, by=cast.clerk, at=at)
    first = [(1, cast.vendor), (1, cast.builder)] if both else [(1, cast.vendor)]
    name_recipients(envelope, [*first, (2, cast.mayor)], by=cast.clerk, at=at)
    return envelope


def sent(cast: Cast, *, papers: int = 1, both: bool = False) -> Envelope:
    envelope = drafted(cast, papers=papers, both=both)
    send_envelope(envelope, by=cast.clerk, at=clock.now())
    work()
    envelope.refresh_from_db()
    return envelope


def enters(recipient: Recipient, *, code: str = CODE) -> Visit:
    """A counterparty who has followed the link, given the code and seen every document."""
    at = clock.now()
    token = link_for(recipient.pk)
    key = open_envelope(visit(token, key="", at=at), code=code, address=HERE.address, agent=HERE.agent, at=at)
    found = visit(token, key=key, at=at)
    sees_everything(found.recipient)
    return found


def sees_everything(recipient: Recipient) -> None:
    for document in recipient.envelope.documents.order_by("position"):
        show_document(recipient, document, at=clock.now())


def signs(recipient: Recipient) -> None:
    """Whoever it is, by their own way."""
    if recipient.member is None:
        sign(enters(recipient), HERE, at=clock.now())
        return
    sees_everything(recipient)
    sign_at_desk(recipient, HERE, by=recipient.member, level=Level.PASSWORD_AND_TOTP, at=clock.now())


Told = Callable[[], object]


def tell_once(name: str, told: Told, home: Path) -> None:
    """Put the house of chapter ``name`` in the place of the fresh one; the first who needs it tells it, for all processes."""
    shelf = Path(os.environ["TACHIAI_TESTS"])
    with (shelf / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (shelf / name).exists():
            told()
            connections.close_all()
            _copy_database(_database(), f"{shelf.name}_{name}")
            shutil.copytree(home, shelf / f"{name}.new")
            (shelf / f"{name}.new").rename(shelf / name)
            return
    connections.close_all()
    shutil.rmtree(home)
    shutil.copytree(shelf / name, home)
    _copy_database(f"{shelf.name}_{name}", _database())


def _database() -> str:
    return str(connections["default"].settings_dict["NAME"])


def _copy_database(source: str, target: str) -> None:
    """On a PostgreSQL server; SQLite's lies in the house's folder and was copied with it."""
    server = os.environ.get("TACHIAI_TESTS_POSTGRES", "")
    if server:
        drop(server, target)
        copy(server, source, target)


def _assembled() -> None:
    assemble()
    work()


@pytest.fixture
def cast(house: Place) -> Cast:
    """Everybody, and nothing sent yet."""
    tell_once("assembled", _assembled, house.home)
    return recalled()


def _sent() -> None:
    sent(recalled())


@pytest.fixture
def scene(house: Place, cast: Cast) -> Scene:  # the people stand before anything is sent
    """One paper is sent; the vendor has been asked, then the mayor."""
    tell_once("sent", _sent, house.home)
    return Scene(recalled(), Envelope.objects.select_related("organization__operator", "sender").get())


def _sent_to_both() -> None:
    sent(recalled(), papers=2, both=True)


@pytest.fixture
def parallel(house: Place, cast: Cast) -> Scene:
    """Two papers are sent; vendor and builder have been asked at the same time, then the mayor."""
    tell_once("sent-to-both", _sent_to_both, house.home)
    return Scene(recalled(), Envelope.objects.select_related("organization__operator", "sender").get())
