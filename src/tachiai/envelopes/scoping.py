"""利用範囲: a registration that its owner gave for one contract only is named in no second one."""

from __future__ import annotations

from tachiai.counterparties.models import Registration, Scope
from tachiai.envelopes.models import Envelope, Recipient
from tachiai.envelopes.states import EnvelopeState

# A draft binds nobody, nor does what was returned to its sender; what ended without a contract leaves it free for the next attempt.
FREE = (EnvelopeState.DRAFT, EnvelopeState.RETURNED, EnvelopeState.DECLINED, EnvelopeState.WITHDRAWN, EnvelopeState.EXPIRED)


def is_taken(registration: Registration, envelope: Envelope) -> bool:
    """Whether it was given for one contract only, and another envelope is, or was, that contract."""
    if registration.scope != Scope.CONTRACT:
        return False
    others = Recipient.objects.filter(registration=registration).exclude(envelope=envelope)
    return others.exclude(envelope__state__in=FREE).exists()
