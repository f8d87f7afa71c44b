"""Boxes as they lie in the store, for whoever copies them: they stay locked, and nobody here can read them.

A box is durable before the row that names it is committed, is never changed under its name, and is removed only after its row is gone.
So whoever first takes the rows of one moment and then copies every box they name, misses none that was not shredded meanwhile.
"""

from __future__ import annotations

from tachiai.errors import Refusal
from tachiai.vault.keeping import _store
from tachiai.vault.models import Segment

# Asked of a copy of the database, or inside the very snapshot that is being copied; never of the rows of now.
BOXES_OF_ROWS = f"SELECT path FROM {Segment._meta.db_table} ORDER BY path"  # noqa: S608, SLF001  # our own table's name


def box_of(path: str) -> bytes:
    """The box at ``path``. Raises ``Outage`` when it cannot be had."""
    return _store().get(path)


def is_named(path: str) -> bool:
    """Whether a row of now still names the box."""
    return Segment.objects.filter(path=path).exists()


def lay_box(path: str, box: bytes) -> None:
    """Put a copied box back where its row says. One that lies there already must be the same; refuses ``vault.taken`` otherwise."""
    try:
        _store().put_if_absent(path, box)
    except Refusal:
        if _store().get(path) != box:
            raise
