"""Odd things in a sound file: in its form, its pages, its catalogue and its trailer (see ``odd_uploads.py``)."""

from __future__ import annotations

from collections.abc import Callable

from crypto.hand_made import IDENTIFIER, LOOK, PAGE, WIDGET, WORDS, laid, objects, one, plain, stream, swapped, with_form


def _kids(depth: int) -> bytes:
    held = objects(pages=b"/Kids [20 0 R] /Count 1")
    for level in range(depth):
        held[20 + level] = b"<< /Type /Pages /Parent %d 0 R /Kids [%d 0 R] /Count 1 >>" % (
            2 if level == 0 else 19 + level, 3 if level == depth - 1 else 21 + level,
        )  # fmt: skip
    held[3] = held[3].replace(b"/Parent 2 0 R", b"/Parent %d 0 R" % (19 + depth))
    return laid(held).table()


def _tagged() -> bytes:
    held = objects(catalogue=b" /MarkInfo << /Marked true >> /StructTreeRoot 10 0 R /Lang (ja)", page=b" /StructParents 0")
    held[4] = stream(b"/P << /MCID 0 >> BDC " + WORDS + b" EMC")
    held[10] = b"<< /Type /StructTreeRoot /K 11 0 R /ParentTree 12 0 R /ParentTreeNextKey 1 >>"
    held[11] = b"<< /Type /StructElem /S /Document /P 10 0 R /K [13 0 R] >>"
    held[12] = b"<< /Nums [0 [13 0 R]] >>"
    held[13] = b"<< /Type /StructElem /S /P /P 11 0 R /Pg 3 0 R /K 0 >>"
    return laid(held).table()


def _many_paths(depth: int) -> bytes:
    """Lists that name the next list twice: a reader that goes every way never comes home."""
    held = objects(catalogue=b" /PieceInfo 10 0 R")
    for level in range(depth):
        held[10 + level] = b"[%d 0 R %d 0 R]" % (11 + level, 11 + level)
    held[10 + depth] = b"[1]"
    return laid(held).table()


def _outline(count: int) -> bytes:
    held = objects(catalogue=b" /Outlines 10 0 R")
    held[10] = b"<< /Type /Outlines /First 11 0 R /Last %d 0 R /Count %d >>" % (10 + count, count)
    for number in range(11, 11 + count):
        before = b" /Prev %d 0 R" % (number - 1) if number > 11 else b""
        behind = b" /Next %d 0 R" % (number + 1) if number < 10 + count else b""
        held[number] = b"<< /Title (Clause) /Parent 10 0 R /Dest [3 0 R /Fit]%b%b >>" % (before, behind)
    return laid(held).table()


def _linked_pages(count: int) -> bytes:
    """Every page leads to every other: a handbook's cross-references."""
    numbers = range(100, 100 + count)
    held = objects(pages=b"/Kids [%b] /Count %d" % (b" ".join(b"%d 0 R" % n for n in numbers), count))
    del held[3]
    for number in numbers:
        links = b" ".join(b"<< /Type /Annot /Subtype /Link /Rect [0 0 9 9] /Dest [%d 0 R /Fit] >>" % n for n in numbers if n != number)
        held[number] = PAGE % (b" /Annots [%b]" % links)
    return laid(held).table()


def _large(megabytes: int) -> bytes:
    noise = bytes(range(256)) * 4096
    held = objects(page=b" /Group << /S /Transparency >>")
    for number in range(megabytes):
        held[20 + number] = stream(noise)
    return laid(held).table()


def _shared_annotations() -> bytes:
    held = with_form(page=b" /Annots 9 0 R")
    held[2] = b"<< /Type /Pages /Kids [3 0 R 6 0 R] /Count 2 >>"
    held[6] = PAGE % b" /Annots 9 0 R"
    held[9] = b"[7 0 R]"
    return laid(held).table()


def _repeated_page() -> bytes:
    return laid(objects(pages=b"/Kids [3 0 R 3 0 R] /Count 2")).table()


def _direct_field() -> bytes:
    field_within = WIDGET % b"(within)"
    return laid({**objects(catalogue=b" /AcroForm << /Fields [%b] >>" % field_within), 8: LOOK}).table()


def _field_above() -> bytes:
    held = with_form(b" /AcroForm << /Fields [9 0 R] >>", name=b"(below)")
    held[7] = held[7].replace(b"/F 4", b"/F 4 /Parent 9 0 R")
    held[9] = b"<< /T (TachiaiSlot001) /Kids [7 0 R] >>"
    return laid(held).table()


ODD: dict[str, Callable[[], bytes]] = {
    "form within": lambda: laid(with_form()).table(),
    "form with a number": lambda: laid({**with_form(b" /AcroForm 9 0 R"), 9: b"<< /Fields [7 0 R] >>"}).table(),
    "fields with a number": lambda: laid({**with_form(b" /AcroForm << /Fields 9 0 R >>"), 9: b"[7 0 R]"}).table(),
    "form without fields": lambda: one(catalogue=b" /AcroForm << >>"),
    "form of null": lambda: one(catalogue=b" /AcroForm null"),
    "form that is not there": lambda: one(catalogue=b" /AcroForm 77 0 R"),
    "form that is a list": lambda: one(catalogue=b" /AcroForm [ ]"),
    "fields that are not there": lambda: one(catalogue=b" /AcroForm << /Fields 77 0 R >>"),
    "fields of null": lambda: one(catalogue=b" /AcroForm << /Fields [null 77 0 R] >>"),
    "fields that are a dictionary": lambda: one(catalogue=b" /AcroForm << /Fields << >> >>"),
    "a field within the list": _direct_field,
    "a field that is its own kid": lambda: laid(
        {**with_form(), 7: (WIDGET % b"(loop)").replace(b"/F 4", b"/Kids [7 0 R]")}
    ).table(),
    "a field named with bytes": lambda: laid(with_form(name=b"<ff00fe80>")).table(),
    "a field named in Japanese": lambda: laid(with_form(name=b"<feff5099880370b9>")).table(),
    "a field without a name": lambda: laid(with_form(name=b"()")).table(),
    "a field of our name": lambda: laid(with_form(name=b"(TachiaiSlot001)")).table(),
    "a field of our house's name": lambda: laid(with_form(name=b"(TachiaiHouse)")).table(),
    "a field above our name": _field_above,
    "a field with a dot": lambda: laid(with_form(name=b"(a.b)")).table(),
    "fields redrawn": lambda: laid(with_form(b" /AcroForm << /Fields [7 0 R] /NeedAppearances true >>")).table(),
    "fields redrawn by reference": lambda: laid(
        {**with_form(b" /AcroForm << /Fields [7 0 R] /NeedAppearances 9 0 R >>"), 9: b"true"}
    ).table(),
    "flags by reference": lambda: laid({**with_form(b" /AcroForm << /Fields [7 0 R] /SigFlags 9 0 R >>"), 9: b"0"}).table(),
    "flags without signatures": lambda: laid(with_form(b" /AcroForm << /Fields [7 0 R] /SigFlags 3 >>")).table(),
    "an unsigned field of others": lambda: laid(
        {**with_form(), 7: b"<< /Type /Annot /Subtype /Widget /FT /Sig /T (theirs) /Rect [0 0 0 0] /F 132 /P 3 0 R >>"}
    ).table(),
    "annotations with a number": lambda: laid({**with_form(page=b" /Annots 9 0 R"), 9: b"[7 0 R]"}).table(),
    "annotations shared": _shared_annotations,
    "annotations of null": lambda: one(page=b" /Annots null"),
    "annotations that are not there": lambda: one(page=b" /Annots 77 0 R"),
    "annotations that are a dictionary": lambda: one(page=b" /Annots << >>"),
    "annotations with null": lambda: one(page=b" /Annots [null 77 0 R]"),
    "an annotation within the list": lambda: one(page=b" /Annots [<< /Subtype /Link /Rect [0 0 9 9] /Dest [3 0 R /Fit] >>]"),
    "no pages": lambda: one(pages=b"/Kids [] /Count 0"),
    "pages that are not there": lambda: one(pages=b"/Kids [77 0 R] /Count 1"),
    "a page that is not there": lambda: one(pages=b"/Kids [77 0 R 3 0 R] /Count 2"),
    "a page of null": lambda: one(pages=b"/Kids [null 3 0 R] /Count 1"),
    "a page within the list": lambda: one(pages=b"/Kids [%b] /Count 1" % (PAGE % b"")),
    "a page twice": _repeated_page,
    "count wrong": lambda: one(pages=b"/Kids [3 0 R] /Count 7"),
    "count of less": lambda: one(pages=b"/Kids [3 0 R] /Count -1"),
    "kids with a number": lambda: laid({**objects(pages=b"/Kids 9 0 R /Count 1"), 9: b"[3 0 R]"}).table(),
    "pages nested": lambda: _kids(12),
    "pages nested deeply": lambda: _kids(80),
    "pages nested endlessly": lambda: _kids(900),
    "pages that go round": lambda: one(pages=b"/Kids [2 0 R 3 0 R] /Count 2"),
    "an empty branch": lambda: (
        laid({**objects(pages=b"/Kids [9 0 R 3 0 R] /Count 1"), 9: b"<< /Type /Pages /Parent 2 0 R /Kids [] /Count 0 >>"}).table()
    ),
    "pages without a kind": lambda: laid({**objects(), 2: b"<< /Kids [3 0 R] /Count 1 >>"}).table(),
    "page without a kind": lambda: laid({**objects(), 3: (PAGE % b"").replace(b"/Type /Page ", b"")}).table(),
    "page of a wrong kind": lambda: laid({**objects(), 3: (PAGE % b"").replace(b"/Type /Page ", b"/Type /Pages ")}).table(),
    "page without a parent": lambda: laid({**objects(), 3: (PAGE % b"").replace(b"/Parent 2 0 R ", b"")}).table(),
    "page without a size": lambda: laid({**objects(), 3: (PAGE % b"").replace(b"/MediaBox [0 0 595 842] ", b"")}).table(),
    "contents of several": lambda: laid({**objects(), 3: (PAGE % b"").replace(b"4 0 R", b"[4 0 R 4 0 R]")}).table(),
    "contents that are not there": lambda: laid({**objects(), 3: (PAGE % b"").replace(b"4 0 R", b"[4 0 R 77 0 R]")}).table(),
    "contents of null": lambda: laid({**objects(), 3: (PAGE % b"").replace(b"/Contents 4 0 R", b"/Contents null")}).table(),
    "font that is not there": lambda: laid({**objects(), 3: (PAGE % b"").replace(b"5 0 R", b"77 0 R")}).table(),
    "catalogue without a kind": lambda: laid({**objects(), 1: b"<< /Pages 2 0 R >>"}).table(),
    "catalogue within the trailer": lambda: plain().replace(b"/Root 1 0 R", b"/Root << /Type /Catalog /Pages 2 0 R >>"),
    "catalogue of null": lambda: laid({**objects(), 1: b"null"}).table(),
    "permissions": lambda: one(catalogue=b" /Perms << >>"),
    "permissions with a number": lambda: laid({**objects(catalogue=b" /Perms 9 0 R"), 9: b"<< >>"}).table(),
    "permissions of nonsense": lambda: one(catalogue=b" /Perms [ ]"),
    "usage rights": lambda: laid({**objects(catalogue=b" /Perms << /UR3 9 0 R >>"), 9: b"<< /Type /Sig /Filter /Adobe.PPKLite >>"}).table(),
    "store": lambda: laid({**objects(catalogue=b" /DSS << /Certs [9 0 R] >>"), 9: stream(b"0\x03\x02\x01\x05")}).table(),
    "store of nothing": lambda: one(catalogue=b" /DSS << >>"),
    "store that is not there": lambda: one(catalogue=b" /DSS 77 0 R"),
    "store with streams that are not there": lambda: one(catalogue=b" /DSS << /Certs [77 0 R] /VRI << >> >>"),
    "store of nonsense": lambda: one(catalogue=b" /DSS << /Certs (x) /OCSPs << >> >>"),
    "extensions": lambda: one(catalogue=b" /Extensions << /ADBE << /BaseVersion /1.7 /ExtensionLevel 8 >> >>"),
    "extensions with a number": lambda: (
        laid({**objects(catalogue=b" /Extensions 9 0 R"), 9: b"<< /ESIC << /BaseVersion /1.7 /ExtensionLevel 5 >> >>"}).table()
    ),
    "tagged": _tagged,
    "portfolio": lambda: one(catalogue=b" /Collection << /Type /Collection /View /D >>"),
    "names with numbers": lambda: one(catalogue=b" /A#20B#2fC (odd) /#e3#81#82 1 /Bad#ff [/#80#28]", page=b" /My#20Key /My#20Value"),
    "a name of nothing": lambda: one(catalogue=b" / (empty)"),
    "names with other letters": lambda: one(catalogue=b" /A\xff\x80B 1 /\xe3\x81\x82 2"),
    "a key twice": lambda: one(catalogue=b" /Lang (ja) /Lang (en)"),
    "strings of every kind": lambda: one(catalogue=b" /X (a\\)\\(b(c)\\053\\\nd\r\ne) /Y <4 1 42 4> /Z (\xfe\xff\x30\x42)"),
    "numbers of every kind": lambda: one(catalogue=b" /X [+1 -.5 4. 00012 1.50000 -0 .0 123456789012]"),
    "numbers of no kind": lambda: one(catalogue=b" /X [1e5 --3 0x10 1.2.3]"),
    "a nested value": lambda: one(catalogue=b" /X " + b"[" * 40 + b"]" * 40),
    "an endlessly nested value": lambda: one(catalogue=b" /X " + b"[" * 600 + b"]" * 600),
    "an information dictionary": lambda: laid({**objects(), 9: b"<< /Title (x) /CreationDate (D:20200101) >>"}).table(b" /Info 9 0 R"),
    "information within the trailer": lambda: laid(objects()).table(b" /Info << /Title (x) >>"),
    "information that is not there": lambda: laid(objects()).table(b" /Info 77 0 R"),
    "a trailer with more": lambda: laid(objects()).table(b" /DocChecksum /ABC /XX [1 0 R]"),
    "no identifier": lambda: plain().replace(IDENTIFIER, b""),
    "an identifier of one": lambda: plain().replace(IDENTIFIER, b"/ID [<00>]"),
    "an identifier of nothing": lambda: plain().replace(IDENTIFIER, b"/ID [() ()]"),
    "an identifier with a number": lambda: laid({**objects(), 9: b"[<aa> <bb>]"}).table().replace(IDENTIFIER, b"/ID 9 0 R"),
    "an identifier of names": lambda: plain().replace(IDENTIFIER, b"/ID [/A /B]"),
    "encryption of null": lambda: laid(objects()).table(b" /Encrypt null"),
    "encryption that is not there": lambda: laid(objects()).table(b" /Encrypt 77 0 R"),
    "many paths": lambda: _many_paths(8),
    "endless paths": lambda: _many_paths(40),
    "an outline": lambda: _outline(30),
    "a long outline": lambda: _outline(3000),
    "pages that lead to each other": lambda: _linked_pages(40),
    "large": lambda: _large(20),
    "a length by reference": lambda: (
        laid({**objects(), 4: b"<< /Length 9 0 R >>\nstream\n%b\nendstream" % WORDS, 9: b"%d" % len(WORDS)}).table()
    ),
    "a length that is wrong": lambda: swapped(plain(), b"/Length %d" % len(WORDS), b"/Length 11"),
    "a stream in another file": lambda: laid({**objects(), 9: stream(b"", b"/F (other.txt)")}).table(),
    "page within a page": lambda: laid({**objects(), 3: (PAGE % b" /Kids [ ]")}).table(),
    "rotated": lambda: one(page=b" /Rotate 90"),
    "rotated by reference": lambda: laid({**objects(page=b" /Rotate 9 0 R"), 9: b"90"}).table(),
    "size by reference": lambda: laid({**objects(page=b" /CropBox 9 0 R"), 9: b"[0 0 400 10 0 R]", 10: b"500"}).table(),
    "language by reference": lambda: laid({**objects(catalogue=b" /Lang 9 0 R"), 9: b"(ja)"}).table(),
    "rotated askew": lambda: one(page=b" /Rotate 45"),
    "cut": lambda: one(page=b" /CropBox [100 100 400 700]"),
}  # fmt: skip
