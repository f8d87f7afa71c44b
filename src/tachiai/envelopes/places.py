"""What is asked of whom, as it goes on record: the rows are held against it before anything is done on their word."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from django.db.models import Exists, OuterRef, Q

from tachiai.envelopes.models import Gate, Kind, Proof, Recipient
from tachiai.prepared import Prepared, given


class Told(Protocol):
    """An entry of an envelope's stream."""

    @property
    def event(self) -> str: ...

    @property
    def data(self) -> Any: ...


# The entries that say who is asked what.
NAMING = ("envelope.sent", "recipient.reassigned")


def said_of(person: Recipient, documents: Sequence[uuid.UUID] = ()) -> dict[str, object]:
    """The place of one person, as an entry says it: what is usual is left out. ``documents`` are theirs, if not all of them."""
    told: dict[str, object] = {"order": person.order, "recipient": str(person.pk)}
    if person.slot is not None:
        told["slot"] = person.slot
    if person.kind != Kind.SIGNER:
        told["kind"] = str(person.kind)
    if person.any_one:
        told["any_one"] = True
    if person.gate != Gate.REGISTERED:
        told["gate"] = str(person.gate)
    if person.proof != Proof.PLAIN:
        told["proof"] = str(person.proof)
    if person.deadline is not None:
        told["deadline"] = person.deadline.isoformat()
    if documents:
        told["documents"] = [str(pk) for pk in documents]
    if person.may_reassign:
        told["may_reassign"] = True
    if not person.wants_copy:
        told["wants_copy"] = False
    return told


def on_record(told: Iterable[Told]) -> dict[uuid.UUID, dict[str, Any]]:
    """Everybody's place as the entries leave it: who was sent to, and who was named in somebody's place since."""
    places: dict[uuid.UUID, dict[str, Any]] = {}
    for entry in told:
        if entry.event == "envelope.sent":
            for place in (*entry.data["slots"], *entry.data.get("others", ())):
                places[uuid.UUID(place["recipient"])] = dict(place)
        elif entry.event == "recipient.reassigned":
            old, fresh = places[uuid.UUID(entry.data["recipient"])], dict(entry.data["place"])
            old.pop("wants_copy", None)
            if not entry.data["keeps_copy"]:
                old["wants_copy"] = False
            places[uuid.UUID(fresh["recipient"])] = fresh
    return places


def meant_for(name: str = "recipient") -> Q:
    """Which documents the recipient given as ``name`` is to have; a condition on documents."""
    rows = Recipient.documents.through.objects.filter(recipient=given(name, Recipient))
    return Q(~Exists(rows)) | Q(Exists(rows.filter(document=OuterRef("pk"))))


def documents_meant(envelope: uuid.UUID) -> dict[uuid.UUID, list[uuid.UUID]]:
    """The documents of everybody who is not to have all of them, in their order."""
    found: dict[uuid.UUID, list[uuid.UUID]] = defaultdict(list)
    for recipient, document in _MEANT.all(envelope=envelope):
        found[recipient].append(document)
    return found


_MEANT: Prepared[Any] = Prepared(
    lambda: (
        Recipient.documents.through.objects.filter(recipient__envelope=given("envelope", Recipient, "envelope"))
        .order_by("document__position")
        .values_list("recipient_id", "document_id")
    )
)
