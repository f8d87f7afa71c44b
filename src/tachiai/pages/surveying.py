"""Surveying a file, inside a child: how large each page is as it is seen, and where marks for fields (目印) stand in its text."""

from __future__ import annotations

import ctypes
import io
import re
import unicodedata
from typing import Any

import pikepdf
import pypdfium2
import pypdfium2.raw as pdfium_c

from tachiai.crypto.page_boxes import view_of
from tachiai.crypto.views import Box, View
from tachiai.errors import Refusal
from tachiai.pages import pdfium
from tachiai.pages.frame import Head

# 「{{署名1}}」: what is wanted and whose it is. Braces may be full width and digits too; nothing longer is a mark.
MARK = re.compile(r"[{｛]{2}\s*([^\W\d_]{1,12})\s*(\d{1,2})\s*[}｝]{2}")


def survey_job(pdf: bytes, options: Head) -> tuple[Head, bytes]:
    """Job ``survey``: ``pages`` are (width, height) in points as seen, ``marks`` are [page, word, number, left, lower, right, upper].

    ``redrawn``: readers are asked to draw the file's form anew, so that nothing of ours may be laid into it.
    """
    try:
        with pikepdf.open(io.BytesIO(pdf)) as document:
            views = [view_of(page.obj) for page in document.pages]
            form = document.Root.get("/AcroForm")
            redrawn = isinstance(form, pikepdf.Dictionary) and bool(form.get("/NeedAppearances", False))
        marks = _marks(pdf, views, most=int(options["most"]))
    except (pikepdf.PdfError, pypdfium2.PdfiumError):
        raise Refusal("file.broken", cause="cannot be surveyed") from None
    return {"pages": [list(view.size) for view in views], "marks": marks, "redrawn": redrawn}, b""


def _marks(pdf: bytes, views: list[View], *, most: int) -> list[list[Any]]:
    found: list[list[Any]] = []
    with pdfium.opened(pdf) as document:
        for number, view in enumerate(views[: len(document)], 1):
            page = document[number - 1]
            text = page.get_textpage()
            try:
                found += [[number, *mark] for mark in _marks_of(text, view)]
            finally:
                text.close()
                page.close()
            if len(found) >= most:
                break
    return found[:most]


def _marks_of(text: Any, view: View) -> list[list[Any]]:
    count = pdfium_c.FPDFText_CountChars(text)
    # One character each, so that a place in the string is a place in PDFium's list of them.
    written = "".join(chr(code) if 0 < (code := pdfium_c.FPDFText_GetUnicode(text, index)) < 0x110000 else " " for index in range(count))
    if len(written) != count or ("{{" not in written and "｛｛" not in written):
        return []
    marks = []
    for mark in MARK.finditer(written):
        box = _box_of(text, range(mark.start(), mark.end()))
        if box is not None:
            word = unicodedata.normalize("NFKC", mark[1]).casefold()
            marks.append([word, int(unicodedata.normalize("NFKC", mark[2])), *view.seen(box)])
    return marks


def _box_of(text: Any, places: range) -> Box | None:
    """What the characters at ``places`` cover together, in the page's own space."""
    boxes = [box for place in places if (box := _character(text, place)) is not None]
    if not boxes:
        return None
    lefts, lowers, rights, uppers = zip(*boxes, strict=True)
    return min(lefts), min(lowers), max(rights), max(uppers)


def _character(text: Any, place: int) -> Box | None:
    sides = [ctypes.c_double() for _ in range(4)]
    left, right, lower, upper = sides
    if not pdfium_c.FPDFText_GetCharBox(text, place, *(ctypes.byref(side) for side in sides)):
        return None
    box = (left.value, lower.value, right.value, upper.value)
    return box if box[2] > box[0] and box[3] > box[1] else None
