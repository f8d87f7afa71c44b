"""What an approval is about, as one digest: documents, recipients, fields, values and what is said of the envelope."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping
from datetime import date
from typing import Any

from tachiai.accounts.route_models import Timing
from tachiai.crypto.canonical import canonical
from tachiai.envelopes.describing import information_of
from tachiai.envelopes.field_models import Field, FieldEntry
from tachiai.envelopes.holding import documents_of
from tachiai.envelopes.models import Document, Envelope, Recipient, Revision
from tachiai.envelopes.places import documents_meant, said_of
from tachiai.envelopes.states import RecipientState

Places = Mapping[uuid.UUID, Mapping[str, Any]]
AGREED = (RecipientState.CONSENTED, RecipientState.SIGNED)


def digest_of(envelope: Envelope, *, salt: bytes, timing: Timing, places: Places | None = None) -> bytes:
    """SHA-256 over ``salt`` and the canonical content (docs/formats/approval.md).

    ``places`` are the recipients as an entry says them, where the rows have gone on since; nobody else counts then.
    """
    return hashlib.sha256(salt + canonical(content_of(envelope, timing=timing, places=places))).digest()


def document_digests(envelope: Envelope, *, timing: Timing) -> dict[uuid.UUID, bytes]:
    """The documents' SHA-256, in their order: as uploaded, or with the signatures that they bear by now."""
    if timing == Timing.AFTER:
        return {document.pk: bytes(document.head_sha256) for document in documents_of(envelope)}
    rows = Revision.objects.filter(document__envelope=envelope, number=0).order_by("document__position")
    return {document: bytes(sha256) for document, sha256 in rows.values_list("document_id", "sha256")}


def content_of(envelope: Envelope, *, timing: Timing, places: Places | None = None) -> dict[str, Any]:
    """Everything that is or would be sent, as plain values."""
    digests = document_digests(envelope, timing=timing)
    return {
        "v": 1,
        "kind": "tachiai-approval",
        "timing": str(timing),
        "envelope": str(envelope.pk),
        "number": envelope.number,
        "name": envelope.name,
        "comment": envelope.comment,
        "deadline": _day(envelope.deadline),
        "transaction_date": _day(envelope.transaction_date),
        "counterparty": envelope.counterparty,
        "amount": envelope.amount,
        "information": _information(envelope),
        "documents": [_document(one, digests[one.pk]) for one in documents_of(envelope)],
        "recipients": _recipients(envelope, places),
        "fields": [
            _field(one) for one in Field.objects.filter(document__envelope=envelope).order_by("document__position", "slot", "number")
        ],
        "values": _values(envelope) if timing == Timing.AFTER else [],
    }


def _information(envelope: Envelope) -> list[dict[str, Any]]:
    """文書情報, item by item, what stays in the house as well: an approver decides on all of it."""
    told = information_of(envelope)
    return [
        {
            "item": one.code,
            "value": _day(one.value) if isinstance(one.value, date) else one.value,
            "shown": one.shown,
            "untaxed": one.untaxed,
        }
        for one in told
    ]


def _day(day: date | None) -> str | None:
    return day.isoformat() if day is not None else None


def _document(document: Document, sha256: bytes) -> dict[str, Any]:
    return {"document": str(document.pk), "name": document.name, "pages": document.pages, "sha256": sha256.hex()}


def _recipients(envelope: Envelope, places: Places | None) -> list[dict[str, Any]]:
    meant = documents_meant(envelope.pk)
    people = Recipient.objects.filter(envelope=envelope).order_by("position")
    if places is None:
        return [_recipient(one, said_of(one, meant.get(one.pk, ()))) for one in people]
    return [_recipient(one, places[one.pk]) for one in people if one.pk in places]


def _recipient(person: Recipient, said: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **said,
        "position": person.position,
        "side": person.side,
        "registration": str(person.registration_id or ""),
        "member": str(person.member_id or ""),
        "organization": person.organization_name,
        "title": person.title,
        "name": person.name,
        "mail": person.mail,
        "language": person.language,
    }


def _field(field: Field) -> dict[str, Any]:
    names = ("slot", "number", "kind", "page", "left", "top", "width", "height", "required", "guide")
    return {"field": str(field.pk), "document": str(field.document_id), **{name: getattr(field, name) for name in names}}


def _values(envelope: Envelope) -> list[dict[str, str]]:
    """What those have entered who have agreed to it by now."""
    rows = FieldEntry.objects.filter(recipient__envelope=envelope, recipient__state__in=AGREED)
    told = rows.order_by("recipient__position", "field__number", "field_id").values_list("recipient_id", "field_id", "text")
    return [{"recipient": str(recipient), "field": str(field), "text": text} for recipient, field, text in told]
