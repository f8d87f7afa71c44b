"""The outside of a file, before any parser opens it: whether it is a PDF, what else it pretends to be, and what stands around it."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from typing import Final

from tachiai.errors import Refusal
from tachiai.pages.findings import Finding

HEADER_WINDOW = 1024  # ISO 32000-1 annex H.3 note 13: readers accept the header within the first 1024 bytes
ZIP_WINDOW = 22 + 65_535  # the end of a ZIP's directory, and the longest comment behind it

_KINDS = (
    (b"PK\x03\x04", "zip"),  # .docx, .xlsx, .zip
    (b"\xd0\xcf\x11\xe0", "ole"),  # .doc, .xls
    (b"\x89PNG", "image"),
    (b"\xff\xd8\xff", "image"),
    (b"II*\x00", "image"),
    (b"MM\x00*", "image"),
    (b"{\\rtf", "rtf"),
    (b"\x1f\x8b", "gzip"),
)
# What would only be said of something that stands around a PDF: alone it is no file that anybody uploads as one.
_STRANGERS = (
    *_KINDS,
    (b"GIF8", "image"),
    (b"BM", "image"),
    (b"MZ", "program"),
    (b"\x7fELF", "program"),
    (b"#!", "program"),
    (b"Rar!", "archive"),
    (b"7z\xbc\xaf\x27\x1c", "archive"),
)
_MARKUP = re.compile(rb"<\s*(?:!doctype\s+html|html|script|svg|body|iframe)\b", re.IGNORECASE)
_ZIP_END: Final = b"PK\x05\x06"


def outside_findings(pdf: bytes) -> list[Finding]:
    """What stands before the header and behind the end, and what else the file is. Refuses with ``file.not_pdf`` (looks_like)."""
    start = pdf.find(b"%PDF-", 0, HEADER_WINDOW)
    if start < 0:
        looks_like = next((kind for magic, kind in _KINDS if pdf.startswith(magic)), "unknown")
        raise Refusal("file.not_pdf", looks_like=looks_like)
    end = pdf.rfind(b"%%EOF")
    around = pdf[:start], pdf[end + 5 :].strip(b"\r\n\t \x00") if end >= 0 else b""
    found = []
    if around[0]:
        found.append(Finding("file.prepended", "normalise", {"bytes": start}))
    if around[1]:
        found.append(Finding("file.appended", "normalise", {"bytes": len(around[1])}))
    kinds = sorted(set(_other_kinds(pdf, around)))
    return [*found, Finding("file.polyglot", "normalise", {"kinds": kinds})] if kinds else found


def _other_kinds(pdf: bytes, around: tuple[bytes, bytes]) -> Iterator[str]:
    """What other programs would take the file for."""
    for part in around:
        yield from (kind for magic, kind in _STRANGERS if part.startswith(magic))
    opening = pdf[:HEADER_WINDOW].partition(b" obj")[0]
    if _MARKUP.search(opening) or _MARKUP.search(around[1][:HEADER_WINDOW]):
        yield "html"
    if _is_zip(pdf):
        yield "zip"


def _is_zip(pdf: bytes) -> bool:
    """Whether a program that opens ZIPs finds its way: their directory is at the end. One that is embedded as a file counts from its own
    beginning, or has other things behind it."""
    place = pdf.rfind(_ZIP_END, max(0, len(pdf) - ZIP_WINDOW))
    if place < 0 or len(pdf) - place < 22:
        return False
    size, offset, comment = struct.unpack_from("<IIH", pdf, place + 12)
    return bool(size + offset == place or place + 22 + comment == len(pdf))
