"""Pages as pictures and text: `render` for the record, `render_page` for zoom, `pack` for the vault.

Everything is drawn in a child (`tachiai.pages.child`, `tachiai.pages.raster`). A page is 828 px wide, which reads well on a desk and loads
within the budget of a slow phone; a text page is sharper and no larger as lossless gray PNG than as any lossy picture; a scan is not, so
of a lossless and a lossy WebP the smaller wins.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tachiai.errors import Outage, Refusal
from tachiai.pages import child
from tachiai.pages.findings import MAX_PAGES
from tachiai.pages.frame import Head
from tachiai.pages.inspect import refuse_by_size

PAGE_WIDTH_PX = 828
MAX_WIDTH_PX = 2480  # A4 at 300 dpi
MAX_ANSWER_BYTES = 256 * 1024 * 1024

# Decoding an A3 scan of 600 dpi in colour needs over 200 MB at once; 500 dense pages need about 100 s on a slow core.
LIMITS = child.Limits(memory_bytes=1024 * 1024 * 1024, cpu_seconds=240, wall_seconds=600.0, answer_bytes=MAX_ANSWER_BYTES)
PAGE_LIMITS = child.Limits(memory_bytes=1024 * 1024 * 1024, cpu_seconds=20, wall_seconds=60.0, answer_bytes=16 * 1024 * 1024)


@dataclass(frozen=True)
class Page:
    """One page: a picture (see `picture_type`) of ``width_px`` by ``height_px``, and the text in reading order (``""`` for a scan)."""

    number: int
    width_px: int
    height_px: int
    image: bytes
    text: str

    @property
    def has_text(self) -> bool:
        """False for a scan: a screen reader has nothing to read, and the signer should be told."""
        return bool(self.text.strip())


@dataclass(frozen=True)
class Rendering:
    """All pages of one document, in order, numbered from 1."""

    pages: tuple[Page, ...]


@dataclass(frozen=True)
class PageEntry:
    """Where a page lies in a pack: see ``docs/formats/page-pack.md``. Offsets and lengths are bytes, width and height pixels."""

    number: int
    width: int
    height: int
    offset: int
    length: int
    text_offset: int
    text_length: int


def render(pdf: bytes) -> Rendering:
    """Every page of ``pdf``, form fields and annotations drawn as a reader shows them.

    Refuses with ``file.broken`` (PDFium cannot read it), ``file.too_many_pages`` and ``file.too_complex``. The file is expected to
    have passed `inspect`.
    """
    refuse_by_size(pdf)
    head, body = child.run("render", pdf, limits=LIMITS, options={"width": PAGE_WIDTH_PX, "max_pages": MAX_PAGES})
    return Rendering(tuple(unpack_page(body, entry) for entry in _entries(head, len(body))))


def render_page(pdf: bytes, *, number: int, width: int) -> bytes:
    """One page's picture, ``width`` pixels wide (narrower only where a very tall page would exceed the limit of height).

    Refuses with ``page.not_found`` (number, pages) and ``page.width`` (limit) besides the refusals of `render`.
    """
    refuse_by_size(pdf)
    if not 1 <= width <= MAX_WIDTH_PX:
        raise Refusal("page.width", limit=MAX_WIDTH_PX)
    _, body = child.run("render_page", pdf, limits=PAGE_LIMITS, options={"number": number, "width": width})
    return body


def picture_type(image: bytes) -> str:
    """The media type of a page's picture, by its first bytes (``docs/formats/page-pack.md``)."""
    return "image/png" if image.startswith(b"\x89PNG") else "image/webp"


def pack(rendering: Rendering) -> tuple[bytes, list[PageEntry]]:
    """One blob of all pictures and texts, so that the vault stores a single segment, and the place of each page in it."""
    parts: list[bytes] = []
    entries: list[PageEntry] = []
    offset = 0
    for page in rendering.pages:
        text = page.text.encode()
        entries.append(PageEntry(page.number, page.width_px, page.height_px, offset, len(page.image), offset + len(page.image), len(text)))
        parts += [page.image, text]
        offset += len(page.image) + len(text)
    return b"".join(parts), entries


def unpack_page(blob: bytes, entry: PageEntry) -> Page:
    """The page at ``entry``. Raises `ValueError` when the entry does not lie within ``blob`` or its text is not UTF-8."""
    image_end, text_end = entry.offset + entry.length, entry.text_offset + entry.text_length
    if min(entry.offset, entry.length, entry.text_offset, entry.text_length) < 0 or max(image_end, text_end) > len(blob):
        raise ValueError("page entry lies outside the pack")
    text = blob[entry.text_offset : text_end].decode()
    return Page(entry.number, entry.width, entry.height, blob[entry.offset : image_end], text)


def _entries(head: Head, length: int) -> Sequence[PageEntry]:
    # The child read a stranger's bytes: what it says of lengths is checked before anything is cut by it.
    try:
        entries = [PageEntry(*(int(value) for value in row)) for row in head["pages"]]
    except (KeyError, TypeError, ValueError) as error:
        raise Outage("pages.answer", type(error).__name__) from error
    ends = [end for entry in entries for end in (entry.offset + entry.length, entry.text_offset + entry.text_length)]
    if not entries or len(entries) > MAX_PAGES or max(ends) > length:
        raise Outage("pages.answer", "page entries do not fit the body")
    return entries
