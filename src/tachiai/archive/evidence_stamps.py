"""A tree's root put under a token of the house's authority, and kept as a row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple

from tachiai import sealing
from tachiai.archive.evidence_times import policy
from tachiai.archive.models import EvidenceStamp
from tachiai.crypto import evidence_records, evidence_writing

HOUSE = "house"


class Planted(NamedTuple):
    """A stamp not recorded yet, and the paths of the tree's leaves to its root."""

    stamp: EvidenceStamp
    paths: tuple[bytes, ...]


def plant(leaves: Sequence[bytes], *, digest: str, now: Callable[[], datetime]) -> Planted:
    """Build the tree over ``leaves`` and have its root stamped, outside of any transaction. Raises as ``sealing.stamp_digest``."""
    tree = evidence_writing.build_tree([(leaf,) for leaf in leaves], digest=digest)
    stamped = sealing.stamp_digest(tree.root, at=now(), now=now)
    facts = stamped.facts
    stamp = EvidenceStamp(
        digest=digest,
        root=tree.root,
        token=stamped.token,
        made_at=facts.gen_time,
        until=evidence_records.renew_before(stamped.token, facts, digest=digest, policy=policy()),
        authority=facts.tsa_subject[:300],
        accredited=facts.accredited,
    )
    return Planted(stamp, tree.paths)


def told(stamp: EvidenceStamp) -> dict[str, object]:
    """A stamp as the ledger names it."""
    return {
        "stamp": str(stamp.pk),
        "digest": stamp.digest,
        "root": bytes(stamp.root).hex(),
        "at": stamp.made_at.isoformat(),
        "until": stamp.until.isoformat(),
        "authority": stamp.authority,
        "accredited": stamp.accredited,
    }
