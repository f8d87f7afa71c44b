"""A dishonest house: whoever holds the key adds something of his own to a revision, signs over it, and the gate finds it.

Everything else about these files is in order: signatures, tokens, coverage. Only what a revision does is not what its kind does.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from crypto import pdfs
from crypto.contract import HOUSE, consent, words
from crypto.gated import Gated, alone
from crypto.test_reference import VALUES, drawn, slot_of
from pki import MOMENT
from tachiai.crypto import pades, updates
from tachiai.crypto.appearances import Appearance
from tachiai.crypto.authority import EmbeddedAuthority
from tachiai.crypto.pades import FieldValue
from tachiai.crypto.updates import Placed, Update
from tachiai.errors import Refusal

Bodies = dict[tuple[int, int], bytes]


@dataclass
class Meddling:
    """What is done to the objects of the next revisions just before they are written; ``done`` counts how often it changed something."""

    change: Callable[[Bodies, Callable[[], tuple[int, int]]], None]
    done: int = field(default=0)


@contextmanager
def meddling(change: Callable[[Bodies, Callable[[], tuple[int, int]]], None]) -> Iterator[Meddling]:
    """Within it, the house writes whatever ``change`` makes of the bodies; the second argument gives it a number for a new object."""
    honest, told = Update.render, Meddling(change)

    def render(self: Update, *given: object, **named: object) -> Placed:
        if self._catalog_changed:
            self._bodies[self.plan.catalog_at] = updates.dictionary(self._catalog)
        before = dict(self._bodies)
        change(self._bodies, self.new)
        told.done += before != self._bodies
        was, self._catalog_changed = self._catalog_changed, False
        try:
            return honest(self, *given, **named)  # type: ignore[arg-type]
        finally:
            self._catalog_changed = was

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Update, "render", render)
        yield told
    assert told.done, "nothing was changed, so nothing was tried"


@pytest.fixture(scope="module")
def gated(authority: EmbeddedAuthority) -> Gated:
    return Gated(authority)


@pytest.fixture(scope="module", params=["classic", "stream"])
def upload(request: pytest.FixtureRequest) -> bytes:
    return pdfs.plain(pages=2, form=True, stream_xref=request.param == "stream")


SLOTS = [slot_of(1, "seen"), slot_of(2, "blanks"), slot_of(3, "bare")]


def freeze(gated: Gated, pdf: bytes) -> bytes:
    credential = gated.authority.seal_credential
    return pdf + pades.freeze(pdf, slots=SLOTS, credential=credential, timestamper=gated.stamps, text=HOUSE, at=MOMENT).tail


def seal(gated: Gated, pdf: bytes, number: int, *, values: dict[int, FieldValue] | None = None, seen: Appearance | None = None) -> bytes:
    made = pades.seal(
        pdf,
        slot=number,
        credential=gated.authority.seal_credential,
        timestamper=gated.stamps,
        text=words(number),
        consent_digest=consent(number),
        at=MOMENT + timedelta(hours=number),
        values=VALUES if values is None and number < 3 else values or {},
        appearance=seen or (drawn(100, 50) if number == 1 else None),
    )
    return pdf + made.tail


@pytest.fixture(scope="module")
def frozen(gated: Gated, upload: bytes) -> bytes:
    return freeze(gated, upload)


@pytest.fixture(scope="module")
def sealed(gated: Gated, frozen: bytes) -> bytes:
    return seal(gated, seal(gated, frozen, 1), 2)


@pytest.fixture(scope="module")
def closed(gated: Gated, sealed: bytes) -> bytes:
    return gated.close(sealed)


def code(gated: Gated, pdf: bytes, upload: bytes, slots: tuple[int, ...] = (), *, closed: bool = False) -> str:
    with pytest.raises(Refusal) as caught, alone():
        gated.verify(pdf, gated.expected(upload, slots, closed=closed))
    return caught.value.code.removeprefix("seal.")


def among(bodies: Bodies, mark: bytes) -> tuple[int, int]:
    """The one object with ``mark`` in it, if this revision has it."""
    return next((at for at, body in bodies.items() if mark in body), (0, 0))


def swap(mark: bytes, old: bytes, new: bytes) -> Callable[..., None]:
    """In the object with ``mark``, ``old`` becomes ``new``."""

    def change(bodies: Bodies, _new: object) -> None:
        at = among(bodies, mark)
        if at in bodies:
            bodies[at] = bodies[at].replace(old, new, 1)

    return change


def entry(mark: bytes, more: bytes) -> Callable[..., None]:
    """The dictionary with ``mark`` gets an entry more."""
    return swap(mark, b"<< ", b"<< " + more + b" ")


def test_without_meddling_all_of_it_passes(gated: Gated, upload: bytes, frozen: bytes, sealed: bytes, closed: bytes) -> None:
    with alone():
        gated.verify(frozen, gated.expected(upload))
        gated.verify(sealed, gated.expected(upload, (1, 2)))
        gated.verify(closed, gated.expected(upload, (1, 2), closed=True))


# ------------------------------------------------------------------------------------------------------ freezing


CATALOGUE, FORM, PAGE, HOUSE_FIELD, SLOT, TEXT, BOX, LOCK = (
    b"/Type /Catalog",
    b"/SigFlags",
    b"/Type /Page",
    b"(TachiaiHouse) /Type",
    b"/T (TachiaiSlot002)",
    b"/T (TachiaiValue001-01)",
    b"/T (TachiaiValue001-02)",
    b"/SigFieldLock",
)
FREEZING = {
    "a catalogue that acts": (entry(CATALOGUE, b"/OpenAction << /S /JavaScript /JS (app.alert\\(1\\)) >>"), "modified"),
    "a catalogue with other names": (entry(CATALOGUE, b"/Names << >>"), "modified"),
    "other permissions": (swap(CATALOGUE, b"/DocMDP", b"/UR3"), "certification"),
    "more permissions": (swap(CATALOGUE, b"/Perms << ", b"/Perms << /UR3 1 0 R "), "certification"),
    "another page tree": (swap(CATALOGUE, b"/Pages ", b"/Pages 1 0 R /Old "), "modified"),
    "a form that recalculates": (entry(FORM, b"/CO [ ]"), "modified"),
    "a form that hides its signatures": (swap(FORM, b"/SigFlags 3", b"/SigFlags 0"), "modified"),
    "a form without the upload's field": (swap(FORM, b"/Fields [ ", b"/Fields [ 1 0 R "), "modified"),
    "a page with other contents": (swap(PAGE, b"/Contents ", b"/Contents 1 0 R /Old "), "modified"),
    "a page that acts": (entry(PAGE, b"/AA << >>"), "modified"),
    "a page with one more annotation": (swap(PAGE, b"/Annots [ ", b"/Annots [ << /Type /Annot /Subtype /Link >> "), "modified"),
    "a house's field that acts": (entry(HOUSE_FIELD, b"/AA << >>"), "modified"),
    "a house's field that is seen": (swap(HOUSE_FIELD, b"[ 0 0 0 0 ]", b"[ 0 0 9 9 ]"), "modified"),
    "a slot that is hidden": (swap(SLOT, b"/F 132", b"/F 134"), "modified"),
    "a slot with a value already": (entry(SLOT, b"/V 1 0 R"), "modified"),
    "a slot on another page": (swap(SLOT, b"/P ", b"/P 1 0 R /Old "), "modified"),
    "a blank filled in beforehand": (entry(TEXT, b"/V (as I like)"), "modified"),
    "a blank that anyone may write": (swap(TEXT, b"/Ff 1", b"/Ff 0"), "modified"),
    "a blank that calculates": (entry(TEXT, b"/AA << /C << /S /JavaScript /JS (1) >> >>"), "modified"),
    "a box ticked beforehand": (swap(BOX, b"/AS /Off", b"/AS /Yes"), "modified"),
    "a lock that locks nothing": (swap(LOCK, b"/Exclude", b"/Include"), "lock"),
    "a lock that forgets a field": (swap(LOCK, b"(TachiaiSlot003)", b""), "lock"),
    "a lock that names a field of the upload": (swap(LOCK, b"(TachiaiSlot003)", b"(TachiaiSlot003) (remarks)"), "lock"),
    "a field with a name of its own": (swap(SLOT, b"(TachiaiSlot002)", b"(Anything)"), "modified"),
    "two fields of one name": (swap(SLOT, b"(TachiaiSlot002)", b"(TachiaiSlot003)"), "modified"),
}


@pytest.mark.parametrize("what", FREEZING)
def test_a_freezing_does_nothing_else(gated: Gated, upload: bytes, what: str) -> None:
    change, told = FREEZING[what]
    with meddling(change):
        forged = freeze(gated, upload)
    assert code(gated, forged, upload) == told


def stranger(bodies: Bodies, new: Callable[[], tuple[int, int]]) -> None:
    """A new object that belongs to nothing."""
    bodies[new()] = b"<< /Type /Annot >>"


def old_object(number: int) -> Callable[..., None]:
    """An object of the upload's is written anew although nothing asks for it."""

    def change(bodies: Bodies, _new: object) -> None:
        bodies.setdefault((number, 0), b"<< /Type /Other >>")

    return change


@pytest.mark.parametrize("change", [stranger, old_object(3), old_object(9)], ids=["new", "old", "another"])
def test_no_revision_brings_or_rewrites_what_it_does_not_need(
    gated: Gated, upload: bytes, frozen: bytes, sealed: bytes, change: Callable[..., None]
) -> None:
    with meddling(change):
        forgeries = [(freeze(gated, upload), (), False), (seal(gated, frozen, 3), (3,), False), (gated.close(sealed), (1, 2), True)]
    for forged, slots, is_closed in forgeries:
        assert code(gated, forged, upload, slots, closed=is_closed) == "modified"


# ------------------------------------------------------------------------------------------------------- sealing


SEALING = {
    "a lock taken off": (swap(b"(TachiaiSlot001)", b"/Lock ", b"/Old "), "modified"),
    "a field that moved": (swap(b"(TachiaiSlot001)", b"/Rect [ ", b"/Rect [ 1 "), "modified"),
    "a field that acts": (entry(b"(TachiaiSlot001)", b"/A << /S /Launch >>"), "modified"),
    "a blank that moved": (swap(TEXT, b"/Rect [ ", b"/Rect [ 1 "), "modified"),
    "a blank that acts": (entry(TEXT, b"/AA << >>"), "modified"),
    "a blank with another label": (swap(TEXT, b"/TU ", b"/TU (nothing to see) /Old "), "modified"),
    "a blank with two looks": (swap(TEXT, b"/AP << ", b"/AP << /D 1 0 R "), "modified"),
    "a look that is no form": (swap(TEXT, b"/N ", b"/N 1 0 R /Old "), "modified"),
    "a box in a state of its own": (swap(BOX, b"/AS /Yes", b"/AS /Maybe"), "modified"),
    "a box that is ticked in one place only": (swap(BOX, b"/V /Yes", b"/V /Off"), "modified"),
    "a look that leads elsewhere": (swap(b"/Subtype /Form", b"/Resources << ", b"/Resources << /Properties 1 0 R "), "modified"),
    "a look that acts": (swap(b"/Subtype /Form", b"/Resources << ", b"/AA << >> /Resources << "), "modified"),
    "a look that fetches": (swap(b"/Subtype /Form", b"/Resources << ", b"/F (elsewhere.pdf) /Resources << "), "modified"),
    "a look that can be switched off": (swap(b"/Subtype /Form", b"/Resources << ", b"/OC << /Type /OCG >> /Resources << "), "modified"),
    "a font that is a program": (swap(b"/BaseFont", b"/Subtype /Type1", b"/Subtype /Launch"), "modified"),
}


@pytest.mark.parametrize("what", SEALING)
def test_a_seal_does_nothing_else(gated: Gated, upload: bytes, frozen: bytes, what: str) -> None:
    change, told = SEALING[what]
    with meddling(change):
        forged = seal(gated, frozen, 1)
    assert code(gated, forged, upload, (1,)) == told


def test_a_seal_fills_no_blank_of_another_slot(gated: Gated, upload: bytes, frozen: bytes) -> None:
    honest = seal(gated, frozen, 2)
    number, body = pdfs.field_number(honest, "TachiaiValue002-01")

    def change(bodies: Bodies, _new: object) -> None:
        bodies[(number, 0)] = re.sub(rb" /AP << [^>]*>>", b"", body)

    with meddling(change):
        forged = seal(gated, frozen, 3)
    assert code(gated, forged, upload, (3,)) == "modified"


def test_a_blank_is_filled_with_what_was_consented_to(gated: Gated, upload: bytes, frozen: bytes) -> None:
    with meddling(swap(TEXT, b"/V ", b"/V (half the price) /Old ")):
        forged = seal(gated, frozen, 1)
    assert code(gated, forged, upload, (1,)) == "modified"
    forged = seal(gated, frozen, 1, values={**VALUES, 1: FieldValue("half the price", drawn(228, 20))})
    expected = replace(gated.expected(upload, (1,)), values={1: {1: "東京都𠮷野町", 2: True, 3: "2026-11-23"}})
    with pytest.raises(Refusal, match=r"seal\.consent"):
        gated.verify(forged, expected)


def test_an_invisible_slot_shows_nothing(gated: Gated, upload: bytes, frozen: bytes) -> None:
    assert code(gated, seal(gated, frozen, 3, seen=drawn(10, 10)), upload, (3,)) == "modified"


# ------------------------------------------------------------------------------------------------------- closing


CLOSING = {
    "a catalogue that acts": (entry(b"/DSS ", b"/OpenAction << >>"), "modified"),
    "a store with something else in it": (swap(b"/Type /DSS", b"/Type /DSS", b"/Type /DSS /VRI << >>"), "modified"),
    "a store of another type": (swap(b"/Type /DSS", b"/Type /DSS", b"/Type /Other"), "modified"),
    "an answer left out": (lambda bodies, _new: drop(bodies, b"/OCSPs"), "modified"),
    "a stamp's field on a page": (swap(b"(TachiaiArchive1)", b"/Rect [ 0 0 0 0 ]", b"/Rect [ 0 0 9 9 ] /P 1 0 R"), "modified"),
    "a stamp's field of another name": (swap(b"(TachiaiArchive1)", b"(TachiaiArchive1)", b"(TachiaiSlot009)"), "modified"),
    "a form that gained a field": (swap(FORM, b"/Fields [ ", b"/Fields [ 1 0 R "), "modified"),
}


def drop(bodies: Bodies, kind: bytes) -> None:
    """The store no longer names its first stream of a kind; the stream itself stands there still."""
    at = among(bodies, b"/Type /DSS")
    if at in bodies:
        bodies[at] = re.sub(re.escape(kind) + rb" \[ ?\d+ 0 R", kind + b" [", bodies[at])


@pytest.mark.parametrize("what", CLOSING)
def test_a_closing_does_nothing_else(gated: Gated, upload: bytes, sealed: bytes, what: str) -> None:
    change, told = CLOSING[what]
    with meddling(change):
        forged = gated.close(sealed)
    assert code(gated, forged, upload, (1, 2), closed=True) == told


def test_a_renewal_loses_nothing(gated: Gated, upload: bytes, closed: bytes) -> None:
    def change(bodies: Bodies, _new: object) -> None:
        drop(bodies, b"/Certs")

    with meddling(change):
        forged = gated.close(closed, at=MOMENT + timedelta(days=90))
    assert code(gated, forged, upload, (1, 2), closed=True) == "modified"


def test_what_is_laid_in_is_what_the_houses_signature_names(gated: Gated, upload: bytes) -> None:
    with meddling(swap(b"/T (TachiaiSlot003)", b"(TachiaiSlot003)", b"(TachiaiSlot004)")):
        forged = freeze(gated, upload)
    assert code(gated, forged, upload) == "lock"
