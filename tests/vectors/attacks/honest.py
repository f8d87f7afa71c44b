"""The honest files: what this house and other services make, none of it altered. Every forgery starts from one of them."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import timedelta
from functools import cache

import pikepdf
from pyhanko.sign.fields import FieldMDPAction, FieldMDPSpec

from crypto import hand_made, pdfs
from crypto.contract import Contract
from pki import MOMENT, embedded
from vectors.attacks import bytework, service

LATER = MOMENT + timedelta(days=3)
MAKERS: dict[str, Callable[[], bytes]] = {}
TOLD: dict[str, str] = {}


def maker(make: Callable[[], bytes]) -> Callable[[], bytes]:
    """Enters an honest file under its function's name; its first sentence says what it is."""
    kept = cache(make)
    name = make.__name__.strip("_").replace("_", "-")
    MAKERS[name], TOLD[name] = kept, (make.__doc__ or "").strip().splitlines()[0]
    return kept


def house() -> Contract:
    return Contract(embedded())


@cache
def upload(*, packed: bool = False) -> bytes:
    """A contract of one page with a text field; ``packed`` gives it a cross-reference stream."""
    laid = hand_made.laid(hand_made.with_form())
    return laid.xref_stream() if packed else laid.table()


def filled(pdf: bytes, words: bytes = b"(delivered in May)", name: str = "remarks") -> bytes:
    """The text field filled in an update, in the way a viewer does it: value and appearance."""
    number = bytework.field_number(pdf, name)
    field = bytework.without(bytework.body(pdf, number), b"/V")
    look = bytework.stream(b"/Tx BMC BT /F1 10 Tf 2 5 Td %b Tj ET EMC" % words, hand_made.LOOK.split(b"/Length")[0].strip(b"< "))
    place = bytework.next_number(pdf)
    field = re.sub(rb"/AP\s*<<.*?>>", b"/AP << /N %d 0 R >>" % place, field, flags=re.DOTALL)
    return bytework.behind(pdf, {number: bytework.entered(field, b"/V " + words), place: look})


# --------------------------------------------------------------------------------------------------- this house


@maker
def house_frozen() -> bytes:
    """Frozen by the house for two signers, none of whom has signed."""
    return house().freeze(upload(), (1, 2))


@maker
def house_interim() -> bytes:
    """Of two signers the first has signed."""
    return house().seal(house_frozen(), 1)


@maker
def house_sealed() -> bytes:
    """Both signers have signed; not yet closed."""
    return house().seal(house_interim(), 2)


@maker
def house_closed() -> bytes:
    """Concluded: both signers, validation data, document timestamp."""
    return house().close(house_sealed())


@maker
def house_closed_packed() -> bytes:
    """Concluded, on an upload with a cross-reference stream."""
    return house().whole(upload(packed=True))


@maker
def house_renewed() -> bytes:
    """Concluded and renewed by a further document timestamp."""
    return house().close(house_closed(), at=LATER - timedelta(days=1))


@maker
def house_on_others() -> bytes:
    """Concluded upon a file that another service had signed before."""
    return house().whole(service_bt())


# ------------------------------------------------------------------------------------------------ other services


@maker
def service_bb() -> bytes:
    """Another service's approval at B-B: no timestamp."""
    return service.sign(upload(), stamped=False)


@maker
def service_bt() -> bytes:
    """Another service's approval at B-T."""
    return service.sign(upload())


@maker
def service_bt_packed() -> bytes:
    """Approval at B-T on a file with cross-reference streams."""
    return service.sign(upload(packed=True))


@maker
def service_bt_seen() -> bytes:
    """Approval at B-T with a visible mark on the page."""
    return service.sign(upload(), box=(72, 200, 300, 260))


@maker
def service_cms() -> bytes:
    """Approval in the older form (adbe.pkcs7.detached)."""
    return service.sign(upload(), pades=False)


@maker
def service_blt() -> bytes:
    """B-LT: a store of validation data behind the signature, and nothing else."""
    return service.with_validation_data(service_bt())


@maker
def service_blta() -> bytes:
    """B-LTA: validation data, and a document timestamp over all of it."""
    return service.archived(service_bt())


@maker
def service_renewed() -> bytes:
    """B-LTA, renewed by more validation data and a second document timestamp."""
    again = service.with_validation_data(service_blta(), at=MOMENT + timedelta(hours=20))
    return service.stamp(again, at=MOMENT + timedelta(hours=21), field="Timestamp2")


@maker
def service_p1() -> bytes:
    """Certified: no change allowed (P=1)."""
    return service.sign(upload(), certify=1)


@maker
def service_p1_lta() -> bytes:
    """Certified with P=1, then validation data and a document timestamp, which P=1 does not forbid."""
    return service.archived(service_p1())


@maker
def service_p2() -> bytes:
    """Certified: filling and signing allowed (P=2)."""
    return service.sign(upload(), certify=2)


@maker
def service_p3() -> bytes:
    """Certified: annotations allowed too (P=3)."""
    return service.sign(upload(), certify=3)


@maker
def service_p2_signed() -> bytes:
    """Certified with P=2, then approved by a second signer."""
    return service.sign(service_p2(), field="Signature2", at=MOMENT + timedelta(hours=1))


@maker
def service_p2_filled() -> bytes:
    """Certified with P=2, a field filled, then approved by a second signer."""
    return service.sign(filled(service_p2()), field="Signature2", at=MOMENT + timedelta(hours=1))


@maker
def service_p3_noted() -> bytes:
    """Certified with P=3, a small note set beside the text, then approved by a second signer."""
    note = b"<< /Type /Annot /Subtype /Text /Rect [500 800 520 820] /Contents (see clause 3) /F 4 /P $PAGE >>"
    return service.sign(bytework.annotated(service_p3(), note), field="Signature2", at=MOMENT + timedelta(hours=1))


@maker
def service_two() -> bytes:
    """Two approvals, one after the other."""
    return service.sign(service_bt(), field="Signature2", at=MOMENT + timedelta(hours=1))


@maker
def service_two_waiting() -> bytes:
    """Two fields laid in before anybody signed, both signed."""
    held = service.fielded(upload(), "Signature1", "Signature2")
    return service.sign(service.sign(held), field="Signature2", at=MOMENT + timedelta(hours=1))


@maker
def service_filled() -> bytes:
    """Approved, a field filled, then approved by a second signer."""
    return service.sign(filled(service_bt()), field="Signature2", at=MOMENT + timedelta(hours=1))


@maker
def service_lock_all() -> bytes:
    """Approval that locks every field."""
    return service.sign(upload(), lock=FieldMDPSpec(FieldMDPAction.ALL))


@maker
def service_lock_include() -> bytes:
    """Approval that locks the field it names."""
    return service.sign(upload(), lock=FieldMDPSpec(FieldMDPAction.INCLUDE, ["remarks"]))


@maker
def service_lock_exclude() -> bytes:
    """Approval that locks every field but the one it names, which is none of the text fields."""
    return service.sign(upload(), lock=FieldMDPSpec(FieldMDPAction.EXCLUDE, ["Signature2"]))


@maker
def service_lock_other_filled() -> bytes:
    """Approval that locks another field; the free one is filled before a second signature."""
    held = service.sign(upload(), lock=FieldMDPSpec(FieldMDPAction.EXCLUDE, ["remarks", "Signature2"]))
    return service.sign(filled(held), field="Signature2", at=MOMENT + timedelta(hours=1))


@maker
def service_linearised() -> bytes:
    """Approval on a file laid out for fast web view."""
    held = io.BytesIO()
    with pikepdf.open(io.BytesIO(upload())) as document:
        document.save(held, linearize=True, static_id=True, compress_streams=False)
    return service.sign(held.getvalue())


@maker
def service_hybrid() -> bytes:
    """Approval on a file with both kinds of cross-reference (hybrid)."""
    return service.sign(pdfs.hybrid())


@maker
def service_crlf() -> bytes:
    """Approval on a file whose lines end in CR LF."""
    made = hand_made.File(line=b"\r\n")
    for number, held in hand_made.with_form().items():
        made.put(number, held)
    return service.sign(made.table(end=b"%%EOF\r\n"))


@maker
def service_upper_case() -> bytes:
    """The signature's hexadecimal digits in capitals."""
    pdf = service_bt()
    start, end = bytework.gap(pdf)
    return pdf[:start] + pdf[start:end].upper() + pdf[end:]


@maker
def service_updated_before() -> bytes:
    """A draft changed by an update of its author's, and signed only then."""
    return service.sign(bytework.behind(upload(), {4: bytework.stream(hand_made.WORDS + b" % second draft")}))


@maker
def service_rsa_pss() -> bytes:
    """Approval with RSASSA-PSS."""
    return service.sign(upload(), who=service.somebody(kind="rsa2048", number=401), pss=True)


@maker
def service_sha512() -> bytes:
    """Approval with P-384 and SHA-512."""
    return service.sign(upload(), who=service.somebody(kind="p384", number=402), digest="sha512")


@maker
def service_expired_since() -> bytes:
    """B-LTA whose signer's certificate has run out since."""
    who = service.somebody("Fictional Signer, since expired", number=403, until=MOMENT + timedelta(days=1))
    return service.archived(service.sign(upload(), who=who), who=who)


@maker
def service_unknown_root() -> bytes:
    """Approval at B-T under a root that nobody here knows."""
    return service.sign(upload(), who=service.somebody(trusted=False, number=404), source=service.stamper(411, trusted=False))
