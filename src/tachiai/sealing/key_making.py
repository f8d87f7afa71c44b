"""Making a signing key, asking for its certificate, and installing what the certification authority sends back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from tachiai.crypto.certificate_requests import Chain, Subject, accept_chain, certificate_request
from tachiai.crypto.hsm import find_public, generate, open_new_key
from tachiai.crypto.keys import SigningKey, as_pem, generate_software, load_certificates, load_software, public_of
from tachiai.crypto.pins import read_secret
from tachiai.crypto.remote_signing import ask_service
from tachiai.errors import Refusal
from tachiai.house import House
from tachiai.sealing.key_folders import PUBLIC, KeyFolder, Provider, list_folders, new_folder, read_folder, write_chain, write_private

SOFTWARE_FILE = "key.pem"


@dataclass(frozen=True)
class NewKey:
    """A key to be made (or, when ``existing``, one that is in its token already). ``terms`` are the provider's own."""

    name: str
    provider: Provider
    kind: str
    terms: Mapping[str, Any]
    pss: bool = False
    existing: bool = False


def make_key(house: House, new: NewKey) -> KeyFolder:
    """Describe the key in a folder of its own, and make it where it will stay.

    Nothing is left behind when that fails. Refuses ``key.name_taken``, ``key.exists`` and whatever the provider refuses.
    """
    terms = dict(new.terms)
    if new.provider == "file":
        terms = {"key_file": SOFTWARE_FILE} | terms
    described = new_folder(house.seal_keys, new.name, new.provider, pss=new.pss, terms=terms)
    try:
        write_private(described.folder / PUBLIC, _made(described, new))
        if described.provider == "csc":
            write_chain(described, as_pem(ask_service(described.service_place()).certificates))
    except BaseException:
        for file in described.folder.iterdir():
            file.unlink()
        described.folder.rmdir()
        raise
    return described


def _made(described: KeyFolder, new: NewKey) -> bytes:
    """The key's SubjectPublicKeyInfo."""
    match described.provider:
        case "pkcs11":
            place, label = described.token_place(), str(described.terms["key"])
            return find_public(place, label) if new.existing else generate(place, label, new.kind)
        case "csc":
            return public_of(ask_service(described.service_place()).certificates[0])
        case "file":
            pem, public = generate_software(new.kind, passphrase=_passphrase(described))
            write_private(described.folder / SOFTWARE_FILE, pem)
            return public


def request_certificate(house: House, name: str, subject: Subject) -> bytes:
    """A PKCS #10 request (DER) for the key of that name. Refuses ``key.unknown``, ``key.remote`` and as ``certificate_request``."""
    described = find_folder(house, name)
    return certificate_request(subject, public=described.public(), key=_signing(described))


def install_chain(house: House, name: str, file: Path, *, at: datetime) -> Chain:
    """Install the chain a certification authority sent: for this key, whole, valid and for signing documents.

    Refuses as :func:`~tachiai.crypto.certificate_requests.accept_chain`; a chain not yet valid is installed, and used from its day on.
    """
    described = find_folder(house, name)
    try:
        chain = accept_chain(load_certificates(file), public=described.public(), label=name, at=at)
    except Refusal as refusal:
        since = refusal.facts.get("since")
        if refusal.code != "key.not_yet_valid" or not isinstance(since, datetime):
            raise
        chain = accept_chain(load_certificates(file), public=described.public(), label=name, at=since)
    write_chain(described, as_pem(chain.certificates))
    return chain


def find_folder(house: House, name: str) -> KeyFolder:
    """The key of that name. Refuses ``key.unknown`` and ``key.configuration``."""
    for folder in list_folders(house.seal_keys):
        if folder.name == name:
            return read_folder(folder)
    raise Refusal("key.unknown", label=name)


def _signing(described: KeyFolder) -> SigningKey:
    """The key before it has a certificate, for its request alone."""
    match described.provider:
        case "pkcs11":
            return open_new_key(described.token_place(), str(described.terms["key"]), public=described.public(), pss=described.pss)
        case "csc":
            # Its certificate is the service's business, and is there already.
            raise Refusal("key.remote", label=described.name)
        case "file":
            file = described.path("key_file")
            return load_software(file or described.folder, passphrase=_passphrase(described), pss=described.pss)


def _passphrase(described: KeyFolder) -> bytes | None:
    secret = described.path("passphrase_file")
    return read_secret(secret).encode() if secret else None
