"""The desk's lists: which envelopes a member finds under which heading, and what each shows of its progress."""

from __future__ import annotations

import unicodedata
import uuid
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from django.db.models import Count, F, Prefetch, Q, QuerySet

from tachiai.accounts.models import Member, Role
from tachiai.accounts.rights import in_open_folder
from tachiai.clock import JAPAN, end_of, today
from tachiai.envelopes.access import envelopes_for
from tachiai.envelopes.approval_listing import DECIDED_ON, places_for, returned_later
from tachiai.envelopes.models import Envelope, Kind, Recipient, Side
from tachiai.envelopes.routing import OVER
from tachiai.envelopes.states import EnvelopeState, RecipientState

SOON_DAYS = 7
ASKED = (RecipientState.REQUESTED, RecipientState.OPENED)
DONE = (RecipientState.SIGNED, RecipientState.REVIEWED)
# How the form of a company is written. What is typed was made NFKC before, so that ㈱ and （株） are both (株) then.
COMPANY_FORMS = (
    ("株式会社", "(株)", "㈱", "㍿"),
    ("有限会社", "(有)", "㈲"),
    ("合同会社", "(同)"),
    ("合資会社", "(資)", "㈾"),
    ("一般社団法人", "(一社)"),
    ("一般財団法人", "(一財)"),
)
TO_FULL_WIDTH = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}
# What a list may be ordered by, and the columns behind it.
ORDERS = {"name": "name", "counterparty": "counterparty", "deadline": "deadline", "sent": "sent_at", "updated": "updated_at"}
UNFINISHED = tuple(state for state in EnvelopeState if state != EnvelopeState.CONCLUDED)
UNDER_WAY = (EnvelopeState.SENDING, EnvelopeState.IN_PROGRESS, EnvelopeState.CLOSING)


class Heading(StrEnum):
    """Under what an envelope is listed. An envelope may stand under several."""

    ALL = "all"
    NEEDS_YOU = "needs_you"
    WAITING = "waiting"
    DRAFT = "draft"
    APPROVAL = "approval"
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


def ordered(rows: QuerySet[Envelope], by: str) -> QuerySet[Envelope]:
    """In the order of ``by``: a key of ``ORDERS``, with a minus for the other way round; anything else is the latest change first."""
    column = ORDERS.get(by.removeprefix("-"))
    if column is None:
        return rows
    way = F(column).desc(nulls_last=True) if by.startswith("-") else F(column).asc(nulls_last=True)
    return rows.order_by(way, "-number")


def _condition(heading: Heading, member: Member, *, at: datetime) -> Q:
    if heading is Heading.NEEDS_YOU:
        return _needs(member, at=at)
    day = today(at)
    month = at.astimezone(JAPAN).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    conditions = {
        Heading.ALL: Q(),
        Heading.WAITING: Q(state__in=UNDER_WAY),
        Heading.DRAFT: Q(state=EnvelopeState.DRAFT),
        Heading.APPROVAL: Q(state__in=(EnvelopeState.AWAITING_APPROVAL, EnvelopeState.RETURNED)),
        Heading.CONCLUDED: Q(state=EnvelopeState.CONCLUDED),
        Heading.ENDED: Q(state__in=(EnvelopeState.DECLINED, EnvelopeState.WITHDRAWN)),
        Heading.EXPIRED: Q(state=EnvelopeState.EXPIRED),
        Heading.DUE_SOON: Q(state=EnvelopeState.IN_PROGRESS, deadline__lte=day + timedelta(days=SOON_DAYS)),
        Heading.TROUBLE: Q(state=EnvelopeState.DECLINED) | _undelivered(),
        Heading.THIS_MONTH: Q(state=EnvelopeState.CONCLUDED, concluded_at__gte=month),
    }
    return conditions[heading]


def _needs(member: Member, *, at: datetime) -> Q:
    """What waits for this member: a place to sign or to approve, and what of one's own was returned or could not be delivered."""
    places = Recipient.objects.filter(side=Side.OWN, member=member, state__in=ASKED)
    sign = Q(state=EnvelopeState.IN_PROGRESS, pk__in=places.values("envelope"))
    mine = Q() if member.role == Role.ADMIN else Q(sender=member)
    if member.role == Role.MANAGER:
        mine |= in_open_folder(member.pk)
    approve = Q(state__in=DECIDED_ON, pk__in=places_for(member, at=at).values("approval__envelope"))
    returned = Q(state=EnvelopeState.RETURNED) | Q(state=EnvelopeState.IN_PROGRESS, pk__in=returned_later().values("envelope"))
    return sign | approve | ((_undelivered() | returned) & mine)


def _undelivered() -> Q:
    """Somebody whom a mail did not reach, and of whom something is still to come."""
    people = Recipient.objects.filter(undelivered=True).exclude(state__in=OVER)
    return Q(state=EnvelopeState.IN_PROGRESS, pk__in=people.values("envelope"))


def count_under(headings: list[Heading], member: Member, *, at: datetime) -> dict[Heading, int]:
    """How many envelopes stand under each heading, by the same conditions as the lists.

    What is concluded is most of an old house, so that it is counted by itself, and the others in one look at what is left.
    """
    apart = [heading for heading in headings if heading in (Heading.ALL, Heading.CONCLUDED, Heading.THIS_MONTH)]
    seen = envelopes_for(member).order_by()
    counts = {heading: seen.filter(_condition(heading, member, at=at)).count() for heading in apart}
    wanted = {str(heading): Count("pk", filter=_condition(heading, member, at=at)) for heading in headings if heading not in apart}
    found = seen.filter(state__in=UNFINISHED).aggregate(**wanted)
    return counts | {Heading(name): count for name, count in found.items()}


def first_under(heading: Heading, member: Member, most: int, *, at: datetime) -> list[Envelope]:
    """The first few under a heading: which they are is found out before anything else of them is read."""
    keys = list(envelopes_under(heading, member, at=at).values_list("pk", flat=True)[:most])
    rows = envelopes_under(Heading.ALL, member, at=at).filter(pk__in=keys)
    return sorted(rows, key=lambda one: keys.index(one.pk)) if keys else []


@dataclass(frozen=True)
class Narrowed:
    """What else a list is narrowed to; everything given must hold. Days are Japan's, both ends included."""

    words: str = ""
    sender: uuid.UUID | None = None
    sent_from: date | None = None
    sent_to: date | None = None
    due_from: date | None = None
    due_to: date | None = None
    folder: uuid.UUID | None = None
    unfiled: bool = False


def narrow(rows: QuerySet[Envelope], wanted: Narrowed) -> QuerySet[Envelope]:
    """Those of ``rows`` that are as wanted."""
    held = {
        "sender": wanted.sender,
        "sent_at__gte": end_of(wanted.sent_from - timedelta(days=1)) if wanted.sent_from else None,
        "sent_at__lt": end_of(wanted.sent_to) if wanted.sent_to else None,
        "deadline__gte": wanted.due_from,
        "deadline__lte": wanted.due_to,
        "folder": wanted.folder,
        "folder__isnull": True if wanted.unfiled else None,
    }
    return matching(rows.filter(**{name: value for name, value in held.items() if value is not None}), wanted.words)


def matching(rows: QuerySet[Envelope], words: str) -> QuerySet[Envelope]:
    """Those whose name, control number, counterparty or a signer's name or address contains every word typed, however it is spelt."""
    for word in unicodedata.normalize("NFKC", words).split():
        rows = rows.filter(_holds(word))
    return rows


def _holds(word: str) -> Q:
    found, people = Q(), Q()
    for spelt in spellings(word):
        found |= Q(name__icontains=spelt) | Q(number__icontains=spelt) | Q(counterparty__icontains=spelt)
        people |= Q(mail__icontains=spelt) | Q(name__icontains=spelt) | Q(organization_name__icontains=spelt)
    return found | Q(pk__in=Recipient.objects.filter(people).values("envelope"))


def spellings(word: str) -> set[str]:
    """A word as it may have been written down: in half and full width, a company's form whole, in brackets or as one sign."""
    plain = unicodedata.normalize("NFKC", word)
    found = {plain}
    for forms in COMPANY_FORMS:
        short = next((form for form in forms if form in plain), None)
        if short is not None:
            found = {one.replace(short, form) for one in found for form in forms}
    return found | {one.translate(TO_FULL_WIDTH) for one in found}


def turn_of(envelope: Envelope) -> Side | None:
    """Whose signature an envelope in progress waits for now; None when nobody is being asked."""
    if envelope.state != EnvelopeState.IN_PROGRESS:
        return None
    asked = [person for person in envelope.recipients.all() if person.state in ASKED]
    return Side(asked[0].side) if asked else None


def place_in_order(envelope: Envelope) -> tuple[int, int] | None:
    """(the how manieth answer is being waited for, of how many) while an envelope is in progress.

    Those of whom any one suffices give one answer, whoever of them it is; who only gets a copy and whoever named another gives none.
    """
    answers: dict[object, bool] = {}
    for person in envelope.recipients.all():
        if person.kind != Kind.COPY and person.state != RecipientState.FORWARDED:
            part = ("any one", person.order) if person.any_one else person.pk
            answers[part] = answers.get(part, False) or person.state in DONE
    if envelope.state != EnvelopeState.IN_PROGRESS or not answers:
        return None
    return min(sum(answers.values()) + 1, len(answers)), len(answers)


def days_waited(envelope: Envelope, *, at: datetime) -> int:
    """Whole days since whoever is being waited for was asked, 0 while nobody is."""
    asked = [person.requested_at for person in envelope.recipients.all() if person.state in ASKED and person.requested_at]
    return (at - min(asked)).days if asked and envelope.state == EnvelopeState.IN_PROGRESS else 0


def days_left(envelope: Envelope, *, at: datetime) -> int | None:
    """Whole days until the deadline's own day in Japan, 0 on that day; None while nobody is being waited for."""
    if envelope.deadline is None or envelope.state not in (EnvelopeState.SENDING, EnvelopeState.IN_PROGRESS):
        return None
    return (envelope.deadline - today(at)).days
