"""The sealer's plan comes with the inspection: made in the child, and a file it cannot be made for is told at the door."""

from __future__ import annotations

import io

import pikepdf
import pytest
from pikepdf import Dictionary, Name, String

from crypto import pdfs
from tachiai.crypto import planning, plans
from tachiai.errors import Refusal
from tachiai.pages.inspect import inspect, normalise


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
