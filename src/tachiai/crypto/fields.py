"""The fields this house lays into a form: their names, who locks what, and where a slot's values stand.

Pure words and numbers; nothing here reads a PDF. The names and locks are part of ``docs/formats/seal-revisions.md``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Literal, NamedTuple

HOUSE_FIELD = "TachiaiHouse"
SLOT_FIELDS = "TachiaiSlot"
VALUE_FIELDS = "TachiaiValue"
ARCHIVE_FIELDS = "TachiaiArchive"
OWN_NAMES = "Tachiai"

ValueKind = Literal["text", "date", "name", "check"]
VALUE_KINDS: tuple[ValueKind, ...] = ("text", "date", "name", "check")


def slot_field(number: int) -> str:
    """The name of a slot's signature field. Numbers start at 1; three digits keep any name from being another's beginning."""
    if not 1 <= number <= 999:
        raise ValueError("slots are numbered from 1 to 999")
    return f"{SLOT_FIELDS}{number:03d}"


def value_field(slot: int, number: int) -> str:
    """The name of a slot's value field: ``TachiaiValue003-02`` is the second of slot 3."""
    if not (1 <= slot <= 999 and 1 <= number <= 99):
        raise ValueError("slots are numbered from 1 to 999, their values from 1 to 99")
    return f"{VALUE_FIELDS}{slot:03d}-{number:02d}"


def slot_number(name: str) -> int | None:
    """Which slot a signature or value field of ours belongs to; None for every other name."""
    for stem, length in ((SLOT_FIELDS, 3), (VALUE_FIELDS, 6)):
        rest = name.removeprefix(stem)
        if rest != name and len(rest) == length and rest[:3].isdecimal() and rest.isascii():
            return int(rest[:3])
    return None


def is_seal(name: str) -> bool:
    """Whether a field of this name bears a seal of the house: its own signature's, or a slot's."""
    return name == HOUSE_FIELD or name.startswith(SLOT_FIELDS)


class Place(NamedTuple):
    """Where a widget stands: ``page`` from 1, ``box`` as the page is seen (left, lower, right, upper).

    Points from the lower left corner of the visible page, turned and cut as readers show it; how the file measures is the plan's affair.
    """

    page: int
    box: tuple[float, float, float, float]

    @property
    def width(self) -> float:
        return self.box[2] - self.box[0]

    @property
    def height(self) -> float:
        return self.box[3] - self.box[1]


class ValueField(NamedTuple):
    """A blank that a slot's signer fills: text, a date or a name (all text fields), or a check box. ``label`` is read aloud."""

    number: int
    kind: ValueKind
    place: Place
    label: str


class Slot(NamedTuple):
    """A place in the order of signing. ``place``: where its signature is seen; None for an invisible one."""

    number: int
    place: Place | None = None
    values: tuple[ValueField, ...] = ()

    def names(self) -> Iterator[str]:
        yield slot_field(self.number)
        for value in self.values:
            yield value_field(self.number, value.number)


class Lock(NamedTuple):
    """A SigFieldLock: ``Exclude`` locks everything but the named fields, ``All`` everything (ISO 32000-2, table 236)."""

    action: str
    fields: tuple[str, ...]


EVERYTHING = Lock("All", ())


@lru_cache(maxsize=256)
def lock_entries(lock: Lock) -> bytes:
    """/Action and /Fields in the order of their keys. Names are our own and need no escapes."""
    if lock.action == "All":
        return b"/Action /All"
    return b"/Action /%b /Fields [ %b ]" % (lock.action.encode(), b" ".join([b"(%b)" % name.encode() for name in lock.fields]))


def lock_for(slots: Sequence[Slot], own: int | None) -> Lock:
    """What the signature of slot ``own`` (None: the house) must lock: everything but the fields of the other slots."""
    return lock_but(name for slot in slots if slot.number != own for name in slot.names())


def lock_but(names: Iterable[str]) -> Lock:
    """Everything but ``names``."""
    others = tuple(sorted(names))
    return Lock("Exclude", others) if others else EVERYTHING
