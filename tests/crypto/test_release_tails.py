"""Whatever stands behind an upload: one form is read, everything else is refused by name, soon, and never passed."""

from __future__ import annotations

import re
import time
import zlib

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from crypto import pdfs
from crypto.gated import Gated, alone
from tachiai.crypto import own_revisions
from tachiai.crypto.authority import EmbeddedAuthority
from tachiai.crypto.own_revisions import Malformed, read_sections
from tachiai.crypto.pdf_values import OddValue, read_dictionary, read_value, references, text
from tachiai.crypto.upload_objects import Upload, first_page
from tachiai.errors import Refusal

UPLOADS = {"classic": pdfs.plain(form=True), "stream": pdfs.plain(form=True, stream_xref=True), "hybrid": pdfs.hybrid()}
# A fuzzed case may not take longer, on a machine that has other things to do as well.
SOON = 2.0
FUZZ = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def gated(authority: EmbeddedAuthority) -> Gated:
    return Gated(authority)


@pytest.fixture(scope="module", params=UPLOADS)
def contract(request: pytest.FixtureRequest, gated: Gated) -> tuple[bytes, bytes]:
    """An upload, and what became of it."""
    upload = UPLOADS[request.param]
    return upload, gated.whole(upload, (1, 2))


# ----------------------------------------------------------------------------------------------------- sections


def sections(upload: bytes, pdf: bytes) -> list[own_revisions.Section]:
    return read_sections(pdf, Upload(pdf, len(upload)))


def test_our_own_sections_are_read_to_the_last_byte(contract: tuple[bytes, bytes]) -> None:
    upload, pdf = contract
    found = sections(upload, pdf)
    assert [section.start for section in found] == [len(upload), *(section.end for section in found[:-1])]
    assert found[-1].end == len(pdf)
    assert sections(upload, upload) == []


BROKEN = {
    "a space more": (rb"\nendobj\n(?=\d+ 0 obj\n<< /F 132)", rb"\nendobj \n"),
    "a remark between objects": (rb"\nendobj\n(?=\d+ 0 obj\n<< /F 132)", rb"\nendobj\n%remarked\n"),
    "junk between objects": (rb"\nendobj\n(?=\d+ 0 obj\n<< /F 132)", rb"\nendobj\nx"),
    "an object nobody lists": (rb"(?=\d+ 0 obj\n<< /F 132)", rb"99 0 obj\nnull\nendobj\n"),
    "an object without an end": (rb"endobj\n(?=\d+ 0 obj\n<< /F 132)", rb""),
    "two values in one object": (rb"/SigFieldLock >>", rb"/SigFieldLock >> null"),
    "an open dictionary": (rb"/SigFieldLock >>", rb"/SigFieldLock"),
    "the same key twice": (rb"/Type /SigFieldLock", rb"/Type /SigFieldLock /Type /SigFieldLock"),
    "a remark in a dictionary": (rb"/Type /SigFieldLock", rb"/Type /SigFieldLock %\n"),
    "another generation": (rb"\d+ 0 obj\n<< /Action", rb"8 1 obj\n<< /Action"),
    "another place": (rb"startxref\n\d+\n%%EOF\n(?=\d)", rb"startxref\n17\n%%EOF\n"),
    "another size": (rb"/Size \d+ /Prev", rb"/Size 999 /Prev"),
    "another section before": (rb"/Prev \d+", rb"/Prev 17"),
    "another catalogue": (rb"/Prev (\d+) /Root \d+ 0 R", rb"/Prev \1 /Root 3 0 R"),
    "another identifier": (rb"/ID \[<..", rb"/ID [<ff"),
    "one identifier only": (rb"/ID \[(<[0-9a-f]+>) <[0-9a-f]+>\]", rb"/ID [\1]"),
    "one more entry": (rb"/Prev (\d+)", rb"/Prev \1 /Encrypt << >>"),
    "no line end behind": (rb"%%EOF\n$", rb"%%EOF"),
    "two line ends behind": (rb"%%EOF\n$", rb"%%EOF\n\n"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_anything_else_is_no_section_of_ours(contract: tuple[bytes, bytes], what: str) -> None:
    upload, pdf = contract
    old, new = BROKEN[what]
    tail, changed = re.subn(old, new, pdf[len(upload) :], count=1)
    assert changed
    with pytest.raises(Malformed):
        sections(upload, upload + tail)


def test_every_row_points_at_its_object(contract: tuple[bytes, bytes]) -> None:
    upload, pdf = contract
    if b"trailer" in pdf[len(upload) :]:
        places = [found.start() for found in re.finditer(rb"^\d{10} \d{5} n $", pdf[len(upload) :], re.MULTILINE)]
    else:
        places = [found.end() for found in re.finditer(rb"/Type /XRef [^>]*>>\nstream\n", pdf[len(upload) :])]
        places = places or [found.end() for found in re.finditer(rb"/Type /XRef .*?>>\nstream\n", pdf[len(upload) :])]
    assert places
    for place in places:
        for within in (0, 4, 5, 7):
            torn = bytearray(pdf)
            torn[len(upload) + place + within] ^= 0x01
            with pytest.raises(Malformed):
                sections(upload, bytes(torn))


def test_a_row_too_many_and_a_row_too_few(gated: Gated) -> None:
    upload = UPLOADS["classic"]
    pdf = gated.freeze(upload)
    for old, new in ((rb"\n(\d{10} 00000 n )\ntrailer", rb"\n\1\n\1\ntrailer"), (rb"\n(\d{10} 00000 n )\ntrailer", rb"\ntrailer")):
        with pytest.raises(Malformed):
            sections(upload, upload + re.sub(old, new, pdf[len(upload) :]))
    freed = re.sub(rb"xref\n(\d+ \d+)\n", rb"xref\n\1\n0000000000 65535 f \n", pdf[len(upload) :], count=1)
    with pytest.raises(Malformed):
        sections(upload, upload + freed)


# -------------------------------------------------------------------------------------------------------- fuzz


@st.composite
def mutation(draw: st.DrawFn) -> tuple[float, str, bytes]:
    """Where (as a part of the tail), how, and with what."""
    how = draw(st.sampled_from(["flip", "insert", "cut", "repeat", "replace", "swap"]))
    bits = st.binary(min_size=1, max_size=12)
    words = st.sampled_from(b"endobj|\nendobj\n|stream\n|>>|<<|[|(|%%EOF\n|startxref\n|/Prev 0|trailer\n|R|obj\n".split(b"|"))
    return draw(st.floats(0, 0.9999)), how, draw(st.one_of(bits, words))


def mutated(upload: bytes, pdf: bytes, changes: list[tuple[float, str, bytes]]) -> bytes:
    tail = bytearray(pdf[len(upload) :])
    for where, how, what in changes:
        place = int(where * len(tail))
        if how == "flip" and tail:
            tail[place] ^= what[0] or 1
        elif how == "insert":
            tail[place:place] = what
        elif how == "cut":
            del tail[place : place + what[0] * 8 + 1]
        elif how == "repeat":
            tail[place:place] = tail[place : place + what[0] * 8]
        elif how == "replace":
            tail[place : place + len(what)] = what
        else:
            half = place // 2
            tail = tail[half:place] + tail[:half] + tail[place:]
    return upload + bytes(tail)


@FUZZ
@given(changes=st.lists(mutation(), min_size=1, max_size=4))
def test_a_changed_tail_is_refused_by_name_and_soon(
    contract: tuple[bytes, bytes], gated: Gated, changes: list[tuple[float, str, bytes]]
) -> None:
    upload, pdf = contract
    forged = mutated(upload, pdf, changes)
    assume(forged != pdf)
    started = time.process_time()
    with pytest.raises(Refusal, match=r"seal\."), alone():
        gated.verify(forged, gated.expected(upload, (1, 2), closed=True))
    assert time.process_time() - started < SOON


@FUZZ
@given(tail=st.one_of(st.binary(max_size=300), st.text("0123456789 objxref<>[]()/R\n%Size", max_size=300).map(str.encode)))
def test_noise_behind_an_upload_is_refused_by_name(gated: Gated, tail: bytes) -> None:
    upload = UPLOADS["classic"]
    with pytest.raises(Refusal, match=r"seal\."):
        gated.verify(upload + tail, gated.expected(upload))


@FUZZ
@given(changes=st.lists(mutation(), min_size=1, max_size=3), kind=st.sampled_from(sorted(UPLOADS)))
def test_an_upload_is_read_or_odd_and_nothing_else(changes: list[tuple[float, str, bytes]], kind: str) -> None:
    pdf = mutated(b"", UPLOADS[kind], changes)
    started = time.process_time()
    try:
        upload = Upload(pdf, len(pdf))
        catalogue = upload.resolved(upload.trailer.get(b"/Root"))
        if isinstance(catalogue, dict):
            first_page(upload, catalogue)
            for at in references(catalogue):
                upload.value(at)
    except OddValue:
        pass
    assert time.process_time() - started < SOON


# ------------------------------------------------------------------------------------------------------ values


@pytest.mark.parametrize(
    ("spelt", "same"),
    [
        (b"<</A 1/B[1 2]>>", b"<< /B [ 01 +2. ] /A 1.0 >>"),
        (b"(a\\(b\\)\\101\\\nc)", b"<6128622941 63>"),
        (b"/A#42C", b"/ABC"),
        (b"<< /A null /B 1 >>", b"<</B 1>>"),
        (b"[-.50 00 4 0 R]", b"[-0.5 0 4  0\nR]"),
        (b"(two\r\nlines)", b"(two\nlines)"),
        (b"<616>", b"(a`)"),
    ],
)
def test_equal_values_are_equal_however_they_are_spelt(spelt: bytes, same: bytes) -> None:
    assert read_value(spelt) == read_value(same)


@pytest.mark.parametrize(
    ("one", "other"), [(b"(/A)", b"/A"), (b"(1)", b"1"), (b"(1 0 R)", b"1 0 R"), (b"/true", b"true"), (b"[1 0]", b"[10]")]
)
def test_different_values_never_are(one: bytes, other: bytes) -> None:
    assert read_value(one) != read_value(other)
    assert references(read_value(b"[(1 0 R) /1#200#20R]")) == []


ODD = b"|1 2|<<|>>|]|[|<</A>>|<</A 1/A 1>>|<<1 2>>|<<[] 1>>|12abc|1+2|--1|1.2.3|(a|a)|(a\\)|<0g>|<00|{1}|% x\n1|1 0 RR|1 R|<<]|[>>|nul|+|."


@pytest.mark.parametrize("odd", [*ODD.split(b"|"), b"[" * 40 + b"]" * 40, b"(" * 9 + b")" * 9, b"9" * 13, b"99999999999999 0 R"])
def test_what_is_not_one_whole_value_is_odd(odd: bytes) -> None:
    with pytest.raises(OddValue):
        read_value(odd)


def written(value: object) -> bytes:
    """A canonical value in PDF syntax."""
    if isinstance(value, dict):
        return b"<<" + b" ".join(written(key) + b" " + written(held) for key, held in value.items()) + b">>"
    if isinstance(value, list):
        return b"[" + b" ".join(written(held) for held in value) + b"]"
    assert isinstance(value, bytes)
    if value[:1] == b"(":
        return b"<" + value[1:].hex().encode() + b">"
    return b"/" + re.sub(rb"[^A-Za-z0-9]", lambda found: b"#%02x" % found[0][0], value[1:]) if value[:1] == b"/" else value


ATOMS = st.one_of(
    st.binary(max_size=8).map(lambda held: b"(" + held),
    st.binary(min_size=1, max_size=6).map(lambda held: b"/" + held),
    st.integers(-(10**9), 10**9).map(lambda n: b"%d" % n),
    st.integers(0, 10**6).map(lambda n: b"%d 0 R" % n),
    st.sampled_from([b"true", b"false", b"0.5", b"-2.25"]),
)
VALUES = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.binary(min_size=1, max_size=5).map(lambda held: b"/" + held), inner, max_size=4)
    ),
    max_leaves=20,
)


@FUZZ
@given(value=VALUES)
def test_what_is_written_is_read_again(value: object) -> None:
    assert read_value(written(value)) == value


@FUZZ
@given(noise=st.one_of(st.binary(max_size=400), st.text("<>[]()/ 019R.+-#\\ntfu%", max_size=400).map(str.encode)))
def test_noise_is_a_value_or_odd(noise: bytes) -> None:
    for read in (read_value, read_dictionary):
        try:
            found = read(noise)
        except OddValue:
            continue
        references(found)


@pytest.mark.parametrize("bracket", rb"( << [ < <a (\ /# 1~0~ (( () (() % \)( 1~".replace(b"~", b"\t").split(b" "))
def test_long_noise_takes_no_longer_than_it_is_long(bracket: bytes) -> None:
    started = time.process_time()
    with pytest.raises(OddValue):
        read_dictionary(bracket * 200_000)
    assert time.process_time() - started < SOON


def test_words_in_every_coding() -> None:
    assert text(b"(\xfe\xff\xd8\x42\xdf\xb7") == "𠮷"
    assert text(b"(\xef\xbb\xbf\xf0\xa0\xae\xb7") == "𠮷"
    assert text(b"(plain") == "plain"


# ------------------------------------------------------------------------------------------------ hostile uploads


def test_a_stream_that_swells_is_odd_and_not_unpacked() -> None:
    swollen = zlib.compress(bytes(64 * 1024 * 1024))
    head = b"%%PDF-1.5\n1 0 obj\n<< /Type /XRef /W [1 4 1] /Size 3 /Root 2 0 R /Filter /FlateDecode /Length %d >>\nstream\n" % len(swollen)
    pdf = head + swollen + b"\nendstream\nendobj\nstartxref\n9\n%%EOF\n"
    with pytest.raises(OddValue, match="too large"):
        Upload(pdf, len(pdf))


def test_sections_that_go_round_are_odd() -> None:
    table = b"xref\n0 1\n0000000000 65535 f \ntrailer\n<< /Size 1 /Root 1 0 R /Prev 9 >>\n"
    pdf = b"%PDF-1.4\n" + table + b"startxref\n9\n%%EOF\n"
    with pytest.raises(OddValue, match="go round"):
        Upload(pdf, len(pdf))
