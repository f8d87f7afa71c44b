"""Form fields whose value is not what they show, inside a child: signers see the appearance, other programs may show or read the value.

ISO 32000-2, 12.7.4.3: the appearance of a field is drawn by whoever changes its value, and nothing keeps the two together. Only letters
and digits are compared: marks, blanks and lines are a matter of taste.
"""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import pikepdf
import pypdfium2
import pypdfium2.raw as pdfium_c
from pikepdf import Array, Dictionary, Name, Object, Pdf, Stream, String

from tachiai.pages import pdfium
from tachiai.pages.findings import Finding
from tachiai.pages.masking import unpacked
from tachiai.pages.spelling import claimed, word

MOST_WIDGETS = 1_000
MOST_NAMED = 20
DEEPEST_FIELD = 32
LARGEST_COORDINATE = 14_400  # of a page, as readers take it (ISO 32000-1, C.2)

_UNSEEN = 1 << 0 | 1 << 1 | 1 << 5  # flags of an annotation: invisible, hidden, not on the screen
_PASSWORD, _FILE = 1 << 13, 1 << 20  # flags of a field (12.7.5.3)
_PUSH_BUTTON, _COMBO = 1 << 16, 1 << 17
_RIGHT_TO_LEFT = {"R", "AL"}


class _Widget(NamedTuple):
    """A text that a page shows for a field, and every way in which its value may be written."""

    page: int
    name: str
    look: Stream
    values: tuple[str, ...]


@dataclass
class _Differing:
    pages: list[int] = field(default_factory=list)
    fields: list[str] = field(default_factory=list)
    reasons: set[str] = field(default_factory=set)

    def add(self, page: int, name: str, reason: str) -> None:
        if page not in self.pages and len(self.pages) < MOST_NAMED:
            self.pages.append(page)
        if name and name not in self.fields and len(self.fields) < MOST_NAMED:
            self.fields.append(name)
        self.reasons.add(reason)


def value_findings(document: Pdf) -> list[Finding]:
    """``form.value_differs`` where a field that is seen shows other words than its value, another state, or nothing for a value.

    ``reasons``: text, state, missing; unchecked where there are more than `MOST_WIDGETS`.
    """
    if not isinstance(document.Root.get(Name.AcroForm), Dictionary):
        return []
    found = _Differing()
    shown: list[_Widget] = []
    for count, (page, widget) in enumerate(_widgets(document)):
        if count == MOST_WIDGETS:
            found.add(page, "", "unchecked")
            break
        _see(found, shown, page, widget)
    _compare(found, shown, document)
    facts = {"pages": sorted(found.pages), "fields": found.fields, "reasons": sorted(found.reasons)}
    return [Finding("form.value_differs", "warn", facts)] if found.reasons else []


def _widgets(document: Pdf) -> Iterator[tuple[int, Dictionary]]:
    """Each widget that a page shows, with the page's number."""
    for number, page in enumerate(document.pages, 1):
        notes = page.obj.get(Name.Annots)
        for note in notes if isinstance(notes, Array) else ():
            if isinstance(note, Dictionary) and note.get(Name.Subtype) == Name.Widget and not _whole(note.get(Name.F)) & _UNSEEN:
                yield number, note


def _see(found: _Differing, shown: list[_Widget], page: int, widget: Dictionary) -> None:
    kind, flags = word(_inherited(widget, Name.FT)), _whole(_inherited(widget, Name.Ff))
    if kind == "/Btn" and not flags & _PUSH_BUTTON:
        reason = _differing_state(widget)
        if reason:
            found.add(page, _name(widget), reason)
    elif (kind == "/Tx" and not flags & (_PASSWORD | _FILE)) or (kind == "/Ch" and flags & _COMBO):
        values, look = _values(widget), _look(widget)
        if look is not None:
            shown.append(_Widget(page, _name(widget), look, values))
        elif _letters(values[0]):
            found.add(page, _name(widget), "missing")


def _differing_state(widget: Dictionary) -> str:
    """How a box that is ticked or not differs from its value; empty where it does not."""
    value, state = (word(name).lstrip("/") or "Off" for name in (_inherited(widget, Name.V), widget.get(Name.AS)))
    looks = widget.get(Name.AP)
    looks = looks.get(Name.N) if isinstance(looks, Dictionary) else None
    if not isinstance(looks, Dictionary):
        return "missing" if value == state != "Off" else ""
    drawn = {word(Name(name)).lstrip("/") for name in looks.keys()}  # noqa: SIM118 — a dictionary of pikepdf, not of Python
    if Name.AS not in widget:
        # Readers then go by the value themselves.
        return ""
    seen = state if state in drawn else "Off"
    meant = value if value in drawn or state == value else "Off"
    return "" if seen == meant else "state"


def _values(widget: Dictionary) -> tuple[str, ...]:
    """What a field's value may be shown as: the value, and of a choice the words that stand for it."""
    value = _inherited(widget, Name.V)
    if isinstance(value, Stream):
        value = String(unpacked(value))
    if not isinstance(value, (String, Name)):
        return ("",)
    found = [word(value), str(value)]
    options = _inherited(widget, Name.Opt)
    for option in options if isinstance(options, Array) else ():
        if isinstance(option, Array) and len(option) == 2 and word(option[0]) == found[0]:
            found += [word(option[1]), str(option[1])]
    return tuple(found)


def _look(widget: Dictionary) -> Stream | None:
    looks = widget.get(Name.AP)
    look = looks.get(Name.N) if isinstance(looks, Dictionary) else None
    return look if isinstance(look, Stream) else None


def _inherited(widget: Dictionary, key: Name) -> Object | None:
    here: object = widget
    for _ in range(DEEPEST_FIELD):
        if not isinstance(here, Dictionary):
            break
        if key in here:
            return here[key]
        here = here.get(Name.Parent)
    return None


def _name(widget: Dictionary) -> str:
    parts: list[str] = []
    here: object = widget
    for _ in range(DEEPEST_FIELD):
        if not isinstance(here, Dictionary):
            break
        if Name.T in here:
            parts.insert(0, word(here[Name.T]))
        here = here.get(Name.Parent)
    return claimed(".".join(parts), most=64)


def _whole(value: object) -> int:
    return value if isinstance(value, int) else 0


def _compare(found: _Differing, shown: list[_Widget], document: Pdf) -> None:
    if not shown:
        return
    try:
        with pdfium.opened(_drawn(shown, document)) as looks:
            for widget, text in zip(shown, (_read(looks, index) for index in range(len(looks))), strict=True):
                if text is not None and not any(_alike(text, value) for value in widget.values):
                    found.add(widget.page, widget.name, "text" if _letters(text) else "missing")
    except (pypdfium2.PdfiumError, pikepdf.PdfError):
        # Nobody can say what is shown there.
        for widget in shown:
            found.add(widget.page, widget.name, "unchecked")


def _drawn(shown: list[_Widget], document: Pdf) -> bytes:
    """A file with a page for each appearance, so that it is read as it would be on the page that shows it."""
    drawn = pikepdf.new()
    form = document.Root.AcroForm
    fonts = form.get(Name.DR)
    # An appearance without resources of its own takes those of the form.
    shared: Any = drawn.copy_foreign(document.make_indirect(fonts)) if isinstance(fonts, Dictionary) else Dictionary()
    side = LARGEST_COORDINATE // 2
    for widget in shown:
        page = drawn.add_blank_page(page_size=(LARGEST_COORDINATE, LARGEST_COORDINATE))
        page.obj.MediaBox = Array([-side, -side, side, side])
        look = drawn.copy_foreign(widget.look)
        page.obj.Resources = Dictionary(shared)
        page.obj.Resources[Name.XObject] = Dictionary(Look=look)
        page.obj.Contents = drawn.make_stream(b"/Look Do")
    target = io.BytesIO()
    drawn.save(target, compress_streams=False, stream_decode_level=pikepdf.StreamDecodeLevel.none)
    return target.getvalue()


def _read(looks: pypdfium2.PdfDocument, index: int) -> str | None:
    """The words of one appearance; None where a font of it does not tell its letters, so that nothing can be said."""
    page = looks[index]
    textpage = page.get_textpage()
    try:
        if any(pdfium_c.FPDFText_HasUnicodeMapError(textpage, place) == 1 for place in range(textpage.count_chars())):
            return None
        return str(textpage.get_text_range())
    finally:
        textpage.close()
        page.close()


def _alike(text: str, value: str) -> bool:
    one, other = _letters(text), _letters(value)
    if any(unicodedata.bidirectional(letter) in _RIGHT_TO_LEFT for letter in other):
        return sorted(one) == sorted(other)
    return one == other


def _letters(text: str) -> str:
    return "".join(letter for letter in unicodedata.normalize("NFKC", text).casefold() if letter.isalnum())
