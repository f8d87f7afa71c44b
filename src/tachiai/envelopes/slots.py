"""Slots: the places in the order at which somebody signs. Fields belong to a slot and not to a person."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime

from tachiai.envelopes.events import note
from tachiai.envelopes.field_models import Field
from tachiai.envelopes.models import Document, Envelope, Recipient
from tachiai.prepared import Prepared, given
from tachiai.rowwise import Change, change_each


def slots_in(envelope: Envelope) -> dict[int, list[Recipient]]:
    """Every slot of a draft with whoever may sign in it, in the order of slots. Who only reads or receives has none."""
    found: dict[int, list[Recipient]] = {}
    for recipient in _HOLDERS.all(envelope=envelope.pk):
        recipient.envelope = envelope
        found.setdefault(recipient.field, []).append(recipient)
    return found


_HOLDERS = Prepared(
    lambda: Recipient.objects.filter(envelope_id=given("envelope", Recipient, "envelope"), slot__isnull=False).order_by("slot", "position")
)

# Who somebody is, whatever row tells of them, and which of their places it is: in a joint venture one person may have two.
Person = tuple[uuid.UUID | None, uuid.UUID | None, str, int]


def holders(envelope: Envelope) -> dict[Person, int]:
    """Whose slot is which, to be remembered before recipients are named anew."""
    found: dict[Person, int] = {}
    for slot, people in slots_in(envelope).items():
        for one in people:
            times = sum(1 for person in found if person[:3] == (one.registration_id, one.member_id, one.mail))
            found[one.registration_id, one.member_id, one.mail, times] = slot
    return found


def carry_fields(envelope: Envelope, before: Mapping[Person, int], *, at: datetime) -> None:
    """After recipients were named anew: fields follow their person to the slot they have now, in the caller's transaction.

    Those of somebody who is not asked any more are taken out, and the ledger says so.
    """
    fields = _FIELDS.all(envelope=envelope.pk)
    if not fields:
        return
    after = holders(envelope)
    new_of = {slot: after[person] for person, slot in before.items() if person in after}
    lost = [field for field in fields if field.slot not in new_of]
    Field.objects.filter(pk__in=[field.pk for field in lost]).delete()
    for field in lost:
        note(envelope, "field.removed", by=None, at=at, data={"field": str(field.pk)})
    moved = [field for field in fields if field.slot in new_of and new_of[field.slot] != field.slot]
    # Numbers are unique within a slot; on the way one slot may hold those of two, so they pass through slots that do not exist.
    change_each(Field, [Change(field.pk, {"slot": 1000 + field.slot}) for field in moved])
    change_each(Field, [Change(field.pk, {"slot": new_of[field.slot]}) for field in moved])
    for field in moved:
        field.slot = new_of[field.slot]
        note(envelope, "field.moved", by=None, at=at, data=told_of(field))


_FIELDS = Prepared(lambda: Field.objects.filter(document__envelope_id=given("envelope", Document, "envelope")).order_by("pk"))


def told_of(field: Field) -> dict[str, object]:
    """A field as the ledger tells of it: everything but the guide, which may name people."""
    place = {"page": field.page, "left": field.left, "top": field.top, "width": field.width, "height": field.height}
    what = {"slot": field.slot, "number": field.number, "kind": str(field.kind), "required": field.required}
    return {"field": str(field.pk), "document": str(field.document_id), **what, **place}
