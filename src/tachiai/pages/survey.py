"""What has to be known of a file before anything is placed on it: the size of its pages, and the marks in its text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tachiai.errors import Outage
from tachiai.pages import child
from tachiai.pages.findings import MAX_PAGES
from tachiai.pages.frame import Head
from tachiai.pages.inspect import refuse_by_size

MOST_MARKS: Final = 500
LIMITS: Final = child.Limits(memory_bytes=768 * 1024 * 1024, cpu_seconds=60, wall_seconds=120.0, answer_bytes=1024)


@dataclass(frozen=True)
class Mark:
    """「{{署名1}}」 in the text of a page: the word, the number behind it, and where it stands, in points from the upper left as seen."""

    page: int
    word: str
    number: int
    left: float
    top: float
    width: float
    height: float


@dataclass(frozen=True)
class Survey:
    """``sizes``: width and height in points of each page as it is seen. ``redrawn``: readers draw the file's form anew."""

    sizes: tuple[tuple[float, float], ...]
    marks: tuple[Mark, ...]
    redrawn: bool


def survey(pdf: bytes) -> Survey:
    """The survey of a file that has passed `inspect`. Refuses with ``file.broken`` and ``file.too_complex``."""
    refuse_by_size(pdf)
    head, _ = child.run("survey", pdf, limits=LIMITS, options={"most": MOST_MARKS})
    # The child read a stranger's bytes: its answer is checked like a stranger's.
    try:
        sizes = tuple((float(width), float(height)) for width, height in head["pages"])
        marks = tuple(_mark(row, sizes) for row in head["marks"][:MOST_MARKS])
        if not 0 < len(sizes) <= MAX_PAGES or not all(0 < side < 1e6 for size in sizes for side in size):
            raise ValueError("pages without a size")  # noqa: TRY301  # as any other answer that is none
        return Survey(sizes, marks, bool(head["redrawn"]))
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise Outage("pages.answer", type(error).__name__) from error


def _mark(row: Head, sizes: tuple[tuple[float, float], ...]) -> Mark:
    page, word, number, *box = row
    left, lower, right, upper = (float(side) for side in box)
    top = sizes[int(page) - 1][1] - upper
    return Mark(int(page), str(word)[:12], int(number), left, top, right - left, upper - lower)
