"""What a member finds in the archive, and what a list of it adds up to."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet, Sum

from tachiai.accounts.models import Member
from tachiai.archive.models import Record
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


def totals(rows: QuerySet[Record]) -> Totals:
    """What a list adds up to."""
    summed = rows.order_by().aggregate(total=Sum("amount"), count=Count("pk"), unstated=Count("pk", filter=Q(amount=None)))
    return Totals(summed["count"], summed["total"] or 0, summed["unstated"])
