"""Members as a sheet: taking the list away, and inviting many at once from one. A sheet is taken whole or not at all."""

from __future__ import annotations

import csv
import io
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Prefetch

from tachiai import ledger
from tachiai.accounts.models import Group, Member, Membership, Role
from tachiai.administration.members import Details, address_of, checked, invite_member, members_of
from tachiai.errors import Refusal
from tachiai.sheets import as_meant, write_sheet

HEADS = ("mail", "name", "department", "title", "phone", "language", "role", "may_sign", "may_approve", "groups")
LARGEST = 500
MAX_BYTES = 1024 * 1024
YES = {"1": True, "true": True, "yes": True, "○": True, "0": False, "false": False, "no": False, "": False}


@dataclass(frozen=True)
class Line:
    """One line of a sheet: its number as a spreadsheet counts, and either who is to be invited or why not (a code)."""

    number: int
    mail: str
    details: Details | None
    trouble: str


def export_members(*, by: Member, at: datetime) -> bytes:
    """The organization's members as CSV, on record as taken away. Refuses with ``member.not_allowed``."""
    groups = Prefetch("memberships", queryset=Membership.objects.select_related("group").order_by("group__name"))
    rows = list(members_of(by).prefetch_related(groups))
    with transaction.atomic(durable=True):
        data = {"list": "members", "count": len(rows)}
        ledger.append(f"organization:{by.organization_id}", "list.exported", by=ledger.Actor("member", str(by.pk)), at=at, data=dict(data))
    return write_sheet((*HEADS, "active"), (_cells(one) for one in rows))


def _cells(member: Member) -> tuple[str, ...]:
    groups = ";".join(one.group.name for one in member.memberships.all())
    flags = (_flag(member.may_sign), _flag(member.may_approve), groups, _flag(member.is_active))
    return (member.mail, member.name, member.department, member.title, member.phone, member.language, member.role, *flags)


def _flag(held: bool) -> str:
    return "1" if held else "0"


def read_sheet(content: bytes, *, by: Member) -> list[Line]:
    """What a sheet of new members says, line by line; nothing is changed.

    UTF-8 or Shift_JIS; the first line names the columns (``HEADS``; mail, name and role must be there). Refuses with
    ``member.not_allowed``, ``sheet.unreadable``, ``sheet.columns`` (names), ``sheet.empty`` or ``sheet.too_long`` (limit).
    """
    members_of(by)
    reader = csv.DictReader(io.StringIO(_decoded(content), newline=""))
    try:
        missing = [name for name in ("mail", "name", "role") if name not in (reader.fieldnames or ())]
        if missing:
            raise Refusal("sheet.columns", names=", ".join(missing))
        rows = [(reader.line_num, {name: as_meant((row.get(name) or "").strip()) for name in HEADS}) for row in reader]
    except csv.Error as problem:
        raise Refusal("sheet.unreadable") from problem
    if not rows:
        raise Refusal("sheet.empty")
    if len(rows) > LARGEST:
        raise Refusal("sheet.too_long", limit=LARGEST)
    return _judged(rows, by=by)


def _decoded(content: bytes) -> str:
    if len(content) > MAX_BYTES:
        raise Refusal("sheet.too_long", limit=LARGEST)
    for encoding in ("utf-8-sig", "cp932"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Refusal("sheet.unreadable")


def _judged(rows: list[tuple[int, dict[str, str]]], *, by: Member) -> list[Line]:
    groups = dict(Group.objects.filter(organization_id=by.organization_id).values_list("name", "pk"))
    seen: set[str] = set()
    lines = []
    for number, row in rows:
        mail = row["mail"].lower()
        try:
            details = checked(_details(row, groups), by=by)
            mail = address_of(mail)
            if mail in seen or Member.objects.filter(mail__iexact=mail).exists():
                raise Refusal("member.taken")  # noqa: TRY301  # one line's troubles are told together
            lines.append(Line(number, mail, details, ""))
        except Refusal as refusal:
            lines.append(Line(number, mail, None, refusal.code))
        seen.add(mail)
    return lines


def _details(row: Mapping[str, str], groups: Mapping[str, uuid.UUID]) -> Details:
    named = [one.strip() for one in row["groups"].split(";") if one.strip()]
    if any(one not in groups for one in named):
        raise Refusal("group.unknown")
    if any(row[flag].lower() not in YES for flag in ("may_sign", "may_approve")):
        raise Refusal("sheet.flag")
    return Details(
        name=row["name"],
        role=row["role"] or Role.STAFF,
        title=row["title"],
        department=row["department"],
        phone=row["phone"],
        language=row["language"] or "ja",
        may_sign=YES[row["may_sign"].lower()],
        may_approve=YES[row["may_approve"].lower()],
        groups=frozenset(groups[one] for one in named),
    )


def invite_sheet(lines: list[Line], *, by: Member, at: datetime) -> int:
    """Invite everybody on a sheet without troubles; how many. Refuses with ``sheet.troubles`` before anybody is invited.

    Each is an act of its own: should somebody be taken meanwhile (``member.taken``), those before stay invited, and the sheet, read again,
    names them.
    """
    if any(line.details is None for line in lines):
        raise Refusal("sheet.troubles")
    for line in lines:
        if line.details is not None:
            invite_member(line.mail, line.details, by=by, at=at)
    return len(lines)
