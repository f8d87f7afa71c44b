"""What forgers do to bytes: change in place, append, and look up where things stand. Signed stretches are found, never guessed."""

from __future__ import annotations

import io
import re

import pikepdf

from crypto.pdfs import appended

AGREED, FORGED = b"1000 yen", b"9000 yen"
FORGED_WORDS = b"BT /F1 14 Tf 72 760 Td (Fictional contract, 9000 yen) Tj ET"
PLACES = re.compile(rb"<[0-9a-fA-F]{1000,}>")


def gap(pdf: bytes, which: int = -1) -> tuple[int, int]:
    """Where the hexadecimal string of a signature stands, the angle brackets with it; the last one's unless told otherwise."""
    return list(PLACES.finditer(pdf))[which].span()


def contents(pdf: bytes, which: int = -1) -> bytes:
    """The CMS of a signature, without the padding behind it."""
    start, end = gap(pdf, which)
    held = bytes.fromhex(pdf[start + 1 : end - 1].decode())
    return held[: 4 + int.from_bytes(held[2:4], "big")]


def refilled(pdf: bytes, cms: bytes, which: int = -1) -> bytes:
    """``pdf`` with another CMS in the place of a signature's. Nothing that is covered changes."""
    start, end = gap(pdf, which)
    held = cms.hex().encode()
    if len(held) > end - start - 2:
        raise ValueError("no room for this signature")
    return pdf[: start + 1] + held.ljust(end - start - 2, b"0") + pdf[end - 1 :]


def in_place(pdf: bytes, old: bytes, new: bytes, *, last: bool = True) -> bytes:
    """``pdf`` with one occurrence of ``old`` overwritten; what is shorter is filled up with spaces, so that no offset moves."""
    at = pdf.rfind(old) if last else pdf.find(old)
    if at < 0 or len(new) > len(old):
        raise ValueError(f"{old!r} is not there, or shorter than what should take its place")
    return pdf[:at] + new.ljust(len(old)) + pdf[at + len(old) :]


def repriced(pdf: bytes) -> bytes:
    """The price on the page overwritten in place, which breaks the digest and no offset."""
    return in_place(pdf, AGREED, FORGED, last=False)


def body(pdf: bytes, number: int) -> bytes:
    """What an object that is no stream holds now."""
    with pikepdf.open(io.BytesIO(pdf)) as document:
        return document.get_object(number, 0).unparse(resolved=True)


def root_number(pdf: bytes) -> int:
    with pikepdf.open(io.BytesIO(pdf)) as document:
        return int(document.Root.objgen[0])


def page_number(pdf: bytes) -> int:
    with pikepdf.open(io.BytesIO(pdf)) as document:
        return int(document.pages[0].obj.objgen[0])


def content_number(pdf: bytes) -> int:
    with pikepdf.open(io.BytesIO(pdf)) as document:
        return int(document.pages[0].Contents.objgen[0])


def form_number(pdf: bytes) -> int:
    """The form's own object, or zero where it stands in the catalogue itself."""
    with pikepdf.open(io.BytesIO(pdf)) as document:
        return int(document.Root.AcroForm.objgen[0])


def field_number(pdf: bytes, name: str) -> int:
    with pikepdf.open(io.BytesIO(pdf)) as document:
        return next(int(field.objgen[0]) for field in document.Root.AcroForm.Fields if str(field.get("/T", "")) == name)


def last_signature(pdf: bytes) -> tuple[str, int]:
    """Name of the field signed last, and the number of its value."""
    with pikepdf.open(io.BytesIO(pdf)) as document:
        fields = [field for field in document.Root.AcroForm.Fields if field.get("/FT") == "/Sig" and "/V" in field]
        last = max(fields, key=lambda field: int(field.V.ByteRange[2]))  # type: ignore[index]
        return str(last.T), int(last.V.objgen[0])


def next_number(pdf: bytes) -> int:
    """The first number no object has, whatever the tables say."""
    with pikepdf.open(io.BytesIO(pdf)) as document:
        return max(int(document.trailer.Size), len(document.objects) + 1)


def entered(held: bytes, entries: bytes) -> bytes:
    """A dictionary with further entries at its end."""
    at = held.rindex(b">>")
    return held[:at] + b" " + entries + b" " + held[at:]


def without(held: bytes, key: bytes) -> bytes:
    """A dictionary without an entry whose value is a name, a number, a reference, or something in brackets."""
    value = rb"\s*(?:\d+ \d+ R|/[^\s/<>\[\]()]+|-?\d+|\[[^\]]*\]|<<.*?>>|\((?:\\.|[^()\\])*\))"
    made, count = re.subn(re.escape(key) + value, b"", held, count=1, flags=re.DOTALL)
    if count != 1:
        raise ValueError(f"{key!r} is not there")
    return made


def stream(content: bytes, entries: bytes = b"") -> bytes:
    return b"<< %b /Length %d >>\nstream\n%b\nendstream" % (entries, len(content), content)


def last_table(pdf: bytes) -> int:
    """Where the newest cross-reference section begins, as the end of the file says."""
    return int(pdf[pdf.rfind(b"startxref") + 9 :].split()[0])


def behind(pdf: bytes, replace: dict[int, bytes]) -> bytes:
    """A plain incremental update: these objects stand anew."""
    return appended(pdf, replace=replace)


def repriced_behind(pdf: bytes) -> bytes:
    """The page's words rewritten in an update."""
    return behind(pdf, {content_number(pdf): stream(FORGED_WORDS)})


def annotated(pdf: bytes, note: bytes) -> bytes:
    """An update with one more annotation on the first page."""
    page, number = page_number(pdf), next_number(pdf)
    with pikepdf.open(io.BytesIO(pdf)) as document:
        notes = document.pages[0].obj.get("/Annots", pikepdf.Array())
        listed = notes.unparse(resolved=True)
        own = int(notes.objgen[0]) if notes.is_indirect else 0
    listed = listed[: listed.rindex(b"]")] + b" %d 0 R ]" % number
    note = note.replace(b"$LOOK", b"%d 0 R" % (number + 1)).replace(b"$PAGE", b"%d 0 R" % page)
    look = stream(
        b"1 1 1 rg 0 0 300 30 re f 0 g BT /F1 14 Tf 2 8 Td (Fictional contract, 9000 yen) Tj ET",
        b"/Type /XObject /Subtype /Form /BBox [0 0 300 30] /Resources << /Font << /F1 5 0 R >> >>",
    )
    held = {number: note, number + 1: look}
    if own:
        return behind(pdf, {**held, own: listed})
    leaf = body(pdf, page)
    leaf = without(leaf, b"/Annots") if b"/Annots" in leaf else leaf
    return behind(pdf, {**held, page: entered(leaf, b"/Annots " + listed)})
