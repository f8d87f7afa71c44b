"""The desk's lists: which envelopes a member finds under which heading, and what each shows of its progress."""

from __future__ import annotations

import unicodedata
from datetime import datetime, timedelta
from enum import StrEnum

from django.db.models import Prefetch, Q, QuerySet

from tachiai.accounts.models import Member, Role
from tachiai.accounts.rights import in_open_folder
from tachiai.clock import JAPAN, today
from tachiai.envelopes.access import envelopes_for
from tachiai.envelopes.models import Envelope, Recipient, Side
from tachiai.envelopes.states import EnvelopeState, RecipientState

SOON_DAYS = 7
ASKED = (RecipientState.REQUESTED, RecipientState.OPENED)
UNDER_WAY = (EnvelopeState.SENDING, EnvelopeState.IN_PROGRESS, EnvelopeState.CLOSING)


class Heading(StrEnum):
    """Under what an envelope is listed. An envelope may stand under several."""

    ALL = "all"
    NEEDS_YOU = "needs_you"
    WAITING = "waiting"
    DRAFT = "draft"
    CONCLUDED = "concluded"
    ENDED = "ended"
    EXPIRED = "expired"
    DUE_SOON = "due_soon"
    TROUBLE = "trouble"
    THIS_MONTH = "this_month"


def envelopes_under(heading: Heading, member: Member, *, at: datetime) -> QuerySet[Envelope]:
    """What ``member`` may see under ``heading``, the latest change first."""
    rows = envelopes_for(member).filter(_condition(heading, member, at=at)).order_by("-updated_at", "-number")
    return rows.prefetch_related(Prefetch("recipients", queryset=Recipient.objects.order_by("order", "position")))


def _condition(heading: Heading, member: Member, *, at: datetime) -> Q:
    if heading is Heading.NEEDS_YOU:
        return _needs(member)
    day = today(at)
    month = at.astimezone(JAPAN).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    conditions = {
        Heading.ALL: Q(),
        Heading.WAITING: Q(state__in=UNDER_WAY),
        Heading.DRAFT: Q(state=EnvelopeState.DRAFT),
        Heading.CONCLUDED: Q(state=EnvelopeState.CONCLUDED),
        Heading.ENDED: Q(state__in=(EnvelopeState.DECLINED, EnvelopeState.WITHDRAWN)),
        Heading.EXPIRED: Q(state=EnvelopeState.EXPIRED),
        Heading.DUE_SOON: Q(state=EnvelopeState.IN_PROGRESS, deadline__lte=day + timedelta(days=SOON_DAYS)),
        Heading.TROUBLE: Q(state=EnvelopeState.DECLINED) | _undelivered(),
        Heading.THIS_MONTH: Q(state=EnvelopeState.CONCLUDED, concluded_at__gte=month),
    }
    return conditions[heading]


def _needs(member: Member) -> Q:
    """What waits for this member: a place to sign, and a request of one's own that could not be delivered."""
    places = Recipient.objects.filter(side=Side.OWN, member=member, state__in=ASKED)
    sign = Q(state=EnvelopeState.IN_PROGRESS, pk__in=places.values("envelope"))
    mine = Q() if member.role == Role.ADMIN else Q(sender=member)
    if member.role == Role.MANAGER:
        mine |= in_open_folder(member.pk)
    return sign | (_undelivered() & mine)


def _undelivered() -> Q:
    return Q(state=EnvelopeState.IN_PROGRESS, pk__in=Recipient.objects.filter(undelivered=True).values("envelope"))


def count_under(headings: list[Heading], member: Member, *, at: datetime) -> dict[Heading, int]:
    """How many envelopes stand under each heading, by the same conditions as the lists."""
    return {heading: envelopes_for(member).filter(_condition(heading, member, at=at)).count() for heading in headings}


def matching(rows: QuerySet[Envelope], words: str) -> QuerySet[Envelope]:
    """Those whose name, control number, counterparty or a signer's name or address contains every word typed."""
    for word in unicodedata.normalize("NFKC", words).split():
        people = Recipient.objects.filter(Q(mail__icontains=word) | Q(name__icontains=word) | Q(organization_name__icontains=word))
        rows = rows.filter(
            Q(name__icontains=word) | Q(number__icontains=word) | Q(counterparty__icontains=word) | Q(pk__in=people.values("envelope"))
        )
    return rows


def turn_of(envelope: Envelope) -> Side | None:
    """Whose signature an envelope in progress waits for now; None when nobody is being asked."""
    if envelope.state != EnvelopeState.IN_PROGRESS:
        return None
    asked = [person for person in envelope.recipients.all() if person.state in ASKED]
    return Side(asked[0].side) if asked else None


def place_in_order(envelope: Envelope) -> tuple[int, int] | None:
    """(which signer is being waited for, of how many) while an envelope is in progress."""
    people = list(envelope.recipients.all())
    if envelope.state != EnvelopeState.IN_PROGRESS or not people:
        return None
    done = sum(person.state == RecipientState.SIGNED for person in people)
    return min(done + 1, len(people)), len(people)


def days_left(envelope: Envelope, *, at: datetime) -> int | None:
    """Whole days until the deadline's own day in Japan, 0 on that day; None while nobody is being waited for."""
    if envelope.deadline is None or envelope.state not in (EnvelopeState.SENDING, EnvelopeState.IN_PROGRESS):
        return None
    return (envelope.deadline - today(at)).days
