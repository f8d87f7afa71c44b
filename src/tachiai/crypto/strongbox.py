"""Encrypted boxes: AES-256-GCM under a data key of their own, itself wrapped (RFC 3394) by the house's key-encryption key."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap

from tachiai.crypto.squeezing import squeezed, unsqueezed

MAGIC = b"TBX1"
SQUEEZED = b"TBX2"
NONCE = 12
TAG = 16
OVERHEAD = len(MAGIC) + NONCE + TAG


class Unopenable(Exception):
    """A box or a wrapped key does not open: wrong key, wrong label, cut short or changed."""


@dataclass(frozen=True)
class KeyEncryptionKey:
    """The key that wraps data keys. ``id`` names it in rows without telling anything of it."""

    secret: bytes

    @property
    def id(self) -> str:
        return hashlib.sha256(b"tachiai-kek-id" + self.secret).hexdigest()[:16]

    def wrap(self, data_key: bytes) -> bytes:
        return aes_key_wrap(self.secret, data_key)

    def unwrap(self, wrapped: bytes) -> bytes:
        """The data key; raises ``Unopenable`` when this key did not wrap it."""
        try:
            return aes_key_unwrap(self.secret, wrapped)
        except (InvalidUnwrap, ValueError) as problem:
            raise Unopenable("the data key does not unwrap") from problem

    def close(self) -> None:
        """Nothing is open."""


def new_data_key() -> bytes:
    return secrets.token_bytes(32)


def lock(data: bytes, key: bytes, *, label: str) -> bytes:
    """A box (docs/formats/box.md): magic, 96-bit random nonce, ciphertext and tag. ``label`` is authenticated, not stored."""
    return _box(MAGIC, data, key, label.encode())


def lock_squeezed(data: bytes, key: bytes, *, label: str) -> bytes:
    """A box of version 2, whose data were made smaller first; one of version 1 where that would save next to nothing."""
    smaller = squeezed(data)
    return lock(data, key, label=label) if smaller is None else _box(SQUEEZED, smaller, key, SQUEEZED + label.encode())


def unlock(box: bytes, key: bytes, *, label: str) -> bytes:
    """The data of a box of either version, made with the same key and label; raises ``Unopenable`` for any other or for a changed box."""
    magic = box[: len(MAGIC)]
    if len(box) < OVERHEAD or magic not in (MAGIC, SQUEEZED):
        raise Unopenable("not a box of version 1 or 2")
    if magic == MAGIC:
        return _held(box, key, label.encode())
    try:
        return unsqueezed(_held(box, key, SQUEEZED + label.encode()))
    except ValueError as torn:
        raise Unopenable("what the box holds is not as it was made") from torn


def _box(magic: bytes, data: bytes, key: bytes, authenticated: bytes) -> bytes:
    nonce = secrets.token_bytes(NONCE)
    return magic + nonce + AESGCM(key).encrypt(nonce, data, authenticated)


def _held(box: bytes, key: bytes, authenticated: bytes) -> bytes:
    nonce = box[len(MAGIC) : len(MAGIC) + NONCE]
    try:
        return AESGCM(key).decrypt(nonce, box[len(MAGIC) + NONCE :], authenticated)
    except InvalidTag as problem:
        raise Unopenable("the box was changed, or this is not its key") from problem
