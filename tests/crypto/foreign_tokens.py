"""Replies as other authorities build them, part by part: what the standards allow, what occurs, and what must not be believed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from tachiai.crypto import chains, cms, der
from tachiai.crypto.keys import Credential

POLICY = "1.2.392.200000.7.1"


def info(
    digest: bytes,
    *,
    nonce: int | None,
    at: datetime,
    version: int = 1,
    algorithm: bytes | None = None,
    after: Sequence[bytes] = (),
    between: Sequence[bytes] = (),
) -> bytes:
    """A TSTInfo: ``between`` stands before the nonce (accuracy, ordering), ``after`` behind it (tsa, extensions)."""
    named = cms.algorithm(cms.DIGESTS["sha256"], with_null=True) if algorithm is None else algorithm
    return der.sequence(
        der.integer(version),
        der.oid(POLICY),
        der.sequence(named, der.octet_string(digest)),
        der.integer(0x2592B90A434B2C0799A6B0BCC425079EA56EE5F6),
        der.generalized_time(at),
        *between,
        b"" if nonce is None else der.integer(nonce),
        *after,
    )


def by_sha1(certificate: bytes) -> bytes:
    """ESSCertID as RFC 2634 defines it, SHA-1 and all."""
    named = der.octet_string(hashlib.sha1(certificate, usedforsecurity=False).digest())
    return cms.attribute(cms.SIGNING_CERTIFICATE, der.sequence(der.sequence(der.sequence(named))))


def by_named_digest(name: str) -> Callable[[bytes], bytes]:
    """ESSCertIDv2 with its digest algorithm written out, and the issuer and serial number behind it."""

    def attribute(certificate: bytes) -> bytes:
        issuer, serial = cms.issuer_and_serial(certificate)
        where = der.sequence(der.sequence(der.explicit(4, issuer)), serial)
        named = der.sequence(cms.algorithm(cms.DIGESTS[name]), der.octet_string(hashlib.new(name, certificate).digest()), where)
        return cms.attribute(cms.SIGNING_CERTIFICATE_V2, der.sequence(der.sequence(named)))

    return attribute


by_sha256 = by_named_digest("sha256")
GRANTED = der.sequence(der.integer(0))


def stated_name(certificate: bytes) -> bytes:
    """The ``tsa`` member: the certificate's subject as a GeneralName."""
    return der.explicit(0, der.explicit(4, chains.named(certificate).subject))


@dataclass
class Foreign:
    """A token's parts; the callables say how each is encoded, in DER unless a test wants otherwise."""

    credential: Credential
    content: bytes
    named: Callable[[bytes], bytes] | None = by_sha256
    certificates: Sequence[bytes] | None = None
    more_attributes: Sequence[bytes] = ()
    attributes_as_sent: Callable[[bytes], bytes] = bytes
    wrap: Callable[[int, bytes], bytes] = der.tlv
    octets: Callable[[bytes], bytes] = der.octet_string
    status: bytes = GRANTED

    def token(self) -> bytes:
        key, certificate = self.credential.key, self.credential.certificate
        parts = [
            cms.attribute(cms.CONTENT_TYPE, der.oid(cms.TST_INFO)),
            cms.attribute(cms.MESSAGE_DIGEST, der.octet_string(hashlib.new(key.digest, self.content).digest())),
            *self.more_attributes,
        ]
        if self.named is not None:
            parts.append(self.named(certificate))
        attributes = der.set_of(parts)
        signature = key.sign(attributes)
        digest_algorithm = cms.algorithm(cms.DIGESTS[key.digest])
        shown = self.credential.shown_chain if self.certificates is None else self.certificates
        signer = der.sequence(
            der.integer(1),
            der.sequence(*cms.issuer_and_serial(certificate)),
            digest_algorithm,
            self.attributes_as_sent(b"\xa0" + attributes[1:]),
            key.algorithm_identifier,
            der.octet_string(signature),
        )
        wrap = self.wrap
        body = wrap(
            der.SEQUENCE,
            der.integer(3)
            + der.tlv(der.SET, digest_algorithm)
            + wrap(der.SEQUENCE, der.oid(cms.TST_INFO) + wrap(0xA0, self.octets(self.content)))
            + (wrap(0xA0, b"".join(shown)) if shown else b"")
            + wrap(der.SET, signer),
        )
        return wrap(der.SEQUENCE, der.oid(cms.SIGNED_DATA) + wrap(0xA0, body))

    def reply(self) -> bytes:
        return self.wrap(der.SEQUENCE, self.status + self.token())


def indefinite(tag: int, content: bytes) -> bytes:
    """A constructed value that ends by a mark (X.690, 8.1.3.6)."""
    return bytes((tag, 0x80)) + content + b"\x00\x00"


def roomy(tag: int, content: bytes) -> bytes:
    """A length in four octets, however few would do."""
    return bytes((tag, 0x84)) + len(content).to_bytes(4, "big") + content


def in_pieces(content: bytes) -> bytes:
    """An octet string in pieces of unequal size, as writers of streams leave it."""
    pieces = (content[:7], content[7:100], content[100:], b"")
    return indefinite(0x24, b"".join(der.octet_string(piece) for piece in pieces))
