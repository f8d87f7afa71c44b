"""Runs of the state machine: so many steps of it, and what came of them."""

from __future__ import annotations

import itertools
import time
import traceback
from collections.abc import Iterator
from typing import Any

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from model.houses import Ground
from model.machine import Envelopes
from model.outcomes import Outcome
from model.sides import Tally

STEPS_AN_EXAMPLE = 50
EXAMPLES_A_BATCH = 25


def terms(*, examples: int, steps: int, **more: Any) -> settings:
    """How hypothesis is to go about it: as long as it takes, and without a memory of other runs."""
    return settings(
        max_examples=examples,
        stateful_step_count=steps,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        **more,
    )


def run(ground: Ground, *, steps: int, first: int, stride: int = 1) -> Iterator[Outcome]:
    """Batch after batch, each from a seed of its own, until so many steps were done; after a divergence the next is begun."""
    Envelopes.ground, done = ground, 0
    for number in itertools.count(first, stride):
        if done >= steps:
            return
        Envelopes.tally, began = Tally(), time.process_time()
        told = batch(number)
        tally = Envelopes.tally
        outcome = Outcome(tally.steps, tally.examples, time.process_time() - began, divergences=[told] if told else [])
        for name in ("accepted", "refused", "reasons", "states"):
            setattr(outcome, name, dict(getattr(tally, name)))
        done += tally.steps
        yield outcome


def batch(number: int, *, examples: int = EXAMPLES_A_BATCH, steps: int = STEPS_AN_EXAMPLE) -> str:
    """The examples of one seed; nothing, or the shrunk sequence of the first in which the two differ."""
    seed(number)(Envelopes)
    try:
        run_state_machine_as_test(Envelopes, settings=terms(examples=examples, steps=steps, phases=(Phase.generate, Phase.shrink)))
    except Exception as problem:  # whatever it is, it is what this looks for
        return f"seed {number}\n" + "".join(traceback.format_exception(problem))[-12_000:]
    return ""
