"""Signing: a consent to exactly what was frozen, recorded with the work that will seal it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from django.db import transaction

from tachiai import ceremony, work
from tachiai.accounts.models import Member
from tachiai.ceremony import Consent, Level, Offer, Purpose
from tachiai.clock import end_of
from tachiai.envelopes.events import note
from tachiai.envelopes.identities import Identity, identity_at_desk, identity_of, keep_word, note_refused, spoken_for
from tachiai.envelopes.models import Envelope, Kind, Recipient, SealTask, Side
from tachiai.envelopes.opening import unseen_documents
from tachiai.envelopes.routing import due_on, settle_group
from tachiai.envelopes.states import EnvelopeState, RecipientState, move
from tachiai.envelopes.telling import acknowledge
from tachiai.envelopes.terms import Circumstances, Terms, personal_of, terms_of
from tachiai.envelopes.visiting import Visit
from tachiai.errors import Refusal
from tachiai.prepared import Prepared, given
from tachiai.rowwise import insert_each

__all__ = ["Circumstances", "sign", "sign_at_desk"]


def sign(
    found: Visit, circumstances: Circumstances, *, at: datetime, offer: str | None = None, word: Mapping[str, str] | None = None
) -> Consent:
    """A counterparty's consent, after its code. A second press gives the same consent back.

    ``offer`` is what the page that asked carries (``asking_consent``): the consent is to what that page showed, or refused with
    ``consent.not_shown`` or ``consent.shown_changed``. None is for a program that shows nothing: then it is to what stands now.
    ``word`` is what the browser gave for a passkey. Refuses with ``visit.not_open``, ``documents.unseen`` (documents),
    ``fields.missing`` (fields), ``proof.missing`` (proof), ``registration.revoked`` or ``registration.suspended``, ``envelope.moved``
    when the envelope ended first, and as ``crypto.passkeys.check_assertion`` does; such a refusal is on record.
    """
    return _consent(found.recipient, lambda held: identity_of(found, held), circumstances, at=at, offer=offer, word=word)


def sign_at_desk(
    recipient: Recipient, circumstances: Circumstances, *, by: Member, level: Level, at: datetime, offer: str | None = None
) -> Consent:
    """Our own signer's consent, after the desk's login. Refuses as ``sign`` does, and anybody but the named member."""
    if recipient.side != Side.OWN or recipient.member_id != by.pk or not by.may_sign or not by.is_active:
        raise Refusal("recipient.not_you")
    return _consent(recipient, lambda held: identity_at_desk(held, by, level), circumstances, at=at, offer=offer, word=None)


def _consent(
    recipient: Recipient,
    identify: Callable[[Recipient], Identity],
    circumstances: Circumstances,
    *,
    at: datetime,
    offer: str | None,
    word: Mapping[str, str] | None,
) -> Consent:
    standing = ceremony.consent_of(recipient.pk)
    if standing is not None:
        return standing
    unseen = unseen_documents(recipient)
    if unseen:
        raise Refusal("documents.unseen", documents=unseen)
    asked = ceremony.read_offer(offer, subject=recipient.pk, at=at) if offer is not None else None
    try:
        return _record(recipient, identify, circumstances, asked, word, at=at)
    except Refusal as refusal:
        # Two presses at once: the loser finds the winner's consent and answers the same.
        standing = ceremony.consent_of(recipient.pk)
        if standing is None:
            note_refused(recipient, refusal, circumstances, at=at)
            raise
        return standing


def _record(
    recipient: Recipient,
    identify: Callable[[Recipient], Identity],
    circumstances: Circumstances,
    offer: Offer | None,
    word: Mapping[str, str] | None,
    *,
    at: datetime,
) -> Consent:
    with transaction.atomic(durable=True):
        envelope = _HELD.one(pk=recipient.envelope_id)
        held = _RECIPIENT.one(pk=recipient.pk)
        held.envelope = envelope
        still_open(held, at=at)
        if held.kind != Kind.SIGNER:
            raise Refusal("recipient.not_signer")
        if held.state not in (RecipientState.REQUESTED, RecipientState.OPENED):
            raise Refusal("recipient.not_asked", state=held.state)
        if held.registration is not None and not held.registration.is_usable:
            raise Refusal("registration.suspended" if held.registration.suspended_at else "registration.revoked")
        identity = identify(held)
        terms = terms_of(held, identity, circumstances, at=at, offer=offer)
        if terms.lacking:
            raise Refusal("fields.missing", fields=[str(blank.field.pk) for blank in terms.lacking])
        if offer is not None and not offer.holds(terms.proposed, terms.view):
            raise Refusal("consent.shown_changed")
        counter = spoken_for(identity, terms.proposed, word)
        consent = ceremony.record_consent(terms.proposed, at=at)
        keep_word(consent, identity, word, counter)
        _move_on(held, consent, identity, terms, circumstances, at=at)
    return consent


def _move_on(held: Recipient, consent: Consent, identity: Identity, terms: Terms, circumstances: Circumstances, *, at: datetime) -> None:
    """What follows from a consent, in its transaction: the work that seals it, the end of the link, the entry, the mail."""
    address = circumstances.address or None
    move(held, RecipientState.CONSENTED, consented_at=at, opened_at=held.opened_at or at, level=identity.level, address=address)
    shown = terms.documents
    insert_each([SealTask(document_id=one.document, recipient=held, consent=consent, due_at=at, created_at=at) for one in shown])
    work.ring(SealTask)
    if held.side == Side.COUNTERPARTY:
        ceremony.close_invitation(Purpose.SIGN, held.pk, at=at)
    data: dict[str, object] = {"recipient": str(held.pk), "consent": str(consent.pk), "digest": bytes(consent.digest).hex()}
    note(held.envelope, "recipient.consented", by=held, at=at, data=data, personal=personal_of(held, circumstances))
    acknowledge(held, at=at)
    settle_group(held, at=at)


def still_open(held: Recipient, *, at: datetime) -> None:
    """Refuses with ``envelope.moved`` (state), or ``link.expired`` when the day of the envelope, or their own, has passed."""
    if held.envelope.state != EnvelopeState.IN_PROGRESS:
        raise Refusal("envelope.moved", state=held.envelope.state)
    due = due_on(held)
    if due is not None and at >= end_of(due):
        raise Refusal("link.expired")


# With whom its letters and the consent's words speak of; locked is the envelope alone.
_HELD = Prepared(
    lambda: (
        Envelope.objects.select_for_update(of=("self",)).select_related("organization__operator", "sender").filter(pk=given("pk", Envelope))
    )
)
_RECIPIENT = Prepared(lambda: Recipient.objects.select_related("registration").filter(pk=given("pk", Recipient)))
