"""Asking a certification authority for a certificate (PKCS #10, RFC 2986), and judging what it sends back."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from tachiai.crypto import chains, der
from tachiai.crypto.keys import SigningKey, arrange
from tachiai.errors import Refusal

_UTF8, _PRINTABLE = 0x0C, 0x13
# Attribute, its object identifier, and the most characters it may have (X.520, RFC 5280 appendix A; EN 319 412-1 for the last).
_PARTS = (
    ("country", "2.5.4.6", 2),
    ("state", "2.5.4.8", 128),
    ("locality", "2.5.4.7", 128),
    ("organization", "2.5.4.10", 64),
    ("organization_identifier", "2.5.4.97", 64),
    ("unit", "2.5.4.11", 64),
    ("common", "2.5.4.3", 64),
    ("serial", "2.5.4.5", 64),
)
_ADOBE_AUTHENTIC_DOCUMENTS = "1.2.840.113583.1.1.5"
_DOCUMENT_SIGNING = ("1.3.6.1.5.5.7.3.36", "1.3.6.1.4.1.311.10.3.12")
_PURPOSES = {
    ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE.dotted_string,
    ExtendedKeyUsageOID.EMAIL_PROTECTION.dotted_string,
    ExtendedKeyUsageOID.CLIENT_AUTH.dotted_string,
    _ADOBE_AUTHENTIC_DOCUMENTS,
    *_DOCUMENT_SIGNING,
}


@dataclass(frozen=True)
class Subject:
    """Whom a certificate is to name; empty parts are left out. Japanese is written as it is, in UTF-8."""

    common: str
    organization: str = ""
    organization_identifier: str = ""
    unit: str = ""
    locality: str = ""
    state: str = ""
    country: str = "JP"
    serial: str = ""


@dataclass(frozen=True)
class Chain:
    """A certificate that may be installed, in order. All are DER."""

    certificate: bytes
    intermediates: tuple[bytes, ...]
    root: bytes

    @property
    def certificates(self) -> tuple[bytes, ...]:
        return (self.certificate, *self.intermediates, self.root)


def certificate_request(subject: Subject, *, public: bytes, key: SigningKey) -> bytes:
    """A CertificationRequest (DER) for the key ``public`` (SubjectPublicKeyInfo), signed by it.

    Refuses ``key.subject_missing`` without a common name and ``key.subject_unusable`` (which part) for a part that is too long, or a
    country or serial number that X.520 does not allow.
    """
    info = der.sequence(der.integer(0), _name(subject), public, der.tlv(0xA0, b""))
    return der.sequence(info, key.algorithm_identifier, der.bit_string(key.sign(info)))


def _name(subject: Subject) -> bytes:
    if not subject.common.strip():
        raise Refusal("key.subject_missing")
    parts = []
    for attribute, dotted, longest in _PARTS:
        text = getattr(subject, attribute).strip()
        if text:
            parts.append(der.tlv(der.SET, der.sequence(der.oid(dotted), _spelled(attribute, text, longest))))
    return der.sequence(*parts)


def _spelled(attribute: str, text: str, longest: int) -> bytes:
    """UTF8String, but PrintableString where RFC 5280 demands it."""
    printable = attribute in ("country", "serial")
    torn = (attribute == "country" and not re.fullmatch(r"[A-Z]{2}", text)) or (
        attribute == "serial" and not re.fullmatch(r"[A-Za-z0-9 '()+,\-./:=?]+", text)
    )
    if torn or len(text) > longest or not text.isprintable():
        raise Refusal("key.subject_unusable", part=attribute, longest=longest)
    return der.tlv(_PRINTABLE if printable else _UTF8, text.encode())


def accept_chain(certificates: Sequence[bytes], *, public: bytes, label: str, at: datetime) -> Chain:
    """What a certification authority sent back for the key ``public``, once it may be used for sealing.

    Refuses ``key.certificate_missing``, ``key.mismatch`` (none is for this key), ``key.chain_incomplete`` (no way to a self-issued
    root), ``key.expired``, ``key.not_yet_valid`` and ``key.wrong_usage``.
    """
    leaf, intermediates, root = arrange(public, certificates, label=label)
    check_dates(leaf, label=label, at=at)
    check_usage(leaf, label=label)
    return Chain(leaf, intermediates, root)


def check_dates(certificate: bytes, *, label: str, at: datetime) -> None:
    """Refuses ``key.expired`` and ``key.not_yet_valid``."""
    found = chains.certificate(certificate)
    if at > found.not_valid_after_utc:
        raise Refusal("key.expired", label=label, until=found.not_valid_after_utc)
    if at < found.not_valid_before_utc:
        raise Refusal("key.not_yet_valid", label=label, since=found.not_valid_before_utc)


def check_usage(certificate: bytes, *, label: str) -> None:
    """Whether a certificate may sign documents (RFC 5280, 4.2.1.3 and 4.2.1.12). Refuses ``key.wrong_usage`` (detail)."""
    try:
        found = {extension.oid: extension.value for extension in chains.extensions(certificate)}
    except ValueError as torn:
        raise Refusal("key.wrong_usage", label=label, detail="its extensions cannot be read") from torn
    basic, usage, purpose = (found.get(kind.oid) for kind in (x509.BasicConstraints, x509.KeyUsage, x509.ExtendedKeyUsage))
    detail = ""
    if isinstance(basic, x509.BasicConstraints) and basic.ca:
        detail = "it is a certification authority's"
    elif isinstance(usage, x509.KeyUsage) and not (usage.digital_signature or usage.content_commitment):
        detail = "its key usage has neither digitalSignature nor contentCommitment"
    elif isinstance(purpose, x509.ExtendedKeyUsage) and not _PURPOSES & {one.dotted_string for one in purpose}:
        detail = "its extended key usage is for something else than documents"
    if detail:
        raise Refusal("key.wrong_usage", label=label, detail=detail)
