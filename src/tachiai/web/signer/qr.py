"""A QR code as one path of an SVG, drawn by the server: nothing is loaded, and no script is needed."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby

import qrcode
from qrcode.constants import ERROR_CORRECT_M


@dataclass(frozen=True)
class Drawn:
    """``size`` modules a side with the quiet zone; ``path`` are its dark runs, one unit high."""

    size: int
    path: str


def drawn(text: str) -> Drawn:
    code = qrcode.QRCode(error_correction=ERROR_CORRECT_M, border=4)
    code.add_data(text)
    code.make(fit=True)
    rows = code.get_matrix()
    return Drawn(len(rows), "".join(run for y, row in enumerate(rows) for run in _runs(y, row)))


def _runs(y: int, row: list[bool]) -> list[str]:
    runs, x = [], 0
    for dark, cells in groupby(row):
        length = len(list(cells))
        if dark:
            runs.append(f"M{x} {y}h{length}v1h-{length}z")
        x += length
    return runs
