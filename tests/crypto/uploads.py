"""Uploads of every kind of cross-reference and form, written without any PDF library, with two pages and a field of the uploader's own."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import Literal

XrefKind = Literal["classic", "stream", "hybrid"]
FormKind = Literal["none", "direct", "indirect", "stream"]
_ID = b"/ID [<00112233445566778899aabbccddeeff> <00112233445566778899aabbccddeeff>]"


def made(xref: XrefKind, form: FormKind) -> bytes:
    """``form``: none, inside the catalogue, an object of its own, or one within an object stream (there is none in a classic file)."""
    plain, hidden = _objects(form)
    if xref == "classic":
        if hidden:
            raise ValueError("a classic file has no object streams")
        return _classic(plain)
    return _hybrid(plain, hidden) if xref == "hybrid" else _stream(plain, hidden)


def _objects(form: FormKind) -> tuple[dict[int, bytes], dict[int, bytes]]:
    """Objects that stand by themselves, and those that go into an object stream."""
    catalogue = {"none": b"", "direct": b" /AcroForm << %b >>" % _form()}.get(form, b" /AcroForm 8 0 R")
    plain = {
        1: b"<< /Type /Catalog /Pages 2 0 R%b >>" % catalogue,
        2: b"<< /Type /Pages /Kids [3 0 R 4 0 R] /Count 2 /MediaBox [0 0 595 842] >>",
        3: _page(5, b"" if form == "none" else b" /Annots [9 0 R]"),
        4: _page(6, b""),
        5: _content(1),
        6: _content(2),
        7: b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    }
    if form == "none":
        return plain, {}
    field = (
        b"<< /Type /Annot /Subtype /Widget /FT /Tx /T (remarks) /V (as agreed) /Rect [72 600 300 620] /F 4 /P 3 0 R "
        b"/DA (/F1 10 Tf 0 g) /AP << /N 10 0 R >> >>"
    )
    plain[10] = b"<< /Type /XObject /Subtype /Form /BBox [0 0 228 20] /Length 11 >>\nstream\n/Tx BMC EMC\nendstream"
    own = {8: b"<< %b >>" % _form(), 9: field}
    if form == "stream":
        return plain, own
    plain |= own if form == "indirect" else {9: field}
    return plain, {}


def _form() -> bytes:
    return b"/Fields [9 0 R] /DA (/F1 10 Tf 0 g) /DR << /Font << /F1 7 0 R >> >>"


def _page(content: int, annots: bytes) -> bytes:
    return b"<< /Type /Page /Parent 2 0 R /Resources << /Font << /F1 7 0 R >> >> /Contents %d 0 R%b >>" % (content, annots)


def _content(number: int) -> bytes:
    words = b"BT /F1 14 Tf 72 760 Td (Fictional contract, page %d, 1000 yen) Tj ET" % number
    return b"<< /Length %d >>\nstream\n%b\nendstream" % (len(words), words)


# ------------------------------------------------------------------------------------------------- putting together


def _laid_out(objects: Mapping[int, bytes]) -> tuple[bytearray, dict[int, int]]:
    out, offsets = bytearray(b"%PDF-1.6\n%\xe2\xe3\xcf\xd3\n"), {}
    for number, body in sorted(objects.items()):
        _put(out, offsets, number, body)
    return out, offsets


def _put(out: bytearray, offsets: dict[int, int], number: int, body: bytes) -> None:
    offsets[number] = len(out)
    out += b"%d 0 obj\n%b\nendobj\n" % (number, body)


def _packed(hidden: Mapping[int, bytes]) -> bytes:
    """An object stream, compressed as everybody does it."""
    heads, bodies = [], b""
    for number, body in sorted(hidden.items()):
        heads += [number, len(bodies)]
        bodies += body + b" "
    head = b" ".join(b"%d" % part for part in heads) + b" "
    data = zlib.compress(head + bodies)
    entries = b"/Type /ObjStm /N %d /First %d /Filter /FlateDecode /Length %d" % (len(hidden), len(head), len(data))
    return b"<< %b >>\nstream\n%b\nendstream" % (entries, data)


def _row(kind: int, second: int, third: int) -> bytes:
    return bytes((kind,)) + second.to_bytes(4, "big") + third.to_bytes(2, "big")


def _xref_stream(rows: Mapping[int, bytes], *, size: int, more: bytes) -> bytes:
    index = b" ".join(b"%d 1" % number for number in sorted(rows))
    data = b"".join(rows[number] for number in sorted(rows))
    entries = b"/Type /XRef /W [1 4 2] /Index [%b] /Size %d /Root 1 0 R%b /Length %d" % (index, size, more, len(data))
    return b"<< %b >>\nstream\n%b\nendstream" % (entries, data)


def _table(offsets: Mapping[int, int], *, size: int, trailer: bytes) -> bytes:
    """A table that says nothing of numbers without an offset: readers differ about hidden objects that it calls free."""
    rows = [b"0 1\n0000000000 65535 f \n", *(b"%d 1\n%010d 00000 n \n" % entry for entry in sorted(offsets.items()))]
    return b"xref\n%btrailer\n<< /Size %d /Root 1 0 R %b%b >>\n" % (b"".join(rows), size, _ID, trailer)


def _classic(plain: Mapping[int, bytes]) -> bytes:
    out, offsets = _laid_out(plain)
    start = len(out)
    out += _table(offsets, size=max(offsets) + 1, trailer=b"")
    return bytes(out + b"startxref\n%d\n%%%%EOF\n" % start)


def _stream(plain: Mapping[int, bytes], hidden: Mapping[int, bytes]) -> bytes:
    out, offsets = _laid_out({**plain, **({20: _packed(hidden)} if hidden else {})})
    rows = {number: _row(1, offset, 0) for number, offset in offsets.items()}
    rows |= {number: _row(2, 20, index) for index, number in enumerate(sorted(hidden))}
    start = len(out)
    rows |= {0: _row(0, 0, 65535), 21: _row(1, start, 0)}
    _put(out, offsets, 21, _xref_stream(rows, size=22, more=b" " + _ID))
    return bytes(out + b"startxref\n%d\n%%%%EOF\n" % start)


def _hybrid(plain: Mapping[int, bytes], hidden: Mapping[int, bytes]) -> bytes:
    """ISO 32000-2, 7.5.8.4: old readers see the table alone, and nothing of what is hidden."""
    hidden = hidden or {15: b"(only for readers of object streams)"}
    out, offsets = _laid_out({**plain, 20: _packed(hidden)})
    side = len(out)
    rows = {number: _row(2, 20, index) for index, number in enumerate(sorted(hidden))}
    _put(out, offsets, 21, _xref_stream(rows, size=22, more=b""))
    start = len(out)
    out += _table(offsets, size=22, trailer=b" /XRefStm %d" % side)
    return bytes(out + b"startxref\n%d\n%%%%EOF\n" % start)
