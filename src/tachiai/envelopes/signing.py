"""Signing: a consent to exactly what was frozen, recorded with the work that will seal it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

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
    given = Consent.objects.filter(subject=recipient.pk).first()
    if given is not None:
        return given
    unseen = unseen_documents(recipient)
    if unseen:
        raise Refusal("documents.unseen", documents=unseen)
    try:
        return _record(recipient, level, authentication, circumstances, at=at)
    except Refusal:
        # Two presses at once: the loser finds the winner's consent and answers the same.
        given = Consent.objects.filter(subject=recipient.pk).first()
        if given is None:
            raise
        return given


def _record(
    recipient: Recipient, level: Level, authentication: dict[str, object], circumstances: Circumstances, *, at: datetime
) -> Consent:
    with transaction.atomic(durable=True):
        envelope = Envelope.objects.select_for_update().get(pk=recipient.envelope_id)
        _still_open(envelope, at=at)
        related = ("envelope__organization__operator", "envelope__sender", "registration")
        held = Recipient.objects.select_related(*related).get(pk=recipient.pk)
        if held.state not in (RecipientState.REQUESTED, RecipientState.OPENED):
            raise Refusal("recipient.not_asked", state=held.state)
        if held.registration is not None and not held.registration.is_usable:
            raise Refusal("registration.suspended" if held.registration.suspended_at else "registration.revoked")
        documents = list(envelope.documents.order_by("position"))
        consent = ceremony.record_consent(
            held.pk,
            envelope=envelope.pk,
            slot=held.slot,
            documents=[_shown(document) for document in documents],
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
        for document in documents:
            SealTask.objects.create(document=document, recipient=held, consent=consent, due_at=at, created_at=at)
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


def _shown(document: Document) -> Shown:
    """The frozen revision: what everybody consents to, whoever has signed meanwhile."""
    frozen = Revision.objects.get(document=document, kind=RevisionKind.FROZEN)
    return Shown(document.pk, bytes(frozen.sha256), frozen.size, document.pages)


def _personal(recipient: Recipient, circumstances: Circumstances) -> dict[str, object]:
    return {
        "organization": recipient.organization_name,
        "title": recipient.title,
        "name": recipient.name,
        "mail": recipient.mail,
        "address": circumstances.address,
        "agent": circumstances.agent[:300],
    }
