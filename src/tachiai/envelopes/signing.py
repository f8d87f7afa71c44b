"""Signing: a consent to exactly what was frozen, recorded with the work that will seal it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import FilteredRelation, Q

from tachiai import ceremony, work
from tachiai.accounts.models import Member
from tachiai.ceremony import Consent, Level, Purpose, Shown
from tachiai.clock import end_of
from tachiai.envelopes.events import note
from tachiai.envelopes.models import Document, Envelope, Recipient, Revision, RevisionKind, SealTask, Side
from tachiai.envelopes.opening import unseen_documents
from tachiai.envelopes.states import EnvelopeState, RecipientState, move
from tachiai.envelopes.telling import acknowledge
from tachiai.envelopes.visiting import Visit
from tachiai.envelopes.wording import consent_text
from tachiai.errors import Refusal
from tachiai.prepared import Prepared, given
from tachiai.rowwise import insert_each


@dataclass(frozen=True)
class Circumstances:
    """How and from where a consent came: personal data, kept apart from what the ledger says for ever."""

    address: str
    agent: str
    language: str


def sign(found: Visit, circumstances: Circumstances, *, at: datetime) -> Consent:
    """A counterparty's consent, after its code. A second press gives the same consent back.

    Refuses with ``visit.not_open``, ``documents.unseen`` (documents), ``registration.revoked`` or ``registration.suspended``,
    or ``envelope.moved`` when the envelope ended first.
    """
    if found.ceremony is None:
        raise Refusal("visit.not_open")
    authentication: dict[str, object] = {
        "ceremony": str(found.ceremony.pk),
        "invitation": str(found.invitation.pk),
        "generation": found.invitation.generation,
        "registration": str(found.recipient.registration_id),
    }
    level = Level(found.ceremony.level)
    return _consent(found.recipient, level, authentication, circumstances, at=at)


def sign_at_desk(recipient: Recipient, circumstances: Circumstances, *, by: Member, level: Level, at: datetime) -> Consent:
    """Our own signer's consent, after the desk's login. Refuses as ``sign`` does, and anybody but the named member."""
    if recipient.side != Side.OWN or recipient.member_id != by.pk or not by.may_sign or not by.is_active:
        raise Refusal("recipient.not_you")
    return _consent(recipient, level, {"member": str(by.pk)}, circumstances, at=at)


def _consent(
    recipient: Recipient, level: Level, authentication: dict[str, object], circumstances: Circumstances, *, at: datetime
) -> Consent:
    standing = ceremony.consent_of(recipient.pk)
    if standing is not None:
        return standing
    unseen = unseen_documents(recipient)
    if unseen:
        raise Refusal("documents.unseen", documents=unseen)
    try:
        return _record(recipient, level, authentication, circumstances, at=at)
    except Refusal:
        # Two presses at once: the loser finds the winner's consent and answers the same.
        standing = ceremony.consent_of(recipient.pk)
        if standing is None:
            raise
        return standing


def _record(
    recipient: Recipient, level: Level, authentication: dict[str, object], circumstances: Circumstances, *, at: datetime
) -> Consent:
    with transaction.atomic(durable=True):
        envelope = _HELD.one(pk=recipient.envelope_id)
        _still_open(envelope, at=at)
        held = _RECIPIENT.one(pk=recipient.pk)
        held.envelope = envelope
        if held.state not in (RecipientState.REQUESTED, RecipientState.OPENED):
            raise Refusal("recipient.not_asked", state=held.state)
        if held.registration is not None and not held.registration.is_usable:
            raise Refusal("registration.suspended" if held.registration.suspended_at else "registration.revoked")
        shown = [_shown(*row) for row in _FROZEN.all(envelope=envelope.pk)]
        consent = ceremony.record_consent(
            held.pk,
            envelope=envelope.pk,
            slot=held.slot,
            documents=shown,
            values={},
            text=consent_text(held, language=circumstances.language),
            level=level,
            authentication=authentication,
            personal=_personal(held, circumstances),
            at=at,
        )
        move(
            held,
            RecipientState.CONSENTED,
            consented_at=at,
            opened_at=held.opened_at or at,
            level=level,
            address=circumstances.address or None,
        )
        tasks = [SealTask(document_id=one.document, recipient=held, consent=consent, due_at=at, created_at=at) for one in shown]
        insert_each(tasks)
        work.ring(SealTask)
        if held.side == Side.COUNTERPARTY:
            ceremony.close_invitation(Purpose.SIGN, held.pk, at=at)
        data: dict[str, object] = {"recipient": str(held.pk), "consent": str(consent.pk), "digest": bytes(consent.digest).hex()}
        note(envelope, "recipient.consented", by=held, at=at, data=data, personal=_personal(held, circumstances))
        acknowledge(held, at=at)
    return consent


def _still_open(envelope: Envelope, *, at: datetime) -> None:
    if envelope.state != EnvelopeState.IN_PROGRESS:
        raise Refusal("envelope.moved", state=envelope.state)
    if envelope.deadline is not None and at >= end_of(envelope.deadline):
        raise Refusal("link.expired")


# With whom its letters and the consent's words speak of; locked is the envelope alone.
_HELD = Prepared(
    lambda: (
        Envelope.objects.select_for_update(of=("self",)).select_related("organization__operator", "sender").filter(pk=given("pk", Envelope))
    )
)
_RECIPIENT = Prepared(lambda: Recipient.objects.select_related("registration").filter(pk=given("pk", Recipient)))
# Each document beside its frozen revision, and without one if that should be missing.
_FROZEN: Prepared[Any] = Prepared(
    lambda: (
        Document.objects.filter(envelope_id=given("envelope", Document, "envelope"))
        .annotate(frozen=FilteredRelation("revisions", condition=Q(revisions__kind=RevisionKind.FROZEN)))
        .order_by("position")
        .values_list("pk", "frozen__sha256", "frozen__size", "pages")
    )
)


def _shown(document: uuid.UUID, sha256: bytes | None, size: int, pages: int) -> Shown:
    """The frozen revision: what everybody consents to, whoever has signed meanwhile."""
    if sha256 is None:
        raise Revision.DoesNotExist(f"the document {document} was never frozen")
    return Shown(document, bytes(sha256), size, pages)


def _personal(recipient: Recipient, circumstances: Circumstances) -> dict[str, object]:
    return {
        "organization": recipient.organization_name,
        "title": recipient.title,
        "name": recipient.name,
        "mail": recipient.mail,
        "address": circumstances.address,
        "agent": circumstances.agent[:300],
    }
