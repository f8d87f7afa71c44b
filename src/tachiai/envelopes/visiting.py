"""Coming through a link: what it may show before the code, and who it is after."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from tachiai import ceremony
from tachiai.ceremony import Ceremony, Invitation, Purpose
from tachiai.envelopes.copy_models import CopyGrant
from tachiai.envelopes.holders import Holder, grant_of
from tachiai.envelopes.models import Envelope, Recipient
from tachiai.envelopes.states import EnvelopeState, RecipientState
from tachiai.errors import Refusal
from tachiai.prepared import Prepared, given


@dataclass(frozen=True)
class Visit:
    """A link that is known. ``ceremony`` is None until its code was accepted in this browser.

    ``grant`` is to whom the recipient's copies were given since, at a download link.
    """

    invitation: Invitation
    recipient: Recipient
    ceremony: Ceremony | None
    grant: CopyGrant | None = None

    @property
    def holder(self) -> Holder:
        """Whose address and code open the link."""
        return self.grant or self.recipient

    @property
    def envelope(self) -> Envelope:
        return self.recipient.envelope


def visit(token: str, *, key: str, at: datetime) -> Visit:
    """Whose signing link this is. Changes nothing: mail scanners follow links.

    Refuses with ``link.unknown`` or ``link.replaced``. What the envelope's or recipient's state forbids is said by
    ``stopped``, because a signer who has finished may still see that.
    """
    return _visit(Purpose.SIGN, token, key=key, at=at)


def download_visit(token: str, *, key: str, at: datetime) -> Visit:
    """Whose download link this is. Refuses as ``visit`` does, and with ``download.expired`` after 14 days."""
    found = _visit(Purpose.DOWNLOAD, token, key=key, at=at)
    if at >= found.invitation.expires_at:
        raise Refusal("download.expired", recipient=found.recipient)
    return found


def expired_download(token: str, *, at: datetime) -> Visit | None:
    """Whose download link this was, once its days are over; None while it still works. Refuses as ``visit`` does."""
    found = _visit(Purpose.DOWNLOAD, token, key="", at=at)
    return found if at >= found.invitation.expires_at else None


def _visit(purpose: Purpose, token: str, *, key: str, at: datetime) -> Visit:
    try:
        invitation = ceremony.find_invitation(purpose, token)
    except Refusal as refusal:
        if refusal.code == "link.replaced":
            raise Refusal("link.replaced", recipient=_recipient(uuid.UUID(str(refusal.facts["subject"])))) from refusal
        raise
    recipient = _recipient(invitation.subject)
    grant = grant_of(recipient) if purpose == Purpose.DOWNLOAD else None
    return Visit(invitation, recipient, ceremony.current(invitation, key, at=at), grant)


def _recipient(pk: uuid.UUID) -> Recipient:
    found = _RECIPIENT.first(pk=pk)
    if found is None:
        raise Recipient.DoesNotExist
    return found


_RECIPIENT = Prepared(
    lambda: Recipient.objects.select_related("envelope__organization__operator", "envelope__sender", "registration__counterparty").filter(
        pk=given("pk", Recipient)
    )
)


def stopped(found: Visit, *, at: datetime) -> str | None:
    """Why this link leads no further, as a refusal code; None while there is something to sign.

    Told only to the holder of a valid link: ``envelope.withdrawn``, ``envelope.declined``, ``link.expired``, ``link.disabled``,
    ``recipient.done`` (consented, signed or reviewed), ``recipient.forwarded``, ``recipient.declined`` (they did, and another one of
    the same order can still do it, or has), ``recipient.not_needed`` (another one of the same order has done it),
    ``recipient.waiting``, ``registration.revoked``, ``registration.suspended``.
    """
    by_envelope = {
        EnvelopeState.WITHDRAWN: "envelope.withdrawn",
        EnvelopeState.DECLINED: "envelope.declined",
        EnvelopeState.EXPIRED: "link.expired",
    }
    recipient, state = found.recipient, EnvelopeState(found.envelope.state)
    if state in by_envelope:
        return by_envelope[state]
    if recipient.state in _BY_RECIPIENT:
        return _BY_RECIPIENT[recipient.state]
    if at >= found.invitation.expires_at or recipient.state == RecipientState.EXPIRED:
        return "link.expired"
    if recipient.state not in (RecipientState.REQUESTED, RecipientState.OPENED):
        return "link.closed"
    if found.invitation.closed_at is not None:
        return "link.disabled"
    return _registration_stop(recipient)


_BY_RECIPIENT: dict[str, str] = {
    RecipientState.CONSENTED: "recipient.done",
    RecipientState.SIGNED: "recipient.done",
    RecipientState.REVIEWED: "recipient.done",
    RecipientState.FORWARDED: "recipient.forwarded",
    RecipientState.DECLINED: "recipient.declined",
    RecipientState.CANCELLED: "recipient.not_needed",
    RecipientState.WAITING: "recipient.waiting",
}


def _registration_stop(recipient: Recipient) -> str | None:
    registration = recipient.registration
    if registration is None or registration.is_usable:
        return None
    return "registration.suspended" if registration.suspended_at else "registration.revoked"


def barred(found: Visit, *, at: datetime) -> Refusal | None:
    """Why no code would be judged just now, before one is typed: ``code.ended``, or ``code.locked`` (until)."""
    if found.invitation.tries_in_life >= ceremony.TRIES_IN_LIFE:
        return Refusal("code.ended")
    until = found.invitation.locked_until
    return Refusal("code.locked", until=until) if until is not None and at < until else None


def leave(found: Visit, *, at: datetime) -> None:
    """End the visit in this browser; the link itself goes on. Harmless when there is none."""
    if found.ceremony is not None:
        ceremony.end(found.ceremony, at=at)
