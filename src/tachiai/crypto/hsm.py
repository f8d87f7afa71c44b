"""Keys in PKCS#11 tokens (HSMs, smart cards): made there, used there, and never outside."""

from __future__ import annotations

import secrets
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from pkcs11 import MGF, Attribute, KeyType, Mechanism, MechanismFlag, ObjectClass, PKCS11Error, Session, exceptions

from tachiai.crypto import chains, der
from tachiai.crypto.hsm_sessions import LOST, TokenPlace, describe, open_token
from tachiai.crypto.keys import KeyFace, public_bytes
from tachiai.crypto.signature_algorithms import CURVES, DIGESTS, KINDS, Algorithm, PublicKey, algorithm_of, load_public
from tachiai.errors import Outage, Refusal

__all__ = ["KINDS", "HsmKey", "TokenPlace", "find_public", "generate", "open_key", "open_new_key"]

_CURVES = {der.oid(dotted): curve for dotted, curve in CURVES.items()}
_PROBE = b"tachiai: is this key that of the certificate?"
_BUFFER = 1024
_HASHES = {"sha256": (Mechanism.SHA256, MGF.SHA256), "sha384": (Mechanism.SHA384, MGF.SHA384)}


class HsmKey(KeyFace):
    """A key in a token. Threads sign at the same time, each in a session of its own, up to the token's limit."""

    def __init__(self, place: TokenPlace, name: str, algorithm: Algorithm) -> None:
        super().__init__(algorithm)
        self._place, self._name = place, name
        self._mechanism, self._parameters, self._hashes_itself = _mechanism(algorithm, open_token(place).mechanisms())

    def sign(self, message: bytes) -> bytes:
        """Sign. ``Outage("key.unreachable")`` for whatever is wrong with the token: no document is to blame for that."""
        try:
            return self._sign(message)
        except Refusal as refusal:
            raise Outage("key.unreachable", str(refusal)) from refusal
        except PKCS11Error as trouble:
            raise Outage("key.unreachable", f"token {self._place.token}: {describe(trouble)}") from trouble

    def _sign(self, message: bytes) -> bytes:
        data = message if self._hashes_itself else self._prepared(message)
        try:
            raw = self._sign_once(data)
        except LOST:
            # Networked tokens drop idle connections; a second failure is an outage.
            raw = self._sign_once(data)
        return _ecdsa_der(raw) if self.algorithm.scheme == "ecdsa" else raw

    def _sign_once(self, data: bytes) -> bytes:
        with open_token(self._place).session() as held:
            key: Any = held.key(self._name)
            signature: bytes = key.sign(data, mechanism=self._mechanism, mechanism_param=self._parameters, buffer_size=_BUFFER)
            return signature

    def _prepared(self, message: bytes) -> bytes:
        """What a mechanism without a digest of its own is given: the digest, for PKCS #1 v1.5 in its DigestInfo (RFC 8017, 9.2)."""
        digest = self.algorithm.hashed(message)
        if self.algorithm.scheme != "rsa":
            return digest
        return der.sequence(der.sequence(der.oid(DIGESTS[self.digest]), der.null()), der.octet_string(digest))


def open_key(place: TokenPlace, name: str, *, certificate: bytes, pss: bool = False) -> HsmKey:
    """The key labelled ``name`` that ``certificate`` (DER) belongs to, proved by a signature.

    Refuses ``key.token_absent``, ``key.pin_wrong``, ``key.pin_locked``, ``key.absent``, ``key.mismatch`` and more of the kind;
    ``Outage("key.unreachable")`` when the token answers nothing.
    """
    found = chains.certificate(certificate)
    public = load_public(public_bytes(found.public_key()))
    return _proved(place, name, public, algorithm_of(public, certificate=found, pss=pss))


def open_new_key(place: TokenPlace, name: str, *, public: bytes, pss: bool = False) -> HsmKey:
    """The key labelled ``name`` whose SubjectPublicKeyInfo is ``public``, before it has a certificate. Refuses as :func:`open_key`."""
    loaded = load_public(public)
    return _proved(place, name, loaded, algorithm_of(loaded, pss=pss))


def _proved(place: TokenPlace, name: str, public: PublicKey, algorithm: Algorithm) -> HsmKey:
    try:
        key = HsmKey(place, name, algorithm)
        with open_token(place).session() as held:
            fits = (held.key(name).key_type == KeyType.EC) == (algorithm.scheme == "ecdsa")
        if not fits:
            # Asked to sign all the same, some tokens only say that something failed.
            raise Refusal("key.mismatch", label=name)
        signature = key._sign(_PROBE)  # noqa: SLF001  # here a refusal is wanted as it is
    except PKCS11Error as trouble:
        raise Outage("key.unreachable", f"token {place.token}: {describe(trouble)}") from trouble
    if not algorithm.holds(public, signature, _PROBE):
        raise Refusal("key.mismatch", label=name)
    return key


def generate(place: TokenPlace, name: str, kind: str) -> bytes:
    """Make a key pair in the token: sensitive, never extractable, for signing alone. Gives the SubjectPublicKeyInfo.

    Refuses ``key.exists`` when the token holds a key of that label, ``key.unsupported`` for a kind it cannot make, and as
    :func:`open_key`.
    """
    wanted = KINDS.get(kind)
    if wanted is None:
        raise Refusal("key.unsupported", kind=kind)
    try:
        with open_token(place).writing() as session:
            if list(session.get_objects({Attribute.CLASS: ObjectClass.PRIVATE_KEY, Attribute.LABEL: name})):
                raise Refusal("key.exists", key=name)
            return _public_info(_generate(session, name, wanted))
    except (exceptions.MechanismInvalid, exceptions.KeySizeRange, exceptions.DomainParamsInvalid) as unable:
        raise Refusal("key.unsupported", kind=kind) from unable
    except PKCS11Error as trouble:
        raise Outage("key.unreachable", f"token {place.token}: {describe(trouble)}") from trouble


def find_public(place: TokenPlace, name: str) -> bytes:
    """The SubjectPublicKeyInfo of a key that is in the token already. Refuses ``key.absent`` and as :func:`open_key`."""
    try:
        with open_token(place).session() as held:
            found = held.session.get_key(object_class=ObjectClass.PUBLIC_KEY, label=name)
            return _public_info(found)
    except exceptions.NoSuchKey as absent:
        raise Refusal("key.absent", key=name) from absent
    except exceptions.MultipleObjectsReturned as several:
        raise Refusal("key.ambiguous", key=name) from several
    except PKCS11Error as trouble:
        raise Outage("key.unreachable", f"token {place.token}: {describe(trouble)}") from trouble


def _generate(session: Session, name: str, wanted: int | str) -> Any:
    private = {
        Attribute.PRIVATE: True,
        Attribute.SENSITIVE: True,
        Attribute.EXTRACTABLE: False,
        Attribute.SIGN: True,
        Attribute.DECRYPT: False,
        Attribute.UNWRAP: False,
        Attribute.DERIVE: False,
    }
    # Both halves carry one identifier: that is how other programs find them as a pair.
    named: dict[str, Any] = {"id": secrets.token_bytes(16), "label": name, "store": True}
    named |= {"capabilities": MechanismFlag.SIGN | MechanismFlag.VERIFY, "private_template": private}
    if isinstance(wanted, int):
        public, _ = session.generate_keypair(KeyType.RSA, wanted, **named)
        return public
    domain = session.create_domain_parameters(KeyType.EC, {Attribute.EC_PARAMS: der.oid(wanted)}, local=True)
    public, _ = domain.generate_keypair(**named)
    return public


def _public_info(found: Any) -> bytes:
    """SubjectPublicKeyInfo of a public key object."""
    if found.key_type == KeyType.RSA:
        modulus, exponent = (int.from_bytes(found[name], "big") for name in (Attribute.MODULUS, Attribute.PUBLIC_EXPONENT))
        return public_bytes(rsa.RSAPublicNumbers(exponent, modulus).public_key())
    curve = _CURVES.get(found[Attribute.EC_PARAMS])
    if curve is None:
        raise Refusal("key.unsupported", kind=str(found.key_type))
    point = found[Attribute.EC_POINT]
    # CKA_EC_POINT is an OCTET STRING around the point; some tokens give the point alone.
    if point[0] == der.OCTET_STRING and point[1] == len(point) - 2:
        point = point[2:]
    return public_bytes(ec.EllipticCurvePublicKey.from_encoded_point(curve, point))


def _mechanism(algorithm: Algorithm, offered: set[Mechanism]) -> tuple[Mechanism, Any, bool]:
    """The mechanism to sign with, its parameters, and whether it hashes by itself. Refuses ``key.unsupported``."""
    hashing, masking = _HASHES[algorithm.digest]
    parameters = (hashing, masking, algorithm.salt) if algorithm.scheme == "pss" else None
    wide = algorithm.digest == "sha384"
    choices = {
        "rsa": ((Mechanism.SHA256_RSA_PKCS, True), (Mechanism.RSA_PKCS, False)),
        "pss": ((Mechanism.SHA384_RSA_PKCS_PSS if wide else Mechanism.SHA256_RSA_PKCS_PSS, True), (Mechanism.RSA_PKCS_PSS, False)),
        "ecdsa": ((Mechanism.ECDSA, False), (Mechanism.ECDSA_SHA384 if wide else Mechanism.ECDSA_SHA256, True)),
    }
    for mechanism, hashes_itself in choices[algorithm.scheme]:
        if mechanism in offered:
            return mechanism, parameters, hashes_itself
    raise Refusal("key.unsupported", kind=algorithm.name)


def _ecdsa_der(raw: bytes) -> bytes:
    """ECDSA-Sig-Value (RFC 3279, 2.2.3) of the r‖s that tokens give."""
    half = len(raw) // 2
    return der.sequence(der.integer(int.from_bytes(raw[:half], "big")), der.integer(int.from_bytes(raw[half:], "big")))
