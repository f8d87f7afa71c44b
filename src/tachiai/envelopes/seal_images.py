"""Pictures of seals (印影) that an organization or a member keeps, for signatures of ours that are to be seen with one."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from tachiai import ledger, vault
from tachiai.accounts.models import Member, Role
from tachiai.envelopes.field_models import SealImage
from tachiai.envelopes.models import Recipient
from tachiai.errors import Refusal
from tachiai.outbox import one_line
from tachiai.pages.seal_images import cleaned
from tachiai.prepared import Prepared, given

MOST_OF_ONE = 10


def keep_image(picture: bytes, *, name: str, shared: bool, by: Member, at: datetime) -> SealImage:
    """Keep a picture: the member's own, or with ``shared`` the organization's. What it carries beside its pixels is left behind.

    Refuses with ``image.not_allowed``, ``image.nameless``, ``image.too_many`` (limit), and as ``pages.seal_images`` does.
    """
    _may_keep(by, shared=shared)
    called = one_line(name, longest=60)
    if not called:
        raise Refusal("image.nameless")
    if sum(1 for one in images_of(by) if (one.member_id is None) == shared) >= MOST_OF_ONE:
        raise Refusal("image.too_many", limit=MOST_OF_ONE)
    stored = vault.put(cleaned(picture), kind="seal")
    with transaction.atomic(durable=True):
        blob = vault.keep(stored, at=at)
        owner = None if shared else by
        image = SealImage.objects.create(organization=by.organization, member=owner, name=called, blob=blob, created_at=at)
        data: dict[str, object] = {"image": str(image.pk), "sha256": stored.sha256.hex(), "shared": shared}
        ledger.append(_stream(by), "seal_image.kept", by=ledger.Actor("member", str(by.pk)), at=at, data=data)
    return image


def end_image(image: SealImage, *, by: Member, at: datetime) -> None:
    """Offer it no longer. What bears it already keeps it. Refuses with ``image.not_allowed``."""
    _may_keep(by, shared=image.member_id is None)
    with transaction.atomic(durable=True):
        SealImage.objects.filter(pk=image.pk, ended_at=None).update(ended_at=at)
        ledger.append(_stream(by), "seal_image.ended", by=ledger.Actor("member", str(by.pk)), at=at, data={"image": str(image.pk)})


def forget_images(member: Member) -> None:
    """In the caller's transaction: the member's own pictures, those that ended too. What bears one already keeps what it bears."""
    images = list(SealImage.objects.filter(member=member).select_related("blob"))
    SealImage.objects.filter(pk__in=[image.pk for image in images]).delete()
    if images:
        vault.shred([image.blob for image in images])


def _stream(member: Member) -> str:
    return f"organization:{member.organization_id}"


def may_keep(by: Member, *, shared: bool) -> bool:
    """Whoever may sign keeps their own; the organization's are kept by its administrators."""
    return by.is_active and (by.role == Role.ADMIN if shared else by.may_sign)


def _may_keep(by: Member, *, shared: bool) -> None:
    if not may_keep(by, shared=shared):
        raise Refusal("image.not_allowed")


def images_of(member: Member) -> list[SealImage]:
    """What this member may use: their own and the organization's, the own first."""
    found = _IMAGES.all(organization=member.organization_id, member=member.pk)
    return sorted(found, key=lambda one: (one.member_id is None, one.created_at))


_IMAGES = Prepared(
    lambda: SealImage.objects.filter(
        Q(member=None) | Q(member_id=given("member", SealImage, "member")),
        organization_id=given("organization", SealImage, "organization"),
        ended_at=None,
    ).select_related("blob")
)


def image_for(member: Member, pk: str | uuid.UUID) -> SealImage:
    """One of them. Refuses with ``image.unknown``, also for what is no identifier at all."""
    found = next((one for one in images_of(member) if str(one.pk) == str(pk)), None)
    if found is None:
        raise Refusal("image.unknown")
    return found


def picture(image: SealImage) -> bytes:
    """The picture, a PNG of our own making."""
    return vault.read(image.blob)


def offered_images(recipient: Recipient) -> list[SealImage]:
    """What a signer of ours may be seen with; nothing for a counterparty, who brings their own."""
    return images_of(recipient.member) if recipient.member is not None else []


def picture_of(recipient: Recipient, pk: str) -> bytes:
    """One of :func:`offered_images`. Refuses with ``image.unknown``."""
    if recipient.member is None:
        raise Refusal("image.unknown")
    return picture(image_for(recipient.member, pk))
