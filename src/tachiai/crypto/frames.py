"""What two encodings have in common, learnt from one that was judged in full, so that the next is only held against it.

DER leaves no freedom: where every byte but the content of some primitive values is the same, at the same places, the same members
stand there with the same lengths. What was found out about the first encoding from its fixed bytes is then true of the second, and
only what stands in its gaps is left to judge. A frame therefore never makes anything acceptable that a full reading would refuse; an
encoding that fits no frame is read in full.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from tachiai.crypto.der import Element

_LONG_FORM = 0x82


class Frame(NamedTuple):
    """``size`` bytes, of which those at ``places`` (start, end) are always ``fixed``."""

    size: int
    places: tuple[tuple[int, int], ...]
    fixed: list[bytes]

    def fits(self, held: bytes) -> bool:
        """Whether ``held`` has the very bytes of the frame everywhere but in its gaps."""
        return len(held) == self.size and [held[start:end] for start, end in self.places] == self.fixed


def learn(held: bytes, gaps: Iterable[slice]) -> Frame:
    """The frame of ``held`` around ``gaps``, each the content of a primitive value in it."""
    edges = [0, *(edge for gap in sorted(gaps, key=_start) for edge in (gap.start, gap.stop)), len(held)]
    places = tuple(zip(edges[::2], edges[1::2], strict=True))
    return Frame(len(held), places, [held[start:end] for start, end in places])


def _start(gap: slice) -> int:
    return int(gap.start)


def inside(element: Element) -> slice:
    """Where the content of an element stands in the bytes it was read from."""
    return slice(element.body, element.end)


def first_value(held: bytes) -> bytes | None:
    """The one value that ``held`` begins with, when nothing but zeros follows and its length takes two octets; else None."""
    if len(held) < 4 or held[1] != _LONG_FORM:
        return None
    size = 4 + (held[2] << 8 | held[3])
    if size == len(held):
        return held
    return None if size > len(held) or held[size:].strip(b"\x00") else held[:size]
