"""A signer's way out: not signing, with a reason, which need not be a refusal of the contract."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from django.db import transaction

from tachiai import ceremony
from tachiai.ceremony import Purpose
from tachiai.envelopes.events import note
from tachiai.envelopes.models import Envelope, Recipient
from tachiai.envelopes.routing import cancel_unfinished, go_on, left_of_group
from tachiai.envelopes.states import EnvelopeState, RecipientState, move
from tachiai.envelopes.telling import tell_declined, tell_mailed
from tachiai.errors import Refusal

SHORTEST, LONGEST = 2, 1000


class Wish(StrEnum):
    """What the signer means by it."""

    CORRECTION = "correction"  # 修正してほしい
    REFUSAL = "refusal"  # 締結しない
    NO_AUTHORITY = "no_authority"  # 権限者ではない
    OTHER = "other"  # その他


def decline(recipient: Recipient, *, wish: Wish, reason: str, at: datetime) -> None:
    """End the envelope on a signer's word; or their own part alone, while another of whom any one suffices can still do it.

    The caller has authenticated the signer. Nobody can be asked again who has declined: an answer stands, and whoever is to sign
    after all is named in the place of one who has not answered. Refuses with ``reason.missing``, ``reason.too_long``,
    ``recipient.not_asked`` or ``envelope.moved``.
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
        held = Recipient.objects.get(pk=recipient.pk)
        held.envelope = envelope
        if held.state not in (RecipientState.REQUESTED, RecipientState.OPENED):
            raise Refusal("recipient.not_asked", state=held.state)
        # Read under the envelope's lock: of two who decline at once only the second finds nobody left.
        left = left_of_group(held)
        move(held, RecipientState.DECLINED, reason=words, ended_at=at)
        if left:
            _bow_out(held, wish, left, at=at)
        else:
            _end(held, wish, at=at)
    recipient.refresh_from_db()


def _bow_out(held: Recipient, wish: Wish, left: Sequence[Recipient], *, at: datetime) -> None:
    """The envelope goes on with the others; what they were asked is as it was, so nobody but the sender hears of it."""
    ceremony.close_invitation(Purpose.SIGN, held.pk, at=at)
    data: dict[str, object] = {"recipient": str(held.pk), "wish": str(wish)}
    note(held.envelope, "recipient.declined", by=held, at=at, data=data, personal={"reason": held.reason})
    tell_declined(held, wish=str(wish), left=left, at=at)
    # Approvers behind the counterparty may have waited for this answer alone.
    go_on(held.envelope, at=at)


def _end(held: Recipient, wish: Wish, *, at: datetime) -> None:
    envelope = held.envelope
    move(envelope, EnvelopeState.DECLINED, reason=held.reason, ended_at=at, updated_at=at)
    cancel_unfinished(envelope, at=at)
    data: dict[str, object] = {"recipient": str(held.pk), "wish": str(wish)}
    note(envelope, "envelope.declined", by=held, at=at, data=data, personal={"reason": held.reason})
    tell_declined(held, wish=str(wish), left=(), at=at)
    tell_mailed("M10", envelope, at=at, reason="", but=held)
