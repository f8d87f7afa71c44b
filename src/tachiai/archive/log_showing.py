"""What of the log is shown to everybody: names, keys, stamped checkpoints and the tree's hashes below them, and no entry."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from tachiai import ledger
from tachiai.archive.anchoring import Anchor, anchor_of
from tachiai.crypto.merkle import parse_tile_path
from tachiai.ledger import Epoch, TileOf


@dataclass(frozen=True)
class ShownLog:
    """One epoch: its name, the key its checkpoints are signed with, since when it grows, and why if it is not the first."""

    number: int
    origin: str
    key: str
    begun_at: datetime
    reason: str


@dataclass(frozen=True)
class ShownCheckpoint:
    """A stamped checkpoint in a list; the note and the token are fetched by epoch and size, further tokens by their number as well.

    ``again`` is the number of the last further token, made at ``again_at``, of a checkpoint that was the newest for days.
    """

    epoch: int
    size: int
    stamped_at: datetime
    authority: str
    accredited: bool
    again: int | None
    again_at: datetime | None


def shown_logs() -> list[ShownLog]:
    """Every epoch, the one that grows first. Empty while nothing was written."""
    return [ShownLog(one.number, one.origin, ledger.log_key(one), one.begun_at, one.reason) for one in ledger.all_epochs()]


def shown_checkpoints(*, start: int, count: int) -> list[ShownCheckpoint]:
    """Up to ``count`` stamped checkpoints, the newest first, after the first ``start``."""
    rows = ledger.stamped_checkpoints(start=start, count=count)
    again = ledger.last_renewals(rows)
    return [_shown(one, *again.get(one.pk, (None, None))) for one in rows]


def _shown(one: ledger.Checkpoint, again: int | None, again_at: datetime | None) -> ShownCheckpoint:
    stamp = one.stamp
    return ShownCheckpoint(one.epoch.number, one.size, stamp.stamped_at, stamp.authority, stamp.accredited, again, again_at)


def latest_anchor(number: int) -> Anchor | None:
    """The last stamped checkpoint of an epoch."""
    epoch = _epoch(number)
    found = ledger.latest_checkpoint(epoch=epoch) if epoch else None
    return anchor_of(found) if found else None


def anchor_at(number: int, size: int) -> Anchor | None:
    """The checkpoint of an epoch at one size, if it has its token."""
    found = ledger.checkpoint_of(number, size)
    return anchor_of(found) if found and getattr(found, "stamp", None) else None


def later_token_at(number: int, size: int, which: int) -> bytes | None:
    """The further token ``which`` of the checkpoint of an epoch at one size."""
    found = ledger.later_stamp_of(number, size, which)
    return bytes(found.token) if found else None


def shown_tile(number: int, path: str) -> TileOf | None:
    """The tile at an address as C2SP tlog-tiles has it (``tile/0/000``), as far as the last stamped checkpoint reaches."""
    place, epoch = parse_tile_path(path), _epoch(number)
    last = ledger.latest_checkpoint(epoch=epoch) if epoch else None
    if place is None or epoch is None or last is None:
        return None
    level, index, width = place
    return ledger.tile(epoch, level, index, width, size=last.size)


def _epoch(number: int) -> Epoch | None:
    return next((one for one in ledger.all_epochs() if one.number == number), None)
