"""A file's evidence record, put together from the rows that it shares with thousands of others."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

from tachiai import sealing
from tachiai.archive.evidence_times import policy
from tachiai.archive.models import EvidenceMember, EvidenceStamp
from tachiai.crypto import evidence_records, evidence_writing
from tachiai.crypto.evidence_records import Hashes, Proof


class Stamps:
    """The stamps met so far, each read once: the members of a batch share them all."""

    def __init__(self) -> None:
        self._known: dict[uuid.UUID, EvidenceStamp] = {}

    def known(self, stamp: EvidenceStamp) -> EvidenceStamp:
        return self._known.setdefault(stamp.pk, stamp)

    def after(self, stamp: EvidenceStamp) -> EvidenceStamp:
        """The one that renews ``stamp``."""
        if stamp.renewed_by_id is None:
            raise RuntimeError("a chain goes on to its batch's last stamp")
        found = self._known.get(stamp.renewed_by_id)
        return found if found is not None else self.known(EvidenceStamp.objects.get(pk=stamp.renewed_by_id))

    def replace(self, *stamps: EvidenceStamp) -> None:
        """What these say from now on, although the rows do not yet."""
        self._known.update({stamp.pk: stamp for stamp in stamps})


def chain_of(member: EvidenceMember, stamps: Stamps) -> list[bytes]:
    """The ArchiveTimeStampChain that ``member`` begins, from its batch's first stamp to its last."""
    stamp, path, chain = stamps.known(member.batch.stamp), bytes(member.path), []
    while True:
        chain.append(evidence_writing.archive_timestamp(bytes(stamp.token), digest=stamp.digest, path=path))
        if stamp.pk == member.batch.last_id:
            return chain
        path = bytes(stamp.renewed_path)
        stamp = stamps.after(stamp)


def record_of(members: Sequence[EvidenceMember], stamps: Stamps) -> bytes:
    """The EvidenceRecord of the file whose memberships these are, in the order of their generations."""
    chains = [chain_of(member, stamps) for member in members]
    return evidence_writing.evidence_record(chains, digests=[member.batch.stamp.digest for member in members])


def check(record: bytes, hashes: Hashes, *, at: datetime) -> Proof:
    """Judge a record of ours as a stranger would, by the house's own trust. Refuses as ``evidence_records.verify``."""
    _roots, tsa_roots = sealing.trust()
    return evidence_records.verify(record, hashes, roots=tsa_roots, at=at, policy=policy())


def check_members(members: Sequence[EvidenceMember], stamps: Stamps, *, at: datetime) -> Proof:
    """The same of a record that is not in the rows yet, by the hashes that its file has in each of its batches."""
    hashes = {member.batch.stamp.digest: [bytes(member.hash)] for member in members}
    return check(record_of(members, stamps), hashes, at=at)
