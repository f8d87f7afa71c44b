"""The limit: one signature with the raw key and SHA-256 of the file. Nobody who seals can do less."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from benchmarks.rounds import Here
from benchmarks.scene import PrivateKey, Sealer

NAME = "limit"


def limit(sealer: Sealer, pdf: bytes) -> Here:
    sign = signing(sealer.private)

    def act(number: int) -> bytes:
        return sign(hashlib.sha256(pdf).digest() + number.to_bytes(8, "big"))

    return Here(NAME, act)


def signing(private: PrivateKey) -> Callable[[bytes], bytes]:
    """The key's own signature over a message, with SHA-256."""
    if isinstance(private, rsa.RSAPrivateKey):
        key, scheme, digest = private, padding.PKCS1v15(), hashes.SHA256()
        return lambda message: key.sign(message, scheme, digest)
    curve, method = private, ec.ECDSA(hashes.SHA256())
    return lambda message: curve.sign(message, method)
