"""A page as a person sees it, and where that is in the page's own coordinates (ISO 32000-2, 8.3.2.3, 14.11.2, table 31).

What is placed on a page is placed where somebody saw it: in points from the lower left corner of the visible page, as it is turned and
cut on the screen. A file may turn its page (/Rotate), show a part of it (/CropBox), begin its coordinates anywhere (/MediaBox) and
measure in units of its own (/UserUnit).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

Box = tuple[float, float, float, float]

A4_OR_SO: Final[Box] = (0.0, 0.0, 612.0, 792.0)  # what readers assume where a page has no usable box
TURNS: Final = (0, 90, 180, 270)
# How a drawing must be turned within its page to stand upright on it: the first four numbers of its /Matrix, by the page's turn.
UPRIGHT: Final[Mapping[int, bytes]] = MappingProxyType(
    {0: b"1 0 0 1 0 0", 90: b"0 1 -1 0 0 0", 180: b"-1 0 0 -1 0 0", 270: b"0 -1 1 0 0 0"}
)


class View(NamedTuple):
    """The visible part of a page in its default user space, by how many degrees it is turned clockwise when shown (0, 90, 180, 270),
    and how many points one unit is."""

    left: float
    lower: float
    right: float
    upper: float
    turned: int = 0
    unit: float = 1.0

    @property
    def size(self) -> tuple[float, float]:
        """Width and height as seen, in points."""
        width, height = (self.right - self.left) * self.unit, (self.upper - self.lower) * self.unit
        return (height, width) if self.turned % 180 else (width, height)

    def box(self, seen: Box) -> Box:
        """``seen`` (points from the lower left corner as seen: left, lower, right, upper) in the page's default user space."""
        one, other = self._point(seen[0], seen[1]), self._point(seen[2], seen[3])
        return min(one[0], other[0]), min(one[1], other[1]), max(one[0], other[0]), max(one[1], other[1])

    def seen(self, box: Box) -> Box:
        """The other way round: ``box`` of the page's default user space, in points from the lower left corner as seen."""
        one, other = self._shown(box[0], box[1]), self._shown(box[2], box[3])
        return min(one[0], other[0]), min(one[1], other[1]), max(one[0], other[0]), max(one[1], other[1])

    def _shown(self, x: float, y: float) -> tuple[float, float]:
        across, up = {
            90: (y - self.lower, self.right - x),
            180: (self.right - x, self.upper - y),
            270: (self.upper - y, x - self.left),
        }.get(self.turned, (x - self.left, y - self.lower))
        return across * self.unit, up * self.unit

    def _point(self, x: float, y: float) -> tuple[float, float]:
        x, y = x / self.unit, y / self.unit
        if self.turned == 90:
            return self.right - y, self.lower + x
        if self.turned == 180:
            return self.right - x, self.upper - y
        if self.turned == 270:
            return self.left + y, self.upper - x
        return self.left + x, self.lower + y


def view(*, media: Box | None, crop: Box | None, turned: int, unit: float) -> View:
    """What readers show of a page: the crop box within the media box, or the media box where they do not meet."""
    page = media or A4_OR_SO
    cut = crop or page
    shown = (max(page[0], cut[0]), max(page[1], cut[1]), min(page[2], cut[2]), min(page[3], cut[3]))
    if not (shown[0] < shown[2] and shown[1] < shown[3]):
        shown = page
    return View(*shown, turned=turned % 360 if turned % 90 == 0 else 0, unit=unit if unit > 0 else 1.0)
