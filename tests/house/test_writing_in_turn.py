"""Who writes to SQLite waits for those before, threads and processes alike, and for nobody longer than SQLite itself would."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest
from django.db import connection, transaction
from django.db.utils import OperationalError

from cast import assemble
from place import Place
from tachiai.accounts.models import Organization
from tachiai.config.sqlite import base
from tachiai.config.sqlite.base import take_turn

HOLDER = """
import fcntl, sys
file = open(sys.argv[1] + "-queue", "a")
fcntl.flock(file, fcntl.LOCK_EX)
print("held", flush=True)
sys.stdin.read()
"""


def test_threads_take_turns(tmp_path: Path) -> None:
    database, writing, most, done = str(tmp_path / "x.sqlite3"), [0], [0], []

    def write() -> None:
        for _ in range(20):
            turn = take_turn(database)
            assert turn is not None
            writing[0] += 1
            most[0] = max(most[0], writing[0])
            writing[0] -= 1
            turn.end()
        done.append(True)

    threads = [threading.Thread(target=write) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (most, len(done)) == ([1], 6)


def test_another_process_is_waited_for_and_its_death_ends_its_turn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    database = str(tmp_path / "x.sqlite3")
    with subprocess.Popen([sys.executable, "-c", HOLDER, database], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        monkeypatch.setattr(base, "WAIT_SECONDS", 0.05)
        assert take_turn(database) is None
        monkeypatch.setattr(base, "WAIT_SECONDS", 20.0)
        holder.kill()
        turn = take_turn(database)
    assert turn is not None
    turn.end()


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL needs no queue")
def test_a_transaction_holds_its_turn_to_its_end(house: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    assemble()
    name = str(connection.settings_dict["NAME"])
    monkeypatch.setattr(base, "WAIT_SECONDS", 0.02)
    with transaction.atomic():
        assert take_turn(name) is None
        Organization.objects.update(phone="1")
        with pytest.raises(RuntimeError), transaction.atomic():
            raise RuntimeError
        assert take_turn(name) is None
    with pytest.raises(RuntimeError), transaction.atomic():
        raise RuntimeError
    with transaction.atomic():
        connection.close()
        free = take_turn(name)
        assert free is not None
        free.end()
    free = take_turn(name)
    assert free is not None
    free.end()


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL needs no queue")
def test_nobody_needs_the_queue_to_be_safe(house: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two who write at once, one of them without queueing: SQLite refuses the second, as ever."""
    assemble()
    monkeypatch.setattr(base, "WAIT_SECONDS", 0.02)
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout=20")
    refused: list[str] = []

    def write() -> None:
        try:
            with connection.cursor() as cursor:
                cursor.execute("PRAGMA busy_timeout=20")
            with transaction.atomic():
                Organization.objects.update(phone="2")
        except OperationalError as problem:
            refused.append(str(problem))
        connection.close()

    with transaction.atomic():
        Organization.objects.update(phone="1")
        other = threading.Thread(target=write)
        other.start()
        other.join()
    assert refused == ["database is locked"]
    assert set(Organization.objects.values_list("phone", flat=True)) == {"1"}
