"""From BER to definite lengths (ITU-T X.690, 8.1.3 and 10.1): for what foreign programs send around the parts they have signed.

CMS may be BER outside (RFC 5652, 5), and some authorities do send tokens with indefinite lengths or strings in pieces. Nothing of
the house reads BER twice: a value is brought into the form that :mod:`tachiai.crypto.der` reads, once, where it comes in.
"""

from __future__ import annotations

from tachiai.crypto import der

DEEPEST = 32
_PIECES = 0x24  # OCTET STRING, constructed (X.690, 8.7.3)


def definite(data: bytes) -> bytes:
    """The one value in ``data`` with every length definite and shortest and every octet string in one piece.

    Tags, the content of primitive values and the order of members stay as they are: what was DER stays byte for byte. Raises
    :class:`~tachiai.crypto.der.DerError` for a torn value, for one nested deeper than 32 and for bytes behind it.
    """
    value, end = _value(data, 0, len(data), 0)
    if end != len(data):
        raise der.DerError(f"{len(data) - end} bytes behind the value")
    return value


def definite_first(data: bytes) -> bytes:
    """As :func:`definite` of the first value in ``data``, whatever stands behind it: padding, where the value's own end is a mark."""
    return _value(data, 0, len(data), 0)[0]


def _value(data: bytes, start: int, limit: int, depth: int) -> tuple[bytes, int]:
    """The value at ``start`` in definite form, and where it ends in ``data``."""
    if depth > DEEPEST:
        raise der.DerError("nested too deep")
    tag, body, size = _head(data, start, limit)
    if size is not None and body + size > limit:
        raise der.DerError("the value is torn off")
    if not tag & 0x20:
        if size is None:
            raise der.DerError("a primitive value of indefinite length")
        return der.tlv(tag, data[body : body + size]), body + size
    members, end = _members(data, body, limit if size is None else body + size, depth, open_ended=size is None)
    if tag == _PIECES:
        return der.octet_string(b"".join(der.read(piece).expect(der.OCTET_STRING).content for piece in members)), end
    return der.tlv(tag, b"".join(members)), end


def _members(data: bytes, place: int, limit: int, depth: int, *, open_ended: bool) -> tuple[list[bytes], int]:
    found: list[bytes] = []
    while place < limit:
        if open_ended and data[place : place + 2] == b"\x00\x00":
            return found, place + 2
        value, place = _value(data, place, limit, depth + 1)
        found.append(value)
    if open_ended:
        raise der.DerError("the value is torn off")
    return found, place


def _head(data: bytes, start: int, limit: int) -> tuple[int, int, int | None]:
    """Tag, where the content starts, and its size; None when it ends by a mark."""
    if limit - start < 2:
        raise der.DerError("the value is torn off")
    tag, first = data[start], data[start + 1]
    if tag & 0x1F == 0x1F:
        raise der.DerError("tag numbers above 30 are not used here")
    body = start + 2
    if first <= 0x80:
        return tag, body, None if first == 0x80 else first
    count = first & 0x7F
    if count > 8 or limit - body < count:
        raise der.DerError("an oversized length")
    return tag, body + count, int.from_bytes(data[body : body + count], "big")
