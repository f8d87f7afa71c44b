"""What one line of a list of envelopes shows, worked out once so that the template only places it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from tachiai.envelopes.listing import SOON_DAYS, days_left, days_waited, place_in_order, turn_of
from tachiai.envelopes.models import Envelope, Side
from tachiai.envelopes.states import EnvelopeState, RecipientState
from tachiai.web.templatetags.look import jst


@dataclass(frozen=True)
class Row:
    """``state`` is the chip's; ``turn`` its note (2人目/3人・3日経過); ``left`` the days until the deadline, in words."""

    envelope: Envelope
    state: str
    turn: str
    left: str
    soon: bool
    undelivered: bool
    counterparty: str


def rows_of(envelopes: Iterable[Envelope], *, at: datetime) -> list[Row]:
    return [_row(envelope, at=at) for envelope in envelopes]


def _row(envelope: Envelope, *, at: datetime) -> Row:
    left = days_left(envelope, at=at)
    people = list(envelope.recipients.all())
    return Row(
        envelope=envelope,
        state=chip_state(envelope),
        turn=_waited(envelope, at=at),
        left=_left_words(left),
        soon=left is not None and left <= SOON_DAYS,
        undelivered=any(person.undelivered and person.state == RecipientState.REQUESTED for person in people),
        counterparty=envelope.counterparty or _("、").join(p.organization_name for p in people if p.side == Side.COUNTERPARTY),
    )


def chip_state(envelope: Envelope) -> str:
    """The chip's state: an envelope in progress says whose signature it waits for."""
    side = turn_of(envelope)
    if envelope.state != EnvelopeState.IN_PROGRESS or side is None:
        return envelope.state
    return f"{envelope.state}:{'theirs' if side == Side.COUNTERPARTY else 'ours'}"


def turn_words(envelope: Envelope) -> str:
    """Who is waited for, or when it will be sent."""
    if envelope.send_at is not None:
        return _("{when} に送信予定").format(when=jst(envelope.send_at))
    place = place_in_order(envelope)
    return _("{number}人目/{total}人").format(number=place[0], total=place[1]) if place else ""


def _waited(envelope: Envelope, *, at: datetime) -> str:
    """「2人目/3人・3日経過」."""
    place, days = turn_words(envelope), days_waited(envelope, at=at)
    return _("{place}・{days}日経過").format(place=place, days=days) if place and days else place


def _left_words(left: int | None) -> str:
    if left is None:
        return ""
    if left < 0:
        return _("期限を過ぎています")
    return _("今日まで") if left == 0 else _("残り{days}日").format(days=left)
