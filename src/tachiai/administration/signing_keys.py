"""The operator's signing keys: making them, getting them certified, and trying them out."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import transaction

from tachiai import ledger, sealing
from tachiai.accounts import identity
from tachiai.errors import Outage
from tachiai.sealing import Keyring, NewKey, Subject, Trial

__all__ = ["ListedKey", "NewKey", "Subject", "Trial", "install_chain", "list_keys", "make_key", "request_certificate", "try_keys"]


@dataclass(frozen=True)
class ListedKey:
    """A key as it is listed. ``in_use``: it is the one that seals; ``trouble`` is the code of what keeps it from sealing at all."""

    name: str
    keeper: str
    subject: str
    begins: datetime | None
    ends: datetime | None
    in_use: bool
    trouble: str


def make_key(new: NewKey, *, at: datetime) -> Path:
    """Make a key where it will stay, and say in the ledger that it exists. Gives its folder. Refuses with ``key.…``."""
    made = sealing.make_key(settings.TACHIAI, new)
    digest = hashlib.sha256(made.public()).hexdigest()
    _enter("key.made", at=at, data={"name": made.name, "provider": made.provider, "public": digest})
    return made.folder


def request_certificate(name: str, subject: Subject, *, at: datetime) -> bytes:
    """A PKCS #10 request (DER) for a certification authority. Refuses with ``key.…``."""
    request = sealing.request_certificate(settings.TACHIAI, name, subject)
    _enter("key.requested", at=at, data={"name": name, "request": hashlib.sha256(request).hexdigest()})
    return request


def install_chain(name: str, file: Path, *, at: datetime) -> ListedKey:
    """Install what the certification authority sent, once it is in order. Refuses with ``key.…``."""
    chain = sealing.install_chain(settings.TACHIAI, name, file, at=at)
    _enter("key.certified", at=at, data={"name": name, "certificate": hashlib.sha256(chain.certificate).hexdigest()})
    return next(key for key in list_keys(at=at) if key.name == name)


def list_keys(*, at: datetime) -> list[ListedKey]:
    """Every configured key, also those that cannot be used."""
    keyring: Keyring = sealing.configured_keyring(settings.TACHIAI)
    using = keyring.valid(at=at)[:1]
    return [
        ListedKey(
            key.name,
            key.keeper or "",
            key.subject if key.chain else "",
            key.begins if key.chain else None,
            key.ends if key.chain else None,
            in_use=key in using,
            trouble=key.trouble.code if key.trouble else "retired" if key.retired else "",
        )
        for key in keyring.keys
    ]


def try_keys(*, at: datetime) -> tuple[Trial, ...]:
    """Sign, stamp and verify a probe with every key and every authority. Raises ``Misconfigured`` when there is nothing to try.

    In a held house, or beside another house's keys, none is used: that alone is what came of it (``house.held``, ``seal.foreign_house``).
    """
    try:
        identity.check_acting("seal")
    except Outage as rests:
        return (Trial("house", "identity", rests.code, grave=True, facts={"detail": rests.detail}),)
    return sealing.try_keys(at=at)


def _enter(event: str, *, at: datetime, data: dict[str, str]) -> None:
    with transaction.atomic(durable=True):
        ledger.append("house", event, by=ledger.Actor("operator"), at=at, data=data)
