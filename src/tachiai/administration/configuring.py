"""What the house is set to, on record whenever it changes: a setting is an act of the operator too."""

from __future__ import annotations

import hashlib
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from django.db import transaction

from tachiai import __version__, ledger
from tachiai.house import House, Tsa

STREAM = "house"
EVENT = "house.configured"
# What may be told of a house for ever. Whoever adds a setting puts it into one of the two; a test says so.
TOLD = (
    *("mode", "public_url", "mail_from", "bounce_address", "allowed_hosts", "trusted_proxies", "mailbox"),
    *("tsa", "standby_tsas", "accept_lesser_tsa", "seal_key_pss", "accept_software_key", "accept_embedded_authority"),
    *("allow_private_revocation", "evidence_nightly", "trust_lists", "algorithm_policy_file"),
    *("backup_at", "backup_daily", "backup_monthly", "backup_yearly", "drill_every"),
)
# Secrets, files that hold some (a digest over a PIN could be tried), and where things lie, which differs between machines of one house.
UNTOLD = frozenset(
    (
        *("home", "database_url", "smtp", "bounce_mailbox", "seal_key_file", "seal_key_passphrase", "seal_chain_file", "seal_keys_folder"),
        *("store_url", "store_access_key", "store_secret_key", "store_roots_file", "checkpoint_mirror"),
        *("vault_key", "vault_keys_file", "vault_kms_token_file", "vault_kms_roots_file"),
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
    """What is told of the settings: public files by the digest of what they hold, authorities by address and worth, keepers by kind."""
    told = {name: _told(getattr(house, name)) for name in TOLD}
    server = f"{house.smtp.host}:{house.smtp.port}" if house.smtp else None
    kinds = {"vault_key": house.vault_key.partition(":")[0], "store": urlsplit(house.store_url).scheme or "file"}
    return {**told, **kinds, "mail_server": server, "version": __version__}


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
