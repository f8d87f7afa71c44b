"""Opening: the six-digit code is judged, and only then anything of the documents is shown."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef

from tachiai import ceremony, counterparties
from tachiai.accounts.models import Member
from tachiai.ceremony import Attempt, Level
from tachiai.envelopes.events import note
from tachiai.envelopes.models import Document, Gate, Recipient, ShownDocument
from tachiai.envelopes.one_time import live_code
from tachiai.envelopes.places import meant_for
from tachiai.envelopes.states import RecipientState, move
from tachiai.envelopes.telling import tell_locked
from tachiai.envelopes.visiting import Visit, stopped
from tachiai.errors import Refusal
from tachiai.prepared import Prepared, given


def open_envelope(found: Visit, *, code: str, address: str, agent: str, at: datetime) -> str:
    """Judge the code; on success the value is the key for the visitor's cookie.

    The code is the registered one, or where the sender asked for that the one-time code that was last sent (``one_time``); where
    no code is asked for, ``code`` is not looked at. Every try is counted before it is judged, and a wrong one is on record before it
    is refused: ``code.malformed`` (not counted), ``code.wrong`` (left), ``code.locked`` (until), ``code.ended``, ``code.busy``; and
    ``otp.expired`` (not counted) when no one-time code is live.
    """
    reason = stopped(found, at=at)
    if reason is not None and not (reason == "recipient.done"):
        raise Refusal(reason)
    personal: dict[str, object] = {"address": address, "agent": agent[:300]}
    gate = Gate(found.recipient.gate)
    attempt = None if gate == Gate.NONE else try_code(found, code, address=address, personal=personal, at=at)
    level = Level.MAIL_AND_CODE if gate == Gate.REGISTERED else Level.MAIL_ONLY
    with transaction.atomic(durable=True):
        if attempt is not None:
            ceremony.settle_attempt(attempt, right=True)
        visit, key = ceremony.begin(found.invitation, level=level, at=at)
        recipient = _HELD.one(pk=found.recipient.pk)
        if recipient.state == RecipientState.REQUESTED:
            move(recipient, RecipientState.OPENED, opened_at=at)
        data: dict[str, object] = {"recipient": str(recipient.pk), "ceremony": str(visit.pk), "level": str(level)}
        note(found.envelope, "recipient.opened", by=recipient, at=at, data=data, personal=personal)
    return key


_HELD = Prepared(lambda: Recipient.objects.select_for_update().filter(pk=given("pk", Recipient)))


def try_code(found: Visit, code: str, *, address: str, personal: dict[str, object], at: datetime) -> Attempt:
    """An attempt whose code was right, for the caller to settle in the transaction of what it opens.

    Refuses with what ``open_envelope`` names, a wrong code being on record before.
    """
    registration = found.holder.registration
    if not counterparties.well_formed(code):
        raise Refusal("code.malformed")
    if found.holder.gate == Gate.OTP:
        return _try_one_time(found, code, address=address, personal=personal, at=at)
    if registration is None or found.holder.gate != Gate.REGISTERED:
        raise Refusal("link.unknown")
    # Step 1: take a try, durably. A hundred at once get five.
    with transaction.atomic(durable=True):
        attempt = counterparties.reserve_code_attempt(registration, found.invitation, address=address, at=at)
    # Step 2: judge, slowly, outside any transaction.
    right = counterparties.check_code(registration, code)
    # Step 3: record a wrong one; a right one gives its try back when it is settled.
    if not right:
        raise wrong_attempt(found, attempt, personal=personal, at=at)
    return attempt


def _try_one_time(found: Visit, code: str, *, address: str, personal: dict[str, object], at: datetime) -> Attempt:
    """As with a registered code; but one that nobody was sent, or that ran out, is refused without counting."""
    wanted = live_code(found, at=at)
    with transaction.atomic(durable=True):
        attempt = ceremony.reserve_attempt(found.invitation, verifier=None, address=address, at=at)
    if not counterparties.same_code(code, wanted):
        raise wrong_attempt(found, attempt, personal=personal, at=at)
    return attempt


def wrong_attempt(
    found: Visit,
    attempt: Attempt,
    *,
    personal: dict[str, object],
    at: datetime,
    event: str = "recipient.code_wrong",
    code: str = "code.wrong",
) -> Refusal:
    """Record a wrong code and everything that follows from it; the refusal is returned, to be raised after the commit."""
    recipient, registration = found.recipient, found.holder.registration
    invitation = attempt.invitation
    with transaction.atomic(durable=True):
        ceremony.settle_attempt(attempt, right=False)
        suspended = registration is not None and counterparties.suspend_if_spent(registration, at=at)
        data: dict[str, object] = {"recipient": str(recipient.pk), "left": attempt.tries_left, "suspended": suspended}
        note(found.envelope, event, by=recipient, at=at, data=data, personal=personal)
        if attempt.locks or suspended:
            over = suspended or invitation.tries_in_life >= ceremony.TRIES_IN_LIFE
            tell_locked(recipient, holder=found.holder, until=None if over else invitation.locked_until, at=at)
    if suspended:
        return Refusal("registration.suspended")
    if invitation.tries_in_life >= ceremony.TRIES_IN_LIFE:
        return Refusal("code.ended")
    if attempt.locks:
        return Refusal("code.locked", until=invitation.locked_until)
    return Refusal(code, left=attempt.tries_left)


def show_document(recipient: Recipient, document: Document, *, at: datetime) -> None:
    """Note that this document was shown to this recipient; the first time only."""
    if document not in unseen_documents(recipient):
        return
    with transaction.atomic(durable=True):
        _, fresh = ShownDocument.objects.get_or_create(recipient=recipient, document=document, defaults={"at": at})
        if fresh:
            data: dict[str, object] = {"recipient": str(recipient.pk), "document": str(document.pk)}
            note(recipient.envelope, "document.shown", by=recipient, at=at, data=data)


def unseen_documents(recipient: Recipient) -> list[Document]:
    """The documents that were not yet shown to this recipient, in order."""
    unseen = _UNSEEN.all(envelope=recipient.envelope_id, recipient=recipient.pk)
    for document in unseen:
        document.envelope = recipient.envelope
    return unseen


_UNSEEN = Prepared(
    lambda: (
        Document.objects.filter(meant_for(), envelope_id=given("envelope", Document, "envelope"))
        .exclude(Exists(ShownDocument.objects.filter(document=OuterRef("pk"), recipient_id=given("recipient", ShownDocument, "recipient"))))
        .order_by("position")
    )
)


def open_at_desk(recipient: Recipient, *, by: Member, address: str, agent: str, at: datetime) -> None:
    """Our own signer looks at the documents for the first time, after the desk's login. Nothing happens afterwards.

    Refuses anybody but the named member with ``recipient.not_you``.
    """
    if recipient.member_id != by.pk:
        raise Refusal("recipient.not_you")
    if recipient.state != RecipientState.REQUESTED:
        return
    personal: dict[str, object] = {"address": address, "agent": agent[:300]}
    with transaction.atomic(durable=True):
        move(recipient, RecipientState.OPENED, opened_at=at)
        note(recipient.envelope, "recipient.opened", by=recipient, at=at, data={"recipient": str(recipient.pk)}, personal=personal)
