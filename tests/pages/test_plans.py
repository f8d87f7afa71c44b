"""The sealer's plan comes with the inspection: made in the child, and a file it cannot be made for is told at the door."""

from __future__ import annotations

import io

import pikepdf
import pytest
from pikepdf import Dictionary, Name, String

from crypto import hand_made, pdfs
from tachiai.crypto import planning, plans
from tachiai.errors import Refusal
from tachiai.pages.inspect import inspect, normalise, plan


def with_endless_form() -> bytes:
    """A form of forty storeys: readers do not mind, and the sealer will not climb it."""
    with pikepdf.open(io.BytesIO(pdfs.plain())) as document:
        field = Dictionary(T=String("leaf"), FT=Name.Tx)
        for number in range(40):
            field = Dictionary(T=String(f"floor{number}"), Kids=[document.make_indirect(field)])
        document.Root.AcroForm = Dictionary(Fields=[document.make_indirect(field)])
        held = io.BytesIO()
        document.save(held, static_id=True)
    return held.getvalue()


def test_the_inspection_brings_the_plan_of_the_file() -> None:
    pdf = pdfs.plain(pages=2, form=True)
    assert plans.read_plan(inspect(pdf).plan) == planning.plan(pdf)


def test_what_cannot_be_appended_to_is_told_at_the_door() -> None:
    pdf = with_endless_form()
    with pytest.raises(Refusal, match=r"file\.unwritable"):
        planning.plan(pdf)
    found = inspect(pdf)
    assert [finding.code for finding in found.reasons_to_normalise] == ["file.unwritable"]
    assert found.plan == b""
    with pytest.raises(Refusal, match=r"file\.unwritable"):
        normalise(pdf)  # a rewrite keeps the storeys


def test_a_lost_plan_is_made_again_in_a_child_for_the_pages_that_are_asked_for() -> None:
    pdf = pdfs.plain(pages=3)
    assert plans.read_plan(plan(pdf, pages=(3, 1))) == planning.plan(pdf, pages=(1, 3))
    with pytest.raises(Refusal, match=r"file\.page_missing"):
        plan(pdf, pages=(4,))
    with pytest.raises(Refusal, match=r"file\.unreadable"):
        plan(pdf.replace(b"/Root", b"/Boot"))


def test_a_page_turned_askew_is_set_right_before_anybody_sees_it() -> None:
    """Readers differ about it: one shows it upright, another lying on its side."""
    askew = hand_made.one(page=b" /Rotate 45")
    assert [finding.code for finding in inspect(askew).reasons_to_normalise] == ["file.repaired"]
    assert planning.plan(normalise(askew)).pages[1].view.turned == 0


def test_page_trees_that_miscount_are_mended() -> None:
    for pages in (b"/Kids [3 0 R] /Count 2", b"/Kids [null 3 0 R] /Count 2"):
        miscounting = hand_made.one(pages=pages)
        assert inspect(miscounting).reasons_to_normalise
        assert inspect(normalise(miscounting)).page_count == 1
