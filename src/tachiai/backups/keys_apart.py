"""The keys, copied apart from everything else: one file under a passphrase (docs/formats/backup.md)."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from pathlib import Path

from django.conf import settings

from tachiai.backups.files import disk, write_durably
from tachiai.crypto.canonical import canonical
from tachiai.crypto.strongbox import Unopenable, lock, unlock
from tachiai.errors import Refusal

# 128 MiB and about a second: what a passphrase can be tried at by somebody who found the file.
COST = {"n": 1 << 17, "r": 8, "p": 1}
SHORTEST = 12
_LABEL = "tachiai-keys-v1"


def seal_keys(target: Path, *, passphrase: str) -> int:
    """Everything below ``keys/`` in one file, which must not be there yet; how many files that were.

    Keys in a token or a signing service are not in it, nor is what lies outside the house. Refuses ``backup.passphrase`` (shorter than
    twelve characters) and ``restore.occupied``.
    """
    if len(passphrase) < SHORTEST:
        raise Refusal("backup.passphrase", least=SHORTEST)
    if target.exists():
        raise Refusal("restore.occupied", place=str(target))
    folder = settings.TACHIAI.keys
    with disk():
        files = {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
        held = canonical({name: base64.b64encode(data).decode() for name, data in files.items()})
        salt = secrets.token_bytes(32)
        head = canonical({"v": 1, "kdf": "scrypt", "salt": salt.hex(), **COST})
        box = lock(held, _derived(passphrase, salt, COST), label=f"{_LABEL}:{hashlib.sha256(head).hexdigest()}")
        write_durably(target, head + b"\n" + box)
    return len(files)


def open_keys(source: Path, *, passphrase: str, into: Path) -> int:
    """Put the keys of :func:`seal_keys` into the folder ``into``, where there are none; how many files that are.

    Refuses ``backup.keys`` when the passphrase is another or the file was changed, and ``restore.occupied``.
    """
    with disk():
        if into.exists() and any(into.iterdir()):
            raise Refusal("restore.occupied", place=str(into))
    head, _, box = _read(source).partition(b"\n")
    try:
        told = json.loads(head)
        cost = {name: int(told[name]) for name in COST}
        if told["v"] != 1 or cost != COST:
            raise Refusal("backup.keys")
        key = _derived(passphrase, bytes.fromhex(told["salt"]), cost)
        files = json.loads(unlock(box, key, label=f"{_LABEL}:{hashlib.sha256(head).hexdigest()}"))
    except (ValueError, KeyError, TypeError, Unopenable) as problem:
        raise Refusal("backup.keys") from problem
    with disk():
        for folder in (into.parent, into):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for name, data in files.items():
            write_durably(into / name, base64.b64decode(data))
    return len(files)


def _read(source: Path) -> bytes:
    try:
        return source.read_bytes()
    except OSError as problem:
        raise Refusal("backup.keys") from problem


def _derived(passphrase: str, salt: bytes, cost: dict[str, int]) -> bytes:
    return hashlib.scrypt(passphrase.encode(), salt=salt, maxmem=1 << 28, dklen=32, **cost)
