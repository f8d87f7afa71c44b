"""Arranging: in which order a draft's documents are read and signed, and what they are called."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.db.models import F

from tachiai.accounts.models import Member
from tachiai.envelopes.drafting import MAX_FILES, still_draft
from tachiai.envelopes.events import note
from tachiai.envelopes.models import Document, Envelope
from tachiai.errors import Refusal
from tachiai.outbox import one_line

LONGEST_NAME = 150


def rename_documents(envelope: Envelope, names: Mapping[uuid.UUID, str], *, by: Member, at: datetime) -> None:
    """Call documents of a draft otherwise; those whose name stays are not touched. The file keeps its own name.

    Refuses with ``document.nameless`` (document), and as ``still_draft``.
    """
    plain = {pk: one_line(name, longest=LONGEST_NAME) for pk, name in names.items()}
    for pk, name in plain.items():
        if not name:
            raise Refusal("document.nameless", document=str(pk))
    with transaction.atomic(durable=True):
        still_draft(envelope, by=by)
        for document in Document.objects.filter(envelope=envelope, pk__in=list(plain)).order_by("position"):
            if document.name != plain[document.pk]:
                Document.objects.filter(pk=document.pk).update(name=plain[document.pk])
                note(envelope, "document.renamed", by=by, at=at, data={"document": str(document.pk)})


def move_document(document: Document, *, up: bool, by: Member, at: datetime) -> None:
    """One place nearer to the beginning, or to the end; at the end of the list nothing happens. Refuses as ``still_draft``."""
    with transaction.atomic(durable=True):
        still_draft(document.envelope, by=by)
        order = _order_of(document.envelope)
        place = order.index(document.pk)
        other = place - 1 if up else place + 1
        if 0 <= other < len(order):
            order[place], order[other] = order[other], order[place]
            _arrange(document.envelope, order, by=by, at=at)


def reorder_documents(envelope: Envelope, numbers: Mapping[uuid.UUID, int], *, by: Member, at: datetime) -> None:
    """Put a draft's documents in the order of the numbers given to them. A document without one keeps its own.

    Of the same number, the one that was given it comes before the one that had it, or behind it if it came from before: it stands where
    it was told to. Refuses with ``document.order`` (limit, document), and as ``still_draft``.
    """
    for pk, number in numbers.items():
        if not 1 <= number <= MAX_FILES:
            raise Refusal("document.order", limit=MAX_FILES, document=str(pk))
    with transaction.atomic(durable=True):
        still_draft(envelope, by=by)
        before = _order_of(envelope)
        places = {pk: place for place, pk in enumerate(before, start=1)}
        wanted = sorted(before, key=lambda pk: _rank(numbers.get(pk, places[pk]), places[pk]))
        if wanted != before:
            _arrange(envelope, wanted, by=by, at=at)


def _rank(number: int, place: int) -> tuple[int, int]:
    return number, (number > place) - (number < place)


def _order_of(envelope: Envelope) -> list[uuid.UUID]:
    return list(Document.objects.filter(envelope=envelope).order_by("position").values_list("pk", flat=True))


def _arrange(envelope: Envelope, order: list[uuid.UUID], *, by: Member, at: datetime) -> None:
    """Positions from 1, in the caller's transaction. All move out of the way first: two never stand in one place."""
    highest = max(Document.objects.filter(envelope=envelope).values_list("position", flat=True))
    Document.objects.filter(envelope=envelope).update(position=F("position") + highest)
    for place, pk in enumerate(order, start=1):
        Document.objects.filter(pk=pk).update(position=place)
    Envelope.objects.filter(pk=envelope.pk).update(updated_at=at)
    note(envelope, "documents.reordered", by=by, at=at, data={"documents": [str(pk) for pk in order]})
