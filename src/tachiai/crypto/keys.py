"""Signing credentials: a private key that is loaded once and kept, with its certificate and the way to a root."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_private_key, load_pem_private_key, pkcs12

from tachiai.crypto import chains, der
from tachiai.errors import Refusal

DEFAULT_RSA_BITS = 3072
LEAST_RSA_BITS = 2048

RSA_SHA256 = "1.2.840.113549.1.1.11"
ECDSA_SHA256 = "1.2.840.10045.4.3.2"
ECDSA_SHA384 = "1.2.840.10045.4.3.3"

_KINDS = {RSA_SHA256: "RSA", ECDSA_SHA256: "P-256", ECDSA_SHA384: "P-384"}


class SigningKey(Protocol):
    """Whatever can sign: a key in memory, a token, a remote service. Threads may call it at the same time."""

    @property
    def signature_algorithm(self) -> str:
        """Object identifier of the signature algorithm, its digest included."""

    @property
    def digest(self) -> str:
        """The digest the algorithm uses: ``sha256`` or ``sha384``."""

    @property
    def longest_signature(self) -> int:
        """An upper bound of the signature's size in bytes."""

    def sign(self, message: bytes) -> bytes:
        """Sign the whole message (not its digest)."""


class SoftwareKey:
    """A key held in this process. Loading checks it once; signing never does again, which is most of the cost."""

    def __init__(self, private: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> None:
        self._private = private
        self.signature_algorithm, self.digest, self.longest_signature = _traits(private)
        self._hash: hashes.HashAlgorithm = hashes.SHA384() if self.digest == "sha384" else hashes.SHA256()

    def __repr__(self) -> str:
        return f"SoftwareKey({_KINDS[self.signature_algorithm]})"

    def sign(self, message: bytes) -> bytes:
        if isinstance(self._private, rsa.RSAPrivateKey):
            return self._private.sign(message, padding.PKCS1v15(), self._hash)
        return self._private.sign(message, ec.ECDSA(self._hash))


def _traits(private: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> tuple[str, str, int]:
    """Signature algorithm, digest and longest signature. Refuses ``key.weak`` and ``key.unsupported``."""
    if isinstance(private, rsa.RSAPrivateKey):
        if private.key_size < LEAST_RSA_BITS:
            raise Refusal("key.weak", bits=private.key_size, least=LEAST_RSA_BITS)
        return RSA_SHA256, "sha256", private.key_size // 8
    match private.curve.name:
        case "secp256r1":
            return ECDSA_SHA256, "sha256", 72
        case "secp384r1":
            return ECDSA_SHA384, "sha384", 104
    raise Refusal("key.unsupported", kind=private.curve.name)


@dataclass(frozen=True)
class Credential:
    """A certificate, the way to its root, and the handle of its key. All certificates are DER."""

    certificate: bytes = field(repr=False)
    intermediates: tuple[bytes, ...] = field(repr=False)
    roots: tuple[bytes, ...] = field(repr=False)
    key: SigningKey = field(repr=False, compare=False)
    label: str = ""

    @property
    def subject(self) -> str:
        return chains.name_text(chains.named(self.certificate).subject)

    @property
    def not_after(self) -> datetime:
        return chains.certificate(self.certificate).not_valid_after_utc

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the certificate, in lower-case hex."""
        return chains.fingerprint(self.certificate)

    @property
    def shown_chain(self) -> tuple[bytes, ...]:
        """What goes into a signature: the certificate and its intermediates. A root is pinned, never believed from a file."""
        return (self.certificate, *self.intermediates)

    @property
    def whole_chain(self) -> tuple[bytes, ...]:
        return (*self.shown_chain, *self.roots)


def load_credential(key_file: Path, *, passphrase: bytes | None = None, chain_file: Path | None = None, label: str = "") -> Credential:
    """Read a key and its certificates from PEM (key, and chain in the same or another file), DER or PKCS#12.

    Refuses ``key.unreadable``, ``key.passphrase_wrong``, ``key.unsupported``, ``key.weak``, ``key.certificate_missing``,
    ``key.mismatch`` (no certificate belongs to the key) and ``key.chain_incomplete`` (no way to a self-issued root).
    """
    held = _read(key_file)
    if _is_pkcs12(held):
        private, certificates = _from_pkcs12(held, passphrase, key_file)
    else:
        private, certificates = _private_key(held, passphrase, key_file), _pem_certificates(held, key_file)
    if chain_file is not None:
        certificates += _certificates(_read(chain_file), chain_file)
    return credential_of(private, certificates, label=label or key_file.stem)


def credential_of(private: object, certificates: Sequence[bytes], *, label: str) -> Credential:
    """Bring a loaded key and a heap of certificates into order. Refuses as :func:`load_credential`."""
    if not isinstance(private, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        raise Refusal("key.unsupported", kind=type(private).__name__)
    if not certificates:
        raise Refusal("key.certificate_missing", label=label)
    key = SoftwareKey(private)
    own = _public_bytes(private.public_key())
    leaf = next((c for c in certificates if _public_bytes(chains.certificate(c).public_key()) == own), None)
    if leaf is None:
        raise Refusal("key.mismatch", label=label)
    roots = tuple(c for c in certificates if chains.self_issued(c))
    # The certificate's own start is a moment at which its chain must have been whole; today's date is the caller's to ask about.
    start = chains.certificate(leaf).not_valid_before_utc
    try:
        path = chains.build_chain(leaf, pool=certificates, roots=roots, at=start)
    except chains.BrokenChain as broken:
        raise Refusal("key.chain_incomplete", label=label, detail=str(broken)) from broken
    return Credential(certificate=leaf, intermediates=path[1:-1], roots=(path[-1],), key=key, label=label)


def load_certificates(file: Path) -> list[bytes]:
    """The certificates of a PEM or DER file, as DER. Refuses ``key.unreadable``."""
    return _certificates(_read(file), file)


def _public_bytes(public: object) -> bytes:
    encode = getattr(public, "public_bytes", None)
    return b"" if encode is None else bytes(encode(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as unreadable:
        raise Refusal("key.unreadable", file=file.name, detail=unreadable.strerror) from unreadable


def _is_pkcs12(held: bytes) -> bool:
    """PFX ::= SEQUENCE { version INTEGER (3), authSafe SEQUENCE, … } (RFC 7292, 4); a plain key has version 0 or 1."""
    try:
        members = der.read(held).expect(der.SEQUENCE).children()
        return der.read_integer(members[0]) == 3 and members[1].tag == der.SEQUENCE
    except (der.DerError, IndexError):
        # Some programs write PKCS#12 in BER; the first bytes still tell it from PEM and from a torn file.
        return held[:2] == b"\x30\x80" and held[2:5] == b"\x02\x01\x03"


def _from_pkcs12(held: bytes, passphrase: bytes | None, file: Path) -> tuple[object, list[bytes]]:
    try:
        private, own, others = pkcs12.load_key_and_certificates(held, passphrase)
    except (ValueError, TypeError) as wrong:
        # The outer structure was read, so what fails is its integrity code: the passphrase, as far as anybody can tell.
        raise Refusal("key.passphrase_wrong", file=file.name) from wrong
    except UnsupportedAlgorithm as unknown:
        raise Refusal("key.unreadable", file=file.name, detail="unsupported encryption") from unknown
    found = [c.public_bytes(Encoding.DER) for c in ([own] if own else []) + list(others)]
    if private is None:
        raise Refusal("key.unreadable", file=file.name, detail="no private key")
    return private, found


def _private_key(held: bytes, passphrase: bytes | None, file: Path) -> object:
    armour = re.search(rb"-----BEGIN ([A-Z ]*)PRIVATE KEY-----.*?-----END \1PRIVATE KEY-----", held, re.DOTALL)
    locked = armour is not None and b"ENCRYPTED" in armour.group(0)[:200]
    try:
        if armour is None:
            return load_der_private_key(held, None)
        return load_pem_private_key(armour.group(0), passphrase if locked else None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as wrong:
        # Only an encrypted key that is otherwise well-formed can be refused for its passphrase.
        code = "key.passphrase_wrong" if locked else "key.unreadable"
        raise Refusal(code, file=file.name) from wrong


def _pem_certificates(held: bytes, file: Path) -> list[bytes]:
    if b"-----BEGIN CERTIFICATE-----" not in held:
        return []
    try:
        return [c.public_bytes(Encoding.DER) for c in x509.load_pem_x509_certificates(held)]
    except ValueError as wrong:
        raise Refusal("key.unreadable", file=file.name, detail="a certificate cannot be read") from wrong


def _certificates(held: bytes, file: Path) -> list[bytes]:
    """The certificates of a chain file: PEM, or one in DER."""
    if found := _pem_certificates(held, file):
        return found
    try:
        chains.certificate(held)
    except chains.BrokenChain as wrong:
        raise Refusal("key.unreadable", file=file.name, detail="no certificates inside") from wrong
    return [held]
