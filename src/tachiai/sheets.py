"""Lists for a spreadsheet: CSV with the mark of UTF-8, in which no cell is a formula, whoever wrote what stands in it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

# A spreadsheet takes a cell that begins with one of these for a formula; a Japanese one the wide forms as well.
FORMULA_STARTS = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n")
GUARD = "'"


def write_sheet(heads: Iterable[str], lines: Iterable[Iterable[str | int]]) -> bytes:
    """One line for the heads, then one for each of ``lines``; text is made harmless, numbers stay numbers."""
    sheet = io.StringIO()
    writer = csv.writer(sheet, lineterminator="\r\n")
    writer.writerow([harmless(head) for head in heads])
    for cells in lines:
        writer.writerow([harmless(cell) if isinstance(cell, str) else cell for cell in cells])
    return sheet.getvalue().encode("utf-8-sig")


def harmless(cell: str) -> str:
    """Text that no spreadsheet takes for a formula; ``as_meant`` makes the same text of it again.

    Text that begins with a guard of its own gets another, so that what was guarded can be told from what was written so.
    """
    return f"{GUARD}{cell}" if _is_formula(cell.lstrip(GUARD)) else cell


def as_meant(cell: str) -> str:
    """The text of which ``harmless`` made this cell: without the guard where it stands before a formula, otherwise as it is."""
    return cell[1:] if cell.startswith(GUARD) and _is_formula(cell.lstrip(GUARD)) else cell


def _is_formula(text: str) -> bool:
    return text.startswith(FORMULA_STARTS)
