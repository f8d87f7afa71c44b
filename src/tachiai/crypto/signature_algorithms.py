"""How a key of a given kind signs: the algorithm, its identifier as it stands in a signature, and how long a signature can get."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Literal

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import load_der_public_key

from tachiai.crypto import der
from tachiai.errors import Refusal

LEAST_RSA_BITS = 2048

RSA_SHA256 = "1.2.840.113549.1.1.11"
RSA_PSS = "1.2.840.113549.1.1.10"
ECDSA_SHA256 = "1.2.840.10045.4.3.2"
ECDSA_SHA384 = "1.2.840.10045.4.3.3"

_MGF1 = "1.2.840.113549.1.1.8"
DIGESTS = {"sha256": "2.16.840.1.101.3.4.2.1", "sha384": "2.16.840.1.101.3.4.2.2"}
_NAMES = {dotted: name for name, dotted in DIGESTS.items()}
_CURVES = {"secp256r1": (ECDSA_SHA256, "sha256", 32, "P-256"), "secp384r1": (ECDSA_SHA384, "sha384", 48, "P-384")}

# Kinds of keys that can be made: RSA by its bits, curves by their object identifier.
KINDS: dict[str, int | str] = {
    "rsa-2048": 2048,
    "rsa-3072": 3072,
    "rsa-4096": 4096,
    "p-256": "1.2.840.10045.3.1.7",
    "p-384": "1.3.132.0.34",
}
CURVES: dict[str, ec.EllipticCurve] = {"1.2.840.10045.3.1.7": ec.SECP256R1(), "1.3.132.0.34": ec.SECP384R1()}

PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey


@dataclass(frozen=True)
class Algorithm:
    """``identifier`` is the whole DER AlgorithmIdentifier; ``part`` the octets of r and of s for ECDSA, 0 otherwise."""

    scheme: Literal["rsa", "pss", "ecdsa"]
    dotted: str
    digest: str
    identifier: bytes
    longest_signature: int
    name: str
    salt: int = 0
    part: int = 0

    @property
    def hash(self) -> hashes.HashAlgorithm:
        return hashes.SHA384() if self.digest == "sha384" else hashes.SHA256()

    @property
    def padding(self) -> padding.AsymmetricPadding:
        """For RSA alone."""
        return padding.PSS(padding.MGF1(self.hash), self.salt) if self.scheme == "pss" else padding.PKCS1v15()

    def hashed(self, message: bytes) -> bytes:
        return hashlib.new(self.digest, message).digest()

    def holds(self, public: PublicKey, signature: bytes, message: bytes) -> bool:
        """Whether ``signature`` over ``message`` is ``public``'s, made by this algorithm."""
        try:
            if isinstance(public, rsa.RSAPublicKey):
                public.verify(signature, message, self.padding, self.hash)
            else:
                public.verify(signature, message, ec.ECDSA(self.hash))
        except InvalidSignature:
            return False
        return True


def algorithm_of(public: object, *, certificate: x509.Certificate | None = None, pss: bool = False) -> Algorithm:
    """How a key signs: RSA by PKCS #1 v1.5, or by PSS when asked or when its certificate allows nothing else; ECDSA by its curve.

    Refuses ``key.weak`` (RSA under 2048 bits) and ``key.unsupported``.
    """
    if isinstance(public, rsa.RSAPublicKey):
        if public.key_size < LEAST_RSA_BITS:
            raise Refusal("key.weak", bits=public.key_size, least=LEAST_RSA_BITS)
        bound = certificate is not None and certificate.public_key_algorithm_oid.dotted_string == RSA_PSS
        if bound or pss:
            digest, salt = _stated_pss(certificate) if bound and certificate is not None else ("sha256", 32)
            return _pss(public.key_size, digest, salt)
        identifier = der.sequence(der.oid(RSA_SHA256), der.null())
        return Algorithm("rsa", RSA_SHA256, "sha256", identifier, public.key_size // 8, f"RSA-{public.key_size}")
    if isinstance(public, ec.EllipticCurvePublicKey) and public.curve.name in _CURVES:
        dotted, digest, part, name = _CURVES[public.curve.name]
        # Two integers of up to one octet more than the curve's size, in a sequence whose own length is one octet.
        longest = 2 * (part + 3) + 2
        return Algorithm("ecdsa", dotted, digest, der.sequence(der.oid(dotted)), longest, name, part=part)
    kind = public.curve.name if isinstance(public, ec.EllipticCurvePublicKey) else type(public).__name__
    raise Refusal("key.unsupported", kind=kind)


def _pss(bits: int, digest: str, salt: int) -> Algorithm:
    """RSASSA-PSS-params with every field that differs from the default of SHA-1 (RFC 4055, 3.1); the trailer never does."""
    hashing = der.sequence(der.oid(DIGESTS[digest]), der.null())
    masking = der.sequence(der.oid(_MGF1), hashing)
    parameters = der.sequence(der.explicit(0, hashing), der.explicit(1, masking), der.explicit(2, der.integer(salt)))
    identifier = der.sequence(der.oid(RSA_PSS), parameters)
    return Algorithm("pss", RSA_PSS, digest, identifier, (bits + 7) // 8, f"RSA-PSS-{bits}", salt=salt)


def _stated_pss(certificate: x509.Certificate) -> tuple[str, int]:
    """Digest and salt that a certificate binds its key to (RFC 4055, 1.2). Without parameters it allows any; ours are SHA-256 and 32."""
    try:
        members = der.read(certificate.tbs_certificate_bytes).children()
        info = members[6 if members[0].tag == 0xA0 else 5]
        algorithm = info.children()[0].children()
        if len(algorithm) < 2 or algorithm[1].tag == der.NULL:
            return "sha256", 32
        stated = {member.tag: member.children()[0] for member in algorithm[1].expect(der.SEQUENCE).children()}
        digest = _NAMES[der.read_oid(stated[0xA0].children()[0])]
        masked = _NAMES[der.read_oid(stated[0xA1].children()[1].children()[0])]
        salt = der.read_integer(stated[0xA2])
    except (der.DerError, IndexError, KeyError) as other:
        # SHA-1 is what is left out; nobody seals with it, and a digest unknown here is no better.
        raise Refusal("key.unsupported", kind="RSASSA-PSS") from other
    if masked != digest:
        raise Refusal("key.unsupported", kind="RSASSA-PSS")
    return digest, max(salt, hashlib.new(digest).digest_size)


def load_public(info: bytes) -> PublicKey:
    """A SubjectPublicKeyInfo. Refuses ``key.unsupported``."""
    try:
        found = load_der_public_key(info)
    except (ValueError, UnsupportedAlgorithm) as unknown:
        raise Refusal("key.unsupported", kind="unknown") from unknown
    if not isinstance(found, rsa.RSAPublicKey | ec.EllipticCurvePublicKey):
        raise Refusal("key.unsupported", kind=type(found).__name__)
    return found
