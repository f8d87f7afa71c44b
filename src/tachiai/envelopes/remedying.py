"""What an operator can do about an envelope that the house cannot finish by itself (docs/operations/closing-stuck.md).

Three remedies, the smallest first: go on, once the cause is gone; seal the same consents again with another key, if the seals
have proved worthless (``resealing``); withdraw, and have the sender ask anew.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from tachiai import work
from tachiai.envelopes.declining import LONGEST, SHORTEST
from tachiai.envelopes.events import note
from tachiai.envelopes.models import Envelope
from tachiai.envelopes.progress import open_tasks
from tachiai.envelopes.routing import cancel_unfinished
from tachiai.envelopes.states import UNSENT, EnvelopeState, move
from tachiai.envelopes.telling import tell_mailed, tell_sender
from tachiai.envelopes.withdrawing import WITHDRAWABLE
from tachiai.errors import Refusal
from tachiai.work.models import TaskState


def find_envelope(number: str, *, organization: str = "") -> Envelope:
    """The envelope of a 管理番号, of the organization with this slug if several have given the same. Refuses ``envelope.unknown``."""
    rows = Envelope.objects.filter(number=number).select_related("organization__operator", "sender")
    found = list(rows.filter(organization__slug=organization) if organization else rows)
    if len(found) != 1:
        raise Refusal("envelope.ambiguous" if found else "envelope.unknown", number=number)
    return found[0]


def retry_envelope(envelope: Envelope, *, reason: str, at: datetime) -> int:
    """Whatever is stuck is due again; how many rows were. Refuses with ``envelope.not_stuck`` when none is."""
    words = reason_given(reason)
    with transaction.atomic(durable=True):
        held = Envelope.objects.select_for_update(of=("self",)).get(pk=envelope.pk)
        stuck = [task for task in open_tasks(held) if task.state == TaskState.STUCK]
        if not stuck:
            raise Refusal("envelope.not_stuck", number=held.number)
        work.resume(stuck, at=at)
        note(
            held, "envelope.retried", by=None, at=at, data={"causes": sorted({task.trouble for task in stuck})}, personal={"reason": words}
        )
    return len(stuck)


def withdraw_unfinished(envelope: Envelope, *, reason: str, at: datetime) -> None:
    """End an envelope that is not concluded by the operator's hand: whoever was asked is told, and the sender.

    Unlike the sender's own withdrawing it may still end what is being closed. Refuses with ``envelope.moved``, ``reason.missing``
    and ``reason.too_long``.
    """
    words = reason_given(reason)
    with transaction.atomic(durable=True):
        # The rows first, as every worker takes them: whoever is at work on one of them loses it here, not half way.
        work.cancel(open_tasks(envelope), at=at)
        held = Envelope.objects.select_for_update(of=("self",)).select_related("organization", "sender").get(pk=envelope.pk)
        if held.state not in (*WITHDRAWABLE, EnvelopeState.CLOSING) or held.state in UNSENT:
            raise Refusal("envelope.moved", state=held.state)
        move(held, EnvelopeState.WITHDRAWN, reason=words, ended_at=at, updated_at=at)
        cancel_unfinished(held, at=at)
        note(held, "envelope.withdrawn", by=None, at=at, personal={"reason": words})
        tell_mailed("M11", held, at=at, reason=words, by_operator=True)
        tell_sender("M11", held, at=at, reason=words, by_operator=True)
    envelope.refresh_from_db()


def reason_given(given: str) -> str:
    words = given.strip()
    if len(words) < SHORTEST:
        raise Refusal("reason.missing")
    if len(words) > LONGEST:
        raise Refusal("reason.too_long", limit=LONGEST)
    return words
