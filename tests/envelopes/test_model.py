"""The quick form of ``make model``: envelopes live as an independent reference model says, whatever happens to them in whatever order."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import Phase
from hypothesis.stateful import run_state_machine_as_test

from cast import Cast
from model.houses import Ground
from model.machine import Envelopes
from model.runs import terms
from model.sides import Tally
from place import Place
from tachiai import clock


@pytest.fixture
def tally(house: Place, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> Iterator[Tally]:
    ground = Ground(house.home, cast, server=os.environ.get("TACHIAI_TESTS_POSTGRES", ""))
    monkeypatch.setattr(clock, "now", ground.clock.now)
    monkeypatch.setattr(Envelopes, "ground", ground, raising=False)
    monkeypatch.setattr(Envelopes, "tally", Tally())
    yield Envelopes.tally
    ground.leave()


@pytest.mark.slow
def test_envelopes_live_as_the_reference_model_says(tally: Tally) -> None:
    """The same envelopes each time, so that whoever changes something learns of it by what they have changed."""
    run_state_machine_as_test(Envelopes, settings=terms(examples=12, steps=25, derandomize=True, phases=(Phase.generate,)))
    assert tally.steps > 200
    assert tally.states["concluded"], "nothing came to its end: this proves little"
    assert sum(tally.refused.values()) > 20, "nothing was refused: this proves little"
