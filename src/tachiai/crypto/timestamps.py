"""Timestamp tokens (RFC 3161, RFC 5816): asking for one, and every check before anybody embeds it.

A reply is believed only as a whole: status, imprint, nonce, one signer, the certificate's purpose, the named
certificate, the signature, the time, the chain to a pinned root and, when one was asked for, the policy.

**Encodings.** RFC 3161, 2.4.2 demands DER of the TSTInfo, RFC 5652, 5 allows BER of everything around it but the signed attributes.
So a reply with indefinite lengths, roomy lengths or strings in pieces is accepted, and brought into DER before anybody embeds it:
readers of PDF disagree about BER, and a signature covers none of what is rewritten. What it does cover – the content, the signed
attributes, the certificates – must have been DER as it was sent and stays byte for byte; otherwise the reply is refused.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from concurrent.futures import Future
from datetime import datetime, timedelta
from functools import lru_cache
from typing import NamedTuple, Protocol, TypeVar

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from tachiai.crypto import ber, chains, cms, der, frames, plain_cms, token_frames
from tachiai.crypto.timestamp_requests import DIGEST_OF_SIZE, FAILURES
from tachiai.crypto.token_frames import TokenFrame
from tachiai.errors import Outage

ExtensionKind = TypeVar("ExtensionKind", bound=x509.ExtensionType)
TOLERANCE = timedelta(seconds=60)
# The optional members of a TSTInfo by tag, in their order: accuracy, ordering, nonce, tsa, extensions.
_STATED = (der.SEQUENCE, der.BOOLEAN, der.INTEGER, 0xA0, 0xA1)
# A PKIStatusInfo that says "granted", and no more.
_GRANTED = b"\x30\x03\x02\x01\x00"
_STATUS_WORDS = {2: "rejection", 3: "waiting", 4: "revocationWarning", 5: "revocationNotification"}


class Token(NamedTuple):
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

    def submit(self, digest: bytes, *, at: datetime) -> Future[Token]:
        """The same without waiting: hundreds may be under way at once. What ``timestamp`` raises, the future holds.

        Callbacks of the future run where the answers are read, so they must be short and must not wait for another token.
        """


class BadToken(ValueError):
    """A token that must not be believed. The message names the condition that failed."""


class OtherPurpose(BadToken):
    """The certificate that signed is not for timestamping, and for that alone: no token of this authority can be used."""


class OtherImprint(BadToken):
    """A token that is in order and leads to a pinned root, but stamps other bytes: these were altered."""


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
        # The release gate would let no other form out than the plain one, and there it would look like the document's fault.
        found, stated_nonce = _read_reply(reply, roots=tuple(roots), accredited=accredited, embedded=embedded)
        _check_answer(found, stated_nonce, digest=digest, nonce=nonce, at=at, policy=policy)
    except (BadToken, cms.BadSignature, der.DerError, chains.BrokenChain) as wrong:
        raise Outage("tsa.bad_reply", str(wrong)) from wrong
    return found


def read_token(
    token: bytes, *, digest: bytes, roots: Sequence[bytes], accredited: bool = False, embedded: bool = False, plain: bool = False
) -> Token:
    """A token found in a document: it must stamp ``digest`` and lead to one of ``roots`` at its own time.

    ``plain``: in the one form that the release gate demands, too. Raises :class:`BadToken`.
    """
    try:
        found, _nonce = _read(token, roots=tuple(roots), accredited=accredited, embedded=embedded, plain=plain)
    except (cms.BadSignature, der.DerError, chains.BrokenChain) as wrong:
        raise BadToken(str(wrong)) from wrong
    if found.imprint != digest:
        raise OtherImprint("the token stamps another digest")
    return found


def stated_imprint(token: bytes) -> bytes:
    """What a token stamps, read without believing anything else. Raises :class:`BadToken`."""
    try:
        data = cms.read_signed_data(token, padded=True)
        return _read_imprint(der.read(data.content or b"").children()[2])[1]
    except (cms.BadSignature, der.DerError, IndexError) as wrong:
        raise BadToken(str(wrong)) from wrong


def imprint_algorithm(token: bytes) -> str:
    """Which digest a token stamps (``sha256`` …), read without believing anything else. Raises :class:`BadToken`."""
    try:
        data = cms.read_signed_data(token, padded=True)
        return _read_imprint(der.read(data.content or b"").children()[2])[0]
    except (cms.BadSignature, der.DerError, IndexError) as wrong:
        raise BadToken(str(wrong)) from wrong


def _read_reply(reply: bytes, *, roots: tuple[bytes, ...], accredited: bool, embedded: bool) -> tuple[Token, int | None]:
    try:
        return _read(_granted(reply), roots=roots, accredited=accredited, embedded=embedded, plain=True)
    except der.DerError:
        settled = ber.definite(reply)
        if settled == reply:
            raise
    token = _granted(settled)
    _check_signed_parts(token, reply)
    return _read(token, roots=roots, accredited=accredited, embedded=embedded, plain=True)


def _check_signed_parts(token: bytes, reply: bytes) -> None:
    """What a signature covers must stand in the reply as it stands in ``token``, its DER. (Content is never re-encoded.)"""
    data = cms.read_signed_data(token)
    if any(part not in reply for part in (data.signer.attributes_raw[1:], *data.certificates)):
        raise BadToken("a signed part is not encoded in DER")


def _granted(reply: bytes) -> bytes:
    """The token of a reply that grants one."""
    if reply[4:9] == _GRANTED and frames.first_value(reply) == reply:
        return der.read(reply[9:]).raw
    members = der.read(reply).expect(der.SEQUENCE).children()
    if not members:
        raise BadToken("an empty reply")
    status = members[0].expect(der.SEQUENCE).children()
    code = der.read_integer(status[0]) if status else -1
    if code not in (0, 1):
        words = " ".join(s.content.decode("utf-8", "replace") for part in status[1:2] if part.tag == der.SEQUENCE for s in part.children())
        failure = next((_failure(part.content) for part in status[1:] if part.tag == der.BIT_STRING), "")
        detail = f"status {code} ({_STATUS_WORDS.get(code, 'unknown')}) {failure} {_printable(words)}"
        raise Outage("tsa.refused", " ".join(detail.split()))
    if len(members) != 2:
        raise BadToken("granted, but without a token")
    return members[1].raw


def _failure(bits: bytes) -> str:
    """The names of the bits that are set in a PKIFailureInfo."""
    return " ".join(word for bit, word in FAILURES.items() if bit // 8 + 1 < len(bits) and bits[bit // 8 + 1] & (0x80 >> bit % 8))


def _printable(words: str) -> str:
    """An authority's own words, for a log: one line, bounded."""
    return "".join(letter if letter.isprintable() else " " for letter in words[:200])


def _read(token: bytes, *, roots: tuple[bytes, ...], accredited: bool, embedded: bool, plain: bool) -> tuple[Token, int | None]:
    """The token's facts, and its nonce: by a form that is known, or in full."""
    whole = frames.first_value(token)
    if whole is not None:
        for form in token_frames.known_forms(len(whole), roots):
            stated = form.read(whole) if form.plain or not plain else None
            if stated is not None:
                return _recalled(whole, form, stated, roots=roots, accredited=accredited, embedded=embedded), stated.nonce
    return _read_in_full(token, roots=roots, accredited=accredited, embedded=embedded, plain=plain)


def _recalled(
    token: bytes, form: TokenFrame, stated: token_frames.Stated, *, roots: tuple[bytes, ...], accredited: bool, embedded: bool
) -> Token:
    return Token(
        der=token,
        gen_time=stated.gen_time,
        serial=stated.serial,
        policy=form.policy,
        imprint=stated.imprint,
        tsa_subject=form.subject,
        accredited=accredited,
        embedded=embedded,
        chain=chains.build_chain(form.signed.signer, pool=form.signed.pool, roots=roots, at=stated.gen_time),
    )


def _read_in_full(token: bytes, *, roots: tuple[bytes, ...], accredited: bool, embedded: bool, plain: bool) -> tuple[Token, int | None]:
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
    whole = der.read_first(token)[0].raw
    facts = Token(
        der=whole,
        gen_time=gen_time,
        serial=der.read_integer(info[3]),
        policy=der.read_oid(info[1]),
        imprint=imprint,
        tsa_subject=_subject(signer),
        accredited=accredited,
        embedded=embedded,
        chain=chains.build_chain(signer, pool=data.certificates, roots=roots, at=gen_time),
    )
    nonce = _read_rest(info[5:], signer)
    if plain:
        plain_cms.demand_plain(whole, signer=signer)
    token_frames.remember(whole, data, roots=roots, policy=facts.policy, subject=facts.tsa_subject, plain=plain)
    return facts, nonce


def _read_rest(rest: Sequence[der.Element], signer: bytes) -> int | None:
    """The nonce, after a look at the other optional members (accuracy, ordering, tsa, extensions).

    No critical extension is understood; accuracy and ordering promise more than is asked for here.
    """
    found = der.in_order(rest, _STATED)
    if 0xA0 in found:
        _check_stated_name(found[0xA0], signer)
    if 0xA1 in found and any(_is_critical(extension) for extension in found[0xA1].children()):
        raise BadToken("a critical extension that is not understood")
    return der.read_integer(found[der.INTEGER]) if der.INTEGER in found else None


def _is_critical(extension: der.Element) -> bool:
    marks = extension.expect(der.SEQUENCE).children()[1:2]
    return any(mark.tag == der.BOOLEAN and mark.content != b"\x00" for mark in marks)


@lru_cache(maxsize=64)
def _subject(signer: bytes) -> str:
    return chains.name_text(chains.named(signer).subject)


def _read_imprint(element: der.Element) -> tuple[str, bytes]:
    members = element.expect(der.SEQUENCE).children()
    if len(members) != 2:
        raise BadToken("a torn imprint")
    try:
        dotted = cms.first_oid(members[0].expect(der.SEQUENCE).raw)
    except IndexError as torn:
        raise BadToken("a torn imprint") from torn
    value = members[1].expect(der.OCTET_STRING).content
    name = cms.DIGEST_NAMES.get(dotted)
    if name is None or DIGEST_OF_SIZE.get(len(value)) != name:
        raise BadToken(f"the imprint's digest {dotted} is not accepted")
    return name, value


@lru_cache(maxsize=64)
def check_purpose(signer: bytes) -> None:
    """Extended key usage: critical, and timeStamping only (RFC 3161, 2.3). Raises :class:`OtherPurpose`.

    A key usage, where there is one, must allow signatures (RFC 5280, 4.2.1.3).
    """
    purpose = _extension(signer, x509.ExtendedKeyUsage)
    if purpose is None:
        raise OtherPurpose("the certificate has no extended key usage")
    if not purpose.critical or list(purpose.value) != [ExtendedKeyUsageOID.TIME_STAMPING]:
        raise OtherPurpose("the certificate's purpose is not timestamping alone, or not critical")
    usage = _extension(signer, x509.KeyUsage)
    if usage is not None and not (usage.value.digital_signature or usage.value.content_commitment):
        raise OtherPurpose("the certificate's key is not for signatures")


def _extension(signer: bytes, kind: type[ExtensionKind]) -> x509.Extension[ExtensionKind] | None:
    try:
        return chains.extensions(signer).get_extension_for_class(kind)
    except (x509.ExtensionNotFound, ValueError):
        return None


def _check_stated_name(stated: der.Element, signer: bytes) -> None:
    """``tsa`` is a hint, but it must be a name of the certificate that signs (RFC 3161, 2.4.2): other programs insist on it."""
    name = stated.only_child()
    if name.tag == 0xA4 and chains.name_text(name.only_child().raw).casefold() == _subject(signer).casefold():
        return
    others = _extension(signer, x509.SubjectAlternativeName)
    if others is None or name.raw not in (other.raw for other in der.read(others.value.public_bytes()).children()):
        raise BadToken("the token names another authority than its certificate")


def _check_answer(facts: Token, stated_nonce: int | None, *, digest: bytes, nonce: int, at: datetime, policy: str | None) -> None:
    if facts.imprint != digest:
        raise BadToken("the token stamps another digest")
    if stated_nonce != nonce:
        raise BadToken("no nonce" if stated_nonce is None else "the nonce of another request")
    if abs(facts.gen_time - at) > TOLERANCE:
        raise BadToken(f"the token's time {facts.gen_time.isoformat()} is more than 60 s from {at.isoformat()}")
    if policy is not None and facts.policy != policy:
        raise BadToken(f"policy {facts.policy} instead of {policy}")
