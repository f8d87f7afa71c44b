"""Writing and strict reading of DER (ITU-T X.690, clause 10): the few types that CMS, RFC 3161 and OCSP need.

It exists because a general ASN.1 library may re-encode nested values at unpredictable cost; here every value is
built once, from the inside out, and read without copying meaning into objects nobody asked for.
Reading accepts definite, minimal lengths and low tag numbers only, and never recurses by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

BOOLEAN, INTEGER, BIT_STRING, OCTET_STRING, NULL, OID = 0x01, 0x02, 0x03, 0x04, 0x05, 0x06
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
    return tlv(INTEGER, value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True))


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


@dataclass(frozen=True, slots=True)
class Element:
    """One value read: ``raw`` is the whole encoding, ``content`` the part behind tag and length."""

    tag: int
    content: bytes
    raw: bytes

    def children(self) -> list[Element]:
        """The values inside a constructed one. Raises :class:`DerError` for a primitive or a torn one."""
        if not self.tag & 0x20:
            raise DerError(f"tag {self.tag:#x} has no members")
        rest, found = self.content, []
        while rest:
            element, rest = read_first(rest)
            found.append(element)
        return found

    def expect(self, tag: int) -> Element:
        """Itself, when it bears ``tag``."""
        if self.tag != tag:
            raise DerError(f"tag {self.tag:#x} instead of {tag:#x}")
        return self


def read(data: bytes) -> Element:
    """The one value that ``data`` consists of; anything behind it is an error."""
    element, rest = read_first(data)
    if rest:
        raise DerError(f"{len(rest)} bytes behind the value")
    return element


def read_first(data: bytes) -> tuple[Element, bytes]:
    """The first value of ``data`` and what follows it."""
    if len(data) < 2:
        raise DerError("the value is torn off")
    if data[0] & 0x1F == 0x1F:
        raise DerError("tag numbers above 30 are not used here")
    start, size = _length(data)
    end = start + size
    if end > len(data):
        raise DerError("the value is torn off")
    return Element(tag=data[0], content=data[start:end], raw=data[:end]), data[end:]


def _length(data: bytes) -> tuple[int, int]:
    """Where the content starts and how long it is."""
    first = data[1]
    if first < 0x80:
        return 2, first
    count = first & 0x7F
    octets = data[2 : 2 + count]
    if not 1 <= count <= 4 or len(octets) != count:
        raise DerError("indefinite or oversized length")
    size = int.from_bytes(octets, "big")
    if size < 0x80 or octets[0] == 0:
        raise DerError("the length is not the shortest")
    return 2 + count, size


def read_integer(element: Element, tag: int = INTEGER) -> int:
    content = element.expect(tag).content
    if not content:
        raise DerError("an empty integer")
    return int.from_bytes(content, "big", signed=True)


def read_oid(element: Element) -> str:
    content = element.expect(OID).content
    if not content or content[-1] & 0x80:
        raise DerError("a torn object identifier")
    arcs, value = [], 0
    for octet in content:
        value = value << 7 | octet & 0x7F
        if not octet & 0x80:
            arcs.append(value)
            value = 0
    first = min(arcs[0] // 40, 2)
    return ".".join(str(arc) for arc in (first, arcs[0] - first * 40, *arcs[1:]))


def read_generalized_time(element: Element) -> datetime:
    """An aware time in UTC; RFC 3161 allows fractions of a second, and only ``Z`` as zone."""
    text = element.expect(GENERALIZED_TIME).content.decode("ascii", "replace")
    whole, _, fraction = text.removesuffix("Z").partition(".")
    if not text.endswith("Z") or len(whole) != 14 or not (whole + fraction).isdecimal():
        raise DerError("a time in another form than YYYYMMDDhhmmss[.f]Z")
    try:
        moment = datetime.strptime(whole, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError as torn:
        raise DerError("a time that no calendar holds") from torn
    return moment.replace(microsecond=int((fraction + "000000")[:6]))


def optional(elements: Sequence[Element], index: int, tag: int) -> Element | None:
    """The element at ``index`` when it exists and bears ``tag``."""
    return elements[index] if index < len(elements) and elements[index].tag == tag else None
