"""Timestamp requests (RFC 3161, 2.4.1): written for an authority, and read as one."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from functools import lru_cache

from tachiai.crypto import cms, der

DIGEST_OF_SIZE = {32: "sha256", 48: "sha384", 64: "sha512"}
# The bits of PKIFailureInfo that RFC 3161, 2.4.2 names.
FAILURES = {
    0: "badAlg",
    2: "badRequest",
    5: "badDataFormat",
    14: "timeNotAvailable",
    15: "unacceptedPolicy",
    16: "unacceptedExtension",
    17: "addInfoNotAvailable",
    25: "systemFailure",
}
# The optional members by tag, in their order: policy, nonce, certReq, extensions.
_ASKED = (der.OID, der.INTEGER, der.BOOLEAN, 0xA0)
_CERTIFICATE_WANTED = der.boolean(True)


def digest_name(digest: bytes) -> str:
    """Which digest a value of this size is. Anything else is a programming error."""
    return DIGEST_OF_SIZE[len(digest)]


def fresh_nonce() -> int:
    """62 random bits in exactly eight octets, so that tokens of one authority differ in size as little as possible."""
    return secrets.randbits(62) | 1 << 62


def request(digest: bytes, *, nonce: int, policy: str | None = None) -> bytes:
    """A TimeStampReq version 1 that asks for the certificate too (RFC 3161, 2.4.1)."""
    number = der.integer(nonce)
    before, after = _around_imprint(digest_name(digest), policy, len(number))
    return before + digest + after + number + _CERTIFICATE_WANTED


@lru_cache(maxsize=64)
def _around_imprint(name: str, policy: str | None, nonce_size: int) -> tuple[bytes, bytes]:
    """A request before its imprint, and between imprint and nonce: the same for every document."""
    blank, number = bytes(hashlib.new(name).digest_size), bytes(nonce_size)
    imprint = der.sequence(cms.algorithm(cms.DIGESTS[name], with_null=True), der.octet_string(blank))
    wanted = der.oid(policy) if policy else b""
    whole = der.sequence(der.integer(1), imprint, wanted, number, _CERTIFICATE_WANTED)
    start = whole.index(imprint) + len(imprint) - len(blank)
    return whole[:start], whole[start + len(blank) : len(whole) - nonce_size - len(_CERTIFICATE_WANTED)]


@dataclass(frozen=True)
class Request:
    """What somebody asks an authority for. ``digest`` is SHA-256, -384 or -512 by its size."""

    digest: bytes
    policy: str | None
    nonce: int | None
    certificate_wanted: bool


class BadRequest(ValueError):
    """A request that cannot be granted; ``failure`` is its reason's name among :data:`FAILURES`."""

    def __init__(self, failure: str) -> None:
        super().__init__(failure)
        self.failure = failure


def read_request(held: bytes) -> Request:
    """A TimeStampReq (RFC 3161, 2.4.1), its members in their order and nothing else. Raises :class:`BadRequest`.

    No extension is understood, so any is refused, critical or not, as that clause demands.
    """
    try:
        members = der.read(held).expect(der.SEQUENCE).children()
        if len(members) < 2 or der.read_integer(members[0]) != 1:
            raise BadRequest("badDataFormat")
        digest = _asked_imprint(members[1])
        found = der.in_order(members[2:], _ASKED)
        if 0xA0 in found:
            raise BadRequest("unacceptedExtension")
        policy, nonce, wanted = found.get(der.OID), found.get(der.INTEGER), found.get(der.BOOLEAN)
        return Request(
            digest=digest,
            policy=None if policy is None else der.read_oid(policy),
            nonce=None if nonce is None else der.read_integer(nonce),
            certificate_wanted=wanted is not None and wanted.content != b"\x00",
        )
    except der.DerError as torn:
        raise BadRequest("badDataFormat") from torn


def _asked_imprint(element: der.Element) -> bytes:
    """The digest to stamp, if its algorithm is known and its size that of the algorithm."""
    parts = element.expect(der.SEQUENCE).children()
    named = parts[0].expect(der.SEQUENCE).children() if len(parts) == 2 else []
    if not named:
        raise BadRequest("badDataFormat")
    digest = parts[1].expect(der.OCTET_STRING).content
    name = cms.DIGEST_NAMES.get(der.read_oid(named[0]))
    if name is None:
        raise BadRequest("badAlg")
    if DIGEST_OF_SIZE.get(len(digest)) != name:
        raise BadRequest("badDataFormat")
    return digest
