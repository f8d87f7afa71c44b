"""Whether words leave a trace on the page: it is drawn with them and without them, and where both pictures are the same nobody sees them.

Inside a child. Words that lie on each other are taken away one after the other, so that none stands in for its neighbour.
"""

from __future__ import annotations

import ctypes
import math
from collections.abc import Iterable
from typing import Any

import pypdfium2.raw as pdfium_c

from tachiai.pages.drawn_things import Text
from tachiai.pages.patches import Box, Cover, Grid
from tachiai.pages.suspicions import Suspect

LARGEST_PICTURE_PX = 1_000_000
MOST_PICTURES = 8
FAINTEST_TRACE = 16  # of 255: less is not read on any screen
BYTES_PER_PIXEL = 4
EDGE_PX = 2


class Canvas:
    """The picture of one open page, drawn as often as is asked, annotations and fields included."""

    def __init__(self, page: Any) -> None:
        self._page = page
        width, height = page.get_size()
        scale = min(1.0, math.sqrt(LARGEST_PICTURE_PX / max(1.0, width * height)))
        self._width, self._height = max(1, math.ceil(width * scale)), max(1, math.ceil(height * scale))

    def picture(self, flags: int = 0) -> bytes:
        """Rows of pixels of four bytes, on white."""
        pixels = ctypes.create_string_buffer(self._width * self._height * BYTES_PER_PIXEL)
        row = self._width * BYTES_PER_PIXEL
        bitmap = pdfium_c.FPDFBitmap_CreateEx(self._width, self._height, pdfium_c.FPDFBitmap_BGRx, pixels, row)
        try:
            pdfium_c.FPDFBitmap_FillRect(bitmap, 0, 0, self._width, self._height, 0xFFFFFFFF)
            place = (0, 0, self._width, self._height, 0, flags | pdfium_c.FPDF_ANNOT)
            pdfium_c.FPDF_RenderPageBitmap(bitmap, self._page, *place)
            if self._page.formenv is not None:
                # Fields are drawn by whoever would fill them in, and only where the document's form was set up when it was opened.
                pdfium_c.FPDF_FFLDraw(self._page.formenv, bitmap, self._page, *place)
        finally:
            pdfium_c.FPDFBitmap_Destroy(bitmap)
        return pixels.raw

    def without(self, texts: Iterable[Text]) -> bytes:
        """The picture that is left when ``texts`` are not drawn."""
        handles = [text.handle for text in texts]
        for handle in handles:
            pdfium_c.FPDFPageObj_SetIsActive(handle, False)
        try:
            return self.picture()
        finally:
            for handle in handles:
                pdfium_c.FPDFPageObj_SetIsActive(handle, True)

    def differs(self, one: bytes, other: bytes, area: Box, *, edge: int = 0) -> bool:
        """Whether the two pictures can be told apart within ``area`` of the page, its ``edge`` in pixels left out."""
        left, top, right, bottom = self._pixels(area)
        if edge and right - left > 2 * edge + 1 and bottom - top > 2 * edge + 1:
            left, top, right, bottom = left + edge, top + edge, right - edge, bottom - edge
        row = self._width * BYTES_PER_PIXEL
        for line in range(top, bottom):
            start, end = line * row + left * BYTES_PER_PIXEL, line * row + right * BYTES_PER_PIXEL
            here, there = one[start:end], other[start:end]
            if here != there and any(abs(a - b) > FAINTEST_TRACE for a, b in zip(here, there, strict=True)):
                return True
        return False

    def _pixels(self, area: Box) -> tuple[int, int, int, int]:
        x, y = ctypes.c_int(), ctypes.c_int()
        corners = []
        for across, up in ((area.left, area.bottom), (area.right, area.top)):
            pdfium_c.FPDF_PageToDevice(self._page, 0, 0, self._width, self._height, 0, across, up, x, y)
            corners.append((x.value, y.value))
        (left, right), (top, bottom) = (sorted(side) for side in zip(*corners, strict=True))
        return max(0, left), max(0, top), min(self._width, right + 1), min(self._height, bottom + 1)


def unseen(page: Any, suspected: list[Suspect], grid: Grid) -> list[Suspect]:
    """Those of ``suspected`` whose words are not to be seen in their area."""
    found = [suspect for suspect in suspected if suspect.certain]
    doubtful = [suspect for suspect in suspected if not suspect.certain]
    if not doubtful:
        return found
    canvas = Canvas(page)
    whole = canvas.picture()
    for group in _apart(doubtful, grid):
        bare = canvas.without({suspect.text.order: suspect.text for suspect in group}.values())
        found += [suspect for suspect in group if not canvas.differs(whole, bare, suspect.area, edge=_edge(suspect))]
    return found


def _edge(suspect: Suspect) -> int:
    # Into a part of a text its other letters reach, and the seam of what lies over them.
    return 0 if suspect.area is suspect.text.box else EDGE_PX


def _apart(suspected: list[Suspect], grid: Grid) -> list[list[Suspect]]:
    """Groups in which no two texts lie on each other. What does not fit into `MOST_PICTURES` of them shares the last."""
    groups: list[tuple[Cover, list[Suspect]]] = []
    place: dict[int, list[Suspect]] = {}
    for suspect in suspected:
        order = suspect.text.order
        if order not in place:
            # Lines of a paragraph touch; only what lies on the middle of the letters could stand in for them.
            patch = grid.patch(_middle(suspect.text.box), least=1)
            free = next((group for group in groups if not group[0].over(patch).bits), None)
            if free is None:
                free = groups[-1] if len(groups) >= MOST_PICTURES else (Cover(grid), [])
                if len(groups) < MOST_PICTURES:
                    groups.append(free)
            free[0].add(patch)
            place[order] = free[1]
        place[order].append(suspect)
    return [members for _, members in groups]


def _middle(box: Box) -> Box:
    by = (box.top - box.bottom) / 4
    return Box(box.left, box.bottom + by, box.right, box.top - by)
