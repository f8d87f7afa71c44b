"""How a schedule ends, whatever ends it; for the verbs that send or withdraw what may be scheduled."""

from __future__ import annotations

from datetime import datetime

from tachiai import work
from tachiai.envelopes.models import Envelope
from tachiai.envelopes.schedule_models import OPEN, SendTask


def end_schedule(envelope: Envelope, *, at: datetime, due: SendTask | None = None) -> None:
    """In the caller's transaction, which holds the envelope and sets its ``send_at``: no sending waits for it any more.

    ``due`` is the work that sends it now, which is done by that; raises ``LostLease`` when it is no longer the caller's to do.
    """
    if due is not None:
        work.finish(due, at=at)
    elif envelope.send_at is not None:
        work.cancel(list(SendTask.objects.filter(envelope=envelope, state__in=OPEN)), at=at)
