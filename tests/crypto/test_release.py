"""The release gate on honest files, where it must agree with the deep verifier, and on files that differ from what is expected."""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pikepdf
import pytest

from crypto import pdfs
from crypto.contract import HOUSE, Contract, consent, words
from crypto.gated import AskedElsewhere, Gated, alone
from crypto.test_pades import foreign
from crypto.test_reference import UPLOADS, VALUES, drawn, slot_of
from pki import MOMENT, hierarchy, key
from tachiai.crypto import pades, pades_verify, release
from tachiai.crypto.authority import EmbeddedAuthority
from tachiai.crypto.fields import Slot
from tachiai.crypto.judgement import Expected, Report
from tachiai.errors import Refusal

LATER = MOMENT + timedelta(days=100)
HELD = {1: "東京都𠮷野町", 2: True, 3: "2026-11-23"}


@pytest.fixture(scope="module")
def gated(authority: EmbeddedAuthority) -> Gated:
    return Gated(authority)


def both(contract: Contract, pdf: bytes, expected: Expected) -> Report:
    """What both judges say of an honest file: the very same."""
    roots = contract.authority.roots
    with alone():
        quick = release.verify(pdf, expected=expected, roots=roots, tsa_roots=roots, at=LATER)
    assert quick == pades_verify.verify(pdf, expected=expected, roots=roots, tsa_roots=roots, at=LATER)
    return quick


def code(contract: Contract, pdf: bytes, expected: Expected) -> str:
    with pytest.raises(Refusal) as caught, alone():
        contract.verify(pdf, expected)
    return caught.value.code.removeprefix("seal.")


def frozen_with(contract: Contract, upload: bytes, slots: Sequence[Slot]) -> bytes:
    credential = contract.authority.seal_credential
    return upload + pades.freeze(upload, slots=slots, credential=credential, timestamper=contract.stamps, text=HOUSE, at=MOMENT).tail


def filled(contract: Contract, held: bytes, slot: Slot) -> bytes:
    made = pades.seal(
        held,
        slot=slot.number,
        credential=contract.authority.seal_credential,
        timestamper=contract.stamps,
        text=words(slot.number),
        consent_digest=consent(slot.number),
        at=MOMENT + timedelta(hours=slot.number),
        values=VALUES if slot.values else {},
        appearance=drawn(100, 50) if slot.place else None,
    )
    return held + made.tail


# ---------------------------------------------------------------------------------------------- honest files


CASES = [(kind, blanks) for kind in UPLOADS for blanks in ("bare", "blanks", "seen") if kind != "hybrid" or blanks == "bare"]


@pytest.mark.parametrize(("kind", "blanks"), CASES)
def test_both_judges_say_the_same_of_every_step(contract: Contract, kind: str, blanks: str) -> None:
    upload = UPLOADS[kind]()
    slots = [slot_of(number, blanks) for number in (1, 2)]
    fields = {slot.number: [value.number for value in slot.values] for slot in slots}
    expected = replace(contract.expected(upload), every_slot=(1, 2), every_field=fields)
    held = frozen_with(contract, upload, slots)
    both(contract, held, expected)
    for sealed in ((2,), (2, 1)):
        held = filled(contract, held, slots[sealed[-1] - 1])
        values = dict.fromkeys(sealed, HELD if blanks != "bare" else {})
        expected = replace(expected, slots={n: consent(n) for n in sealed}, values=values)
        both(contract, held, expected)
    held = contract.close(held)
    expected = replace(expected, closed=True)
    assert [row.level for row in both(contract, held, expected).rows] == ["B-LTA"] * 3 + ["none"]
    renewed = contract.close(held, at=MOMENT + timedelta(days=90))
    assert [row.kind for row in both(contract, renewed, expected).rows][-2:] == ["timestamp", "timestamp"]


@pytest.mark.parametrize("stream", [False, True])
def test_both_judges_say_the_same_of_the_houses_own_papers(contract: Contract, stream: bool) -> None:
    authority, paper = contract.authority, pdfs.plain(stream_xref=stream)
    made = pades.attest(
        paper,
        credential=authority.seal_credential,
        timestamper=authority.timestamper,
        revocation=authority.revocation_source,
        text=HOUSE,
        at=MOMENT,
    )
    both(contract, paper + made.tail, replace(contract.expected(paper, closed=True), permission=1))


@pytest.mark.parametrize("kind", ["rsa3072", "p256", "p384"])
def test_other_keys_and_longer_chains_too(kind: str) -> None:
    tree = hierarchy()
    seal, stamper = tree.credential("架空電子契約株式会社", key(kind, 40)), tree.timestamper(private=key("p384", 41))
    upload = pdfs.plain()
    held = upload + pades.freeze(upload, slots=[1], credential=seal, timestamper=stamper, text=HOUSE, at=MOMENT).tail
    expected = Expected(True, {}, False, len(upload), hashlib.sha256(upload).digest())
    with alone():
        quick = release.verify(held, expected=expected, roots=[tree.root_der], tsa_roots=[tree.root_der], at=LATER)
    assert quick == pades_verify.verify(held, expected=expected, roots=[tree.root_der], tsa_roots=[tree.root_der], at=LATER)


def test_five_slots_in_any_order(contract: Contract) -> None:
    upload = pdfs.plain()
    held = contract.freeze(upload, (1, 2, 3, 4, 5))
    for slot in (3, 1, 5, 2, 4):
        held = contract.seal(held, slot)
    both(contract, contract.close(held), contract.expected(upload, (1, 2, 3, 4, 5), closed=True))


# ------------------------------------------------------------------------------------------ what it passes on


def test_files_signed_by_others_are_judged_by_the_deep_verifier(gated: Gated) -> None:
    upload = foreign(pdfs.plain(form=True))
    held = gated.freeze(upload, (1, 2))
    report = gated.verify(held, gated.expected(upload, certification=False))
    assert [row.field for row in report.rows] == ["Foreign", "TachiaiHouse"]
    with alone(), pytest.raises(Refusal, match=r"seal\.unreadable") as caught:
        gated.verify(held, gated.expected(upload, certification=False))
    assert caught.value.facts["detail"] == AskedElsewhere.__name__


def commented() -> bytes:
    """A catalogue with a remark in it, which other readers skip."""
    return shifted(pdfs.plain(), b"/Type /Catalog", b"/Type /Catalog % remarked\n")


def shifted(pdf: bytes, old: bytes, new: bytes) -> bytes:
    """``old`` replaced in a file with a classic table, which is written anew."""
    assert pdf.count(old) == 1
    pdf = pdf.replace(old, new)
    table, rest = pdf[: pdf.rindex(b"xref\n", 0, pdf.rindex(b"startxref"))], pdf[pdf.rindex(b"trailer") :]
    places = sorted((int(found[1]), found.start()) for found in re.finditer(rb"^(\d+) 0 obj", table, re.MULTILINE))
    rows = b"".join(b"%010d 00000 n \n" % place for _number, place in places)
    start = len(table)
    head = b"xref\n0 %d\n0000000000 65535 f \n" % (len(places) + 1)
    return table + head + rows + re.sub(rb"startxref\s+\d+", b"startxref\n%d" % start, rest)


def test_an_unusual_upload_is_judged_by_the_deep_verifier_and_never_passed_unread(gated: Gated) -> None:
    upload = commented()
    held = gated.freeze(upload)
    gated.verify(held, gated.expected(upload))
    assert code(gated, held, gated.expected(upload)) == "unreadable"
    other = pdfs.appended(held, replace={1: b"<< /Type /Catalog >>"})
    with pytest.raises(Refusal):
        gated.verify(other, gated.expected(upload))


# --------------------------------------------------------------------------------------- what was expected


@pytest.fixture(scope="module")
def valued(gated: Gated) -> tuple[bytes, bytes]:
    upload = pdfs.plain(pages=2)
    return upload, filled(gated, frozen_with(gated, upload, [slot_of(1, "seen"), slot_of(2, "blanks")]), slot_of(1, "seen"))


@pytest.mark.parametrize(
    "told",
    [{}, {**HELD, 1: "大阪府"}, {**HELD, 2: False}, {**HELD, 3: True}, {**HELD, 4: "more"}, {1: HELD[1]}],
    ids=["nothing", "another text", "not ticked", "another kind", "one more", "only one"],
)
@pytest.mark.parametrize("judge", [release, pades_verify], ids=["release", "deep"])
def test_values_other_than_those_consented_to_are_found(
    gated: Gated, valued: tuple[bytes, bytes], told: dict[int, str | bool], judge: object
) -> None:
    upload, held = valued
    roots = gated.authority.roots
    expected = replace(gated.expected(upload, (1,)), values={1: told})
    with pytest.raises(Refusal, match=r"seal\.consent"):
        judge.verify(held, expected=expected, roots=roots, tsa_roots=roots, at=LATER)  # type: ignore[attr-defined]


@pytest.mark.parametrize("fields", [{}, {1: [1, 2, 3]}, {1: [1, 2], 2: [1, 2, 3]}, {1: [1, 2, 3], 2: [1, 2, 3], 3: [1]}])
@pytest.mark.parametrize("judge", [release, pades_verify], ids=["release", "deep"])
def test_blanks_other_than_those_laid_in_are_found(
    gated: Gated, valued: tuple[bytes, bytes], fields: dict[int, list[int]], judge: object
) -> None:
    upload, held = valued
    roots = gated.authority.roots
    expected = replace(gated.expected(upload, (1,)), every_field=fields)
    with pytest.raises(Refusal, match=r"seal\.lock"):
        judge.verify(held, expected=expected, roots=roots, tsa_roots=roots, at=LATER)  # type: ignore[attr-defined]


# ------------------------------------------------------------------------------------------------ flipped bytes


@pytest.fixture(scope="module", params=["classic", "stream"])
def closed(request: pytest.FixtureRequest, gated: Gated) -> tuple[bytes, bytes]:
    upload = pdfs.plain(form=True, stream_xref=request.param == "stream")
    return upload, gated.whole(upload, (1, 2))


def test_one_flipped_byte_is_found_wherever_it_is(gated: Gated, closed: tuple[bytes, bytes]) -> None:
    """Every 101st byte of the whole file, gaps included, all of the last revision's frame and of its gap's beginning."""
    upload, pdf = closed
    expected = gated.expected(upload, (1, 2), closed=True)
    gated.verify(pdf, expected)
    (start, end) = [found.span() for found in re.finditer(rb"<[0-9a-f]{1000,}>", pdf)][-1]
    places = {*range(0, len(pdf), 101), *range(start - 80, start + 100), *range(end - 40, len(pdf))}
    for turn, place in enumerate(sorted(places)):
        flipped = bytearray(pdf)
        flipped[place] ^= (0x01, 0x20, 0x80)[turn % 3]
        assert code(gated, bytes(flipped), expected), place


def test_no_byte_of_a_signature_is_free_although_nothing_covers_it(gated: Gated) -> None:
    """Versions, algorithm identifiers, certificates, the token, the padding: each other digit is refused."""
    upload = pdfs.plain()
    pdf, expected = gated.freeze(upload), gated.expected(upload)
    (start, end) = [found.span() for found in re.finditer(rb"<[0-9a-f]{1000,}>", pdf)][-1]
    for place in {*range(start, end, 17), *range(start, start + 90)}:
        flipped = bytearray(pdf)
        flipped[place] ^= 0x01
        assert code(gated, bytes(flipped), expected), place


def test_what_is_refused_once_is_refused_again_and_what_passed_still_passes(gated: Gated, closed: tuple[bytes, bytes]) -> None:
    """Nothing remembered of one file is ever believed of another."""
    upload, pdf = closed
    expected = gated.expected(upload, (1, 2), closed=True)
    place = pdf.index(b"/Reason <", len(upload)) + 15
    forged = pdf[:place] + (b"1" if pdf[place : place + 1] != b"1" else b"2") + pdf[place + 1 :]
    for _again in range(2):
        gated.verify(pdf, expected)
        assert code(gated, forged, expected) == "broken"
        assert code(gated, pdf, replace(expected, upload_sha256=bytes(32))) == "upload_changed"


def test_other_roots_are_asked_anew(gated: Gated, stranger: EmbeddedAuthority, closed: tuple[bytes, bytes]) -> None:
    upload, pdf = closed
    expected, ours, theirs = gated.expected(upload, (1, 2), closed=True), gated.authority.roots, stranger.roots
    release.verify(pdf, expected=expected, roots=ours, tsa_roots=ours, at=LATER)
    for roots, tsa_roots, told in ((theirs, ours, "untrusted"), (ours, theirs, "timestamp_wrong")):
        with pytest.raises(Refusal, match=rf"seal\.{told}"):
            release.verify(pdf, expected=expected, roots=roots, tsa_roots=tsa_roots, at=LATER)


def test_it_keeps_to_itself_what_pikepdf_would_repair(gated: Gated) -> None:
    upload = pdfs.plain()
    held = gated.freeze(upload)
    with pikepdf.open(io.BytesIO(held[:-7])) as repaired:
        assert len(repaired.pages) == 1
    assert code(gated, held[:-7], gated.expected(upload)) in ("not_whole_file", "modified", "unreadable")
