"""Entering: what a signer puts into their fields, kept as they go along and agreed to at the end."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from tachiai.clock import today
from tachiai.envelopes.events import note
from tachiai.envelopes.field_models import Field, FieldEntry, FieldKind
from tachiai.envelopes.filling import is_filled, kept_appearance
from tachiai.envelopes.looks import Entered, Seen, day_in_words, seen_of, short_name
from tachiai.envelopes.models import Document, Envelope, Recipient
from tachiai.envelopes.places import documents_meant
from tachiai.envelopes.states import EnvelopeState, RecipientState
from tachiai.errors import Refusal
from tachiai.prepared import Prepared, given
from tachiai.vault import Blob


@dataclass(frozen=True)
class Blank:
    """One field of a signer's, with what they have entered so far. ``number`` is the one that is shown: 1, 2, 3 … as one reads."""

    number: int
    field: Field
    entry: FieldEntry | None

    @property
    def text(self) -> str:
        return self.entry.text if self.entry else ""

    @property
    def filled(self) -> bool:
        return is_filled(self.entry)

    @property
    def lacking(self) -> bool:
        """Whether it keeps the signer from finishing."""
        return self.field.required and not self.filled


def blanks_of(recipient: Recipient) -> list[Blank]:
    """The signer's fields in the order in which they are met when reading."""
    fields = _FIELDS.all(envelope=recipient.envelope_id, slot=recipient.slot) if recipient.slot is not None else []
    if not fields:
        return []
    meant = documents_meant(recipient.envelope_id).get(recipient.pk)
    if meant:
        fields = [field for field in fields if field.document_id in meant]
    entries = {entry.field_id: entry for entry in _ENTRIES.all(recipient=recipient.pk)}
    for field in fields:
        if field.pk in entries:
            entries[field.pk].field = field
    return [Blank(number, field, entries.get(field.pk)) for number, field in enumerate(fields, 1)]


_FIELDS = Prepared(
    lambda: (
        Field.objects.filter(document__envelope_id=given("envelope", Document, "envelope"), slot=given("slot", Field, "slot"))
        .select_related("document")
        .order_by("document__position", "page", "top", "left", "number")
    )
)
_ENTRIES = Prepared(lambda: FieldEntry.objects.filter(recipient_id=given("recipient", FieldEntry, "recipient")))


def entered_by_others(recipient: Recipient, documents: Iterable[Document]) -> list[FieldEntry]:
    """What others have entered and agreed to in these documents, as one reads: a later signer sees what is in the file by then.

    It is shown and not agreed to: everybody consents to what was frozen and to their own values, so that parallel signers do not
    refuse each other.
    """
    shown = {document.pk for document in documents if set(document.laid) - {str(recipient.slot)}}
    if not shown:
        return []
    entries = _OTHERS.all(envelope=recipient.envelope_id)
    return [entry for entry in entries if entry.recipient_id != recipient.pk and entry.field.document_id in shown and is_filled(entry)]


_OTHERS = Prepared(
    lambda: (
        FieldEntry.objects.filter(
            recipient__envelope_id=given("envelope", Recipient, "envelope"),
            recipient__state__in=(RecipientState.CONSENTED, RecipientState.SIGNED),
        )
        .select_related("field__document", "recipient")
        .order_by("field__document__position", "field__page", "field__top", "field__left")
    )
)


def lacking(recipient: Recipient) -> list[Blank]:
    """The required fields that are still empty."""
    return [blank for blank in blanks_of(recipient) if blank.lacking]


def proposed_for(blank: Blank, recipient: Recipient, *, at: datetime) -> str:
    """What stands in an input before anything was entered: what the house knows of the signer, and today."""
    return {
        FieldKind.DATE: day_in_words(today(at), language=recipient.language),
        FieldKind.NAME: recipient.name,
        FieldKind.TITLE: recipient.title,
        FieldKind.SIGNATURE: recipient.name,
        FieldKind.SEAL: short_name(recipient.name),
    }.get(FieldKind(blank.field.kind), "")


def enter(recipient: Recipient, given_values: Mapping[uuid.UUID, Entered], *, at: datetime) -> dict[uuid.UUID, Refusal]:
    """Keep what was entered, field by field; gives why some of it could not be kept: what is wrong with one does not lose the others.

    Refuses with ``recipient.not_asked`` or ``envelope.moved`` when there is nothing to enter any more.
    """
    # Step 1: everything is drawn before anything is held, because drawing takes its time.
    blanks = {blank.field.pk: blank for blank in blanks_of(recipient)}
    drawn, wrong = _drawn(blanks, given_values, recipient)
    # Step 2: the rows, while nobody consents.
    changed = {pk: seen for pk, seen in drawn.items() if _differs(blanks[pk], seen)}
    if changed:
        with transaction.atomic(durable=True):
            _hold(recipient)
            for pk, seen in changed.items():
                _keep(recipient, blanks[pk].field, seen, at=at)
            data: dict[str, object] = {"recipient": str(recipient.pk), "fields": sorted(str(pk) for pk in changed)}
            note(recipient.envelope, "fields.entered", by=recipient, at=at, data=data)
    return wrong


def _drawn(
    blanks: Mapping[uuid.UUID, Blank], given_values: Mapping[uuid.UUID, Entered], recipient: Recipient
) -> tuple[dict[uuid.UUID, Seen], dict[uuid.UUID, Refusal]]:
    drawn: dict[uuid.UUID, Seen] = {}
    wrong: dict[uuid.UUID, Refusal] = {}
    for pk, entered in given_values.items():
        if pk not in blanks:
            continue
        try:
            drawn[pk] = seen_of(blanks[pk].field, entered, language=recipient.language)
        except Refusal as refusal:
            wrong[pk] = refusal
    return drawn, wrong


def _differs(blank: Blank, seen: Seen) -> bool:
    """A box that was never ticked is left without a row, as words that were never written are."""
    return blank.text != seen.text and not (blank.entry is None and seen.appearance is None)


def _hold(recipient: Recipient) -> None:
    """The envelope is held to the end of the transaction: a consent is given before or after, and never in between."""
    if _HELD_STATE.one(pk=recipient.envelope_id) != EnvelopeState.IN_PROGRESS:
        raise Refusal("envelope.moved")
    if _STATE.one(pk=recipient.pk) not in (RecipientState.REQUESTED, RecipientState.OPENED):
        raise Refusal("recipient.not_asked")


_HELD_STATE: Prepared[str] = Prepared(
    lambda: Envelope.objects.select_for_update().filter(pk=given("pk", Envelope)).values_list("state", flat=True)
)
_STATE: Prepared[str] = Prepared(lambda: Recipient.objects.filter(pk=given("pk", Recipient)).values_list("state", flat=True))


def _keep(recipient: Recipient, field: Field, seen: Seen, *, at: datetime) -> None:
    appearance = kept_appearance(seen.appearance, _blob(field), field, seen.text) if seen.appearance is not None else None
    kept = {"text": seen.text, "appearance": appearance, "at": at}
    FieldEntry.objects.update_or_create(recipient=recipient, field=field, defaults=kept)


def _blob(field: Field) -> Blob:
    return _BLOB.one(pk=field.document.blob_id)


_BLOB = Prepared(lambda: Blob.objects.filter(pk=given("pk", Blob)))


def forget_entries(recipients: Iterable[uuid.UUID]) -> None:
    """What these recipients entered, in the caller's transaction: it is theirs, and no seal will need it any more."""
    FieldEntry.objects.filter(recipient__in=list(recipients)).delete()
