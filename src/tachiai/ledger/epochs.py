"""Epochs: one tree after another, each with a name of its own. A house has one for life, unless it was restored from an older copy."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from urllib.parse import urlsplit

from django.conf import settings
from django.db import connection, transaction

from tachiai.crypto.signed_notes import BadNote, open_note, parse_checkpoint, split_note, verifier_key
from tachiai.errors import Refusal
from tachiai.ledger.actors import Actor
from tachiai.ledger.appending import append
from tachiai.ledger.models import Epoch

HOUSE = "house"
# Any number nobody else in the database uses.
_LOCK = 0x7461_6368_6961_6930


def current_epoch() -> Epoch | None:
    """The epoch that grows; None before the first entry has got its place."""
    return Epoch.objects.order_by("-number").first()


def all_epochs() -> list[Epoch]:
    """Every epoch, the one that grows first."""
    return list(Epoch.objects.order_by("-number"))


def first_epoch(*, at: datetime) -> Epoch:
    """The epoch that grows; the first is begun by whoever needs it first."""
    return current_epoch() or Epoch.objects.get_or_create(number=1, defaults={"origin": origin(1), "begun_at": at})[0]


def held_epoch() -> Epoch:
    """The epoch that grows, held until the caller's transaction ends: one gives places at a time. Nobody who appends waits for it.

    A lock by name, not of a row: the house's login has no right to change these rows, and a row can be locked by those alone who may.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("an epoch is held in a transaction")
    if connection.vendor == "postgresql":  # under SQLite the IMMEDIATE transaction is the lock
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
    held = current_epoch()
    if held is None:
        raise RuntimeError("no epoch has begun")
    return held


def origin(number: int) -> str:
    """The name of epoch ``number`` and of its key: the house's public address without its scheme, and where the log stands."""
    parts = urlsplit(settings.TACHIAI.public_url)
    return f"{parts.netloc}{parts.path.rstrip('/')}/log/e{number}"


def log_key(epoch: Epoch) -> str:
    """The verifier key of an epoch, which whoever checks its checkpoints has to know."""
    return verifier_key(epoch.origin, settings.TACHIAI.secret("log"))


def begin_epoch(*, reason: str, known: str | Sequence[str], at: datetime) -> Epoch:
    """Go on in a new tree: the old one was published further than this house can tell.

    ``known`` are the last signed notes that anybody has of the old tree. The new tree takes over every entry that was kept, in the
    same order, and its first new entry tells of the notes. Refuses ``log.note`` for what is no checkpoint, and ``log.no_epoch``
    where there is none to follow.
    """
    notes = [known] if isinstance(known, str) else list(known)
    told = [_told(note) for note in notes]
    with transaction.atomic(durable=True):
        if current_epoch() is None:
            raise Refusal("log.no_epoch")
        number = held_epoch().number + 1
        epoch = Epoch.objects.create(number=number, origin=origin(number), begun_at=at, reason=reason[:200], known=notes)
        data = {"epoch": number, "origin": epoch.origin, "reason": epoch.reason, "known": told}
        append(HOUSE, "log.epoch_begun", by=Actor("operator"), at=at, data=data)
    return epoch


def _told(note: str) -> dict[str, object]:
    """What an entry says of a checkpoint of an older tree, and whether this house's key signed it."""
    try:
        text, _signatures = split_note(note)
        stated = parse_checkpoint(text)
    except BadNote as wrong:
        raise Refusal("log.note", detail=wrong.code) from wrong
    digest = hashlib.sha256(note.encode()).hexdigest()
    return {"origin": stated.origin, "size": stated.size, "root": stated.root.hex(), "note": digest, "ours": _is_ours(note, stated.origin)}


def _is_ours(note: str, name: str) -> bool:
    try:
        open_note(note, verifier_key(name, settings.TACHIAI.secret("log")))
    except BadNote:
        return False
    return True
