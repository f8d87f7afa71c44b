"""Shadow attacks: the forger prepares the file before anybody signs it, and uncovers afterwards what was laid in.

What is prepared and signed is itself a file that nothing has happened to yet; it is kept among the honest ones.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

from crypto import hand_made
from pki import MOMENT
from vectors.attacks import bytework, honest, service
from vectors.attacks.bytework import FORGED_WORDS, behind, body, stream
from vectors.attacks.honest import house, maker
from vectors.attacks.samples import archived_too, attack

HIDE, REPLACE, BOTH = "Shadow: hide", "Shadow: replace", "Shadow: hide and replace"
COVER = b"1 1 1 rg 60 740 400 40 re f 0 g BT /F1 14 Tf 72 760 Td (Fictional contract, 1000 yen) Tj ET"


def _signed(pdf: bytes, how: str) -> bytes:
    """``pdf`` approved, certified, or concluded by this house."""
    if how == "house":
        return house().whole(pdf)
    return service.sign(pdf, certify=int(how[1])) if how.startswith("p") else service.sign(pdf)


def _prepared(name: str, told: str, make: Callable[[], bytes], *hows: str) -> tuple[str, ...]:
    """Enters a prepared file among the honest ones, once for each manner of signing."""
    names = []
    for how in hows:

        def signed(how: str = how) -> bytes:
            return _signed(make(), how)

        signed.__name__, signed.__doc__ = f"{name}_{how}", f"{told} Signed ({how}), nothing uncovered yet."
        maker(signed)
        names.append(signed.__name__.replace("_", "-"))
    return tuple(names)


# ------------------------------------------------------------------------------------------------------- hide


def _covered() -> bytes:
    """The page says the one price, and an XObject over it another."""
    held = hand_made.with_form()
    held[3] = (
        held[3]
        .replace(b"/Resources << ", b"/Resources << /XObject << /Over 10 0 R >> ")
        .replace(b"/Contents 4 0 R", b"/Contents [4 0 R 9 0 R]")
    )
    held[4] = stream(FORGED_WORDS)
    held[9] = stream(b"/Over Do")
    held[10] = stream(COVER, b"/Type /XObject /Subtype /Form /BBox [0 0 595 842] /Resources << /Font << /F1 5 0 R >> >>")
    return hand_made.laid(held).table()


COVERED = _prepared("shadow_covered", "Words covered by an XObject.", _covered, "approval", "p1", "p2", "house")


@attack(HIDE, *COVERED)
def cover_emptied(pdf: bytes) -> bytes:
    """The cover redefined as an empty XObject."""
    return behind(pdf, {10: stream(b"", b"/Type /XObject /Subtype /Form /BBox [0 0 0 0]")})


@attack(HIDE, *COVERED)
def cover_freed(pdf: bytes) -> bytes:
    """A table that frees the cover."""
    trailer = b"trailer\n<< /Size %d /Root %d 0 R /Prev %d >>\nstartxref\n%d\n%%%%EOF\n" % (
        bytework.next_number(pdf), bytework.root_number(pdf), bytework.last_table(pdf), len(pdf),
    )  # fmt: skip
    return pdf + b"xref\n10 1\n0000000000 00001 f \n" + trailer


@attack(HIDE, "shadow-covered-approval", "shadow-covered-p2", "shadow-covered-house")
def cover_no_longer_drawn(pdf: bytes) -> bytes:
    """The page's contents without the stream that draws the cover."""
    page = bytework.page_number(pdf)
    return behind(pdf, {page: re.sub(rb"/Contents \[.*?\]", b"/Contents 4 0 R", body(pdf, page))})


@attack(HIDE, "shadow-covered-approval", "shadow-covered-p2")
def cover_emptied_and_stamped(pdf: bytes) -> bytes:
    """The cover emptied, then validation data and a document timestamp."""
    return service.stamp(service.with_validation_data(cover_emptied(pdf)), at=honest.LATER, field="Stamp")


# ---------------------------------------------------------------------------------------------------- replace


def _with_value() -> bytes:
    """The price stands in a text field; the field's appearance shows what is agreed."""
    held = hand_made.with_form()
    held[4] = stream(b"BT /F1 14 Tf 72 760 Td (Fictional contract, price as below) Tj ET")
    held[7] = held[7].replace(b"(as agreed)", b"(1000 yen)")
    held[8] = stream(b"/Tx BMC BT /F1 10 Tf 2 5 Td (1000 yen) Tj ET EMC", _LOOK)
    return hand_made.laid(held).table()


_LOOK = b"/Type /XObject /Subtype /Form /BBox [0 0 228 20] /Resources << /Font << /F1 5 0 R >> >>"
VALUED = _prepared("shadow_valued", "The price in a text field.", _with_value, "approval", "p1", "p2", "house")
FORGED_LOOK = stream(b"/Tx BMC BT /F1 10 Tf 2 5 Td (9000 yen) Tj ET EMC", _LOOK)


@attack(REPLACE, *VALUED)
@archived_too(REPLACE, "shadow-valued-approval")
def value_and_look_replaced(pdf: bytes) -> bytes:
    """The field filled with another price after the signature."""
    return honest.filled(pdf, b"(9000 yen)")


@attack(REPLACE, *VALUED)
@archived_too(REPLACE, "shadow-valued-approval", "shadow-valued-p2")
def look_replaced(pdf: bytes) -> bytes:
    """The field's appearance shows another price; its value says what it said."""
    return behind(pdf, {8: FORGED_LOOK})


@attack(REPLACE, *VALUED)
@archived_too(REPLACE, "shadow-valued-approval")
def value_replaced(pdf: bytes) -> bytes:
    """The field's value is another; its appearance shows what it showed."""
    return behind(pdf, {7: body(pdf, 7).replace(b"(1000 yen)", b"(9000 yen)")})


@attack(REPLACE, "shadow-valued-approval", "shadow-valued-p2", "shadow-valued-house")
@archived_too(REPLACE, "shadow-valued-approval")
def font_of_the_field_replaced(pdf: bytes) -> bytes:
    """The font under the field's words replaced: the same codes, other letters."""
    other = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding << /Type /Encoding /Differences [49 /nine] >> >>"
    return behind(pdf, {5: other})


@attack(REPLACE, "shadow-valued-approval", "shadow-valued-p2", "shadow-valued-house")
def field_moved_over_the_words(pdf: bytes) -> bytes:
    """The field grown over the page's words and given an appearance that hides them."""
    field = re.sub(rb"/Rect\s*\[.*?\]", b"/Rect [60 740 460 790]", body(pdf, 7))
    cover = stream(
        b"1 1 1 rg 0 0 400 50 re f 0 g BT /F1 14 Tf 12 20 Td (Fictional contract, 9000 yen) Tj ET", _LOOK.replace(b"228 20", b"400 50")
    )
    return behind(pdf, {7: field, 8: cover})


@attack(REPLACE, "shadow-valued-approval", "shadow-valued-p2")
@archived_too(REPLACE, "shadow-valued-approval", "shadow-valued-p2")
def value_replaced_then_signed(pdf: bytes) -> bytes:
    """The price changed in the field, then an honest approval of a second signer."""
    return service.sign(value_replaced(pdf), field="Signature2", at=MOMENT + timedelta(hours=5))


# ------------------------------------------------------------------------------------------- hide and replace


def _two_faced() -> bytes:
    """Two contents of the page under one number: the table knows the agreed one, the other lies beside it."""
    made = hand_made.File()
    held = hand_made.with_form()
    made.out += b"4 0 obj\n%b\nendobj\n" % stream(FORGED_WORDS)
    for number, one in held.items():
        made.put(number, one)
    return made.table()


TWO_FACED = _prepared("shadow_two_faced", "A second page content that no table knows.", _two_faced, "approval", "p1", "p2", "house")


def _table_to(pdf: bytes, number: int, place: int) -> bytes:
    trailer = b"trailer\n<< /Size %d /Root %d 0 R /Prev %d >>\nstartxref\n%d\n%%%%EOF\n" % (
        bytework.next_number(pdf), bytework.root_number(pdf), bytework.last_table(pdf), len(pdf),
    )  # fmt: skip
    return pdf + b"xref\n%d 1\n%010d 00000 n \n" % (number, place) + trailer


@attack(BOTH, *TWO_FACED)
def table_switched(pdf: bytes) -> bytes:
    """A table of one line that leads to the content laid in before; no object is added."""
    return _table_to(pdf, 4, pdf.index(b"4 0 obj"))


@attack(BOTH, "shadow-two-faced-approval", "shadow-two-faced-p1")
def table_switched_and_stamped(pdf: bytes) -> bytes:
    """The same, then a document timestamp of a trusted authority."""
    return service.stamp(table_switched(pdf), at=honest.LATER, field="Stamp")


@attack(BOTH, "shadow-two-faced-approval", "shadow-two-faced-p2")
def table_switched_and_signed(pdf: bytes) -> bytes:
    """The same, then an honest approval of a second signer."""
    return service.sign(table_switched(pdf), field="Signature2", at=honest.LATER)


def _two_catalogues() -> bytes:
    """A whole second document - catalogue, tree, page, content - that nothing refers to."""
    held = hand_made.with_form()
    held |= {
        20: b"<< /Type /Catalog /Pages 21 0 R /AcroForm << /Fields [7 0 R] >> >>",
        21: b"<< /Type /Pages /Kids [22 0 R] /Count 1 >>",
        22: hand_made.PAGE.replace(b"/Parent 2 0 R", b"/Parent 21 0 R").replace(b"/Contents 4 0 R", b"/Contents 23 0 R") % b"",
        23: stream(FORGED_WORDS),
    }
    return hand_made.laid(held).table()


TWO_DOCUMENTS = _prepared("shadow_two_documents", "A second document that nothing refers to.", _two_catalogues, "approval", "p1", "house")


@attack(BOTH, *TWO_DOCUMENTS)
def catalogue_switched(pdf: bytes) -> bytes:
    """A trailer that names the other catalogue as the root."""
    trailer = b"trailer\n<< /Size %d /Root 20 0 R /Prev %d >>\nstartxref\n%d\n%%%%EOF\n" % (
        bytework.next_number(pdf), bytework.last_table(pdf), len(pdf),
    )  # fmt: skip
    return pdf + b"xref\n0 0\n" + trailer


@attack(BOTH, *TWO_DOCUMENTS)
def pages_switched(pdf: bytes) -> bytes:
    """The catalogue rewritten with the other document's page tree, and the form kept."""
    root = bytework.root_number(pdf)
    return behind(pdf, {root: re.sub(rb"/Pages \d+ 0 R", b"/Pages 21 0 R", body(pdf, root))})


@attack(BOTH, *TWO_DOCUMENTS)
def table_from_before_the_signature(pdf: bytes) -> bytes:
    """The file's end says that its newest table is the one from before the signature."""
    first = int(re.findall(rb"startxref\s+(\d+)", pdf)[0])
    return pdf + b"startxref\n%d\n%%%%EOF\n" % first
