"""Saying what a restored house is to be: production again, or a copy for trials. Only then does it act."""

from __future__ import annotations

import hashlib
import secrets
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.db.models import F

from tachiai import ledger
from tachiai.accounts import identity
from tachiai.accounts.models import Organization
from tachiai.backups.files import disk, write_durably
from tachiai.backups.published import Stated, go_on, kept_in_backup, missing
from tachiai.backups.restoring import read_mark
from tachiai.errors import Refusal
from tachiai.house import House
from tachiai.outbox.doubting import doubt_waiting, doubted

STREAM = "house"
# Secrets that bind a house to the outside: links in mails, sessions, what waits in the outbox, the log's signature. A copy has its own.
_OUTWARD = ("django", "link", "mail", "log")


# More than an organization sends between two backups.
SKIP_NUMBERS = 100


@dataclass(frozen=True)
class Restored:
    """How a restored house stands: which generation it is, and how many mails are in doubt."""

    generation: str
    made_at: str
    restored_at: str
    held: bool
    foreign: bool
    copy: bool
    doubtful_mails: int


def restored() -> Restored:
    """What ``tachiai restore status`` tells. Refuses ``restore.unfinished``: rows that are not all there say nothing."""
    mark = read_mark(settings.TACHIAI)
    if mark and not mark.get("done"):
        raise Refusal("restore.unfinished")
    found = identity.standing()
    told = {name: str(mark.get(name, "")) for name in ("generation", "made_at", "restored_at")}
    return Restored(**told, held=bool(found.held), foreign=found.foreign, copy=found.copy, doubtful_mails=doubted().count())


@dataclass(frozen=True)
class Accepted:
    """``missing``: entries that were published and are lost, at least. ``epoch``: the log's new one. ``mails``: in doubt."""

    missing: int
    epoch: int | None
    mails: int


def accept_as_production(*, known: Sequence[Stated], at: datetime, skip_numbers: int = SKIP_NUMBERS) -> Accepted:
    """The house goes on where its backup ended: in a new epoch of its log if the old one was published further.

    So many control numbers are left out in every organization (``skip_numbers``): those given after the backup are on paper elsewhere.
    ``known`` are the last checkpoints that anybody has; none is recorded as said. The backup's own is added. Killed on the way it stays
    held; accepting it again may begin one epoch more, which costs nothing. Refuses ``restore.not_held``, ``restore.unfinished``, and
    ``restore.keys_missing`` when the keys beside it are not its own.
    """
    house = settings.TACHIAI
    mark = _check_acceptable(house)
    if identity.standing().foreign:
        raise Refusal("restore.keys_missing", folder=str(house.keys))
    everything = [*known, *kept_in_backup()]
    lost = missing(everything)
    epoch = go_on(everything, generation=str(mark.get("generation")), at=at)
    with transaction.atomic(durable=True):
        mails = doubt_waiting(at=at)
        Organization.objects.update(last_number=F("last_number") + skip_numbers)
        identity.accept(as_copy=False, at=at)
        data = {
            "as": "production",
            "generation": mark.get("generation"),
            "manifest": mark.get("manifest"),
            "published": [hashlib.sha256(one.note.encode()).hexdigest() for one in everything],
            "missing": lost,
            "epoch": epoch,
            "numbers_skipped": skip_numbers,
            "mails": mails,
        }
        ledger.append(STREAM, "house.accepted", by=ledger.Actor("operator"), at=at, data=data)
    _unmark(house)
    return Accepted(lost, epoch, mails)


def accept_as_copy(*, at: datetime) -> None:
    """The house becomes another one, for trials: no mail of the original's goes out, and no key of the original's is left beside it.

    Killed on the way it stays held, and accepting it again goes on. Refuses ``restore.not_held``, ``restore.unfinished``.
    """
    house = settings.TACHIAI
    mark = _check_acceptable(house)
    with disk():
        house.keys.mkdir(exist_ok=True, mode=0o700)
        _forget_keys(house.keys)
    with transaction.atomic(durable=True):
        mails = doubt_waiting(at=at)
        fresh = identity.accept(as_copy=True, at=at)
        data = {"as": "copy", "generation": mark.get("generation"), "house": str(fresh), "mails": mails}
        ledger.append(STREAM, "house.accepted", by=ledger.Actor("operator"), at=at, data=data)
    with disk():
        identity.write_identity(house.keys, fresh)
    _unmark(house)


def _forget_keys(keys: Path) -> None:
    for name in ("seal", "authority"):
        if (keys / name).is_dir():
            shutil.rmtree(keys / name)
    for name in _OUTWARD:
        write_durably(keys / f"{name}.key", f"{secrets.token_hex(32)}\n".encode())


def _check_acceptable(house: House) -> dict[str, object]:
    # The mark first: a restoring that was broken off may have left no rows that could be asked.
    mark = read_mark(house)
    if mark and not mark.get("done"):
        raise Refusal("restore.unfinished")
    if not identity.standing().held:
        raise Refusal("restore.not_held")
    if not mark:
        raise Refusal("restore.unfinished")
    return mark


def _unmark(house: House) -> None:
    with disk():
        (house.home / identity.MARK).unlink(missing_ok=True)
    identity.look_again()
