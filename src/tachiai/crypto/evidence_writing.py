"""Evidence records (RFC 4998) written: hash trees over many objects, archive timestamps over their roots, renewals of both kinds.

Pure bytes: whoever wants a root stamped brings the token. Trees are binary, and a node left without a partner goes up unchanged, so
that a path has one list for each level at most. Every list is in ascending order, as RFC 4998, 4.2 wants it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from tachiai.crypto import cms, der

VERSION = 1
# RFC 5940: an OCSP response beside the lists of a SignedData.
OCSP_RESPONSE = "1.3.6.1.5.5.7.16.2"
_OTHER_REVOCATION = 0xA1
_WITH_OTHER_REVOCATION = der.integer(5)  # RFC 5652, 5.1: what the version has to be then


class Tree(NamedTuple):
    """A hash tree. ``paths``: the reducedHashtree of each object or group, in the order given (DER; empty where none is needed)."""

    root: bytes
    paths: tuple[bytes, ...]


def node(values: Sequence[bytes], digest: str) -> bytes:
    """The hash of a list of hashes: of their concatenation in ascending order. A single one stands for itself."""
    return values[0] if len(values) == 1 else hashlib.new(digest, b"".join(sorted(values))).digest()


def build_tree(groups: Sequence[Sequence[bytes]], *, digest: str) -> Tree:
    """The tree over ``groups``: each is the hashes of one data object or of a group of them that belong together.

    At least one group, and none of them empty (a mistake of the caller's otherwise).
    """
    if not groups or not all(groups):
        raise ValueError("a hash tree has at least one leaf, and every leaf an object")
    level = [node(group, digest) for group in groups]
    lists: list[list[Sequence[bytes]]] = [[group] for group in groups]
    below: list[list[int]] = [[place] for place in range(len(groups))]
    while len(level) > 1:
        level, below = _next_level(level, below, lists, digest)
    return Tree(level[0], tuple(_path(one) for one in lists))


def _next_level(
    level: list[bytes], below: list[list[int]], lists: list[list[Sequence[bytes]]], digest: str
) -> tuple[list[bytes], list[list[int]]]:
    upper, covered = [], []
    for place in range(0, len(level) - 1, 2):
        left, right = level[place], level[place + 1]
        for leaf in below[place]:
            lists[leaf].append((right,))
        for leaf in below[place + 1]:
            lists[leaf].append((left,))
        upper.append(node((left, right), digest))
        covered.append(below[place] + below[place + 1])
    if len(level) % 2:
        upper.append(level[-1])
        covered.append(below[-1])
    return upper, covered


def _path(lists: Sequence[Sequence[bytes]]) -> bytes:
    """``[2] SEQUENCE OF PartialHashtree``; nothing where the root is the object's own hash.

    The first list holds the object or its group and nobody else, so that no record speaks of a neighbour as well (RFC 4998, 5.2, and
    what other readers expect: a list of one hash is that hash).
    """
    if len(lists) == 1 and len(lists[0]) == 1:
        return b""
    parts = (der.sequence(*(der.octet_string(value) for value in sorted(values))) for values in lists)
    return der.tlv(0xA2, b"".join(parts))


def archive_timestamp(token: bytes, *, digest: str, path: bytes) -> bytes:
    """An ArchiveTimeStamp (RFC 4998, 4.1): ``token`` over the root that ``path`` leads to, by ``digest``."""
    named = der.oid(cms.DIGESTS[digest])
    return der.sequence(der.tlv(0xA0, named), path, token)


def chain_sequence(chains: Iterable[Sequence[bytes]]) -> bytes:
    """An ArchiveTimeStampSequence of chains of ArchiveTimeStamps, in the order of their times."""
    return der.sequence(*(der.sequence(*stamps) for stamps in chains))


def evidence_record(chains: Sequence[Sequence[bytes]], *, digests: Sequence[str]) -> bytes:
    """An EvidenceRecord; ``digests`` are those of its chains, each named once. What proves the tokens stands in the tokens."""
    named = (der.sequence(der.oid(cms.DIGESTS[digest])) for digest in dict.fromkeys(digests))
    return der.sequence(der.integer(VERSION), der.sequence(*named), chain_sequence(chains))


def token_hash(token: bytes, *, digest: str) -> bytes:
    """What a timestamp renewal covers: the hash of the content of the timeStamp field before it (RFC 4998, 5.2)."""
    return hashlib.new(digest, token).digest()


def renewed_hash(object_hash: bytes, sequence: bytes, *, digest: str) -> bytes:
    """What a hash-tree renewal covers: an object's new hash and that of all archive timestamps so far, hashed together."""
    return hashlib.new(digest, object_hash + hashlib.new(digest, sequence).digest()).digest()


def proven_token(token: bytes, *, certificates: Sequence[bytes], ocsps: Sequence[bytes] = (), crls: Sequence[bytes] = ()) -> bytes:
    """``token`` with more certificates and answers in the parts of its SignedData that no signature covers (RFC 5652, 5.1).

    The next archive timestamp covers them. Nothing is there twice; what stood there stays. Raises :class:`~tachiai.crypto.der.DerError`.
    """
    kind, wrapped = der.read(token).expect(der.SEQUENCE).children()
    members = wrapped.expect(0xA0).only_child().expect(der.SEQUENCE).children()
    if len(members) < 4:
        raise der.DerError("an incomplete SignedData")
    held = {member.tag: [part.raw for part in member.children()] for member in members[3:-1]}
    answers = [der.tlv(_OTHER_REVOCATION, der.oid(OCSP_RESPONSE) + answer) for answer in ocsps]
    known = dict.fromkeys((*held.get(0xA0, ()), *certificates))
    revocation = dict.fromkeys((*held.get(0xA1, ()), *answers, *crls))
    other = any(choice[0] == _OTHER_REVOCATION for choice in revocation)
    parts = [
        _WITH_OTHER_REVOCATION if other else members[0].raw,
        members[1].raw,
        members[2].raw,
        der.tlv(0xA0, b"".join(sorted(known))) if known else b"",
        der.tlv(0xA1, b"".join(sorted(revocation))) if revocation else b"",
        members[-1].raw,
    ]
    return der.sequence(kind.raw, der.explicit(0, der.sequence(*parts)))
