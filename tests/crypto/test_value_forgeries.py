"""Forgeries of files with values: what was filled in, how it looks, whose it is. Both gates find each, at every moment it can be done."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import lru_cache, partial

import pikepdf
import pytest

from crypto import matrix, pdfs
from crypto.contract import HOUSE, Contract, consent, words
from crypto.matrix import told, values_of
from crypto.test_reference import drawn, slot_of
from pki import MOMENT, embedded
from tachiai.crypto import pades, pades_verify, planning, release
from tachiai.crypto.filling import Ground
from tachiai.crypto.judgement import Expected
from tachiai.crypto.long_term import _begin_archive
from tachiai.errors import Refusal

Attack = Callable[[bytes], bytes]
LATER = MOMENT + timedelta(days=2)
SLOTS = [slot_of(number, "seen") for number in (1, 2)]


@dataclass(frozen=True)
class Kind:
    """An upload, and an honest contract over it at each of its moments."""

    stream: bool

    @property
    def upload(self) -> bytes:
        return _upload(self.stream)

    def frozen(self) -> bytes:
        return _frozen(self.stream)

    def once(self) -> bytes:
        return _sealed(self.frozen(), 1)

    def twice(self) -> bytes:
        return _sealed(self.once(), 2)

    def expected(self, *sealed: int, closed: bool = False) -> Expected:
        """Nothing said of values: a forgery must be found by what is in the file."""
        return Contract(embedded()).expected(self.upload, sealed, closed=closed)

    def consented(self, *sealed: int) -> Expected:
        values = {number: told(values_of(SLOTS[number - 1], "seen")) for number in sealed}
        fields = {slot.number: [value.number for value in slot.values] for slot in SLOTS}
        return replace(self.expected(*sealed), values=values, every_slot=(1, 2), every_field=fields)


@lru_cache(maxsize=2)
def _upload(stream: bool) -> bytes:
    """With a field of its own, a picture that lies over words, and an object that nobody shows."""
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdfs.plain(pages=2, form=True))) as document:
        page = document.pages[0].obj
        cover = document.make_stream(b"1 g 0 0 228 20 re f", Type=pikepdf.Name.XObject, Subtype=pikepdf.Name.Form, BBox=[0, 0, 228, 20])
        note = pikepdf.Dictionary(Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.Stamp, Rect=[72, 750, 300, 770], F=4)
        note.AP = pikepdf.Dictionary(N=cover)
        page.Annots.append(document.make_indirect(note))
        unseen = document.make_stream(b"BT /F1 14 Tf 72 760 Td (Fictional contract, page 1, 9000 yen) Tj ET")
        document.Root.PieceInfo = pikepdf.Dictionary(Kept=unseen)
        mode = pikepdf.ObjectStreamMode.generate if stream else pikepdf.ObjectStreamMode.disable
        document.save(out, object_stream_mode=mode, static_id=True)
    return out.getvalue()


@lru_cache(maxsize=2)
def _frozen(stream: bool) -> bytes:
    house = embedded()
    seal, stamps = house.seal_credential, house.timestamper
    made = pades.freeze(_upload(stream), slots=SLOTS, credential=seal, timestamper=stamps, text=HOUSE, at=MOMENT)
    return _upload(stream) + made.tail


@lru_cache(maxsize=64)
def _sealed(held: bytes, slot: int) -> bytes:
    """The house seals, honestly, over whatever it was given."""
    house = embedded()
    made = pades.seal(
        held,
        slot=slot,
        credential=house.seal_credential,
        timestamper=house.timestamper,
        text=words(slot),
        consent_digest=consent(slot),
        at=MOMENT + timedelta(hours=slot),
        values=values_of(SLOTS[slot - 1], "seen"),
        appearance=drawn(100, 50),
    )
    return held + made.tail


def _closed(held: bytes) -> bytes:
    return Contract(embedded()).close(held)


def refusals(pdf: bytes, expected: Expected) -> set[str]:
    """What each gate says. A gate that passes the file fails the test."""
    roots = embedded().roots
    found = set()
    for verify in (release.verify, pades_verify.verify):
        with pytest.raises(Refusal) as caught:
            verify(pdf, expected=expected, roots=roots, tsa_roots=roots, at=LATER)
        found.add(caught.value.code.removeprefix("seal."))
    return found


@pytest.fixture(scope="module", params=[False, True], ids=["classic", "stream"])
def kind(request: pytest.FixtureRequest) -> Kind:
    return Kind(bool(request.param))


def test_what_is_forged_below_was_good(kind: Kind) -> None:
    roots = embedded().roots
    for held, expected in (
        (kind.frozen(), kind.consented()),
        (kind.once(), kind.consented(1)),
        (_closed(kind.twice()), kind.expected(1, 2, closed=True)),
    ):
        for verify in (release.verify, pades_verify.verify):
            verify(held, expected=expected, roots=roots, tsa_roots=roots, at=LATER)


# ---------------------------------------------------------------------------------------------------- the attacks


def _rewritten(pdf: bytes, name: str, *changes: tuple[bytes, bytes]) -> bytes:
    number, body = pdfs.field_number(pdf, name)
    for pattern, new in changes:
        body, count = re.subn(pattern, new, body)
        assert count == 1, (name, pattern, body)
    return pdfs.appended(pdf, replace={number: body})


def _objects(pdf: bytes) -> dict[str, int]:
    """The numbers of what attackers look for."""
    with pikepdf.open(io.BytesIO(pdf)) as document:
        form = {str(field.T): field for field in document.Root.AcroForm.Fields}
        page = document.pages[0].obj
        text, box = form["TachiaiValue001-01"].get("/AP"), form["TachiaiValue001-02"].get("/AP")
        found = {"content": page.Contents.objgen[0], "unseen": document.Root.PieceInfo.Kept.objgen[0], "page": page.objgen[0]}
        stamp = next(note for note in page.Annots if note.Subtype == pikepdf.Name.Stamp)
        found |= {"stamp": stamp.objgen[0], "cover": stamp.AP.N.objgen[0], "info": int(document.trailer.Size)}
        if text is not None and box is not None:
            found |= {"words": text.N.objgen[0], "font": text.N.Resources.Font.F.objgen[0], "tick": box.N.Yes.objgen[0]}
        return found


def _form_object(words_seen: bytes) -> bytes:
    head = b"/Type /XObject /Subtype /Form /BBox [0 0 228 20] /Resources << >> /Length %d" % len(words_seen)
    return b"<< %b >>\nstream\n%b\nendstream" % (head, words_seen)


def own_value(pdf: bytes) -> bytes:
    return _rewritten(pdf, "TachiaiValue001-01", (rb"/V ?(<[^>]*>|\([^)]*\))", b"/V (another address)"))


def own_date(pdf: bytes) -> bytes:
    return _rewritten(pdf, "TachiaiValue001-03", (rb"/V ?(<[^>]*>|\([^)]*\))", b"/V (1999-01-01)"))


def value_taken_away(pdf: bytes) -> bytes:
    return _rewritten(pdf, "TachiaiValue001-01", (rb"/V ?(<[^>]*>|\([^)]*\))", b""), (rb"/AP <<.*?>>", b""))


def box_unticked(pdf: bytes) -> bytes:
    return _rewritten(pdf, "TachiaiValue001-02", (rb"/V /Yes", b"/V /Off"), (rb"/AS /Yes", b"/AS /Off"))


def box_unticked_for_the_eye(pdf: bytes) -> bytes:
    return _rewritten(pdf, "TachiaiValue001-02", (rb"/AS /Yes", b"/AS /Off"))


def look_swapped(pdf: bytes) -> bytes:
    """The text field is shown as the tick."""
    return _rewritten(pdf, "TachiaiValue001-01", (rb"/AP <<[^>]*>>", b"/AP << /N %d 0 R >>" % _objects(pdf)["tick"]))


def look_redrawn(pdf: bytes) -> bytes:
    """The field stays; the object that draws it says something else."""
    return pdfs.appended(pdf, replace={_objects(pdf)["words"]: _form_object(b"0 0 228 20 re f")})


def font_replaced(pdf: bytes) -> bytes:
    return pdfs.appended(pdf, replace={_objects(pdf)["font"]: b"<< /Type /Font /Subtype /Type1 /BaseFont /Symbol >>"})


def signature_look_swapped(pdf: bytes) -> bytes:
    return _rewritten(pdf, "TachiaiSlot001", (rb"/AP <<[^>]*>>", b"/AP << /N %d 0 R >>" % _objects(pdf)["tick"]))


def field_hidden(pdf: bytes) -> bytes:
    return _rewritten(pdf, "TachiaiValue001-01", (rb"/F 4\b", b"/F 6"))


def field_moved(pdf: bytes) -> bytes:
    return _rewritten(pdf, "TachiaiValue001-01", (rb"/Rect \[[^\]]*\]", b"/Rect [ 0 0 1 1 ]"))


def field_made_writable(pdf: bytes) -> bytes:
    return _rewritten(pdf, "TachiaiValue001-01", (rb"/Ff 1\b", b"/Ff 0"))


def label_changed(pdf: bytes) -> bytes:
    return _rewritten(pdf, "TachiaiValue001-02", (rb"/TU ?(<[^>]*>|\([^)]*\))", b"/TU (I do not agree)"))


def upload_field(pdf: bytes) -> bytes:
    return _rewritten(pdf, "remarks", (rb"/V ?\([^)]*\)", b"/V (at half the price)"))


def upload_field_look(pdf: bytes) -> bytes:
    """A change that form filling allows: the upload's own field is drawn with a look that covers the page's words."""
    number = _objects(pdf)["info"]
    held = pdfs.field_number(pdf, "remarks")
    body = re.sub(rb"/AP <<[^>]*>>", b"/AP << /N %d 0 R >>" % number, held[1])
    return pdfs.appended(pdf, replace={held[0]: body, number: _form_object(b"1 g 0 0 228 20 re f")})


def shadow_replace(pdf: bytes) -> bytes:
    """The page's own content object is replaced by the one that was brought along unseen."""
    return pdfs.appended(pdf, replace={_objects(pdf)["content"]: _form_object(b"BT /F1 14 Tf 72 760 Td (9000 yen) Tj ET")})


def shadow_hide(pdf: bytes) -> bytes:
    """What lay over the words is taken away: its look becomes empty."""
    return pdfs.appended(pdf, replace={_objects(pdf)["cover"]: _form_object(b"")})


def shadow_hide_by_freeing(pdf: bytes) -> bytes:
    """The same, by a section that only frees the object that lay over the words."""
    return _only_a_section(pdf, _objects(pdf)["stamp"], None)


def shadow_hide_and_replace(pdf: bytes) -> bytes:
    """A section without any object: the page's content is now where the unseen object has stood all along."""
    numbers = _objects(pdf)
    return _only_a_section(pdf, numbers["content"], numbers["unseen"])


def _only_a_section(pdf: bytes, number: int, instead: int | None) -> bytes:
    start = int(pdf[pdf.rfind(b"startxref") + 9 :].split()[0])
    with pikepdf.open(io.BytesIO(pdf)) as document:
        size, root = int(document.trailer.Size), document.Root.objgen[0]
        halves = b"[<%b> <%b>]" % tuple(bytes(half).hex().encode() for half in document.trailer.ID)
    offset = 0 if instead is None else pdf.index(b"\n%d 0 obj" % instead) + 1
    section = len(pdf)
    entries = b"/Size %d /Prev %d /Root %d 0 R /ID %b" % (size, start, root, halves)
    if pdf[start : start + 4] == b"xref":
        row = b"%010d 00000 n \n" % offset if offset else b"0000000000 00001 f \n"
        body = b"xref\n%d 1\n%btrailer\n<< %b >>\n" % (number, row, entries)
    else:
        entries = entries.replace(b"/Size %d" % size, b"/Size %d" % (size + 1))
        rows = bytes((1 if offset else 0,)) + offset.to_bytes(4, "big") + b"\0" + b"\x01" + section.to_bytes(4, "big") + b"\0"
        head = b"/Type /XRef /W [1 4 1] /Index [%d 1 %d 1] /Length %d %b" % (number, size, len(rows), entries)
        body = b"%d 0 obj\n<< %b >>\nstream\n%b\nendstream\nendobj\n" % (size, head, rows)
    return pdf + body + b"startxref\n%d\n%%%%EOF\n" % section


def new_tree(pdf: bytes) -> bytes:
    """An incremental saving attack: a new page tree behind everything."""
    with pikepdf.open(io.BytesIO(pdf)) as document:
        pages, leaf = document.Root.Pages.objgen[0], int(document.trailer.Size)
    tree = b"<< /Type /Pages /Kids [%d 0 R] /Count 1 >>" % leaf
    return pdfs.appended(pdf, replace={pages: tree, leaf: b"<< /Type /Page /Parent %d 0 R /MediaBox [0 0 9 9] >>" % pages})


def next_value(pdf: bytes, *, with_look: bool = False) -> bytes:
    """Somebody else fills in what the second signer has not signed yet."""
    more = b" /AP << /N %d 0 R >>" % _objects(pdf)["words"] if with_look else b""
    return _rewritten(pdf, "TachiaiValue002-01", (rb">>$", b"/V (somebody else's words)" + more + b" >>"))


def next_box(pdf: bytes) -> bytes:
    """Somebody else ticks the box that the second signer leaves empty."""
    ticked = b"/AP << /N << /Yes %d 0 R >> >>" % _objects(pdf)["tick"]
    return _rewritten(pdf, "TachiaiValue002-02", (rb"/V /Off", b"/V /Yes"), (rb"/AS /Off", b"/AS /Yes " + ticked))


def next_field_moved(pdf: bytes) -> bytes:
    return _rewritten(pdf, "TachiaiValue002-03", (rb"/Rect \[[^\]]*\]", b"/Rect [ 0 0 1 1 ]"))


AGAINST_THE_FIRST: list[Attack] = [
    own_value, own_date, value_taken_away, box_unticked, box_unticked_for_the_eye, look_swapped, look_redrawn, font_replaced,
    signature_look_swapped, field_hidden, field_moved, field_made_writable, label_changed, upload_field, upload_field_look,
    shadow_replace, shadow_hide, shadow_hide_by_freeing, new_tree,
]  # fmt: skip
AGAINST_THE_NEXT: list[Attack] = [next_value, partial(next_value, with_look=True), next_box, next_field_moved]


def _name(attack: object) -> str:
    return getattr(attack, "__name__", "next_value_and_look")


@pytest.mark.parametrize("attack", AGAINST_THE_FIRST, ids=_name)
def test_a_change_after_closing(kind: Kind, attack: Attack) -> None:
    forged = attack(_closed(kind.twice()))
    assert refusals(forged, kind.expected(1, 2, closed=True)) <= {"not_whole_file", "unreadable"}


@pytest.mark.parametrize("attack", AGAINST_THE_FIRST, ids=_name)
def test_a_change_between_sealing_and_closing(kind: Kind, attack: Attack) -> None:
    forged = _closed(attack(kind.twice()))
    assert refusals(forged, kind.expected(1, 2, closed=True)) <= {"modified", "not_whole_file", "unreadable"}


@pytest.mark.parametrize("attack", [*AGAINST_THE_FIRST, *AGAINST_THE_NEXT], ids=_name)
def test_a_change_between_two_seals(kind: Kind, attack: Attack) -> None:
    forged = _sealed(attack(kind.once()), 2)
    assert refusals(forged, kind.expected(1, 2)) <= {"modified", "not_whole_file", "unreadable"}


@pytest.mark.parametrize("attack", [*AGAINST_THE_FIRST, *AGAINST_THE_NEXT], ids=_name)
def test_a_change_after_the_only_seal_so_far(kind: Kind, attack: Attack) -> None:
    assert refusals(attack(kind.once()), kind.expected(1)) <= {"not_whole_file", "unreadable"}


@pytest.mark.parametrize("attack", [field_moved, field_hidden, field_made_writable, label_changed, upload_field, shadow_hide], ids=_name)
def test_a_change_between_freezing_and_the_first_seal(kind: Kind, attack: Attack) -> None:
    assert refusals(_sealed(attack(kind.frozen()), 1), kind.expected(1)) <= {"modified", "unreadable"}


def test_a_section_that_only_points_elsewhere(kind: Kind) -> None:
    """Not one object is appended: the page shows what has lain in the upload, unseen, all along."""
    assert refusals(shadow_hide_and_replace(_closed(kind.twice())), kind.expected(1, 2, closed=True)) <= {"not_whole_file", "unreadable"}
    assert refusals(_sealed(shadow_hide_and_replace(kind.once()), 2), kind.expected(1, 2)) <= {"modified", "not_whole_file", "unreadable"}
    assert refusals(_closed(shadow_hide_and_replace(kind.twice())), kind.expected(1, 2, closed=True)) <= {"modified", "not_whole_file"}


# --------------------------------------------------------------------------- what the house itself was talked into


def test_values_other_than_those_consented_to(kind: Kind) -> None:
    """The file is honest, but says something else than what was consented to."""
    good = kind.consented(1)
    said = good.values[1]
    for other in ({**said, 1: "something else"}, {**said, 2: False}, {**said, 4: "more"}, {1: said[1]}, {}):
        assert refusals(kind.once(), replace(good, values={1: other})) == {"consent"}


def test_fields_other_than_those_that_were_placed(kind: Kind) -> None:
    for fields in ({1: [1, 2, 3], 2: [1, 2]}, {1: [1, 2, 3]}, {}, {1: [1, 2, 3], 2: [1, 2, 3], 3: [1]}):
        assert refusals(kind.once(), replace(kind.consented(1), every_field=fields)) == {"lock"}


# -------------------------------------------------------------- signatures that nobody recognises, tokens from elsewhere


@pytest.mark.parametrize("other", [b"/ETSI.CAdES.detacheX", b"/adbe.x509.rsa_sha1 "])
def test_a_file_of_which_only_timestamps_are_recognised(kind: Kind, other: bytes) -> None:
    """Its signatures are of a kind that nobody reads, honestly timestamped over: it has no signature, and is not "all in order"."""
    odd = kind.twice().replace(b"/ETSI.CAdES.detached", other)
    assert len(odd) == len(kind.twice())
    forged = _closed(odd)
    assert refusals(forged, kind.expected(1, 2, closed=True)) <= {"signer_missing", "modified", "no_signature", "unreadable"}
    roots = embedded().roots
    try:
        report = pades_verify.examine(forged, roots=roots, tsa_roots=roots, at=LATER)
    except Refusal as told_so:
        assert told_so.code in ("seal.unreadable", "seal.no_signature")  # noqa: PT017 - either answer is right
    else:
        assert not report.sound


def test_only_a_timestamp_over_the_upload(kind: Kind) -> None:
    """Nobody has signed, somebody has stamped: a well-made document timestamp is no signature."""
    ground, stamps = Ground(kind.upload), embedded().timestamper
    begun = _begin_archive(planning.plan(kind.upload), ground, stamps.reserve)
    stamped = kind.upload + begun.finish(stamps.timestamp(begun.imprint, at=MOMENT)).tail
    assert refusals(stamped, kind.expected(1, 2, closed=True)) == {"signer_missing"}
    assert refusals(stamped, kind.expected(closed=True)) == {"signer_missing"}


def test_a_document_timestamp_moved_from_another_file(kind: Kind) -> None:
    """Its token is good, for other bytes."""
    own, other = _closed(kind.twice()), _closed(kind.once())
    gap, from_gap = ([found.span() for found in re.finditer(rb"<[0-9a-f]{1000,}>", held)][-1] for held in (own, other))
    assert gap[1] - gap[0] == from_gap[1] - from_gap[0]
    forged = own[: gap[0]] + other[from_gap[0] : from_gap[1]] + own[gap[1] :]
    assert forged != own
    assert refusals(forged, kind.expected(1, 2, closed=True)) == {"broken"}


def test_a_message_digest_that_is_another(kind: Kind) -> None:
    """One bit of the digest that a signature states."""
    import hashlib

    held = kind.once()
    start, end = [found.span() for found in re.finditer(rb"<[0-9a-f]{1000,}>", held)][-1]
    stated = hashlib.sha256(held[:start] + held[end:]).hexdigest().encode()
    place = held.index(stated, start)
    other = b"1" if held[place : place + 1] != b"1" else b"2"
    assert refusals(held[:place] + other + held[place + 1 :], kind.expected(1)) == {"broken"}


@pytest.mark.parametrize("junk", [b"\n", b" ", b"%", b"\0", b"%%EOF\n", b"1 0 obj\n<< >>\nendobj\n", b"startxref\n0\n%%EOF\n"])
def test_trailing_bytes(kind: Kind, junk: bytes) -> None:
    assert refusals(_closed(kind.twice()) + junk, kind.expected(1, 2, closed=True)) <= {"not_whole_file", "unreadable"}


def test_the_matrix_fills_slots_in_as_these_tests_expect() -> None:
    assert told(values_of(SLOTS[1], "seen"))[2] is False
    assert matrix.told(values_of(SLOTS[0], "seen"))[2] is True
