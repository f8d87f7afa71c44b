"""Uploads put together in every odd way that producers, mail gateways and jokers have thought of.

Each is refused in words when it arrives, or sealed such that all judges agree, some after a rewrite (``test_odd_uploads.py``).
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping

import pikepdf

from crypto.hand_made import HEADER, IDENTIFIER, WORDS, File, laid, objects, one, packed, plain, stream, swapped, updated, with_form


def _lines(line: bytes) -> bytes:
    made = File(bytearray(HEADER.replace(b"\n", line)), line=line)
    for number, body in objects().items():
        made.put(number, body if b"stream" in body else body.replace(b"\n", line))
    return made.table(end=b"%%EOF" + line)


def _generations(*, stream_xref: bool) -> bytes:
    held = {number: body.replace(b"3 0 R", b"3 7 R").replace(b"2 0 R", b"2 1 R") for number, body in with_form().items()}
    made = File()
    for number, body in held.items():
        made.put(number, body, {2: 1, 3: 7}.get(number, 0))
    return made.xref_stream() if stream_xref else made.table()


def _free_list(row: bytes) -> bytes:
    """A number in the middle that is free, its row as given."""
    made = laid({**objects(), 9: b"(last)"})
    return made.table().replace(b"0000000000 00000 f \n", row, 1)


def _linearised(pdf: bytes) -> bytes:
    """By qpdf, the one thing here that is not written by hand."""
    held = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf)) as document:
        document.save(held, linearize=True, static_id=True)
    return held.getvalue()


def _hybrid(hidden: Mapping[int, bytes], plain: Mapping[int, bytes], *, prev: bool = False) -> bytes:
    """A table with a stream beside it; the hidden objects are free in the table, or not mentioned in it."""
    made = laid({**plain, 30: packed(hidden)})
    beside = len(made.out)
    data = b"".join(b"\x02" + (30).to_bytes(4, "big") + place.to_bytes(2, "big") for place in range(len(hidden)))
    index = b" ".join(b"%d 1" % number for number in hidden)
    made.put(31, stream(data, b"/Type /XRef /W [1 4 2] /Index [%b] /Size 32 /Root 1 0 R" % index))
    first = made.table(b" /XRefStm %d" % beside)
    return updated(first, {10: b"(later)"}, more=b" /XRefStm %d" % beside) if prev else first


def _updates(count: int) -> bytes:
    held = plain()
    for number in range(count):
        held = updated(held, {10: b"(%d)" % number})
    return held


def _appended_stream(base: bytes) -> bytes:
    made = File(bytearray(base))
    made.put(10, b"(later)")
    place = len(made.out)
    rows = b"".join(b"\1" + offset.to_bytes(4, "big") + bytes(2) for offset in (made.offsets[10], place))
    before = base.rfind(b"xref\n0")
    entries = b"/Type /XRef /W [1 4 2] /Index [10 2] /Size 12 /Prev %d /Root 1 0 R %b" % (before, IDENTIFIER)
    made.out += b"11 0 obj\n%b\nendobj\n" % stream(rows, entries)
    return bytes(made.out) + b"startxref\n%d\n%%%%EOF\n" % place


def _split(held: Mapping[int, bytes], hidden: tuple[int, ...], *, compressed: bool = True) -> bytes:
    made = laid({number: body for number, body in held.items() if number not in hidden})
    made.put(30, packed({number: held[number] for number in hidden}, compressed=compressed))
    return made.xref_stream({number: (30, place) for place, number in enumerate(hidden)}, index=True)


def _extending(extends: bytes) -> bytes:
    held = objects()
    made = laid({4: held[4], 29: packed({5: held[5]}), 30: packed({1: held[1], 2: held[2], 3: held[3]}, extends=extends)})
    return made.xref_stream({5: (29, 0), 1: (30, 0), 2: (30, 1), 3: (30, 2)})


def _nested() -> bytes:
    """An object stream is said to be in an object stream."""
    held = objects()
    made = laid({4: held[4], 5: held[5], 30: packed({1: held[1], 2: held[2], 3: held[3]})})
    return made.xref_stream({1: (30, 0), 2: (30, 1), 3: (30, 2), 29: (30, 0), 28: (29, 0)})


ODD: dict[str, Callable[[], bytes]] = {
    "plain": plain,
    # How the file is put together.
    "lines of CR LF": lambda: _lines(b"\r\n"),
    "lines of CR": lambda: _lines(b"\r"),
    "junk before the header": lambda: b"junk\r\n" + plain(),
    "blank before the header": lambda: b"\n" + plain(),
    "junk behind the end": lambda: plain() + b"<!-- mailed -->",
    "noughts behind the end": lambda: plain() + bytes(600),
    "blanks behind the end": lambda: plain() + b"\r\n \r\n\r\n",
    "no end": lambda: laid(objects()).table(end=b""),
    "end without a line end": lambda: laid(objects()).table(end=b"%%EOF"),
    "two ends": lambda: plain() + b"%%EOF\n",
    "startxref a little early": lambda: laid(objects()).table(pointing=-3),
    "startxref a little late": lambda: laid(objects()).table(pointing=2),
    "startxref far off": lambda: laid(objects()).table(pointing=10**6),
    "startxref nought": lambda: swapped(plain(), b"startxref\n%d" % plain().rfind(b"xref\n0"), b"startxref\n000"),
    "no size": lambda: laid(objects()).table(size=-1),
    "size too small": lambda: laid(objects()).table(size=3),
    "size too large": lambda: laid(objects()).table(size=40),
    "size far too large": lambda: laid(objects()).table(size=8_000_000),
    "size beyond numbers": lambda: laid(objects()).table(size=2**33),
    "a huge object number": lambda: laid({**objects(), 8_388_607: b"(high)"}).xref_stream(),
    "a higher object number": lambda: laid({**objects(), 90_000: b"(high)"}).xref_stream(),
    "a number beyond numbers": lambda: updated(plain(), {2**31: b"(beyond)"}),
    "table from one": lambda: laid(objects()).table(start=1),
    "table that says one for nought": lambda: swapped(plain(), b"xref\n0 6", b"xref\n1 6"),
    "generations": lambda: _generations(stream_xref=False),
    "generations in a stream": lambda: _generations(stream_xref=True),
    "free list that loops": lambda: _free_list(b"0000000006 00001 f \n"),
    "free list of nought": lambda: _free_list(b"0000000000 65535 f \n"),
    "used row of nought": lambda: _free_list(b"0000000000 00000 n \n"),
    "rows of nineteen bytes": lambda: laid(objects()).table().replace(b" n \n", b" n\n").replace(b" f \n", b" f\n"),
    "an object twice": lambda: laid(objects()).table().replace(b"5 0 obj", b"4 0 obj", 1),
    "comments between": lambda: laid({**objects(), 6: b"% said\n<< /A (b) % more\n >>"}).table(),
    "a pdf within": lambda: laid({**objects(), 6: stream(plain())}).table(),
    "version in the catalogue": lambda: one(catalogue=b" /Version /2.0"),
    "version below": lambda: one(catalogue=b" /Version /1.2"),
    "version of nonsense": lambda: one(catalogue=b" /Version 17"),
    "header of nonsense": lambda: swapped(plain(), b"%PDF-1.7", b"%PDF-9.9"),
    "pdf 2.0": lambda: swapped(plain(), b"%PDF-1.7", b"%PDF-2.0"),
    "linearised": lambda: _linearised(plain()),
    "linearised, then updated": lambda: updated(_linearised(plain()), {90: b"(later)"}),
    "three updates": lambda: updated(updated(updated(plain(), {10: b"(a)"}), {11: b"(b)"}), {4: stream(WORDS)}),
    "update without an end between": lambda: updated(laid(objects()).table(end=b""), {10: b"(a)"}),
    "update of nothing": lambda: updated(plain(), {}),
    "sections that go round": lambda: updated(plain(), {10: b"(a)"}, prev=len(plain()) + 25),
    "section before that is none": lambda: updated(plain(), {10: b"(a)"}, prev=12),
    "stream on table": lambda: _appended_stream(plain()),
    "table on stream": lambda: updated(laid(objects()).xref_stream(), {10: b"(a)"}),
    "seventy updates": lambda: _updates(70),
    # Cross-reference and object streams.
    "xref stream": lambda: laid(objects()).xref_stream(),
    "xref stream without index": lambda: laid(objects()).xref_stream(index=False),
    "xref stream, W 1 8 4": lambda: laid(objects()).xref_stream(widths=(1, 8, 4)),
    "xref stream, W 0 3 1": lambda: laid(objects()).xref_stream(widths=(0, 3, 1)),
    "xref stream, W 1 2 0": lambda: laid(objects()).xref_stream(widths=(1, 2, 0)),
    "xref stream, W 2 4 3": lambda: laid(objects()).xref_stream(widths=(2, 4, 3)),
    "xref stream, W of nothing": lambda: swapped(laid(objects()).xref_stream(), b"/W [1 4 2]", b"/W [0 0 0]"),
    "xref stream, W too wide": lambda: swapped(laid(objects()).xref_stream(), b"/W [1 4 2]", b"/W [9 9 9]"),
    "xref stream, predictor": lambda: laid(objects()).xref_stream(filters=b" /Filter /FlateDecode", predictor=12),
    "xref stream, predictor 15": lambda: laid(objects()).xref_stream(filters=b" /Filter /FlateDecode", predictor=15),
    "xref stream, size too small": lambda: laid(objects()).xref_stream(size=4),
    "xref stream, size too large": lambda: laid(objects()).xref_stream(size=400),
    "catalogue in an object stream": lambda: _split(objects(), (1,)),
    "everything in object streams": lambda: _split(with_form(), (1, 2, 3, 5, 7)),
    "pages in object streams": lambda: _split(objects(), (2, 3)),
    "annotations in an object stream": lambda: _split({**with_form(page=b" /Annots 9 0 R"), 9: b"[7 0 R]"}, (7, 9)),
    "form in an object stream": lambda: _split({**with_form(b" /AcroForm 9 0 R"), 9: b"<< /Fields 10 0 R >>", 10: b"[7 0 R]"}, (7, 9, 10)),
    "object stream that extends itself": lambda: _extending(b" /Extends 30 0 R"),
    "object stream that extends another": lambda: _extending(b" /Extends 29 0 R"),
    "object stream within another": _nested,
    "object stream not compressed": lambda: _split(objects(), (1, 2), compressed=False),
    "hybrid": lambda: _hybrid({10: b"(hidden)"}, objects()),
    "hybrid with hidden form": lambda: _hybrid({9: b"<< /Fields [7 0 R] >>"}, with_form(b" /AcroForm 9 0 R")),
    "hybrid, then updated": lambda: _hybrid({12: b"(hidden)"}, objects(), prev=True),
}  # fmt: skip
