"""An appearance comes back as it was stored, goes into a file as it is, and nothing else is taken for one."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tachiai.crypto.appearances import MAX_BYTES, Appearance, BadAppearance, placed, read_appearance

FORM = (b"<< /BBox [0 0 10 20] /Resources << /XObject << /Im0 ", 1, b" >> >> /Subtype /Form /Length 11 >>\nstream\nq /Im0 Do Q\nendstream")
IMAGE = (b"<< /Subtype /Image /SMask ", 2, b" /Length 7 >>\nstream\n\x00\n5 0 R\nendstream")
MASK = (b"<< /Subtype /Image /Length 0 >>\nstream\n\nendstream",)
PICTURE = Appearance(10.0, 20.5, (FORM, IMAGE, MASK))
PLAIN = Appearance(10.0, 20.0, ((b"<< /BBox [0 0 10 20] /Subtype /Form /Length 0 >>\nstream\n\nendstream",),))


def test_an_appearance_comes_back_as_it_was():
    assert read_appearance(PICTURE.encode()) == PICTURE
    assert read_appearance(PLAIN.encode()) == PLAIN


def test_the_bytes_are_those_of_the_format():
    body = PLAIN.objects[0][0]
    assert PLAIN.encode() == b"TCAP\x01\x00" + struct.pack(">Hdd", 1, 10.0, 20.0) + b"\x00\x01\x00" + struct.pack(">I", len(body)) + body


def test_placing_writes_each_reference_with_its_number():
    form, image, mask = placed(PICTURE, [17, 4, 123456])
    assert form == FORM[0] + b"4 0 R" + FORM[2]
    assert image == IMAGE[0] + b"123456 0 R" + IMAGE[2]
    assert mask == MASK[0]


@pytest.mark.parametrize("numbers", [(), (1, 2), (1, 2, 3, 4)])
def test_each_object_needs_one_number(numbers):
    with pytest.raises(ValueError, match="3 objects"):
        placed(PICTURE, numbers)


def test_every_flip_of_the_frame_and_every_cut_is_refused_or_read_as_what_it_says():
    held = PICTURE.encode()
    for end in range(len(held)):
        with pytest.raises(BadAppearance):
            read_appearance(held[:end])
    with pytest.raises(BadAppearance):
        read_appearance(held + b"\0")
    for place in range(8):
        with pytest.raises(BadAppearance):
            read_appearance(held[:place] + bytes((held[place] ^ 1,)) + held[place + 1 :])


@pytest.mark.parametrize("side", [0.0, -1.0, float("nan"), float("inf"), 14_401.0])
def test_a_box_that_no_page_has_is_refused(side):
    for width, height in ((side, 10.0), (10.0, side)):
        with pytest.raises(BadAppearance):
            read_appearance(Appearance(width, height, PLAIN.objects).encode())


@pytest.mark.parametrize(
    "parts",
    [
        (b"<< /A ", 4, b" >>"),
        (b"<< /A 5 0 R >>",),
        (b"<< /A 5 0\nR/B 1 >>",),
        (b"<< /A [5 0 R] >>",),
        (b"<< /A 1", 1, b" >>"),
        (b"<< /A ", 1, b"0 0 R >>"),
        (b"<< /A ", 1, b"7 >>"),
        (b"<< /A \0 >>",),
        (b"<< /A 1 >> endobj 9 0 obj << >>",),
        (b"<< /A 1 >> << /B 1 >>",),
        (b"<< /A 1 % >>\n>>",),
        (b"<< /A [1 >> ]",),
        (b"<< /A << /B 1 >>",),
        (b">> /A <<",),
        (b"[1 2] 3",),
        (b"1 [1 2]",),
        (b"null",),
        (b"",),
        (b"<< /Length 3 >>\nstream\nabcd\nendstream",),
        (b"<< /Length 5 >>\nstream\nabcd\nendstream",),
        (b"<< /Length 4 /Length 4 >>\nstream\nabcd\nendstream",),
        (b"<< /Size 4 >>\nstream\nabcd\nendstream",),
        (b"<< /Length 4 >>\nstream\nabcd\nendstream\nendobj",),
        (b"<< /Length 4 >>\nstream\nabcd",),
        (b"<< /Length 4 >>\r\nstream\r\nabcd\nendstream",),
        (b"<< /Length 4 >>\nstream\nab", 1, b"d\nendstream"),
    ],
    ids=lambda parts: repr(parts)[:40],
)
def test_an_object_that_does_not_stand_alone_is_refused(parts):
    with pytest.raises(BadAppearance):
        read_appearance(Appearance(10.0, 20.0, (*PLAIN.objects, parts)).encode())


@pytest.mark.parametrize("first", [b"<< /Subtype /Image /BBox [0 0 1 1] >>", b"<< /Subtype /Form >>", b"[1 2]"])
def test_the_first_object_is_a_form(first):
    with pytest.raises(BadAppearance):
        read_appearance(Appearance(10.0, 20.0, ((first,),)).encode())


def test_too_many_objects_parts_or_bytes_are_refused():
    many = (b"<< /A 1 >>",)
    read_appearance(Appearance(1.0, 1.0, PLAIN.objects + (many,) * 255).encode())
    for objects in (
        PLAIN.objects + (many,) * 256,
        (*PLAIN.objects, (b"[", *([b"1 "] * 4095), b"]")),
        (*PLAIN.objects, (b"[" + b"1" * MAX_BYTES + b"]",)),
        (),
    ):
        with pytest.raises(BadAppearance):
            read_appearance(Appearance(1.0, 1.0, objects).encode())


@given(st.binary(max_size=400))
def test_any_bytes_are_an_appearance_or_refused_by_name(held):
    for start in (b"", b"TCAP\x01\x00", PLAIN.encode()[:24]):
        try:
            appearance = read_appearance(start + held)
        except BadAppearance:
            continue
        assert appearance.encode() == start + held


@given(st.data())
def test_altered_bytes_are_an_appearance_or_refused_by_name(data):
    held = bytearray(PICTURE.encode())
    for _ in range(data.draw(st.integers(1, 6))):
        held[data.draw(st.integers(0, len(held) - 1))] = data.draw(st.integers(0, 255))
    try:
        appearance = read_appearance(bytes(held))
    except BadAppearance:
        return
    # Whatever is taken writes references of its own numbering only, and can be placed.
    assert appearance.encode() == held
    assert len(placed(appearance, range(1, len(appearance.objects) + 1))) == len(appearance.objects)


part = st.one_of(st.sampled_from([b"<< ", b" >>", b"[", b"]", b"/A ", b"1 ", b"0 ", b" R", b"stream\n", b"\nendstream"]), st.integers(0, 3))


@given(st.lists(st.lists(part, min_size=1, max_size=8).map(tuple), max_size=3).map(tuple))
def test_whatever_objects_are_made_of_no_foreign_reference_is_read(objects):
    whole = PLAIN.objects + objects
    try:
        read_appearance(Appearance(5.0, 5.0, whole).encode())
    except BadAppearance:
        return
    for body in placed(Appearance(5.0, 5.0, whole), [900 + index for index in range(len(whole))]):
        words = body.partition(b"\nstream\n")[0].replace(b"]", b" ").replace(b"[", b" ").replace(b">>", b" ").split()
        targets = [int(words[index - 2]) for index, word in enumerate(words) if word == b"R"]
        assert all(900 <= target < 900 + len(whole) for target in targets)
