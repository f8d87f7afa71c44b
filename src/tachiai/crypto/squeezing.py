"""Making bytes smaller before they are encrypted (docs/formats/box.md): afterwards nothing would."""

from __future__ import annotations

import zlib

# Raw deflate (RFC 1951): the box says what it holds and proves it.
_LEVEL, _WINDOW_BITS, _MEMORY = 4, -15, 9
# Less than this saved is not worth undoing at every reading. Pages drawn as pictures save a twentieth.
_WORTH = 0.92
# Of long data a few stretches are tried before the whole is.
_STRETCH, _STRETCHES = 4096, 8


def squeezed(data: bytes) -> bytes | None:
    """``data`` made smaller, or None where that would save next to nothing."""
    if len(data) > 4 * _STRETCH * _STRETCHES and not _promising(data):
        return None
    smaller = _deflated(data)
    return smaller if len(smaller) <= _WORTH * len(data) else None


def unsqueezed(smaller: bytes) -> bytes:
    """The data that ``smaller`` was made of. Raises ``ValueError`` for anything else. To be called with what has proven to be ours."""
    reading = zlib.decompressobj(_WINDOW_BITS)
    try:
        data = reading.decompress(smaller)
    except zlib.error as torn:
        raise ValueError("not deflated") from torn
    if not reading.eof or reading.unused_data:
        raise ValueError("cut short, or something follows")
    return data


def _promising(data: bytes) -> bool:
    step = len(data) // _STRETCHES
    tried = b"".join(data[start : start + _STRETCH] for start in range(0, step * _STRETCHES, step))
    return len(_deflated(tried)) <= _WORTH * len(tried)


def _deflated(data: bytes) -> bytes:
    deflating = zlib.compressobj(_LEVEL, zlib.DEFLATED, _WINDOW_BITS, _MEMORY)
    return deflating.compress(data) + deflating.flush()
