"""Paper copies: a document as a copier gives it back, pictures of its pages without any text. For demonstrations and trials."""

from __future__ import annotations

import io
import time

from PIL import Image, ImageEnhance

from tachiai.pages.render import render_page

WIDTH_PX = 1240  # A4 at 150 dpi
SLANT_DEGREES = 0.35


def scanned(pdf: bytes, *, pages: int) -> bytes:
    """The first ``pages`` pages of ``pdf`` as gray pictures, a little slanted and pale, in a PDF of their own; the same bytes each time.

    Refuses as ``render_page`` does. The PDF is one of our own: its pictures are opened in this process.
    """
    pictures = [_copied(render_page(pdf, number=number, width=WIDTH_PX), number) for number in range(1, pages + 1)]
    out = io.BytesIO()
    epoch = time.gmtime(0)
    first, *others = pictures
    first.save(out, "PDF", save_all=True, append_images=others, resolution=150, quality=55, creationDate=epoch, modDate=epoch)
    return out.getvalue()


def _copied(picture: bytes, number: int) -> Image.Image:
    with Image.open(io.BytesIO(picture)) as opened:
        page = opened.convert("L")
    slant = SLANT_DEGREES if number % 2 else -SLANT_DEGREES
    turned = page.rotate(slant, resample=Image.Resampling.BICUBIC, fillcolor=255)
    return ImageEnhance.Contrast(turned).enhance(0.85)
