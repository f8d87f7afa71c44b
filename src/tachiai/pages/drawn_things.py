"""What stands on a page, in the order in which it is drawn, as PDFium has read it: words, what can lie over them, and annotations.

Inside a child. Boxes are in the page's own space, also of what stands within forms (ISO 32000-2, 8.10).
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import pypdfium2.raw as pdfium_c

from tachiai.pages.patches import Box

DEEPEST_FORM = 12
MOST_CLIP_SEGMENTS = 64
MOST_NOTES = 2_000  # on a page: to draw them takes as long as to draw the page with each alone

Matrix = tuple[float, float, float, float, float, float]
Colour = tuple[int, int, int, int]
_IDENTITY: Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)
_NO_BOX = Box(0.0, 0.0, 0.0, 0.0)


class Text(NamedTuple):
    """Words shown by one operator. ``size`` is the height of the letters in points; ``strange`` says that more than a colour decides
    whether they are seen (transparency, a pattern, an outline); ``clipped`` that less than all of their box may be drawn."""

    handle: Any
    order: int
    box: Box
    mode: int
    colour: Colour
    size: float
    strange: bool
    clipped: bool


class Shape(NamedTuple):
    """What can lie over or under words: a filled path with its colour, or an image or shading, whose colours nobody has asked for."""

    order: int
    box: Box
    colour: Colour | None
    image: bool


class Note(NamedTuple):
    """An annotation: its kind, its flags (ISO 32000-2, table 167) and its box."""

    kind: int
    flags: int
    box: Box


@dataclass
class Things:
    """Of one page. ``left_off`` when there is more than anybody should look through."""

    texts: list[Text] = field(default_factory=list)
    shapes: list[Shape] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    left_off: bool = False


class Looker:
    """Looks at the pages of one document; ``most`` things in all."""

    def __init__(self, most: int) -> None:
        self._left = most
        self._sides = [ctypes.c_float() for _ in range(4)]
        self._colour = [ctypes.c_uint() for _ in range(4)]
        self._size = ctypes.c_float()
        self._matrix = pdfium_c.FS_MATRIX()
        self._fill, self._stroke = ctypes.c_int(), ctypes.c_int()

    def look(self, page: Any) -> Things:
        """Everything on ``page``. The handles live as long as the page is open."""
        seen = Things()
        count = pdfium_c.FPDFPage_CountObjects(page)
        self._see_all(seen, (pdfium_c.FPDFPage_GetObject(page, index) for index in range(count)), _IDENTITY, 0)
        seen.left_off |= pdfium_c.FPDFPage_GetAnnotCount(page) > MOST_NOTES
        seen.notes.extend(self._notes(page))
        return seen

    def _see_all(self, seen: Things, handles: Iterator[Any], placed: Matrix, depth: int) -> None:
        for handle in handles:
            self._left -= 1
            if self._left < 0 or depth > DEEPEST_FORM:
                seen.left_off = True
                return
            kind = pdfium_c.FPDFPageObj_GetType(handle)
            if kind == pdfium_c.FPDF_PAGEOBJ_TEXT:
                seen.texts.append(self._text(handle, self._order(seen), placed))
            elif kind == pdfium_c.FPDF_PAGEOBJ_FORM:
                pdfium_c.FPDFPageObj_GetMatrix(handle, self._matrix)
                inside = _times(self._given_matrix(), placed)
                count = pdfium_c.FPDFFormObj_CountObjects(handle)
                self._see_all(seen, (pdfium_c.FPDFFormObj_GetObject(handle, index) for index in range(count)), inside, depth + 1)
            elif kind != pdfium_c.FPDF_PAGEOBJ_PATH or self._is_filled(handle):
                box = self._box(handle, placed)
                colour = self._fill_colour(handle) if kind == pdfium_c.FPDF_PAGEOBJ_PATH else None
                seen.shapes.append(Shape(self._order(seen), box, colour, kind == pdfium_c.FPDF_PAGEOBJ_IMAGE))

    def _order(self, seen: Things) -> int:
        return len(seen.texts) + len(seen.shapes)

    def _text(self, handle: Any, order: int, placed: Matrix) -> Text:
        box = self._box(handle, placed)
        colour = self._fill_colour(handle)
        mode = pdfium_c.FPDFTextObj_GetTextRenderMode(handle)
        strange = colour is None or mode != pdfium_c.FPDF_TEXTRENDERMODE_FILL or bool(pdfium_c.FPDFPageObj_HasTransparency(handle))
        clipped = self._is_clipped(handle, box, placed)
        return Text(handle, order, box, mode, colour or (0, 0, 0, 255), self._letter_size(handle, box, placed), strange, clipped)

    def _letter_size(self, handle: Any, box: Box, placed: Matrix) -> float:
        height = max(box.top - box.bottom, box.right - box.left)
        if height >= 1.0 and box.top - box.bottom >= 1.0:
            return height
        # Only then is it worth asking: a full stop is small in letters of any size.
        pdfium_c.FPDFTextObj_GetFontSize(handle, self._size)
        pdfium_c.FPDFPageObj_GetMatrix(handle, self._matrix)
        _, _, c, d, _, _ = _times(self._given_matrix(), placed)
        return float(abs(self._size.value) * (c * c + d * d) ** 0.5)

    def _is_filled(self, handle: Any) -> bool:
        pdfium_c.FPDFPath_GetDrawMode(handle, self._fill, self._stroke)
        return bool(self._fill.value)

    def _fill_colour(self, handle: Any) -> Colour | None:
        red, green, blue, alpha = self._colour
        if not pdfium_c.FPDFPageObj_GetFillColor(handle, red, green, blue, alpha):
            return None
        return red.value, green.value, blue.value, alpha.value

    def _box(self, handle: Any, placed: Matrix) -> Box:
        left, bottom, right, top = self._sides
        if not pdfium_c.FPDFPageObj_GetBounds(handle, left, bottom, right, top):
            return _NO_BOX
        box = Box(left.value, bottom.value, right.value, top.value)
        return box if placed is _IDENTITY else _moved(box, placed)

    def _given_matrix(self) -> Matrix:
        given = self._matrix
        return given.a, given.b, given.c, given.d, given.e, given.f

    def _is_clipped(self, handle: Any, box: Box, placed: Matrix) -> bool:
        """Whether the smallest box around one of its clipping paths leaves some of it out."""
        clip = pdfium_c.FPDFPageObj_GetClipPath(handle)
        for index in range(pdfium_c.FPDFClipPath_CountPaths(clip) if clip else 0):
            count = pdfium_c.FPDFClipPath_CountPathSegments(clip, index)
            if not 0 < count <= MOST_CLIP_SEGMENTS or not box.within(self._clip_box(clip, index, count, placed), by=1.0):
                return True
        return False

    def _clip_box(self, clip: Any, index: int, count: int, placed: Matrix) -> Box:
        x, y = self._sides[:2]
        points = []
        for segment in range(count):
            pdfium_c.FPDFPathSegment_GetPoint(pdfium_c.FPDFClipPath_GetPathSegment(clip, index, segment), x, y)
            points.append((x.value, y.value))
        box = Box(min(x for x, _ in points), min(y for _, y in points), max(x for x, _ in points), max(y for _, y in points))
        return box if placed is _IDENTITY else _moved(box, placed)

    def _notes(self, page: Any) -> Iterator[Note]:
        rect = pdfium_c.FS_RECTF()
        for index in range(min(MOST_NOTES, pdfium_c.FPDFPage_GetAnnotCount(page))):
            note = pdfium_c.FPDFPage_GetAnnot(page, index)
            if not note:
                continue
            box = _NO_BOX
            if pdfium_c.FPDFAnnot_GetRect(note, rect):
                low, high = sorted((rect.bottom, rect.top))
                box = Box(min(rect.left, rect.right), low, max(rect.left, rect.right), high)
            yield Note(pdfium_c.FPDFAnnot_GetSubtype(note), pdfium_c.FPDFAnnot_GetFlags(note), box)
            pdfium_c.FPDFPage_CloseAnnot(note)


def _times(one: Matrix, other: Matrix) -> Matrix:
    if other is _IDENTITY:
        return one
    a, b, c, d, e, f = one
    g, h, i, j, k, m = other
    return a * g + b * i, a * h + b * j, c * g + d * i, c * h + d * j, e * g + f * i + k, e * h + f * j + m


def _moved(box: Box, by: Matrix) -> Box:
    a, b, c, d, e, f = by
    corners = [(x * a + y * c + e, x * b + y * d + f) for x in (box.left, box.right) for y in (box.bottom, box.top)]
    across, up = [x for x, _ in corners], [y for _, y in corners]
    return Box(min(across), min(up), max(across), max(up))
