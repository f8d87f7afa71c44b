"""The fields of a form and the widgets that show them, read with pyHanko at any revision of a file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pyhanko.pdf_utils import generic

from tachiai.crypto.comparing import raw
from tachiai.crypto.standing import entry

_MOST_FIELDS = 10_000
_DEEPEST = 32


def fields_of(root: Any) -> Iterator[tuple[str, Any]]:
    """Every field that has a name of its own, by its whole name; the same name can stand for several."""
    form = entry(root, "/AcroForm")
    held = entry(form, "/Fields") or () if isinstance(form, generic.DictionaryObject) else ()
    waiting = [(each.get_object(), "", 0) for each in held]
    for _count in range(_MOST_FIELDS):
        if not waiting:
            return
        found, above, depth = waiting.pop()
        if not isinstance(found, generic.DictionaryObject) or depth > _DEEPEST:
            continue
        name = ".".join(part for part in (above, str(found["/T"]) if "/T" in found else "") if part)
        if "/T" in found:
            yield name, found
        waiting += [(kid.get_object(), name, depth + 1) for kid in entry(found, "/Kids") or ()]


def places_of(root: Any, name: str) -> list[bytes | None]:
    """The rectangles of all widgets of the fields of this name."""
    return sorted((raw(widget, "/Rect") for found, held in fields_of(root) if found == name for widget in widgets_of(held)), key=str)


def widgets_of(held: Any) -> list[Any]:
    """What shows a field: itself, or its kids that are no fields of their own."""
    kids = [kid.get_object() for kid in entry(held, "/Kids") or ()]
    return [held, *(kid for kid in kids if isinstance(kid, generic.DictionaryObject) and "/T" not in kid)]


def lost_widgets(before: Any, after: Any) -> bool:
    """Whether a field has the same value and is shown in fewer places."""
    return raw(before, "/V") == raw(after, "/V") and len(widgets_of(after)) < len(widgets_of(before))


def has_look(widget: Any) -> bool:
    """Whether a widget has a place and an appearance."""
    box = [float(side) for side in widget["/Rect"]] if "/Rect" in widget else []
    return len(box) == 4 and box[0] != box[2] and box[1] != box[3] and "/AP" in widget


def kind_of(held: Any) -> str:
    """/FT, which may be inherited."""
    for _depth in range(_DEEPEST):
        if "/FT" in held:
            return str(held["/FT"])
        if "/Parent" not in held:
            break
        held = held["/Parent"]
    return ""


def whole_name(held: Any) -> str:
    """A field's name with those above it (ISO 32000-2, 12.7.4.2)."""
    names: list[str] = []
    for _depth in range(_DEEPEST):
        if "/T" in held:
            names.append(str(held["/T"]))
        if "/Parent" not in held:
            break
        held = held["/Parent"]
    return ".".join(reversed(names))
