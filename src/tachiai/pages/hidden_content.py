"""Words that are in a file and not to be seen on its pages, and annotations that not everybody sees: the findings, page by page.

Inside a child. A signer agrees to what is seen; a machine, a search and a reader for the blind go by what is there. Where the two
differ the sender is shown the page.
"""

from __future__ import annotations

import ctypes
import itertools
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import pypdfium2.raw as pdfium_c

from tachiai.pages import suspicions, traces
from tachiai.pages.drawn_things import Looker, Note, Things
from tachiai.pages.findings import Finding, Severity
from tachiai.pages.patches import Box, Grid, TooMuchError
from tachiai.pages.suspicions import Suspect

MOST_THINGS = 300_000
MOST_SUSPECTS = 4_000
LONGEST_LOOK_SECONDS = 3.0  # of CPU, for all pages together; an ordinary page takes thousandths
MOST_NAMED = 20
MOST_SAMPLES = 5
LONGEST_SAMPLE = 60
SHADOW_PT = 3.0

_KINDS = {
    pdfium_c.FPDF_ANNOT_FREETEXT: "FreeText",
    pdfium_c.FPDF_ANNOT_LINE: "Line",
    pdfium_c.FPDF_ANNOT_SQUARE: "Square",
    pdfium_c.FPDF_ANNOT_CIRCLE: "Circle",
    pdfium_c.FPDF_ANNOT_POLYGON: "Polygon",
    pdfium_c.FPDF_ANNOT_HIGHLIGHT: "Highlight",
    pdfium_c.FPDF_ANNOT_STAMP: "Stamp",
    pdfium_c.FPDF_ANNOT_INK: "Ink",
    pdfium_c.FPDF_ANNOT_WIDGET: "Widget",
    pdfium_c.FPDF_ANNOT_WATERMARK: "Watermark",
    pdfium_c.FPDF_ANNOT_REDACT: "Redact",
}
# A note's sign and what only marks words on the screen are nobody's content; what is drawn beside them is.
_DRAWING_KINDS = frozenset(_KINDS) - {pdfium_c.FPDF_ANNOT_HIGHLIGHT}

_BLANKS = "\0 \t\r\n\u3000\xa0"
_LETTERS = ctypes.POINTER(ctypes.c_ushort)


@dataclass
class _Told:
    """One finding in the making."""

    pages: list[int] = field(default_factory=list)
    reasons: set[str] = field(default_factory=set)
    texts: list[str] = field(default_factory=list)
    count: int = 0

    def add(self, page: int, reasons: Iterable[str] = (), text: str = "", *, count: int = 1) -> None:
        if page not in self.pages and len(self.pages) < MOST_NAMED:
            self.pages.append(page)
        self.reasons.update(reasons)
        if text and text not in self.texts and len(self.texts) < MOST_SAMPLES:
            self.texts.append(text)
        self.count += count


class HiddenContent:
    """Looks at one page after the other, and then tells."""

    def __init__(self) -> None:
        self._looker = Looker(MOST_THINGS)
        self._spent = 0.0
        self._scanned, self._invisible, self._overlapped = _Told(), _Told(), _Told()
        self._covering, self._hidden = _Told(), _Told()

    def look(self, page: Any, number: int) -> None:
        """Looks at the open ``page``."""
        started = time.process_time()
        things = self._looker.look(page)
        grid = Grid(_view(page))
        try:
            suspected = suspicions.suspects(things, grid)
        except TooMuchError:
            things.left_off, suspected = True, []
        if things.left_off or len(suspected) > MOST_SUSPECTS or self._spent > LONGEST_LOOK_SECONDS:
            # What nobody has looked at is said, and never passed over.
            if suspected or things.left_off:
                self._invisible.add(number, ["unchecked"])
        elif suspected:
            self._judge(page, number, things, grid, suspected)
        self._see_notes(things.notes, number)
        self._spent += time.process_time() - started

    @property
    def findings(self) -> list[Finding]:
        """All of them warn, save words behind a scan, which are how scans are made searchable."""
        seen, over, notes, unlike = self._invisible, self._overlapped, self._covering, self._hidden
        told: list[tuple[_Told, str, Severity, dict[str, object]]] = [
            (self._scanned, "content.ocr_text", "accept", {}),
            (seen, "content.invisible", "warn", {"reasons": sorted(seen.reasons), "texts": seen.texts}),
            (over, "content.overlap", "warn", {"texts": over.texts}),
            (notes, "annotations.covering", "warn", {"kinds": sorted(notes.reasons), "texts": notes.texts}),
            (unlike, "annotations.hidden", "warn", {"kinds": sorted(unlike.reasons), "count": unlike.count}),
        ]
        return [Finding(code, severity, {"pages": of.pages, **facts}) for of, code, severity, facts in told if of.pages]

    def _judge(self, page: Any, number: int, things: Things, grid: Grid, suspected: list[Suspect]) -> None:
        found = traces.unseen(page, suspected, grid)
        behind = {one.text.order for one in found if one.why in {"not_drawn", "under_image"} and suspicions.lies_on_image(one.text, things)}
        scanned = behind if suspicions.is_scan(things, len(behind), grid.view) else set()
        hidden = {one.text.order for one in found}
        with _Words(page) as words:
            for one in found:
                text = words.of(one)
                # Rows of dots and underscores are there to be written over.
                if not any(letter.isalnum() for letter in text) or _is_shadow(one, text, things, hidden, words):
                    continue
                if one.text.order in scanned:
                    self._scanned.add(number)
                elif one.why == "annotation":
                    kinds = (note.kind for note in things.notes if suspicions.covers(note) and note.box.meets(one.area))
                    self._covering.add(number, (_KINDS.get(kind, "other") for kind in kinds), text)
                elif one.why in {"covered", "under_image"}:
                    self._overlapped.add(number, (), text)
                else:
                    self._invisible.add(number, [one.why], text)

    def _see_notes(self, notes: list[Note], number: int) -> None:
        for note in notes:
            if note.kind in _DRAWING_KINDS and note.box.area > 1.0 and (how := _unlike(note.flags)):
                self._hidden.add(number, [f"{_KINDS[note.kind]}:{how}"])


def _is_shadow(one: Suspect, text: str, things: Things, hidden: set[int], words: _Words) -> bool:
    """Whether the same words are to be seen in the same place: browsers print a shadow of letters as words that are not drawn."""
    beside = (other for other in things.texts if other.order not in hidden and _is_beside(other.box, one.text.box))
    # Of the same letters twice in one place PDFium gives the words once.
    return any(words.shown_by(other.handle) in {text, ""} for other in itertools.islice(beside, MOST_SAMPLES))


def _is_beside(one: Box, other: Box) -> bool:
    return all(abs(here - there) <= SHADOW_PT for here, there in zip(one, other, strict=True))


def _unlike(flags: int) -> str:
    """How an annotation is not the same for everybody; empty where it is."""
    if flags & pdfium_c.FPDF_ANNOT_FLAG_HIDDEN:
        return "hidden"
    printed = bool(flags & pdfium_c.FPDF_ANNOT_FLAG_PRINT)
    if flags & pdfium_c.FPDF_ANNOT_FLAG_NOVIEW:
        return "print_only" if printed else "hidden"
    return "" if printed else "screen_only"


def _view(page: Any) -> Box:
    media, crop = Box(*page.get_mediabox()), Box(*page.get_cropbox())
    both = Box(max(media.left, crop.left), max(media.bottom, crop.bottom), min(media.right, crop.right), min(media.top, crop.top))
    return both if both.area > 0.0 else media


class _Words:
    """The words of one page, asked for by place or by who shows them."""

    def __init__(self, page: Any) -> None:
        self._page = page

    def __enter__(self) -> _Words:
        self._textpage = pdfium_c.FPDFText_LoadPage(self._page)
        return self

    def __exit__(self, *_: object) -> None:
        pdfium_c.FPDFText_ClosePage(self._textpage)

    def of(self, suspect: Suspect) -> str:
        """What is not to be seen, shortened; empty where it is nothing but blanks."""
        return self.shown_by(suspect.text.handle) if suspect.area is suspect.text.box else self._within(suspect.area)

    def shown_by(self, handle: Any) -> str:
        """The words of one text, shortened."""
        # It writes all or nothing, so it is asked first how much there is. A page cannot hold more than its file.
        needed = pdfium_c.FPDFTextObj_GetText(handle, self._textpage, None, 0)
        letters = ctypes.create_string_buffer(needed + 2)
        pdfium_c.FPDFTextObj_GetText(handle, self._textpage, ctypes.cast(letters, _LETTERS), needed)
        return _read(letters)

    def _within(self, area: Box) -> str:
        letters = ctypes.create_string_buffer(2 * (LONGEST_SAMPLE * 4 + 1))
        place = (area.left, area.top, area.right, area.bottom)
        pdfium_c.FPDFText_GetBoundedText(self._textpage, *place, ctypes.cast(letters, _LETTERS), len(letters) // 2)
        return _read(letters)


def _read(letters: Any) -> str:
    return str(letters.raw.decode("utf-16-le", "ignore")).strip(_BLANKS)[:LONGEST_SAMPLE]
