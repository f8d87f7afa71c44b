"""Duplicating: a new draft from an envelope that is not to be, or that is to be once more."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from tachiai import vault
from tachiai.accounts.models import Member
from tachiai.counterparties.models import Registration
from tachiai.envelopes.access import envelope_for, may_send
from tachiai.envelopes.drafting import add_document, create_envelope, may_be_named, name_recipients
from tachiai.envelopes.events import note
from tachiai.envelopes.intake import hold_upload
from tachiai.envelopes.models import Document, Envelope, Proof
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
        _add_again(fresh, document, pdf, by=by, at=at)
    with transaction.atomic(durable=True):
        Envelope.objects.filter(pk=fresh.pk).update(
            name=envelope.name,
            comment=envelope.comment,
            transaction_date=envelope.transaction_date,
            counterparty=envelope.counterparty,
            amount=envelope.amount,
        )
        note(envelope, "envelope.recreated", by=by, at=at, data={"as": str(fresh.pk)})
    _same_recipients(envelope, fresh, by=by, at=at)
    fresh.refresh_from_db()
    return fresh


def _add_again(fresh: Envelope, document: Document, pdf: bytes, *, by: Member, at: datetime) -> None:
    try:
        add_document(fresh, file_name=document.file_name, pdf=pdf, by=by, at=at)
    except Refusal as refusal:
        if refusal.code != "file.needs_rewriting":
            raise
        hold_upload(fresh, file_name=document.file_name, pdf=pdf, by=by, at=at)


def _same_recipients(envelope: Envelope, fresh: Envelope, *, by: Member, at: datetime) -> None:
    places: list[tuple[int, Registration | Member]] = []
    proofs: list[Proof] = []
    for recipient in envelope.recipients.select_related("registration__counterparty", "member__organization").order_by("position"):
        who = recipient.registration or recipient.member
        if who is None:
            continue
        try:
            may_be_named(who, fresh)
        except Refusal:
            continue  # no longer able to sign: the sender chooses anew
        places.append((recipient.order, who))
        proofs.append(Proof(recipient.proof))
    if places:
        name_recipients(fresh, places, by=by, at=at, proofs=proofs)
