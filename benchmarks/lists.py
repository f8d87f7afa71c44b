"""Lists and the operation log of a house with many envelopes: queries, CPU and bytes of each page.

``python -m benchmarks.lists [--envelopes 10000]``. One envelope goes through the product's own verbs; the others are rows like it, with two
recipients, a document, eight ledger entries each and a record where concluded, so no file stands behind them. Every page is asked for
by Django's own client in this process, logged in, five times after a first: the middle of the CPU times is told, SQLite's included.
"""

from __future__ import annotations

import argparse
import os
import resource
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from random import Random
from statistics import median
from typing import Any

TIMES = 5
# What a page of the desk may cost at most: queries, and milliseconds of CPU.
QUERIES, CPU_MS = 40, 150
STATES = ("concluded",) * 14 + ("in_progress", "in_progress", "declined", "withdrawn", "expired", "draft")
EVENTS = ("envelope.created", "envelope.described", "envelope.sent", "recipient.opened", "document.shown", "recipient.consented")
PAGES = (
    ("home", "/"),
    ("list", "/envelopes"),
    ("list, page 100", "/envelopes?page=100"),
    ("list, needs you", "/envelopes?view=needs_you"),
    ("list, due soon", "/envelopes?view=due_soon"),
    ("list, words", "/envelopes?q=%E7%AC%AC4%E5%8F%B7"),
    ("list, by party", "/envelopes?sort=counterparty"),
    ("list, by deadline", "/envelopes?sort=-deadline"),
    ("list, sent between", "/envelopes?sent_from=2026-01-01&sent_to=2026-12-31"),
    ("list as CSV", "/envelopes/export.csv"),
    ("records", "/documents"),
    ("records, words", "/documents?q=%E7%AC%AC4%E5%8F%B7"),
    ("records, amounts", "/documents?amount_from=1000000&amount_to=2000000"),
    ("validity", "/documents/validity"),
    ("counterparties", "/counterparties"),
    ("log", "/ledger"),
    ("log, one kind", "/ledger?kind=sign"),
    ("log, words", "/ledger?q=%E7%AC%AC4%E5%8F%B7"),
    ("log, failed", "/ledger?result=failed"),
    ("log, address", "/ledger?address=192.0.2.10"),
    ("log as CSV", "/ledger/export.csv"),
    ("users", "/admin/users"),
    ("handover", "/admin/handover"),
)


def cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def fill(count: int) -> dict[str, Any]:
    """The house with its rows; who looks at it."""
    from benchmarks.waiting import _sent
    from tachiai.accounts.models import Member

    original = _sent()
    people = {key: Member.objects.get(mail__startswith=f"{key}@") for key in ("admin", "clerk", "second")}
    for start in range(0, count, 500):
        _copies(original, range(start, min(count, start + 500)))
    return people


def _copies(original: Any, numbers: range) -> None:
    from django.db import transaction

    from tachiai.archive.models import Record
    from tachiai.envelopes.models import Document, Envelope, Recipient
    from tachiai.ledger import Actor, Note, append_many

    dice = Random(numbers.start)  # noqa: S311  # rows for a measurement
    document = original.documents.get()
    people = list(original.recipients.order_by("position"))
    rows: dict[type, list[Any]] = {Envelope: [], Document: [], Recipient: [], Record: []}
    notes = []
    for number in numbers:
        state, at = dice.choice(STATES), original.created_at - timedelta(minutes=30 * number)
        over = {"concluded_at": at + timedelta(days=2)} if state == "concluded" else {}
        envelope = _like(
            original,
            pk=uuid.uuid4(),
            number=f"L-{number:06d}",
            name=f"第{number}号　庁舎清掃業務委託契約",
            counterparty=f"株式会社計測{number % 400}（架空）",
            amount=dice.randrange(0, 9_000_000),
            state=state,
            created_at=at,
            sent_at=at,
            updated_at=at,
            deadline=original.deadline,
            **over,
        )
        rows[Envelope].append(envelope)
        rows[Document].append(_like(document, pk=uuid.uuid4(), envelope_id=envelope.pk))
        done = {"state": "signed", "requested_at": at, "opened_at": at, "consented_at": at + timedelta(hours=number % 300), "signed_at": at}
        asked = {"state": "requested", "requested_at": at}
        for person in people:
            terms = done if state == "concluded" else asked if person.position == 1 else {"state": "waiting"}
            rows[Recipient].append(_like(person, pk=uuid.uuid4(), envelope_id=envelope.pk, **terms))
        if state == "concluded":
            rows[Record].append(_record(envelope, number))
        by = Actor("member", str(original.sender_id))
        trace = {"address": "192.0.2.10" if number % 50 == 0 else "198.51.100.7", "agent": "benchmark"}
        notes += [
            Note(envelope.stream, event, by, at, {"recipient": str(people[0].pk)}, trace) for event in (*EVENTS, "envelope.withdrawn")
        ]
    for model, made in rows.items():
        model._default_manager.bulk_create(made, batch_size=200)  # type: ignore[attr-defined]  # noqa: SLF001
    with transaction.atomic(durable=True):
        append_many(notes)


def _record(envelope: Any, number: int) -> Any:
    from tachiai.archive.models import Record

    return Record(
        organization_id=envelope.organization_id,
        origin=envelope.pk,
        owner_id=envelope.sender_id,
        number=envelope.number,
        title=envelope.name,
        certificate_number=f"L{number:08d}",
        transaction_date=envelope.transaction_date,
        counterparty=envelope.counterparty,
        counterparty_key=envelope.counterparty,
        amount=envelope.amount,
        concluded_at=envelope.concluded_at,
        created_at=envelope.created_at,
    )


def _like(row: Any, **other: Any) -> Any:
    columns = row._meta.concrete_fields  # noqa: SLF001  # Django's public name for it
    facts = {column.attname: getattr(row, column.attname) for column in columns if not column.primary_key}
    return type(row)(**{**facts, **other})


def measure(client: Any, path: str) -> tuple[int, float, int, int]:
    """Status, milliseconds of CPU, queries and bytes of a page."""
    from django.db import connection

    def ask() -> Any:
        answer = client.get(path)
        body = b"".join(answer.streaming_content) if answer.streaming else answer.content
        return answer.status_code, len(body)

    queries: list[str] = []

    def counted(execute: Any, sql: str, *rest: Any) -> Any:
        queries.append(sql)
        return execute(sql, *rest)

    with connection.execute_wrapper(counted):
        status, size = ask()
    times = 1 if "export" in path else TIMES
    return status, median(_timed(ask) for _ in range(times)), len(queries), size


def _timed(ask: Callable[[], object]) -> float:
    before = cpu()
    ask()
    return (cpu() - before) * 1000


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.lists")
    parser.add_argument("--envelopes", type=int, default=10_000)
    parser.add_argument("--home", type=Path, help="an empty folder whose house is kept; without it, one that is thrown away")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="tachiai-lists-") as folder:
        os.environ.update(TACHIAI_HOME=str(options.home or Path(folder) / "home"), TACHIAI_MODE="demo", TACHIAI_MAILBOX="yes")
        os.environ.update(DJANGO_SETTINGS_MODULE="tachiai.config.settings", TACHIAI_PUBLIC_URL="http://testserver")
        from tachiai.cli.houses import collect_static, establish

        house = establish()
        collect_static()
        from tachiai.cli.demo_people import settle_demo_people

        settle_demo_people(house)
        began = time.perf_counter()
        people = fill(options.envelopes)
        print(f"{options.envelopes} envelopes in {time.perf_counter() - began:.0f} s\n")
        return _tell(people)


def _tell(people: dict[str, Any]) -> int:
    from django.test import Client

    broken = 0
    print("| page | who | CPU ms | queries | KB | |\n|---|---|---|---|---|---|")
    for who in ("admin", "clerk"):
        client = Client()
        client.force_login(people[who], backend="tachiai.administration.logins.MemberBackend")
        for name, path in PAGES:
            status, spent, queries, size = measure(client, path)
            whole = name.endswith("CSV")
            fine = status in (200, 403, 404) and queries <= QUERIES and (whole or spent <= CPU_MS)
            broken += not fine
            remark = " ".join(word for word in ("" if fine else "SLOW", "" if status == 200 else str(status)) if word)
            print(f"| {name} | {who} | {spent:.0f} | {queries} | {size / 1024:.0f} | {remark} |")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
