"""Folders and sharing: which members of the organization see an envelope and its record besides its sender."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import NamedTuple

from django.db import IntegrityError, transaction
from django.db.models import ProtectedError, QuerySet

from tachiai import archive, ledger
from tachiai.accounts.models import Folder, FolderGroup, Group, Member, Role, Sharing
from tachiai.accounts.rights import SENDERS, may_administer
from tachiai.archive.models import Record
from tachiai.envelopes.access import may_manage
from tachiai.envelopes.events import note
from tachiai.envelopes.models import Envelope
from tachiai.errors import Refusal
from tachiai.prepared import Prepared, given

SHAREABLE = SENDERS


def default_folder(member: Member) -> uuid.UUID | None:
    """Where a new draft of ``member`` goes: the folder of their first group, by name, that has one; None without."""
    found = _DEFAULT.first(member=member.pk)
    return found.folder_id if found is not None else None


_DEFAULT = Prepared(lambda: Group.objects.filter(memberships__member=given("member", Member)).exclude(folder=None).order_by("name")[:1])


def folders_for(member: Member) -> QuerySet[Folder]:
    """The folders ``member`` may put an envelope into: an admin all of the organization's, others those of their groups."""
    rows = Folder.objects.filter(organization_id=member.organization_id).order_by("name")
    if member.role == Role.ADMIN:
        return rows
    return rows.filter(pk__in=FolderGroup.objects.filter(group__memberships__member=member).values("folder"))


def move_to_folder(envelope: Envelope, folder: uuid.UUID | None, *, by: Member, at: datetime) -> None:
    """Keep an envelope and its record in another folder (None: in none, which is open to every manager).

    Refuses with ``envelope.not_allowed`` or ``folder.unknown``.
    """
    if not may_manage(by, envelope):
        raise Refusal("envelope.not_allowed")
    with transaction.atomic(durable=True):
        held = Envelope.objects.select_for_update().get(pk=envelope.pk)
        if held.folder_id == folder:
            return
        if folder is not None and not folders_for(by).filter(pk=folder).exists():
            raise Refusal("folder.unknown")
        Envelope.objects.filter(pk=held.pk).update(folder_id=folder, updated_at=at)
        archive.move_record(held.pk, folder)
        told = {"from": str(held.folder_id or ""), "to": str(folder or "")}
        note(held, "envelope.moved_to_folder", by=by, at=at, data=dict(told))
    envelope.folder_id = folder


class Contents(NamedTuple):
    """What keeps a folder from being deleted: rows in it, and groups whose new envelopes go into it."""

    envelopes: int
    records: int
    groups: int


def contents_of(folder: Folder) -> Contents:
    counts = (model.objects.filter(folder=folder).count() for model in (Envelope, Record, Group))
    return Contents(*counts)


def delete_folder(folder: uuid.UUID, *, by: Member, at: datetime) -> None:
    """Delete a folder with nothing in it. Its name stays in the ledger.

    Refuses with ``member.not_allowed``, ``folder.unknown`` or ``folder.not_empty`` (envelopes, records, groups).
    """
    if not may_administer(by):
        raise Refusal("member.not_allowed")
    try:
        with transaction.atomic(durable=True):
            row = Folder.objects.select_for_update().filter(pk=folder, organization_id=by.organization_id).first()
            if row is None:
                raise Refusal("folder.unknown")
            held = contents_of(row)
            if any(held):
                raise Refusal("folder.not_empty", **held._asdict())
            row.openings.all().delete()
            row.delete()
            actor, told = ledger.Actor("member", str(by.pk)), {"folder": str(folder), "name": row.name}
            ledger.append(f"organization:{by.organization_id}", "folder.deleted", by=actor, at=at, data=dict(told))
    except (IntegrityError, ProtectedError) as problem:
        raise Refusal("folder.not_empty", envelopes=1, records=0, groups=0) from problem  # put there at the same moment


def sharers_of(envelope: Envelope) -> QuerySet[Member]:
    """The members an envelope is shared with."""
    return Member.objects.filter(sharings__subject=envelope.pk).order_by("department", "name")


def shareable(envelope: Envelope) -> QuerySet[Member]:
    """Whom an envelope can be shared with: those who work with contracts and are not its sender. Auditors and admins see it anyway."""
    rows = Member.objects.filter(organization_id=envelope.organization_id, is_active=True, role__in=SHAREABLE)
    return rows.exclude(pk=envelope.sender_id).exclude(sharings__subject=envelope.pk).order_by("department", "name")


def share_envelope(envelope: Envelope, with_member: uuid.UUID, *, by: Member, at: datetime) -> None:
    """Let one member read the envelope and its record. Refuses with ``envelope.not_allowed`` or ``member.unknown``."""
    if not may_manage(by, envelope):
        raise Refusal("envelope.not_allowed")
    with transaction.atomic(durable=True):
        Envelope.objects.select_for_update().get(pk=envelope.pk)
        if not shareable(envelope).filter(pk=with_member).exists():
            raise Refusal("member.unknown")
        Sharing.objects.create(subject=envelope.pk, member_id=with_member, created_at=at)
        note(envelope, "envelope.shared", by=by, at=at, data={"member": str(with_member)})


def end_sharing(envelope: Envelope, with_member: uuid.UUID, *, by: Member, at: datetime) -> None:
    """The member reads it no longer. Refuses with ``envelope.not_allowed`` or ``member.unknown``."""
    if not may_manage(by, envelope):
        raise Refusal("envelope.not_allowed")
    with transaction.atomic(durable=True):
        ended, _ = Sharing.objects.filter(subject=envelope.pk, member_id=with_member).delete()
        if not ended:
            raise Refusal("member.unknown")
        note(envelope, "envelope.sharing_ended", by=by, at=at, data={"member": str(with_member)})
