"""Which words of a page may not be seen, told from what is drawn before and after them: nearly none on an ordinary page.

Whoever is suspected is judged by the picture (`tachiai.pages.traces`), so a suspicion may be wrong, but must not be missed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

import pypdfium2.raw as pdfium_c

from tachiai.pages.drawn_things import Colour, Note, Shape, Text, Things
from tachiai.pages.patches import Box, Cover, Grid, Patch

FAINT: Final = 0xE8  # each channel at least this: white paper with hardly anything on it
LIKE: Final = 24  # channels no farther apart than this are one colour to the eye
MOST_COLOURS = 64
SMALLEST_LETTERS_PT = 1.0
COVERED_SHARE = 0.6  # of the height of the letters: a line through words does not hide them
SCAN_SHARE = 0.5  # of the page under images, and of its words unseen: then these are what a scanner has read

_NOT_DRAWN = (pdfium_c.FPDF_TEXTRENDERMODE_INVISIBLE, pdfium_c.FPDF_TEXTRENDERMODE_CLIP)
_UNSEEN_FLAGS = pdfium_c.FPDF_ANNOT_FLAG_HIDDEN | pdfium_c.FPDF_ANNOT_FLAG_NOVIEW
_NEVER_COVERING = (pdfium_c.FPDF_ANNOT_LINK, pdfium_c.FPDF_ANNOT_POPUP)


class Suspect(NamedTuple):
    """``text`` may not be seen within ``area``. ``certain`` where no picture has to be asked."""

    text: Text
    area: Box
    why: str
    certain: bool


def suspects(things: Things, grid: Grid) -> list[Suspect]:
    """In the order of drawing; a text may be suspected for more than one reason."""
    if not things.texts:
        return []
    found: list[Suspect] = []
    same = _over_their_own_colour(things, grid)
    for text in things.texts:
        why = _why(text, grid.view)
        if why is not None:
            found.append(Suspect(text, text.box, why, certain=why in {"not_drawn", "tiny", "outside"}))
        elif text.order in same:
            found.append(Suspect(text, text.box, "same_colour", certain=False))
    found.extend(_covered(things, grid))
    found.extend(_under_notes(things, grid))
    return found


def is_scan(things: Things, unseen: int, view: Box) -> bool:
    """Whether the page is a picture with words behind it, as a scanner that reads leaves it."""
    images = sum(shape.box.area for shape in things.shapes if shape.image)
    return images >= SCAN_SHARE * view.area and unseen >= SCAN_SHARE * len(things.texts)


def lies_on_image(text: Text, things: Things) -> bool:
    """Whether the words stand where an image is."""
    return any(shape.image and text.box.within(shape.box, by=6.0) for shape in things.shapes)


def covers(note: Note) -> bool:
    """Whether an annotation can lie over words: it is shown, has an area, and is not merely a place to click."""
    return not note.flags & _UNSEEN_FLAGS and note.kind not in _NEVER_COVERING and note.box.area > 0.0


def _why(text: Text, view: Box) -> str | None:
    if text.mode in _NOT_DRAWN:
        return "not_drawn"
    if text.box.area > 0.0 and not text.box.meets(view):
        return "outside"
    if text.size < SMALLEST_LETTERS_PT:
        return "tiny"
    red, green, blue, _ = text.colour
    if text.strange or min(red, green, blue) >= FAINT:
        return "faint"
    return "clipped" if text.clipped else None


def _drawn(things: Things) -> Iterator[Text | Shape]:
    """Texts and shapes as they are drawn; both lists are in order already."""
    texts, shapes = iter(things.texts), iter(things.shapes)
    text, shape = next(texts, None), next(shapes, None)
    while text is not None or shape is not None:
        if shape is None or (text is not None and text.order < shape.order):
            assert text is not None  # noqa: S101 — what the condition of the loop says
            yield text
            text = next(texts, None)
        else:
            yield shape
            shape = next(shapes, None)


def _over_their_own_colour(things: Things, grid: Grid) -> set[int]:
    """The texts that stand on a shape of about their own colour, or on an image, which may have any."""
    if not things.shapes:
        return set()
    found: set[int] = set()
    colours: dict[Colour | None, Cover] = {}
    for thing in _drawn(things):
        if isinstance(thing, Shape):
            colour = thing.colour if len(colours) < MOST_COLOURS or thing.colour in colours else None
            colours.setdefault(colour, Cover(grid)).add(grid.patch(thing.box))
        elif any(_alike(colour, thing.colour) and cover.over(grid.patch(thing.box)).bits for colour, cover in colours.items()):
            found.add(thing.order)
    return found


def _alike(ground: Colour | None, letters: Colour) -> bool:
    return ground is None or all(abs(one - other) <= LIKE for one, other in zip(ground[:3], letters[:3], strict=True))


def _covered(things: Things, grid: Grid) -> list[Suspect]:
    """The texts over which something is drawn later, with the part of each that it covers."""
    if not things.shapes:
        return []
    found: list[Suspect] = []
    paths, images = Cover(grid), Cover(grid)
    for thing in reversed(list(_drawn(things))):
        if isinstance(thing, Shape):
            (images if thing.image else paths).add(grid.patch(thing.box))
            continue
        here = grid.patch(thing.box, least=1)
        for cover, why in ((paths, "covered"), (images, "under_image")):
            over = cover.over(here)
            if _hides(over, here):
                found.append(Suspect(thing, grid.box(over), why, certain=False))
    found.reverse()
    return found


def _under_notes(things: Things, grid: Grid) -> Iterator[Suspect]:
    notes = [note for note in things.notes if covers(note)]
    if not notes:
        return
    cover = Cover(grid)
    for note in notes:
        cover.add(grid.patch(note.box))
    for text in things.texts:
        here = grid.patch(text.box, least=1)
        over = cover.over(here)
        if _hides(over, here):
            yield Suspect(text, grid.box(over), "annotation", certain=False)


def _hides(over: Patch, here: Patch) -> bool:
    return over.bits != 0 and over.last - over.first >= COVERED_SHARE * (here.last - here.first)
