"""Earlier revisions in a file (ISO 32000-2, 7.5.6), inside a child: how many, and whether the pages looked otherwise then.

Whoever cuts the file behind an earlier end has that revision before them. Where it looks as the last one does, nothing is lost by it; where
it does not, the sender should know what travels along. What a signature adds to the look of a page is left out of the comparison.
"""

from __future__ import annotations

import ctypes
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pypdfium2
import pypdfium2.raw as pdfium_c
from pikepdf import Name, Pdf

from tachiai.pages import pdfium, whereabouts
from tachiai.pages.findings import Finding, Severity
from tachiai.pages.patches import Box
from tachiai.pages.traces import Canvas

MOST_REVISIONS = 1_000
MOST_COMPARED = 5  # revisions; the last is compared with these
MOST_PAGES = 40  # pictures of pages, over all revisions
MOST_NAMED = 20
LARGEST_NUMBER = 2**31 - 1  # of an object, as the parser takes it

_END = re.compile(rb"startxref\s+(\d{1,12})\s+%%EOF[ \t]*\r?\n?")
_SECTION = re.compile(rb"\s{0,4}(?:xref\b|\d{1,10}\s+\d{1,5}\s+obj\b)")
_HEAD = re.compile(rb"(?<!\d)(\d{1,10})\s+(\d{1,5})\s+obj\b")


@dataclass
class _Changes:
    pages: list[int] = field(default_factory=list)
    revisions: list[int] = field(default_factory=list)
    counted: bool = False
    unchecked: bool = False
    left: int = MOST_PAGES

    def add(self, revision: int, number: int) -> None:
        if number not in self.pages and len(self.pages) < MOST_NAMED:
            self.pages.append(number)
        if revision not in self.revisions:
            self.revisions.append(revision)


def ends_of_revisions(pdf: bytes) -> list[int]:
    """Where each revision but the last ends. The first part of a file made for the web is none: its table is not complete."""
    header = max(0, pdf.find(b"%PDF-", 0, 1024))
    ends = []
    for match in _END.finditer(pdf):
        place = int(match.group(1)) + header
        if header < place < match.start() and _SECTION.match(pdf, place):
            ends.append(match.end())
    return ends[:-1][:MOST_REVISIONS]


def telling(ends: list[int]) -> list[int]:
    """The revisions worth looking at, by their place in ``ends``: what somebody began with, and what somebody may last have been shown."""
    return sorted({0, *range(max(0, len(ends) - MOST_COMPARED + 1), len(ends))}) if ends else []


def revision_findings(pdf: bytes, document: Pdf, ends: list[int]) -> list[Finding]:
    """``revisions.earlier``: accepted where nothing visible has changed since any of them, else a warning with the pages that have."""
    if not ends:
        return []
    changes = _Changes()
    compared = telling(ends)
    changes.unchecked = len(compared) < len(ends)
    try:
        with pdfium.opened(pdf) as now:
            now.init_forms()
            for index in compared:
                _compare(changes, index + 1, pdf[: ends[index]], now, _pages_to_compare(document, pdf[ends[index] :]))
    except pypdfium2.PdfiumError:
        # A file that cannot be opened as it is has other findings; it will be rewritten into one revision or refused.
        return []
    severity: Severity = "warn" if changes.pages or changes.counted or changes.unchecked else "accept"
    facts = {"count": len(ends), "pages": sorted(changes.pages), "revisions": changes.revisions, "page_count_differs": changes.counted}
    return [Finding("revisions.earlier", severity, {**facts, "all_compared": not changes.unchecked})]


def _pages_to_compare(document: Pdf, later: bytes) -> set[int] | None:
    """The pages that lead to an object written ``later``; None for all, where that cannot be told."""
    if b"/ObjStm" in later or Name.OCProperties in document.Root:
        return None
    numbers = ((int(match.group(1)), int(match.group(2))) for match in _HEAD.finditer(later))
    written = {place for place in numbers if place[0] < LARGEST_NUMBER}
    if any(_is_in_tree(document, place) for place in written):
        return None
    return {number for number, here in whereabouts.seen_from_pages(document) if here.objgen in written}


def _is_in_tree(document: Pdf, place: tuple[int, int]) -> bool:
    found = document.get_object(place)
    return bool(getattr(found, "get", None) and found.get(Name.Type) == Name.Pages)


def _compare(changes: _Changes, revision: int, earlier: bytes, now: Any, wanted: set[int] | None) -> None:
    try:
        with pdfium.opened(earlier) as then:
            then.init_forms()
            if len(then) != len(now):
                changes.counted = True
                changes.revisions.append(revision)
                changes.pages.extend(number for number in range(len(then) + 1, len(now) + 1)[:MOST_NAMED] if number not in changes.pages)
            for index in range(min(len(then), len(now))):
                if wanted is not None and index + 1 not in wanted:
                    continue
                changes.left -= 1
                if changes.left < 0:
                    changes.unchecked = True
                    return
                if _looks_otherwise(then, now, index):
                    changes.add(revision, index + 1)
    except pypdfium2.PdfiumError:
        # What no reader opens nobody has seen.
        return


def _looks_otherwise(then: Any, now: Any, index: int) -> bool:
    with _unsigned_page(then, index) as one, _unsigned_page(now, index) as other:
        if one.get_size() != other.get_size() or pdfium.page_text(one) != pdfium.page_text(other):
            return True
        canvas = Canvas(other)
        media = Box(*other.get_mediabox())
        return canvas.differs(Canvas(one).picture(), canvas.picture(), media)


@contextmanager
def _unsigned_page(document: Any, index: int) -> Iterator[Any]:
    """The page, in memory without the signatures that are to be seen on it."""
    page = document[index]
    try:
        for place in range(pdfium_c.FPDFPage_GetAnnotCount(page)):
            _hide_signature(page, place)
        yield page
    finally:
        page.close()


def _hide_signature(page: Any, place: int) -> None:
    note = pdfium_c.FPDFPage_GetAnnot(page, place)
    if not note:
        return
    if pdfium_c.FPDFAnnot_GetSubtype(note) == pdfium_c.FPDF_ANNOT_WIDGET:
        kind = (pdfium_c.FPDF_WCHAR * 8)()
        pdfium_c.FPDFAnnot_GetStringValue(note, b"FT", kind, ctypes.sizeof(kind))
        if bytes(kind).decode("utf-16-le", "ignore").rstrip("\0") == "Sig":
            pdfium_c.FPDFAnnot_SetFlags(note, pdfium_c.FPDF_ANNOT_FLAG_HIDDEN)
    pdfium_c.FPDFPage_CloseAnnot(note)
