"""Pages that are turned, cut, begin anywhere and measure in units of their own, with what a person sees of each written down by hand."""

from __future__ import annotations

from dataclasses import dataclass

from crypto.hand_made import WORDS, laid, stream


@dataclass(frozen=True)
class Seen:
    """``page``: what the page itself says; ``tree``: what it inherits; ``size``: what is seen of it, in points."""

    name: str
    page: bytes
    tree: bytes
    size: tuple[float, float]


_A4 = b"/MediaBox [0 0 595 842]"
TURNED = (
    Seen("as it is", _A4, b"", (595, 842)),
    Seen("turned by a quarter", _A4 + b" /Rotate 90", b"", (842, 595)),
    Seen("on its head", _A4 + b" /Rotate 180", b"", (595, 842)),
    Seen("turned by three", _A4 + b" /Rotate 270", b"", (842, 595)),
    Seen("turned back", _A4 + b" /Rotate -90", b"", (842, 595)),
    Seen("turned and cut", b"/MediaBox [-100 50 700 950] /CropBox [-20 100 520 840] /Rotate 90", b"", (740, 540)),
    Seen("cut wider than the page", b"/MediaBox [10 20 500 700] /CropBox [0 0 1000 600]", b"", (490, 580)),
    Seen("cut on its head", b"/MediaBox [0 0 900 900] /CropBox [100 150 700 800] /Rotate 180", b"", (600, 650)),
    Seen("written from corner to corner", b"/MediaBox [595 842 0 0] /CropBox [500 800 60 40] /Rotate 270", b"", (760, 440)),
    Seen("inheriting everything", b"", _A4 + b" /CropBox [50 60 550 800] /Rotate 270", (740, 500)),
    Seen("inheriting the turn", _A4, b"/Rotate 90", (842, 595)),
    Seen("in a unit of its own", b"/MediaBox [0 0 300 400] /UserUnit 2", b"", (600, 800)),
    Seen("in a unit, turned and cut", b"/MediaBox [0 0 400 500] /CropBox [20 30 320 430] /UserUnit 1.5 /Rotate 90", b"", (600, 450)),
)


def paged(*pages: Seen) -> bytes:
    """A contract with these pages, each under a branch of its own, that inherits what it does through two storeys."""
    font = b"/Resources << /Font << /F1 5 0 R >> >>"
    branches = b" ".join(b"%d 0 R" % (20 + 10 * place) for place in range(len(pages)))
    held = {
        1: b"<< /Type /Catalog /Pages 2 0 R >>",
        2: b"<< /Type /Pages %b /Kids [%b] /Count %d >>" % (font, branches, len(pages)),
        4: stream(WORDS),
        5: b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    }
    for place, seen in enumerate(pages):
        at = 20 + 10 * place
        held[at] = b"<< /Type /Pages /Parent 2 0 R %b /Kids [%d 0 R] /Count 1 >>" % (seen.tree, at + 1)
        held[at + 1] = b"<< /Type /Pages /Parent %d 0 R /Kids [%d 0 R] /Count 1 >>" % (at, at + 2)
        held[at + 2] = b"<< /Type /Page /Parent %d 0 R %b /Contents 4 0 R >>" % (at + 1, seen.page)
    return laid(held).table()
