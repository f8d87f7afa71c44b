"""Appending: the one way an entry comes into being, always inside the transaction of what it records."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime

from django.db import connection

from tachiai.crypto.canonical import canonical
from tachiai.ledger.actors import Actor
from tachiai.ledger.formats import commitment, entry_body, entry_digest
from tachiai.ledger.models import Entry, Personal, Stream


def append(
    stream: str,
    event: str,
    *,
    by: Actor,
    at: datetime,
    data: Mapping[str, object] | None = None,
    personal: Mapping[str, object] | None = None,
) -> Entry:
    """Append one entry v1 to ``stream`` (docs/formats/ledger-entry.md).

    ``data`` holds ids, digests and plain facts; whatever names or traces a person goes into ``personal``.
    Raises ``RuntimeError`` outside a transaction: an act and its entry stand or fall together.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("a ledger entry is appended in the transaction of the act it records")
    head = _locked_head(stream)
    salt = secrets.token_bytes(32)
    told = canonical(dict(personal)) if personal else b""
    body = entry_body(
        stream=stream,
        number=head.length + 1,
        previous=bytes(head.head),
        at=at,
        event=event,
        by=by.told(),
        data=dict(data or {}),
        personal=commitment(salt, told) if personal else None,
    )
    digest = entry_digest(body)
    entry = Entry.objects.create(stream=head, number=head.length + 1, event=event, at=at, body=body, digest=digest)
    if personal:
        Personal.objects.create(entry=entry, salt=salt, body=told)
    Stream.objects.filter(pk=head.pk).update(length=head.length + 1, head=digest)
    return entry


def _locked_head(stream: str) -> Stream:
    head = Stream.objects.select_for_update().filter(name=stream).first()
    if head is None:
        Stream.objects.bulk_create([Stream(name=stream)], ignore_conflicts=True)
        head = Stream.objects.select_for_update().get(name=stream)
    return head
