"""What lies in a file beside what is shown, ready to be pointed at: how shadow attacks are prepared, inside a child.

Such a file holds a second text, page or catalogue that no page leads to; after it has been signed, a few bytes of an update bring it
to light. Our own seals allow no such update, other people's verifiers may. A rewrite leaves everything behind that nothing leads to, so
the sender is asked to confirm one; a file that somebody has signed cannot be rewritten, and is told of.
"""

from __future__ import annotations

import io
import re
import zlib
from collections import Counter
from collections.abc import Iterator

import pikepdf
from pikepdf import Array, Dictionary, Name, Object, Pdf, Stream

from tachiai.pages.findings import Finding, Severity
from tachiai.pages.revisions import telling
from tachiai.pages.spelling import word

MOST_NAMED = 20
LONGEST_BEGINNING = 64 * 1024
DEEPEST = 200

_SIZE = re.compile(rb"/Size\s+(\d{1,10})")
_BEFORE_OBJ = re.compile(rb"(?<!\d)(\d{1,10})[ \t\r\n]+\d{1,5}$")
_DIRECT_LENGTH = re.compile(rb"/Length\s+(\d{1,10})(?!\s+\d+\s+R)")
_SHOWS = re.compile(rb"\bBT\b.*?\bT[jJ*]|\bDo\b|\bBI\b", re.DOTALL)
_PAGES_AND_CATALOGUES = {"/Page": "pages", "/Pages": "pages", "/Catalog": "catalogues"}

Place = tuple[int, int]


def leftover_findings(pdf: bytes, document: Pdf, canonical: bytes, ends: list[int], *, kept: int, signed: bool) -> list[Finding]:
    """``shadow.prepared`` with its kinds: pages, catalogues or contents that nothing leads to, and numbers that stand for two objects.

    ``canonical`` is the rewrite, which has only what something leads to; ``ends`` are the ends of earlier revisions; ``kept`` is how many
    objects the file has.
    """
    kinds: set[str] = set()
    numbers: set[int] = set()
    lost = dict(_unreachable(document)) if kept > _taken_along(document, canonical) else {}
    for place in lost.keys() - (_once_reached(pdf, ends) if lost else set()):
        kinds.add(lost[place])
        numbers.add(place[0])
    twice = twice_written(pdf, ends)
    if twice:
        kinds.add("written_twice")
        numbers |= twice
    if not kinds:
        return []
    severity: Severity = "warn" if signed else "normalise"
    return [Finding("shadow.prepared", severity, {"kinds": sorted(kinds), "objects": sorted(numbers)[:MOST_NAMED]})]


def twice_written(pdf: bytes, ends: list[int]) -> set[int]:
    """The numbers under which two objects are written within one revision, outside of streams."""
    found: set[int] = set()
    starts, limits = [0, *ends], [*ends, len(pdf)]
    for start, limit in zip(starts, limits, strict=True):
        counted = Counter(_written(pdf, start, limit))
        found |= {number for number, times in counted.items() if times > 1}
    return found


def _written(pdf: bytes, start: int, limit: int) -> Iterator[int]:
    place = start
    while (head := pdf.find(b"obj", place, limit)) >= 0:
        place = head + 3
        before = _BEFORE_OBJ.search(pdf[max(start, head - 24) : head].rstrip(b" \t\r\n"))
        if before is None:
            continue
        yield int(before.group(1))
        end = pdf.find(b"endobj", place, limit)
        data = pdf.find(b"stream", place, end if end >= 0 else limit)
        if data >= 0:
            place = _behind_stream(pdf, place, data, limit)


def _behind_stream(pdf: bytes, head: int, data: int, limit: int) -> int:
    """Where a stream's data ends: by its length where that is true, so that a PDF within a PDF is passed over whole."""
    length = _DIRECT_LENGTH.search(pdf, head, data)
    if length is not None:
        end = data + 6 + int(length.group(1))
        if pdf.find(b"endstream", end, end + 16) >= 0:
            return end
    end = pdf.find(b"endstream", data, limit)
    return end if end >= 0 else limit


def _taken_along(document: Pdf, canonical: bytes) -> int:
    """How many objects a rewrite keeps. Only where the file has more is it worth asking which; two make a file ready for the web."""
    sizes = _SIZE.findall(canonical[-2048:])
    return int(sizes[-1]) - 1 + (2 if document.is_linearized else 0) if sizes else len(document.objects)


def _unreachable(document: Pdf) -> Iterator[tuple[Place, str]]:
    reached = _reached(document)
    for indirect in document.objects:
        if isinstance(indirect, (Dictionary, Stream)) and indirect.objgen not in reached:
            kind = _PAGES_AND_CATALOGUES.get(word(indirect.get(Name.Type))) or ("contents" if _shows(indirect) else None)
            if kind is not None:
                yield indirect.objgen, kind


def _once_reached(pdf: bytes, ends: list[int]) -> set[Place]:
    """What an earlier revision led to: the ordinary leavings of whoever has changed a page or a field since, told as such elsewhere."""
    reached: set[Place] = set()
    for index in telling(ends):
        try:
            with pikepdf.open(io.BytesIO(pdf[: ends[index]]), suppress_warnings=True) as earlier:
                reached |= _reached(earlier)
        except pikepdf.PdfError:
            continue
    return reached


def _reached(document: Pdf) -> set[Place]:
    reached: set[Place] = set()
    waiting: list[object] = [document.trailer]
    while waiting:
        here = waiting.pop()
        if not isinstance(here, (Dictionary, Array, Stream)):
            continue
        if here.is_indirect:
            if here.objgen in reached:
                continue
            reached.add(here.objgen)
        waiting.extend(list(here) if isinstance(here, Array) else here.values())
    return reached


def _shows(held: Object) -> bool:
    """Whether a stream is a page's content or a form: something that could be drawn."""
    if not isinstance(held, Stream) or (Name.Type in held and word(held.get(Name.Type)) != "/XObject"):
        return False
    if word(held.get(Name.Subtype)) == "/Form":
        return True
    return Name.Subtype not in held and _SHOWS.search(_beginning(held)) is not None


def _beginning(held: Stream) -> bytes:
    # Only so much is ever inflated, so nothing can be a bomb here.
    raw = bytes(held.read_raw_bytes())
    if word(held.get(Name.Filter)) == "/FlateDecode":
        try:
            return zlib.decompressobj().decompress(raw, LONGEST_BEGINNING)
        except zlib.error:
            return b""
    return raw[:LONGEST_BEGINNING]
