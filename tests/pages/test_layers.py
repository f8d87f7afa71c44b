"""A layer that is not seen by everybody is told with its name and pages; one that prints otherwise than it looks is made alike."""

from __future__ import annotations

import pytest

from crypto.test_pades import foreign
from pages import odd_layers
from pages.odd_layers import layered, stated
from pages.test_inspect import found
from tachiai.pages.inspect import inspect, normalise
from tachiai.pages.render import render

HIDDEN = "content.hidden_layer"


def test_layers_are_told_with_names_and_pages():
    assert found(layered())["content.layers"] == {"layers": 1, "names": ["Discount"], "pages": [1]}
    assert HIDDEN not in found(layered())


@pytest.mark.parametrize(
    "pdf",
    [
        layered(odd_layers.off),
        layered(odd_layers.off_by_default),
        layered(membership=odd_layers.unless),
        layered(membership=odd_layers.not_expressed),
        layered(odd_layers.off, membership=odd_layers.with_it),
    ],
    ids=["off", "off by default", "shown without", "not by an expression", "through another"],
)
def test_what_is_hidden_when_the_file_is_opened_is_told(pdf):
    inspection = inspect(pdf)
    (finding,) = [one for one in inspection.warnings if one.code == HIDDEN]
    assert dict(finding.facts) == {"layers": ["Discount"], "pages": [1], "print_differs": False}
    assert inspection.reasons_to_normalise == ()


@pytest.mark.parametrize(
    "pdf",
    [
        layered(odd_layers.on_again),
        layered(odd_layers.off, used=False),
        layered(odd_layers.off, membership=odd_layers.unless),
        layered(stated(view="ON", printed="ON")),
    ],
    ids=["on again", "unused", "shown while off", "alike"],
)
def test_what_everybody_sees_is_no_hidden_layer(pdf):
    assert HIDDEN not in found(pdf)


@pytest.mark.parametrize(
    "pdf",
    [
        layered(stated(view="ON", printed="OFF")),
        layered(stated(view="ON", printed="OFF", applied=False)),
        layered(stated(view="OFF", printed="OFF")),
        layered(odd_layers.by_language),
    ],
    ids=["paper", "paper in some readers", "some readers", "language"],
)
def test_a_layer_that_is_not_the_same_everywhere_is_made_alike(pdf):
    (finding,) = inspect(pdf).reasons_to_normalise
    assert (finding.code, dict(finding.facts)) == (HIDDEN, {"layers": ["Discount"], "pages": [1], "print_differs": True})
    rewritten = normalise(pdf)
    assert HIDDEN not in found(rewritten)
    assert "Discount 50" in render(rewritten).pages[0].text


def test_a_signed_file_is_told_of_and_kept():
    inspection = inspect(foreign(layered(stated(view="ON", printed="OFF"))))
    assert HIDDEN in [finding.code for finding in inspection.warnings]
    assert inspection.reasons_to_normalise == ()
