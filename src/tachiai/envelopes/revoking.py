"""リンクの無効化: one person's link is closed at once, while the envelope goes on. Sending again makes a new one."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from tachiai import ceremony
from tachiai.accounts.models import Member
from tachiai.ceremony import Purpose
from tachiai.envelopes.access import may_manage
from tachiai.envelopes.events import note
from tachiai.envelopes.models import Envelope, Recipient, Side
from tachiai.envelopes.states import EnvelopeState, RecipientState
from tachiai.errors import Refusal

ASKED = (RecipientState.REQUESTED, RecipientState.OPENED)


def revoke_link(recipient: Recipient, *, by: Member, at: datetime) -> None:
    """Close the signing link of somebody who has not signed; whoever sits before it gets no further. Nobody is mailed.

    Refuses with ``envelope.not_allowed``, ``envelope.moved`` or ``recipient.not_asked``.
    """
    if not may_manage(by, recipient.envelope):
        raise Refusal("envelope.not_allowed")
    with transaction.atomic(durable=True):
        held = Envelope.objects.select_for_update().get(pk=recipient.envelope_id)
        if held.state != EnvelopeState.IN_PROGRESS:
            raise Refusal("envelope.moved", state=held.state)
        fresh = Recipient.objects.get(pk=recipient.pk)
        standing = ceremony.standing_invitation(Purpose.SIGN, fresh.pk)
        if fresh.side != Side.COUNTERPARTY or fresh.state not in ASKED or standing is None or standing.closed_at is not None:
            raise Refusal("recipient.not_asked", state=fresh.state)
        ceremony.close_invitation(Purpose.SIGN, fresh.pk, at=at)
        note(held, "recipient.link_revoked", by=by, at=at, data={"recipient": str(fresh.pk)})
