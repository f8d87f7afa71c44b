"""Checking a stream from its raw rows: numbers without gaps, digests that match, each entry naming the one before."""

from __future__ import annotations

import json

from tachiai.errors import Refusal
from tachiai.ledger.formats import commitment, entry_digest, instant
from tachiai.ledger.models import Entry, Stream


def check_stream(name: str) -> int:
    """Re-derive the whole chain of ``name`` and return its length.

    Refuses with ``ledger.broken`` and the first number at which the rows cannot be what was appended.
    """
    head = Stream.objects.get(name=name)
    previous, number = bytes(32), 0
    for number, entry in enumerate(head.entries.order_by("number").select_related("personal"), start=1):
        if entry.number != number or not _holds(entry, stream=name, number=number, previous=previous):
            raise Refusal("ledger.broken", stream=name, number=number)
        previous = bytes(entry.digest)
    if head.length != number or bytes(head.head) != previous:
        raise Refusal("ledger.broken", stream=name, number=number + 1)
    return number


def _holds(entry: Entry, *, stream: str, number: int, previous: bytes) -> bool:
    try:
        body = bytes(entry.body)
        if entry_digest(body) != bytes(entry.digest):
            return False
        told = json.loads(body)
        linked = (told["stream"], told["seq"], told["previous"]) == (stream, number, previous.hex())
        # The columns are for finding, but lists and timelines show them: they may not say anything else.
        shown = (told["event"], told["at"]) == (entry.event, instant(entry.at))
        return linked and shown and _personal_holds(entry, told["personal"])
    except (ValueError, KeyError, TypeError):
        return False  # not an entry at all, whoever computed its digest


def _personal_holds(entry: Entry, committed: str | None) -> bool:
    """Erased personal data is no break; personal data that differs from its commitment is."""
    personal = getattr(entry, "personal", None)
    if personal is None:
        return True
    return committed == commitment(bytes(personal.salt), bytes(personal.body)).hex()
