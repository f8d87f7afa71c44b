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
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
    load_pem_private_key,
    pkcs12,
)

from tachiai.crypto import chains, der
from tachiai.crypto.signature_algorithms import CURVES, KINDS, RSA_PSS, Algorithm, algorithm_of, load_public
from tachiai.errors import Refusal

DEFAULT_RSA_BITS = 3072


class SigningKey(Protocol):
    """Whatever can sign: a key in memory, a token, a remote service. Threads may call it at the same time."""

    @property
    def signature_algorithm(self) -> str:
        """Object identifier of the signature algorithm, its digest included."""

    @property
    def digest(self) -> str:
        """The digest the algorithm uses: ``sha256`` or ``sha384``."""

    @property
    def algorithm_identifier(self) -> bytes:
        """The whole DER AlgorithmIdentifier of its signatures, parameters included (RFC 5754; RFC 4055 for PSS)."""

    @property
    def longest_signature(self) -> int:
        """An upper bound of the signature's size in bytes."""

    def sign(self, message: bytes) -> bytes:
        """Sign the whole message (not its digest)."""


class KeyFace:
    """What every provider's key says of itself, from its algorithm."""

    def __init__(self, algorithm: Algorithm) -> None:
        self.algorithm = algorithm
        self.signature_algorithm = algorithm.dotted
        self.digest = algorithm.digest
        self.algorithm_identifier = algorithm.identifier
        self.longest_signature = algorithm.longest_signature

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.algorithm.name})"


class SoftwareKey(KeyFace):
    """A key held in this process. Loading checks it once; signing never does again, which is most of the cost."""

    def __init__(self, private: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, algorithm: Algorithm | None = None) -> None:
        super().__init__(algorithm or algorithm_of(private.public_key()))
        self._private = private
        self._hash = self.algorithm.hash

    def sign(self, message: bytes) -> bytes:
        if isinstance(self._private, rsa.RSAPrivateKey):
            return self._private.sign(message, self.algorithm.padding, self._hash)
        return self._private.sign(message, ec.ECDSA(self._hash))


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
    def not_before(self) -> datetime:
        return chains.certificate(self.certificate).not_valid_before_utc

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


def load_credential(
    key_file: Path,
    *,
    passphrase: bytes | None = None,
    chain_file: Path | None = None,
    label: str = "",
    pss: bool = False,
    own: bool = False,
) -> Credential:
    """Read a key and its certificates from PEM (key, and chain in the same or another file), DER or PKCS#12.

    ``pss``: sign by RSASSA-PSS, which a certificate bound to PSS also demands. ``own``: the file was written by this house, and
    whether its numbers make an RSA key is not judged anew, which would take as long as a hundred signatures. Refuses ``key.unreadable``,
    ``key.passphrase_wrong``, ``key.unsupported``, ``key.weak``, ``key.certificate_missing``, ``key.mismatch`` (no certificate
    belongs to the key) and ``key.chain_incomplete`` (no way to a self-issued root).
    """
    private, certificates = load_private(key_file, passphrase=passphrase, own=own)
    if chain_file is not None:
        certificates += load_certificates(chain_file)
    return credential_of(private, certificates, label=label or key_file.stem, pss=pss)


def load_private(key_file: Path, *, passphrase: bytes | None = None, own: bool = False) -> tuple[object, list[bytes]]:
    """The key of a file and whatever certificates stand beside it. Refuses ``key.unreadable`` and ``key.passphrase_wrong``."""
    held = _read(key_file)
    if _is_pkcs12(held):
        return _from_pkcs12(held, passphrase, key_file)
    return _private_key(held, passphrase, key_file, own=own), _pem_certificates(held, key_file)


def load_software(key_file: Path, *, passphrase: bytes | None = None, pss: bool = False) -> SoftwareKey:
    """A key without its certificates, for asking for one. Refuses as :func:`load_credential`."""
    private, _ = load_private(key_file, passphrase=passphrase)
    if not isinstance(private, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        raise Refusal("key.unsupported", kind=type(private).__name__)
    return SoftwareKey(private, algorithm_of(private.public_key(), pss=pss))


def generate_software(kind: str, *, passphrase: bytes | None) -> tuple[bytes, bytes]:
    """A new key of one of ``signature_algorithms.KINDS``: PEM (PKCS #8, encrypted with a passphrase) and its public half.

    Refuses ``key.unsupported``.
    """
    wanted = KINDS.get(kind)
    if wanted is None:
        raise Refusal("key.unsupported", kind=kind)
    private = rsa.generate_private_key(65537, wanted) if isinstance(wanted, int) else ec.generate_private_key(CURVES[wanted])
    lock = BestAvailableEncryption(passphrase) if passphrase else NoEncryption()
    return private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, lock), public_bytes(private.public_key())


def as_pem(certificates: Sequence[bytes]) -> bytes:
    """Certificates (DER) as one PEM file."""
    return b"".join(chains.certificate(held).public_bytes(Encoding.PEM) for held in certificates)


def credential_of(private: object, certificates: Sequence[bytes], *, label: str, pss: bool = False) -> Credential:
    """Bring a loaded key and a heap of certificates into order. Refuses as :func:`load_credential`."""
    if not isinstance(private, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        raise Refusal("key.unsupported", kind=type(private).__name__)
    # A key nobody should use is refused before anything is said about its certificates.
    algorithm_of(private.public_key())
    leaf, intermediates, root = arrange(public_bytes(private.public_key()), certificates, label=label)
    algorithm = algorithm_of(private.public_key(), certificate=chains.certificate(leaf), pss=pss)
    return Credential(leaf, intermediates, (root,), key=SoftwareKey(private, algorithm), label=label)


def arrange(public: bytes, certificates: Sequence[bytes], *, label: str) -> tuple[bytes, tuple[bytes, ...], bytes]:
    """The certificate of the key ``public`` (SubjectPublicKeyInfo), its intermediates and its root, out of a heap in any order.

    Refuses ``key.certificate_missing``, ``key.mismatch`` and ``key.chain_incomplete``.
    """
    if not certificates:
        raise Refusal("key.certificate_missing", label=label)
    leaf = next((c for c in certificates if public_bytes(chains.certificate(c).public_key()) == public), None)
    if leaf is None:
        raise Refusal("key.mismatch", label=label)
    roots = tuple(c for c in certificates if chains.self_issued(c))
    # The certificate's own start is a moment at which its chain must have been whole; today's date is the caller's to ask about.
    start = chains.certificate(leaf).not_valid_before_utc
    try:
        path = chains.build_chain(leaf, pool=certificates, roots=roots, at=start)
    except chains.BrokenChain as broken:
        raise Refusal("key.chain_incomplete", label=label, detail=str(broken)) from broken
    return leaf, path[1:-1], path[-1]


def proves_itself(credential: Credential) -> bool:
    """Whether what the key signs is verified by its certificate."""
    message = b"tachiai: does this key sign as its certificate says?"
    found = chains.certificate(credential.certificate)
    public = load_public(public_of(credential.certificate))
    algorithm = algorithm_of(public, certificate=found, pss=credential.key.signature_algorithm == RSA_PSS)
    return algorithm.holds(public, credential.key.sign(message), message)


def load_certificates(file: Path) -> list[bytes]:
    """The certificates of a PEM or DER file, as DER. Refuses ``key.unreadable``."""
    return _certificates(_read(file), file)


def public_bytes(public: object) -> bytes:
    """SubjectPublicKeyInfo, by which keys are compared; that of an RSA key says nothing of PSS."""
    encode = getattr(public, "public_bytes", None)
    return b"" if encode is None else bytes(encode(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


def public_of(certificate: bytes) -> bytes:
    """The SubjectPublicKeyInfo of a certificate's key."""
    return public_bytes(chains.certificate(certificate).public_key())


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


def _private_key(held: bytes, passphrase: bytes | None, file: Path, *, own: bool) -> object:
    armour = re.search(rb"-----BEGIN ([A-Z ]*)PRIVATE KEY-----.*?-----END \1PRIVATE KEY-----", held, re.DOTALL)
    locked = armour is not None and b"ENCRYPTED" in armour.group(0)[:200]
    try:
        if armour is None:
            return load_der_private_key(held, None)
        return load_pem_private_key(armour.group(0), passphrase if locked else None, unsafe_skip_rsa_key_validation=own)
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
