"""A field that shows something else than it holds is told by its name, and one that shows the same in its own way is left in peace."""

from __future__ import annotations

import io

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name, String

from pages import odd_forms
from pages.odd_files import plain, with_field
from pages.odd_forms import box, inherited, line, radio, streamed, text_field
from pages.test_inspect import found
from tachiai.pages import form_values

CODE = "form.value_differs"
COMB, MULTILINE, PASSWORD, COMBO, PUSH = 1 << 24, 1 << 12, 1 << 13, 1 << 17, 1 << 16
CHOICE = {
    "FT": Name.Ch,
    "flags": COMBO,
    "Opt": Array([Array([String("a"), String("One year")]), Array([String("b"), String("Two years")])]),
}

DIFFERING = {
    "other words": (text_field("900", line("100")), "fee", "text"),
    "a part of it": (text_field("Pay 100 and 900 later", line("Pay 100")), "fee", "text"),
    "more than it": (text_field("100", line("100") + line("000", x=60)), "fee", "text"),
    "words without a value": (text_field(None, line("100")), "fee", "text"),
    "nothing is drawn": (text_field("900", None), "fee", "missing"),
    "an empty look": (text_field("900", "/Tx BMC EMC"), "fee", "missing"),
    "up to the reader": (with_field("Sakura"), "party", "missing"),
    "held above": (inherited("900", "100"), "fees.first", "text"),
    "in a stream": (streamed("900", "100"), "fee", "text"),
    "with the fonts of the form": (text_field("900", line("100"), own_fonts=False), "fee", "text"),
    "another choice": (text_field("b", line("One year"), **CHOICE), "fee", "text"),
    "ticked, and held as not": (box("Off", "Yes"), "agreed", "state"),
    "ticked without a value": (box(None, "Yes"), "agreed", "state"),
    "not ticked, and held as ticked": (box("Yes", "Off"), "agreed", "state"),
    "a tick that is not drawn": (box("Yes", "Yes", looks=("On", "Off")), "agreed", "state"),
    "a tick without any look": (box("Yes", "Yes", looks=None), "agreed", "missing"),
    "another button": (radio("a", {"a": "Off", "b": "b"}), "term", "state"),
}

ALIKE = {
    "no form": plain(),
    "the same": text_field("Pay 100", line("Pay 100")),
    "nothing": text_field(None, None),
    "an empty text": text_field("", "/Tx BMC EMC"),
    "one letter to a cell": text_field("1234", "".join(line(digit, x=2 + 60 * place) for place, digit in enumerate("1234")), flags=COMB),
    "lines that are broken": text_field(
        "Pay 100 yen\rby April", line("Pay 100", y=28) + line("yen", y=16) + line("by April", y=2), flags=MULTILINE
    ),
    "other marks": text_field("1,000", line("1 000")),
    "full width": text_field("１００", line("100")),
    "umlauts": text_field("Müller & Söhne", line("Müller & Söhne")),
    "a password": text_field("secret", line("******"), flags=PASSWORD),
    "a mark": text_field("\u25cb", None),
    "not shown": text_field("900", line("100"), shown=2),
    "held above": inherited("100", "100"),
    "in a stream": streamed("100", "100"),
    "with the fonts of the form": text_field("100", line("100"), own_fonts=False),
    "a choice by its words": text_field("b", line("Two years"), **CHOICE),
    "a choice by its value": text_field("b", line("b"), **CHOICE),
    "a list to choose from": text_field("b", line("One year") + line("Two years", y=2), FT=Name.Ch),
    "ticked": box("Yes", "Yes"),
    "not ticked": box("Off", "Off"),
    "never touched": box(None, "Off"),
    "by its value": box("Yes", None),
    "no look for off": box(None, "Off", looks=("Yes",)),
    "not ticked, no look": box("Off", "Off", looks=None),
    "something to press": box("Yes", "Off", flags=PUSH),
    "the same button": radio("b", {"a": "Off", "b": "b"}),
}


@pytest.mark.parametrize("name", DIFFERING)
def test_a_field_that_shows_something_else_is_told(name):
    pdf, field, reason = DIFFERING[name]
    assert found(pdf)[CODE] == {"pages": [1], "fields": [field], "reasons": [reason]}


@pytest.mark.parametrize("name", ALIKE)
def test_a_field_that_shows_what_it_holds_is_not_spoken_of(name):
    assert CODE not in found(ALIKE[name])


def test_a_font_that_does_not_tell_its_letters_is_not_judged():
    document = odd_forms.document_of("Form")
    shown = odd_forms.look(document, "BT /F1 12 Tf 2 12 Td (\x01\x02) Tj ET")
    shown.Resources.Font.F1.Encoding = Dictionary(Differences=Array([1, Name("/g1"), Name("/g2")]))
    widget = Dictionary(Type=Name.Annot, Subtype=Name.Widget, FT=Name.Tx, T=String("fee"), F=4, Rect=odd_forms.BOX, V=String("12"))
    widget.AP = Dictionary(N=shown)
    assert CODE not in found(odd_forms.with_widgets(document, widget))


def test_of_too_many_fields_it_is_said(monkeypatch):
    monkeypatch.setattr(form_values, "MOST_WIDGETS", 5)
    for count, told in ((5, []), (6, [{"pages": [1], "fields": [], "reasons": ["unchecked"]}])):
        with pikepdf.open(io.BytesIO(odd_forms.many(count))) as document:
            assert [dict(one.facts) for one in form_values.value_findings(document)] == told
