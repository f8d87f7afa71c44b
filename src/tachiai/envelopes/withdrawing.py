"""Withdrawing: the sender takes an envelope back before it is concluded. Signatures already given conclude nothing."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from tachiai import work
from tachiai.accounts.models import Member
from tachiai.envelopes.access import may_manage
from tachiai.envelopes.approval_models import ApprovalState
from tachiai.envelopes.approving_rounds import end_open
from tachiai.envelopes.declining import LONGEST, SHORTEST
from tachiai.envelopes.events import note
from tachiai.envelopes.models import Envelope
from tachiai.envelopes.progress import open_tasks
from tachiai.envelopes.routing import cancel_unfinished
from tachiai.envelopes.scheduling_ends import end_schedule
from tachiai.envelopes.states import UNSENT, EnvelopeState, move
from tachiai.envelopes.telling import tell_mailed
from tachiai.envelopes.uploads import drop_uploads
from tachiai.errors import Refusal
from tachiai.work.models import TaskState

WITHDRAWABLE = (*UNSENT, EnvelopeState.SENDING, EnvelopeState.IN_PROGRESS, EnvelopeState.EXPIRED)


def withdraw_envelope(envelope: Envelope, *, reason: str, by: Member, at: datetime) -> None:
    """End an envelope with a reason; whoever was asked is told, every link is dead, the number is not used again.

    Refuses with ``reason.missing``, ``reason.too_long``, ``envelope.not_allowed`` or ``envelope.moved``.
    """
    if not may_manage(by, envelope):
        raise Refusal("envelope.not_allowed")
    words = reason.strip()
    if len(words) < SHORTEST:
        raise Refusal("reason.missing")
    if len(words) > LONGEST:
        raise Refusal("reason.too_long", limit=LONGEST)
    with transaction.atomic(durable=True):
        # What is stuck waits for somebody who will not come now; the rows first, as every worker takes them.
        work.cancel([task for task in open_tasks(envelope) if task.state == TaskState.STUCK], at=at)
        held = Envelope.objects.select_for_update(of=("self",)).select_related("organization", "sender").get(pk=envelope.pk)
        if held.state not in WITHDRAWABLE:
            raise Refusal("envelope.moved", state=held.state)
        end_schedule(held, at=at)
        move(held, EnvelopeState.WITHDRAWN, reason=words, ended_at=at, send_at=None, updated_at=at)
        cancel_unfinished(held, at=at)
        end_open(held, ApprovalState.ENDED, at=at)
        drop_uploads(held, by=by, at=at)
        note(held, "envelope.withdrawn", by=by, at=at, personal={"reason": words})
        tell_mailed("M11", held, at=at, reason=words)
    envelope.refresh_from_db()
