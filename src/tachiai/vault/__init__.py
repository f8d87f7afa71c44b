"""The keeper of bytes (保管庫): every document encrypted under its own key, as a base and appended segments."""

from typing import TYPE_CHECKING

from tachiai.faces import face

if TYPE_CHECKING:
    from tachiai.vault.keeping import (
        Stored,
        Whole,
        blobs,
        branch,
        keep,
        keep_branch,
        keep_tails,
        lock_note,
        put,
        put_tail,
        read,
        read_segment,
        read_whole,
        shred,
        size_of,
        unlock_note,
    )
    from tachiai.vault.lies import forgive
    from tachiai.vault.litter import Litter, find_litter, remove_litter
    from tachiai.vault.models import Blob
    from tachiai.vault.moving import Moved, move_boxes
    from tachiai.vault.opening import configured_store, store_at
    from tachiai.vault.stores import Store

__all__ = [
    "Blob",
    "Litter",
    "Moved",
    "Store",
    "Stored",
    "Whole",
    "blobs",
    "branch",
    "configured_store",
    "find_litter",
    "forgive",
    "keep",
    "keep_branch",
    "keep_tails",
    "lock_note",
    "move_boxes",
    "put",
    "put_tail",
    "read",
    "read_segment",
    "read_whole",
    "remove_litter",
    "shred",
    "size_of",
    "store_at",
    "unlock_note",
]

__getattr__ = face(__name__, __file__)
