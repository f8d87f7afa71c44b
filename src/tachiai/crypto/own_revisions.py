"""Reading what we append, in exactly our own section format (docs/formats/seal-revisions.md) and in no other.

Everything behind an upload has to be a row of sections: objects back to back, one cross-reference section that lists each of them
and nothing else, a trailer that continues the one before, ``startxref``, ``%%EOF``. No byte stands between or behind. A reader
that is this narrow leaves nothing for two programs to read differently. What a section means is judged elsewhere.
"""

from __future__ import annotations

import re
from binascii import unhexlify
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from tachiai.crypto.pdf_values import Entries, OddValue, Value, read_dictionary, read_value, reference, whole_number
from tachiai.crypto.upload_objects import Number, Upload

_OBJECT = re.compile(rb"([1-9][0-9]{0,9}) ([0-9]{1,5}) obj\n")
_END = re.compile(rb"startxref\n([0-9]{1,12})\n%%EOF\n")
# A signature's dictionary as it is written by us, which is the longest of all values and met in every revision. Whatever is spelt
# otherwise is read like any other value, to the same result.
_TOLD: Final = (b"/Name", b"/Reason", b"/ContactInfo", b"/Location", b"/XXTachiaiConsent")
_HEX: Final = rb"<([^>]*+)>"
_SIGNATURE = re.compile(
    rb"<< /Type /Sig /Filter /Adobe\.PPKLite /SubFilter /ETSI\.CAdES\.detached /M \((D:[0-9+Z']{1,24})\)"
    + b"".join(rb"(?: " + key + b" " + _HEX + b")?" for key in _TOLD)
    + rb" /Reference (\[[^\[\]]*+(?:\[[^\[\]]*+\][^\[\]]*+)*+\]) /ByteRange (\[0 [1-9][0-9]*+ [1-9][0-9]*+ [1-9][0-9]*+ *+\]) /Contents "
    + _HEX
    + rb" >>"
)
# No chain, signature and token are shorter in hexadecimal.
_SHORTEST_SIGNATURE: Final = 1024
_ENDOBJ: Final = b"\nendobj\n"
_STREAM: Final = b">>\nstream\n"
_ENDSTREAM: Final = b"\nendstream\nendobj\n"
_WIDTHS: Final = [b"1", b"5", b"2"]
# What each section says anew; everything else in a trailer has to be what it was.
_OF_EACH: Final = frozenset(
    (b"/Size", b"/Prev", b"/XRefStm", b"/Type", b"/W", b"/Index", b"/Filter", b"/DecodeParms", b"/Length", b"/ID", b"/DL")
)


class Malformed(ValueError):
    """The bytes behind an upload are not sections of ours. ``place`` is where that shows; ``behind`` how many were in order."""

    def __init__(self, why: str, *, place: int, behind: int = 0) -> None:
        super().__init__(why)
        self.place, self.behind = place, behind


class Held(NamedTuple):
    """One object as a section has it. ``value`` is a stream's dictionary; ``stream`` is where its content stands in the file."""

    at: Number
    start: int
    end: int
    value: Value
    stream: tuple[int, int] | None = None


class Section(NamedTuple):
    """One revision: bytes ``start`` to ``end`` of the file. ``objects`` by number, the cross-reference stream not among them."""

    start: int
    end: int
    startxref: int
    objects: dict[int, Held]
    size: int


@dataclass(frozen=True, slots=True)
class _Link:
    """What the next section has to continue: where the last one stands, its /Size, and the file's first identifier."""

    startxref: int
    size: int
    identifier: bytes | None
    kept: Entries


def read_sections(pdf: bytes, upload: Upload) -> list[Section]:
    """Every section behind ``upload``, to the last byte. Raises :class:`Malformed`."""
    found: list[Section] = []
    kept = {key: value for key, value in upload.trailer.items() if key not in _OF_EACH and _is_kept(key, value)}
    link, place = _Link(upload.startxref, upload.first_free, _first_half(upload.trailer), kept), upload.size
    while place < len(pdf):
        try:
            section, trailer = _section(pdf, place, upload=upload, size=link.size)
            link = _continued(link, section, trailer)
        except OddValue as odd:
            raise Malformed(str(odd), place=place, behind=len(found)) from odd
        found.append(section)
        place = section.end
    return found


def objects_behind(pdf: bytes, place: int) -> Iterator[Held]:
    """Every object of the sections from ``place`` on, in their order, without a look at how the sections hang together.

    For files that were judged before. Raises :class:`OddValue` for what is not in our format.
    """
    if pdf[place - 1 : place] not in (b"\n", b"\r") and pdf[place : place + 1] == b"\n":
        place += 1
    while place < len(pdf):
        found = _OBJECT.match(pdf, place)
        if found is not None:
            held, place = _read_object(pdf, found)
            yield held
            continue
        # A classic table and its trailer stand before the end; a cross-reference stream was an object.
        end = pdf.find(b"startxref\n", place)
        closing = _END.match(pdf, end) if end >= 0 and (end == place or pdf.startswith(b"xref\n", place)) else None
        if closing is None:
            raise OddValue("bytes that belong to no section")
        place = closing.end()


def _continued(link: _Link, section: Section, trailer: Entries) -> _Link:
    if {key: value for key, value in trailer.items() if key not in _OF_EACH} != link.kept:
        raise OddValue("a trailer that does not continue the one before")
    if trailer.get(b"/Prev") != b"%d" % link.startxref or trailer.get(b"/Size") != b"%d" % section.size:
        raise OddValue("a trailer with another /Prev or /Size than it should have")
    own = _first_half(trailer)
    if own is None or link.identifier not in (None, own):
        raise OddValue("another file's identifier")
    return _Link(section.startxref, section.size, own, link.kept)


def _is_kept(key: bytes, value: Value) -> bool:
    """A document information dictionary counts only when it has a number of its own (ISO 32000-2, table 15)."""
    return key != b"/Info" or reference(value) is not None


def _first_half(trailer: Entries) -> bytes | None:
    match trailer.get(b"/ID"):
        case [bytes(first), bytes(second)] if first[:1] == second[:1] == b"(":
            return first
    return None


def _section(pdf: bytes, start: int, *, upload: Upload, size: int) -> tuple[Section, Entries]:
    place = start
    if start == upload.size and pdf[start - 1 : start] not in (b"\n", b"\r") and pdf[start : start + 1] == b"\n":
        place += 1
    objects: dict[int, Held] = {}
    offsets: dict[Number, int] = {}
    begin = place
    while (found := _OBJECT.match(pdf, place)) is not None:
        held, after = _read_object(pdf, found)
        if held.at[0] in objects:
            raise OddValue("the same object twice")
        objects[held.at[0]], offsets[held.at], begin, place = held, place, place, after
    if upload.classic:
        trailer, end = _table(pdf, place, offsets)
        startxref = place
    else:
        trailer, end = _stream(pdf, place, objects, offsets)
        startxref = begin
    found = _END.match(pdf, end)
    if found is None or int(found[1]) != startxref:
        raise OddValue("a section without its proper end")
    # A new object has a number that nothing had before, so that nothing old comes to mean something else.
    new = [at for at in offsets if at[0] >= size]
    if any(generation for _number, generation in new):
        raise OddValue("a new object that is not the first of its number")
    highest = max((number for number, _generation in offsets), default=0)
    return Section(start, found.end(), startxref, objects, max(highest + 1, size)), trailer


def _read_object(pdf: bytes, header: re.Match[bytes]) -> tuple[Held, int]:
    """The object behind ``header``, and where the next may begin."""
    at, start = (int(header[1]), int(header[2])), header.end()
    end = pdf.find(_ENDOBJ, start)
    if end < 0:
        raise OddValue("an object without an end")
    after = end + len(_ENDOBJ)
    signature = _signature(pdf, start, end) if end - start > _SHORTEST_SIGNATURE else None
    if signature is not None:
        return Held(at, start, end, signature), after
    cut = pdf.find(_STREAM, start, end)
    if cut < 0:
        return Held(at, start, end, read_value(pdf[start:end])), after
    entries = read_dictionary(pdf[start : cut + 2])
    length = whole_number(entries.get(b"/Length"))
    content = cut + len(_STREAM)
    if length < 0 or not pdf.startswith(_ENDSTREAM, content + length):
        raise OddValue("a stream that is not as long as it says")
    after = content + length + len(_ENDSTREAM)
    return Held(at, start, content + length, entries, (content, content + length)), after


def _signature(pdf: bytes, start: int, end: int) -> Entries | None:
    """A signature's dictionary as :func:`read_value` would have it; None for anything that is not spelt quite as ours are."""
    found = _SIGNATURE.fullmatch(pdf, start, end)
    if found is None:
        return None
    made: Entries = {b"/Type": b"/Sig", b"/Filter": b"/Adobe.PPKLite", b"/SubFilter": b"/ETSI.CAdES.detached", b"/M": b"(" + found[1]}
    try:
        made |= {key: b"(" + unhexlify(digits) for key, digits in zip(_TOLD, found.groups()[1:6], strict=True) if digits is not None}
        made[b"/Contents"] = b"(" + unhexlify(found[9])
    except ValueError:
        return None
    made[b"/Reference"] = read_value(found[7])
    made[b"/ByteRange"] = found[8][1:-1].split()
    return made


# ------------------------------------------------------------------------------------- cross-reference sections


def _table(pdf: bytes, place: int, offsets: dict[Number, int]) -> tuple[Entries, int]:
    """The classic table at ``place`` has to be the one that lists ``offsets``. Gives its trailer, and where that ends."""
    lines = [b"xref\n"]
    for run in _runs(sorted(offsets)):
        lines.append(b"%d %d\n" % (run[0][0], len(run)))
        lines += [b"%010d %05d n \n" % (offsets[at], at[1]) for at in run]
    listed = b"".join([*lines, b"trailer\n"])
    end = pdf.find(b"\nstartxref\n", place)
    if not pdf.startswith(listed, place) or end < place + len(listed):
        raise OddValue("a table that does not list its objects")
    return read_dictionary(pdf[place + len(listed) : end]), end + 1


def _stream(pdf: bytes, place: int, objects: dict[int, Held], offsets: dict[Number, int]) -> tuple[Entries, int]:
    """The last object before ``place`` has to be the stream that lists ``offsets``. It is taken out of ``objects``."""
    held = objects.popitem()[1] if objects else None
    if held is None or held.stream is None or held.value.get(b"/Type") != b"/XRef" or b"/Filter" in held.value:
        raise OddValue("a section without its cross-reference stream")
    every = sorted(offsets)
    index = [b"%d" % part for run in _runs(every) for part in (run[0][0], len(run))]
    rows = b"".join(b"\x01" + offsets[at].to_bytes(5, "big") + at[1].to_bytes(2, "big") for at in every)
    if (held.value.get(b"/W"), held.value.get(b"/Index")) != (_WIDTHS, index) or pdf[held.stream[0] : held.stream[1]] != rows:
        raise OddValue("a cross-reference stream that does not list its objects")
    return held.value, place


def _runs(numbers: list[Number]) -> list[list[Number]]:
    """Object numbers in unbroken runs."""
    runs: list[list[Number]] = []
    last = -1
    for at in numbers:
        if at[0] != last + 1 or not runs:
            runs.append([])
        runs[-1].append(at)
        last = at[0]
    return runs
