"""A ring wakes who waits, in this process and in others, and never before the rows that it is about are there."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection, connections, transaction

from place import Place
from tachiai import work
from tachiai.outbox.models import Mail
from tachiai.work import bells

RING = """
import django; django.setup()
from tachiai import work
from tachiai.outbox.models import Mail
from django.db import transaction
with transaction.atomic():
    work.ring(Mail)
"""


@pytest.fixture
def bell(house: Place) -> Iterator[threading.Event]:
    """A bell for mails that hangs in this process, and a thread that listens."""
    stop, rung = threading.Event(), threading.Event()
    work.hang(Mail, rung)

    def listening() -> None:
        work.listen(stop)
        connections.close_all()

    thread = threading.Thread(target=listening)
    thread.start()
    assert rung.wait(10), "whoever begins to listen looks once"
    rung.clear()
    yield rung
    stop.set()
    thread.join()
    work.take_down()


def test_a_ring_is_heard_when_the_transaction_commits(bell: threading.Event) -> None:
    with transaction.atomic():
        work.ring(Mail)
        assert not bell.wait(0.2)
    assert bell.wait(5)
    bell.clear()
    with transaction.atomic():
        work.ring(Mail)
        transaction.set_rollback(True)
    assert not bell.wait(0.2)
    work.ring(Mail)
    assert bell.wait(5)


def test_a_ring_for_something_else_wakes_nobody(bell: threading.Event) -> None:
    from tachiai.envelopes.models import CloseTask

    work.ring(CloseTask)
    assert not bell.wait(0.2)


def test_another_process_is_heard(house: Place, bell: threading.Event) -> None:
    environment = {**os.environ, "TACHIAI_HOME": str(house.home)}
    subprocess.run([sys.executable, "-c", RING], env=environment, check=True, timeout=60)
    assert bell.wait(5)


def test_nobody_listening_is_no_trouble(house: Place) -> None:
    work.ring(Mail)
    with transaction.atomic():
        work.ring(Mail)


@pytest.mark.skipif(bool(os.environ.get("TACHIAI_TESTS_POSTGRES")), reason="PostgreSQL keeps no pipes")
def test_the_pipe_of_a_worker_that_was_killed_is_swept_away(house: Place, bell: threading.Event) -> None:
    folder = house.home / "bells"
    os.mkfifo(folder / "4194999.bell")
    (folder / "notes.txt").write_text("not ours")
    work.ring(Mail)
    assert bell.wait(5)
    assert sorted(path.name for path in folder.iterdir()) == sorted([f"{os.getpid()}.bell", "notes.txt"])


def test_a_full_pipe_holds_nobody_up(house: Place, bell: threading.Event, monkeypatch: pytest.MonkeyPatch) -> None:
    if connection.vendor == "postgresql":
        monkeypatch.setattr(bells.connection, "vendor", "sqlite", raising=False)
    for _ in range(3):
        rings: list[Any] = [work.ring(Mail) for _ in range(2000)]
        assert len(rings) == 2000
