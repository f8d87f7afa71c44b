"""What the house is set to, on record whenever it changes: a setting is an act of the operator too."""

from __future__ import annotations

import hashlib
from dataclasses import fields
from datetime import datetime
from pathlib import Path

from django.db import transaction

from tachiai import __version__, ledger
from tachiai.house import House, Tsa

STREAM = "house"
EVENT = "house.configured"
# What tells a secret, or where things lie on a machine, which is nobody's business and differs between machines of one house.
UNTOLD = frozenset(
    (
        *("home", "database_url", "smtp", "seal_key_passphrase", "store_access_key", "store_secret_key"),
        *("backup_to", "backup_restic", "backup_restic_password"),
    )
)


def note_configuration(house: House, *, at: datetime) -> bool:
    """Append an entry unless the last one says the same already. Called when a worker starts; whether one was appended."""
    told = configuration(house)
    with transaction.atomic(durable=True):
        last = ledger.latest(STREAM, EVENT)
        if last is not None and last.data == told:
            return False
        ledger.append(STREAM, EVENT, by=ledger.Actor("operator"), at=at, data=told)
    return True


def configuration(house: House) -> dict[str, object]:
    """Every setting that is no secret and no place: files by the digest of what they hold, authorities by address and worth."""
    told = {field.name: _told(getattr(house, field.name)) for field in fields(house) if field.name not in UNTOLD}
    server = f"{house.smtp.host}:{house.smtp.port}" if house.smtp else None
    return {**told, "mail_server": server, "version": __version__}


def _told(value: object) -> object:
    """A value as canonical JSON can hold it."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, Tsa):
        return {"url": value.url, "accredited": value.accredited, "policy": value.policy, "roots": _digest(value.roots_file)}
    if isinstance(value, Path):
        return _digest(value)
    if isinstance(value, tuple | list):
        return [_told(one) for one in value]
    return str(value)


def _digest(path: Path | None) -> str | None:
    """What a file holds, or every file of a folder, as one SHA-256; what cannot be read is told as that."""
    if path is None:
        return None
    running = hashlib.sha256()
    try:
        for file in sorted(one for one in path.rglob("*") if one.is_file()) if path.is_dir() else [path]:
            running.update(file.name.encode() + b"\x00" + hashlib.sha256(file.read_bytes()).digest())
    except OSError:
        return "unreadable"
    return running.hexdigest()
