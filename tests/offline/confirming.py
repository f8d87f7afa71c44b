"""A passkey of a test's own (ES256): what a browser would give for a consent."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from tachiai.crypto.canonical import canonical

ORIGIN, RP_ID = "https://keiyaku.example.jp", "keiyaku.example.jp"
CREDENTIAL = b"a passkey of nobody"


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


@dataclass(frozen=True)
class Passkey:
    key: ec.EllipticCurvePrivateKey

    @classmethod
    def fresh(cls) -> Passkey:
        return cls(ec.generate_private_key(ec.SECP256R1()))

    @classmethod
    def read(cls, pem: bytes) -> Passkey:
        return cls(load_pem_private_key(pem, None))  # type: ignore[arg-type]  # the key of the vector

    def pem(self) -> bytes:
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    def cose(self) -> bytes:
        numbers = self.key.public_key().public_numbers()
        x, y = (part.to_bytes(32, "big") for part in (numbers.x, numbers.y))
        return b"\xa5\x01\x02\x03\x26\x20\x01\x21\x58\x20" + x + b"\x22\x58\x20" + y

    def assertion(
        self, consent: bytes, *, challenge: bytes = b"", origin: str = ORIGIN, rp_id: str = RP_ID, flags: int = 5, **said: Any
    ) -> bytes:
        """``passkey.json`` for these consent bytes; a test may have it say something else, and the browser ``said``."""
        challenge = challenge or hashlib.sha256(b"tachiai-consent-challenge-v1\0" + consent).digest()
        browser = {"type": "webauthn.get", "challenge": b64(challenge), "origin": origin, "crossOrigin": False, **said}
        client = json.dumps(browser).encode()
        authenticator = hashlib.sha256(rp_id.encode()).digest() + bytes((flags,)) + bytes(4)
        signature = self.key.sign(authenticator + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        told: dict[str, Any] = {
            "v": 1,
            "rp_id": rp_id,
            "credential": b64(CREDENTIAL),
            "public_key_cose": b64(self.cose()),
            "authenticator_data": b64(authenticator),
            "client_data_json": b64(client),
            "signature": b64(signature),
            "origin": origin,
            "enrolled_at": "2026-11-01T00:00:00.000000Z",
            "aaguid": "00000000-0000-0000-0000-000000000000",
        }
        return canonical(told)


@contextmanager
def with_passkey(passkey: Passkey) -> Iterator[dict[bytes, bytes]]:
    """Within: whoever consents at a link confirms it with ``passkey``. Gives the assertions by the bytes of the consent."""
    from tachiai.ceremony import consents

    plain, asserted = consents.record_consent, dict[bytes, bytes]()

    def record(*arguments: Any, authentication: dict[str, object], **named: Any) -> Any:
        if "ceremony" in authentication:
            level = "mail-and-registered-code-and-passkey"
            authentication = {**authentication, "level": level, "credential": hashlib.sha256(CREDENTIAL).hexdigest()}
        consent = plain(*arguments, authentication=authentication, **named)
        if "ceremony" in authentication:
            asserted[bytes(consent.body)] = passkey.assertion(bytes(consent.body))
        return consent

    import tachiai.ceremony

    tachiai.ceremony.record_consent = record  # type: ignore[attr-defined]  # the face, for as long as the story lasts
    try:
        yield asserted
    finally:
        del tachiai.ceremony.record_consent  # type: ignore[attr-defined]
