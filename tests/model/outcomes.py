"""What came of a run, told from one process to another and at the end in a table."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path


@dataclass
class Outcome:
    """What one process has done: steps are acts that both sides were asked for."""

    steps: int = 0
    examples: int = 0
    seconds: float = 0.0
    accepted: dict[str, int] = field(default_factory=dict)
    refused: dict[str, int] = field(default_factory=dict)
    reasons: dict[str, int] = field(default_factory=dict)
    states: dict[str, int] = field(default_factory=dict)
    divergences: list[str] = field(default_factory=list)

    def line(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False)

    @staticmethod
    def read(line: str) -> Outcome:
        return Outcome(**json.loads(line))


def together(outcomes: list[Outcome]) -> Outcome:
    whole = Outcome()
    for one in outcomes:
        whole.steps += one.steps
        whole.examples += one.examples
        whole.seconds += one.seconds
        whole.divergences += one.divergences
        for name in ("accepted", "refused", "reasons", "states"):
            setattr(whole, name, dict(Counter(getattr(whole, name)) + Counter(getattr(one, name))))
    return whole


def table(whole: Outcome) -> str:
    """What was done, act by act."""
    acts = sorted(whole.accepted.keys() | whole.refused.keys())
    rows = [f"{name:22}{whole.accepted.get(name, 0):>9}{whole.refused.get(name, 0):>9}" for name in acts]
    ends = ", ".join(f"{count} {state}" for state, count in sorted(whole.states.items()))
    head = f"{whole.steps} steps in {whole.examples} envelopes, {whole.seconds:.0f} CPU seconds, {len(whole.divergences)} divergences"
    why = [f"{count:>9}  {reason}" for reason, count in sorted(whole.reasons.items()) if count]
    return "\n".join(["refused, why (and as what):", *why, f"{'act':22}{'done':>9}{'refused':>9}", *rows, f"left as: {ends}", head])


def append(book: Path, outcome: Outcome) -> None:
    with book.open("a") as lines:
        lines.write(outcome.line() + "\n")
