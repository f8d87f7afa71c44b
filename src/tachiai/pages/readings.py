"""Two readings of one file, inside a child: PDFium on the bytes as they came, and PDFium on qpdf's reading of them.

Files exist that show one text in one program and another elsewhere (two page trees, a table that points past the object it
names, lengths that disagree). Where the two readings differ in pages, sizes, text or number of drawn things, nobody can say what
was signed, and the file is normalised to the one form that both agree on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pypdfium2
import pypdfium2.raw as pdfium_c

from tachiai.errors import Refusal
from tachiai.pages import pdfium
from tachiai.pages.findings import Finding
from tachiai.pages.hidden_content import HiddenContent
from tachiai.pages.progress import tell

pdfium.use_packaged_fonts()


@dataclass(frozen=True)
class Reading:
    """One page as PDFium reads it: size in points, drawn things on the top level, text."""

    width: int
    height: int
    drawn: int
    text: str


@dataclass(frozen=True)
class Readings:
    """The texts of the canonical reading, one per page, what differed, and what of it is not to be seen."""

    texts: tuple[str, ...]
    findings: tuple[Finding, ...]

    @classmethod
    def of(cls, original: bytes, canonical: bytes) -> Readings:
        """Reads both. Refuses with ``file.broken`` when not even the canonical form can be shown."""
        hidden = HiddenContent()
        readings = _read(canonical, hidden)
        if readings is None:
            raise Refusal("file.broken", cause="cannot be shown")
        texts = tuple(reading.text for reading in readings)
        return cls(texts, (*_differences(_read(original), readings), *hidden.findings))


def _differences(original: list[Reading] | None, canonical: list[Reading]) -> list[Finding]:
    if original is None:
        return [Finding("file.two_readings", "normalise", {"difference": "opening"})]
    if len(original) != len(canonical):
        return [Finding("file.two_readings", "normalise", {"difference": "pages"})]
    pages = [number for number, (one, other) in enumerate(zip(original, canonical, strict=True), 1) if one != other]
    return [Finding("file.two_readings", "normalise", {"difference": "content", "pages": pages[:20]})] if pages else []


def _read(pdf: bytes, hidden: HiddenContent | None = None) -> list[Reading] | None:
    readings = []
    try:
        with pdfium.opened(pdf) as document:
            if hidden is not None:
                document.init_forms()
            for index in range(len(document)):
                if hidden is not None:
                    tell("drawing", index, len(document))
                readings.append(_read_page(document, index, hidden))
            return readings
    except pypdfium2.PdfiumError:
        return None


def _read_page(document: Any, index: int, hidden: HiddenContent | None) -> Reading:
    page = document[index]
    try:
        width, height = page.get_size()
        reading = Reading(round(width), round(height), int(pdfium_c.FPDFPage_CountObjects(page)), pdfium.page_text(page))
        if hidden is not None:
            hidden.look(page, index + 1)
        return reading
    finally:
        page.close()
