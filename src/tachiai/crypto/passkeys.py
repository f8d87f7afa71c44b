"""Passkeys (W3C Web Authentication, level 2): what a browser says of one is checked here, from its raw bytes and nothing else.

What is signed with a passkey is a digest of the consent itself, so that the signature is evidence of that consent and of no other.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from fido2 import cbor
from fido2.cose import ES256, RS256, CoseKey, EdDSA
from fido2.webauthn import AttestationObject, AuthenticatorData

from tachiai.errors import Refusal

CHALLENGE_LABEL = b"tachiai-consent-challenge-v1"
ALGORITHMS = (ES256.ALGORITHM, EdDSA.ALGORITHM, RS256.ALGORITHM)
# No authenticator's answer is nearly as long; whatever is longer is not even parsed.
LONGEST = 16_384
LONGEST_ID = 1023
_MALFORMED = (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError, OverflowError)


@dataclass(frozen=True)
class Place:
    """Where a passkey is used: the relying party's id (a host), and the origin of its pages."""

    rp_id: str
    origin: str


@dataclass(frozen=True)
class Enrolled:
    """A new passkey: its id, its public key (COSE, RFC 9052), its counter, and the model of what holds it (16 bytes, mostly zero)."""

    credential: bytes
    public_key: bytes
    counter: int
    aaguid: bytes


@dataclass(frozen=True)
class Assertion:
    """What a browser gives for a passkey it was asked for: all four are raw bytes."""

    credential: bytes
    authenticator_data: bytes
    client_data: bytes
    signature: bytes


def consent_challenge(body: bytes) -> bytes:
    """The 32 bytes that are signed for a consent: SHA-256 over a label, a zero byte and the consent's exact bytes."""
    return hashlib.sha256(CHALLENGE_LABEL + b"\x00" + body).digest()


def check_enrolment(client_data: bytes, attestation: bytes, *, challenge: bytes, place: Place) -> Enrolled:
    """The passkey that was made on ``challenge`` (WebAuthn 7.1). Who made the authenticator is not asked, so its statement is not judged.

    Refuses with ``passkey.malformed``, ``passkey.other_challenge``, ``passkey.wrong_origin``, ``passkey.wrong_house``,
    ``passkey.not_verified`` (nobody unlocked it), ``passkey.algorithm``.
    """
    _check_client(client_data, kind="webauthn.create", challenge=challenge, origin=place.origin)
    if not 0 < len(attestation) <= LONGEST:
        raise Refusal("passkey.malformed")
    try:
        told = AttestationObject(attestation).auth_data
        held = told.credential_data
    except _MALFORMED as problem:
        raise Refusal("passkey.malformed") from problem
    _check_authenticator(told, place)
    if held is None or not 0 < len(held.credential_id) <= LONGEST_ID:
        raise Refusal("passkey.malformed")
    public_key = cbor.encode(dict(held.public_key))
    _try(public_key)
    return Enrolled(bytes(held.credential_id), public_key, told.counter, bytes(held.aaguid))


def check_assertion(given: Assertion, *, public_key: bytes, challenge: bytes, place: Place, counter: int | None = None) -> int:
    """The counter that came with a signature over ``challenge`` by the holder of ``public_key`` (WebAuthn 7.2).

    ``counter`` is the last one known, None where it does not matter. Refuses as :func:`check_enrolment` does, and with
    ``passkey.wrong_signature`` and ``passkey.counter_back``: a copy of the passkey is about.
    """
    _check_client(given.client_data, kind="webauthn.get", challenge=challenge, origin=place.origin)
    try:
        told = AuthenticatorData(_short(given.authenticator_data))
    except _MALFORMED as problem:
        raise Refusal("passkey.malformed") from problem
    _check_authenticator(told, place)
    signed = given.authenticator_data + hashlib.sha256(given.client_data).digest()
    try:
        _key(public_key).verify(signed, _short(given.signature))
    except (InvalidSignature, UnsupportedAlgorithm, *_MALFORMED) as problem:
        raise Refusal("passkey.wrong_signature") from problem
    # Passkeys that live on several devices count nothing and always say 0.
    if counter is not None and (told.counter or counter) and told.counter <= counter:
        raise Refusal("passkey.counter_back")
    return told.counter


def _short(given: bytes) -> bytes:
    if len(given) > LONGEST:
        raise Refusal("passkey.malformed")
    return given


def _check_client(client_data: bytes, *, kind: str, challenge: bytes, origin: str) -> None:
    """What the browser says it was asked, and by whom (WebAuthn 5.8.1)."""
    try:
        said: Any = json.loads(_short(client_data).decode())
        asked = from_base64url(said["challenge"])
        told, where, inside = said["type"], said["origin"], said.get("crossOrigin", False)
    except _MALFORMED as problem:
        raise Refusal("passkey.malformed") from problem
    if told != kind:
        raise Refusal("passkey.malformed")
    if asked != challenge:
        raise Refusal("passkey.other_challenge")
    if where != origin or inside is not False:
        raise Refusal("passkey.wrong_origin")


def _check_authenticator(told: AuthenticatorData, place: Place) -> None:
    if told.rp_id_hash != hashlib.sha256(place.rp_id.encode()).digest():
        raise Refusal("passkey.wrong_house")
    if not told.is_user_present() or not told.is_user_verified():
        raise Refusal("passkey.not_verified")


def _key(public_key: bytes) -> CoseKey:
    """A key of an algorithm that this house, and whoever checks its evidence, can judge."""
    try:
        key = CoseKey.parse(cbor.decode(public_key))  # type: ignore[arg-type]  # anything but a mapping is refused below
    except _MALFORMED as problem:
        raise Refusal("passkey.malformed") from problem
    if key.ALGORITHM not in ALGORITHMS:
        raise Refusal("passkey.algorithm")
    return key


def _try(public_key: bytes) -> None:
    """A key that could never verify anything (a point that is not on its curve) is found out now and not at the first signature."""
    try:
        _key(public_key).verify(b"", bytes(64))
    except InvalidSignature:
        return
    except (UnsupportedAlgorithm, *_MALFORMED) as problem:
        raise Refusal("passkey.malformed") from problem


def to_base64url(data: bytes) -> str:
    """Without padding, as Web Authentication writes it (RFC 4648, 5)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def from_base64url(text: str) -> bytes:
    """Raises ``ValueError`` for anything but the one way to write these bytes."""
    try:
        data = base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, AttributeError, UnicodeError) as problem:
        raise ValueError("not base64url") from problem
    if to_base64url(data) != text:
        raise ValueError("not the one way to write it")
    return data
