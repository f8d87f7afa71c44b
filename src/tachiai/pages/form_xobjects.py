"""Drawings as Form XObjects: a page of the house's own printing taken apart into an `Appearance`, or one put together from operators.

The PDF comes from our typesetter, never from a stranger, so it is read here and not in a child.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Final

import pikepdf
from pikepdf import Array, Dictionary, Name, Object, Stream

from tachiai.crypto.appearances import Appearance, Part

# What belongs to a page or a file and means nothing, or something false, within a drawing; and what nobody reads any more: ProcSet and
# CIDSet are deprecated (ISO 32000-2, 14.2 and table 122). A stream's length is written with its data.
_LEFT_BEHIND: Final = frozenset(
    {"/CIDSet", "/LastModified", "/Length", "/Metadata", "/OPI", "/PieceInfo", "/ProcSet", "/StructParent", "/StructParents"}
)


def appearance_of_page(pdf: bytes, *, width: float, height: float) -> Appearance:
    """The one page of ``pdf`` as an appearance of ``width`` by ``height`` points, with its fonts as they are embedded there.

    The objects follow each other as they are met, names in alphabetical order, so the same page gives the same appearance.
    """
    with pikepdf.open(io.BytesIO(pdf)) as document:
        (page,) = document.pages
        form = page.as_form_xobject()
        gathering = _Gathering()
        resources = gathering.parts_of(form.Resources, itself=True)
        drawing = form_object(form.read_bytes(), resources, width=width, height=height)
        return Appearance(width, height, (drawing, *gathering.objects()))


def form_object(content: bytes, resources: list[Part], *, width: float, height: float) -> tuple[Part, ...]:
    """The form itself (ISO 32000-2, 8.10.2): ``content`` compressed, ``resources`` as the parts of their dictionary."""
    box = b"<< /BBox [0 0 %s %s] /FormType 1 /Matrix [1 0 0 1 0 0] /Resources " % (number(width), number(height))
    packed = zlib.compress(content, 9)
    return merged([box, *resources, b" /Subtype /Form /Type /XObject /Filter /FlateDecode", stream(packed)])


def stream(data: bytes) -> bytes:
    """What closes a stream's dictionary and gives its data: ``/Length n >>``, a line end, the data."""
    return b" /Length %d >>\nstream\n%s\nendstream" % (len(data), data)


def number(value: float) -> bytes:
    """A number as PDF spells it (ISO 32000-2, 7.3.3): no exponent, four decimals at the most."""
    return (b"%.4f" % value).rstrip(b"0").rstrip(b".")


def merged(parts: list[Part]) -> tuple[Part, ...]:
    """``parts`` with neighbouring bytes put together, so that placing joins as few pieces as can be."""
    out: list[Part] = []
    for part in parts:
        if out and isinstance(part, bytes) and isinstance(last := out[-1], bytes):
            out[-1] = last + part
        else:
            out.append(part)
    return tuple(out)


class _Gathering:
    """Everything that a form's resources reach, numbered from 1 in the order in which it is met; 0 is the form."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[int, int], int] = {}
        self._waiting: list[Object] = []

    def objects(self) -> list[tuple[Part, ...]]:
        """The bodies of all objects met so far and of all that they lead to."""
        # Looking into one object may line up others behind it, and the loop comes to those too.
        return [merged(self.parts_of(met, itself=True)) for met in self._waiting]

    def parts_of(self, value: Any, *, itself: bool = False) -> list[Part]:
        """``value`` where it stands: in full, or as a reference when it is an object of its own and not ``itself`` the one asked for."""
        if not isinstance(value, Object):
            return [_scalar(value)]
        # A short list (a colour space) is cheaper where it stands than as an object of its own.
        if value.is_indirect and not itself and not isinstance(value, Array):
            return [self._number(value)]
        if isinstance(value, Stream):
            # The data stays as it is embedded, compressed by the typesetter.
            return [b"<< ", *self._entries(value), stream(value.read_raw_bytes())]
        if isinstance(value, Dictionary):
            return [b"<< ", *self._entries(value), b" >>"]
        if isinstance(value, Array):
            return [b"[", *_spaced(self.parts_of(item) for item in value.as_list()), b"]"]
        return [value.unparse()]

    def _number(self, value: Object) -> int:
        if value.objgen not in self._numbers:
            self._waiting.append(value)
            self._numbers[value.objgen] = len(self._waiting)
        return self._numbers[value.objgen]

    def _entries(self, value: Object) -> list[Part]:
        names = sorted(set(value.keys()) - _LEFT_BEHIND)
        return _spaced([Name(name).unparse(), b" ", *self.parts_of(value[name])] for name in names)


def _spaced(items: Iterable[list[Part]]) -> list[Part]:
    parts: list[Part] = []
    for item in items:
        parts += [b" ", *item] if parts else item
    return parts


def _scalar(value: bool | int | Decimal | None) -> bytes:
    if value is None:
        return b"null"
    if isinstance(value, bool):
        return b"true" if value else b"false"
    return f"{value:f}".encode() if isinstance(value, Decimal) else b"%d" % value
