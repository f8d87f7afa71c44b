"""A signer's way out: not signing, with a reason, which need not be a refusal of the contract."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from django.db import transaction

from tachiai.envelopes.events import note
from tachiai.envelopes.models import Envelope, Recipient
from tachiai.envelopes.routing import cancel_unfinished
from tachiai.envelopes.states import EnvelopeState, RecipientState, move
from tachiai.envelopes.telling import tell_mailed, tell_sender
from tachiai.errors import Refusal

SHORTEST, LONGEST = 2, 1000


class Wish(StrEnum):
    """What the signer means by it."""

    CORRECTION = "correction"  # 修正してほしい
    REFUSAL = "refusal"  # 締結しない
    NO_AUTHORITY = "no_authority"  # 権限者ではない
    OTHER = "other"  # その他


def decline(recipient: Recipient, *, wish: Wish, reason: str, at: datetime) -> None:
    """End the envelope on a signer's word. The caller has authenticated the signer.

    Refuses with ``reason.missing``, ``reason.too_long``, ``recipient.not_asked`` or ``envelope.moved``.
    """
    words = reason.strip()
    if len(words) < SHORTEST:
        raise Refusal("reason.missing")
    if len(words) > LONGEST:
        raise Refusal("reason.too_long", limit=LONGEST)
    with transaction.atomic(durable=True):
        envelope = Envelope.objects.select_for_update(of=("self",)).select_related("organization", "sender").get(pk=recipient.envelope_id)
        if envelope.state != EnvelopeState.IN_PROGRESS:
            raise Refusal("envelope.moved", state=envelope.state)
        held = Recipient.objects.select_related("envelope__organization", "envelope__sender").get(pk=recipient.pk)
        if held.state not in (RecipientState.REQUESTED, RecipientState.OPENED):
            raise Refusal("recipient.not_asked", state=held.state)
        move(envelope, EnvelopeState.DECLINED, reason=words, ended_at=at, updated_at=at)
        move(held, RecipientState.DECLINED, reason=words, ended_at=at)
        cancel_unfinished(envelope, at=at)
        data: dict[str, object] = {"recipient": str(held.pk), "wish": str(wish)}
        note(envelope, "envelope.declined", by=held, at=at, data=data, personal={"reason": words})
        tell_sender("M10", envelope, at=at, about=held, reason=words, wish=str(wish))
        tell_mailed("M10", envelope, at=at, reason="", but=held)
    recipient.refresh_from_db()
