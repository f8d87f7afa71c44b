"""Signing keys of a test's house: in a token or a file, certified by a fictional authority."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, load_der_public_key
from cryptography.x509.oid import NameOID

from pki import MOMENT, Hierarchy, hierarchy
from softhsm import SoftToken
from tachiai import sealing
from tachiai.crypto.authority import issue
from tachiai.house import House
from tachiai.sealing.key_folders import KeyFolder

SINCE, UNTIL = MOMENT - timedelta(days=1), MOMENT + timedelta(days=3600)


def pem_of(*certificates: x509.Certificate) -> bytes:
    return b"".join(found.public_bytes(Encoding.PEM) for found in certificates)


def certify(public: bytes, tree: Hierarchy, *, since: datetime = SINCE, until: datetime = UNTIL, purpose: Any = None) -> x509.Certificate:
    """A certificate for a key that only its keeper holds."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "架空電子契約株式会社")])
    loaded: Any = load_der_public_key(public)
    # The authority dates a certificate back by five minutes.
    start = since + timedelta(minutes=5)
    return issue(subject, loaded, issuer=tree.middle.subject, issuer_key=tree.middle_key, at=start, validity=until - start, purpose=purpose)


def in_file(house: House, name: str, *, kind: str = "p-256", pss: bool = False) -> KeyFolder:
    return sealing.make_key(house, sealing.NewKey(name, "file", kind, {}, pss=pss))


def in_token(house: House, name: str, token: SoftToken, *, kind: str = "p-256", pss: bool = False) -> KeyFolder:
    place = token.place
    terms = {"module": str(place.module), "token": place.token, "key": name, "pin_file": str(place.pin_file), "sessions": 4}
    return sealing.make_key(house, sealing.NewKey(name, "pkcs11", kind, terms, pss=pss))


def install(house: House, key: KeyFolder, folder: Path, *, tree: Hierarchy | None = None, at: datetime = MOMENT, **details: Any) -> None:
    """Have it certified, and install the chain as an operator would."""
    tree = tree or hierarchy()
    file = folder / f"{key.name}-chain.pem"
    file.write_bytes(pem_of(tree.root, certify(key.public(), tree, **details), tree.middle))
    sealing.install_chain(house, key.name, file, at=at)
