"""A list of authorities: the first that is well stamps, the ill are remembered, and no level is lowered in silence."""

from __future__ import annotations

import hashlib
from concurrent.futures import Future
from datetime import datetime
from itertools import pairwise

import pytest

from pki import MOMENT, hierarchy
from tachiai.crypto.failover import LONGEST_SKIP_SECONDS, LesserStandby, TimestamperList
from tachiai.crypto.timestamps import Token
from tachiai.errors import Outage

DIGEST = hashlib.sha256(b"a contract").digest()
TSA = hierarchy().timestamper()


class Member:
    """An authority under the test's thumb: ``ill`` names its outage; while ``held`` is a list, answers wait in it."""

    embedded = False

    def __init__(self, name: str, *, accredited: bool = True, reserve: int = 100) -> None:
        self.name, self.accredited, self.reserve = name, accredited, reserve
        self.ill: str = ""
        self.mistake: Exception | None = None
        self.refusal: Exception | None = None
        self.asked = 0
        self.held: list[Future[Token]] | None = None

    def timestamp(self, digest: bytes, *, at: datetime) -> Token:
        return self.submit(digest, at=at).result()

    def submit(self, digest: bytes, *, at: datetime) -> Future[Token]:
        self.asked += 1
        if self.refusal is not None:
            raise self.refusal
        answer: Future[Token] = Future()
        if self.held is None:
            self.answer(answer)
        else:
            self.held.append(answer)
        return answer

    def answer(self, answer: Future[Token]) -> None:
        if self.ill:
            answer.set_exception(Outage(self.ill, "told to"))
        elif self.mistake:
            answer.set_exception(self.mistake)
        else:
            token = TSA.timestamp(DIGEST, at=MOMENT)
            answer.set_result(token._replace(tsa_subject=self.name, accredited=self.accredited))


class Seconds:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Seconds:
    return Seconds()


@pytest.fixture
def members() -> list[Member]:
    return [Member("first"), Member("second", reserve=300), Member("third")]


@pytest.fixture
def stampers(members: list[Member], clock: Seconds) -> TimestamperList:
    return TimestamperList(members, clock=clock)


def who(stampers: TimestamperList) -> str:
    return stampers.timestamp(DIGEST, at=MOMENT).tsa_subject


def asked(members: list[Member]) -> tuple[int, ...]:
    return tuple(member.asked for member in members)


def test_the_first_stamps_while_it_is_well(stampers: TimestamperList, members: list[Member]) -> None:
    assert [who(stampers) for _ in range(3)] == ["first"] * 3
    assert asked(members) == (3, 0, 0)
    assert (stampers.name, stampers.reserve, stampers.accredited, stampers.embedded) == ("first, second, third", 300, True, False)


@pytest.mark.parametrize("trouble", ["tsa.unreachable", "tsa.refused", "tsa.bad_reply"])
def test_whatever_ails_the_first_the_next_stamps_at_once(stampers: TimestamperList, members: list[Member], trouble: str) -> None:
    members[0].ill = trouble
    assert [who(stampers) for _ in range(4)] == ["second"] * 4
    assert asked(members) == (1, 4, 0)
    assert stampers.ailing() == [f"first: {trouble}: told to"]


def test_the_ill_are_tried_after_a_while_that_doubles_to_a_minute(stampers: TimestamperList, members: list[Member], clock: Seconds) -> None:
    members[0].ill = "tsa.unreachable"
    tries = []
    for _ in range(4000):
        before = members[0].asked
        assert who(stampers) == "second"
        if members[0].asked > before:
            tries.append(clock.now)
        clock.now += 0.1
    pauses = [round(after - before) for before, after in pairwise(tries)]
    assert pauses[:6] == [1, 2, 4, 8, 16, 32]
    assert set(pauses[6:]) == {round(LONGEST_SKIP_SECONDS)}


def test_preference_returns_with_the_first_success_and_the_pauses_begin_anew(
    stampers: TimestamperList, members: list[Member], clock: Seconds
) -> None:
    members[0].ill = "tsa.refused"
    for pause in (0.0, 1.1, 2.1, 4.1):
        clock.now += pause
        assert who(stampers) == "second"
    members[0].ill = ""
    clock.now += 7.9
    assert who(stampers) == "second"
    clock.now += 0.2
    assert [who(stampers), who(stampers)] == ["first", "first"]
    assert stampers.ailing() == []
    members[0].ill = "tsa.refused"
    assert who(stampers) == "second"
    members[0].ill = ""
    clock.now += 1.1
    assert who(stampers) == "first"


def test_one_request_tries_and_the_others_do_not_wait_for_it(stampers: TimestamperList, members: list[Member], clock: Seconds) -> None:
    members[0].ill = "tsa.unreachable"
    who(stampers)
    members[0].ill, members[0].held = "", []
    clock.now += 1.1
    trying = stampers.submit(DIGEST, at=MOMENT)
    assert [who(stampers) for _ in range(5)] == ["second"] * 5
    assert not trying.done()
    members[0].answer(members[0].held[0])
    members[0].held = None
    assert trying.result().tsa_subject == "first"
    assert who(stampers) == "first"


def test_many_that_fail_together_make_it_ill_once(stampers: TimestamperList, members: list[Member], clock: Seconds) -> None:
    members[0].held = []
    under_way = [stampers.submit(DIGEST, at=MOMENT) for _ in range(300)]
    members[0].ill = "tsa.unreachable"
    for answer in members[0].held:
        members[0].answer(answer)
    assert {one.result().tsa_subject for one in under_way} == {"second"}
    assert asked(members) == (300, 300, 0)
    members[0].held, members[0].ill = None, ""
    clock.now += 1.1
    assert who(stampers) == "first"


def test_late_news_of_an_earlier_request_changes_nothing(stampers: TimestamperList, members: list[Member], clock: Seconds) -> None:
    members[0].held = []
    early, late = (stampers.submit(DIGEST, at=MOMENT) for _ in range(2))
    members[0].ill = "tsa.unreachable"
    members[0].answer(members[0].held[0])
    members[0].ill = ""
    members[0].answer(members[0].held[1])
    members[0].held = None
    assert (early.result().tsa_subject, late.result().tsa_subject) == ("second", "first")
    assert who(stampers) == "second"


def test_when_nobody_stamps_the_outage_names_each(stampers: TimestamperList, members: list[Member], clock: Seconds) -> None:
    for member, trouble in zip(members, ("tsa.unreachable", "tsa.refused", "tsa.bad_reply"), strict=True):
        member.ill = trouble
    with pytest.raises(Outage) as caught:
        who(stampers)
    assert caught.value.code == "tsa.unreachable"
    for member in members:
        assert f"{member.name}: {member.ill}" in caught.value.detail
    with pytest.raises(Outage, match=r"first: skipped after tsa\.unreachable"):
        who(stampers)
    assert asked(members) == (1, 1, 1)
    clock.now += 1.1
    members[1].ill = ""
    assert who(stampers) == "second"


def test_a_mistake_in_the_program_is_not_worked_around(stampers: TimestamperList, members: list[Member]) -> None:
    members[0].mistake = KeyError("a mistake")
    with pytest.raises(KeyError):
        who(stampers)
    assert asked(members) == (1, 0, 0)


def test_a_lesser_standby_must_be_meant(clock: Seconds) -> None:
    accredited, plain = Member("accredited"), Member("plain", accredited=False)
    with pytest.raises(LesserStandby, match="plain"):
        TimestamperList([accredited, plain])
    meant = TimestamperList([accredited, plain], accept_lesser=True, clock=clock)
    assert not meant.accredited
    assert meant.timestamp(DIGEST, at=MOMENT).accredited
    accredited.ill = "tsa.unreachable"
    token = meant.timestamp(DIGEST, at=MOMENT)
    assert (token.accredited, token.tsa_subject) == (False, "plain")
    assert not TimestamperList([plain, accredited]).accredited


def test_a_mistake_further_down_the_list_is_told_to_whoever_waits(stampers: TimestamperList, members: list[Member]) -> None:
    members[0].ill, members[1].refusal = "tsa.unreachable", TypeError("a mistake in the program")
    with pytest.raises(TypeError, match="a mistake"):
        stampers.submit(DIGEST, at=MOMENT).result(timeout=10)
