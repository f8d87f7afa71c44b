"""What the tests of evidence records share: generations of timestamping authorities, and records of a few objects made with them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property, lru_cache

from pki import Hierarchy, hierarchy, key
from tachiai.crypto import evidence_records as records
from tachiai.crypto import evidence_writing as writing
from tachiai.crypto.evidence_records import Proof
from tachiai.crypto.sunsets import CRYPTREC, Policy
from tachiai.crypto.timestampers import EmbeddedTimestamper

YEAR = timedelta(days=365)


def january(year: int) -> datetime:
    return datetime(year, 1, 15, 3, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Generation:
    """One timestamping authority: it stamps from ``start`` on, with a certificate of ``years``."""

    number: int
    start: datetime
    years: int = 10
    kind: str = "p256"

    @cached_property
    def hierarchy(self) -> Hierarchy:
        return hierarchy(30 + self.number, start=self.start - timedelta(days=2), far=self.start + 2 * self.years * YEAR, kind=self.kind)

    @property
    def root(self) -> bytes:
        return self.hierarchy.root_der

    @property
    def end(self) -> datetime:
        return self.start + self.years * YEAR

    @cached_property
    def stamper(self) -> EmbeddedTimestamper:
        private = key(self.kind, 30 + self.number)
        return self.hierarchy.timestamper(f"Fictional TSA {self.number}", private, since=self.start, until=self.end)

    def token(self, digest: bytes, *, at: datetime) -> bytes:
        return self.stamper.timestamp(digest, at=at).der


@lru_cache(maxsize=8)
def generation(number: int, year: int, years: int = 10, kind: str = "p256") -> Generation:
    return Generation(number, january(year), years, kind)


@dataclass(frozen=True)
class Held:
    """An evidence record in the making: chains of archive timestamps, each with its digest."""

    objects: tuple[bytes, ...]
    chains: tuple[tuple[bytes, ...], ...]
    digests: tuple[str, ...]
    tokens: tuple[bytes, ...]

    @property
    def der(self) -> bytes:
        return writing.evidence_record(self.chains, digests=self.digests)

    def verify(self, *, roots: Sequence[bytes], at: datetime, policy: Policy = CRYPTREC, whole: bool = False) -> Proof:
        return records.verify(self.der, records.hashed(self.objects), roots=roots, at=at, policy=policy, whole=whole)

    def timestamp_renewed(self, by: Generation, *, at: datetime, beside: Sequence[bytes] = ()) -> Held:
        """A new archive timestamp in the last chain; ``beside``: hashes of other old tokens that it renews as well."""
        digest = self.digests[-1]
        tree = writing.build_tree([(writing.token_hash(self.tokens[-1], digest=digest),), *((one,) for one in beside)], digest=digest)
        token = by.token(tree.root, at=at)
        stamp = writing.archive_timestamp(token, digest=digest, path=tree.paths[0])
        return Held(self.objects, (*self.chains[:-1], (*self.chains[-1], stamp)), self.digests, (*self.tokens, token))

    def tree_renewed(self, by: Generation, *, at: datetime, digest: str, beside: Sequence[bytes] = ()) -> Held:
        """A new chain by another digest, over the objects and all that was stamped so far."""
        sequence = writing.chain_sequence(self.chains)
        mine = [writing.renewed_hash(hashlib.new(digest, one).digest(), sequence, digest=digest) for one in self.objects]
        tree = writing.build_tree([mine, *((one,) for one in beside)], digest=digest)
        token = by.token(tree.root, at=at)
        stamp = writing.archive_timestamp(token, digest=digest, path=tree.paths[0])
        return Held(self.objects, (*self.chains, (stamp,)), (*self.digests, digest), (*self.tokens, token))


def made(groups: Sequence[Sequence[bytes]], by: Generation, *, at: datetime, digest: str = "sha256") -> list[Held]:
    """One record for each group, all under one token."""
    tree = writing.build_tree([[hashlib.new(digest, one).digest() for one in group] for group in groups], digest=digest)
    token = by.token(tree.root, at=at)
    stamps = [writing.archive_timestamp(token, digest=digest, path=path) for path in tree.paths]
    return [Held(tuple(group), ((stamp,),), (digest,), (token,)) for group, stamp in zip(groups, stamps, strict=True)]


def many(count: int) -> list[list[bytes]]:
    """Different objects, each alone."""
    return [[f"契約書 {number}".encode()] for number in range(count)]
