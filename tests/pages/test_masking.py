"""A font whose table of letters says another letter than its glyphs are named after is told with its page."""

from __future__ import annotations

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name

from pages import odd_files
from pages.odd_sights import joined
from pages.test_inspect import found
from tachiai.pages import masking

TRUE = {0x31: "1", 0x39: "9", 0x41: "A"}
LIE = {0x31: "9", 0x39: "1"}


def with_table(letters: dict[int, str], *, encoding: object = Name.WinAnsiEncoding, run: bool = False, subtype: str = "/Type1") -> bytes:
    """«Pay 19» in a font that says what its letters are."""
    document = odd_files.document_of("Pay 19")
    rows = [(f"{code:02X}", f"{ord(letter):04X}") for code, letter in letters.items()]
    kind = "range" if run else "char"
    lines = [f"<{code}> <{code}> <{letter}>" if run else f"<{code}> <{letter}>" for code, letter in rows]
    table = f"begincmap {len(lines)} beginbf{kind} {' '.join(lines)} endbf{kind} endcmap"
    font = document.pages[0].obj.Resources.Font.F1
    font.Subtype, font.Encoding, font.ToUnicode = Name(subtype), encoding, document.make_stream(table.encode())
    return odd_files.saved(document)


def named(*names: str, base: bool = False) -> Dictionary:
    encoding = Dictionary(Type=Name.Encoding, Differences=Array([0x31, *(Name(name) for name in names)]))
    if base:
        encoding.BaseEncoding = Name.MacRomanEncoding
    return encoding


@pytest.mark.parametrize(
    "pdf",
    [
        with_table(LIE),
        with_table(LIE, run=True),
        with_table(LIE, subtype="/TrueType"),
        with_table({0x31: "9"}, encoding=named("/one")),
        with_table({0x31: "9"}, encoding=named("/uni0031")),
        with_table({0x32: "B"}, encoding=named("/one", "/A")),
        with_table({0x41: "B"}, encoding=named("/one", base=True)),
    ],
    ids=["letters", "a run", "truetype", "by name", "by number", "the next name", "base"],
)
def test_a_table_that_lies_is_told_with_its_page(pdf):
    assert found(joined(odd_files.sized(595, 842), pdf))["text.differs"] == {"pages": [2], "fonts": ["Helvetica"]}


@pytest.mark.parametrize(
    "pdf",
    [
        odd_files.plain(),
        with_table(TRUE),
        with_table(TRUE, run=True),
        with_table({0x31: "１"}),
        with_table({0x31: "-", 0x39: "契"}, encoding=named("/g12", "/minus", "/C0_1")),
        with_table({0x31: "9"}, encoding=named("/g12")),
        with_table({0x2D: "\u2010"}),
    ],
    ids=["no table", "true", "true run", "full width", "names of no letter", "glyph by number", "hyphen"],
)
def test_a_table_that_may_be_true_is_believed(pdf):
    assert "text.differs" not in found(pdf)


def test_a_table_is_read_no_further_than_it_may_be_long():
    document = pikepdf.new()
    table = pikepdf.Stream(document, odd_files.zeros_deflated(1))
    table.Filter = Name.FlateDecode
    assert len(masking.unpacked(table)) == masking.LONGEST_TABLE
