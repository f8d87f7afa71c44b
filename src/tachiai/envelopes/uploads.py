"""What is held for a draft: shown to who may manage it, used on their word, dropped, or expired by the clock."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from django.db import transaction

from tachiai import vault, work
from tachiai.accounts.models import Member
from tachiai.envelopes.drafting import Examined, Rewriting, lay_in, make_room, still_draft
from tachiai.envelopes.events import note
from tachiai.envelopes.inspecting import change_upload, shred_upload
from tachiai.envelopes.models import Document, Envelope, HeldUpload, InspectTask, UploadState
from tachiai.envelopes.reading import Download
from tachiai.envelopes.states import EnvelopeState
from tachiai.errors import Refusal
from tachiai.prepared import Prepared, given, refresh
from tachiai.work.models import TaskState

OPEN = (UploadState.INSPECTING, UploadState.OFFERED)
SHOWN = (*OPEN, UploadState.REFUSED)
AT_ONCE = 100


def held_uploads(envelope: Envelope) -> list[HeldUpload]:
    """What is held for a draft and not settled yet, or was refused and not put away yet; the oldest first."""
    return _SHOWN.all(envelope=envelope.pk)


_SHOWN = Prepared(
    lambda: (
        HeldUpload.objects.filter(envelope_id=given("envelope", HeldUpload, "envelope"), state__in=SHOWN)
        .select_related("inspect_task")
        .order_by("created_at", "pk")
    )
)


def has_unsettled(envelope: Envelope) -> bool:
    """Whether something that may become a document of this draft is still being inspected, or waits for its sender's word."""
    return _UNSETTLED.has_any(envelope=envelope.pk)


_UNSETTLED: Prepared[Any] = Prepared(
    lambda: HeldUpload.objects.filter(envelope_id=given("envelope", HeldUpload, "envelope"), state__in=OPEN).values_list("pk")[:1]
)


def is_stuck(upload: HeldUpload) -> bool:
    """Whether its inspection was given up for a mistake of ours: the sender can only choose the file again."""
    return upload.state == UploadState.INSPECTING and upload.inspect_task.state == TaskState.STUCK


def upload_in(envelope: Envelope, pk: str | uuid.UUID) -> HeldUpload:
    """An upload held for this draft, whatever has become of it. Refuses with ``page.unknown``, also for what is no identifier."""
    try:
        found = HeldUpload.objects.select_related("given", "rewritten").filter(envelope=envelope, pk=uuid.UUID(str(pk))).first()
    except ValueError:
        found = None
    if found is None:
        raise Refusal("page.unknown")
    found.envelope = envelope
    return found


def use_upload(upload: HeldUpload, *, sha256: str, by: Member, at: datetime) -> Document:
    """The sender's word: the rewritten file they were shown, whose SHA-256 they send back in hex, becomes a document of the draft.

    Refuses with ``upload.expired``, ``upload.settled`` (used or dropped before), ``upload.changed`` (not what was shown, or not what
    is kept), and as ``add_document`` where the draft cannot take it.
    """
    _must_be_kept(upload)
    with transaction.atomic(durable=True):
        still_draft(upload.envelope, by=by)
        held = HeldUpload.objects.select_for_update(of=("self",)).select_related("given", "rewritten").get(pk=upload.pk)
        held.envelope = upload.envelope
        if held.state == UploadState.EXPIRED or (held.state == UploadState.OFFERED and held.expires_at <= at):
            raise Refusal("upload.expired")
        if held.state != UploadState.OFFERED:
            raise Refusal("upload.settled")
        if bytes(held.rewritten_sha256 or b"").hex() != sha256:
            raise Refusal("upload.changed")
        # Settled first, so that it does not take room twice.
        change_upload(held, UploadState.USED, at=at)
        make_room(upload.envelope, held.rewritten_size or 0)
        document = _as_document(held, by=by, at=at)
    refresh(upload.envelope)
    return document


def _must_be_kept(upload: HeldUpload) -> None:
    """What is in the vault is what was offered, re-derived from the bytes before anybody's word is taken on it."""
    held = HeldUpload.objects.select_related("rewritten").filter(pk=upload.pk, state=UploadState.OFFERED).first()
    if held is None or held.rewritten is None:
        return  # settled meanwhile, and perhaps shredded: the verb says so
    if vault.read_whole(held.rewritten).sha256 != bytes(held.rewritten_sha256 or b""):
        raise Refusal("upload.changed")


def _as_document(held: HeldUpload, *, by: Member, at: datetime) -> Document:
    if held.rewritten is None:
        raise Refusal("upload.settled")
    return lay_in(
        held.envelope,
        held.rewritten,
        Examined(
            held.pages, held.foreign_signatures, held.findings, bytes(held.plan or b""), bytes(held.excerpts) if held.excerpts else None
        ),
        sha256=bytes(held.rewritten_sha256 or b""),
        size=held.rewritten_size or 0,
        file_name=held.file_name,
        by=by,
        at=at,
        rewriting=Rewriting(bytes(held.given_sha256), [reason["code"] for reason in held.reasons]),
    )


def drop_upload(upload: HeldUpload, *, by: Member, at: datetime) -> None:
    """Not to be used: its bytes are shredded. What is settled already stays as it is; a second press changes nothing."""
    with transaction.atomic(durable=True):
        still_draft(upload.envelope, by=by)
        held = HeldUpload.objects.select_for_update(of=("self",)).select_related("given", "rewritten").get(pk=upload.pk)
        held.envelope = upload.envelope
        if held.state in SHOWN:
            _end(held, UploadState.DROPPED, by=by, at=at)


def drop_uploads(envelope: Envelope, *, by: Member, at: datetime) -> None:
    """The same for all that is held for a draft that ends, in the caller's transaction."""
    for held in (
        HeldUpload.objects.select_for_update(of=("self",)).select_related("given", "rewritten").filter(envelope=envelope, state__in=SHOWN)
    ):
        held.envelope = envelope
        _end(held, UploadState.DROPPED, by=by, at=at)


def expire_uploads(*, at: datetime) -> int:
    """Shred what nobody has decided on in time, each in a transaction of its own; how many were."""
    late = HeldUpload.objects.filter(state__in=SHOWN, expires_at__lte=at).values_list("pk", "envelope")
    return sum(_expire(pk, envelope, at=at) for pk, envelope in list(late[:AT_ONCE]))


def _expire(pk: uuid.UUID, envelope: uuid.UUID, *, at: datetime) -> bool:
    with transaction.atomic(durable=True):
        Envelope.objects.select_for_update().get(pk=envelope)
        held = HeldUpload.objects.select_related("envelope", "given", "rewritten").get(pk=pk)
        if held.state not in SHOWN:
            return False  # used or dropped at the same moment: that one won
        _end(held, UploadState.EXPIRED, by=None, at=at)
    return True


def _end(held: HeldUpload, state: UploadState, *, by: Member | None, at: datetime) -> None:
    work.cancel(list(InspectTask.objects.filter(upload=held, state__in=(TaskState.WAITING, TaskState.STUCK))), at=at)
    change_upload(held, state, at=at)
    shred_upload(held)
    note(held.envelope, f"upload.{state}", by=by, at=at, data={"upload": str(held.pk)})


def upload_copy(upload: HeldUpload, *, rewritten: bool, by: Member, at: datetime) -> Download:
    """The given or the rewritten file, to compare elsewhere. Refuses with ``page.unknown`` for what is not kept (any more)."""
    blob = upload.rewritten if rewritten else upload.given
    if blob is None or upload.state != UploadState.OFFERED or upload.envelope.state != EnvelopeState.DRAFT:
        raise Refusal("page.unknown")
    pdf = vault.read(blob)
    with transaction.atomic(durable=True):
        digest = upload.rewritten_sha256 if rewritten else upload.given_sha256
        data: dict[str, object] = {"upload": str(upload.pk), "sha256": bytes(digest or b"").hex()}
        note(upload.envelope, "upload.downloaded", by=by, at=at, data=data)
    return Download(upload.file_name, pdf, concluded=False)
