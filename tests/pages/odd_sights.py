"""Pages whose words are not what is to be seen, and their honest twins: each made here, in one page of a fictional contract."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Name, Pdf

from pages.odd_files import A4, document_of, saved
from tachiai.pages import pdfium

FREE_TEXT, STAMP, SQUARE, REDACT, HIGHLIGHT = "/FreeText", "/Stamp", "/Square", "/Redact", "/Highlight"
PRINT, HIDDEN, NO_VIEW = 4, 2, 32


def words(text: str, *, x: float = 40, y: float = 700, size: float = 18, before: str = "") -> str:
    return f"BT 0 Tr {before} /F1 {size} Tf {x} {y} Td ({text}) Tj ET\n"


def filled(colour: str, x: float, y: float, width: float, height: float) -> str:
    return f"{colour} rg {x} {y} {width} {height} re f 0 g\n"


PAY = words("Pay 100 yen")
WHITE, BLACK, GRAY = "1 1 1", "0 0 0", "0.85 0.85 0.85"


def drawn(*operators: str, **page_entries: object) -> bytes:
    return saved(document_drawn(*operators, **page_entries))


def document_drawn(*operators: str, **page_entries: object) -> Pdf:
    document = document_of("")
    page = document.pages[0].obj
    page.Contents = document.make_stream("".join(operators).encode())
    for key, value in page_entries.items():
        page["/" + key] = value
    return document


def joined(*files: bytes) -> bytes:
    """The pages of all of them in one file."""
    whole = pikepdf.new()
    for one in files:
        with pikepdf.open(io.BytesIO(one)) as source:
            whole.pages.extend(source.pages)
    return saved(whole)


@contextmanager
def opened(pdf: bytes) -> Iterator[Any]:
    """The first page, as PDFium has read it."""
    with pdfium.opened(pdf) as document:
        page = document[0]
        try:
            yield page
        finally:
            page.close()


def with_image(content: str, *, width: int = 8, mask: bool = False) -> bytes:
    """``/Im Do`` paints a gray image; with ``mask`` one that lets half of everything through."""
    document = document_drawn(content)
    document.pages[0].obj.Resources.XObject = Dictionary(Im=_image(document, width, mask=mask))
    return saved(document)


def _image(document: Pdf, width: int, *, mask: bool) -> pikepdf.Object:
    entries = Dictionary(Type=Name.XObject, Subtype=Name.Image, Width=width, Height=1, ColorSpace=Name.DeviceGray, BitsPerComponent=8)
    image = document.make_stream(b"\xd0" * width, entries)
    if mask:
        image.SMask = document.make_stream(b"\x40" * width, Dictionary(entries))
    return image


def in_a_form(
    inner: str, *, matrix: tuple[float, ...] = (1, 0, 0, 1, 0, 0), box: tuple[float, ...] = (0, 0, 595, 842), depth: int = 1
) -> bytes:
    """``inner`` drawn by a form within a form …, placed by ``matrix``."""
    document = document_drawn(PAY, "/Fm Do")
    page = document.pages[0].obj
    resources = Dictionary(Font=page.Resources.Font)
    for _ in range(depth):
        shape = Dictionary(Type=Name.XObject, Subtype=Name.Form, BBox=Array(box), Matrix=Array(matrix), Resources=resources)
        form = document.make_stream(inner.encode(), shape)
        resources, inner = Dictionary(Font=page.Resources.Font, XObject=Dictionary(Fm=form)), "/Fm Do"
    page.Resources = resources
    return saved(document)


def noted(
    kind: str, *, flags: int = PRINT, colour: str | None = WHITE, rect: tuple[float, ...] = (30, 690, 300, 730), blend: str = ""
) -> bytes:
    """``PAY`` under an annotation that is drawn as a filled square, or as an empty frame without ``colour``."""
    document = document_drawn(PAY)
    page = document.pages[0].obj
    width, height = rect[2] - rect[0], rect[3] - rect[1]
    look = filled(colour, 0, 0, width, height) if colour else f"0 0 {width} {height} re S"
    shape = Dictionary(Type=Name.XObject, Subtype=Name.Form, BBox=Array([0, 0, width, height]))
    shape.Resources = Dictionary(ExtGState=Dictionary(G=Dictionary(Type=Name.ExtGState, BM=Name("/" + (blend or "Normal")))))
    note = Dictionary(Type=Name.Annot, Subtype=Name(kind), Rect=Array(rect), F=flags, Contents=pikepdf.String("note"))
    note.AP = Dictionary(N=document.make_stream(("/G gs " + look).encode(), shape))
    page.Annots = Array([document.make_indirect(note)])
    return saved(document)


def scanned(*, share: float = 1.0, after: bool = False, read: str = words("Pay 100 yen", before="3 Tr"), more: str = "") -> bytes:
    """A page that is a picture, and the words that a scanner has read from it: drawn by nobody, or under the picture (``after``)."""
    picture = f"q {A4[0]} 0 0 {A4[1] * share} 0 {A4[1] * (1 - share)} cm /Im Do Q\n"
    return with_image((read + picture if after else picture + read) + more)


# What is found, and which words.
UNSEEN: dict[str, tuple[Callable[[], bytes], str, str]] = {
    "not drawn": (lambda: drawn(PAY, words("Pay 900", y=600, before="3 Tr")), "content.invisible", "Pay 900"),
    "only for clipping": (lambda: drawn(PAY, "q ", words("Pay 900", y=600, before="7 Tr"), "Q"), "content.invisible", "Pay 900"),
    "white on white": (lambda: drawn(PAY, "1 g ", words("Pay 900", y=600)), "content.invisible", "Pay 900"),
    "nearly white": (lambda: drawn(PAY, "0.97 g ", words("Pay 900", y=600)), "content.invisible", "Pay 900"),
    "black on black": (lambda: drawn(filled(BLACK, 0, 590, 500, 40), words("Pay 900", y=600)), "content.invisible", "Pay 900"),
    "blue on blue": (
        lambda: drawn(filled("0 0 0.6", 0, 590, 500, 40), "0 0 0.62 rg ", words("Pay 900", y=600)), "content.invisible", "Pay 900"
    ),
    "gray on a gray image": (
        lambda: with_image("q 595 0 0 842 0 0 cm /Im Do Q 0.816 g " + words("Pay 900", y=600)), "content.invisible", "Pay 900"
    ),
    "tiny": (lambda: drawn(PAY, words("small print", y=600, size=0.5)), "content.invisible", "small print"),
    "beside the page": (lambda: drawn(PAY, words("elsewhere", x=700)), "content.invisible", "elsewhere"),
    "beside what is cut": (
        lambda: drawn(PAY, words("elsewhere", y=20), CropBox=Array([0, 100, 595, 842])), "content.invisible", "elsewhere"
    ),
    "clipped away": (lambda: drawn(PAY, "q 0 0 20 20 re W n ", words("Pay 900", y=600), "Q"), "content.invisible", "Pay 900"),
    "white in a form": (lambda: in_a_form("1 g " + words("Pay 900", y=600), depth=3), "content.invisible", "Pay 900"),
    "outside its form": (lambda: in_a_form(words("Pay 900", y=600), box=(0, 0, 300, 300)), "content.invisible", "Pay 900"),
    "a page on its side": (lambda: drawn(PAY, "1 g ", words("Pay 900", y=600), Rotate=90), "content.invisible", "Pay 900"),
    "covered": (lambda: drawn(PAY, filled(WHITE, 30, 690, 300, 40), words("Pay 900")), "content.overlap", "Pay 100"),
    "covered in part": (lambda: drawn(PAY, filled(WHITE, 74, 690, 32, 40)), "content.overlap", "100"),
    "covered by strips": (
        lambda: drawn(PAY, *(filled(WHITE, 30, 690 + 1.5 * strip, 300, 1.5) for strip in range(26))), "content.overlap", "Pay 100"
    ),
    "covered by an image": (lambda: with_image(PAY + "q 300 0 0 40 30 690 cm /Im Do Q"), "content.overlap", "Pay 100"),
    "covered in a moved form": (
        lambda: in_a_form(words("Pay 900", y=100) + filled(WHITE, 30, 90, 300, 40), matrix=(1, 0, 0, 1, 0, 300)),
        "content.overlap", "Pay 900",
    ),
    "covered by two, one over the other": (
        lambda: drawn(PAY, filled(WHITE, 30, 690, 300, 40), words("Pay 900"), filled(WHITE, 30, 690, 300, 40)), "content.overlap", "Pay 100"
    ),
    "under free text": (lambda: noted(FREE_TEXT), "annotations.covering", "Pay 100"),
    "under a stamp": (lambda: noted(STAMP, colour=GRAY), "annotations.covering", "Pay 100"),
    "under a square": (lambda: noted(SQUARE), "annotations.covering", "Pay 100"),
    "to be redacted": (lambda: noted(REDACT, colour=BLACK), "annotations.covering", "Pay 100"),
}  # fmt: skip

# What an ordinary contract may look like.
SEEN: dict[str, Callable[[], bytes]] = {
    "words": lambda: drawn(PAY),
    "white on dark": lambda: drawn(filled("0 0 0.4", 0, 590, 500, 40), "1 g ", words("Amount", y=600)),
    "a shaded cell": lambda: drawn(filled(GRAY, 30, 690, 300, 40), PAY),
    "a page of colour": lambda: drawn(filled("0.95 0.95 0.9", 0, 0, 595, 842), PAY),
    "a page on a picture": lambda: with_image("q 595 0 0 842 0 0 cm /Im Do Q " + PAY),
    "underlined": lambda: drawn(PAY, "40 697 90 1 re f"),
    "struck through": lambda: drawn(PAY, "40 704 90 2 re f"),
    "framed": lambda: drawn(PAY, "30 690 300 40 re S"),
    "a clip around": lambda: drawn("q 0 500 500 300 re W n ", PAY, "Q"),
    "a seal over the name": lambda: with_image(PAY + "q 300 0 0 40 30 690 cm /Im Do Q", mask=True),
    "blanks that are covered": lambda: drawn(PAY, words("   ", y=600), filled(WHITE, 30, 590, 300, 40)),
    "dots that are written over": lambda: drawn(words("______", y=600), filled(WHITE, 30, 590, 300, 40), PAY),
    "a shadow of letters": lambda: drawn(words("Pay 100 yen", x=41, before="3 Tr"), PAY),
    "a full stop": lambda: drawn(words(".", size=9)),
    "outlined letters": lambda: drawn(words("Agreement", before="1 Tr")),
    "a form": lambda: in_a_form(words("Pay 900", y=600), depth=3),
    "a marker": lambda: noted(HIGHLIGHT, colour="1 1 0", blend="Multiply"),
    "a frame drawn beside": lambda: noted(SQUARE, colour=None),
    "a stamp beside": lambda: noted(STAMP, rect=(30, 100, 300, 140)),
    "a page on its side": lambda: drawn(PAY, Rotate=270),
}  # fmt: skip
