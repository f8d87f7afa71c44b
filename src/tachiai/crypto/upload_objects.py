"""Finding a handful of objects in an upload, by its own cross-reference sections and nothing else.

The release gate has to know what catalogue, form and pages were before we appended to them. It reads no more than that, and only
files that are put together in one of the plain ways (ISO 32000-2, 7.5.4, 7.5.7, 7.5.8); anything else is an :class:`OddUpload`, for
which the deep verifier is asked. Nothing is repaired, nothing guessed, and all work is bounded by the size of the file.
"""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Final

from tachiai.crypto.pdf_values import LARGEST, Entries, OddValue, Value, read_dictionary, read_value, read_values, reference, whole_number

Number = tuple[int, int]

_MOST_SECTIONS: Final = 64
_MOST_RUNS: Final = 4_096
_LONGEST_WALK: Final = 64
_LARGEST_STREAM: Final = 4 * 1024 * 1024
_LARGEST_SUM: Final = 1024 * 1024
_BLANKS = rb"[\0\t\n\f\r ]"
_LAST = re.compile(rb"startxref" + _BLANKS + rb"+([0-9]{1,12})" + _BLANKS + rb"*+%%EOF" + _BLANKS + rb"*+")
_OBJECT = re.compile(_BLANKS + rb"*+([0-9]{1,10})" + _BLANKS + rb"++([0-9]{1,5})" + _BLANKS + rb"++obj(?![0-9A-Za-z])")
_TABLE = re.compile(rb"xref[\t ]*(?:\r\n|\r|\n)")
_RUN = re.compile(_BLANKS + rb"*+([0-9]{1,10})[\t ]++([0-9]{1,10})[\t ]*+(?:\r\n|\r|\n)")
_TRAILER = re.compile(_BLANKS + rb"*+trailer" + _BLANKS + rb"*+(?=<<)")
_ROW = re.compile(rb"([0-9]{10}) ([0-9]{5}) ([nf])(?: \n| \r|\r\n)")
_STREAM = re.compile(rb">>" + _BLANKS + rb"*+stream(?:\r\n|\n)")
_ENDSTREAM = re.compile(_BLANKS + rb"*+endstream")
_ROW_SIZE = 20
_LARGEST_REMEMBERED: Final = 16 * 1024
_MOST_REMEMBERED: Final = 32


class OddUpload(OddValue):
    """The upload is not one of the plain kinds. That says nothing against it, only that this reader does not vouch for it."""


@dataclass(frozen=True)
class _Place:
    """Where an object stands: at a byte of the file, or as the n-th in an object stream. Neither: the number is free."""

    offset: int | None = None
    generation: int = 0
    container: int | None = None
    index: int = 0


_FREE = _Place()


@dataclass(slots=True)
class _Facts:
    """What was found out about one upload. ``values`` are those asked for so far, unless they are long."""

    startxref: int
    classic: bool
    trailer: Entries
    first_free: int
    values: dict[Number, Value] = field(default_factory=dict)


@lru_cache(maxsize=256)
def _remembered(sha256: bytes) -> list[_Facts]:
    """The facts of the upload with this digest, once somebody has put them in. Equal bytes say equal things."""
    return []


class Upload:
    """The first ``size`` bytes of ``pdf``. Every method raises :class:`OddValue` where the file is not plain.

    ``sha256``, when given, has just been computed from these very bytes: what was read of them before is not read again.
    Values given out belong to everybody and are never changed.
    """

    def __init__(self, pdf: bytes, size: int, *, sha256: bytes | None = None) -> None:
        self.pdf, self.size = pdf, size
        self._containers: dict[int, list[tuple[int, bytes]]] = {}
        known = _remembered(sha256) if sha256 is not None else []
        if not known:
            known.append(self._facts())
        self._known = known[0]
        self.startxref, self.classic = self._known.startxref, self._known.classic
        self.trailer, self.first_free = self._known.trailer, self._known.first_free

    def _facts(self) -> _Facts:
        newest = self._sections[0]
        found = _Facts(self._last_section, isinstance(newest, _Table), newest.entries, whole_number(newest.entries.get(b"/Size")))
        if b"/Encrypt" in found.trailer or not self.pdf.startswith(b"%PDF-"):
            raise OddUpload("encrypted, or without a header at its first byte")
        if any(section.highest() >= found.first_free for section in self._sections):
            raise OddUpload("objects beyond the size of the table")
        return found

    # ------------------------------------------------------------------------------------------------ objects

    def value(self, at: Number) -> Value:
        """What the object ``at`` is; of a stream this cannot be asked."""
        if at in self._known.values:
            return self._known.values[at]
        held = self._syntax(at)
        found = read_value(held)
        if len(held) <= _LARGEST_REMEMBERED and len(self._known.values) < _MOST_REMEMBERED:
            self._known.values[at] = found
        return found

    def _syntax(self, at: Number) -> bytes:
        place = self._find(at[0])
        if place.container is not None:
            if at[1] != 0:
                raise OddUpload("a compressed object with a generation")
            return self._compressed(at[0], place.container, place.index)
        if place.offset is None or place.generation != at[1]:
            raise OddUpload("a reference to nothing")
        start, end = self._body(at[0], at[1], place.offset)
        return self.pdf[start:end]

    def resolved(self, value: Value) -> Value:
        """``value`` itself, or what it refers to."""
        at = reference(value)
        return value if at is None else self.value(at)

    def _find(self, number: int) -> _Place:
        for section in self._sections:
            found = section.find(number)
            if found is not None:
                return found
        return _FREE

    def _body(self, number: int, generation: int, offset: int) -> tuple[int, int]:
        start = self._after_header(number, generation, offset)
        end = self.pdf.find(b"endobj", start, min(self.size, start + LARGEST))
        if end < 0:
            raise OddUpload("an object without an end")
        return start, end

    def _after_header(self, number: int, generation: int, offset: int) -> int:
        found = _OBJECT.match(self.pdf, offset, self.size)
        if found is None or (int(found[1]), int(found[2])) != (number, generation):
            raise OddUpload("an offset that points elsewhere")
        return found.end()

    def _compressed(self, number: int, container: int, index: int) -> bytes:
        if container not in self._containers:
            self._containers[container] = self._unpacked(container)
        held = self._containers[container]
        if index >= len(held) or held[index][0] != number:
            raise OddUpload("an object stream without the object")
        return held[index][1]

    def _unpacked(self, container: int) -> list[tuple[int, bytes]]:
        place = self._find(container)
        if place.offset is None:
            raise OddUpload("an object stream that is not there")
        entries, data = self._stream(self._after_header(container, place.generation, place.offset))
        if entries.get(b"/Type") != b"/ObjStm":
            raise OddUpload("not an object stream")
        first, count = whole_number(entries.get(b"/First")), whole_number(entries.get(b"/N"))
        heads = [whole_number(number) for number in read_values(data[:first])]
        if count < 1 or len(heads) != 2 * count:
            raise OddUpload("an object stream with a torn head")
        starts = [*heads[1::2], len(data) - first]
        if sorted(starts) != starts:
            raise OddUpload("an object stream out of order")
        return [(number, data[first + starts[n] : first + starts[n + 1]]) for n, number in enumerate(heads[::2])]

    # ------------------------------------------------------------------------------------------------ streams

    def _stream(self, start: int) -> tuple[Entries, bytes]:
        """Dictionary and decoded content of the stream whose body starts at ``start``."""
        found = _STREAM.search(self.pdf, start, min(self.size, start + LARGEST))
        if found is None:
            raise OddUpload("not a stream")
        entries = read_dictionary(self.pdf[start : found.start() + 2])
        length = whole_number(self.resolved(entries.get(b"/Length")))
        end = found.end() + length
        if length < 0 or end > self.size or _ENDSTREAM.match(self.pdf, end, self.size) is None:
            raise OddUpload("a stream that is not as long as it says")
        return entries, _decoded(entries, self.pdf[found.end() : end])

    # ----------------------------------------------------------------------------------------------- sections

    @cached_property
    def _last_section(self) -> int:
        start = max(0, self.size - 2048)
        found = _LAST.fullmatch(self.pdf, max(start, self.pdf.rfind(b"startxref", start, self.size)), self.size)
        if found is None:
            raise OddUpload("no startxref at its end")
        return int(found[1])

    @cached_property
    def _sections(self) -> list[_Section]:
        """The newest first. A hybrid file's hidden stream comes right behind its table."""
        found: list[_Section] = []
        known: set[int] = set()
        waiting = [self._last_section]
        while waiting:
            offset = waiting.pop()
            if offset in known or len(known) == _MOST_SECTIONS or not 0 < offset < self.size:
                raise OddUpload("sections that go round, or too many")
            known.add(offset)
            section = self._section(offset)
            found.append(section)
            if b"/Prev" in section.entries and not section.hidden:
                waiting.append(whole_number(section.entries[b"/Prev"]))
            if isinstance(section, _Table) and b"/XRefStm" in section.entries:
                beside = self._section(whole_number(section.entries[b"/XRefStm"]))
                section.covers, beside.hidden = True, True
                found.append(beside)
        return found

    def _section(self, offset: int) -> _Section:
        table = _TABLE.match(self.pdf, offset, self.size)
        if table is not None:
            return self._read_table(table.end())
        header = _OBJECT.match(self.pdf, offset, self.size)
        if header is None:
            raise OddUpload("no cross-reference section where one should be")
        return _Stream(*self._stream(header.end()))

    def _read_table(self, at: int) -> _Table:
        runs: list[tuple[int, int, int]] = []
        while len(runs) <= _MOST_RUNS and (run := _RUN.match(self.pdf, at, self.size)) is not None:
            first, count = int(run[1]), int(run[2])
            runs.append((first, count, run.end()))
            at = run.end() + _ROW_SIZE * count
        found = _TRAILER.match(self.pdf, at, self.size)
        end = -1 if found is None else self.pdf.find(b"startxref", found.end(), min(self.size, found.end() + LARGEST))
        if found is None or end < 0:
            raise OddUpload("a table that does not end in a trailer")
        return _Table(self.pdf, runs, read_dictionary(self.pdf[found.end() : end]))


class _Section:
    """One cross-reference section. ``covers``: a hidden stream says where the numbers are that this one calls free."""

    def __init__(self, entries: Entries) -> None:
        self.entries = entries
        self.covers = self.hidden = False

    def highest(self) -> int:
        raise NotImplementedError

    def find(self, number: int) -> _Place | None:
        raise NotImplementedError


class _Table(_Section):
    def __init__(self, pdf: bytes, runs: list[tuple[int, int, int]], entries: Entries) -> None:
        super().__init__(entries)
        self._pdf, self._runs = pdf, runs

    def highest(self) -> int:
        return max((first + count - 1 for first, count, _start in self._runs), default=0)

    def find(self, number: int) -> _Place | None:
        for first, count, start in self._runs:
            if first <= number < first + count:
                row = _ROW.match(self._pdf, start + _ROW_SIZE * (number - first))
                if row is None:
                    raise OddUpload("a row of the table in another form")
                if row[3] == b"n":
                    return _Place(offset=int(row[1]), generation=int(row[2]))
                return None if self.covers else _FREE
        return None


class _Stream(_Section):
    def __init__(self, entries: Entries, data: bytes) -> None:
        super().__init__(entries)
        widths = [whole_number(width) for width in _numbers(entries.get(b"/W"))]
        if entries.get(b"/Type") != b"/XRef" or len(widths) != 3 or not all(0 <= width <= 8 for width in widths):
            raise OddUpload("not a cross-reference stream")
        self._widths, self._data = widths, data
        index = [whole_number(part) for part in _numbers(entries.get(b"/Index", [b"0", entries.get(b"/Size")]))]
        self._runs = list(zip(index[::2], index[1::2], strict=False))
        self._summed, self._stride = _predicted(entries, data, sum(widths))
        odd = len(index) % 2 or not 0 < len(index) <= 2 * _MOST_RUNS or min(index) < 0
        if odd or len(data) != self._stride * sum(count for _first, count in self._runs):
            raise OddUpload("a cross-reference stream of another size than it says")

    def highest(self) -> int:
        return max((first + count - 1 for first, count in self._runs), default=0)

    def find(self, number: int) -> _Place | None:
        before = 0
        for first, count in self._runs:
            if first <= number < first + count:
                return self._place(*self._row(before + number - first))
            before += count
        return None

    def _row(self, row: int) -> list[int | None]:
        """The three fields of a row; None where the field has no width."""
        skipped = self._stride - sum(self._widths)
        end = (row + 1) * self._stride
        if self._summed:
            # Each row holds differences to the one above (PNG filter "up"), so a byte is the sum of its column so far.
            held = bytes(sum(self._data[n : end : self._stride]) & 0xFF for n in range(skipped, self._stride))
        else:
            held = self._data[end - self._stride + skipped : end]
        fields: list[int | None] = []
        for width in self._widths:
            fields.append(int.from_bytes(held[:width], "big") if width else None)
            held = held[width:]
        return fields

    def _place(self, kind: int | None, second: int | None, third: int | None) -> _Place:
        if kind is None or kind == 1:
            return _Place(offset=second or 0, generation=third or 0)
        if kind == 2:
            return _Place(container=second or 0, index=third or 0)
        if kind == 0:
            return _FREE
        raise OddUpload("a row of an unknown kind")


def _numbers(held: Value) -> list[Value]:
    if not isinstance(held, list):
        raise OddUpload("not a list of numbers")
    return held


def _parameters(entries: Entries) -> Entries:
    """The stream's decoding parameters; one filter at most is plain."""
    held = entries.get(b"/DecodeParms", {})
    if isinstance(held, list) and len(held) == 1:
        held = held[0]
    if held == b"null":
        return {}
    if not isinstance(held, dict):
        raise OddUpload("decoding parameters of another kind")
    return held


def _decoded(entries: Entries, data: bytes) -> bytes:
    filters = entries.get(b"/Filter", [])
    if filters in ([], b"null"):
        return data
    if filters not in (b"/FlateDecode", [b"/FlateDecode"]):
        raise OddUpload("a filter that is not read here")
    unpacking = zlib.decompressobj()
    try:
        held = unpacking.decompress(data, _LARGEST_STREAM)
    except zlib.error as torn:
        raise OddUpload("a torn stream") from torn
    if not unpacking.eof:
        raise OddUpload("a stream that is torn off or too large")
    return held


def _predicted(entries: Entries, data: bytes, width: int) -> tuple[bool, int]:
    """Whether rows hold differences, and how many bytes a row has as it is stored."""
    parameters = _parameters(entries)
    if whole_number(parameters.get(b"/Predictor", b"1")) == 1:
        return False, width
    plain = parameters.get(b"/Colors", b"1") == b"1" and parameters.get(b"/BitsPerComponent", b"8") == b"8"
    if whole_number(parameters[b"/Predictor"]) < 10 or not plain or whole_number(parameters.get(b"/Columns", b"1")) != width:
        raise OddUpload("a predictor that is not read here")
    kinds = set(data[:: width + 1])
    if (kinds - {0} and kinds - {2}) or len(data) > _LARGEST_SUM:
        raise OddUpload("a predictor that is not read here")
    return kinds == {2}, width + 1


# -------------------------------------------------------------------------------------------------- first page


def first_page(upload: Upload, catalogue: Entries) -> Number:
    """The number of the first leaf of the page tree."""
    waiting: list[Value] = [catalogue.get(b"/Pages")]
    for _step in range(_LONGEST_WALK):
        at = reference(waiting.pop()) if waiting else None
        node = upload.value(at) if at is not None else None
        if at is None or not isinstance(node, dict):
            break
        if b"/Kids" not in node:
            return at
        kids = upload.resolved(node[b"/Kids"])
        if not isinstance(kids, list):
            break
        waiting.extend(reversed(kids))
    raise OddUpload("a page tree without a first page")
