"""What signers fill in, drawn ahead of sealing: words, ticks, typed signatures and seals, each as an `Appearance`.

Every maker gives the same appearance for the same arguments, keeps the last ones in memory, and draws nothing that it cannot draw whole:
a character without a glyph is refused by name, never shown as a box. Widths, heights and sizes are PDF points.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import Any, Final

import typst

from tachiai.crypto.appearances import MAX_SIDE, Appearance
from tachiai.errors import Refusal
from tachiai.pages.form_xobjects import appearance_of_page, form_object, number
from tachiai.pages.seal_images import seal_image_appearance
from tachiai.pages.typesetting import drawn, printable

__all__ = [
    "centred",
    "check_appearance",
    "drawn_signature_appearance",
    "empty_appearance",
    "hanko_appearance",
    "seal_image_appearance",
    "text_appearance",
    "typed_signature_appearance",
]

MAX_CHARACTERS: Final = 4_000
MAX_HANKO_CHARACTERS: Final = 4
# Fewer is a slip of the finger; more is no signature, and would make the file large.
MIN_POINTS: Final = 8
MAX_POINTS: Final = 4_000
# Words begin at the size of the contract's own text; below 6 points a long word is rather broken, and below 3 nothing is legible.
USUAL_SIZE: Final = 11.0
COMFORTABLE_SIZE: Final = 6.0
SMALLEST_SIZE: Final = 3.0
_INK: Final = b"0.1059 0.1373 0.1882"
_NO_RESOURCES: Final = b"<< >>"


@lru_cache(maxsize=1024)
def text_appearance(text: str, *, width: float, height: float, size: float | None = None) -> Appearance:
    """``text`` on the left, in the middle of the height, on one or several lines (its own line ends are kept), at ``size`` or as much
    smaller as it must be to fit. An empty text gives an empty appearance. Dates and names are drawn by this too.

    Refuses with ``field.glyph_missing`` (character, code), ``field.too_long`` (limit: characters) and ``field.no_room`` when the text
    does not fit even in the smallest legible type.
    """
    _hold_box(width, height)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if not text.strip():
        return empty_appearance(width, height)
    _hold_glyphs(text)
    largest = size or USUAL_SIZE
    data = {
        "text": text,
        "width": width,
        "height": height,
        "margin": min(2.0, width * 0.05),
        "size": largest,
        "comfortable": min(COMFORTABLE_SIZE, largest),
        "smallest": min(SMALLEST_SIZE, largest),
    }
    return appearance_of_page(_drawn_or_no_room(data), width=width, height=height)


@lru_cache(maxsize=256)
def check_appearance(width: float, height: float) -> Appearance:
    """The on-state of a check field: a tick, drawn as a path, as large as the box allows. The off-state is `empty_appearance`."""
    _hold_box(width, height)
    side = min(width, height) * 0.84
    left, bottom = (width - side) / 2, (height - side) / 2
    points = [(left + side * x, bottom + side * y) for x, y in ((0.12, 0.47), (0.39, 0.19), (0.89, 0.82))]
    path = b" ".join(b"%s %s %s" % (number(x), number(y), b"l" if index else b"m") for index, (x, y) in enumerate(points))
    content = b"q 1 J 1 j %s w %s RG %s S Q" % (number(side * 0.125), _INK, path)
    return Appearance(width, height, (form_object(content, [_NO_RESOURCES], width=width, height=height),))


@lru_cache(maxsize=256)
def empty_appearance(width: float, height: float) -> Appearance:
    """Nothing: a check that is off, or words that were left out."""
    _hold_box(width, height)
    return Appearance(width, height, (form_object(b"", [_NO_RESOURCES], width=width, height=height),))


@lru_cache(maxsize=256)
def typed_signature_appearance(name: str, *, width: float, height: float, caption: str | None = None) -> Appearance:
    """``name`` as a signature over a line and, beneath it in small type, ``caption`` (when, and by what means).

    Refuses as `text_appearance` does, and with ``signature.nameless`` when there is no name.
    """
    _hold_box(width, height)
    name, caption = name.strip(), (caption or "").strip()
    if not name:
        raise Refusal("signature.nameless")
    _hold_glyphs(name, one_line=True)
    _hold_glyphs(caption, one_line=True)
    data = {"name": name, "caption": caption, "width": width, "height": height}
    return appearance_of_page(drawn("typed_signature", data=data), width=width, height=height)


@lru_cache(maxsize=256)
def hanko_appearance(name: str, *, size: float) -> Appearance:
    """A round seal in vermilion, ``size`` across, of the one to four characters of ``name``, spaces left out.

    It is drawn, not pressed: it looks like a seal and proves what the signature beneath it proves. Refuses with ``signature.nameless``,
    ``hanko.too_many_characters`` (limit) and ``field.glyph_missing``.
    """
    _hold_box(size, size)
    characters = _characters("".join(name.split()))
    if not characters:
        raise Refusal("signature.nameless")
    if len(characters) > MAX_HANKO_CHARACTERS:
        raise Refusal("hanko.too_many_characters", limit=MAX_HANKO_CHARACTERS)
    _hold_glyphs("".join(characters))
    return appearance_of_page(drawn("hanko", data={"characters": characters, "size": size}), width=size, height=size)


def centred(appearance: Appearance, *, width: float, height: float) -> Appearance:
    """The appearance in the middle of a box that is larger than it, at the size it has."""
    _hold_box(width, height)
    if (appearance.width, appearance.height) == (width, height):
        return appearance
    left, bottom = (width - appearance.width) / 2, (height - appearance.height) / 2
    content = b"q 1 0 0 1 %s %s cm /Fm0 Do Q" % (number(left), number(bottom))
    form = form_object(content, [b"<< /XObject << /Fm0 ", 1, b" >> >>"], width=width, height=height)
    moved = tuple(tuple(part if isinstance(part, bytes) else part + 1 for part in parts) for parts in appearance.objects)
    return Appearance(width, height, (form, *moved))


Stroke = tuple[tuple[int, int], ...]


@lru_cache(maxsize=64)
def drawn_signature_appearance(strokes: tuple[Stroke, ...], *, width: float, height: float) -> Appearance:
    """A signature as somebody drew it: ``strokes`` are points from the upper left, in thousandths of the board's width, which is as wide
    in proportion as the box. They are drawn as large as the box allows. Refuses with ``signature.not_drawn`` and ``signature.too_long``."""
    _hold_box(width, height)
    points = [point for stroke in strokes for point in stroke]
    if len(points) < MIN_POINTS:
        raise Refusal("signature.not_drawn")
    if len(points) > MAX_POINTS:
        raise Refusal("signature.too_long", limit=MAX_POINTS)
    left, top = min(x for x, _ in points), min(y for _, y in points)
    across, down = max(x for x, _ in points) - left, max(y for _, y in points) - top
    # The line itself is a little wide, and must not be cut at the edges of the box.
    pen = min(width, height) * 0.03
    scale = min((width - 2 * pen) / max(across, 1), (height - 2 * pen) / max(down, 1))
    right, up = (width - across * scale) / 2, (height + down * scale) / 2
    lines = [b" ".join(_line(stroke, left, top, scale, right, up)) for stroke in strokes if stroke]
    content = b"q 1 J 1 j %s w %s RG %s Q" % (number(pen), _INK, b" ".join(lines))
    return Appearance(width, height, (form_object(content, [_NO_RESOURCES], width=width, height=height),))


def _line(stroke: Stroke, left: int, top: int, scale: float, right: float, up: float) -> list[bytes]:
    """One stroke as a path; a single point is a dot, which a round pen draws as a line to itself."""
    shown = stroke if len(stroke) > 1 else (stroke[0], stroke[0])
    path = [
        b"%s %s %s" % (number(right + (x - left) * scale), number(up - (y - top) * scale), b"l" if index else b"m")
        for index, (x, y) in enumerate(shown)
    ]
    return [*path, b"S"]


def _characters(word: str) -> list[str]:
    """What stands in a cell of its own: a mark, or the selector that chooses a shape, stays with the character before it."""
    cells: list[str] = []
    for character in word:
        if cells and unicodedata.category(character) in {"Mn", "Mc", "Me"}:
            cells[-1] += character
        else:
            cells.append(character)
    return cells


def _drawn_or_no_room(data: dict[str, Any]) -> bytes:
    try:
        return drawn("field_text", data=data)
    except typst.TypstError as error:
        # The layout's own assertion; every character has been asked for before, so no other is the text's doing.
        if str(error).endswith("no-room"):
            raise Refusal("field.no_room") from error
        raise


def _hold_box(width: float, height: float) -> None:
    if not (0 < width <= MAX_SIDE and 0 < height <= MAX_SIDE):
        raise ValueError(f"no box on a page is {width} by {height} points")


def _hold_glyphs(text: str, *, one_line: bool = False) -> None:
    if len(text) > MAX_CHARACTERS:
        raise Refusal("field.too_long", limit=MAX_CHARACTERS)
    for character in dict.fromkeys(text):
        if printable(character) != character or (one_line and character == "\n"):
            raise Refusal("field.glyph_missing", character=character, code=f"U+{ord(character):04X}")
