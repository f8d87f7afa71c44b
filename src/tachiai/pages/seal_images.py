"""The image of a seal (印影) as an appearance: decoded in a child, kept only as pixels.

What a stranger's PNG or JPEG carries besides its picture (places, cameras, names, colour programs) never reaches the contract.
"""

from __future__ import annotations

import struct
import zlib
from functools import lru_cache
from typing import Final

from tachiai.crypto.appearances import MAX_SIDE, Appearance
from tachiai.errors import Outage, Refusal
from tachiai.pages import child
from tachiai.pages.form_xobjects import form_object, number, stream

MAX_IMAGE_BYTES: Final = 5 * 1024 * 1024
MAX_IMAGE_PIXELS: Final = 25_000_000  # an A4 scan at 540 dpi
MAX_SIDE_PX: Final = 800  # what is kept: 20 mm at 1,000 dpi, more than a printer shows of a seal

LIMITS: Final = child.Limits(memory_bytes=512 * 1024 * 1024, cpu_seconds=10, wall_seconds=30.0, answer_bytes=4 * MAX_SIDE_PX**2)
_IMAGE: Final = b"<< /Type /XObject /Subtype /Image /Width %d /Height %d /ColorSpace %s /BitsPerComponent 8 /Filter /FlateDecode"


@lru_cache(maxsize=32)
def seal_image_appearance(image: bytes, *, width: float, height: float) -> Appearance:
    """The picture of ``image`` (PNG or JPEG), its proportions kept, in the middle of ``width`` by ``height`` points.

    Transparency is kept (ISO 32000-2, 11.6.5.2). In a picture without any, white is taken for the paper that the seal was pressed on
    and lets the contract through, so that the seal may lie over words. Refuses with ``image.empty``, ``image.too_large`` (limit_mb),
    ``image.not_supported``, ``image.too_many_pixels`` (limit_megapixels), ``image.broken`` and ``image.blank`` (nothing to be seen).
    """
    if not (0 < width <= MAX_SIDE and 0 < height <= MAX_SIDE):
        raise ValueError(f"no box on a page is {width} by {height} points")
    across, down, pixels = _pixels(image)
    colours, alpha = pixels[: 3 * across * down], pixels[3 * across * down :]
    scale = min(width / across, height / down)
    shown = (across * scale, down * scale)
    placing = tuple(number(value) for value in (*shown, (width - shown[0]) / 2, (height - shown[1]) / 2))
    content = b"q %s 0 0 %s %s %s cm /Im0 Do Q" % placing
    form = form_object(content, [b"<< /XObject << /Im0 ", 1, b" >> >>"], width=width, height=height)
    picture = (_IMAGE % (across, down, b"/DeviceRGB") + b" /SMask ", 2, stream(zlib.compress(colours, 9)))
    mask = (_IMAGE % (across, down, b"/DeviceGray") + stream(zlib.compress(alpha, 9)),)
    return Appearance(width, height, (form, picture, mask))


def cleaned(image: bytes) -> bytes:
    """The picture as a PNG of our own (8 bits, red, green, blue and opacity), with nothing of what else the file carried.

    Refuses as :func:`seal_image_appearance` does.
    """
    across, down, pixels = _pixels(image)
    colours, alpha = pixels[: 3 * across * down], pixels[3 * across * down :]
    whole = bytearray(4 * across * down)
    for channel in range(3):
        whole[channel::4] = colours[channel::3]
    whole[3::4] = alpha
    rows = b"".join(b"\0" + whole[start : start + 4 * across] for start in range(0, len(whole), 4 * across))
    header = struct.pack(">IIBBBBB", across, down, 8, 6, 0, 0, 0)
    chunks = (_chunk(b"IHDR", header), _chunk(b"IDAT", zlib.compress(rows, 9)), _chunk(b"IEND", b""))
    return b"".join((b"\x89PNG\r\n\x1a\n", *chunks))


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(body, zlib.crc32(kind)))


def _pixels(image: bytes) -> tuple[int, int, bytes]:
    """Width, height, and red-green-blue of every pixel followed by the opacity of every pixel."""
    if not image:
        raise Refusal("image.empty")
    if len(image) > MAX_IMAGE_BYTES:
        raise Refusal("image.too_large", limit_mb=MAX_IMAGE_BYTES // (1024 * 1024))
    try:
        head, body = child.run("seal_image", image, limits=LIMITS, options={"most": MAX_IMAGE_PIXELS, "side": MAX_SIDE_PX})
    except Refusal as refusal:
        # A child that dies over a picture says so in the words for contracts.
        raise (Refusal("image.broken") if refusal.code.startswith("file.") else refusal) from refusal
    # The child read a stranger's bytes: nothing of its answer is believed but what can be counted.
    across, down = head.get("width"), head.get("height")
    if not (isinstance(across, int) and isinstance(down, int) and 0 < across <= MAX_SIDE_PX and 0 < down <= MAX_SIDE_PX):
        raise Outage("pages.answer", "a picture without a size")
    if len(body) != 4 * across * down:
        raise Outage("pages.answer", "a picture of another size than told")
    return across, down, body
