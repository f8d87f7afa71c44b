"""Writing a CMS SignedData (RFC 5652) with one signer, for PAdES and for timestamp tokens.

The only variable parts are the digest, the signature and the token; everything else is encoded once for each credential. No
signing-time attribute is ever written: in PAdES the claimed time stands in /M (EN 319 142-1, 6.3, note d).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from tachiai.crypto import der
from tachiai.crypto.cms import (
    CONTENT_TYPE,
    DATA,
    DIGESTS,
    MESSAGE_DIGEST,
    SIGNATURE_TIME_STAMP,
    SIGNED_DATA,
    SIGNING_CERTIFICATE_V2,
    algorithm,
    attribute,
    issuer_and_serial,
)
from tachiai.crypto.keys import Credential

_SIGNED_DATA_TYPE = der.oid(SIGNED_DATA)
_TIME_STAMP_TYPE = der.oid(SIGNATURE_TIME_STAMP)
_type = lru_cache(maxsize=8)(der.oid)


def signed_attributes(credential: Credential, *, content_type: str, digest: bytes) -> bytes:
    """The SET that is signed: content-type, message-digest, signing-certificate-v2 (RFC 5035, digest SHA-256 by default)."""
    before, after = _around_digest(credential.certificate, content_type, len(digest))
    return before + digest + after


@lru_cache(maxsize=128)
def _around_digest(certificate: bytes, content_type: str, size: int) -> tuple[bytes, bytes]:
    """The signed attributes before and after the digest, the only part of them that varies from document to document."""
    # DER orders the members of a SET OF by their bytes; the object identifiers decide before any digest is reached.
    cert_id = der.sequence(der.octet_string(hashlib.sha256(certificate).digest()))
    blank = attribute(MESSAGE_DIGEST, der.octet_string(bytes(size)))
    signing_certificate = attribute(SIGNING_CERTIFICATE_V2, der.sequence(der.sequence(cert_id)))
    whole = der.set_of((attribute(CONTENT_TYPE, der.oid(content_type)), blank, signing_certificate))
    start = whole.index(blank) + len(blank) - size
    return whole[:start], whole[start + size :]


class _Frame(NamedTuple):
    """Everything in a SignedData that does not vary: encoded once for each key."""

    before: bytes
    certificates: bytes
    signer: bytes
    kind: bytes


@lru_cache(maxsize=128)
def _frame(certificate: bytes, identifier: bytes, digest: str, content_type: str, shown: tuple[bytes, ...]) -> _Frame:
    issuer, serial = issuer_and_serial(certificate)
    digest_algorithm = algorithm(DIGESTS[digest])
    version = der.integer(1 if content_type == DATA else 3)
    return _Frame(
        before=version + der.tlv(der.SET, digest_algorithm),
        certificates=der.tlv(0xA0, b"".join(sorted(shown))) if shown else b"",
        signer=der.integer(1) + der.sequence(issuer, serial) + digest_algorithm,
        kind=identifier,
    )


def signed_data(
    credential: Credential,
    *,
    attributes: bytes,
    signature: bytes,
    content_type: str = DATA,
    content: bytes | None = None,
    token: bytes | None = None,
    certificates: Sequence[bytes] | None = None,
) -> bytes:
    """The ContentInfo around one SignerInfo. ``content`` None means detached; ``token`` becomes the signature timestamp.

    ``attributes`` is what :func:`signed_attributes` gave and ``signature`` is over exactly these bytes.
    ``certificates`` are those shown; the credential's own chain when None, none at all when empty (RFC 3161, certReq).
    """
    shown = credential.shown_chain if certificates is None else tuple(certificates)
    key = credential.key
    frame = _frame(credential.certificate, key.algorithm_identifier, key.digest, content_type, shown)
    return _assembled(frame, attributes, signature, content_type, content, token)


def _assembled(frame: _Frame, attributes: bytes, signature: bytes, content_type: str, content: bytes | None, token: bytes | None) -> bytes:
    between = b"" if content is None else content
    sizes = (len(attributes), len(signature), None if content is None else len(content), None if token is None else len(token))
    before, after_content, before_signature, before_token = _around_parts(frame, content_type, sizes)
    # The attributes are the same bytes under another tag: IMPLICIT [0].
    parts = (before, between, after_content, attributes[1:], before_signature, signature, before_token, token or b"")
    return b"".join(parts)


@lru_cache(maxsize=256)
def _around_parts(frame: _Frame, content_type: str, sizes: tuple[int, int, int | None, int | None]) -> tuple[bytes, bytes, bytes, bytes]:
    """What stands before the content, before the attributes' length, before the signature and before the token, for parts of ``sizes``.

    All lengths of a SignedData follow from those of its parts, which nearly always are the same from one document to the next.
    """
    attributes, signature, content, token = sizes
    unsigned = b"" if token is None else der.tlv(0xA1, der.sequence(_TIME_STAMP_TYPE, der.tlv(der.SET, bytes(token))))
    signed, octets = bytes(attributes - 1), der.octet_string(bytes(signature))
    signer = der.sequence(frame.signer, b"\xa0", signed, frame.kind, octets, unsigned)
    encapsulated = _type(content_type) + (b"" if content is None else der.explicit(0, der.octet_string(bytes(content))))
    signers = der.tlv(der.SET, signer)
    behind = frame.certificates + signers
    body = der.sequence(frame.before, der.sequence(encapsulated), behind)
    whole = der.sequence(_SIGNED_DATA_TYPE, der.explicit(0, body))
    # Measured from the end, because everything varying stands in this order with nothing but fixed bytes between.
    last = len(whole) - (token or 0)
    of_signature = last - (len(unsigned) - (token or 0)) - signature
    of_attributes = of_signature - (len(octets) - signature) - len(frame.kind) - len(signed)
    of_content = len(whole) - len(behind) - (content or 0)
    return (
        whole[:of_content],
        whole[of_content + (content or 0) : of_attributes],
        whole[of_attributes + len(signed) : of_signature],
        whole[of_signature + signature : last],
    )


def room(credential: Credential, *, token: int) -> int:
    """How many bytes a detached signature of ``credential`` takes with a token of ``token`` bytes: the room to keep in /Contents."""
    key = credential.key
    return _room(credential.certificate, key.algorithm_identifier, key.digest, credential.shown_chain, key.longest_signature, token)


@lru_cache(maxsize=128)
def _room(certificate: bytes, identifier: bytes, digest: str, shown: tuple[bytes, ...], longest: int, token: int) -> int:
    frame = _frame(certificate, identifier, digest, DATA, shown)
    before, after = _around_digest(certificate, DATA, hashlib.new(digest).digest_size)
    attributes = before + bytes(hashlib.new(digest).digest_size) + after
    return len(_assembled(frame, attributes, bytes(longest), DATA, None, bytes(token)))


def sign_digest(credential: Credential, digest: bytes, *, content_type: str = DATA) -> tuple[bytes, bytes]:
    """The signed attributes over ``digest`` and the signature over them: the one place where a key is used on a document."""
    attributes = signed_attributes(credential, content_type=content_type, digest=digest)
    return attributes, credential.key.sign(attributes)
