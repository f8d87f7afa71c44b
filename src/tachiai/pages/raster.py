"""Drawing pages, inside a child: PDFium makes the picture, Pillow the PNG or WebP. One thread, one page in memory at a time."""

from __future__ import annotations

import io
import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pypdfium2
import pypdfium2.raw as pdfium_c
from PIL import Image, ImageChops
from PIL.WebPImagePlugin import WebPImageFile  # noqa: F401 — registers the format now: Pillow would otherwise look for it later

from tachiai.errors import Refusal
from tachiai.pages import pdfium
from tachiai.pages.frame import Head
from tachiai.pages.lettering import lettering

LARGEST_SIDE_PX = 6000
LARGEST_AREA_PX = 12_000_000
FALLBACK_SIZE_PT = (595.0, 842.0)
LOSSY_QUALITY = 60
LOSSLESS_EFFORT = 80  # measured: 100 is no smaller and twice as slow
METHOD = 4
# Below this many bytes per pixel a lossless page is within the budget of a slow phone (60 KB at 828 px) and stays sharp; a lossy copy
# that might save a few KB more is not worth the time.
LOSSLESS_BYTES_PER_PIXEL = 0.06
COLOUR_DISTANCE = 24  # channels this far apart are seen as colour; less is the noise of a scanner
COLOUR_PIXELS = 32

pdfium.use_packaged_fonts()
# What Pillow loads when it first saves anything, every child would otherwise load anew.
Image.preinit()
Image.MAX_IMAGE_PIXELS = None  # no image file is ever opened here; only PDFium's own bitmaps pass


def render_job(pdf: bytes, options: Head) -> tuple[Head, bytes]:
    """Job ``render``: the body is a page pack, the head its entries as rows (see ``docs/formats/page-pack.md``)."""
    rows: list[list[int]] = []
    body = bytearray()
    with _shown(pdf) as document:
        if len(document) > int(options["max_pages"]):
            raise Refusal("file.too_many_pages", pages=len(document), limit=int(options["max_pages"]))
        for index in range(len(document)):
            picture, text = _draw(document, index, int(options["width"]))
            image, letters = _encoded(picture), text.encode("utf-8", "ignore")
            offset = len(body)
            body += image + letters
            rows.append([index + 1, *picture.size, offset, len(image), offset + len(image), len(letters)])
    return {"pages": rows}, bytes(body)


def render_page_job(pdf: bytes, options: Head) -> tuple[Head, bytes]:
    """Job ``render_page``: the body is one picture, PNG or WebP."""
    number = int(options["number"])
    with _shown(pdf) as document:
        if not 1 <= number <= len(document):
            raise Refusal("page.not_found", number=number, pages=len(document))
        picture, _ = _draw(document, number - 1, int(options["width"]))
    return {}, _encoded(picture)


def warm_up() -> None:
    """Draws an empty page of our own, for what the libraries load and set up once: a nursery's children then find it done."""
    render_job(pdfium.EMPTY_PAGE, {"width": 100, "max_pages": 1})


@contextmanager
def _shown(pdf: bytes) -> Iterator[Any]:
    """The opened document with its form initialised, which PDFium wants before the first page is loaded."""
    try:
        with pdfium.opened(pdf) as document:
            document.init_forms()
            if len(document) == 0:
                raise Refusal("file.no_pages")
            yield document
    except pypdfium2.PdfiumError:
        raise Refusal("file.broken", cause="cannot be shown") from None


def _draw(document: Any, index: int, width: int) -> tuple[Image.Image, str]:
    page = _page(document, index)
    try:
        picture = _picture(page, width)
        # Values of fields and of notes become part of the page, so that its text names what its picture shows.
        if not _flattened(page):
            return picture, pdfium.page_text(page)
    finally:
        page.close()
    flattened = _page(document, index)
    try:
        return picture, pdfium.page_text(flattened)
    finally:
        flattened.close()


def _flattened(page: Any) -> bool:
    """Whether there was anything to make part of the page; fields that nobody sees, such as the house's own, leave it as it was."""
    if pdfium_c.FPDFPage_GetAnnotCount(page) <= 0:
        return False
    return bool(pdfium_c.FPDFPage_Flatten(page, pdfium_c.FLAT_NORMALDISPLAY) != pdfium_c.FLATTEN_NOTHINGTODO)


def _page(document: Any, index: int) -> Any:
    try:
        return document[index]
    except pypdfium2.PdfiumError:
        # One page that cannot be loaded must not pass as a blank one: the signer would agree to what nobody can see.
        raise Refusal("file.broken", cause="page cannot be shown", page=index + 1) from None


def _picture(page: Any, width: int) -> Image.Image:
    """The page in colour where it has any, else in gray. What PDFium has drawn is read where it lies."""
    scale = _scale(*page.get_size(), width=width)
    bitmap = page.render(
        scale=scale, rev_byteorder=True, prefer_bgrx=True, may_draw_forms=True, draw_annots=True, fill_color=(255, 255, 255, 255)
    )
    try:
        drawn: Image.Image = bitmap.to_pil()
        red, green, blue = (drawn.getchannel(channel) for channel in range(3))
        differences = ImageChops.difference(red, green), ImageChops.difference(green, blue)
        # Where the channels agree, each of them is the gray; a scanner's faint tint is weighed as the eye does.
        if not any(difference.getbbox() for difference in differences):
            return green
        return drawn.convert("RGB") if _has_colour(*differences) else drawn.convert("RGB").convert("L")
    finally:
        bitmap.close()


def _scale(width_pt: float, height_pt: float, *, width: int) -> float:
    """Pixels per point for a page ``width`` pixels wide, less where its height or area would exceed the bounds."""
    if not (math.isfinite(width_pt) and math.isfinite(height_pt) and width_pt > 0 and height_pt > 0):
        width_pt, height_pt = FALLBACK_SIZE_PT
    by_side = LARGEST_SIDE_PX / max(width_pt, height_pt)
    by_area = math.sqrt(LARGEST_AREA_PX / (width_pt * height_pt))
    return min(width / width_pt, by_side, by_area)


def _has_colour(one: Image.Image, other: Image.Image) -> bool:
    """Whether two of a picture's differences of channels show more than the noise of a scanner."""
    return any(sum(difference.histogram()[COLOUR_DISTANCE:]) >= COLOUR_PIXELS for difference in (one, other))


def _encoded(picture: Image.Image) -> bytes:
    letters = lettering(picture)
    if letters is not None:
        return letters
    lossless = _webp(picture, lossless=True, quality=LOSSLESS_EFFORT, method=METHOD)
    if len(lossless) <= LOSSLESS_BYTES_PER_PIXEL * picture.width * picture.height:
        return lossless
    return min(lossless, _webp(picture, quality=LOSSY_QUALITY, method=METHOD), key=len)


def _webp(picture: Image.Image, **settings: Any) -> bytes:
    target = io.BytesIO()
    picture.save(target, "WEBP", **settings)
    return target.getvalue()
