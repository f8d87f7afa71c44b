"""How often may be asked."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import connections
from django.test import RequestFactory

from tachiai import clock
from tachiai.web.verifier import limits

pytestmark = pytest.mark.usefixtures("house")


def test_a_window_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    started = clock.now()
    asked = RequestFactory().get("/v")
    assert [limits.spend(asked, "files", limit=1) for _ in range(3)] == [True, False, False]
    monkeypatch.setattr(clock, "now", lambda: started + timedelta(seconds=limits.WINDOW_SECONDS + 1))
    assert limits.spend(asked, "files", limit=1)


def test_questions_at_the_same_instant_are_counted_each() -> None:
    cache.clear()
    start, granted = threading.Barrier(6), []

    def ask() -> None:
        start.wait()
        try:
            granted.extend(limits.spend_from_all("reports", limit=7) for _ in range(3))
        finally:
            connections.close_all()

    crowd = [threading.Thread(target=ask) for _ in range(6)]
    for one in crowd:
        one.start()
    for one in crowd:
        one.join()
    assert (len(granted), sum(granted)) == (18, 7)


def test_many_addresses_do_not_push_out_the_count_of_one() -> None:
    cache.clear()
    near = RequestFactory().get("/v")
    near.META["TACHIAI_ADDRESS"] = "192.0.2.1"
    assert limits.spend(near, "files", limit=1)
    for number in range(400):
        cache.set(f"zzz-{number}", 1, limits.WINDOW_SECONDS)
    assert not limits.spend(near, "files", limit=1)
