"""Timestamp tokens (RFC 3161, RFC 5816): asking for one, and every check before anybody embeds it.

A reply is believed only as a whole: status, imprint, nonce, one signer, the certificate's purpose, the named
certificate, the signature, the time, the chain to a pinned root and, when one was asked for, the policy.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from tachiai.crypto import chains, cms, der
from tachiai.errors import Outage

TOLERANCE = timedelta(seconds=60)
_DIGEST_OF_SIZE = {32: "sha256", 48: "sha384", 64: "sha512"}
_STATUS_WORDS = {2: "rejection", 3: "waiting", 4: "revocationWarning", 5: "revocationNotification"}


@dataclass(frozen=True)
class Token:
    """A checked timestamp token. ``gen_time`` is aware UTC; ``imprint`` the digest it stamps; ``chain`` DER, signer first."""

    der: bytes
    gen_time: datetime
    serial: int
    policy: str
    imprint: bytes
    tsa_subject: str
    accredited: bool
    embedded: bool
    chain: tuple[bytes, ...]


class Timestamper(Protocol):
    """Somebody who stamps digests. Every token given out has passed :func:`accept_reply`."""

    @property
    def name(self) -> str: ...

    @property
    def accredited(self) -> bool: ...

    @property
    def embedded(self) -> bool: ...

    @property
    def reserve(self) -> int:
        """How many bytes its next token will hardly exceed: what a signature keeps free for it."""

    def timestamp(self, digest: bytes, *, at: datetime) -> Token:
        """A token over ``digest`` (SHA-256, -384 or -512). ``at`` is the asker's time, ±60 s of which is believed.

        Raises ``Outage`` with ``tsa.unreachable``, ``tsa.refused`` or ``tsa.bad_reply``; never anything made up.
        """


class BadToken(ValueError):
    """A token that must not be believed. The message names the condition that failed."""


class OtherImprint(BadToken):
    """A token that is in order and leads to a pinned root, but stamps other bytes: these were altered."""


def digest_name(digest: bytes) -> str:
    """Which digest a value of this size is. Anything else is a programming error."""
    return _DIGEST_OF_SIZE[len(digest)]


def fresh_nonce() -> int:
    """62 random bits in exactly eight octets, so that tokens of one authority differ in size as little as possible."""
    return secrets.randbits(62) | 1 << 62


def request(digest: bytes, *, nonce: int, policy: str | None = None) -> bytes:
    """A TimeStampReq version 1 that asks for the certificate too (RFC 3161, 2.4.1)."""
    imprint = der.sequence(cms.algorithm(cms.DIGESTS[digest_name(digest)], with_null=True), der.octet_string(digest))
    wanted = der.oid(policy) if policy else b""
    return der.sequence(der.integer(1), imprint, wanted, der.integer(nonce), der.boolean(True))


def accept_reply(
    reply: bytes,
    *,
    digest: bytes,
    nonce: int,
    roots: Sequence[bytes],
    at: datetime,
    accredited: bool,
    embedded: bool,
    policy: str | None = None,
) -> Token:
    """The token of a TimeStampResp, once all of RFC 3161, 2.4.2 and the house's own conditions hold.

    Raises ``Outage("tsa.refused")`` when the authority declines and ``Outage("tsa.bad_reply")`` for everything that is wrong
    with what it sent: the trouble of a timestamping authority is never the document's fault.
    """
    try:
        token = _granted(reply)
        facts, stated_nonce = _read(token, roots=roots, accredited=accredited, embedded=embedded)
        _check_answer(facts, stated_nonce, digest=digest, nonce=nonce, at=at, policy=policy)
    except (BadToken, cms.BadSignature, der.DerError, chains.BrokenChain) as wrong:
        raise Outage("tsa.bad_reply", str(wrong)) from wrong
    return facts


def read_token(token: bytes, *, digest: bytes, roots: Sequence[bytes], accredited: bool = False, embedded: bool = False) -> Token:
    """A token found in a document: it must stamp ``digest`` and lead to one of ``roots`` at its own time.

    Raises :class:`BadToken`.
    """
    try:
        facts, _nonce = _read(token, roots=roots, accredited=accredited, embedded=embedded)
    except (cms.BadSignature, der.DerError, chains.BrokenChain) as wrong:
        raise BadToken(str(wrong)) from wrong
    if facts.imprint != digest:
        raise OtherImprint("the token stamps another digest")
    return facts


def imprint_algorithm(token: bytes) -> str:
    """Which digest a token stamps (``sha256`` …), read without believing anything else. Raises :class:`BadToken`."""
    try:
        data = cms.read_signed_data(token, padded=True)
        return _read_imprint(der.read(data.content or b"").children()[2])[0]
    except (cms.BadSignature, der.DerError, IndexError) as wrong:
        raise BadToken(str(wrong)) from wrong


def _granted(reply: bytes) -> bytes:
    members = der.read(reply).expect(der.SEQUENCE).children()
    if not members:
        raise BadToken("an empty reply")
    status = members[0].expect(der.SEQUENCE).children()
    code = der.read_integer(status[0]) if status else -1
    if code not in (0, 1):
        words = " ".join(s.content.decode("utf-8", "replace") for part in status[1:2] if part.tag == der.SEQUENCE for s in part.children())
        detail = f"status {code} ({_STATUS_WORDS.get(code, 'unknown')}) {words[:200]}".strip()
        raise Outage("tsa.refused", detail)
    if len(members) != 2:
        raise BadToken("granted, but without a token")
    return members[1].raw


def _read(token: bytes, *, roots: Sequence[bytes], accredited: bool, embedded: bool) -> tuple[Token, int | None]:
    data = cms.read_signed_data(token, padded=True)
    if data.content_type != cms.TST_INFO or data.content is None:
        raise BadToken("not a timestamp token")
    signer = cms.check_signer(data, content_digest=hashlib.new(data.signer.digest, data.content).digest())
    check_purpose(signer)
    info = der.read(data.content).expect(der.SEQUENCE).children()
    if len(info) < 5 or der.read_integer(info[0]) != 1:
        raise BadToken("not a TSTInfo of version 1")
    _name, imprint = _read_imprint(info[2])
    gen_time = der.read_generalized_time(info[4])
    nonce = next((der.read_integer(part) for part in info[5:] if part.tag == der.INTEGER), None)
    chain = chains.build_chain(signer, pool=data.certificates, roots=roots, at=gen_time)
    facts = Token(
        der=der.read_first(token)[0].raw,
        gen_time=gen_time,
        serial=der.read_integer(info[3]),
        policy=der.read_oid(info[1]),
        imprint=imprint,
        tsa_subject=chains.name_text(chains.named(signer).subject),
        accredited=accredited,
        embedded=embedded,
        chain=chain,
    )
    return facts, nonce


def _read_imprint(element: der.Element) -> tuple[str, bytes]:
    members = element.expect(der.SEQUENCE).children()
    if len(members) != 2:
        raise BadToken("a torn imprint")
    dotted = der.read_oid(members[0].children()[0])
    value = members[1].expect(der.OCTET_STRING).content
    name = cms.DIGEST_NAMES.get(dotted)
    if name is None or _DIGEST_OF_SIZE.get(len(value)) != name:
        raise BadToken(f"the imprint's digest {dotted} is not accepted")
    return name, value


def check_purpose(signer: bytes) -> None:
    """Extended key usage: critical, and timeStamping only (RFC 3161, 2.3). Raises :class:`BadToken`."""
    try:
        usage = chains.certificate(signer).extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    except (x509.ExtensionNotFound, ValueError) as missing:
        raise BadToken("the certificate has no extended key usage") from missing
    if not usage.critical or list(usage.value) != [ExtendedKeyUsageOID.TIME_STAMPING]:
        raise BadToken("the certificate's purpose is not timestamping alone, or not critical")


def _check_answer(facts: Token, stated_nonce: int | None, *, digest: bytes, nonce: int, at: datetime, policy: str | None) -> None:
    if facts.imprint != digest:
        raise BadToken("the token stamps another digest")
    if stated_nonce != nonce:
        raise BadToken("no nonce" if stated_nonce is None else "the nonce of another request")
    if abs(facts.gen_time - at) > TOLERANCE:
        raise BadToken(f"the token's time {facts.gen_time.isoformat()} is more than 60 s from {at.isoformat()}")
    if policy is not None and facts.policy != policy:
        raise BadToken(f"policy {facts.policy} instead of {policy}")
