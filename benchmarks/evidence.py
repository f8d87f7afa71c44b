"""Evidence records (RFC 4998): what a batch of many objects costs to make, to renew both ways, and to check, and how long a record is.

``python -m benchmarks.evidence [--objects 10000]``. CPU seconds of this process alone; the tokens are the embedded authority's own.
"""

from __future__ import annotations

import argparse
import hashlib
import resource
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tachiai.crypto import evidence_records, evidence_writing
from tachiai.crypto.authority import create_authority, load_authority
from tachiai.crypto.timestampers import EmbeddedTimestamper

START = datetime(2026, 4, 1, tzinfo=UTC)
CHECKED = 200


def cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


@contextmanager
def measured(name: str, count: int) -> Iterator[None]:
    before = cpu_seconds()
    yield
    spent = cpu_seconds() - before
    print(f"{name:44} {spent:8.3f} s CPU  {spent / count * 1e6:9.1f} µs each")


def compare(count: int, stamper: EmbeddedTimestamper, roots: tuple[bytes, ...]) -> None:
    """One batch of ``count`` small objects, through a timestamp renewal and a hash-tree renewal."""
    objects = [f"object {number}".encode() for number in range(count)]
    hashes = [hashlib.sha256(one).digest() for one in objects]
    with measured("make: tree, token, paths", count):
        tree = evidence_writing.build_tree([(one,) for one in hashes], digest="sha256")
        token = stamper.timestamp(tree.root, at=START).der
    first = [evidence_writing.archive_timestamp(token, digest="sha256", path=path) for path in tree.paths]
    report("record, as made", lambda place: evidence_writing.evidence_record([[first[place]]], digests=["sha256"]), objects, roots)
    with measured("timestamp renewal: one token for all", count):
        second = stamper.timestamp(evidence_writing.token_hash(token, digest="sha256"), at=START + timedelta(days=365)).der
        renewal = evidence_writing.archive_timestamp(second, digest="sha256", path=b"")
    chains = [[stamp, renewal] for stamp in first]
    report("record, once renewed", lambda place: evidence_writing.evidence_record([chains[place]], digests=["sha256"]), objects, roots)
    with measured("hash-tree renewal: hashes, tree, token", count):
        leaves = [renewed(one, chain) for one, chain in zip(objects, chains, strict=True)]
        stronger = evidence_writing.build_tree([(one,) for one in leaves], digest="sha512")
        third = stamper.timestamp(stronger.root, at=START + timedelta(days=730)).der
    last = [evidence_writing.archive_timestamp(third, digest="sha512", path=path) for path in stronger.paths]
    report(
        "record, with a second chain",
        lambda place: evidence_writing.evidence_record([chains[place], [last[place]]], digests=["sha256", "sha512"]),
        objects,
        roots,
    )


def renewed(held: bytes, chain: list[bytes]) -> bytes:
    sequence = evidence_writing.chain_sequence([chain])
    return evidence_writing.renewed_hash(hashlib.sha512(held).digest(), sequence, digest="sha512")


def report(name: str, record: Callable[[int], bytes], objects: list[bytes], roots: tuple[bytes, ...]) -> None:
    """How long records are, and what checking one costs, over some of them."""
    places = range(0, len(objects), max(1, len(objects) // CHECKED))
    held = [(record(place), evidence_records.hashed([objects[place]])) for place in places]
    with measured(f"check: {name}", len(held)):
        for one, hashes in held:
            evidence_records.verify(one, hashes, roots=roots, at=START + timedelta(days=800))
    sizes = [len(one) for one, _hashes in held]
    print(f"{name:44} {min(sizes)}–{max(sizes)} bytes")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--objects", type=int, default=10_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "authority"
        create_authority(place, operator="架空電子契約株式会社", at=START - timedelta(days=1))
        authority = load_authority(place)
        compare(options.objects, authority.timestamper, authority.roots)


if __name__ == "__main__":
    main()
