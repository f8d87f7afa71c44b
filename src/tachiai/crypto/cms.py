"""CMS SignedData (RFC 5652) with one signer, read strictly and checked. It is written by :mod:`tachiai.crypto.cms_writing`."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from tachiai.crypto import chains, der

DATA = "1.2.840.113549.1.7.1"
SIGNED_DATA = "1.2.840.113549.1.7.2"
TST_INFO = "1.2.840.113549.1.9.16.1.4"
CONTENT_TYPE = "1.2.840.113549.1.9.3"
MESSAGE_DIGEST = "1.2.840.113549.1.9.4"
SIGNING_CERTIFICATE = "1.2.840.113549.1.9.16.2.12"
SIGNING_CERTIFICATE_V2 = "1.2.840.113549.1.9.16.2.47"
SIGNATURE_TIME_STAMP = "1.2.840.113549.1.9.16.2.14"

DIGESTS = {
    "sha256": "2.16.840.1.101.3.4.2.1",
    "sha384": "2.16.840.1.101.3.4.2.2",
    "sha512": "2.16.840.1.101.3.4.2.3",
}
DIGEST_NAMES = {dotted: name for name, dotted in DIGESTS.items()}
_HASHES: dict[str, type[hashes.SHA256 | hashes.SHA384 | hashes.SHA512]] = {
    "sha256": hashes.SHA256,
    "sha384": hashes.SHA384,
    "sha512": hashes.SHA512,
}
_RSA_PLAIN = "1.2.840.113549.1.1.1"
_RSA_PSS = "1.2.840.113549.1.1.10"
RSA_KINDS = {"1.2.840.113549.1.1.11": "sha256", "1.2.840.113549.1.1.12": "sha384", "1.2.840.113549.1.1.13": "sha512"}
ECDSA_KINDS = {"1.2.840.10045.4.3.2": "sha256", "1.2.840.10045.4.3.3": "sha384", "1.2.840.10045.4.3.4": "sha512"}


_SIGNED_DATA_TYPE = der.oid(SIGNED_DATA)
_SHORT_ATTRIBUTE = 256


class BadSignature(ValueError):
    """The SignedData does not say what it must, or its signature does not hold. The message names the condition."""


def algorithm(dotted: str, *, with_null: bool = False) -> bytes:
    """An AlgorithmIdentifier; RSA's carry NULL parameters, those of digests and ECDSA none (RFC 5754)."""
    return der.sequence(der.oid(dotted), der.null() if with_null else b"")


def attribute(dotted: str, value: bytes) -> bytes:
    return der.sequence(der.oid(dotted), der.tlv(der.SET, value))


def issuer_and_serial(certificate: bytes) -> tuple[bytes, bytes]:
    """The encodings of issuer and serial number as they stand in the certificate, never re-encoded."""
    found = chains.named(certificate)
    return found.issuer, found.serial


# ---------------------------------------------------------------------------------------------------- reading


@dataclass(frozen=True)
class SignerInfo:
    issuer_and_serial: tuple[bytes, bytes] | None
    key_identifier: bytes | None
    digest: str
    signature_algorithm: der.Element
    attributes_raw: bytes
    attributes: dict[str, list[der.Element]]
    unsigned: dict[str, list[der.Element]]
    signature: bytes

    def single(self, dotted: str) -> der.Element:
        """The one value of a signed attribute that must be there exactly once (RFC 5652, 11)."""
        values = self.attributes.get(dotted, [])
        if len(values) != 1:
            raise BadSignature(f"attribute {dotted} occurs {len(values)} times")
        return values[0]


@dataclass(frozen=True)
class SignedData:
    content_type: str
    content: bytes | None
    certificates: tuple[bytes, ...]
    signer: SignerInfo

    def signer_certificate(self) -> bytes:
        """The certificate the SignerInfo points to, or :class:`BadSignature`."""
        for candidate in self.certificates:
            if self._is_meant(candidate):
                return candidate
        raise BadSignature("the signer's certificate is not included")

    def _is_meant(self, candidate: bytes) -> bool:
        if self.signer.issuer_and_serial is not None:
            return issuer_and_serial(candidate) == self.signer.issuer_and_serial
        try:
            found = chains.extensions(candidate).get_extension_for_class(x509.SubjectKeyIdentifier)
        except (x509.ExtensionNotFound, ValueError):
            return False
        return found.value.digest == self.signer.key_identifier


def read_signed_data(data: bytes, *, padded: bool = False) -> SignedData:
    """Read a ContentInfo holding SignedData with exactly one signer. ``padded``: zeros may follow, as in /Contents.

    Raises :class:`BadSignature` or :class:`~tachiai.crypto.der.DerError`.
    """
    outer, rest = der.read_first(data)
    if rest and (not padded or rest.strip(b"\x00")):
        raise BadSignature("something follows the SignedData")
    try:
        kind, wrapped = outer.expect(der.SEQUENCE).children()
        if kind.raw != _SIGNED_DATA_TYPE:
            raise BadSignature("not SignedData")
        members = wrapped.expect(0xA0).only_child().expect(der.SEQUENCE).children()
        certificates = next((m for m in members if m.tag == 0xA0), None)
        infos = members[-1].expect(der.SET).children()
        if len(infos) != 1:
            raise BadSignature(f"{len(infos)} signers instead of one")
        inner = members[2].expect(der.SEQUENCE).children()
        content = inner[1].expect(0xA0).only_child().expect(der.OCTET_STRING).content if len(inner) > 1 else None
        return SignedData(
            content_type=der.read_oid(inner[0]),
            content=content,
            certificates=tuple(c.raw for c in certificates.children() if c.tag == der.SEQUENCE) if certificates else (),
            signer=_read_signer(infos[0]),
        )
    except (IndexError, ValueError) as torn:
        if isinstance(torn, BadSignature | der.DerError):
            raise
        raise BadSignature("the SignedData is incomplete") from torn


def _read_signer(info: der.Element) -> SignerInfo:
    parts = info.expect(der.SEQUENCE).children()
    issuer, serial, identifier = _read_identity(parts[1].raw)
    dotted = first_oid(parts[2].raw)
    if dotted not in DIGEST_NAMES:
        raise BadSignature(f"digest algorithm {dotted} is not accepted")
    signed = parts[3].expect(0xA0)
    unsigned = der.optional(parts, 6, 0xA1)
    return SignerInfo(
        issuer_and_serial=None if identifier is not None else (issuer, serial),
        key_identifier=identifier,
        digest=DIGEST_NAMES[dotted],
        signature_algorithm=parts[4],
        attributes_raw=b"\x31" + signed.raw[1:],
        attributes=_read_attributes(signed),
        unsigned=_read_attributes(unsigned) if unsigned else {},
        signature=parts[5].expect(der.OCTET_STRING).content,
    )


# What is the same in file after file is taken apart once: who signs, by which algorithms, with which constant attributes.


@lru_cache(maxsize=256)
def _read_identity(raw: bytes) -> tuple[bytes, bytes, bytes | None]:
    """Issuer and serial number, or the key identifier."""
    sid = der.read(raw)
    if sid.tag != der.SEQUENCE:
        return b"", b"", sid.expect(0x80).content
    named = sid.children()
    return named[0].raw, named[1].raw, None


@lru_cache(maxsize=256)
def first_oid(raw: bytes) -> str:
    """The identifier that an AlgorithmIdentifier, or any other SEQUENCE, begins with."""
    return der.read_oid(der.read(raw).children()[0])


def _read_attributes(holder: der.Element) -> dict[str, list[der.Element]]:
    found: dict[str, list[der.Element]] = {}
    for entry in holder.children():
        short = entry.end - entry.start <= _SHORT_ATTRIBUTE
        dotted, values = _read_attribute(entry.raw) if short else _taken_apart(entry)
        found.setdefault(dotted, []).extend(values)
    return found


@lru_cache(maxsize=512)
def _read_attribute(raw: bytes) -> tuple[str, tuple[der.Element, ...]]:
    return _taken_apart(der.read(raw))


def _taken_apart(entry: der.Element) -> tuple[str, tuple[der.Element, ...]]:
    kind, values = entry.expect(der.SEQUENCE).children()
    return der.read_oid(kind), tuple(values.expect(der.SET).children())


# --------------------------------------------------------------------------------------------------- checking


def check_signer(data: SignedData, *, content_digest: bytes) -> bytes:
    """That the one signer signed content of this digest; gives back the signer's certificate (DER).

    Checks content-type, message-digest, the signing-certificate attribute against the certificate, and the signature.
    Trust is not judged here. Raises :class:`BadSignature`.
    """
    signer = data.signer
    if der.read_oid(signer.single(CONTENT_TYPE)) != data.content_type:
        raise BadSignature("the content-type attribute names another type")
    if signer.single(MESSAGE_DIGEST).expect(der.OCTET_STRING).content != content_digest:
        raise BadSignature("the message-digest attribute is that of another content")
    certificate = data.signer_certificate()
    try:
        _check_signing_certificate(signer, certificate)
        _check_raw_signature(signer, certificate)
    except IndexError as torn:
        raise BadSignature("the signer's information is incomplete") from torn
    return certificate


def _check_signing_certificate(signer: SignerInfo, certificate: bytes) -> None:
    """ESSCertIDv2 (RFC 5035) or ESSCertID (RFC 2634): its first entry must be the very certificate that verifies."""
    if SIGNING_CERTIFICATE_V2 in signer.attributes:
        named = _names_by_v2(signer.single(SIGNING_CERTIFICATE_V2).raw, certificate)
    elif SIGNING_CERTIFICATE in signer.attributes:
        named = _names_by_v1(signer.single(SIGNING_CERTIFICATE).raw, certificate)
    else:
        raise BadSignature("no signing-certificate attribute")
    if not named:
        raise BadSignature("the signing-certificate attribute names another certificate")


@lru_cache(maxsize=256)
def _names_by_v2(attribute_value: bytes, certificate: bytes) -> bool:
    first = der.read(attribute_value).children()[0].children()[0].children()
    named = first[0].tag == der.SEQUENCE
    name = DIGEST_NAMES.get(der.read_oid(first[0].children()[0])) if named else "sha256"
    if name is None:
        raise BadSignature("the signing certificate is named by an unknown digest")
    return first[1 if named else 0].expect(der.OCTET_STRING).content == hashlib.new(name, certificate).digest()


@lru_cache(maxsize=256)
def _names_by_v1(attribute_value: bytes, certificate: bytes) -> bool:
    first = der.read(attribute_value).children()[0].children()[0].children()
    # SHA-1 is what RFC 2634 defines for this attribute; it only repeats which certificate is meant.
    return first[0].expect(der.OCTET_STRING).content == hashlib.sha1(certificate, usedforsecurity=False).digest()


def _check_raw_signature(signer: SignerInfo, certificate: bytes) -> None:
    signature_check(certificate, signer)(signer.signature, signer.attributes_raw)


def signature_check(certificate: bytes, signer: SignerInfo) -> Callable[[bytes, bytes], None]:
    """What verifies a signature over a message with this certificate's key as ``signer`` says; it raises :class:`BadSignature`."""
    check = _verifier(certificate, signer.signature_algorithm.raw, signer.digest)

    def demand(signature: bytes, message: bytes) -> None:
        try:
            check(signature, message)
        except (InvalidSignature, UnsupportedAlgorithm) as wrong:
            raise BadSignature("the signature does not hold") from wrong

    return demand


@lru_cache(maxsize=256)
def _verifier(certificate: bytes, algorithm_identifier: bytes, digest: str) -> Callable[[bytes, bytes], None]:
    """What checks signatures of this certificate by this algorithm; chosen once, because few keys make many signatures."""
    try:
        key = chains.certificate(certificate).public_key()
    except (ValueError, UnsupportedAlgorithm) as unknown:
        raise BadSignature("the certificate's key cannot be used") from unknown
    dotted = first_oid(algorithm_identifier)
    if (RSA_KINDS | ECDSA_KINDS).get(dotted, digest) != digest:
        raise BadSignature("digest and signature algorithm disagree")
    chosen = _HASHES[digest]()
    if isinstance(key, rsa.RSAPublicKey) and (dotted in RSA_KINDS or dotted == _RSA_PLAIN):
        plain = padding.PKCS1v15()
        return lambda signature, message: key.verify(signature, message, plain, chosen)
    if isinstance(key, rsa.RSAPublicKey) and dotted == _RSA_PSS:
        scheme = padding.PSS(mgf=padding.MGF1(chosen), salt_length=padding.PSS.AUTO)
        return lambda signature, message: key.verify(signature, message, scheme, chosen)
    if isinstance(key, ec.EllipticCurvePublicKey) and dotted in ECDSA_KINDS:
        curve = ec.ECDSA(chosen)
        return lambda signature, message: key.verify(signature, message, curve)
    raise BadSignature(f"signature algorithm {dotted} does not fit the key")
