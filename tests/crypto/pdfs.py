"""Little PDFs made by our own code, one for each way a file can be put together."""

from __future__ import annotations

import io

import pikepdf
from pikepdf import Array, Dictionary, Name, ObjectStreamMode, Pdf, String


def plain(*, pages: int = 1, stream_xref: bool = False, form: bool = False, direct_form: bool = False) -> bytes:
    """A document of ``pages`` pages with a line of text each; ``form`` adds a text field of the uploader's own."""
    document = Pdf.new()
    for number in range(1, pages + 1):
        page = document.add_blank_page(page_size=(595, 842)).obj
        page.Resources = Dictionary(Font=Dictionary(F1=Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica)))
        page.Contents = document.make_stream(b"BT /F1 14 Tf 72 760 Td (Fictional contract, page %d, 1000 yen) Tj ET" % number)
    if form:
        _add_form(document, direct=direct_form)
    held = io.BytesIO()
    mode = ObjectStreamMode.generate if stream_xref else ObjectStreamMode.disable
    document.save(held, object_stream_mode=mode, static_id=True)
    return held.getvalue()


def _add_form(document: Pdf, *, direct: bool) -> None:
    page = document.pages[0].obj
    field = document.make_indirect(
        Dictionary(
            Type=Name.Annot,
            Subtype=Name.Widget,
            FT=Name.Tx,
            T=String("remarks"),
            V=String("as agreed"),
            Rect=[72, 600, 300, 620],
            F=4,
            P=page,
            DA=String("/F1 10 Tf 0 g"),
        )
    )
    field.AP = Dictionary(N=document.make_stream(b"/Tx BMC EMC", Type=Name.XObject, Subtype=Name.Form, BBox=[0, 0, 228, 20]))
    # A link without a number of its own, as printing browsers write them.
    link = Dictionary(Type=Name.Annot, Subtype=Name.Link, Rect=[72, 500, 200, 520], Border=[0, 0, 0])
    page.Annots = Array([link, field])
    fonts = Dictionary(Font=Dictionary(F1=page.Resources.Font.F1))
    form = Dictionary(Fields=Array([field]), DR=fonts, DA=String("/F1 10 Tf 0 g"))
    document.Root.AcroForm = form if direct else document.make_indirect(form)


def hybrid() -> bytes:
    """A hybrid-reference file (ISO 32000-2, 7.5.8.4): a classic table for old readers, and /XRefStm for those that know it."""
    objects = {
        1: b"<< /Type /Catalog /Pages 2 0 R >>",
        2: b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        3: b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << >> /Contents 4 0 R >>",
        4: b"<< /Length 0 >>\nstream\n\nendstream",
    }
    out, offsets = bytearray(b"%PDF-1.5\n%\xe2\xe3\xcf\xd3\n"), {}
    for number, body in objects.items():
        offsets[number] = len(out)
        out += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    hidden = b"(only for readers of object streams)"
    head = b"6 0 "
    stream = head + hidden
    offsets[5] = len(out)
    out += b"5 0 obj\n<< /Type /ObjStm /N 1 /First %d /Length %d >>\nstream\n%b\nendstream\nendobj\n" % (len(head), len(stream), stream)
    side = len(out)
    row = b"\x02" + (5).to_bytes(4, "big") + b"\x00\x00"
    listed = b"<< /Type /XRef /W [1 4 2] /Index [6 1] /Size 8 /Root 1 0 R /Length %d >>" % len(row)
    out += b"7 0 obj\n%b\nstream\n%b\nendstream\nendobj\n" % (listed, row)
    table = len(out)
    out += b"xref\n0 8\n0000000006 65535 f \n"
    out += b"".join(b"%010d 00000 n \n" % offsets[n] for n in range(1, 6))
    out += b"0000000000 00001 f \n" + b"%010d 00000 n \n" % side
    half = b"<00112233445566778899aabbccddeeff>"
    out += b"trailer\n<< /Size 8 /Root 1 0 R /XRefStm %d /ID [%b %b] >>\n" % (side, half, half)
    out += b"startxref\n%d\n%%%%EOF" % table
    return bytes(out)


def appended(pdf: bytes, *, replace: dict[int, bytes]) -> bytes:
    """An attacker's incremental update: the numbered objects stand anew, in the manner of the file's last section."""
    start = int(pdf[pdf.rfind(b"startxref") + 9 :].split()[0])
    with pikepdf.open(io.BytesIO(pdf)) as document:
        size, root = int(document.trailer.Size), document.Root.objgen[0]
        identifier = b"[<%b> <%b>]" % tuple(bytes(half).hex().encode() for half in document.trailer.ID)
    out, offsets = bytearray(pdf), {}
    for number, body in replace.items():
        offsets[number] = len(out)
        out += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    size = max(size, *(n + 1 for n in replace))
    entries = b"/Size %d /Prev %d /Root %d 0 R /ID %b" % (size, start, root, identifier)
    section = len(out)
    if pdf[start : start + 4] == b"xref":
        out += b"xref\n" + b"".join(b"%d 1\n%010d 00000 n \n" % (n, offsets[n]) for n in sorted(offsets))
        out += b"trailer\n<< %b >>\n" % entries
    else:
        offsets[size] = section
        index = b" ".join(b"%d 1" % n for n in sorted(offsets))
        rows = b"".join(b"\x01" + offsets[n].to_bytes(4, "big") + b"\x00" for n in sorted(offsets))
        entries = entries.replace(b"/Size %d" % size, b"/Size %d" % (size + 1))
        head = b"/Type /XRef /W [1 4 1] /Index [%b] /Length %d %b" % (index, len(rows), entries)
        out += b"%d 0 obj\n<< %b >>\nstream\n%b\nendstream\nendobj\n" % (size, head, rows)
    out += b"startxref\n%d\n%%%%EOF\n" % section
    return bytes(out)


def field_number(pdf: bytes, name: str) -> tuple[int, bytes]:
    """Object number and body of a top-level form field."""
    with pikepdf.open(io.BytesIO(pdf)) as document:
        field = next(f for f in document.Root.AcroForm.Fields if str(f.T) == name)
        return field.objgen[0], field.unparse(resolved=True)
