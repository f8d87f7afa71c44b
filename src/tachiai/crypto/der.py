"""Writing and strict reading of DER (ITU-T X.690, clause 10): the few types that CMS, RFC 3161 and OCSP need.

It exists because a general ASN.1 library may re-encode nested values at unpredictable cost; here every value is
built once, from the inside out, and read by place, without copying what nobody asks for.
Reading accepts definite, minimal lengths and low tag numbers only, and never recurses by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import NamedTuple

BOOLEAN, INTEGER, BIT_STRING, OCTET_STRING, NULL, OID = 0x01, 0x02, 0x03, 0x04, 0x05, 0x06
_LONGEST_OID = 128
ENUMERATED, UTC_TIME, GENERALIZED_TIME, SEQUENCE, SET = 0x0A, 0x17, 0x18, 0x30, 0x31


class DerError(ValueError):
    """The bytes are not the DER that was expected. The message says where it went wrong; it never holds content."""


# ---------------------------------------------------------------------------------------------------- writing


def tlv(tag: int, content: bytes) -> bytes:
    """One tag-length-value with the shortest definite length."""
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(octets))) + octets + content


def sequence(*parts: bytes) -> bytes:
    return tlv(SEQUENCE, b"".join(parts))


def set_of(parts: Iterable[bytes]) -> bytes:
    """SET OF in the order DER demands: by encoded bytes (X.690, 11.6)."""
    return tlv(SET, b"".join(sorted(parts)))


def explicit(number: int, *parts: bytes) -> bytes:
    """A constructed, context-specific wrapper ``[number]``."""
    return tlv(0xA0 | number, b"".join(parts))


def integer(value: int) -> bytes:
    # Two's complement: -128 fits one octet though its magnitude has eight bits.
    bits = (value if value >= 0 else ~value).bit_length()
    return tlv(INTEGER, value.to_bytes(bits // 8 + 1, "big", signed=True))


def octet_string(content: bytes) -> bytes:
    return tlv(OCTET_STRING, content)


def bit_string(content: bytes) -> bytes:
    """A BIT STRING whose bits fill whole octets."""
    return tlv(BIT_STRING, b"\x00" + content)


def null() -> bytes:
    return b"\x05\x00"


def boolean(value: bool) -> bytes:
    return tlv(BOOLEAN, b"\xff" if value else b"\x00")


def oid(dotted: str) -> bytes:
    first, second, *rest = (int(arc) for arc in dotted.split("."))
    return tlv(OID, b"".join(_base128(arc) for arc in (first * 40 + second, *rest)))


def generalized_time(moment: datetime) -> bytes:
    """``moment`` in UTC, cut to whole seconds (RFC 5280, 4.1.2.5.2)."""
    return tlv(GENERALIZED_TIME, moment.astimezone(UTC).strftime("%Y%m%d%H%M%SZ").encode())


def _base128(arc: int) -> bytes:
    octets = [arc & 0x7F]
    while arc := arc >> 7:
        octets.append(0x80 | (arc & 0x7F))
    return bytes(reversed(octets))


# ---------------------------------------------------------------------------------------------------- reading


_new = tuple.__new__


class Element(NamedTuple):
    """One value read: ``raw`` is the whole encoding, ``content`` the part behind tag and length.

    It is a place in the bytes it was read from, from ``start`` up to ``end``, its content from ``body`` on; nothing is copied before
    ``raw`` or ``content`` is asked for.
    """

    tag: int
    data: bytes
    start: int
    body: int
    end: int

    def __repr__(self) -> str:
        return f"Element({self.tag:#x}, {self.end - self.body} bytes)"

    @property
    def content(self) -> bytes:
        return self.data[self.body : self.end]

    @property
    def raw(self) -> bytes:
        return self.data[self.start : self.end]

    def children(self) -> list[Element]:
        """The values inside a constructed one. Raises :class:`DerError` for a primitive or a torn one."""
        tag, data, _start, place, end = self
        if not tag & 0x20:
            raise DerError(f"tag {tag:#x} has no members")
        found: list[Element] = []
        while place < end:
            body = place + 2
            # Nearly all members are short; what is not goes the longer way, where every form is judged.
            size = data[place + 1] if body <= end else 0x80
            if size < 0x80 and body + size <= end and data[place] & 0x1F != 0x1F:
                element = _new(Element, (data[place], data, place, body, body + size))
            else:
                element = _read_at(data, place, end)
            found.append(element)
            place = element[4]
        return found

    def only_child(self) -> Element:
        """The single value inside a constructed one, such as an EXPLICIT wrapper."""
        if not self.tag & 0x20:
            raise DerError(f"tag {self.tag:#x} has no members")
        element = _read_at(self.data, self.body, self.end)
        if element.end != self.end:
            raise DerError(f"{self.end - element.end} bytes behind the value")
        return element

    def expect(self, tag: int) -> Element:
        """Itself, when it bears ``tag``."""
        if self.tag != tag:
            raise DerError(f"tag {self.tag:#x} instead of {tag:#x}")
        return self


def read(data: bytes) -> Element:
    """The one value that ``data`` consists of; anything behind it is an error."""
    element = _read_at(data, 0, len(data))
    if element.end != len(data):
        raise DerError(f"{len(data) - element.end} bytes behind the value")
    return element


def read_first(data: bytes) -> tuple[Element, bytes]:
    """The first value of ``data`` and what follows it."""
    element = _read_at(data, 0, len(data))
    return element, data[element.end :]


def _read_at(data: bytes, start: int, limit: int) -> Element:
    """The value that begins at ``start`` and ends at ``limit`` or before."""
    if limit - start < 2:
        raise DerError("the value is torn off")
    tag, size = data[start], data[start + 1]
    if tag & 0x1F == 0x1F:
        raise DerError("tag numbers above 30 are not used here")
    body = start + 2
    if size >= 0x80:
        count = size & 0x7F
        if not 1 <= count <= 4 or limit - body < count:
            raise DerError("indefinite or oversized length")
        body += count
        size = int.from_bytes(data[body - count : body], "big")
        if size < 0x80 or data[body - count] == 0:
            raise DerError("the length is not the shortest")
    end = body + size
    if end > limit:
        raise DerError("the value is torn off")
    return Element(tag, data, start, body, end)


def within(element: Element) -> Element:
    """The one value that the content of ``element`` consists of, such as that of an OCTET STRING, at its place."""
    found = _read_at(element.data, element.body, element.end)
    if found.end != element.end:
        raise DerError(f"{element.end - found.end} bytes behind the value")
    return found


def read_integer(element: Element, tag: int = INTEGER) -> int:
    return integer_in(element.expect(tag).content)


def integer_in(content: bytes) -> int:
    """The number whose contents octets these are."""
    if not content:
        raise DerError("an empty integer")
    if len(content) > 1 and ((content[0] == 0 and content[1] < 0x80) or (content[0] == 0xFF and content[1] >= 0x80)):
        raise DerError("an integer that is not the shortest")  # X.690, 8.3.2
    return int.from_bytes(content, "big", signed=True)


def read_oid(element: Element) -> str:
    content = element.expect(OID).content
    if len(content) > _LONGEST_OID:
        raise DerError("an object identifier of unusual length")
    return _dotted(content)


@lru_cache(maxsize=1024)
def _dotted(content: bytes) -> str:
    """The same few dozen identifiers are read over and over, so each is spelt out once."""
    if not content or content[-1] & 0x80:
        raise DerError("a torn object identifier")
    arcs, value = [], 0
    for octet in content:
        if value == 0 and octet == 0x80:
            raise DerError("an arc that is not the shortest")  # X.690, 8.19.2
        value = value << 7 | octet & 0x7F
        if not octet & 0x80:
            arcs.append(value)
            value = 0
    first = min(arcs[0] // 40, 2)
    return ".".join(str(arc) for arc in (first, arcs[0] - first * 40, *arcs[1:]))


def read_generalized_time(element: Element) -> datetime:
    """An aware time in UTC; RFC 3161 allows fractions of a second, and only ``Z`` as zone."""
    return generalized_time_in(element.expect(GENERALIZED_TIME).content)


@lru_cache(maxsize=64)
def generalized_time_in(content: bytes) -> datetime:
    """The time whose contents octets these are; many are stamped in the same second."""
    text = content.decode("ascii", "replace")
    w, fraction = text[:14], text[15:-1]
    if text[-1:] != "Z" or text[14:15] not in ("Z", ".") or not (w + fraction).isdecimal() or (len(text) > 15 and text[14] == "Z"):
        raise DerError("a time in another form than YYYYMMDDhhmmss[.f]Z")
    try:
        micro = int((fraction + "000000")[:6])
        return datetime(int(w[:4]), int(w[4:6]), int(w[6:8]), int(w[8:10]), int(w[10:12]), int(w[12:]), micro, tzinfo=UTC)
    except ValueError as torn:
        raise DerError("a time that no calendar holds") from torn


def optional(elements: Sequence[Element], index: int, tag: int) -> Element | None:
    """The element at ``index`` when it exists and bears ``tag``."""
    return elements[index] if index < len(elements) and elements[index].tag == tag else None


def in_order(parts: Sequence[Element], allowed: Sequence[int]) -> dict[int, Element]:
    """Optional members by tag. Raises :class:`DerError` for an unknown, a repeated or a misplaced one."""
    found: dict[int, Element] = {}
    last = -1
    for part in parts:
        place = allowed.index(part.tag) if part.tag in allowed else -1
        if place <= last:
            raise DerError("members out of order")
        last = place
        found[part.tag] = part
    return found
