"""Timestamps that are not what they seem: taken from elsewhere, over something else, or by somebody who may not stamp."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from functools import cache

from cryptography.x509.oid import ExtendedKeyUsageOID

from crypto.foreign_tokens import Foreign, info
from pki import MOMENT, key
from tachiai.crypto.timestampers import EmbeddedTimestamper
from vectors.attacks import bytework, honest, service
from vectors.attacks.recasting import covered, recast, token_of, value_of, with_tokens
from vectors.attacks.samples import archived_too, attack

GROUP = "Timestamp replay"


@cache
def _other() -> bytes:
    """Another file signed at another time by the same people."""
    return service.sign(honest.upload(), field="Signature9", at=MOMENT - timedelta(hours=20), reason="Something else")


def _stamped(pdf: bytes, *tokens: bytes) -> bytes:
    return recast(pdf, lambda data: with_tokens(data, *tokens))


def _imprint(pdf: bytes) -> bytes:
    return hashlib.sha256(value_of(pdf)).digest()


def _by(name: str, number: int, **details: object) -> EmbeddedTimestamper:
    """An authority with a certificate of another kind than the purpose asks for."""
    return EmbeddedTimestamper(service.authority().credential(name, key("p256", number), **details))


def _token(source: EmbeddedTimestamper, digest: bytes, at: object = MOMENT) -> bytes:
    return source._token(digest, nonce=1, at=at, with_chain=True)  # type: ignore[arg-type]


@attack(GROUP, "service-bt", "house-sealed")
@archived_too(GROUP, "service-bt")
def token_of_another_signature(pdf: bytes) -> bytes:
    """The token of another file's signature, older than this one."""
    return _stamped(pdf, token_of(_other()))


@attack(GROUP, "service-two", "house-sealed")
def token_of_the_first_signature(pdf: bytes) -> bytes:
    """The first signature's token in the second."""
    return _stamped(pdf, token_of(pdf, 0))


@attack(GROUP, "service-bt", "house-sealed")
@archived_too(GROUP, "service-bt")
def token_over_something_else(pdf: bytes) -> bytes:
    """A token of the right authority over another digest."""
    return _stamped(pdf, _token(service.stamper(), hashlib.sha256(b"something else").digest(), MOMENT - timedelta(hours=10)))


@attack(GROUP, "service-bt")
@archived_too(GROUP, "service-bt")
def token_over_the_document(pdf: bytes) -> bytes:
    """A token over what the signature is over, instead of over the signature."""
    return _stamped(pdf, _token(service.stamper(), hashlib.sha256(covered(pdf)).digest()))


@attack(GROUP, "service-bt", "house-sealed")
@archived_too(GROUP, "service-bt")
def token_of_a_stranger(pdf: bytes) -> bytes:
    """A fitting token by an authority nobody knows, dated back."""
    return _stamped(pdf, _token(service.stamper(411, trusted=False), _imprint(pdf), MOMENT - timedelta(hours=10)))


@attack(GROUP, "service-bt", "house-sealed")
@archived_too(GROUP, "service-bt")
def token_of_a_mere_signer(pdf: bytes) -> bytes:
    """A fitting token by a certificate that may sign and not stamp: no extended key usage."""
    return _stamped(pdf, _token(_by("Fictional Signer", 430), _imprint(pdf)))


@attack(GROUP, "service-bt")
@archived_too(GROUP, "service-bt")
def token_of_a_mail_signer(pdf: bytes) -> bytes:
    """A fitting token by a certificate for mail."""
    return _stamped(pdf, _token(_by("Mail", 431, purpose=ExtendedKeyUsageOID.EMAIL_PROTECTION), _imprint(pdf)))


@attack(GROUP, "service-bt")
@archived_too(GROUP, "service-bt")
def token_of_a_server(pdf: bytes) -> bytes:
    """A fitting token by a certificate that is for stamping and for more, so that its purpose is not the only one."""
    more = (ExtendedKeyUsageOID.SERVER_AUTH,)
    return _stamped(pdf, _token(_by("Server", 432, purpose=ExtendedKeyUsageOID.TIME_STAMPING, more_purposes=more), _imprint(pdf)))


@attack(GROUP, "service-bt")
@archived_too(GROUP, "service-bt")
def token_of_an_uncritical_purpose(pdf: bytes) -> bytes:
    """A fitting token by a certificate whose purpose is not marked as critical."""
    return _stamped(pdf, _token(_by("Loose", 433, purpose=ExtendedKeyUsageOID.TIME_STAMPING, critical=False), _imprint(pdf)))


@attack(GROUP, "service-bt")
@archived_too(GROUP, "service-bt")
def token_after_its_certificate(pdf: bytes) -> bytes:
    """A token given after the authority's certificate had run out."""
    source = _by("Late", 434, purpose=ExtendedKeyUsageOID.TIME_STAMPING, until=MOMENT - timedelta(hours=1))
    return _stamped(pdf, _token(source, _imprint(pdf)))


@attack(GROUP, "service-bt")
@archived_too(GROUP, "service-bt")
def token_before_the_signer(pdf: bytes) -> bytes:
    """A token from before the signer's certificate was issued."""
    return _stamped(pdf, _token(service.stamper(), _imprint(pdf), MOMENT - timedelta(hours=40)))


@attack(GROUP, "service-bt", "house-sealed")
@archived_too(GROUP, "service-bt")
def token_with_another_time(pdf: bytes) -> bytes:
    """A fitting token whose time was changed after it had been signed."""
    return _stamped(pdf, token_of(pdf).replace(b"20250602", b"20240602", 1))


@attack(GROUP, "service-bt")
@archived_too(GROUP, "service-bt")
def token_by_sha1(pdf: bytes) -> bytes:
    """A token over the SHA-1 of the signature."""
    weak = hashlib.sha1(value_of(pdf), usedforsecurity=False).digest()
    credential = service.authority().credential("Old", key("p256", 435), purpose=ExtendedKeyUsageOID.TIME_STAMPING)
    named = bytes.fromhex("300906052b0e03021a0500")
    return _stamped(pdf, Foreign(credential, info(weak, nonce=1, at=MOMENT, algorithm=named)).token())


@attack(GROUP, "service-bt")
@archived_too(GROUP, "service-bt")
def token_that_is_a_signature(pdf: bytes) -> bytes:
    """A plain signature in the token's place."""
    return _stamped(pdf, bytework.contents(honest.service_bb()))


@attack(GROUP, "service-blta", "house-closed")
def document_timestamp_of_another_file(pdf: bytes) -> bytes:
    """The document timestamp of another file."""
    return bytework.refilled(pdf, bytework.contents(service.stamp(_other())))


@attack(GROUP, "service-blta", "house-closed")
def document_timestamp_of_a_stranger(pdf: bytes) -> bytes:
    """A fitting document timestamp by an authority nobody knows, dated back."""
    source = service.stamper(411, trusted=False)
    return bytework.refilled(pdf, _token(source, hashlib.sha256(covered(pdf)).digest(), MOMENT + timedelta(hours=2)))


@attack(GROUP, "service-blta", "house-closed")
def document_timestamp_of_a_mere_signer(pdf: bytes) -> bytes:
    """A fitting document timestamp by a certificate without the purpose of stamping."""
    return bytework.refilled(pdf, _token(_by("Fictional Signer", 430), hashlib.sha256(covered(pdf)).digest(), MOMENT + timedelta(hours=2)))


@attack(GROUP, "service-blta")
def signature_token_as_document_timestamp(pdf: bytes) -> bytes:
    """The signature's own token in the place of the document's."""
    return bytework.refilled(pdf, token_of(pdf, 0))
