"""Every odd upload is refused with its reason when it arrives, or goes the whole way before all judges. There is nothing in between."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from crypto import judges, odd_contents, odd_uploads
from crypto.contract import HOUSE, Contract, consent, words
from pki import MOMENT, embedded
from tachiai.crypto import pades, pades_verify, planning, release
from tachiai.crypto.plans import Plan, read_plan
from tachiai.errors import Refusal
from tachiai.pages.inspect import inspect, normalise

LATER = MOMENT + timedelta(days=2)
ODD = odd_uploads.ODD | odd_contents.ODD

# What nobody can mend. Whatever is not named here is sealed, some of it after a rewrite.
REFUSED = {
    "a field above our name": "file.field_name_taken",
    "a field of our house's name": "file.field_name_taken",
    "a field of our name": "file.field_name_taken",
    "a field named with bytes": "file.unwritable",
    "a field that is its own kid": "file.unwritable",
    "a field with a dot": "file.unwritable",
    "a higher object number": "file.broken",
    "a huge object number": "file.broken",
    "a long outline": "file.unwritable",
    "a stream in another file": "file.active_content",
    "an endlessly nested value": "file.broken",
    "catalogue of null": "file.broken",
    "catalogue within the trailer": "file.broken",
    "endless paths": "file.too_complex",
    "fields that are a dictionary": "file.unwritable",
    "no pages": "file.no_pages",
    "no size": "file.broken",
    "page within a page": "file.no_pages",
    "pages nested endlessly": "file.broken",
    "pages that are not there": "file.no_pages",
    "pages that go round": "file.broken",
    "permissions of nonsense": "file.unwritable",
    "store of nonsense": "file.unwritable",
    "store with streams that are not there": "file.unwritable",
    "store": "file.unwritable",
    "table that says one for nought": "file.broken",
}
# Slips that every reader passes over alike, of which qpdf and MuPDF speak before as well as after.
SPOKEN_OF = ("header of nonsense", "pages without a kind", "xref stream, W 0 3 1")


@dataclass(frozen=True)
class Taken:
    pdf: bytes
    plan: Plan
    rewritten: bool


def taken(pdf: bytes) -> Taken:
    """As the desk takes it in, the clerk having agreed to a rewrite."""
    found = inspect(pdf)
    if not found.reasons_to_normalise:
        return Taken(pdf, read_plan(found.plan), rewritten=False)
    pdf = normalise(pdf)
    found = inspect(pdf)
    assert not found.reasons_to_normalise
    return Taken(pdf, read_plan(found.plan), rewritten=True)


@pytest.mark.parametrize("name", ODD)
def test_it_is_refused_in_words_or_sealed_for_all_to_see(name: str, tmp_path: Path) -> None:
    if name in REFUSED:
        with pytest.raises(Refusal) as caught:
            taken(ODD[name]())
        assert caught.value.code == REFUSED[name]
        return
    found = taken(ODD[name]())
    held = _concluded(found)
    outside = judges.Judges(tmp_path, root=embedded().roots[0], at=LATER)
    outside.put(held)
    outside.poppler(judges.signed_in(held), whole=True)
    if name not in SPOKEN_OF:
        outside.qpdf()
        outside.mupdf(pages=0)


def _concluded(found: Taken) -> bytes:
    """Frozen, sealed twice and closed; each step before the gate and beside a new plan, the last before the deep verifier."""
    house, stamps, seal = Contract(embedded()), embedded().timestamper, embedded().seal_credential
    made = pades.freeze(found.pdf, slots=[1, 2], credential=seal, timestamper=stamps, text=HOUSE, at=MOMENT, plan=found.plan)
    held = _released(found.pdf, found.pdf + made.tail, made.plan, ())
    for slot in (1, 2):
        at = MOMENT + timedelta(hours=slot)
        made = pades.seal(
            held, slot=slot, credential=seal, timestamper=stamps, text=words(slot), consent_digest=consent(slot), at=at, plan=made.plan
        )
        held = _released(found.pdf, held + made.tail, made.plan, range(1, slot + 1))
    source, roots, at = embedded().revocation_source, embedded().roots, MOMENT + timedelta(days=1)
    made = pades.close(held, timestamper=stamps, revocation=source, roots=roots, at=at, plan=made.plan)
    held = _released(found.pdf, held + made.tail, made.plan, (1, 2), closed=True)
    expected = house.expected(found.pdf, (1, 2), closed=True)
    pades_verify.verify(held, expected=expected, roots=roots, tsa_roots=roots, at=LATER)
    return held


def _released(upload: bytes, held: bytes, plan: Plan, sealed: range | tuple[int, ...], *, closed: bool = False) -> bytes:
    expected = Contract(embedded()).expected(upload, sealed, closed=closed)
    release.verify(held, expected=expected, roots=embedded().roots, tsa_roots=embedded().roots, at=LATER)
    assert plan == planning.plan(held)
    return held


def test_nothing_odd_is_kept_that_a_rewrite_was_not_needed_for() -> None:
    """The other way round: what every reader takes as it is stays byte for byte."""
    for name in ("xref stream", "hybrid", "generations", "linearised", "three updates", "tagged", "names with numbers"):
        assert not taken(ODD[name]()).rewritten, name
