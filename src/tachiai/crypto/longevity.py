"""Until when a closed file of ours proves itself, what gives way first, and when it is to be renewed.

The last document timestamp carries the proof: while its certificates are in force and its algorithms may be believed, everything beneath
it is shown to have existed when it was made. What lies beneath need only have been good at that moment. So an RSA-2048 signature of 2026
that a stronger timestamp covered before 2040 is still proven in 2050 (EN 319 102-1, 5.6.2.3: a proof of existence before the algorithm's
end), and a timestamp that came after the end of what it covers restores nothing.

Not looked at: the algorithms of revocation answers, which are the authority's own and change with its certificates.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Literal, NamedTuple

from cryptography.exceptions import UnsupportedAlgorithm

from tachiai.crypto import chains, cms, der, sunsets, timestamps
from tachiai.crypto.sunsets import Policy, Strength
from tachiai.errors import Refusal

Cause = Literal["timestamp_certificate", "certificate", "algorithm"]

# SIG-05: a year is enough to change an authority. Where less than two years are left, half of them.
MARGIN = timedelta(days=365)
# As docs/formats/seal-revisions.md has it; the gap must begin where it is said to.
_GAP = re.compile(rb"/ByteRange \[0 ([0-9]{1,12}) ([0-9]{1,12}) ([0-9]{1,12}) *\] /Contents <")


class Longevity(NamedTuple):
    """``until``: the last moment at which the file proves itself, and ``cause`` what ends then. ``weakest`` carries the proof, too.

    ``renew_at`` is when a further timestamp is due. ``stamps`` counts the document timestamps.
    """

    stamped_at: datetime
    authority: str
    until: datetime
    cause: Cause
    weakest: Strength
    renew_at: datetime
    stamps: int


class Outlook(NamedTuple):
    """What a timestamp made at ``stamped_at`` is good for; ``timely``: its algorithms may still make new signatures."""

    stamped_at: datetime
    authority: str
    until: datetime
    cause: Cause
    weakest: Strength
    timely: bool


def outlook(token: bytes, chain: Sequence[bytes], *, policy: Policy) -> Outlook:
    """What the checked ``token`` (DER), whose ``chain`` leads to a pinned root, is good for."""
    data = cms.read_signed_data(token, padded=True)
    imprint = timestamps.imprint_algorithm(token)
    strengths = (*_of_chain(chain), sunsets.of_digest(imprint), sunsets.of_digest(data.signer.digest))
    at = _stated_time(data)
    until, cause = _end(chain, strengths, policy, certificate="timestamp_certificate")
    era = policy.era(sunsets.weakest(strengths))
    timely = era is not None and at <= sunsets.end_of(era.sign_until)
    return Outlook(at, chains.name_text(chains.named(chain[0]).subject), until, cause, sunsets.weakest(strengths), timely)


def read(pdf: bytes, *, roots: Sequence[bytes], tsa_roots: Sequence[bytes], policy: Policy) -> Longevity:
    """How long ``pdf``, a closed file of ours that the gate once let out, proves itself.

    The last timestamp is checked against the bytes. Refuses ``seal.not_archival`` when no document timestamp covers the whole file,
    ``seal.timestamp_wrong`` when it does not hold.
    """
    gaps = list(_gaps(pdf))
    if not gaps or gaps[-1].end != len(pdf):
        raise Refusal("seal.not_archival")
    found = [one for gap in gaps for one in _used(gap, roots=tuple(roots), tsa_roots=tuple(tsa_roots), policy=policy)]
    last = _checked_stamp(pdf, gaps[-1], tsa_roots=tsa_roots, policy=policy)
    stamps = sorted((one.end, one.at) for one in found if one.is_stamp)
    until, cause = last.until, last.cause
    for one in found:
        follower = next((at for end, at in stamps if end > one.end), None)
        if follower is not None and follower > one.until and one.until < until:
            # It had ended before anything covered it, so nothing since then proves it.
            until, cause = one.until, one.cause
    weakest = last.weakest
    return Longevity(last.stamped_at, last.authority, until, cause, weakest, renewal_due(last.stamped_at, until), len(stamps))


def renewal_due(stamped_at: datetime, until: datetime) -> datetime:
    """When a proof of ``stamped_at`` that ends at ``until`` is to be renewed: a year before, or half way where less than two are left."""
    return until - min(MARGIN, max(timedelta(0), (until - stamped_at) / 2))


# ----------------------------------------------------------------------------------------- what stands in a file


class _Gap(NamedTuple):
    start: int
    stop: int
    end: int
    contents: bytes


class _Use(NamedTuple):
    """A chain that signed or stamped beneath ``end``, and how long what it made can be believed."""

    end: int
    is_stamp: bool
    at: datetime
    until: datetime
    cause: Cause


def _gaps(pdf: bytes) -> Iterator[_Gap]:
    """Signatures in our own form, wherever an earlier end of the file may have been."""
    for found in _GAP.finditer(pdf):
        start, stop, rest = (int(part) for part in found.groups())
        if start != found.end() - 1 or pdf[stop - 1 : stop] != b">" or stop + rest > len(pdf):
            continue
        try:
            yield _Gap(start, stop, stop + rest, bytes.fromhex(pdf[start + 1 : stop - 1].decode("ascii")))
        except ValueError:
            continue


def _used(gap: _Gap, *, roots: tuple[bytes, ...], tsa_roots: tuple[bytes, ...], policy: Policy) -> Iterator[_Use]:
    """The chains of one signature. What came with an upload, and leads to nobody pinned here, promises nothing and is left out."""
    try:
        data = cms.read_signed_data(gap.contents, padded=True)
        if data.content_type == cms.TST_INFO:
            at = _stated_time(data)
            yield _use(gap, data, at, tsa_roots, policy, is_stamp=True)
            return
        for held in data.signer.unsigned.get(cms.SIGNATURE_TIME_STAMP, []):
            token = cms.read_signed_data(held.raw)
            at = _stated_time(token)
            yield _use(gap, token, at, tsa_roots, policy)
            yield _use(gap, data, at, roots, policy)
    except (ValueError, IndexError):
        return


def _use(gap: _Gap, data: cms.SignedData, at: datetime, roots: tuple[bytes, ...], policy: Policy, *, is_stamp: bool = False) -> _Use:
    chain = chains.build_chain(data.signer_certificate(), pool=data.certificates, roots=roots, at=at)
    strengths = (*_of_chain(chain), sunsets.of_digest(data.signer.digest))
    until, cause = _end(chain, strengths, policy, certificate="timestamp_certificate" if is_stamp else "certificate")
    return _Use(gap.end, is_stamp, at, until, cause)


def _checked_stamp(pdf: bytes, gap: _Gap, *, tsa_roots: Sequence[bytes], policy: Policy) -> Outlook:
    try:
        digest = hashlib.new(timestamps.imprint_algorithm(gap.contents))
        digest.update(memoryview(pdf)[: gap.start])
        digest.update(memoryview(pdf)[gap.stop :])
        token = timestamps.read_token(gap.contents, digest=digest.digest(), roots=tsa_roots)
    except timestamps.BadToken as wrong:
        code = "seal.not_archival" if not _is_token(gap.contents) else "seal.timestamp_wrong"
        raise Refusal(code, detail=str(wrong)) from wrong
    return outlook(token.der, token.chain, policy=policy)


def _is_token(contents: bytes) -> bool:
    try:
        return cms.read_signed_data(contents, padded=True).content_type == cms.TST_INFO
    except ValueError:
        return False


def _stated_time(token: cms.SignedData) -> datetime:
    return der.read_generalized_time(der.read(token.content or b"").children()[4])


# --------------------------------------------------------------------------------------------- what ends when


def _of_chain(chain: Sequence[bytes]) -> Iterator[Strength]:
    """Every key, and the digests certificates were signed with. A root stands because it is pinned: its own signature says nothing."""
    for held in chain:
        try:
            yield sunsets.of_key(chains.certificate(held).public_key())
        except (ValueError, UnsupportedAlgorithm):
            yield Strength("unknown", 0)
    for held in chain[:-1]:
        signed_with = chains.certificate(held).signature_hash_algorithm
        if signed_with is not None:
            yield sunsets.of_digest(signed_with.name)


def _end(chain: Sequence[bytes], strengths: Sequence[Strength], policy: Policy, *, certificate: Cause) -> tuple[datetime, Cause]:
    """What gives way first: a certificate below the root, or the weakest algorithm."""
    expiry = min(chains.certificate(held).not_valid_after_utc for held in chain[:-1] or chain)
    era = policy.era(sunsets.weakest(strengths))
    believed = datetime(1970, 1, 1, tzinfo=UTC) if era is None else sunsets.end_of(era.verify_until)
    return (expiry, certificate) if expiry <= believed else (believed, "algorithm")
