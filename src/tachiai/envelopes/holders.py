"""Who holds the concluded copy of a recipient: themselves, or whoever it was given to since (写しの交付)."""

from __future__ import annotations

import uuid

from tachiai.envelopes.copy_models import CopyGrant
from tachiai.envelopes.models import Envelope, Recipient
from tachiai.prepared import Prepared, given

Holder = Recipient | CopyGrant


def holder_of(recipient: Recipient) -> Holder:
    """Whose address and code stand for ``recipient`` once the envelope is concluded. What they signed and consented to stays theirs."""
    return grant_of(recipient) or recipient


def grant_of(recipient: Recipient) -> CopyGrant | None:
    """To whom the copies of ``recipient`` were given last; None when they hold them themselves."""
    return _LAST.first(recipient=recipient.pk)


_LAST = Prepared(
    lambda: (
        CopyGrant.objects.select_related("registration__counterparty")
        .filter(recipient_id=given("recipient", CopyGrant, "recipient"))
        .order_by("-granted_at", "-pk")[:1]
    )
)


def grants_in(envelope: Envelope) -> dict[uuid.UUID, CopyGrant]:
    """The last grant of every recipient of ``envelope`` whose copies were given to somebody, by recipient."""
    rows = CopyGrant.objects.filter(recipient__envelope=envelope).order_by("granted_at", "pk")
    return {grant.recipient_id: grant for grant in rows}
