"""Reading what a responder or an authority says about one certificate: always signed by who may say it, always in force.

OCSP answers are those of RFC 6960, lists those of RFC 5280, 5; what proves nothing raises :class:`UnusableAnswer`.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID

from tachiai.crypto import chains, der
from tachiai.errors import Refusal

SKEW = timedelta(minutes=5)
# After these the tokens that an authority gave before stay good; after any other, or none, all are lost (RFC 3161, 4).
_HARMLESS = ("unspecified", "affiliationChanged", "superseded", "cessationOfOperation")
# What the library raises for answers and lists that are not as they should be; it reads their parts only when they are asked for.
_TORN = (ValueError, TypeError, UnsupportedAlgorithm, x509.DuplicateExtension, x509.UnsupportedGeneralNameType, x509.InvalidVersion)


class UnusableAnswer(ValueError):
    """An OCSP answer or a revocation list that proves nothing here. The message says why."""


@dataclass(frozen=True)
class Revoked:
    """Since when, and for which of the reasons of RFC 5280, 5.3.1 (empty: none was given)."""

    since: datetime
    reason: str = ""


@dataclass(frozen=True)
class Answer:
    """One checked answer about one certificate. ``responders`` are the certificates it needs besides the issuer's.

    ``produced`` is the time of which it speaks, ``until`` the time by which the next is promised.
    """

    der: bytes
    produced: datetime
    until: datetime
    responders: tuple[bytes, ...] = ()
    is_list: bool = False
    revoked: Revoked | None = None

    def holds(self, at: datetime) -> bool:
        return self.produced <= at + SKEW and self.until >= at


def refuse_revoked(answer: Answer, *, certificate: bytes, proven: datetime | None) -> None:
    """Refuse ``key.revoked`` unless ``answer`` says that ``certificate`` is good, or was until after ``proven``.

    What was signed before a revocation, provably, stays signed (EN 319 102-1, 5.6.2.1). A timestamping authority can set its
    clock back once it is not its own master: after a revocation for such a reason nothing it has ever stamped proves anything.
    """
    if answer.revoked is None:
        return
    after_use = proven is not None and answer.revoked.since > proven
    if after_use and (answer.revoked.reason in _HARMLESS or not _may_stamp(certificate)):
        return
    subject = chains.name_text(chains.named(certificate).subject)
    raise Refusal("key.revoked", subject=subject, since=answer.revoked.since, reason=answer.revoked.reason)


def _may_stamp(certificate: bytes) -> bool:
    try:
        usage = chains.extensions(certificate).get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return False
    return ExtendedKeyUsageOID.TIME_STAMPING in usage


# ----------------------------------------------------------------------------------------------- checking OCSP


def check_ocsp(reply: bytes, *, certificate: bytes, issuer: bytes, at: datetime, proven: datetime | None = None) -> Answer:
    """An OCSP response that says "good" of ``certificate`` at ``at``, or that it was until after ``proven``.

    Raises :class:`UnusableAnswer`; refuses ``key.revoked``.
    """
    answer = read_ocsp(reply, certificate=certificate, issuer=issuer, at=at)
    refuse_revoked(answer, certificate=certificate, proven=proven)
    return answer


def read_ocsp(reply: bytes, *, certificate: bytes, issuer: bytes, at: datetime) -> Answer:
    """An OCSP response about ``certificate``, signed by its issuer or a delegate (RFC 6960, 4.2.2.2), in force at ``at``.

    It may say that the certificate is revoked. Raises :class:`UnusableAnswer`.
    """
    try:
        read = ocsp.load_der_ocsp_response(reply)
        if read.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
            raise UnusableAnswer(f"the responder says {read.response_status.name}")
        _check_same_certificate(read, certificate=certificate, issuer=issuer)
        responders = _check_responder(read, issuer=issuer, at=at)
        until = _check_window(read.this_update_utc, read.next_update_utc, at=at)
        # A stored answer may be produced later than it was looked up, never the other way round.
        produced = min(read.produced_at_utc, read.this_update_utc)
        if read.certificate_status is ocsp.OCSPCertStatus.GOOD:
            return Answer(reply, produced, until, responders)
        since = read.revocation_time_utc
        if read.certificate_status is not ocsp.OCSPCertStatus.REVOKED or since is None:
            raise UnusableAnswer("the responder does not know the certificate")
        reason = read.revocation_reason.value if read.revocation_reason else ""
    except _TORN as wrong:
        raise UnusableAnswer(str(wrong)) from wrong
    return Answer(reply, produced, until, responders, revoked=Revoked(since, reason))


def _check_same_certificate(read: ocsp.OCSPResponse, *, certificate: bytes, issuer: bytes) -> None:
    name_hash, key_hash = issuer_hashes(issuer, read.hash_algorithm.name)
    same = read.serial_number == chains.certificate(certificate).serial_number
    if not same or read.issuer_name_hash != name_hash or read.issuer_key_hash != key_hash:
        raise UnusableAnswer("the answer is about another certificate")


def issuer_hashes(issuer: bytes, algorithm: str) -> tuple[bytes, bytes]:
    """Hashes of the issuer's name and of its key's bits, as CertID has them (RFC 6960, 4.1.1)."""
    if algorithm not in ("sha1", "sha256", "sha384", "sha512"):
        raise UnusableAnswer(f"digest {algorithm} is not accepted")
    named = chains.named(issuer)
    # In a CertID the digest only names the issuer; RFC 5019 still prescribes SHA-1 there.
    hash_of = [hashlib.new(algorithm, held, usedforsecurity=False).digest() for held in (named.subject, named.key_bits)]
    return hash_of[0], hash_of[1]


def _check_responder(read: ocsp.OCSPResponse, *, issuer: bytes, at: datetime) -> tuple[bytes, ...]:
    """Who signed: the issuer itself, or a delegate it has certified for OCSP signing. Gives the delegate's certificate."""
    for candidate in (chains.certificate(issuer), *read.certificates):
        held = candidate.public_bytes(Encoding.DER)
        if not _signed_by(candidate, read.signature, read.tbs_response_bytes, read.signature_hash_algorithm):
            continue
        if held == issuer:
            return ()
        _check_delegate(held, issuer=issuer, at=at)
        return (held,)
    raise UnusableAnswer("the answer's signature belongs to nobody who may answer")


def _check_delegate(held: bytes, *, issuer: bytes, at: datetime) -> None:
    try:
        usage = chains.extensions(held).get_extension_for_class(x509.ExtendedKeyUsage).value
        chains.build_chain(held, pool=(), roots=(issuer,), at=at)
    except (x509.ExtensionNotFound, chains.BrokenChain) as wrong:
        raise UnusableAnswer("the responder is not certified by the issuer") from wrong
    if ExtendedKeyUsageOID.OCSP_SIGNING not in usage:
        raise UnusableAnswer("the responder's certificate is not for OCSP signing")


def _signed_by(signer: x509.Certificate, signature: bytes, message: bytes, chosen: hashes.HashAlgorithm | None) -> bool:
    key = signer.public_key()
    if chosen is None or isinstance(chosen, hashes.SHA1 | hashes.MD5):
        return False
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, message, padding.PKCS1v15(), chosen)
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, message, ec.ECDSA(chosen))
        else:
            return False
    except InvalidSignature:
        return False
    return True


def _check_window(start: datetime, end: datetime | None, *, at: datetime) -> datetime:
    if start > at + SKEW:
        raise UnusableAnswer("the answer is from the future")
    if end is None or end < at:
        raise UnusableAnswer("the answer has run out")
    return end


# ----------------------------------------------------------------------------------------------- checking CRLs


def check_crl(held: bytes, *, certificate: bytes, issuer: bytes, at: datetime, proven: datetime | None = None) -> Answer:
    """A revocation list valid at ``at``, on which ``certificate`` is not, or with a date after ``proven``.

    Raises :class:`UnusableAnswer`; refuses ``key.revoked``.
    """
    answer = read_crl(held, certificate=certificate, issuer=issuer, at=at)
    refuse_revoked(answer, certificate=certificate, proven=proven)
    return answer


def read_crl(held: bytes, *, certificate: bytes, issuer: bytes, at: datetime) -> Answer:
    """A revocation list of the issuer, in force at ``at``, and what it says of ``certificate``.

    Raises :class:`UnusableAnswer`. Indirect and delta lists are not accepted, nor one of several that is another's.
    """
    try:
        found = x509.load_der_x509_crl(held)
        if not _is_issuers(found, held, issuer=issuer) or not _covers(found, certificate):
            raise UnusableAnswer("the list is not the issuer's, or is of a special kind")  # noqa: TRY301  # what it is read with raises beside it
        until = _check_window(found.last_update_utc, found.next_update_utc, at=at)
        entry = found.get_revoked_certificate_by_serial_number(chains.certificate(certificate).serial_number)
        answer = Answer(held, found.last_update_utc, until, is_list=True)
        return answer if entry is None else replace(answer, revoked=Revoked(entry.revocation_date_utc, _reason(entry)))
    except UnusableAnswer:
        raise
    except (IndexError, *_TORN) as wrong:
        raise UnusableAnswer("the list cannot be read") from wrong


def _is_issuers(found: x509.CertificateRevocationList, held: bytes, *, issuer: bytes) -> bool:
    members = der.read(held).children()[0].children()
    issued_by = members[2 if members[0].tag == der.INTEGER else 1].raw
    weak = isinstance(found.signature_hash_algorithm, hashes.SHA1 | hashes.MD5)
    signer = chains.certificate(issuer)
    if issued_by != chains.named(issuer).subject or weak or not _may_sign_lists(signer):
        return False
    return found.is_signature_valid(signer.public_key())  # type: ignore[arg-type]  # a key of another kind raises TypeError


def _covers(found: x509.CertificateRevocationList, certificate: bytes) -> bool:
    """Whether the list, if it is one of several, is the one that ``certificate`` would stand on (RFC 5280, 5.2.5 and 6.3.3 b)."""
    critical = [extension.value for extension in found.extensions if extension.critical]
    parts = [value for value in critical if isinstance(value, x509.IssuingDistributionPoint)]
    if len(parts) < len(critical):
        return False
    asked = chains.extensions(certificate)
    for part in parts:
        if part.indirect_crl or part.only_some_reasons or part.only_contains_attribute_certs or part.relative_name:
            return False
        if (part.only_contains_user_certs and _is_authority(asked)) or (part.only_contains_ca_certs and not _is_authority(asked)):
            return False
        if part.full_name and not set(part.full_name) & _points(asked):
            return False
    return True


def _is_authority(extensions: x509.Extensions) -> bool:
    try:
        return extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def _points(extensions: x509.Extensions) -> set[x509.GeneralName]:
    try:
        points = extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    except x509.ExtensionNotFound:
        return set()
    return {name for point in points for name in point.full_name or ()}


def _may_sign_lists(issuer: x509.Certificate) -> bool:
    """A key usage, where there is one, has to allow it (RFC 5280, 6.3.3 f)."""
    try:
        return issuer.extensions.get_extension_for_class(x509.KeyUsage).value.crl_sign
    except x509.ExtensionNotFound:
        return True


def _reason(entry: x509.RevokedCertificate) -> str:
    try:
        return str(entry.extensions.get_extension_for_class(x509.CRLReason).value.reason.value)
    except x509.ExtensionNotFound:
        return ""
