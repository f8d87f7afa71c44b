"""Which house this is, and whether it may act.

The row in the database and ``keys/house.id`` beside the keys name the same house. A database that was carried somewhere else with other
keys, or keys with another database, is a foreign house; one that was restored from a backup is held until somebody says what it is to be.
Neither mails nor seals.
"""

from __future__ import annotations

import os
import secrets
import time
import uuid
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from django.conf import settings
from django.db import connection, transaction

from tachiai.accounts.models import HouseIdentity
from tachiai.errors import Outage
from tachiai.house import House

LOOK_AGAIN_SECONDS = 2.0
# Beside the database, so that a house is held from the first moment of its restoring, whatever its rows say.
MARK = "restored.json"


class Standing(NamedTuple):
    """``held``: why nothing may be done, as a code, or empty. ``foreign``: the keys are another house's. ``copy``: not production."""

    house: uuid.UUID | None
    held: str
    foreign: bool
    copy: bool
    accepted_at: datetime | None

    @property
    def rests(self) -> bool:
        return bool(self.held) or self.foreign


_seen: dict[tuple[str, str], tuple[float, Standing]] = {}


def standing() -> Standing:
    """How this house stands, at most two seconds old."""
    place = (str(settings.TACHIAI.home), str(connection.settings_dict["NAME"]))
    found = _seen.get(place)
    if found is None or time.monotonic() >= found[0]:
        found = _seen[place] = (time.monotonic() + LOOK_AGAIN_SECONDS, _looked(settings.TACHIAI))
    return found[1]


def look_again() -> None:
    """Forget what was seen: the next question is answered from row and file."""
    _seen.clear()


def _looked(house: House) -> Standing:
    row = HouseIdentity.objects.first()
    if row is None:
        return Standing(None, "", True, True, None)
    held = row.held_why or ("house.restored" if (house.home / MARK).exists() else "")
    return Standing(row.house, held, _beside(house) != row.house, row.is_copy, row.accepted_at)


def _beside(house: House) -> uuid.UUID | None:
    """The house whose keys these are; None where nothing readable says so."""
    try:
        return uuid.UUID((house.keys / "house.id").read_text().strip())
    except (OSError, ValueError):
        return None


def check_acting(act: str) -> None:
    """Before a key is used or a mail goes out. Raises ``Outage`` for a held house (``house.held``) and for a foreign one
    (``<act>.foreign_house``): nothing is wrong with the work that waits, so it waits."""
    found = standing()
    if found.foreign:
        raise Outage(f"{act}.foreign_house", "keys/house.id and the database name different houses")
    if found.held:
        raise Outage("house.held", found.held)


def bind(house: House) -> None:
    """Write the identity beside the keys, once in a house's life: a house whose row was bound before gets no second file."""
    row = HouseIdentity.objects.first()
    if row is None or row.bound:
        return
    if _beside(house) is None:
        write_identity(house.keys, row.house)
    if _beside(house) == row.house:
        HouseIdentity.objects.update(bound=True)
    look_again()


def write_identity(keys: Path, house: uuid.UUID) -> None:
    """``keys/house.id``, whole or not at all."""
    scratch = keys / f".house.id.{secrets.token_hex(4)}"
    descriptor = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(f"{house}\n")
        file.flush()
        os.fsync(file.fileno())
    scratch.rename(keys / "house.id")


def hold(why: str, *, at: datetime) -> None:
    """From now on nothing is mailed, sealed or closed."""
    HouseIdentity.objects.update(held_why=why, held_since=at)
    look_again()


def accept(*, as_copy: bool, at: datetime) -> uuid.UUID:
    """The hold ends, in the caller's transaction. A copy gets a name of its own, which the caller writes beside its keys."""
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("a house is accepted in the transaction that records it")
    row = HouseIdentity.objects.get()
    row.house = uuid.uuid4() if as_copy else row.house
    row.held_why, row.held_since, row.accepted_at = "", None, at
    row.is_copy = row.is_copy or as_copy
    row.save()
    look_again()
    return row.house
