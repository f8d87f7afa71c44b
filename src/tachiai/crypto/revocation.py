"""Proof that certificates were not revoked: OCSP answers (RFC 6960) and revocation lists (RFC 5280), always checked.

``gather`` is asked at closing, for the chains of every signature and timestamp of a document at once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Protocol

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID

from tachiai.crypto import chains, cms, der
from tachiai.crypto.keys import Credential
from tachiai.errors import Refusal

SKEW = timedelta(minutes=5)
_OCSP_BASIC = "1.3.6.1.5.5.7.48.1.1"

Chain = Sequence[bytes]


@dataclass(frozen=True)
class Revocation:
    """What a DSS needs, all DER. ``fresh``: every answer was produced after the moment that was asked for."""

    ocsps: tuple[bytes, ...]
    crls: tuple[bytes, ...]
    certs: tuple[bytes, ...]
    fresh: bool


class RevocationSource(Protocol):
    def gather(self, chains: Sequence[Chain], *, after: datetime, at: datetime) -> Revocation:
        """Answers for every certificate of ``chains`` (each leaf … root) but the roots, valid at ``at``.

        Refuses ``key.revoked``; raises ``Outage("revocation.unreachable")`` when no acceptable answer is to be had.
        """


class UnusableAnswer(ValueError):
    """An OCSP answer or a revocation list that proves nothing here. The message says why."""


@dataclass(frozen=True)
class Answer:
    """One checked answer about one certificate. ``responders`` are the certificates it needs besides the issuer's."""

    der: bytes
    produced: datetime
    responders: tuple[bytes, ...] = ()


def questions(asked: Sequence[Chain]) -> list[tuple[bytes, bytes]]:
    """Each (certificate, issuer) of the chains once, roots left out."""
    return list(dict.fromkeys(pair for chain in asked for pair in pairwise(chain)))


def collected(asked: Sequence[Chain], answers: Sequence[Answer], *, after: datetime, lists: Sequence[Answer] = ()) -> Revocation:
    """Everything together, each thing once. Answers count in whole seconds, so ``after`` does too."""
    every = (*answers, *lists)
    certs = [*(cert for chain in asked for cert in chain), *(cert for answer in every for cert in answer.responders)]
    return Revocation(
        ocsps=tuple(dict.fromkeys(answer.der for answer in answers)),
        crls=tuple(dict.fromkeys(answer.der for answer in lists)),
        certs=tuple(dict.fromkeys(certs)),
        fresh=all(answer.produced >= after.replace(microsecond=0) for answer in every),
    )


# ----------------------------------------------------------------------------------------------- checking OCSP


def check_ocsp(reply: bytes, *, certificate: bytes, issuer: bytes, at: datetime) -> Answer:
    """An OCSP response that says "good" of ``certificate`` at ``at``, signed by its issuer or a delegate (RFC 6960, 4.2.2.2).

    Raises :class:`UnusableAnswer`; refuses ``key.revoked``.
    """
    try:
        read = ocsp.load_der_ocsp_response(reply)
        if read.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
            raise UnusableAnswer(f"the responder says {read.response_status.name}")
        _check_same_certificate(read, certificate=certificate, issuer=issuer)
        responders = _check_responder(read, issuer=issuer, at=at)
    except (ValueError, UnsupportedAlgorithm) as wrong:
        raise UnusableAnswer(str(wrong)) from wrong
    _check_window(read.this_update_utc, read.next_update_utc, at=at)
    if read.certificate_status is ocsp.OCSPCertStatus.REVOKED:
        raise _revoked(certificate, read.revocation_time_utc)
    if read.certificate_status is not ocsp.OCSPCertStatus.GOOD:
        raise UnusableAnswer("the responder does not know the certificate")
    # A cached answer may be produced later than it was looked up, never the other way round.
    return Answer(der=reply, produced=min(read.produced_at_utc, read.this_update_utc), responders=responders)


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
        _check_delegate(candidate, held, issuer=issuer, at=at)
        return (held,)
    raise UnusableAnswer("the answer's signature belongs to nobody who may answer")


def _check_delegate(candidate: x509.Certificate, held: bytes, *, issuer: bytes, at: datetime) -> None:
    try:
        usage = candidate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
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


def _check_window(start: datetime, end: datetime | None, *, at: datetime) -> None:
    if start > at + SKEW:
        raise UnusableAnswer("the answer is from the future")
    if end is None or end < at:
        raise UnusableAnswer("the answer has run out")


def _revoked(certificate: bytes, since: datetime | None) -> Refusal:
    return Refusal("key.revoked", subject=chains.name_text(chains.named(certificate).subject), since=since)


# ----------------------------------------------------------------------------------------------- checking CRLs


def check_crl(held: bytes, *, certificate: bytes, issuer: bytes, at: datetime) -> Answer:
    """A revocation list of the issuer, valid at ``at``, on which ``certificate`` is not.

    Raises :class:`UnusableAnswer`; refuses ``key.revoked``. Indirect and delta lists are not accepted.
    """
    try:
        found = x509.load_der_x509_crl(held)
        critical = [e.oid.dotted_string for e in found.extensions if e.critical]
        members = der.read(held).children()[0].children()
        issued_by = members[2 if members[0].tag == der.INTEGER else 1].raw
        signed = found.is_signature_valid(chains.certificate(issuer).public_key())  # type: ignore[arg-type]  # a key of another kind raises TypeError below
    except (ValueError, TypeError, UnsupportedAlgorithm) as wrong:
        raise UnusableAnswer("the list cannot be read") from wrong
    if issued_by != chains.named(issuer).subject or not signed or critical:
        raise UnusableAnswer("the list is not the issuer's, or is of a special kind")
    _check_window(found.last_update_utc, found.next_update_utc, at=at)
    entry = found.get_revoked_certificate_by_serial_number(chains.certificate(certificate).serial_number)
    if entry is not None:
        raise _revoked(certificate, entry.revocation_date_utc)
    return Answer(der=held, produced=found.last_update_utc)


# ------------------------------------------------------------------------------------- one source for each root


class RevocationByRoot:
    """Asks for each chain the source that answers for its root: seal and timestamps may come from different authorities."""

    def __init__(self, *sources: tuple[Sequence[bytes], RevocationSource]) -> None:
        self._sources = tuple((frozenset(roots), source) for roots, source in sources)

    def gather(self, chains: Sequence[Chain], *, after: datetime, at: datetime) -> Revocation:
        groups: dict[int, list[Chain]] = {}
        for chain in chains:
            groups.setdefault(self._place(chain[-1]), []).append(chain)
        found = [self._sources[place][1].gather(group, after=after, at=at) for place, group in groups.items()]
        return Revocation(
            ocsps=tuple(dict.fromkeys(held for part in found for held in part.ocsps)),
            crls=tuple(dict.fromkeys(held for part in found for held in part.crls)),
            certs=tuple(dict.fromkeys(held for part in found for held in part.certs)),
            fresh=all(part.fresh for part in found),
        )

    def _place(self, root: bytes) -> int:
        for place, (roots, _source) in enumerate(self._sources):
            if root in roots:
                return place
        raise Refusal("key.chain_incomplete", detail="nobody answers for this root")


# -------------------------------------------------------------------------------------- the embedded authority


class EmbeddedRevocation:
    """OCSP answers about what ``issuer`` (DER) has issued, signed by its ``responder`` at the moment they are asked for.

    ``revoked`` maps serial numbers to the time since when.
    """

    VALIDITY = timedelta(days=7)

    def __init__(self, issuer: bytes, *, responder: Credential, revoked: Mapping[int, datetime] | None = None) -> None:
        self._issuer, self._responder, self._revoked = issuer, responder, dict(revoked or {})

    def gather(self, chains: Sequence[Chain], *, after: datetime, at: datetime) -> Revocation:
        answers = [self._checked(certificate, issuer, at=at) for certificate, issuer in questions(chains)]
        return collected(chains, answers, after=after)

    def _checked(self, certificate: bytes, issuer: bytes, *, at: datetime) -> Answer:
        if issuer != self._issuer:
            raise Refusal("key.chain_incomplete", detail="a certificate of another authority")
        return check_ocsp(self.answer(certificate, at=at), certificate=certificate, issuer=issuer, at=at)

    def answer(self, certificate: bytes, *, at: datetime) -> bytes:
        """An OCSPResponse about a certificate, produced at ``at``. Whether the issuer knows it is not looked up.

        Built here because the builder at hand would read the clock for ``producedAt``.
        """
        name_hash, key_hash = issuer_hashes(self._issuer, "sha256")
        serial = chains.certificate(certificate).serial_number
        since = self._revoked.get(serial)
        status = der.tlv(0x80, b"") if since is None else der.tlv(0xA1, der.generalized_time(since))
        named_by = cms.algorithm(cms.DIGESTS["sha256"], with_null=True)
        about = der.sequence(named_by, der.octet_string(name_hash), der.octet_string(key_hash), der.integer(serial))
        own = self._responder
        # An answer must not outlive whom it is about nor who gives it: a deep verifier judges the chain at the answer's end.
        end = min(at + self.VALIDITY, own.not_after, chains.certificate(certificate).not_valid_after_utc)
        single = der.sequence(about, status, der.generalized_time(at), der.explicit(0, der.generalized_time(end)))
        responder = der.explicit(1, chains.named(own.certificate).subject)
        data = der.sequence(responder, der.generalized_time(at), der.sequence(single))
        signed = der.sequence(data, own.key.algorithm_identifier, der.bit_string(own.key.sign(data)), der.explicit(0, der.sequence(own.certificate)))
        wrapped = der.sequence(der.oid(_OCSP_BASIC), der.octet_string(signed))
        return der.sequence(der.tlv(der.ENUMERATED, b"\x00"), der.explicit(0, wrapped))
