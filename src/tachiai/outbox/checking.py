"""Checking mails: each that was settled is told of once, as it stands; and how many may have gone out twice."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import partial

from tachiai import ledger
from tachiai.findings import Finding, as_uuid, looked_at, walk
from tachiai.outbox.models import Mail, Result
from tachiai.work.models import TaskState

SETTLED = ("mail.accepted", "mail.refused")


def check_mails(*, since: datetime | None = None) -> Iterator[Finding]:
    """Each mail against its entry and each entry against its mail; with ``since``, those of that time."""
    for rows in walk(Mail.objects.filter(created_at__gte=since) if since else Mail.objects.all()):
        told = ledger.recorded_at(SETTLED, {row.sent_at for row in rows if row.sent_at})
        for row in rows:
            if any(True for _ in _mail(row, told)):
                yield from looked_at(str(row.pk), partial(_again, row.pk))
    for entries in ledger.recorded_as(SETTLED, since=since):
        yield from _entries(entries)


def _again(pk: uuid.UUID) -> Iterator[Finding]:
    row = Mail.objects.get(pk=pk)
    yield from _mail(row, ledger.recorded_at(SETTLED, [row.sent_at] if row.sent_at else []))


def _mail(row: Mail, told: Sequence[ledger.Recorded]) -> Iterator[Finding]:
    settled = row.result in (Result.ACCEPTED, Result.REFUSED)
    if settled != (row.state == TaskState.DONE) or settled != (row.sent_at is not None) or row.result not in Result.values:
        yield Finding("mail.outcome_differs", str(row.pk), f"{row.state}, {row.result}")
    mine = [one for one in told if one.data.get("mail") == str(row.pk)]
    if settled and len(mine) != 1:
        yield Finding("mail.unrecorded" if not mine else "mail.settled_twice", str(row.pk), f"{len(mine)} entries")
    if settled and len(mine) == 1 and not _as_told(row, mine[0]):
        yield Finding("mail.unlike_entry", str(row.pk), f"{row.stream} entry {mine[0].number}")
    # Every claim ends in an outcome, an outage or a strike; one that ended in none was cut off, perhaps after the server's 250.
    cut_off = row.attempt - row.outages - row.strikes - int(settled)
    if settled and cut_off > 0:
        yield Finding("mail.perhaps_twice", str(row.pk), f"{cut_off} attempts were cut off", note=True)


def _as_told(row: Mail, entry: ledger.Recorded) -> bool:
    data = {"mail": str(row.pk), "kind": row.kind, "about": str(row.about) if row.about else None}
    personal = {"to": row.to, "reply": row.reply, "message_id": row.message_id}
    same = (entry.stream, entry.event, entry.data) == (row.stream, f"mail.{row.result}", data)
    return same and entry.personal in ({}, personal)  # erased, or the very same


def _entries(entries: Sequence[ledger.Recorded]) -> Iterator[Finding]:
    named = [pk for one in entries if (pk := as_uuid(one.data.get("mail"))) is not None]
    standing = {str(pk) for pk in Mail.objects.filter(pk__in=named).values_list("pk", flat=True)}
    for entry in entries:
        if (name := str(entry.data.get("mail"))) not in standing:
            yield Finding("mail.missing", name, f"{entry.stream} entry {entry.number}")
