"""A sheet holds text and numbers; whatever a counterparty is called, a spreadsheet computes nothing from it."""

from __future__ import annotations

import csv
import io

import pytest

from tachiai.sheets import harmless, write_sheet


@pytest.mark.parametrize("cell", ["=1+1", "+81", "-x", "@cmd", "\tx", "\rx", "\nx", "＝1+1", "＋81", "－x", "＠cmd"])
def test_no_cell_is_a_formula(cell: str) -> None:
    assert harmless(cell) == f"'{cell}"
    told = write_sheet([cell], [["plain", cell]]).decode("utf-8-sig")
    assert list(csv.reader(io.StringIO(told, newline=""))) == [[f"'{cell}"], ["plain", f"'{cell}"]]


def test_plain_cells_and_numbers_stay_as_they_are() -> None:
    assert harmless("株式会社みどり野") == "株式会社みどり野"
    assert write_sheet(["取引先", "取引金額"], [["株式会社みどり野", -5]]) == "\ufeff取引先,取引金額\r\n株式会社みどり野,-5\r\n".encode()
