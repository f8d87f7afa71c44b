"""What happens in the demonstration's data, and when: envelope after envelope, told before anything is done.

Plans are data. The same seed on the same day gives the same plans; every time lies before the evening of yesterday, so that what is
due on a day is due today or later. ``demo_acts`` does what stands here through the product's own verbs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from random import Random

from tachiai.cli.demo_approved import ApprovedShapes
from tachiai.cli.demo_story import DAYS, Days, Plan

OURS = ("mayor", "deputy")
MONTHS_AHEAD = 18


def plan_small(seed: int, today: date) -> list[Plan]:
    """A month or three of a small town: every state, every kind of recipient, once or twice."""
    told = (
        *(("five", 84), ("approved", 76), ("venture", 66), ("any_one", 58), ("expired", 50), ("forwarded", 44), ("declined", 40)),
        *(("parallel", 35), ("withdrawn", 30), ("english", 27), ("fields", 23), ("templated", 20), ("one_time", 17), ("scan", 14)),
        *(("due_3", 25), ("due_0", 21), ("long", 11), ("due_7", 12), ("bounced", 7), ("locked", 6), ("opened", 5), ("templated", 5)),
        *(("own_turn", 4), ("waiting", 3), ("draft", 2), ("bare_draft", 1)),
        *(("or_step", 33), ("after", 24), ("deputised", 10), ("corrected", 9), ("after_waiting", 4), ("awaiting", 2), ("awaiting", 1)),
        *(("awaiting_deputy", 3), ("awaiting_last", 2), ("returned", 3), ("scheduled", 2), ("scheduled_later", 1)),
    )
    return _with_ends(_numbered(seed, today, told), 8, today)


def plan_full(seed: int, today: date) -> list[Plan]:
    """Two hundred and forty envelopes over ninety days, most of them concluded."""
    dice, told = Random(f"{seed}:full"), [("eighty", 60.0), ("ten", 41.0), ("ten", 9.0)]
    for shape, share in _SHARES.items():
        oldest, newest = _SPANS.get(shape, (DAYS - 2, 1))
        told += [(shape, dice.uniform(newest, oldest)) for _ in range(share)]
    return _with_ends(_numbered(seed, today, told), 60, today)


_SHARES = {
    "plain": 55,
    "five": 3,
    "approved": 10,
    "or_step": 5,
    "deputised": 2,
    "corrected": 3,
    "after": 5,
    "after_waiting": 2,
    "awaiting": 5,
    "awaiting_deputy": 2,
    "awaiting_last": 2,
    "returned": 3,
    "scheduled": 2,
    "scheduled_later": 1,
    "scheduled_sent": 4,
    "templated": 14,
    "parallel": 10,
    "venture": 8,
    "any_one": 8,
    "forwarded": 6,
    "english": 8,
    "fields": 6,
    "one_time": 8,
    "scan": 4,
    "expired": 8,
    "declined": 8,
    "withdrawn": 6,
    "long": 2,
    "bounced": 4,
    "locked": 2,
    "opened": 5,
    "own_turn": 5,
    "waiting": 6,
    "due_0": 2,
    "due_1": 2,
    "due_3": 3,
    "due_5": 2,
    "due_7": 3,
    "draft": 3,
}
# Between how many days ago; what is still open was sent within the month.
_SPANS = {
    "expired": (88, 36),
    **dict.fromkeys(("due_0", "due_1", "due_3", "due_5", "due_7"), (22, 9)),
    **dict.fromkeys(("bounced", "locked", "opened", "own_turn", "waiting", "after_waiting"), (9, 2)),
    **dict.fromkeys(("awaiting", "awaiting_deputy", "awaiting_last", "returned"), (7, 1)),
    **dict.fromkeys(("scheduled", "scheduled_later"), (3, 1)),
    "deputised": (11, 5),
    "draft": (12, 1),
}


def plan_tiny(seed: int, today: date) -> list[Plan]:
    """For tests: one concluded, one declined, one under way and one approved by a deputy, one that waits for its moment, one draft."""
    told = (("one_time", 9), ("declined", 6), ("deputised", 4), ("scheduled_later", 2), ("bare_draft", 1))
    return _numbered(seed, today, told)


def _with_ends(plans: list[Plan], count: int, today: date) -> list[Plan]:
    """Of those that both sides have signed so many contracts that end, one after the other over the eighteen months to come."""
    signed = [place for place, plan in enumerate(plans) if any(one.act == "signs" and one.who in OURS for one in plan.steps)]
    chosen = [signed[turn * len(signed) // count] for turn in range(count)] if len(signed) >= count else signed
    for turn, place in enumerate(chosen):
        ends = today + timedelta(days=5 + turn * MONTHS_AHEAD * 30 // count)
        plans[place] = replace(plans[place], ends=ends, renews=turn % 2 == 0)
    return plans


def _numbered(seed: int, today: date, told: Sequence[tuple[str, float]]) -> list[Plan]:
    plans, names = [], set[str]()
    for number, (shape, ago) in enumerate(told, 1):
        maker = _Maker(Days(today, Random(f"{seed}:{number}:{shape}")), number, names)
        plan = maker.plan(shape, ago)
        names.add(plan.name)
        plans.append(plan)
    return plans


class _Maker(ApprovedShapes):
    """One plan, by the name of its shape."""

    def plan(self, shape: str, ago: float) -> Plan:
        made = self.days.made(ago)
        if shape.startswith("due_"):
            return self.due(made, days=int(shape[4:]))
        shapes: dict[str, Callable[[datetime], Plan]] = {
            name.removeprefix("shape_"): getattr(self, name) for name in dir(self) if name.startswith("shape_")
        }
        return shapes[shape](made)
