"""Changes that a certification (DocMDP) or a lock (FieldMDP) forbids, alone and covered by a later honest signature or timestamp."""

from __future__ import annotations

import re

from vectors.attacks import bytework, honest, service
from vectors.attacks.bytework import annotated, behind, body, repriced_behind, stream
from vectors.attacks.honest import filled
from vectors.attacks.samples import archived_too, attack

DOCMDP, FIELDMDP = "DocMDP breach", "FieldMDP breach"
CERTIFIED = ("service-p1", "service-p2", "service-p3")
LOCKED = ("service-lock-all", "service-lock-include", "service-lock-exclude", "house-sealed")


@attack(DOCMDP, "service-p1")
def form_filled(pdf: bytes) -> bytes:
    """A field filled where nothing may change."""
    return filled(pdf)


@attack(DOCMDP, "service-p1", "service-p1-lta")
@archived_too(DOCMDP, "service-p1")
def signed_again(pdf: bytes) -> bytes:
    """A second signature where nothing may change."""
    # The other service's writer refuses to sign such a file, so it is shown another permission while it works.
    lax = bytework.in_place(pdf, b"/P 1", b"/P 2", last=False)
    signed = service.sign(lax, field="Signature2", at=honest.LATER)
    return pdf + signed[len(pdf) :]


@attack(DOCMDP, "service-p1", "service-p2", "house-closed")
@archived_too(DOCMDP, "service-p2")
def note_added(pdf: bytes) -> bytes:
    """A comment where comments are not allowed."""
    return annotated(pdf, b"<< /Type /Annot /Subtype /Text /Rect [500 800 520 820] /Contents (void) /F 4 /P $PAGE >>")


@attack(DOCMDP, *CERTIFIED)
def page_rewritten(pdf: bytes) -> bytes:
    """The page's content rewritten."""
    return repriced_behind(pdf)


@attack(DOCMDP, "service-p2", "service-p3")
def page_rewritten_then_signed(pdf: bytes) -> bytes:
    """The page's content rewritten, then an honest approval of a second signer over it."""
    return service.sign(repriced_behind(pdf), field="Signature2", at=honest.LATER)


@attack(DOCMDP, *CERTIFIED)
def page_rewritten_then_stamped(pdf: bytes) -> bytes:
    """The page's content rewritten, then a document timestamp of a trusted authority over it."""
    return service.stamp(repriced_behind(pdf), at=honest.LATER, field="Stamp")


@attack(DOCMDP, "service-p2")
def note_added_then_signed(pdf: bytes) -> bytes:
    """A comment where only filling is allowed, then an honest approval."""
    return service.sign(note_added(pdf), field="Signature2", at=honest.LATER)


@attack(DOCMDP, "service-p2", "house-sealed")
@archived_too(DOCMDP, "service-p2")
def field_added(pdf: bytes) -> bytes:
    """A text field laid over the page, with other words in it."""
    look = b"<< /Type /Annot /Subtype /Widget /FT /Tx /T (extra) /V (9000 yen) /Rect [60 740 460 790] /F 4 /P $PAGE /AP << /N $LOOK >> >>"
    held = annotated(pdf, look)
    added = bytework.next_number(pdf)
    form = bytework.form_number(held)
    home, told = (form, body(held, form)) if form else (bytework.root_number(held), body(held, bytework.root_number(held)))
    return behind(held, {home: re.sub(rb"/Fields\s*\[", b"/Fields [%d 0 R " % added, told, count=1)})


@attack(DOCMDP, "service-p2")
def field_removed(pdf: bytes) -> bytes:
    """The form without the text field."""
    form = bytework.form_number(pdf)
    home = form or bytework.root_number(pdf)
    return behind(pdf, {home: body(pdf, home).replace(b"7 0 R ", b"", 1)})


@attack(DOCMDP, "service-p1")
def metadata_and_page(pdf: bytes) -> bytes:
    """The page rewritten and the permission lifted by an update of the certifying signature itself."""
    _name, value = bytework.last_signature(pdf)
    held = body(pdf, value).replace(b"/P 1", b"/P 3")
    return behind(pdf, {value: held, 4: stream(bytework.FORGED_WORDS)})


# ------------------------------------------------------------------------------------------------ locked fields


@attack(FIELDMDP, *LOCKED)
@archived_too(FIELDMDP, "service-lock-include", "service-lock-all")
def value_changed(pdf: bytes) -> bytes:
    """A locked field filled with something else, value and appearance."""
    return filled(pdf, b"(at half the price)")


@attack(FIELDMDP, *LOCKED)
def value_changed_unseen(pdf: bytes) -> bytes:
    """A locked field's value changed, its appearance left."""
    number = bytework.field_number(pdf, "remarks")
    return behind(pdf, {number: body(pdf, number).replace(b"(as agreed)", b"(at half the price)")})


@attack(FIELDMDP, *LOCKED)
@archived_too(FIELDMDP, "service-lock-include")
def look_changed(pdf: bytes) -> bytes:
    """A locked field's appearance changed, its value left."""
    return behind(
        pdf, {8: stream(b"/Tx BMC BT /F1 10 Tf 2 5 Td (at half the price) Tj ET EMC", b"/Type /XObject /Subtype /Form /BBox [0 0 228 20]")}
    )


@attack(FIELDMDP, "service-lock-all", "service-lock-include", "service-lock-exclude")
def value_changed_then_signed(pdf: bytes) -> bytes:
    """A locked field changed, then an honest approval of a second signer."""
    return service.sign(filled(pdf, b"(at half the price)"), field="Signature2", at=honest.LATER)


@attack(FIELDMDP, "service-lock-all", "service-lock-include", "house-sealed")
def value_changed_then_stamped(pdf: bytes) -> bytes:
    """A locked field changed, then a document timestamp of a trusted authority."""
    return service.stamp(filled(pdf, b"(at half the price)"), at=honest.LATER, field="Stamp")


@attack(FIELDMDP, "service-lock-include", "service-lock-all")
@archived_too(FIELDMDP, "service-lock-include")
def field_renamed(pdf: bytes) -> bytes:
    """A locked field given another name, and another value with it."""
    number = bytework.field_number(pdf, "remarks")
    held = body(pdf, number).replace(b"(remarks)", b"(remark)").replace(b"(as agreed)", b"(at half the price)")
    return behind(pdf, {number: held})


@attack(FIELDMDP, "house-interim")
def unlocked_before_sealing(pdf: bytes) -> bytes:
    """The second slot loses its lock, and the house seals it all the same."""
    number = bytework.field_number(pdf, "TachiaiSlot002")
    held = re.sub(
        rb"/Lock (?:\d+ 0 R|<<.*?>>)", b"/Lock << /Type /SigFieldLock /Action /Include /Fields [] >>", body(pdf, number), flags=re.DOTALL
    )
    return honest.house().seal(behind(pdf, {number: held}), 2)


@attack(FIELDMDP, "house-interim")
def value_changed_between_seals(pdf: bytes) -> bytes:
    """The upload's own field changed between two signers."""
    return honest.house().seal(filled(pdf, b"(at half the price)"), 2)
