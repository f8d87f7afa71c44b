"""Inspecting what is held: a worker finds an upload good, refuses it, or rewrites it and offers the rewriting to its sender."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import transaction

from tachiai import vault, work
from tachiai.envelopes.drafting import Examined, examined, lay_in, told
from tachiai.envelopes.events import note
from tachiai.envelopes.models import Envelope, HeldUpload, InspectTask, UploadState
from tachiai.envelopes.states import EnvelopeState
from tachiai.errors import Refusal
from tachiai.pages.findings import Stage
from tachiai.pages.inspect import Inspection, inspect, normalise
from tachiai.pages.render import render
from tachiai.vault import Blob, Stored
from tachiai.work.models import TaskState

# How often a reader of the page could see a change; each word is a write.
TELL_EVERY = timedelta(seconds=0.5)


def inspect_upload(task: InspectTask, *, now: Callable[[], datetime]) -> None:
    """Do one inspect task. An outage leaves everything as it was; what was settled meanwhile is left alone."""
    upload = HeldUpload.objects.select_related("envelope", "given_by", "given").get(pk=task.upload_id)
    if upload.state != UploadState.INSPECTING or upload.given is None or upload.envelope.state != EnvelopeState.DRAFT:
        with transaction.atomic(durable=True):
            work.finish(task, at=now(), state=TaskState.CANCELLED)
        return
    pdf, teller = vault.read(upload.given), _Teller(upload, now)
    try:
        inspection = inspect(pdf, progress=teller.tell)
        if inspection.reasons_to_normalise:
            _offer(task, upload, pdf, inspection, teller, now=now)
        else:
            _add(task, upload, upload.given, inspection, at=now())
    except Refusal as refusal:
        if not refusal.code.startswith("file."):
            raise  # not about the file
        _refuse(task, upload, refusal, at=now())


class _Teller:
    """Writes down how far an inspection is, not more often than anybody could see."""

    def __init__(self, upload: HeldUpload, now: Callable[[], datetime]) -> None:
        self._rows = HeldUpload.objects.filter(pk=upload.pk, state=UploadState.INSPECTING)
        self._now, self._name, self._next = now, "", now()

    def tell(self, stage: Stage) -> None:
        at = self._now()
        if stage.name != self._name or at >= self._next:
            self._rows.update(stage=stage.name[:20], done=stage.done, total=stage.total)
            self._name, self._next = stage.name, at + TELL_EVERY


def _add(task: InspectTask, upload: HeldUpload, kept: Blob, inspection: Inspection, *, at: datetime) -> None:
    """Nothing to ask: the bytes that are kept are the document."""
    sha256 = bytes(upload.given_sha256)
    found = examined(inspection, kept, sha256=sha256)
    with transaction.atomic(durable=True):
        if not _still_wanted(task, upload, at=at):
            return
        change_upload(upload, UploadState.USED, at=at)
        lay_in(
            upload.envelope,
            kept,
            found,
            sha256=sha256,
            size=upload.size,
            file_name=upload.file_name,
            by=upload.given_by,
            at=at,
        )


def _offer(
    task: InspectTask, upload: HeldUpload, pdf: bytes, inspection: Inspection, teller: _Teller, *, now: Callable[[], datetime]
) -> None:
    """Rewrite the file, look at the pages of both, and ask. Refuses as ``normalise`` does."""
    # Step 1: rewrite it, and inspect what is offered as if somebody had given it.
    teller.tell(Stage("rewriting", 0, 0))
    rewritten = normalise(pdf)
    found = inspect(rewritten)
    # Step 2: draw both. The sender is to be told which pages look different, and on which nobody can say.
    teller.tell(Stage("comparing", 0, 0))
    before, after = _drawn_or_nothing(pdf), _drawn(rewritten)
    # Step 3: bytes first, rows second.
    stored = vault.put(rewritten, kind="document")
    reasons, at = told(inspection.reasons_to_normalise), now()
    with transaction.atomic(durable=True):
        if not _still_wanted(task, upload, at=at):
            return
        blob = vault.keep(stored, at=at)
        remembered = examined(found, blob, sha256=stored.sha256)
        HeldUpload.objects.filter(pk=upload.pk).update(
            state=UploadState.OFFERED,
            reasons=reasons,
            rewritten=blob,
            given_pages=len(before),
            differing=_differing(before, after),
            **_as_columns(stored, remembered),
        )
        note(upload.envelope, "upload.offered", by=None, at=at, data=_entry(upload, stored, inspection))


def _as_columns(stored: Stored, found: Examined) -> dict[str, object]:
    return {
        "rewritten_sha256": stored.sha256,
        "rewritten_size": stored.size,
        "pages": found.pages,
        "foreign_signatures": found.foreign_signatures,
        "findings": found.findings,
        "plan": found.plan,
        "excerpts": found.excerpts,
    }


def _entry(upload: HeldUpload, stored: Stored, inspection: Inspection) -> dict[str, object]:
    return {
        "upload": str(upload.pk),
        "given_sha256": bytes(upload.given_sha256).hex(),
        "sha256": stored.sha256.hex(),
        "reasons": [finding.code for finding in inspection.reasons_to_normalise],
    }


def _drawn(pdf: bytes) -> list[bytes]:
    """A digest for each page's picture. The same page is drawn to the same bytes, so equal digests are equal pages."""
    return [hashlib.sha256(page.image).digest() for page in render(pdf).pages]


def _drawn_or_nothing(pdf: bytes) -> list[bytes]:
    """As ``_drawn``; nothing for a file that cannot be drawn as it is, which is why it is rewritten."""
    try:
        return _drawn(pdf)
    except Refusal:
        return []


def _differing(before: list[bytes], after: list[bytes]) -> list[int]:
    """The pages of the rewritten file that do not look as they did; a page that only one of the two has looks different."""
    if not before:
        return []
    longest = max(len(before), len(after))
    return [number for number in range(1, longest + 1) if before[number - 1 : number] != after[number - 1 : number]]


def _refuse(task: InspectTask, upload: HeldUpload, refusal: Refusal, *, at: datetime) -> None:
    with transaction.atomic(durable=True):
        if not _still_wanted(task, upload, at=at):
            return
        change_upload(upload, UploadState.REFUSED, at=at, refusal={"code": refusal.code, "facts": refusal.facts})
        shred_upload(upload)
        note(upload.envelope, "upload.refused", by=None, at=at, data={"upload": str(upload.pk), "code": refusal.code})


def _still_wanted(task: InspectTask, upload: HeldUpload, *, at: datetime) -> bool:
    """Whether the outcome still counts, held to the end of the transaction. The task is finished either way."""
    state = Envelope.objects.select_for_update().values_list("state", flat=True).get(pk=upload.envelope_id)
    waiting = HeldUpload.objects.filter(pk=upload.pk, state=UploadState.INSPECTING).exists()
    wanted = waiting and state == EnvelopeState.DRAFT
    work.finish(task, at=at, state=TaskState.DONE if wanted else TaskState.CANCELLED)
    return wanted


def change_upload(upload: HeldUpload, state: UploadState, *, at: datetime, refusal: dict[str, object] | None = None) -> None:
    """Settle an upload, in the caller's transaction that holds its envelope."""
    upload.state, upload.settled_at, upload.refusal = state, at, refusal or {}
    upload.save(update_fields=["state", "settled_at", "refusal"])


def shred_upload(upload: HeldUpload) -> None:
    """Forget the bytes of an upload that became no document, in the caller's transaction."""
    kept = [blob for blob in (upload.given, upload.rewritten) if blob is not None]
    upload.given = upload.rewritten = None
    upload.save(update_fields=["given", "rewritten"])
    vault.shred(kept)
