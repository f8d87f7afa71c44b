"""Areas of a page as cells of a coarse grid, kept as one whole number a row: what lies over what is then asked by a few bit operations.

A cell belongs to whatever covers its middle. Strips that lie side by side therefore cover what they cover together, and an underline
covers a row of cells at the most.
"""

from __future__ import annotations

from typing import NamedTuple

CELL_PT = 2.0
MOST_CELLS = 600  # on a side: the cells of a large plan are larger
MOST_ROWS = 3_000_000  # looked at or laid on one page: an ordinary one takes some thousands


class TooMuchError(Exception):
    """The page has more on it than anybody should look through."""


class Box(NamedTuple):
    """Left, bottom, right and top in the page's own space, points."""

    left: float
    bottom: float
    right: float
    top: float

    def meets(self, other: Box) -> bool:
        return self.left < other.right and other.left < self.right and self.bottom < other.top and other.bottom < self.top

    def within(self, other: Box, *, by: float) -> bool:
        """Whether it lies inside ``other``, or sticks out by no more than ``by``."""
        left, bottom, right, top = other
        return self.left >= left - by and self.bottom >= bottom - by and self.right <= right + by and self.top <= top + by

    @property
    def area(self) -> float:
        return max(0.0, self.right - self.left) * max(0.0, self.top - self.bottom)


class Patch(NamedTuple):
    """A rectangle of cells: rows ``first`` to ``last`` and the bits of its columns. Empty where ``bits`` is 0."""

    first: int
    last: int
    bits: int


class Grid:
    """The cells of one page, of which `view` is seen."""

    def __init__(self, view: Box) -> None:
        self.view = view
        self.cell = max(CELL_PT, (view.right - view.left) / MOST_CELLS, (view.top - view.bottom) / MOST_CELLS)
        self.columns = int((view.right - view.left) / self.cell) + 1
        self.rows = int((view.top - view.bottom) / self.cell) + 1
        self._left = MOST_ROWS

    def patch(self, box: Box, *, least: int = 0) -> Patch:
        """The cells whose middle lies in ``box``; ``least`` 1 gives even a speck a cell of its own."""
        left, right = self._span(box.left - self.view.left, box.right - self.view.left, self.columns, least)
        first, last = self._span(box.bottom - self.view.bottom, box.top - self.view.bottom, self.rows, least)
        if left >= right or first >= last:
            return Patch(0, 0, 0)
        return Patch(first, last, (1 << right) - (1 << left))

    def spend(self, patch: Patch) -> None:
        """Counts the work on ``patch``. Raises `TooMuchError` when it has become too much."""
        self._left -= 1 + patch.last - patch.first
        if self._left < 0:
            raise TooMuchError

    def box(self, patch: Patch) -> Box:
        """The area of a patch."""
        left = (patch.bits & -patch.bits).bit_length() - 1
        x, y = self.view.left, self.view.bottom
        right = x + patch.bits.bit_length() * self.cell
        return Box(x + left * self.cell, y + patch.first * self.cell, right, y + patch.last * self.cell)

    def _span(self, low: float, high: float, limit: int, least: int) -> tuple[int, int]:
        start = max(0, min(limit, round(low / self.cell)))
        end = max(0, min(limit, round(high / self.cell)))
        return (start, end) if end - start >= least else (min(start, limit - least), min(start, limit - least) + least)


class Cover:
    """What has been laid over a page so far."""

    def __init__(self, grid: Grid) -> None:
        self._grid = grid
        self._rows = [0] * grid.rows

    def add(self, patch: Patch) -> None:
        self._grid.spend(patch)
        rows, bits = self._rows, patch.bits
        for row in range(patch.first, patch.last):
            rows[row] |= bits

    def over(self, patch: Patch) -> Patch:
        """The smallest rectangle of cells around what of ``patch`` is covered."""
        self._grid.spend(patch)
        bits, first, last = 0, 0, 0
        for row in range(patch.first, patch.last):
            here = self._rows[row] & patch.bits
            if here:
                first, last, bits = (first if bits else row), row + 1, bits | here
        return Patch(first, last, bits)
