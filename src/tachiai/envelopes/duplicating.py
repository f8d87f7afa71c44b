"""Duplicating: a new draft from an envelope that is not to be, or that is to be once more."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from django.db import transaction

from tachiai import archive, vault
from tachiai.accounts.models import Member
from tachiai.envelopes.access import envelope_for, may_send
from tachiai.envelopes.addressing import Place, may_be_named, place_of
from tachiai.envelopes.drafting import add_document, address_envelope, create_envelope
from tachiai.envelopes.events import note
from tachiai.envelopes.intake import hold_upload
from tachiai.envelopes.models import Document, Envelope, Recipient
from tachiai.envelopes.states import RecipientState
from tachiai.errors import Refusal


def duplicate_envelope(envelope: Envelope, *, by: Member, at: datetime) -> Envelope:
    """A new draft with the same documents (as uploaded), items and recipients who can still sign; each tells of the other.

    A document that would be asked about today (what is looked for grows over the years) is held for the sender's word.
    Refuses with ``envelope.not_allowed``, or ``envelope.unknown`` for one that ``by`` may not see.
    """
    if not may_send(by):
        raise Refusal("envelope.not_allowed")
    envelope_for(by, envelope.pk)
    uploads = [(document, vault.read(document.blob, upto=0)) for document in envelope.documents.order_by("position")]
    fresh = create_envelope(by=by, at=at, recreated_from=envelope)
    for document, pdf in uploads:
        add_again(fresh, file_name=document.file_name, pdf=pdf, by=by, at=at)
    with transaction.atomic(durable=True):
        Envelope.objects.filter(pk=fresh.pk).update(
            name=envelope.name,
            comment=envelope.comment,
            transaction_date=envelope.transaction_date,
            counterparty=envelope.counterparty,
            amount=envelope.amount,
            shown_items=envelope.shown_items,
        )
        archive.put_items(fresh.pk, archive.items_of(envelope.pk))
        note(envelope, "envelope.recreated", by=by, at=at, data={"as": str(fresh.pk)})
    _same_recipients(envelope, fresh, by=by, at=at)
    fresh.refresh_from_db()
    return fresh


def add_again(fresh: Envelope, *, file_name: str, pdf: bytes, by: Member, at: datetime) -> Document | None:
    """A file that was taken once, in another draft; None where it is held for the sender's word."""
    try:
        return add_document(fresh, file_name=file_name, pdf=pdf, by=by, at=at)
    except Refusal as refusal:
        if refusal.code != "file.needs_rewriting":
            raise
    hold_upload(fresh, file_name=file_name, pdf=pdf, by=by, at=at)
    return None


def _same_recipients(envelope: Envelope, fresh: Envelope, *, by: Member, at: datetime) -> None:
    """Everybody who was asked in the end, on the same terms but for days, which are over, and documents, which are others now."""
    people = envelope.recipients.select_related("registration__counterparty", "member__organization").order_by("position")
    places = [place for recipient in people if (place := _same_place(recipient, fresh)) is not None]
    if places:
        address_envelope(fresh, places, by=by, at=at)


def _same_place(recipient: Recipient, fresh: Envelope) -> Place | None:
    if recipient.state == RecipientState.FORWARDED:
        return None
    place = place_of(recipient)
    try:
        may_be_named(place.who, fresh, kind=place.kind)
    except Refusal:
        return None  # no longer able to sign: the sender chooses anew
    return replace(place, deadline=None, wants_copy=True)
