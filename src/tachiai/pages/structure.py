"""Page boxes, the kind of cross-reference table, and the claim to be PDF/A: plain facts of the structure, inside a child."""

from __future__ import annotations

import re

import pikepdf
from pikepdf import Array, Dictionary, Name, Object, Pdf

from tachiai.crypto.page_boxes import view_of
from tachiai.errors import Refusal
from tachiai.pages.findings import Finding, XrefKind

TAIL_WINDOW = 2048
LARGEST_TREE = 5_000
SMALLEST_SIDE_PT = 72.0  # an inch
LARGEST_SIDE_PT = 3370.0  # the long side of A0

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
    sizes = [_rounded(view_of(page.obj).size) for page in pages]
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


def _rounded(size: tuple[float, float]) -> tuple[float, float]:
    return round(size[0], 2), round(size[1], 2)


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


# What no part of ISO 19005 allows, as other findings tell it; the first part allows no embedded files either.
_NEVER_IN_PDFA = {
    "file.empty_password": "encrypted",
    "file.encrypted": "encrypted",
    "file.active_content": "active_content",
    "fonts.unembedded": "fonts",
}
_NOT_IN_THE_FIRST = {"file.attachments": "attachments", "content.layers": "layers"}


def pdfa_findings(claim: str | None, findings: list[Finding]) -> list[Finding]:
    """``pdfa.claim`` for a claim that nothing found contradicts, true or not; ``pdfa.broken`` for one that is plainly false."""
    if claim is None:
        return []
    forbidden = _NEVER_IN_PDFA | (_NOT_IN_THE_FIRST if claim.startswith("1") else {})
    reasons = sorted({forbidden[finding.code] for finding in findings if finding.code in forbidden})
    if reasons:
        return [Finding("pdfa.broken", "warn", {"level": claim, "reasons": reasons})]
    return [Finding("pdfa.claim", "accept", {"level": claim})]
