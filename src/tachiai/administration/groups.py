"""Groups of members, and the folders that are open to them."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import datetime
from typing import TypeVar

from django.db import IntegrityError, transaction
from django.db.models import Count, QuerySet

from tachiai import ledger
from tachiai.accounts.models import Folder, FolderGroup, Group, Member
from tachiai.accounts.rights import may_administer
from tachiai.errors import Refusal

LONGEST = 60
Row = TypeVar("Row", Group, Folder)


def groups_of(by: Member) -> QuerySet[Group]:
    """The organization's groups. Refuses with ``member.not_allowed``."""
    _must_administer(by)
    rows = Group.objects.filter(organization_id=by.organization_id).select_related("folder")
    return rows.annotate(size=Count("memberships")).order_by("name")


def folders_of(by: Member) -> QuerySet[Folder]:
    """The organization's folders. Refuses with ``member.not_allowed``."""
    _must_administer(by)
    return Folder.objects.filter(organization_id=by.organization_id).prefetch_related("openings__group").order_by("name")


def save_group(name: str, *, folder: uuid.UUID | None, group: uuid.UUID | None = None, by: Member, at: datetime) -> Group:
    """Make a group, or change the one of this key. What its members draft from now on goes into ``folder``.

    Refuses with ``member.not_allowed``, ``group.nameless``, ``group.taken``, ``group.unknown`` or ``folder.unknown``.
    """
    _must_administer(by)
    if folder is not None and not folders_of(by).filter(pk=folder).exists():
        raise Refusal("folder.unknown")
    try:
        with transaction.atomic(durable=True):
            row = _row(Group, group, by=by, code="group.unknown") or Group(organization_id=by.organization_id, created_at=at)
            row.name, row.folder_id = _named(name, "group.nameless"), folder
            row.save()
            _note("group.saved", by=by, at=at, data={"group": str(row.pk), "name": row.name, "folder": str(folder or "")})
    except IntegrityError as problem:
        raise Refusal("group.taken") from problem
    return row


def save_folder(name: str, *, groups: Collection[uuid.UUID], folder: uuid.UUID | None = None, by: Member, at: datetime) -> Folder:
    """Make a folder, or change the one of this key: it is open to exactly ``groups``.

    Refuses with ``member.not_allowed``, ``folder.nameless``, ``folder.taken``, ``folder.unknown`` or ``group.unknown``.
    """
    _must_administer(by)
    wanted = set(groups)
    if groups_of(by).filter(pk__in=wanted).count() != len(wanted):
        raise Refusal("group.unknown")
    try:
        with transaction.atomic(durable=True):
            row = _row(Folder, folder, by=by, code="folder.unknown") or Folder(organization_id=by.organization_id, created_at=at)
            row.name = _named(name, "folder.nameless")
            row.save()
            FolderGroup.objects.filter(folder=row).exclude(group__in=wanted).delete()
            FolderGroup.objects.bulk_create((FolderGroup(folder=row, group_id=one) for one in sorted(wanted)), ignore_conflicts=True)
            told: dict[str, object] = {"folder": str(row.pk), "name": row.name, "groups": sorted(str(one) for one in wanted)}
            _note("folder.saved", by=by, at=at, data=told)
    except IntegrityError as problem:
        raise Refusal("folder.taken") from problem
    return row


def delete_group(group: uuid.UUID, *, by: Member, at: datetime) -> None:
    """Delete a group that nobody belongs to; folders are no longer open to it. Its name stays in the ledger.

    Refuses with ``member.not_allowed``, ``group.unknown`` or ``group.not_empty`` (members).
    """
    _must_administer(by)
    try:
        with transaction.atomic(durable=True):
            row = _row(Group, group, by=by, code="group.unknown")
            assert row is not None  # noqa: S101  # a key was given
            members = row.memberships.count()
            if members:
                raise Refusal("group.not_empty", members=members)
            row.openings.all().delete()
            row.delete()
            _note("group.deleted", by=by, at=at, data={"group": str(group), "name": row.name})
    except IntegrityError as problem:
        raise Refusal("group.not_empty", members=1) from problem  # somebody was put into it at the same moment


def _row(kind: type[Row], pk: uuid.UUID | None, *, by: Member, code: str) -> Row | None:
    if pk is None:
        return None
    rows: QuerySet[Row] = kind._default_manager.select_for_update()  # noqa: SLF001  # the documented way to any model's rows
    found = rows.filter(pk=pk, organization_id=by.organization_id).first()
    if found is None:
        raise Refusal(code)
    return found


def _named(name: str, code: str) -> str:
    called = name.strip()[:LONGEST]
    if not called:
        raise Refusal(code)
    return called


def _must_administer(by: Member) -> None:
    if not may_administer(by):
        raise Refusal("member.not_allowed")


def _note(event: str, *, by: Member, at: datetime, data: dict[str, object]) -> None:
    ledger.append(f"organization:{by.organization_id}", event, by=ledger.Actor("member", str(by.pk)), at=at, data=data)
