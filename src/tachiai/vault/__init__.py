"""The keeper of bytes (保管庫): every document encrypted under its own key, as a base and appended segments."""

from typing import TYPE_CHECKING

from tachiai.faces import face

if TYPE_CHECKING:
    from tachiai.vault.checking import check_boxes
    from tachiai.vault.destroying import Destroyed, destroy, sweep
    from tachiai.vault.keeping import (
        Stored,
        Whole,
        blobs,
        branch,
        keep,
        keep_branch,
        keep_tails,
        lock_note,
        must_stand,
        put,
        put_tail,
        read,
        read_segment,
        read_whole,
        shred,
        size_of,
        unlock_note,
    )
    from tachiai.vault.key_making import KnownKey, known_keys, make_file, make_in_token, retire, try_keys
    from tachiai.vault.lies import forgive
    from tachiai.vault.litter import Litter, find_litter, remove_litter, written_over
    from tachiai.vault.models import Blob
    from tachiai.vault.moving import Moved, move_boxes
    from tachiai.vault.opening import configured_store, store_at
    from tachiai.vault.rotating import Rotation, count_by_key, rotate
    from tachiai.vault.stores import Store

__all__ = [
    "Blob",
    "Destroyed",
    "KnownKey",
    "Litter",
    "Moved",
    "Rotation",
    "Store",
    "Stored",
    "Whole",
    "blobs",
    "branch",
    "check_boxes",
    "configured_store",
    "count_by_key",
    "destroy",
    "find_litter",
    "forgive",
    "keep",
    "keep_branch",
    "keep_tails",
    "known_keys",
    "lock_note",
    "make_file",
    "make_in_token",
    "move_boxes",
    "must_stand",
    "put",
    "put_tail",
    "read",
    "read_segment",
    "read_whole",
    "remove_litter",
    "retire",
    "rotate",
    "shred",
    "size_of",
    "store_at",
    "sweep",
    "try_keys",
    "unlock_note",
    "written_over",
]

__getattr__ = face(__name__, __file__)
