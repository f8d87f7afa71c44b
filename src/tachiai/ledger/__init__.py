"""The append-only record (操作記録): every act is an entry in its stream, chained to the one before and with a place in one tree."""

from typing import TYPE_CHECKING

from tachiai.faces import face

if TYPE_CHECKING:
    from tachiai.ledger.actors import Actor
    from tachiai.ledger.appending import Note, append, append_many, gathered
    from tachiai.ledger.chains import check_stream
    from tachiai.ledger.checking import Recorded, check_streams, recorded_as, recorded_at, recorded_in, touched
    from tachiai.ledger.checkpoints import (
        Inclusion,
        checkpoint,
        checkpoint_of,
        consistency,
        imprint_of,
        inclusion,
        is_covered,
        keep_later_stamp,
        keep_stamp,
        last_renewals,
        later_stamp_of,
        latest_checkpoint,
        newest_stamp,
        oldest_uncovered,
        stamped_checkpoints,
    )
    from tachiai.ledger.epochs import all_epochs, begin_epoch, current_epoch, log_key
    from tachiai.ledger.erasing import Mention, erase_personal, mentions
    from tachiai.ledger.exporting import RawEntry, raw_entries
    from tachiai.ledger.finding import Checked, Found, Sought, Streams, check_next, find_entries, without_stream
    from tachiai.ledger.models import Checkpoint, CheckpointStamp, Entry, Epoch, LaterStamp
    from tachiai.ledger.publishing import check_published, publish, published
    from tachiai.ledger.reading import Told, entries, latest
    from tachiai.ledger.sequencing import integrate
    from tachiai.ledger.tiles import TileOf, tile
    from tachiai.ledger.tree_checks import Finding, check_tree

__all__ = [
    "Actor",
    "Checked",
    "Checkpoint",
    "CheckpointStamp",
    "Entry",
    "Epoch",
    "Finding",
    "Found",
    "Inclusion",
    "LaterStamp",
    "Mention",
    "Note",
    "RawEntry",
    "Recorded",
    "Sought",
    "Streams",
    "TileOf",
    "Told",
    "all_epochs",
    "append",
    "append_many",
    "begin_epoch",
    "check_next",
    "check_published",
    "check_stream",
    "check_streams",
    "check_tree",
    "checkpoint",
    "checkpoint_of",
    "consistency",
    "current_epoch",
    "entries",
    "erase_personal",
    "find_entries",
    "gathered",
    "imprint_of",
    "inclusion",
    "integrate",
    "is_covered",
    "keep_later_stamp",
    "keep_stamp",
    "last_renewals",
    "later_stamp_of",
    "latest",
    "latest_checkpoint",
    "log_key",
    "mentions",
    "newest_stamp",
    "oldest_uncovered",
    "publish",
    "published",
    "raw_entries",
    "recorded_as",
    "recorded_at",
    "recorded_in",
    "stamped_checkpoints",
    "tile",
    "touched",
    "without_stream",
]

__getattr__ = face(__name__, __file__)
