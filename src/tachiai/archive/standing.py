"""What is verifiable until when, and what happens next: an organization's records by the file of each that gives way first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Case, CharField, Count, Exists, F, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.expressions import Combinable
from django.db.models.functions import ExtractYear

from tachiai.accounts.models import Member, Organization
from tachiai.archive.models import Record, RecordFile, RenewalTask
from tachiai.archive.names import comparable
from tachiai.archive.searching import records_for
from tachiai.clock import JAPAN
from tachiai.work.models import TaskState

# Records with more columns than the model has, which no checker of types knows.
Rows = QuerySet[Any]

PLANNED, DUE, REPLACE_AUTHORITY, STUCK, EXPIRED, UNKNOWN = "planned", "due", "replace_authority", "stuck", "expired", "unknown"
DESTROYED = "destroyed"
STEPS = (PLANNED, DUE, REPLACE_AUTHORITY, STUCK, EXPIRED, UNKNOWN, DESTROYED)
# Somebody has to act, or it is too late.
AT_RISK = frozenset((REPLACE_AUTHORITY, STUCK, EXPIRED))
# Nothing but these comes from an address.
ORDERS = {"until": "until", "renew": "renew_at", "concluded": "concluded_at", "number": "number"}


@dataclass(frozen=True)
class Looked:
    """What is looked for: ``step`` one of ``STEPS`` or empty, ``year`` the year (in Japan) in which the proof ends."""

    step: str = ""
    year: int | None = None
    words: str = ""
    order: str = "until"
    descending: bool = False


@dataclass(frozen=True)
class Year:
    """How many records prove themselves until some day of ``year``."""

    year: int
    count: int


def standings(member: Member, *, at: datetime) -> Rows:
    """The records ``member`` may see, each with ``until``, ``cause``, ``weakest``, ``stamped_by``, ``renew_at`` and its next ``step``."""
    return _with_standing(records_for(member), at=at)


def standings_of(organization: Organization | None, *, at: datetime) -> Rows:
    """The same of a whole organization, or of all: for operators."""
    rows = Record.objects.select_related("organization")
    return _with_standing(rows if organization is None else rows.filter(organization=organization), at=at)


def looked_for(rows: Rows, looked: Looked) -> Rows:
    """Those that match, in the order asked for; what nobody has looked at yet comes first."""
    if looked.step:
        rows = rows.filter(step=looked.step)
    if looked.year is not None:
        rows = rows.filter(until_year=looked.year)
    for word in looked.words.split():
        key = comparable(word)
        party = Q(counterparty_key__contains=key) if key else Q()
        rows = rows.filter(Q(title__icontains=word) | Q(number__icontains=word) | party)
    column = F(ORDERS.get(looked.order, "until"))
    return rows.order_by(column.desc(nulls_last=True) if looked.descending else column.asc(nulls_first=True), "number")


def counts(rows: Rows) -> dict[str, int]:
    """How many there are of each step."""
    found = dict(rows.order_by().values_list("step").annotate(count=Count("pk")))
    return {step: found.get(step, 0) for step in STEPS}


def by_year(rows: Rows) -> list[Year]:
    """By the year in which the proof ends, as it stands today; the first year first."""
    found = rows.order_by().exclude(until=None).values_list("until_year").annotate(count=Count("pk")).order_by("until_year")
    return [Year(year, count) for year, count in found]


def told(row: Any) -> dict[str, object]:
    """One record of :func:`standings` for a program: ISO 8601 times, None where nobody has looked yet."""
    return {
        "organization": row.organization.slug,
        "number": row.number,
        "title": row.title,
        "certificate": row.certificate_number,
        "concluded_at": row.concluded_at.isoformat(),
        "until": row.until.isoformat() if row.until else None,
        "cause": row.cause or None,
        "weakest": row.weakest or None,
        "stamped_by": row.stamped_by or None,
        "renew_at": row.renew_at.isoformat() if row.renew_at else None,
        "step": row.step,
    }


def _with_standing(rows: Rows, *, at: datetime) -> Rows:
    # What is destroyed proves nothing any more; the record is as good as the rest of its files.
    standing = RecordFile.objects.filter(record=OuterRef("pk"), blob__shredded_at=None)
    first = standing.order_by(F("verifiable_until").asc(nulls_first=True), "pk")
    columns = ("verifiable_until", "until_cause", "weakest", "stamped_by", "renew_at")
    until, cause, weakest, stamped_by, renew_at = (Subquery(first.values(name)[:1]) for name in columns)
    rows = rows.annotate(stands=Exists(standing), until=until, cause=cause, weakest=weakest, stamped_by=stamped_by, renew_at=renew_at)
    found: Rows = rows.annotate(until_year=ExtractYear("until", tzinfo=JAPAN)).annotate(step=_step(at))
    return found


def _step(at: datetime) -> Combinable:
    # Whole sets, asked once, and not a question for each record.
    stuck = RenewalTask.objects.filter(state=TaskState.STUCK)
    held = RenewalTask.objects.filter(state=TaskState.WAITING).exclude(held_up="")
    return Case(
        When(stands=False, then=Value(DESTROYED)),
        When(until=None, then=Value(UNKNOWN)),
        When(until__lte=at, then=Value(EXPIRED)),
        When(pk__in=stuck.values("file__record"), then=Value(STUCK)),
        When(pk__in=held.values("file__record"), then=Value(REPLACE_AUTHORITY)),
        When(renew_at__lte=at, then=Value(DUE)),
        default=Value(PLANNED),
        output_field=CharField(),
    )
