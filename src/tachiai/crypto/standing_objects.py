"""What stands in a file after each of our revisions, and one revision beside it: the ground on which changes are judged."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

from tachiai.crypto.own_revisions import Held, Section
from tachiai.crypto.pdf_values import Entries, OddValue, Value, reference
from tachiai.crypto.upload_objects import Number, Upload


class Stray(ValueError):
    """A revision that is not one of ours. ``code`` is what the judge says of it; the message is for operators."""

    def __init__(self, why: str, *, code: str = "modified") -> None:
        super().__init__(why)
        self.code = code


def demand(holds: bool, why: str, *, code: str = "modified") -> None:
    if not holds:
        raise Stray(why, code=code)


@dataclass
class Standing:
    """What stands after the revisions looked at so far: objects of ours, then the upload's.

    ``fields`` are the names of every field we have laid in, with their objects. ``store`` holds the streams of each kind of
    validation data, in the order they came.
    """

    upload: Upload
    latest: dict[Number, Held] = field(default_factory=dict)
    size: int = 0
    fields: dict[str, Number] = field(default_factory=dict)
    catalogue_at: Number = (0, 0)

    def __post_init__(self) -> None:
        self.size = self.upload.first_free
        root = reference(self.upload.trailer.get(b"/Root"))
        if root is None:
            raise OddValue("a trailer without a catalogue")
        self.catalogue_at = root

    def value(self, at: Number) -> Value:
        held = self.latest.get(at)
        return self.upload.value(at) if held is None else held.value

    def resolved(self, value: Value) -> Value:
        at = reference(value)
        return value if at is None else self.value(at)

    def entries(self, value: Value) -> Entries:
        found = self.resolved(value)
        demand(isinstance(found, dict), "something else where a dictionary was")
        return found  # type: ignore[no-any-return]  # just looked at

    def items(self, value: Value) -> list[Value]:
        """An array's members, none where there is no array."""
        found = [] if value is None else self.resolved(value)
        demand(isinstance(found, list), "something else where a list was")
        return list(found)

    def dictionary(self, at: Number) -> Entries:
        found = self.value(at)
        demand(isinstance(found, dict), "something else where a dictionary was")
        return found  # type: ignore[no-any-return]  # just looked at

    @cached_property
    def catalogue(self) -> Entries:
        return self.dictionary(self.catalogue_at)

    def after(self, section: Section) -> Standing:
        """The same with ``section`` on top."""
        latest = self.latest.copy()
        for held in section.objects.values():
            latest[held.at] = held
        found = Standing(self.upload, latest, fields=self.fields.copy())
        found.size = section.size
        return found


class Change:
    """One revision beside what stood before it, while it is judged."""

    def __init__(self, before: Standing, section: Section) -> None:
        self.before, self.after, self.section = before, before.after(section), section
        touched = {held.at for held in section.objects.values()}
        self.new = {at for at in touched if at[0] >= before.size}
        self.rewritten = touched - self.new
        self._explained: set[Number | None] = set()

    def explain(self, *places: Number | None) -> None:
        """These objects have been looked at, and are as they should be."""
        self._explained.update(places)

    def finish(self, *, may: Iterable[Number | None] = ()) -> None:
        """Every new object must have been explained by now, and every rewritten one, unless it ``may`` be."""
        demand(self.new <= self._explained, "a new object that belongs to nothing")
        demand(self.rewritten <= self._explained.union(may), "an object rewritten that must stay")

    def only(self, before: Entries, after: Entries, *changed: bytes) -> None:
        """``after`` must be ``before`` but for the entries named."""
        wanted = before.copy()
        for key in changed:
            if key in after:
                wanted[key] = after[key]
            else:
                wanted.pop(key, None)
        demand(wanted == after, "an entry changed that must stay")


def bare(held: Entries, *without: bytes) -> Entries:
    return {key: value for key, value in held.items() if key not in without}
