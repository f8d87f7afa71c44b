"""Lists for a spreadsheet: CSV with the mark of UTF-8, in which no cell is a formula, whoever wrote what stands in it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

# A spreadsheet takes a cell that begins with one of these for a formula; a Japanese one the wide forms as well.
FORMULA_STARTS = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n")


def write_sheet(heads: Iterable[str], lines: Iterable[Iterable[str | int]]) -> bytes:
    """One line for the heads, then one for each of ``lines``; text is made harmless, numbers stay numbers."""
    sheet = io.StringIO()
    writer = csv.writer(sheet, lineterminator="\r\n")
    writer.writerow([harmless(head) for head in heads])
    for cells in lines:
        writer.writerow([harmless(cell) if isinstance(cell, str) else cell for cell in cells])
    return sheet.getvalue().encode("utf-8-sig")


def harmless(cell: str) -> str:
    """Text that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.startswith(FORMULA_STARTS) else cell
