"""The append-only record (操作記録): every act is an entry in its stream, chained to the one before."""

from typing import TYPE_CHECKING

from tachiai.faces import face

if TYPE_CHECKING:
    from tachiai.ledger.actors import Actor
    from tachiai.ledger.appending import Note, append, append_many, gathered
    from tachiai.ledger.chains import check_stream
    from tachiai.ledger.erasing import Mention, erase_personal, mentions
    from tachiai.ledger.models import Entry
    from tachiai.ledger.reading import Told, entries, latest

__all__ = [
    "Actor",
    "Entry",
    "Mention",
    "Note",
    "Told",
    "append",
    "append_many",
    "check_stream",
    "entries",
    "erase_personal",
    "gathered",
    "latest",
    "mentions",
]

__getattr__ = face(__name__, __file__)
