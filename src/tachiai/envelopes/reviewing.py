"""Confirming without a seal (確認者・承認者): somebody has read the documents, and says so. It is no signature and no consent."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from tachiai import ceremony
from tachiai.accounts.models import Member
from tachiai.ceremony import Level, Purpose
from tachiai.envelopes.events import note
from tachiai.envelopes.frozen import frozen_as
from tachiai.envelopes.identities import Circumstances, identity_of
from tachiai.envelopes.models import Envelope, Kind, Recipient, Side
from tachiai.envelopes.opening import unseen_documents
from tachiai.envelopes.places import documents_meant
from tachiai.envelopes.routing import go_on, settle_group
from tachiai.envelopes.signing import still_open
from tachiai.envelopes.states import RecipientState, move
from tachiai.envelopes.telling import tell_sender
from tachiai.envelopes.terms import personal_of
from tachiai.envelopes.visiting import Visit
from tachiai.errors import Refusal


def confirm_review(found: Visit, circumstances: Circumstances, *, at: datetime) -> None:
    """A counterparty has read the documents. A second press changes nothing.

    Refuses with ``visit.not_open``, ``recipient.signs`` (whoever is to sign cannot do with less), ``documents.unseen`` (documents),
    ``recipient.not_asked``, ``registration.not_usable``, ``envelope.moved`` or ``link.expired``.
    """
    level = identity_of(found, found.recipient).level
    _confirm(found.recipient, level, circumstances, at=at)


def confirm_review_at_desk(recipient: Recipient, circumstances: Circumstances, *, by: Member, level: Level, at: datetime) -> None:
    """As ``confirm_review`` for our own, after the desk's login. Refuses anybody but the named member with ``recipient.not_you``."""
    if recipient.side != Side.OWN or recipient.member_id != by.pk or not by.is_active:
        raise Refusal("recipient.not_you")
    _confirm(recipient, level, circumstances, at=at)


def _confirm(recipient: Recipient, level: Level, circumstances: Circumstances, *, at: datetime) -> None:
    if recipient.kind not in (Kind.REVIEWER, Kind.APPROVER):
        raise Refusal("recipient.signs")
    unseen = unseen_documents(recipient)
    if unseen:
        raise Refusal("documents.unseen", documents=unseen)
    with transaction.atomic(durable=True):
        envelope = Envelope.objects.select_for_update(of=("self",)).select_related("organization", "sender").get(pk=recipient.envelope_id)
        held = Recipient.objects.select_related("registration").get(pk=recipient.pk)
        held.envelope = envelope
        if held.state != RecipientState.REVIEWED:
            _record(held, level, circumstances, at=at)


def _record(held: Recipient, level: Level, circumstances: Circumstances, *, at: datetime) -> None:
    still_open(held, at=at)
    if held.state not in (RecipientState.REQUESTED, RecipientState.OPENED):
        raise Refusal("recipient.not_asked", state=held.state)
    if held.registration is not None and not held.registration.is_usable:
        raise Refusal("registration.not_usable")
    address = circumstances.address or None
    move(held, RecipientState.REVIEWED, signed_at=at, opened_at=held.opened_at or at, level=level, address=address)
    ceremony.close_invitation(Purpose.SIGN, held.pk, at=at)
    meant = documents_meant(held.envelope_id).get(held.pk)
    shown = [
        {"document": str(pk), "sha256": one.sha256.hex()}
        for pk, one in frozen_as(held.envelope.stream).items()
        if meant is None or pk in meant
    ]
    data: dict[str, object] = {"recipient": str(held.pk), "level": str(level), "documents": shown}
    note(held.envelope, "recipient.reviewed", by=held, at=at, data=data, personal=personal_of(held, circumstances))
    tell_sender("M09", held.envelope, at=at, about=held, reviewed=True)
    settle_group(held, at=at)
    go_on(held.envelope, at=at)
