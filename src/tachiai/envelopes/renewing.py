"""Renewing: a further timestamp behind a concluded file before the last one ages out, years after everybody has gone home.

The sibling of topping up. Nothing of what was delivered changes: the file only grows, and every copy handed out is its beginning.
Nobody is mailed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from tachiai import archive, sealing, vault, work
from tachiai.archive.models import RecordFile, RenewalTask
from tachiai.archive.renewal import HELD_UP, hold_renewal, renewal_wanted
from tachiai.envelopes.events import note
from tachiai.envelopes.expecting import expected
from tachiai.envelopes.models import Document, Envelope, RevisionKind
from tachiai.envelopes.revising import add_revision, open_head
from tachiai.errors import Refusal
from tachiai.sealing import Act, Longevity, Sealed
from tachiai.vault import Stored
from tachiai.work.models import TaskState


def renew(task: RenewalTask, *, now: Callable[[], datetime]) -> None:
    """Do one renewal. Drops it when the file has changed or it is no longer due; puts it off while no authority is any better.

    Refuses ``document.altered`` when the bytes are not those on record. An outage is the caller's to put off.
    """
    at = now()
    if not renewal_wanted(task, at=at):
        with transaction.atomic(durable=True):
            work.finish(task, at=at, state=TaskState.CANCELLED)
        return
    file = RecordFile.objects.select_related("blob", "record").get(pk=task.file_id)
    envelope = Envelope.objects.select_related("certificate").get(pk=file.record.origin)
    document = Document.objects.select_related("blob", "envelope").filter(envelope=envelope, blob=file.blob).first()
    try:
        # Asked once for many files, before anything is read or prepared for one of them.
        sealing.check_gain(sealing.present_outlook(at=at), beyond=_until(file))
        if document is None:
            _renew_certificate(task, envelope, file, now=now)
        else:
            _renew_document(task, envelope, document, file, now=now)
    except Refusal as refusal:
        if refusal.code not in HELD_UP:
            raise
        hold_renewal(task, refusal, at=now())


@dataclass(frozen=True)
class _Renewed:
    """What a renewal came to: the bytes are durable, nothing is recorded."""

    sealed: Sealed
    stored: Stored
    proof: Longevity
    before: bytes

    def told(self, file: RecordFile) -> dict[str, object]:
        return {
            "before": self.before.hex(),
            "sha256": self.sealed.sha256.hex(),
            "seal": str(self.sealed.intent.pk),
            "stamped_by": self.sealed.stamped_by,
            "until": {"before": _until(file).isoformat(), "now": self.proof.until.isoformat(), "cause": self.proof.cause},
        }


def _renew_document(task: RenewalTask, envelope: Envelope, document: Document, file: RecordFile, *, now: Callable[[], datetime]) -> None:
    at, head = now(), open_head(document)
    prepared = sealing.prepare(Act.EXTEND, head.pdf, subject=document.pk, stream=envelope.stream, at=at)
    sealed = sealing.renew(prepared, expected=expected(document, closed=True), at=at, beyond=_until(file), plan=head.plan)
    proof = sealing.longevity_of(head.pdf + sealed.tail)
    stored = vault.put_tail(document.blob, sealed.tail, total_sha256=sealed.sha256)
    renewed, at = _Renewed(sealed, stored, proof, head.sha256), now()
    with transaction.atomic(durable=True):
        work.finish(task, at=at)
        add_revision(document, RevisionKind.EXTENDED, stored, sealed, at=at)
        _refile(renewed, envelope, file, at=at)
        note(envelope, "document.renewed", by=None, at=at, data={"document": str(document.pk), **renewed.told(file)})


def _renew_certificate(task: RenewalTask, envelope: Envelope, file: RecordFile, *, now: Callable[[], datetime]) -> None:
    at, whole = now(), vault.read_whole(file.blob)
    paper = sealing.expected_of_paper(whole.data, subject=envelope.pk)
    prepared = sealing.prepare(Act.EXTEND, whole.data, subject=envelope.pk, stream=envelope.stream, at=at)
    sealed = sealing.renew(prepared, expected=paper, at=at, beyond=_until(file))
    proof = sealing.longevity_of(whole.data + sealed.tail)
    stored = vault.put_tail(file.blob, sealed.tail, total_sha256=sealed.sha256)
    renewed, at = _Renewed(sealed, stored, proof, whole.sha256), now()
    with transaction.atomic(durable=True):
        work.finish(task, at=at)
        vault.keep(stored, at=at)
        sealed.record()
        _refile(renewed, envelope, file, at=at)
        note(envelope, "certificate.renewed", by=None, at=at, data=renewed.told(file))


def _refile(renewed: _Renewed, envelope: Envelope, file: RecordFile, *, at: datetime) -> None:
    archive.refile(
        envelope.pk,
        file.blob,
        before=renewed.before,
        sha256=renewed.sealed.sha256,
        size=renewed.stored.total_size,
        at=at,
        proof=renewed.proof,
    )


def _until(file: RecordFile) -> datetime:
    if file.verifiable_until is None:
        raise RuntimeError("a file that is renewed was looked at before")
    return file.verifiable_until
