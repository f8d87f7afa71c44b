"""Evidence records (RFC 4998) read and judged: since when an object has existed, or why a record does not prove it.

Whoever made the record: every hash step, the order of times, every token with its chain to a pinned root, and that each was still
to be believed when the next was made. Nothing is fetched. The bytes must be DER, as that document demands of them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from tachiai.crypto import chains, cms, der, evidence_proof, sunsets, timestamps
from tachiai.crypto.evidence_proof import Worth
from tachiai.crypto.evidence_writing import VERSION, node, renewed_hash, token_hash
from tachiai.crypto.sunsets import CRYPTREC, Policy
from tachiai.crypto.timestamps import Token
from tachiai.errors import Refusal

LARGEST_RECORD = 8 * 1024 * 1024
_MOST_STAMPS = 256
_MOST_LISTS = 128

# The hashes of the objects in question, by the name of the digest as in ``hashlib``.
Hashes = Mapping[str, Sequence[bytes]]


@dataclass(frozen=True)
class ArchiveTimestamp:
    """``lists`` None: the token stamps the object's own hash. ``token`` is the timeStamp field as it stands."""

    digest: str
    lists: tuple[tuple[bytes, ...], ...] | None
    token: bytes


@dataclass(frozen=True)
class EvidenceRecord:
    """``chains`` as they stand, and ``sequences``: the DER of all chains before each."""

    digests: tuple[str, ...]
    chains: tuple[tuple[ArchiveTimestamp, ...], ...]
    sequences: tuple[bytes, ...]
    certificates: tuple[bytes, ...]

    @property
    def stamps(self) -> tuple[ArchiveTimestamp, ...]:
        return tuple(stamp for chain in self.chains for stamp in chain)


@dataclass(frozen=True)
class Step:
    """One archive timestamp that stood: its time, whose it is, the tree's digest, and until when it can be believed by itself.

    ``proven``: answers are with it that say that its certificates were not revoked.
    """

    at: datetime
    authority: str
    digest: str
    until: datetime
    proven: bool


@dataclass(frozen=True)
class Proof:
    """The objects existed at ``since``, and that can be shown until ``until`` without another renewal."""

    steps: tuple[Step, ...]

    @property
    def since(self) -> datetime:
        return self.steps[0].at

    @property
    def until(self) -> datetime:
        return self.steps[-1].until


def hashed(objects: Sequence[bytes]) -> dict[str, list[bytes]]:
    """The hashes of whole objects by every digest a record may use."""
    return {name: [hashlib.new(name, held).digest() for held in objects] for name in cms.DIGESTS}


# ---------------------------------------------------------------------------------------------------- reading


def read_record(held: bytes) -> EvidenceRecord:
    """An EvidenceRecord (RFC 4998, 3.1), every member in its place and nothing behind it.

    Refuses ``evidence.unreadable``, ``evidence.encrypted`` (it speaks of an encrypted form of the object) and ``evidence.digest``.
    """
    if len(held) > LARGEST_RECORD:
        raise Refusal("evidence.unreadable", detail=f"{len(held)} bytes")
    try:
        return _read(held)
    except (der.DerError, IndexError, ValueError) as torn:
        raise Refusal("evidence.unreadable", detail=str(torn)) from torn


def _read(held: bytes) -> EvidenceRecord:
    members = der.read(held).expect(der.SEQUENCE).children()
    if len(members) < 3 or der.read_integer(members[0]) != VERSION:
        raise der.DerError("not an evidence record of version 1")
    listed = tuple(_digest(one.expect(der.SEQUENCE).children()) for one in members[1].expect(der.SEQUENCE).children())
    between = der.in_order(members[2:-1], (0xA0, 0xA1))
    if 0xA1 in between:
        raise Refusal("evidence.encrypted")
    found = members[-1].expect(der.SEQUENCE).children()
    read = tuple(tuple(_read_stamp(stamp) for stamp in chain.expect(der.SEQUENCE).children()) for chain in found)
    count = sum(len(chain) for chain in read)
    if not all(read) or not 0 < count <= _MOST_STAMPS:
        raise der.DerError("no archive timestamp, an empty chain, or too many")
    used = {stamp.digest for chain in read for stamp in chain}
    if not used <= set(listed):
        raise der.DerError("a digest that the record does not list")
    raw = [chain.raw for chain in found]
    sequences = tuple(der.sequence(*raw[:place]) for place in range(len(raw)))
    return EvidenceRecord(listed, read, sequences, _certificates(between.get(0xA0)))


def _digest(algorithm: Sequence[der.Element]) -> str:
    dotted = der.read_oid(algorithm[0])
    if len(algorithm) > 2 or (len(algorithm) == 2 and algorithm[1].raw != der.null()):
        raise der.DerError("a digest with parameters")
    if dotted not in cms.DIGEST_NAMES:
        raise Refusal("evidence.digest", dotted=dotted)
    return cms.DIGEST_NAMES[dotted]


def _read_stamp(element: der.Element) -> ArchiveTimestamp:
    members = element.expect(der.SEQUENCE).children()
    token = members[-1].expect(der.SEQUENCE)
    found = der.in_order(members[:-1], (0xA0, 0xA1, 0xA2))
    if 0xA1 in found:
        _check_attributes(found[0xA1])
    digest = _digest(found[0xA0].children()) if 0xA0 in found else _imprint_digest(token.raw)
    return ArchiveTimestamp(digest, _read_lists(found[0xA2], digest) if 0xA2 in found else None, token.raw)


def _check_attributes(element: der.Element) -> None:
    """They describe how a stamp came about, and prove nothing; still they must be attributes."""
    attributes = element.children()
    if not attributes:
        raise der.DerError("an empty set of attributes")
    for attribute in attributes:
        kind, values = attribute.expect(der.SEQUENCE).children()
        der.read_oid(kind)
        values.expect(der.SET)


def _imprint_digest(token: bytes) -> str:
    try:
        return timestamps.imprint_algorithm(token)
    except timestamps.BadToken as wrong:
        raise der.DerError(str(wrong)) from wrong


def _read_lists(element: der.Element, digest: str) -> tuple[tuple[bytes, ...], ...]:
    size = hashlib.new(digest).digest_size
    found = element.children()
    if not 0 < len(found) <= _MOST_LISTS:
        raise der.DerError("an empty hash tree, or one too high")
    lists = tuple(tuple(value.expect(der.OCTET_STRING).content for value in part.expect(der.SEQUENCE).children()) for part in found)
    if not all(lists) or any(len(value) != size for part in lists for value in part):
        raise der.DerError("an empty list of hashes, or a hash of another size")
    return lists


def _certificates(infos: der.Element | None) -> tuple[bytes, ...]:
    """Whatever certificates the cryptoInfos hold: values of attributes that can be read as one. Others are passed over."""
    found = []
    for attribute in infos.children() if infos is not None else ():
        _kind, values = attribute.expect(der.SEQUENCE).children()
        for value in values.expect(der.SET).children():
            try:
                chains.certificate(value.raw)
            except chains.BrokenChain:
                continue
            found.append(value.raw)
    return tuple(found)


# -------------------------------------------------------------------------------------------------- judging


def verify(held: bytes, hashes: Hashes, *, roots: Sequence[bytes], at: datetime, policy: Policy = CRYPTREC, whole: bool = False) -> Proof:
    """Judge a record about the objects of these ``hashes`` (RFC 4998, 4.3 and 5.3). ``roots``: DER certificates, of all its authorities.

    ``whole``: the record must speak of these objects together and of no other. Refuses with a code under ``evidence.``; ``stamp`` among
    the facts counts archive timestamps from 1.
    """
    record = read_record(held)
    _check_hashes(record, hashes, whole=whole)
    stamps = record.stamps
    tokens = [_token(stamp, number, roots=roots, pool=record.certificates) for number, stamp in enumerate(stamps, 1)]
    _check_times(tokens, at=at)
    moments = [token.gen_time for token in tokens[1:]] + [at]
    steps = []
    for number, (stamp, token, moment) in enumerate(zip(stamps, tokens, moments, strict=True), 1):
        worth = evidence_proof.worth(stamp.token, token, digest=stamp.digest, policy=policy, moment=moment)
        _check_worth(worth, number, moment, last=number == len(stamps))
        steps.append(Step(token.gen_time, token.tsa_subject, stamp.digest, worth.until, worth.proven))
    return Proof(tuple(steps))


def _check_hashes(record: EvidenceRecord, hashes: Hashes, *, whole: bool) -> None:
    """Each chain begins with the objects, each stamp in it with the one before, and what a stamp is about leads to what it stamps."""
    number = 0
    for chain, sequence in zip(record.chains, record.sequences, strict=True):
        first = chain[0]
        wanted = list(hashes[first.digest])
        if number:
            wanted = [renewed_hash(one, sequence, digest=first.digest) for one in wanted]
        _check_held(first, wanted, number + 1, "evidence.other_object" if number == 0 else "evidence.link_broken")
        if whole and set(_first_list(first)) != set(wanted):
            raise Refusal("evidence.other_group", stamp=number + 1)
        for place, (before, after) in enumerate(pairwise(chain), number + 2):
            if after.digest != first.digest:
                raise Refusal("evidence.digest_changed", stamp=place)
            _check_held(after, [token_hash(before.token, digest=after.digest)], place, "evidence.link_broken")
        number += len(chain)


def _check_held(stamp: ArchiveTimestamp, wanted: Sequence[bytes], number: int, code: str) -> None:
    held = set(_first_list(stamp))
    if not wanted or any(one not in held for one in wanted):
        raise Refusal(code, stamp=number)
    if _root(stamp) != _imprint(stamp.token):
        raise Refusal("evidence.tree_broken", stamp=number)


def _first_list(stamp: ArchiveTimestamp) -> tuple[bytes, ...]:
    """The hashes the stamp is about: the first list, or what the token itself stamps."""
    return stamp.lists[0] if stamp.lists is not None else (_imprint(stamp.token),)


def _imprint(token: bytes) -> bytes:
    try:
        content = cms.read_signed_data(token).content or b""
        return der.read(content).children()[2].children()[1].expect(der.OCTET_STRING).content
    except (cms.BadSignature, der.DerError, IndexError) as torn:
        raise Refusal("evidence.unreadable", detail=str(torn)) from torn


def _root(stamp: ArchiveTimestamp) -> bytes:
    """What the token must stamp (RFC 4998, 4.3): every list hashed together with the result of the one before."""
    lists = stamp.lists
    if lists is None:
        return _imprint(stamp.token)
    found = node(lists[0], stamp.digest)
    for values in lists[1:]:
        found = node((*values, found), stamp.digest)
    return found


def _token(stamp: ArchiveTimestamp, number: int, *, roots: Sequence[bytes], pool: Sequence[bytes]) -> Token:
    root = _root(stamp)
    try:
        if timestamps.imprint_algorithm(stamp.token) != stamp.digest:
            raise Refusal("evidence.tree_broken", stamp=number)
        evidence_proof.check_shape(stamp.token)
        return timestamps.read_token(evidence_proof.with_pool(stamp.token, pool), digest=root, roots=roots)
    except timestamps.OtherImprint as other:
        raise Refusal("evidence.tree_broken", stamp=number) from other
    except ValueError as wrong:
        unknown = isinstance(wrong.__cause__, chains.BrokenChain)
        raise Refusal("evidence.authority_unknown" if unknown else "evidence.token_broken", stamp=number, detail=str(wrong)) from wrong


def _check_times(tokens: Sequence[Token], *, at: datetime) -> None:
    for number, (before, after) in enumerate(pairwise(tokens), 2):
        if after.gen_time < before.gen_time:
            raise Refusal("evidence.out_of_order", stamp=number)
    if tokens[-1].gen_time > at + timestamps.TOLERANCE:
        raise Refusal("evidence.from_future", stamp=len(tokens))


def _check_worth(worth: Worth, number: int, moment: datetime, *, last: bool) -> None:
    """What ran out before the next timestamp was made is lost for good; the last may only have run out by now."""
    if worth.revoked:
        raise Refusal("evidence.revoked", stamp=number, subject=worth.revoked)
    if worth.until < moment:
        raise Refusal("evidence.aged" if last else "evidence.lapsed", stamp=number, until=worth.until.isoformat(), why=worth.why)


def renew_before(token: bytes, found: Token, *, digest: str, policy: Policy = CRYPTREC) -> datetime:
    """Until when an archive timestamp can be believed by itself: the end of its authority's certificates or of an algorithm's time."""
    return evidence_proof.worth(token, found, digest=digest, policy=policy, moment=found.gen_time).until


def digest_believed_until(digest: str, policy: Policy = CRYPTREC) -> datetime:
    """The end of the last day on which a tree of this digest is believed."""
    return sunsets.end_of(evidence_proof.last_day(digest, policy))
