"""Reading a stream back as facts for a timeline."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tachiai.ledger.models import Entry


@dataclass(frozen=True)
class Told:
    """One entry as a reader sees it: what, when, by whom, with the personal data that has not been erased."""

    number: int
    event: str
    at: datetime
    by: dict[str, str]
    data: dict[str, Any]
    personal: dict[str, Any]


def entries(stream: str, *, events: Collection[str] = ()) -> list[Told]:
    """The entries of a stream, oldest first; only those of ``events``, if any are named."""
    rows = Entry.objects.filter(stream__name=stream).order_by("number").select_related("personal")
    if events:
        rows = rows.filter(event__in=events)
    return [told(row) for row in rows]


def latest(stream: str, event: str) -> Told | None:
    """The newest entry of one kind in a stream, if there is any."""
    row = Entry.objects.filter(stream__name=stream, event=event).order_by("-number").select_related("personal").first()
    return told(row) if row else None


def told(row: Entry) -> Told:
    """A row, read with its personal data, as a reader sees it."""
    body = json.loads(bytes(row.body))
    personal = getattr(row, "personal", None)
    return Told(row.number, row.event, row.at, body["by"], body["data"], json.loads(bytes(personal.body)) if personal else {})
