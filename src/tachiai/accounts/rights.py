"""What a member's role is worth now, and what their groups open to them: read by every room that shows anything of a contract."""

from __future__ import annotations

import uuid
from typing import Any

from django.db.models import Q

from tachiai import clock
from tachiai.accounts.models import FolderGroup, Member, Role, Sharing
from tachiai.errors import Refusal

SENDERS = (Role.ADMIN, Role.MANAGER, Role.STAFF)


def role_now(member: Member) -> str:
    """The member's role; empty for whoever was stopped, and for an auditor before or after the days that were agreed."""
    if not member.is_active:
        return ""
    if member.role == Role.AUDITOR and (member.reads_from or member.reads_until):
        day = clock.today(clock.now())
        if (member.reads_from and day < member.reads_from) or (member.reads_until and day > member.reads_until):
            return ""
    return member.role


def sees_contracts(member: Member) -> bool:
    """Whether any contract can be shown to the member at all: to a system administrator none is, whatever they are given besides."""
    return role_now(member) in (*SENDERS, Role.AUDITOR)


def must_see_documents(member: Member) -> None:
    """Refuses with ``documents.not_allowed``, whatever was asked for: not even whether it exists is said."""
    if not sees_contracts(member):
        raise Refusal("documents.not_allowed")


def may_approve(member: Member) -> bool:
    """承認権限, as long as the role is worth something: a system administrator sees no contract, an auditor only reads."""
    return member.may_approve and role_now(member) in SENDERS


def may_administer(member: Member) -> bool:
    """Members, groups, folders and policies of the own organization."""
    return role_now(member) in (Role.ADMIN, Role.SYSTEM)


def in_open_folder(member: Any) -> Q:
    """Rows in a folder of the member's groups, and rows in none: what lies in no folder is every manager's."""
    return Q(folder=None) | Q(folder__in=FolderGroup.objects.filter(group__memberships__member_id=member).values("folder"))


def shared_with(member: Any, column: str) -> Q:
    """Rows whose ``column`` is the subject of a sharing with the member."""
    return Q(**{f"{column}__in": Sharing.objects.filter(member_id=member).values("subject")})


def opens_folder(member: Member, folder: uuid.UUID | None) -> bool:
    """Whether a manager may see what lies in ``folder`` (None: in no folder)."""
    return folder is None or FolderGroup.objects.filter(folder_id=folder, group__memberships__member=member).exists()
