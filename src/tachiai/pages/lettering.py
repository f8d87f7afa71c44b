"""A page of letters as a PNG of sixteen shades, inside a child.

Letters are black, white and a seam between them. Sixteen shades draw that seam as the eye sees it and halve the bytes of 256; a page with
more than a share of its area between black and white is a photograph or a scan, and keeps all its shades.

The file is put together here because an image library compresses row by row and chooses a filter for each: twice the time and a
tenth more bytes than all rows at once, unfiltered, take. Two pixels are one byte of it. WebP would make a dense page a quarter smaller and
takes ten times as long over it.
"""

from __future__ import annotations

import struct
import zlib

from PIL import Image

SEAM_SHARE = 0.25
BLACK_AND_WHITE = bytes((*range(17), *range(239, 256)))
SIXTEEN_SHADES = bytes(round(value / 17) for value in range(256))
LEVEL, WINDOW_BITS, MEMORY = 4, 15, 9  # measured: level 6 saves 1 % and takes half as long again, 1 costs 8 %
SIGNATURE = b"\x89PNG\r\n\x1a\n"
HEADER = struct.Struct(">IIBBBBB")
BIT_DEPTH, GRAYSCALE = 4, 0  # a shade n of 4 bits is the gray 17·n of 8 (PNG 3rd edition, 13.12)


def lettering(picture: Image.Image) -> bytes | None:
    """The PNG of a gray picture, every pixel rounded to the nearest of sixteen shades; None for what is no page of letters."""
    if picture.mode != "L":
        return None
    pixels = picture.tobytes()
    if len(pixels.translate(None, BLACK_AND_WHITE)) > SEAM_SHARE * len(pixels):
        return None
    shades = Image.frombytes("P", picture.size, pixels.translate(SIXTEEN_SHADES))
    packed, length = shades.tobytes("raw", "P;4"), (picture.width + 1) // 2
    rows = b"\0" + b"\0".join(packed[start : start + length] for start in range(0, len(packed), length))
    squeezing = zlib.compressobj(LEVEL, zlib.DEFLATED, WINDOW_BITS, MEMORY, zlib.Z_FILTERED)
    body = squeezing.compress(rows) + squeezing.flush()
    header = HEADER.pack(picture.width, picture.height, BIT_DEPTH, GRAYSCALE, 0, 0, 0)
    return b"".join((SIGNATURE, _chunk(b"IHDR", header), _chunk(b"IDAT", body), _chunk(b"IEND", b"")))


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(body, zlib.crc32(kind)))
