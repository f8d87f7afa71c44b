"""A sheet holds text and numbers; whatever a counterparty is called, a spreadsheet computes nothing from it."""

from __future__ import annotations

import csv
import io

import pytest

from tachiai.sheets import as_meant, harmless, write_sheet


@pytest.mark.parametrize("cell", ["=1+1", "+81", "-x", "@cmd", "\tx", "\rx", "\nx", "＝1+1", "＋81", "－x", "＠cmd"])
def test_no_cell_is_a_formula(cell: str) -> None:
    assert harmless(cell) == f"'{cell}"
    told = write_sheet([cell], [["plain", cell]]).decode("utf-8-sig")
    assert list(csv.reader(io.StringIO(told, newline=""))) == [[f"'{cell}"], ["plain", f"'{cell}"]]


@pytest.mark.parametrize("cell", ["=1+1", "+81-3-0000-0000", "＝1", "'=1", "''=1", "'", "''", "'株式会社", "O'Hara", "", "-", "'-"])
def test_what_was_guarded_is_read_as_it_was(cell: str) -> None:
    assert as_meant(harmless(cell)) == cell


def test_only_a_guard_before_a_formula_is_taken_off() -> None:
    assert [as_meant(one) for one in ("'平成", "'", "=1", "'=1", "'＋81")] == ["'平成", "'", "=1", "=1", "＋81"]


def test_plain_cells_and_numbers_stay_as_they_are() -> None:
    assert harmless("株式会社みどり野") == "株式会社みどり野"
    assert write_sheet(["取引先", "取引金額"], [["株式会社みどり野", -5]]) == "\ufeff取引先,取引金額\r\n株式会社みどり野,-5\r\n".encode()
