"""Two connections on PostgreSQL, where ids are handed out in order and committed in any (run by ``tests/house/test_running.py``)."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import connection, connections, transaction

from ledger.logs import AT, grow, leaves, lift_triggers, without_places, write
from tachiai import ledger
from tachiai.ledger import sequencing
from tachiai.ledger.epochs import held_epoch
from tachiai.ledger.models import Entry, Leaf

pytestmark = pytest.mark.usefixtures("house")


@contextmanager
def slow_transaction(stream: str) -> Iterator[None]:
    """An entry written by another connection, which commits it only when the block ends."""
    written, may_commit = threading.Event(), threading.Event()

    def act() -> None:
        with transaction.atomic(durable=True):
            ledger.append(stream, "tested.late", by=ledger.Actor.house(), at=AT)
            written.set()
            assert may_commit.wait(60)
        connections.close_all()

    thread = threading.Thread(target=act)
    thread.start()
    assert written.wait(60)
    try:
        yield
    finally:
        may_commit.set()
        thread.join(60)


def mark() -> sequencing._Mark:
    return sequencing._marks[(str(connection.settings_dict["NAME"]), 1)]


def test_an_entry_that_is_committed_late_gets_its_place() -> None:
    write(3)
    ledger.integrate(at=AT)
    with slow_transaction("envelope:slow"):
        write(5)
        # However often we look while it is open: nobody waits for it, and it is not taken for settled.
        assert [ledger.integrate(at=AT) for _ in range(3)] == [5, 0, 0]
        late = mark().settled
        assert late <= Entry.objects.filter(stream__name="envelope:logged", number=3).get().pk
    assert without_places() == 1
    assert ledger.integrate(at=AT) == 1
    assert leaves()[-1] == bytes(Entry.objects.get(event="tested.late").digest)
    # Now everything below is over, and looks begin at the end.
    for _ in range(2):
        ledger.integrate(at=AT)
    assert mark().settled == Entry.objects.latest("pk").pk
    assert ledger.check_tree() == []


def test_nobody_who_appends_waits_for_whoever_gives_places() -> None:
    grow(3)

    def act() -> None:
        write(3, stream="envelope:meanwhile")
        connections.close_all()

    with transaction.atomic():
        held_epoch()
        thread = threading.Thread(target=act)
        thread.start()
        thread.join(60)
        assert not thread.is_alive()
        assert Entry.objects.filter(stream__name="envelope:meanwhile").count() == 3


def test_what_a_process_overlooked_is_found_by_the_sweep() -> None:
    grow(3)
    mark().settled = Entry.objects.latest("pk").pk
    lift_triggers()
    Leaf.objects.filter(index=2).delete()
    assert ledger.integrate(at=AT) == 0
    assert ledger.integrate(at=AT, sweep=True) == 1
