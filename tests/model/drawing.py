"""What is drawn: envelopes that the desk would let go out, and whom else one may name."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from model.approvals import AFTER, BEFORE, Route, Step
from model.people import (
    APPROVER,
    COPY,
    ONE_TIME,
    OPEN,
    OURS,
    REGISTERED,
    REVIEWER,
    SIGNER,
    THEIRS,
    Seat,
    Who,
)

WHO = {
    "vendor": Who("vendor@example.jp", THEIRS, "vendor"),
    "builder": Who("builder@example.com", THEIRS, "builder"),
    "heir": Who("heir@example.com", THEIRS, "heir"),
    "third": Who("third@example.net", THEIRS, "third"),
    "typed": Who("typed@example.com", THEIRS),
    "other": Who("other@example.org", THEIRS),
    "mayor": Who("mayor@sakuragaoka.example.jp", OURS),
    "vice": Who("vice@sakuragaoka.example.jp", OURS),
    "second": Who("second@sakuragaoka.example.jp", OURS, may_sign=False),
}
FIRM = ("vendor", "builder", "heir", "typed", "other")
HOUSE = ("mayor", "vice")
# Minutes, or a moment by its name.
PAUSES = (
    "1",
    "11",
    "16",
    "61",
    "1440",
    "4320",
    "10080",
    "15840",
    "20170",
    "131040",
    "past the deadline",
    "past their own day",
    "the last evening",
    "nine o'clock",
    "nine o'clock",
)

Draw = Any


def heirs() -> st.SearchStrategy[Who]:
    """Whoever may be named in somebody's place."""
    return st.sampled_from([WHO[name] for name in ("heir", "third", "typed", "other", "vice", "mayor", "builder", "second")])


@st.composite
def envelopes(draw: Draw) -> tuple[list[Seat], int, int, Route | None]:
    """The seats of an envelope, how many documents it has, how many days it runs, and along which route it is approved."""
    papers = draw(st.sampled_from([1, 1, 1, 2]))
    days = draw(st.sampled_from([30, 26, 20, 12, 45]))
    seats: list[Seat] = []
    for order in range(1, draw(st.integers(1, 3)) + 1):
        seats += draw(groups(order, days=days))
    seats = _with_both_sides(draw, seats)
    if papers == 2 and draw(st.booleans()):
        seats = _of_some_papers(seats)
    for _ in range(draw(st.sampled_from([0, 0, 1, 2]))):
        who = draw(st.sampled_from([WHO["other"], WHO["second"], WHO["third"]]))
        gate = _gate(draw, who)
        seats.append(Seat(who, draw(st.integers(1, 4)), COPY, gate=gate))
    return seats, papers, days, draw(routes()) if draw(st.sampled_from([True, True, False])) else None


@st.composite
def routes(draw: Draw) -> Route:
    """One to three steps, before anything is sent or after the counterparty's signature."""
    steps = []
    for _ in range(draw(st.sampled_from([1, 1, 2, 3]))):
        who = draw(st.lists(st.sampled_from(["second", "chief", "head"]), min_size=1, max_size=2, unique=True))
        any_one = len(who) > 1 and draw(st.booleans())
        # A sender is passed over where any one suffices.
        steps.append(Step((*who, *(["sender"] if any_one and draw(st.booleans()) else [])), any_one))
    return Route(draw(st.sampled_from([BEFORE, AFTER])), tuple(steps))


@st.composite
def groups(draw: Draw, order: int, *, days: int) -> list[Seat]:
    """Those of one number: each for themselves, or any one of them."""
    size = draw(st.sampled_from([1, 1, 2, 2, 3]))
    any_one = size > 1 and draw(st.sampled_from([True, True, False]))
    kind = draw(st.sampled_from([SIGNER, SIGNER, SIGNER, REVIEWER, APPROVER]))
    people = draw(st.lists(st.sampled_from([*FIRM, *HOUSE, "second"]), min_size=size, max_size=size, unique=True))
    return [draw(seats(WHO[name], order, kind if any_one else None, any_one=any_one, days=days)) for name in people]


@st.composite
def seats(draw: Draw, who: Who, order: int, kind: str | None, *, any_one: bool, days: int) -> Seat:
    if kind is None:
        kind = draw(st.sampled_from([SIGNER, SIGNER, SIGNER, REVIEWER, APPROVER]))
    if kind == SIGNER and not who.may_sign:
        who = WHO["mayor"]
    return Seat(
        who,
        order,
        kind,
        any_one=any_one,
        gate=_gate(draw, who),
        own_days=draw(st.sampled_from([0, 0, 0, 3, min(11, days)])),
        may_change=draw(st.booleans()),
        wants_copy=draw(st.sampled_from([True, True, False])),
    )


def _gate(draw: Draw, who: Who) -> str:
    if who.side == OURS:
        return REGISTERED
    gates = [REGISTERED] * 4 if who.filing else []
    return str(draw(st.sampled_from([*gates, ONE_TIME, OPEN])))


def _with_both_sides(draw: Draw, seats: list[Seat]) -> list[Seat]:
    """A contract has a signer on each side; whoever is lacking comes last."""
    last = max(seat.order for seat in seats) + 1
    sides = {seat.who.side for seat in seats if seat.kind == SIGNER}
    added = []
    if THEIRS not in sides:
        added.append(Seat(WHO["vendor"], last, gate=_gate(draw, WHO["vendor"])))
    if OURS not in sides:
        added.append(Seat(WHO["mayor"], last + draw(st.integers(0, 1))))
    return [*seats, *added]


def _of_some_papers(seats: list[Seat]) -> list[Seat]:
    """The first who signs alone gets the first document only; everybody else gets both, so that each document is signed."""
    alone = [seat for seat in seats if not seat.any_one and seat.kind == SIGNER]
    if len([seat for seat in seats if seat.kind == SIGNER]) < 2 or not alone:
        return seats
    return [replace(seat, papers=frozenset({0})) if seat is alone[0] else seat for seat in seats]
