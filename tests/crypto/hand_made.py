"""Writing PDFs by hand: objects, tables, streams and updates, each of which may be put together in an odd way. No PDF library is asked."""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field

HEADER = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"
IDENTIFIER = b"/ID [<00112233445566778899aabbccddeeff> <00112233445566778899aabbccddeeff>]"
PAGE = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F1 5 0 R >> >> /Contents 4 0 R%b >>"
WORDS = b"BT /F1 14 Tf 72 760 Td (Fictional contract, 1000 yen) Tj ET"
WIDGET = (
    b"<< /Type /Annot /Subtype /Widget /FT /Tx /T %b /V (as agreed) /Rect [72 600 300 620] /F 4 /P 3 0 R /DA (/F1 10 Tf 0 g) "
    b"/AP << /N 8 0 R >> >>"
)
LOOK = b"<< /Type /XObject /Subtype /Form /BBox [0 0 228 20] /Length 11 >>\nstream\n/Tx BMC EMC\nendstream"


def stream(content: bytes, entries: bytes = b"") -> bytes:
    return b"<< %b/Length %d >>\nstream\n%b\nendstream" % (entries and entries + b" ", len(content), content)


def objects(*, catalogue: bytes = b"", page: bytes = b"", pages: bytes = b"/Kids [3 0 R] /Count 1") -> dict[int, bytes]:
    """A contract of one page; what is given is put into its catalogue, its page and its page tree."""
    return {
        1: b"<< /Type /Catalog /Pages 2 0 R%b >>" % catalogue,
        2: b"<< /Type /Pages %b >>" % pages,
        3: PAGE % page,
        4: stream(WORDS),
        5: b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    }


def with_form(
    form: bytes = b" /AcroForm << /Fields [7 0 R] /DR << /Font << /F1 5 0 R >> >> /DA (/F1 10 Tf 0 g) >>",
    *,
    name: bytes = b"(remarks)",
    page: bytes = b" /Annots [7 0 R]",
    catalogue: bytes = b"",
) -> dict[int, bytes]:
    return {**objects(catalogue=form + catalogue, page=page), 7: WIDGET % name, 8: LOOK}


@dataclass
class File:
    """A file in the making. ``rows`` are the bytes of its cross-reference table, to be had for changing."""

    out: bytearray = field(default_factory=lambda: bytearray(HEADER))
    offsets: dict[int, int] = field(default_factory=dict)
    generations: dict[int, int] = field(default_factory=dict)
    line: bytes = b"\n"

    def put(self, number: int, body: bytes, generation: int = 0) -> None:
        self.offsets[number], self.generations[number] = len(self.out), generation
        self.out += b"%d %d obj%b%b%bendobj%b" % (number, generation, self.line, body, self.line, self.line)

    def row(self, number: int) -> bytes:
        end = b"\r\n" if self.line == b"\r\n" else b" " + self.line
        if number not in self.offsets:
            return b"0000000000 %05d f%b" % (65535 if number == 0 else 0, end)
        return b"%010d %05d n%b" % (self.offsets[number], self.generations[number], end)

    def table(self, more: bytes = b"", *, size: int | None = None, start: int = 0, end: bytes = b"%%EOF\n", pointing: int = 0) -> bytes:
        """The finished file with one table from ``start`` on. ``pointing`` is by how much startxref is wrong."""
        last, line = max(self.offsets), self.line
        rows = b"".join(self.row(number) for number in range(start, last + 1))
        size = last + 1 if size is None else size
        told = b"" if size < 0 else b"/Size %d " % size
        place = len(self.out)
        head = b"xref%b%d %d%b" % (line, start, last + 1 - start, line)
        tail = b"trailer%b<< %b/Root 1 0 R %b%b >>%bstartxref%b%d%b" % (line, told, IDENTIFIER, more, line, line, place + pointing, line)
        return bytes(self.out) + head + rows + tail + end

    def xref_stream(
        self,
        hidden: Mapping[int, tuple[int, int]] | None = None,
        *,
        widths: tuple[int, int, int] = (1, 4, 2),
        index: bool = True,
        filters: bytes = b"",
        more: bytes = b"",
        size: int | None = None,
        predictor: int = 0,
    ) -> bytes:
        """The finished file with a cross-reference stream; ``hidden`` says for numbers in object streams which and where."""
        hidden = hidden or {}
        own = max([*self.offsets, *hidden]) + 1
        self.offsets[own], self.generations[own] = len(self.out), 0
        numbers = [0, *sorted({*self.offsets, *hidden})] if index else list(range(own + 1))
        rows = [self._packed_row(number, hidden, widths) for number in numbers]
        data = b"".join(rows)
        if predictor:
            above, told = bytes(len(rows[0])), b""
            for row in rows:
                told += b"\x02" + bytes((one - other) & 0xFF for one, other in zip(row, above, strict=True))
                above = row
            data = told
            filters += b" /DecodeParms << /Predictor %d /Columns %d >>" % (predictor, len(rows[0]))
        data = zlib.compress(data) if b"Flate" in filters else data
        listed = b" /Index [%b]" % b" ".join(b"%d 1" % number for number in numbers) if index else b""
        entries = b"/Type /XRef /W [%d %d %d]%b /Size %d /Root 1 0 R %b%b%b" % (
            *widths, listed, own + 1 if size is None else size, IDENTIFIER, filters, more,
        )  # fmt: skip
        place = len(self.out)
        self.out += b"%d 0 obj\n%b\nendobj\n" % (own, stream(data, entries))
        return bytes(self.out) + b"startxref\n%d\n%%%%EOF\n" % place

    def _packed_row(self, number: int, hidden: Mapping[int, tuple[int, int]], widths: tuple[int, int, int]) -> bytes:
        if number in hidden:
            values = (2, *hidden[number])
        elif number in self.offsets:
            values = (1, self.offsets[number], self.generations[number])
        else:
            values = (0, 0, 65535 if widths[2] > 1 else 0)
        return b"".join(value.to_bytes(width, "big") for value, width in zip(values, widths, strict=True) if width)


def laid(held: Mapping[int, bytes]) -> File:
    made = File()
    for number, body in held.items():
        made.put(number, body)
    return made


def packed(held: Mapping[int, bytes], *, extends: bytes = b"", compressed: bool = True) -> bytes:
    """An object stream."""
    heads, bodies = b"", b""
    for number, body in held.items():
        heads += b"%d %d " % (number, len(bodies))
        bodies += body + b"\n"
    data = zlib.compress(heads + bodies) if compressed else heads + bodies
    entries = b"/Type /ObjStm /N %d /First %d%b%b" % (len(held), len(heads), extends, b" /Filter /FlateDecode" if compressed else b"")
    return stream(data, entries)


def updated(pdf: bytes, held: Mapping[int, bytes], *, more: bytes = b"", prev: int | None = None, end: bytes = b"%%EOF\n") -> bytes:
    """An incremental update with a table of one run for each object."""
    made = File(bytearray(pdf))
    for number, body in held.items():
        made.put(number, body)
    before = int(pdf[pdf.rfind(b"startxref") + 9 :].split()[0]) if prev is None else prev
    size = max([int(told) for told in re.findall(rb"/Size (\d+)", pdf)] + [number + 1 for number in held])
    root = re.findall(rb"/Root (\d+) 0 R", pdf)[-1]
    rows = b"".join(b"%d 1\n" % number + made.row(number) for number in sorted(held))
    place = len(made.out)
    trailer = b"trailer\n<< /Size %d /Prev %d /Root %b 0 R %b%b >>\nstartxref\n%d\n" % (size, before, root, IDENTIFIER, more, place)
    return bytes(made.out) + b"xref\n0 0\n" + rows + trailer + end


def one(**where: bytes) -> bytes:
    """A contract with something in its catalogue, its page or its page tree."""
    return laid(objects(**where)).table()


def plain() -> bytes:
    return one()


def with_form_file() -> bytes:
    """A contract with a text field."""
    return laid(with_form()).table()


def swapped(pdf: bytes, old: bytes, new: bytes) -> bytes:
    """``pdf`` with other bytes of the same length in it, so that every offset stays right."""
    if len(old) != len(new) or old not in pdf:
        raise ValueError("bytes of another length, or none to be swapped")
    return pdf.replace(old, new)
