"""A passkey in software, for tests: it makes what a browser would post, and lies on request."""

from __future__ import annotations

import hashlib
import json
import secrets
import struct
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from fido2 import cbor
from fido2.cose import CoseKey

from tachiai.crypto.passkeys import to_base64url

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


def _private(kind: str) -> Any:
    if kind == "es256":
        return ec.generate_private_key(ec.SECP256R1())
    if kind == "es384":
        return ec.generate_private_key(ec.SECP384R1())
    return ed25519.Ed25519PrivateKey.generate() if kind == "eddsa" else rsa.generate_private_key(65537, 2048)


@dataclass
class SoftKey:
    """One passkey at one house. ``flags`` and ``counter`` are what it says of itself next."""

    rp_id: str = "localhost"
    origin: str = "http://localhost:8000"
    kind: str = "es256"
    flags: int = PRESENT | VERIFIED
    counter: int = 0
    id: bytes = field(default_factory=lambda: secrets.token_bytes(32))

    def __post_init__(self) -> None:
        self.private = _private(self.kind)

    @property
    def public_key(self) -> bytes:
        alg = {"es256": -7, "es384": -35, "rs256": -257, "eddsa": -8}[self.kind]
        return cbor.encode(dict(CoseKey.for_alg(alg).from_cryptography_key(self.private.public_key())))

    def client_data(self, kind: str, challenge: bytes, **more: object) -> bytes:
        said = {"type": kind, "challenge": to_base64url(challenge), "origin": self.origin, "crossOrigin": False, **more}
        return json.dumps(said).encode()

    def data(self, *, attested: bytes = b"") -> bytes:
        flags = self.flags | (ATTESTED if attested else 0)
        return hashlib.sha256(self.rp_id.encode()).digest() + struct.pack(">BI", flags, self.counter) + attested

    def enrols(self, challenge: bytes) -> tuple[bytes, bytes]:
        """The client data and the attestation object."""
        attested = bytes(16) + struct.pack(">H", len(self.id)) + self.id + self.public_key
        told = {"fmt": "none", "attStmt": {}, "authData": self.data(attested=attested)}
        return self.client_data("webauthn.create", challenge), cbor.encode(told)

    def signs(self, challenge: bytes) -> tuple[bytes, bytes, bytes]:
        """The client data, the authenticator's data, and the signature."""
        client, data = self.client_data("webauthn.get", challenge), self.data()
        message = data + hashlib.sha256(client).digest()
        if self.kind.startswith("es"):
            return client, data, self.private.sign(message, ec.ECDSA(hashes.SHA256()))
        if self.kind == "eddsa":
            return client, data, self.private.sign(message)
        return client, data, self.private.sign(message, padding.PKCS1v15(), hashes.SHA256())
