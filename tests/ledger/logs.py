"""A log to be tested: entries by the hundred without the story around them, and hands that no trigger holds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.db import connection, transaction

from tachiai import ledger
from tachiai.crypto.merkle import Node, nodes_over
from tachiai.ledger import Actor, Checkpoint, Note
from tachiai.ledger.models import Entry, Leaf

AT = datetime(2026, 11, 23, 8, 5, tzinfo=UTC)
TREE = ("ledger_epoch", "ledger_leaf", "ledger_tile", "ledger_checkpoint", "ledger_checkpointstamp", "ledger_laterstamp")
TABLES = (*TREE, "ledger_entry", "ledger_personal")


def write(count: int, *, stream: str = "envelope:logged") -> None:
    """``count`` more entries of one stream."""
    notes = [Note(stream, "tested", Actor.house(), AT + timedelta(seconds=number), {"number": number}) for number in range(count)]
    with transaction.atomic(durable=True):
        ledger.append_many(notes)


def grow(count: int, *, stream: str = "envelope:logged") -> Checkpoint:
    """``count`` more entries with their places, and the checkpoint over them."""
    write(count, stream=stream)
    ledger.integrate(at=AT)
    made = ledger.checkpoint(at=AT, reason="test")
    assert made is not None
    return made


def leaves() -> list[bytes]:
    """The digests of all entries by their places, in the epoch that grows."""
    rows = Leaf.objects.filter(epoch=ledger.current_epoch()).order_by("index")
    assert list(rows.values_list("index", flat=True)) == list(range(rows.count()))
    return [bytes(digest) for digest in rows.values_list("entry__digest", flat=True)]


def derived() -> Node:
    return nodes_over(leaves())


def lift_triggers() -> None:
    """An administrator with the database in their hands."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            for table in TABLES:
                cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            return
        cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name LIKE 'ledger_%'")
        for (name,) in cursor.fetchall():
            cursor.execute(f"DROP TRIGGER {name}")


def codes(findings: list[ledger.Finding]) -> set[str]:
    return {finding.code for finding in findings}


def without_places() -> int:
    return Entry.objects.exclude(pk__in=Leaf.objects.filter(epoch=ledger.current_epoch()).values("entry")).count()
