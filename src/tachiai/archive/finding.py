"""What a member finds in the archive, and what a list of it adds up to."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import Count, Q, QuerySet, Sum

from tachiai.accounts.models import Member
from tachiai.archive.models import DescribedItem, Record
from tachiai.archive.searching import Wanted, records_for, search_records


@dataclass(frozen=True)
class Totals:
    """How many records a list holds, the sum of the stated amounts in yen, and how many state none."""

    count: int
    amount: int
    unstated: int


def found_records(member: Member, wanted: Wanted) -> QuerySet[Record]:
    """The records that match ``wanted`` among those ``member`` may see, newest transaction first."""
    return search_records(member.organization, wanted).filter(pk__in=records_for(member).values("pk"))


def days_of(records: Iterable[Record], code: str) -> dict[uuid.UUID, date]:
    """What day an item says, of each record by its origin; records that say none are left out."""
    rows = DescribedItem.objects.filter(subject__in=[one.origin for one in records], code=code)
    return {row.subject: row.day for row in rows if row.day is not None}


def totals(rows: QuerySet[Record]) -> Totals:
    """What a list adds up to."""
    summed = rows.order_by().aggregate(total=Sum("amount"), count=Count("pk"), unstated=Count("pk", filter=Q(amount=None)))
    return Totals(summed["count"], summed["total"] or 0, summed["unstated"])
