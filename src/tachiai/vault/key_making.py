"""New key-encryption keys, and the end of old ones."""

from __future__ import annotations

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import transaction

from tachiai import ledger
from tachiai.crypto.hsm_sessions import TokenPlace
from tachiai.crypto.strongbox import KeyEncryptionKey
from tachiai.crypto.token_wrapping import TokenKey, make_token_key
from tachiai.errors import Outage, Refusal
from tachiai.house import House
from tachiai.vault.key_list import CURRENT_FILE, RETIRED, SETTING, earlier_folder, pin_memory, read_key_file
from tachiai.vault.rotating import EVENT, STREAM, count_by_key
from tachiai.vault.wrapping import OpenKey, keys, try_key

# A process may wrap by the earlier key until it looks again, and what it wrapped is recorded when its upload is done.
SETTLED = timedelta(hours=1)


@dataclass(frozen=True)
class KnownKey:
    """A key as it is listed. ``id`` is empty while its keeper does not answer; ``kind`` is empty for one that only rows name."""

    id: str
    name: str
    kind: str
    current: bool
    blobs: int
    trouble: str


def known_keys() -> list[KnownKey]:
    """The configured keys, the current one first, and after them those that rows name and nobody configured."""
    counts = count_by_key()
    found = [_known(key, counts, current=number == 0) for number, key in enumerate(keys.looked().all)]
    named = {one.id for one in found}
    return found + [KnownKey(kek, "", "", False, count, "vault.key_absent") for kek, count in counts.items() if kek not in named]


def try_keys() -> list[KnownKey]:
    """As :func:`known_keys`, each key having wrapped and unwrapped a probe."""
    counts = count_by_key()
    return [_known(key, counts, current=number == 0, probe=True) for number, key in enumerate(keys.looked().all)]


def _known(key: OpenKey, counts: dict[str, int], *, current: bool, probe: bool = False) -> KnownKey:
    try:
        kek, trouble = try_key(key) if probe else key.id, ""
    except Outage as away:
        kek, trouble = "", str(away)
    return KnownKey(kek, key.listed.name, key.listed.kind, current, counts.get(kek, 0), trouble)


def make_file(*, at: datetime) -> str:
    """A new key in ``keys/vault.key``; the one that was there goes on unwrapping from ``keys/vault-earlier``. Gives its id.

    Refuses ``kek.not_in_file`` where the current key is another kind, or stands in a list.
    """
    house: House = settings.TACHIAI
    if house.vault_key != "file" or house.vault_keys_file is not None:
        raise Refusal("kek.not_in_file", setting=SETTING)
    file, folder = house.keys / CURRENT_FILE, earlier_folder(house)
    made = KeyEncryptionKey(secrets.token_bytes(32))
    with _files(house):
        earlier = KeyEncryptionKey(read_key_file(file))
        folder.mkdir(exist_ok=True, mode=0o700)
        # The old key is safe in its new place before anything takes the old place. A kill in between leaves it in both.
        _write(folder / f"{earlier.id}.key", earlier.secret)
        _write(file, made.secret)
    keys.cache_clear()
    _enter("vault.key_made", at=at, data={"key": made.id, "kind": "file", "earlier": earlier.id})
    return made.id


def make_in_token(name: str, *, module: Path, token: str, pin_file: Path, at: datetime) -> str:
    """A new key in a token; it wraps nothing before the configuration names it. Gives its id. Refuses with ``key.…``."""
    place = TokenPlace(module, token, pin_file, memory=pin_memory(settings.TACHIAI))
    make_token_key(place, name)
    kek = TokenKey(place, name).id
    _enter("vault.key_made", at=at, data={"key": kek, "kind": "pkcs11", "name": name})
    return kek


def retire(kek: str, *, at: datetime) -> Path | None:
    """Take a key out of use. A file of the house's own is moved to ``keys/vault-retired``, and its new place is given.

    Refuses ``kek.unknown``, ``kek.current``, ``kek.in_use`` (count) while a row names it, and ``kek.too_soon`` within an hour of the
    last rotation, because a process may still be about to record what it wrapped before.
    """
    found = next((key for key in keys.looked().all if _is(key, kek)), None)
    if found is None:
        raise Refusal("kek.unknown", key=kek)
    if found is keys.looked().all[0]:
        raise Refusal("kek.current", key=kek)
    if count := count_by_key().get(kek, 0):
        raise Refusal("kek.in_use", key=kek, count=count)
    _check_settled(at=at)
    house, file = settings.TACHIAI, found.listed.file
    own = file is not None and house.vault_keys_file is None
    target = house.keys / RETIRED / f"{kek}.key"
    if own:
        with _files(house):
            target.parent.mkdir(exist_ok=True, mode=0o700)
    _enter("vault.key_retired", at=at, data={"key": kek, "kind": found.listed.kind})
    if file is None or not own:
        return None
    with _files(house):
        file.rename(target)
    keys.cache_clear()
    return target


@contextmanager
def _files(house: House) -> Iterator[None]:
    """Alone with the files of keys: of two who make a key at once, the second must not put his in the place of the first's, by which
    something may be wrapped already. ``Outage("kek.unwritable")`` when the disk will not have it."""
    try:
        handle = os.open(house.keys, os.O_RDONLY)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)
    except OSError as problem:
        raise Outage("kek.unwritable", str(problem.strerror or problem)) from problem


def _is(key: OpenKey, kek: str) -> bool:
    try:
        return key.id == kek
    except Outage:
        return False


def _check_settled(*, at: datetime) -> None:
    ended = [told.at for told in ledger.entries(STREAM) if told.event == EVENT and told.data["step"] == "ended"]
    if not ended or at - ended[-1] < SETTLED:
        raise Refusal("kek.too_soon", minutes=int(SETTLED.total_seconds() // 60))


def _write(file: Path, secret: bytes) -> None:
    """Whole or not at all, and durable."""
    scratch = file.with_name(f".{file.name}.new")
    handle = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "w") as opened:
        opened.write(secret.hex() + "\n")
        opened.flush()
        os.fsync(opened.fileno())
    scratch.replace(file)
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _enter(event: str, *, at: datetime, data: dict[str, object]) -> None:
    with transaction.atomic(durable=True):
        ledger.append(STREAM, event, by=ledger.Actor("operator"), at=at, data=data)
