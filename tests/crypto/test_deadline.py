"""The bound on a judge's CPU time."""

from __future__ import annotations

import threading
import time

import pytest

from tachiai.crypto.deadline import within
from tachiai.crypto.standing import parsing
from tachiai.errors import Outage


def spin(seconds: float) -> None:
    until = time.thread_time() + seconds
    while time.thread_time() < until:
        pass


def test_what_ends_in_time_is_left_alone() -> None:
    with within(5, code="seal.overdue"):
        spin(0.01)
    assert not [thread for thread in threading.enumerate() if thread.name == "deadline" and thread.is_alive() and not thread.daemon]


def test_what_takes_too_long_is_an_outage_and_never_a_verdict() -> None:
    with pytest.raises(Outage, match=r"seal\.overdue"), within(0.1, code="seal.overdue"), parsing():
        spin(60)


def test_what_swallows_everything_is_ended_all_the_same() -> None:
    def swallow() -> None:
        try:
            spin(60)
        except BaseException:
            spin(60)

    with pytest.raises(Outage, match=r"seal\.overdue"), within(0.1, code="seal.overdue"):
        swallow()


def test_an_error_of_its_own_comes_through() -> None:
    with pytest.raises(ValueError, match="own"), within(5, code="seal.overdue"):
        raise ValueError("own")


def test_another_thread_is_not_disturbed() -> None:
    disturbed: list[BaseException] = []

    def work() -> None:
        try:
            spin(0.5)
        except BaseException as raised:
            disturbed.append(raised)

    other = threading.Thread(target=work)
    other.start()
    with pytest.raises(Outage), within(0.1, code="seal.overdue"):
        spin(60)
    other.join()
    assert disturbed == []
