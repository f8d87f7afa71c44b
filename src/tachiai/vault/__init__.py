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
    from tachiai.vault.models import Blob

__all__ = [
    "Blob",
    "Stored",
    "Whole",
    "blobs",
    "branch",
    "keep",
    "keep_branch",
    "keep_tails",
    "lock_note",
    "put",
    "put_tail",
    "read",
    "read_segment",
    "read_whole",
    "shred",
    "size_of",
    "unlock_note",
]

__getattr__ = face(__name__, __file__)
