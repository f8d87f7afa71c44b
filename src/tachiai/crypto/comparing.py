"""Two versions of an object of a file, held against each other: what differs, and whether it only grew."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from pyhanko.pdf_utils import generic

from tachiai.crypto.changes import canonical

_DATE = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?(\.\d+)?(Z|[+-]\d\d:\d\d)?")


def same(old: Any, new: Any) -> bool:
    """Whether an object was written again as it was."""
    if isinstance(old, generic.StreamObject) or isinstance(new, generic.StreamObject):
        both = isinstance(old, generic.StreamObject) and isinstance(new, generic.StreamObject)
        return both and old.encoded_data == new.encoded_data and canonical(old) == canonical(new)
    return type(old) is type(new) and canonical(old) == canonical(new)


def is_grown(old: Any, new: Any) -> bool:
    """Whether there was nothing before, or a dictionary that has only got more keys, all the way down."""
    if old is None or isinstance(old, generic.NullObject):
        return True
    if not (type(old) is type(new) is generic.DictionaryObject):
        return canonical(old) == canonical(new)
    return all(raw(old, key) == raw(new, key) or is_grown(old.raw_get(key), _direct(new, key)) for key in old)


def _direct(held: Any, key: str) -> Any:
    return held.raw_get(key) if key in held else generic.NullObject()


def is_dated_anew(old: Any, new: Any) -> bool:
    """Whether XMP metadata say the same as before, at another time."""
    if not (isinstance(old, generic.StreamObject) and isinstance(new, generic.StreamObject)):
        return False
    return _DATE.sub(b"", old.data) == _DATE.sub(b"", new.data) and set(changed_keys(old, new)) <= {"/Length"}


def changed_keys(old: Any, new: Any) -> list[str]:
    """The keys whose values differ, references unresolved; of what is no dictionary there are none."""
    before = old if isinstance(old, generic.DictionaryObject) else {}
    after = new if isinstance(new, generic.DictionaryObject) else {}
    return [str(key) for key in {**before, **after} if raw(before, key) != raw(after, key)]


def raw(held: Any, key: str) -> bytes | None:
    """A value in one spelling; None where there is none."""
    return canonical(held.raw_get(key)) if key in held else None


def dictionary(held: Any, key: str) -> Any:
    """What a key leads to; None where there is nothing."""
    return held[key] if isinstance(held, generic.DictionaryObject) and key in held else None


def items(held: Any) -> dict[bytes, Any]:
    """The items of a list, by their spelling."""
    if not isinstance(held, generic.ArrayObject):
        return {}
    return {canonical(held.raw_get(index)): held.raw_get(index) for index in range(len(held))}


def has(held: Any, step: str | int) -> bool:
    """Whether one step of a path leads on from here."""
    if isinstance(step, int):
        return isinstance(held, generic.ArrayObject) and step < len(held)
    return isinstance(held, generic.DictionaryObject) and step in held


def step_to(held: Any, path: Iterable[str | int]) -> Any:
    """What a path leads to; None where it ends before."""
    for step in path:
        held = held[step] if has(held, step) else None
    return held
