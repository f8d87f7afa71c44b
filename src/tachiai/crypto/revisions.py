"""Appending to a PDF: one incremental update (ISO 32000-2, 7.5.6) over bytes that are never rewritten.

pikepdf reads what stands; this module writes only what is added: objects, a cross-reference section of the same kind
as the last one, a trailer. Nothing here reads a clock or a random source, so the same call gives the same bytes.
"""

from __future__ import annotations

import hashlib
import io
import re
from dataclasses import dataclass

import pikepdf
from pikepdf import Array, Dictionary, Name, Object, Pdf

from tachiai.errors import Refusal

_OWN_TRAILER_KEYS = frozenset(
    f"/{key}" for key in ("Size", "Prev", "XRefStm", "Type", "W", "Index", "Filter", "DecodeParms", "Length", "ID", "Root", "Info", "DL")
)
_WIDEST_GAP = 10_000
Number = tuple[int, int]


@dataclass(frozen=True)
class Placed:
    """A rendered update: its bytes, and where each raw object's body starts within them."""

    tail: bytes
    bodies: dict[Number, int]


class Revision:
    """One update in preparation. Objects are pikepdf's; what was changed must be given to :meth:`rewrite`."""

    def __init__(self, pdf: bytes) -> None:
        """Read ``pdf``. Refuses ``file.unreadable``, ``file.encrypted`` and ``file.unwritable`` (it must be normalised first)."""
        self.pdf = pdf
        self.previous, self.classic = _last_section(pdf)
        self.document = _open(pdf)
        self._spare: Object | None = self._first_free()
        self._size = self._spare.objgen[0]
        self._objects: dict[Number, Object] = {}
        self._raw: dict[Number, bytes] = {}

    def __enter__(self) -> Revision:
        return self

    def __exit__(self, *_details: object) -> None:
        self.document.close()

    @property
    def catalog(self) -> Object:
        return self.document.Root

    def add(self, made: Object) -> Object:
        """Give ``made`` a number of its own; it is written as it stands when the update is rendered."""
        reference = self.document.make_indirect(made)
        self.rewrite(reference)
        return reference

    def add_raw(self, body: bytes) -> Object:
        """A new object whose body is written exactly as given."""
        reference = self.document.make_indirect(Dictionary()) if self._spare is None else self._spare
        self._spare = None
        self._raw[reference.objgen] = body
        return reference

    def add_stream(self, content: bytes) -> Object:
        return self.add_raw(b"<< /Length %d >>\nstream\n%b\nendstream" % (len(content), content))

    def set_raw(self, reference: Object, body: bytes) -> None:
        self._raw[reference.objgen] = body

    def rewrite(self, changed: Object) -> None:
        """Write ``changed`` anew. It must be an object of its own: a direct one belongs to whatever holds it."""
        if not changed.is_indirect:
            raise Refusal("file.unwritable", why="a direct object where one with a number is needed")
        self._objects[changed.objgen] = changed

    def is_known(self, held: Object) -> bool:
        """Whether the object stood in the file before this update (and not only in the reader's repaired view)."""
        return bool(held.is_indirect) and 0 < held.objgen[0] < self._size

    def render(self) -> Placed:
        """The bytes to append. They begin with a line end when the file has none at its own end."""
        out = bytearray() if self.pdf.endswith((b"\n", b"\r")) else bytearray(b"\n")
        start, offsets, bodies = len(self.pdf), {}, {}
        for number in sorted(self._objects.keys() | self._raw.keys()):
            offsets[number] = start + len(out)
            out += b"%d %d obj\n" % number
            if number in self._raw:
                bodies[number] = len(out)
                out += self._raw[number]
            else:
                out += self._objects[number].unparse(resolved=True)
            out += b"\nendobj\n"
        section = start + len(out)
        out += self._table(offsets) if self.classic else self._stream(offsets, section)
        out += b"startxref\n%d\n%%%%EOF\n" % section
        return Placed(tail=bytes(out), bodies=bodies)

    def _first_free(self) -> Object:
        """An unused object whose number nothing in the file uses or has freed; the reader hands out only higher ones afterwards."""
        size = int(self.document.trailer.get("/Size", 0))
        probe = self.document.make_indirect(Dictionary())
        if size - probe.objgen[0] > _WIDEST_GAP:
            raise Refusal("file.unwritable", why="the object table is far larger than what it holds")
        while probe.objgen[0] < size:
            probe = self.document.make_indirect(Dictionary())
        return probe

    def _trailer_entries(self, size: int) -> bytes:
        trailer = self.document.trailer
        kept = b"".join(
            b" %b %b" % (Name(key).unparse(), value.unparse() if isinstance(value, Object) else _scalar(value))
            for key, value in trailer.items()
            if key not in _OWN_TRAILER_KEYS
        )
        info = trailer.get("/Info")
        about = b" /Info " + info.unparse() if isinstance(info, Object) and info.is_indirect else b""
        root = self.catalog.unparse()
        return b"/Size %d /Prev %d /Root %b%b%b /ID %b" % (size, self.previous, root, about, kept, self._identifier())

    def _identifier(self) -> bytes:
        """The first half stays, the second tells this revision from the others (ISO 32000-2, 14.4)."""
        known = self.document.trailer.get("/ID")
        halves = [bytes(half) for half in known] if isinstance(known, Array) and len(known) == 2 else []
        first = halves[0] if halves else hashlib.sha256(self.pdf).digest()[:16]
        second = hashlib.sha256(b"".join((*halves, b"%d" % len(self.pdf)))).digest()[:16]
        return b"[<%b> <%b>]" % (first.hex().encode(), second.hex().encode())

    def _table(self, offsets: dict[Number, int]) -> bytes:
        lines = [b"xref\n"]
        for run in _runs(sorted(offsets)):
            lines.append(b"%d %d\n" % (run[0][0], len(run)))
            lines += [b"%010d %05d n \n" % (offsets[number], number[1]) for number in run]
        size = max(self._size, *(number + 1 for number, _generation in offsets))
        return b"".join(lines) + b"trailer\n<< %b >>\n" % self._trailer_entries(size)

    def _stream(self, offsets: dict[Number, int], section: int) -> bytes:
        own = (max(self._size, *(number + 1 for number, _generation in offsets)), 0)
        every = {**offsets, own: section}
        index = b" ".join(b"%d %d" % (run[0][0], len(run)) for run in _runs(sorted(every)))
        rows = b"".join(b"\x01" + every[n].to_bytes(5, "big") + n[1].to_bytes(2, "big") for n in sorted(every))
        head = b"/Type /XRef /W [1 5 2] /Index [%b] /Length %d %b" % (index, len(rows), self._trailer_entries(own[0] + 1))
        return b"%d 0 obj\n<< %b >>\nstream\n%b\nendstream\nendobj\n" % (own[0], head, rows)


def _scalar(value: object) -> bytes:
    """What pikepdf gives as a Python value instead of an object, in PDF syntax."""
    if isinstance(value, bool):
        return b"true" if value else b"false"
    return b"null" if value is None else str(value).encode()


def _runs(numbers: list[Number]) -> list[list[Number]]:
    """Object numbers in unbroken runs, as cross-reference sections list them."""
    runs: list[list[Number]] = []
    for number in numbers:
        if runs and runs[-1][-1][0] + 1 == number[0]:
            runs[-1].append(number)
        else:
            runs.append([number])
    return runs


def _last_section(pdf: bytes) -> tuple[int, bool]:
    """Where the newest cross-reference section stands, and whether it is a classic table (also in hybrid files)."""
    found = re.search(rb"startxref\s+(\d{1,12})\s*(?:%|$)", pdf[max(pdf.rfind(b"startxref"), 0) :][:64])
    if not pdf.startswith(b"%PDF-") or found is None:
        raise Refusal("file.unwritable", why="no header at its first byte or no startxref")
    offset = int(found.group(1))
    head = pdf[offset : offset + 32].lstrip()
    if head.startswith(b"xref"):
        return offset, True
    if re.match(rb"\d+\s+\d+\s+obj", head):
        return offset, False
    raise Refusal("file.unwritable", why="startxref points nowhere")


def _open(pdf: bytes) -> Pdf:
    """Read without any repair: offsets that had to be guessed cannot be appended to."""
    try:
        document = pikepdf.open(io.BytesIO(pdf), attempt_recovery=False, suppress_warnings=True, inherit_page_attributes=False)
    except pikepdf.PasswordError as locked:
        raise Refusal("file.encrypted") from locked
    except pikepdf.PdfError as torn:
        raise Refusal("file.unreadable") from torn
    if document.is_encrypted:
        document.close()
        raise Refusal("file.encrypted")
    return document
