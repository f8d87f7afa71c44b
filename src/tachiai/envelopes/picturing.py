"""The numbers behind the home page's pictures: how far this month's requests came, how long signing takes, what twelve weeks brought."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Count, Exists, FloatField, Func, OuterRef, Q, QuerySet
from django.db.models.sql.compiler import SQLCompiler

from tachiai.accounts.models import Member
from tachiai.clock import end_of, today
from tachiai.envelopes.access import envelopes_for
from tachiai.envelopes.models import Kind, Recipient, Side
from tachiai.envelopes.states import EnvelopeState

# The longest spans that still count in each bar of the time to sign; the last bar holds whatever took longer.
SPANS = (
    timedelta(hours=1),
    timedelta(hours=6),
    timedelta(hours=24),
    timedelta(days=2),
    timedelta(days=7),
    timedelta(days=14),
    timedelta(days=30),
)
_LIMITS = [one.total_seconds() for one in SPANS]
SPAN_DAYS = 90
WEEKS = 12
COLUMNS = ("sent_at", "concluded_at")


class _Seconds(Func):
    """An instant as seconds, reckoned by the database: thousands of instants are not made into objects for a picture."""

    output_field = FloatField()
    template = "EXTRACT(EPOCH FROM %(expressions)s)"

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **more: Any) -> Any:
        template = "((julianday(%(expressions)s) - 2440587.5) * 86400.0)"
        return self.as_sql(compiler, connection, template=template, **more)


@dataclass(frozen=True)
class Funnel:
    """Counterparties' places that were asked this month, and how many of them came how far since."""

    asked: int
    opened: int
    consented: int
    signed: int
    concluded: int


@dataclass(frozen=True)
class Spans:
    """How many counterparties took how long from being asked to consenting: one number for each of ``SPANS`` and one more."""

    counts: list[int]
    median: timedelta | None


@dataclass(frozen=True)
class Week:
    """What was sent and what was concluded in the week that begins on the Monday ``begins``, in Japan."""

    begins: date
    sent: int
    concluded: int


def funnel(member: Member, *, at: datetime) -> Funnel:
    """Of the places asked since the first of this month in Japan."""
    month = end_of(today(at).replace(day=1) - timedelta(days=1))
    places = _places(member).filter(requested_at__gte=month)
    counted = places.aggregate(
        asked=Count("pk"),
        opened=Count("pk", filter=Q(opened_at__isnull=False)),
        consented=Count("pk", filter=Q(consented_at__isnull=False)),
        signed=Count("pk", filter=Q(signed_at__isnull=False)),
        concluded=Count("pk", filter=Q(envelope__state=EnvelopeState.CONCLUDED)),
    )
    return Funnel(**counted)


def spans(member: Member, *, at: datetime) -> Spans:
    """Of the consents of the last ninety days. A place that was asked again counts from the last request."""
    pairs = _places(member).filter(consented_at__gte=at - timedelta(days=SPAN_DAYS), requested_at__isnull=False)
    taken = list(pairs.values_list(_Seconds("consented_at") - _Seconds("requested_at"), flat=True))
    counts = Counter(bisect_left(_LIMITS, round(one, 3)) for one in taken)
    return Spans([counts[place] for place in range(len(SPANS) + 1)], timedelta(seconds=median(taken)) if taken else None)


def weeks(member: Member, *, at: datetime) -> list[Week]:
    """This week and the eleven before it, oldest first."""
    monday = today(at) - timedelta(days=today(at).weekday())
    begins = [monday - timedelta(weeks=ago) for ago in range(WEEKS - 1, -1, -1)]
    bounds = [end_of(day - timedelta(days=1)) for day in (*begins, monday + timedelta(weeks=1))]
    # Counted where the rows lie, from each bound on: to make thousands of times into objects takes longer than the rest of the page.
    wanted = {
        f"{column}_{number}": Count(column, filter=Q(**{f"{column}__gte": since}))
        for number, since in enumerate(bounds)
        for column in COLUMNS
    }
    found = envelopes_for(member).order_by().filter(Q(sent_at__gte=bounds[0]) | Q(concluded_at__gte=bounds[0])).aggregate(**wanted)
    sent, concluded = ([found[f"{column}_{number}"] for number in range(len(bounds))] for column in COLUMNS)
    return [Week(day, sent[number] - sent[number + 1], concluded[number] - concluded[number + 1]) for number, day in enumerate(begins)]


def _places(member: Member) -> QuerySet[Recipient]:
    # Asked of each place, and not the other way round: of ten thousand envelopes few places are of this month.
    seen = Exists(envelopes_for(member).order_by().filter(pk=OuterRef("envelope")))
    return Recipient.objects.filter(seen, side=Side.COUNTERPARTY, kind=Kind.SIGNER)
