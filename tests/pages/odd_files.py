"""Odd and hostile PDFs, made here and nowhere else: each function returns the bytes of one file that names its oddity."""

from __future__ import annotations

import io
import zlib

import pikepdf
from pikepdf import Array, Dictionary, Name, Pdf, Stream, String

A4 = (595, 842)


def saved(document: Pdf, **settings: object) -> bytes:
    target = io.BytesIO()
    document.save(target, **settings)  # type: ignore[arg-type]
    return target.getvalue()


def helvetica(document: Pdf) -> pikepdf.Object:
    return document.make_indirect(Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica, Encoding=Name.WinAnsiEncoding))


def document_of(*texts: str, size: tuple[float, float] = A4) -> Pdf:
    """One page for each text, in a font that is not embedded."""
    document = pikepdf.new()
    font = helvetica(document)
    for text in texts:
        page = document.add_blank_page(page_size=size)
        page.obj.Resources = Dictionary(Font=Dictionary(F1=font))
        page.obj.Contents = document.make_stream(f"BT /F1 18 Tf 40 {size[1] - 60:.0f} Td ({text}) Tj ET".encode())
    return document


def plain(*texts: str) -> bytes:
    return saved(document_of(*(texts or ("Agreement",))))


def japanese(*lines: str, font_name: str = "MS-Mincho") -> bytes:
    """A page in a Japanese font that is not embedded, as older office software makes them."""
    document = pikepdf.new()
    descriptor = Dictionary(Type=Name.FontDescriptor, FontName=Name("/" + font_name), Flags=4, FontBBox=Array([0, -200, 1000, 900]))
    descriptor.update({"/ItalicAngle": 0, "/Ascent": 800, "/Descent": -200, "/CapHeight": 700, "/StemV": 80})
    descendant = Dictionary(Type=Name.Font, Subtype=Name.CIDFontType2, BaseFont=Name("/" + font_name), DW=1000, FontDescriptor=descriptor)
    descendant.CIDSystemInfo = Dictionary(Registry=String("Adobe"), Ordering=String("Japan1"), Supplement=2)
    font = Dictionary(Type=Name.Font, Subtype=Name.Type0, BaseFont=Name("/" + font_name), Encoding=Name("/90ms-RKSJ-H"))
    font.DescendantFonts = Array([document.make_indirect(descendant)])
    page = document.add_blank_page(page_size=A4)
    page.obj.Resources = Dictionary(Font=Dictionary(F1=document.make_indirect(font)))
    shown = [f"BT /F1 14 Tf 40 {780 - 30 * row} Td <{line.encode('cp932').hex()}> Tj ET" for row, line in enumerate(lines)]
    page.obj.Contents = document.make_stream("\n".join(shown).encode())
    return saved(document)


def encrypted(*, user: str = "", owner: str = "owner", restricted: bool = False) -> bytes:
    permissions = pikepdf.Permissions(modify_other=False) if restricted else pikepdf.Permissions()
    return saved(document_of("Agreement"), encryption=pikepdf.Encryption(user=user, owner=owner, R=6, allow=permissions))


def without_xref() -> bytes:
    return plain().replace(b"startxref", b"startxxxx").replace(b"\nxref", b"\nxxxx")


def beyond_repair() -> bytes:
    return b"%PDF-1.7\n" + bytes(range(256)) * 8 + b"\n%%EOF"


def no_pages() -> bytes:
    document = pikepdf.new()
    document.Root.Pages = document.make_indirect(Dictionary(Type=Name.Pages, Kids=Array(), Count=0))
    return saved(document)


def page_tree_loop() -> bytes:
    document = document_of("Agreement")
    document.Root.Pages.Kids.append(document.Root.Pages)
    document.Root.Pages.Count = 2
    return saved(document)


def with_action(action: Dictionary, *, automatic: bool = False) -> bytes:
    """A page with a link that starts ``action``, or a document that starts it when it is opened."""
    document = document_of("Agreement")
    if automatic:
        document.Root.OpenAction = document.make_indirect(action)
    else:
        link = Dictionary(Type=Name.Annot, Subtype=Name.Link, Rect=Array([0, 0, 50, 50]), A=action)
        document.pages[0].obj.Annots = Array([document.make_indirect(link)])
    return saved(document)


def with_attachment(name: str, content: bytes) -> bytes:
    document = document_of("Agreement")
    embedded = document.make_stream(content, Dictionary(Type=Name.EmbeddedFile))
    specification = Dictionary(Type=Name.Filespec, F=String(name), UF=String(name), EF=Dictionary(F=embedded))
    document.Root.Names = Dictionary(EmbeddedFiles=Dictionary(Names=Array([String(name), document.make_indirect(specification)])))
    return saved(document)


def with_xfa() -> bytes:
    document = document_of("Agreement")
    document.Root.AcroForm = Dictionary(Fields=Array(), XFA=document.make_stream(b"<xdp:xdp/>"))
    return saved(document)


def with_field(value: str) -> bytes:
    """A text field with a value and no appearance of its own: what is seen is up to the reader."""
    document = document_of("Form")
    field = Dictionary(Type=Name.Annot, Subtype=Name.Widget, FT=Name.Tx, T=String("party"), V=String(value), F=4)
    field.update({"/Rect": Array([40, 600, 400, 640]), "/DA": String("/Helv 18 Tf 0 0 0 rg"), "/P": document.pages[0].obj})
    field = document.make_indirect(field)
    document.pages[0].obj.Annots = Array([field])
    fonts = Dictionary(Font=Dictionary(Helv=helvetica(document)))
    document.Root.AcroForm = Dictionary(Fields=Array([field]), DR=fonts, DA=String("/Helv 0 Tf 0 g"), NeedAppearances=True)
    return saved(document)


def signed(
    *, docmdp: int | None = None, fieldmdp: str | None = None, fields: tuple[str, ...] = (), timestamp: bool = False, name: str = ""
) -> bytes:
    """The shape of a signed file (its signature is no signature): a field with a value, and what the value permits."""
    document = document_of("Agreement")
    kind, handler = (Name.DocTimeStamp, "/ETSI.RFC3161") if timestamp else (Name.Sig, "/ETSI.CAdES.detached")
    value = Dictionary(Type=kind, Filter=Name("/Adobe.PPKLite"), SubFilter=Name(handler), Contents=String("0" * 64))
    value.ByteRange = Array([0, 10, 20, 10])
    if name:
        value.Name = String(name)
    references = []
    if docmdp is not None:
        references.append(Dictionary(TransformMethod=Name.DocMDP, TransformParams=Dictionary(P=docmdp)))
    if fieldmdp is not None:
        parameters = Dictionary(Action=Name("/" + fieldmdp), Fields=Array([String(name) for name in fields]))
        references.append(Dictionary(TransformMethod=Name.FieldMDP, TransformParams=parameters))
    if references:
        value.Reference = Array(references)
    field = Dictionary(Type=Name.Annot, Subtype=Name.Widget, FT=Name.Sig, T=String("s"), V=document.make_indirect(value))
    field.update({"/Rect": Array([0, 0, 0, 0]), "/F": 132, "/P": document.pages[0].obj})
    field = document.make_indirect(field)
    document.pages[0].obj.Annots = Array([field])
    document.Root.AcroForm = Dictionary(Fields=Array([field]), SigFlags=3)
    return saved(document)


def two_contents() -> bytes:
    """Two contents under one number, with two lengths: which one a reader shows is its own affair."""
    shown = b"4 0 obj\n<< /Length 42 >>\nstream\nBT /F1 22 Tf 30 700 Td (Pay 100) Tj ET    \nendstream\nendobj\n"
    head = (
        b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n2 0 obj\n<< /Type /Pages /Kids [3 0 R] /Count 1 >>\nendobj\n"
        b"3 0 obj\n<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        b" /Resources << /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Courier >> >> >> >>\nendobj\n"
    )
    body = head + shown + shown.replace(b"Pay 100", b"Pay 900").replace(b"/Length 42", b"/Length 41 /Length 4")
    offsets = [body.index(f"{number} 0 obj".encode()) for number in (1, 2, 3)] + [body.rindex(b"4 0 obj")]
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    start = len(body)
    return body + b"xref\n0 5\n0000000000 65535 f \n" + table + b"trailer\n<< /Root 1 0 R /Size 5 >>\nstartxref\n%d\n%%%%EOF\n" % start


def zeros_deflated(gigabytes: int) -> bytes:
    """A deflate stream of that many zeros, built from one repeated block, so that making it costs nothing."""
    packer = zlib.compressobj(9)
    opening = packer.compress(bytes(1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
    block = packer.compress(bytes(1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
    return opening + block * (gigabytes << 10) + packer.flush()


def content_bomb() -> bytes:
    document = document_of("Agreement")
    bomb = Stream(document, zlib.compress(zeros_deflated(4), 9))
    bomb.Filter = Array([Name.FlateDecode, Name.FlateDecode])
    document.pages[0].obj.Contents = document.make_indirect(bomb)
    return saved(document, compress_streams=False, stream_decode_level=pikepdf.StreamDecodeLevel.none)


def xref_bomb() -> bytes:
    """The table itself is the bomb: it has to be unpacked before anything is known of the file."""
    packed = zlib.compress(zeros_deflated(4), 9)
    head = b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n2 0 obj\n<< /Type /Pages /Kids [] /Count 0 >>\nendobj\n"
    dictionary = b"<< /Type /XRef /Size 4 /Root 1 0 R /W [1 2 1] /Filter [/FlateDecode /FlateDecode] /Length %d >>" % len(packed)
    return head + b"3 0 obj\n" + dictionary + b"\nstream\n" + packed + b"\nendstream\nendobj\nstartxref\n%d\n%%%%EOF\n" % len(head)


def drawing_bomb() -> bytes:
    """A form that draws a form that draws a form …, ten times each: a few hundred bytes, ten thousand million circles to draw."""
    document = document_of("Agreement")
    shape = {"/Type": Name.XObject, "/Subtype": Name.Form, "/BBox": Array([0, 0, 595, 842])}
    inner = document.make_stream(b"0 0 m 100 100 200 0 300 300 c S", Dictionary(shape))
    for _ in range(10):
        outer = document.make_stream(b"/X Do " * 10, Dictionary(shape))
        outer.Resources = Dictionary(XObject=Dictionary(X=inner))
        inner = outer
    document.pages[0].obj.Resources.XObject = Dictionary(X=inner)
    document.pages[0].obj.Contents = document.make_stream(b"/X Do")
    return saved(document)


def sized(width: float, height: float, *, rotate: int = 0) -> bytes:
    document = pikepdf.new()
    page = document.add_blank_page(page_size=A4)
    page.obj.MediaBox = Array([0, 0, width, height])
    page.obj.Rotate = rotate
    page.obj.Contents = document.make_stream(b"0 0 20 10 re f")
    return saved(document)


def coloured(red: float, green: float, blue: float) -> bytes:
    document = pikepdf.new()
    page = document.add_blank_page(page_size=A4)
    page.obj.Contents = document.make_stream(f"{red} {green} {blue} rg 100 100 200 200 re f".encode())
    return saved(document)
