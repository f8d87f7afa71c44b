"""Finding records by date, party and amount, each alone and combined (施行規則2条6項5号)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db.models import Exists, OuterRef, Q, QuerySet

from tachiai.accounts.models import Member, Organization, Role
from tachiai.accounts.rights import in_open_folder, role_now, shared_with
from tachiai.archive.items import ITEMS, KINDS, NEVER_RENEWED, Sort
from tachiai.archive.models import DescribedItem, Record, RecordFile
from tachiai.archive.names import comparable

RENEWED = "renewed"
# Items that people write words into, as against those that hold a code.
WORDED = tuple(one.code for one in ITEMS.values() if one.sort in (Sort.LINE, Sort.TEXT))


@dataclass(frozen=True)
class Wanted:
    """What is looked for; everything given must hold. Ranges include both ends. ``no_amount`` finds amounts not stated.

    ``ends_…`` and ``notice_…`` are of 契約終了日 and 解約通知期限; ``kind`` is a code of ``archive.items.KINDS``, ``renewal`` is
    ``NEVER_RENEWED`` or ``RENEWED``.
    """

    words: str = ""
    date_from: date | None = None
    date_to: date | None = None
    counterparty: str = ""
    amount_from: int | None = None
    amount_to: int | None = None
    no_amount: bool = False
    ends_from: date | None = None
    ends_to: date | None = None
    notice_from: date | None = None
    notice_to: date | None = None
    kind: str = ""
    renewal: str = ""


def search_records(organization: Organization, wanted: Wanted) -> QuerySet[Record]:
    """The organization's records that match, newest transaction first."""
    rows = Record.objects.filter(organization=organization)
    if wanted.date_from is not None:
        rows = rows.filter(transaction_date__gte=wanted.date_from)
    if wanted.date_to is not None:
        rows = rows.filter(transaction_date__lte=wanted.date_to)
    if wanted.counterparty:
        rows = rows.filter(_party(wanted.counterparty))
    rows = _by_items(_by_amount(rows, wanted), wanted)
    for word in wanted.words.split():
        rows = rows.filter(Q(title__icontains=word) | Q(number__icontains=word) | _party(word) | _worded(word))
    return rows.order_by("-transaction_date", "-concluded_at")


def _party(asked: str) -> Q:
    """Names are compared without spaces and marks; whatever consists of nothing else finds nobody, instead of everybody."""
    key = comparable(asked)
    return Q(counterparty_key__contains=key) if key else Q(pk__in=[])


def _described(**item: object) -> Q:
    """Records of which an item says this."""
    return Q(Exists(DescribedItem.objects.filter(subject=OuterRef("origin"), **item)))


def _worded(word: str) -> Q:
    """Records of which an item has the word in it; what stands for a kind of document of our own list is no word."""
    said = DescribedItem.objects.filter(subject=OuterRef("origin"), code__in=WORDED, text__icontains=word)
    return Q(Exists(said.exclude(code="kind", text__in=KINDS)))


def _by_items(rows: QuerySet[Record], wanted: Wanted) -> QuerySet[Record]:
    for code, first, last in (("ends_on", wanted.ends_from, wanted.ends_to), ("notice_by", wanted.notice_from, wanted.notice_to)):
        bounds = {"day__gte": first, "day__lte": last}
        if first is not None or last is not None:
            rows = rows.filter(_described(code=code, **{name: day for name, day in bounds.items() if day is not None}))
    if wanted.kind:
        rows = rows.filter(_described(code="kind", text=wanted.kind))
    if wanted.renewal == NEVER_RENEWED:
        rows = rows.filter(_described(code="renewal", text=NEVER_RENEWED))
    elif wanted.renewal:
        rows = rows.filter(_described(code="renewal") & ~_described(code="renewal", text=NEVER_RENEWED))
    return rows


def _by_amount(rows: QuerySet[Record], wanted: Wanted) -> QuerySet[Record]:
    if wanted.no_amount:
        return rows.filter(amount=None)
    if wanted.amount_from is not None:
        rows = rows.filter(amount__gte=wanted.amount_from)
    if wanted.amount_to is not None:
        rows = rows.filter(amount__lte=wanted.amount_to)
    return rows


def records_for(member: Member) -> QuerySet[Record]:
    """The records a member may see: all for the organization's admins and auditors, a manager's folders, one's own and shared ones."""
    rows = Record.objects.filter(organization_id=member.organization_id)
    role = role_now(member)
    if role in (Role.ADMIN, Role.AUDITOR):
        return rows
    mine = Q(owner=member) | shared_with(member.pk, "origin")
    if role == Role.MANAGER:
        return rows.filter(mine | in_open_folder(member.pk))
    return rows.filter(mine) if role == Role.STAFF else rows.none()


def find_by_digest(sha256: bytes) -> RecordFile | None:
    """The file of this house with exactly these bytes, or that had them before proof was appended to it."""
    rows = RecordFile.objects.select_related("record__organization__operator")
    return rows.filter(sha256=sha256).first() or rows.filter(earlier__sha256=sha256).first()


def find_by_certificate(number: str) -> Record | None:
    """The record of a certificate number as printed; case, spaces and hyphens do not matter."""
    typed = "".join(char for char in number.upper() if char.isalnum())
    rows = Record.objects.select_related("organization__operator").prefetch_related("files")
    return rows.filter(certificate_number=grouped(typed)).first()


def grouped(plain: str) -> str:
    """A certificate number in groups of four: ``ABCD-EFGH-…``."""
    return "-".join(plain[start : start + 4] for start in range(0, len(plain), 4))
