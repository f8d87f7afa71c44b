"""Page boxes, the kind of cross-reference table, and the claim to be PDF/A: plain facts of the structure, inside a child."""

from __future__ import annotations

import re
from decimal import Decimal

import pikepdf
from pikepdf import Array, Dictionary, Name, Object, Page, Pdf

from tachiai.errors import Refusal
from tachiai.pages.findings import Finding, XrefKind

TAIL_WINDOW = 2048
LARGEST_TREE = 5_000
SMALLEST_SIDE_PT = 72.0  # an inch
LARGEST_SIDE_PT = 3370.0  # the long side of A0
DEFAULT_BOX = (0.0, 0.0, 612.0, 792.0)  # what readers assume where a page has no usable box

_STARTXREF = re.compile(rb"startxref\s+(\d{1,12})")
_PDFA_PART = re.compile(rb"pdfaid:part(?:\s+xmlns[^<>]*)?(?:>|\s*=\s*[\"'])\s*(\d)")
_PDFA_CONFORMANCE = re.compile(rb"pdfaid:conformance(?:\s+xmlns[^<>]*)?(?:>|\s*=\s*[\"'])\s*([A-Za-z])\b")
_MAX_METADATA_BYTES = 4 * 1024 * 1024


def page_sizes(document: Pdf, *, limit: int) -> tuple[list[tuple[float, float]], list[Finding]]:
    """(width, height) of each page in points as displayed, and a warning for pages no paper has. Refuses none and too many."""
    pages = document.pages
    count = len(pages)
    if count == 0:
        raise Refusal("file.no_pages")
    if count > limit:
        raise Refusal("file.too_many_pages", pages=count, limit=limit)
    sizes = [_size(page) for page in pages]
    odd = [number for number, size in enumerate(sizes, 1) if not _is_paper(size)]
    return sizes, [Finding("pages.odd_size", "warn", {"pages": odd[:20]})] if odd else []


def page_tree_findings(document: Pdf) -> list[Finding]:
    """Whether every node of the page tree counts its leaves rightly (ISO 32000-2, 7.7.3.2): readers that jump by the count would
    otherwise miss pages that others show. A tree that goes round or is too large is left to the parser."""
    waiting: list[object] = [document.Root.get(Name.Pages)]
    order: list[tuple[Dictionary, list[Object]]] = []
    while waiting:
        node = waiting.pop()
        if isinstance(node, Dictionary) and isinstance(kids := node.get(Name.Kids), Array):
            held = list(kids)
            order.append((node, held))
            waiting.extend(held)
        if len(order) > LARGEST_TREE or len(waiting) > LARGEST_TREE:
            return []
    counts: dict[tuple[int, int], int] = {}
    for node, held in reversed(order):
        counted = sum(counts.get(kid.objgen, 1) if isinstance(kid, Dictionary) else 0 for kid in held)
        if node.get(Name.Count) != counted:
            return [Finding("file.repaired", "normalise", {"warnings": 1, "examples": ["a page tree that miscounts"]})]
        counts[node.objgen] = counted
    return []


def _is_paper(size: tuple[float, float]) -> bool:
    return all(SMALLEST_SIDE_PT <= side <= LARGEST_SIDE_PT for side in size)


def _size(page: Page) -> tuple[float, float]:
    media = _box(_inherited(page.obj, Name.MediaBox)) or DEFAULT_BOX
    crop = _box(_inherited(page.obj, Name.CropBox)) or media
    left, bottom = max(media[0], crop[0]), max(media[1], crop[1])
    right, top = min(media[2], crop[2]), min(media[3], crop[3])
    width, height = (right - left, top - bottom) if right > left and top > bottom else (media[2] - media[0], media[3] - media[1])
    turned = _number(_inherited(page.obj, Name.Rotate)) or 0.0
    return (round(height, 2), round(width, 2)) if int(turned) % 180 else (round(width, 2), round(height, 2))


def _inherited(node: Object, name: Name) -> Object | None:
    # pikepdf has already walked the tree and refused loops; the bound is for a /Parent that leads somewhere else.
    here: object = node
    for _ in range(64):
        if not isinstance(here, Dictionary):
            return None
        if name in here:
            return here[name]
        here = here.get(Name.Parent)
    return None


def _box(value: object) -> tuple[float, float, float, float] | None:
    if not isinstance(value, Array) or len(value) != 4:
        return None
    numbers = [_number(item) for item in value]
    if any(number is None for number in numbers):
        return None
    x0, y0, x1, y1 = (number or 0.0 for number in numbers)
    box = (min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))
    return box if box[2] > box[0] and box[3] > box[1] else None


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        return None
    number = float(value)
    return number if abs(number) < 1e7 else None


def xref_kind(pdf: bytes) -> XrefKind:
    """What the last ``startxref`` leads to: a table, a stream, a table with a stream beside it (hybrid), or nothing."""
    matches = _STARTXREF.findall(pdf[-TAIL_WINDOW:])
    if not matches:
        return "none"
    offset = int(matches[-1]) + max(0, pdf.find(b"%PDF-", 0, 1024))
    section = pdf[offset : offset + 32].lstrip()
    if section.startswith(b"xref"):
        trailer = pdf.find(b"trailer", offset)
        return "hybrid" if trailer >= 0 and b"/XRefStm" in pdf[trailer : trailer + TAIL_WINDOW] else "table"
    return "stream" if re.match(rb"\d+\s+\d+\s+obj", section) else "none"


def pdfa_claim(document: Pdf) -> str | None:
    """``"2B"`` where the XMP metadata claims PDF/A-2b; None without a claim. Only the claim: nobody here validates PDF/A."""
    metadata = document.Root.get(Name.Metadata)
    if metadata is None or not hasattr(metadata, "read_bytes"):
        return None
    try:
        xmp = bytes(metadata.read_bytes())[:_MAX_METADATA_BYTES]
    except (pikepdf.PdfError, ValueError, NotImplementedError):
        # A filter that fails here fails for every other reader of the claim, too.
        return None
    part, conformance = _PDFA_PART.search(xmp), _PDFA_CONFORMANCE.search(xmp)
    return (part.group(1) + (conformance.group(1).upper() if conformance else b"")).decode() if part else None
