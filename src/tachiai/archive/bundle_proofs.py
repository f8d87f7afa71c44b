"""That every entry of a stream stands in the log, as a bundle shows it: paths to one stamped checkpoint, and from earlier ones to it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from tachiai import ledger
from tachiai.archive.anchoring import Anchor, anchor_of, anchored
from tachiai.archive.bundle_writing import BundledCheckpoint, LogProof
from tachiai.archive.models import Record
from tachiai.errors import Refusal
from tachiai.ledger import Checkpoint, RawEntry

# What was read or taken along since the last checkpoint is no part of what a bundle has to prove. Everything else is, so that taking
# a bundle again and again costs no timestamp.
READING = frozenset(("download.opened", "evidence.exported", "file.downloaded", "recipient.code_wrong"))


def prove(stream: str, record: Record, *, now: Callable[[], datetime]) -> tuple[list[RawEntry], LogProof]:
    """The entries of ``stream`` up to a stamped checkpoint that covers every act in it, and their proofs.

    ``record``: the archive's, whose own checkpoint is among the earlier ones. Raises ``Outage`` as ``anchored``.
    """
    entries = ledger.raw_entries(stream)
    latest = ledger.latest_checkpoint()
    covered = 0 if latest is None else _covered(stream, entries, latest)
    if latest is None or any(entry.told()["event"] not in READING for entry in entries[covered:]):
        anchor = anchored([stream], now=now, reason="bundle")
        entries = ledger.raw_entries(stream)
        latest = ledger.Checkpoint.objects.select_related("epoch", "stamp").get(pk=anchor.row)
        covered = _covered(stream, entries, latest)
    return entries[:covered], _proof(stream, entries[:covered], latest, record)


def _covered(stream: str, entries: Sequence[RawEntry], one: Checkpoint) -> int:
    """How many entries stand in the tree of ``one``: a stream's entries stand in the tree in their order."""
    for entry in reversed(entries):
        try:
            ledger.inclusion(stream, entry.number, size=one.size, epoch=one.epoch)
        except Refusal:
            continue
        return entry.number
    return 0


def _proof(stream: str, entries: Sequence[RawEntry], one: Checkpoint, record: Record) -> LogProof:
    found = [ledger.inclusion(stream, entry.number, size=one.size, epoch=one.epoch) for entry in entries]
    earlier = [record.anchor] if record.anchor is not None and record.anchor.epoch_id == one.epoch_id else []
    return LogProof(
        key=ledger.log_key(one.epoch),
        checkpoint=_told(anchor_of(one)),
        leaves=[(place.index, place.hashes) for place in found],
        earlier=[_told(anchor_of(held), ledger.consistency(held.size, one.size, epoch=one.epoch)) for held in earlier if held.pk != one.pk],
    )


def _told(anchor: Anchor, path: Sequence[bytes] = ()) -> BundledCheckpoint:
    return BundledCheckpoint(anchor.size, anchor.note, anchor.token, path)
