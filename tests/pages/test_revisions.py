"""Earlier revisions, what lies beside what is shown, and files that are something else besides."""

from __future__ import annotations

import struct

import pikepdf
import pytest

from crypto.hand_made import PAGE, WIDGET, WORDS, laid, objects, one, packed, plain, stream, updated, with_form
from crypto.test_pades import foreign
from pages import odd_files
from pages.test_inspect import found
from tachiai.pages.inspect import inspect, normalise
from tachiai.pages.revisions import ends_of_revisions

OTHER = WORDS.replace(b"1000", b"9000")
TWO_PAGES = {**objects(pages=b"/Kids [3 0 R 6 0 R] /Count 2"), 6: (PAGE % b"").replace(b"4 0 R", b"7 0 R"), 7: stream(WORDS)}
A_PAGE_MORE = updated(plain(), {2: b"<< /Type /Pages /Kids [3 0 R 6 0 R] /Count 2 >>", 6: PAGE % b""})
FORM = b"<< /Type /XObject /Subtype /Form /BBox [0 0 595 842] /Length %d >>\nstream\n%b\nendstream" % (len(OTHER), OTHER)


def revisions(pdf: bytes) -> tuple[str, dict[str, object]] | None:
    told = [one for one in inspect(pdf).findings if one.code == "revisions.earlier"]
    return (told[0].severity, dict(told[0].facts)) if told else None


def test_a_file_of_one_revision_is_not_spoken_of():
    linearised = odd_files.saved(odd_files.document_of("Agreement"), linearize=True)
    for pdf in (plain(), linearised):
        assert ends_of_revisions(pdf) == []
        assert revisions(pdf) is None


@pytest.mark.parametrize(
    ("pdf", "count"),
    [
        (updated(plain(), {10: b"(a)"}), 1),
        (updated(updated(plain(), {10: b"(a)"}), {4: stream(WORDS)}), 2),
        (updated(laid(with_form()).table(), {10: b"(a)"}), 1),
        (foreign(updated(plain(), {10: b"(a)"})), 2),
    ],
    ids=["one", "two", "with a form", "signed"],
)
def test_revisions_that_look_the_same_are_accepted(pdf, count):
    severity, facts = revisions(pdf) or ("", {})
    assert (severity, facts["count"], facts["pages"], facts["all_compared"]) == ("accept", count, [], True)


def test_a_signature_that_is_seen_does_not_count_as_a_change():
    look = stream(b"0 0 200 20 re f", b"/Type /XObject /Subtype /Form /BBox [0 0 228 20]")
    field = laid(with_form()).table()
    assert (revisions(updated(field, {8: look})) or ("",))[0] == "warn"
    sign_here = laid({**with_form(), 7: (WIDGET % b"(s)").replace(b"/FT /Tx", b"/FT /Sig").replace(b"/V (as agreed) ", b"")}).table()
    assert (revisions(updated(sign_here, {8: look})) or ("",))[0] == "accept"


@pytest.mark.parametrize(
    ("pdf", "pages", "when"),
    [
        (updated(plain(), {4: stream(OTHER)}), [1], [1]),
        (updated(updated(plain(), {4: stream(OTHER)}), {4: stream(WORDS)}), [1], [2]),
        (updated(laid(TWO_PAGES).table(), {7: stream(OTHER)}), [2], [1]),
        (updated(plain(), {4: stream(WORDS + b" 1 0 0 rg 60 750 300 30 re f")}), [1], [1]),
        (updated(plain(), {3: PAGE.replace(b"842", b"600") % b""}), [1], [1]),
        (updated(plain(), {30: packed({10: b"(a)"}), 4: stream(OTHER)}), [1], [1]),
        (A_PAGE_MORE, [2], [1]),
    ],
    ids=["words", "words and back", "second page", "laid over", "size", "object stream", "a page more"],
)
def test_revisions_that_look_otherwise_are_told_with_their_pages(pdf, pages, when):
    severity, facts = revisions(pdf) or ("", {})
    assert (severity, facts["pages"], facts["revisions"]) == ("warn", pages, when)
    assert facts["page_count_differs"] == (pdf == A_PAGE_MORE)


def test_of_many_revisions_the_first_and_the_last_are_compared():
    pdf = updated(plain(), {4: stream(OTHER)})
    for number in range(12):
        pdf = updated(pdf, {10: b"(%d)" % number})
    severity, facts = revisions(pdf) or ("", {})
    assert (severity, facts["count"], facts["revisions"], facts["all_compared"]) == ("warn", 13, [1], False)


def test_where_not_all_could_be_compared_it_is_a_warning():
    pdf = plain()
    for number in range(6):
        severity, facts = revisions(updated(pdf, {10: b"(%d)" % number})) or ("", {})
        pdf = updated(pdf, {10: b"(%d)" % number})
        assert (severity, facts["pages"], facts["all_compared"]) == (("accept", [], True) if number < 5 else ("warn", [], False))


def twice(pdf: bytes) -> bytes:
    """A second object under the number of the contents, which no table leads to."""
    place = pdf.rindex(b"xref\n0")
    made = pdf[:place] + b"4 0 obj\n" + stream(OTHER) + b"\nendobj\n" + pdf[place:]
    return made.replace(b"startxref\n%d" % place, b"startxref\n%d" % made.rindex(b"xref\n0"))


PREPARED = {
    "a page": (laid({**objects(), 8: PAGE % b""}).table(), {"pages"}),
    "a catalogue": (
        laid({**objects(), 8: b"<< /Type /Catalog /Pages 9 0 R >>", 9: b"<< /Type /Pages >>"}).table(),
        {"catalogues", "pages"},
    ),
    "contents": (laid({**objects(), 8: stream(OTHER)}).table(), {"contents"}),
    "a form": (laid({**objects(), 8: FORM}).table(), {"contents"}),
    "one number twice": (twice(plain()), {"written_twice"}),
}


@pytest.mark.parametrize("name", PREPARED)
def test_what_is_prepared_for_a_shadow_is_left_behind_by_a_rewrite(name):
    pdf, kinds = PREPARED[name]
    (finding,) = inspect(pdf).reasons_to_normalise
    assert (finding.code, set(finding.facts["kinds"])) == ("shadow.prepared", kinds)  # type: ignore[call-overload]
    rewritten = normalise(pdf)
    assert b"9000" not in rewritten
    assert "shadow.prepared" not in found(rewritten)


@pytest.mark.parametrize("name", PREPARED)
def test_in_a_signed_file_it_is_told(name):
    inspection = inspect(foreign(PREPARED[name][0]))
    assert "shadow.prepared" in [finding.code for finding in inspection.warnings]
    assert inspection.reasons_to_normalise == ()


@pytest.mark.parametrize(
    "pdf",
    [
        plain(),
        odd_files.saved(odd_files.document_of("Agreement"), linearize=True),
        odd_files.saved(odd_files.document_of("Agreement"), object_stream_mode=pikepdf.ObjectStreamMode.generate),
        updated(plain(), {3: (PAGE % b"").replace(b"4 0 R", b"9 0 R"), 9: stream(WORDS)}),
        laid({**objects(), 8: b"<< /Producer (x) >>", 9: stream(b"/CIDInit /ProcSet findresource")}).table(),
        odd_files.with_attachment("old.pdf", plain()),
        odd_files.encrypted(),
    ],
    ids=["plain", "linearised", "object streams", "replaced since", "leavings", "a pdf attached", "encrypted"],
)
def test_ordinary_leavings_are_no_shadow(pdf):
    assert "shadow.prepared" not in found(pdf)


def zip_end(*, size: int = 0, offset: int = 0, comment: int = 0) -> bytes:
    return b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, 0, 0, size, offset, comment)


POLYGLOTS = {
    "html before": (b"<html><script>alert(1)</script>\n" + plain(), "html"),
    "html in a comment": (plain().replace(b"%PDF-1.7\n", b"%PDF-1.7\n%<script>alert(1)</script>\n"), "html"),
    "html behind": (plain() + b"<!DOCTYPE html><p>x", "html"),
    "a program before": (b"MZ\x90\x00" + plain(), "program"),
    "a script before": (b"#!/bin/sh\n" + plain(), "program"),
    "a picture before": (b"\xff\xd8\xff\xe0" + plain(), "image"),
    "a zip before": (b"PK\x03\x04" + plain(), "zip"),
    "a zip behind": (plain() + zip_end(), "zip"),
    "a zip within": (plain() + zip_end(size=10, offset=len(plain()) - 10) + b"x" * 40, "zip"),
    "a zip around": (plain().replace(b"%%EOF", zip_end(comment=6) + b"%%EOF"), "zip"),
}


@pytest.mark.parametrize("name", POLYGLOTS)
def test_a_file_that_is_something_else_besides_is_rewritten(name):
    pdf, kind = POLYGLOTS[name]
    told = [one for one in inspect(pdf).reasons_to_normalise if one.code == "file.polyglot"]
    assert [dict(one.facts) for one in told] == [{"kinds": [kind]}]
    assert "file.polyglot" not in found(normalise(pdf))


@pytest.mark.parametrize(
    "pdf",
    [
        plain(),
        b"\r\nHTTP/1.1 200 OK\r\n\r\n" + plain(),
        one(page=b" /Note (<html>)"),
        odd_files.with_attachment("a.zip", zip_end() + b"PK"),
    ],
    ids=["plain", "a header of the mail", "words within", "a zip attached"],
)
def test_what_only_looks_like_it_is_left_in_peace(pdf):
    assert "file.polyglot" not in found(pdf)
