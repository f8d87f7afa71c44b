"""Topping up: newer proof, and a timestamp over it, behind what was closed with revocation data older than its last signature.

Nothing of what was delivered changes: the archived file only grows, and every copy handed out is its beginning. Nobody is mailed.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import transaction

from tachiai import archive, sealing, vault, work
from tachiai.envelopes.events import note
from tachiai.envelopes.expecting import expected
from tachiai.envelopes.models import Document, Envelope, RevisionKind, TopUpTask
from tachiai.envelopes.revising import add_revision, open_head
from tachiai.envelopes.states import EnvelopeState
from tachiai.errors import Outage
from tachiai.sealing import Act, Sealed
from tachiai.work.models import TaskState

# An authority may publish late, and a conclusion may take its time; neither is trouble.
TRY_AGAIN = timedelta(hours=1)


def freshness(sealed: Sealed) -> dict[str, object]:
    """For the ledger: whether every answer was newer than the last timestamp, and if not, about whom the older ones were."""
    older: list[dict[str, object]] = [
        {"certificate": one.subject, "produced": one.produced.isoformat(), "until": one.until.isoformat()} for one in sealed.older
    ]
    return {"fresh": not older, **({"older": older} if older else {})}


def expect_newer(envelope: Envelope, sealed: Sealed, *, at: datetime, document: Document | None = None) -> None:
    """A top-up is due once newer answers can be had, if ``sealed`` had to do without; in the transaction of its closing."""
    due = sealed.newer_at(at)
    if due is not None:
        TopUpTask.objects.create(envelope=envelope, document=document, due_at=due, created_at=at)


def top_up(task: TopUpTask, *, now: Callable[[], datetime]) -> None:
    """Do one top-up. Puts it off while no answer is newer or the envelope is not concluded yet; drops it when it never will be."""
    envelope = Envelope.objects.select_related("certificate").get(pk=task.envelope_id)
    if envelope.state not in (EnvelopeState.CLOSING, EnvelopeState.CONCLUDED):
        with transaction.atomic(durable=True):
            work.finish(task, at=now(), state=TaskState.CANCELLED)
        return
    if envelope.state == EnvelopeState.CLOSING:
        # What is filed is the file as it was closed; only then may it grow.
        _put_off(task, at=now())
        return
    try:
        if task.document is None:
            _top_up_certificate(task, envelope, now=now)
        else:
            _top_up_document(task, task.document, envelope, now=now)
    except Outage as early:
        if early.code != "revocation.not_fresh":
            raise
        _put_off(task, at=now())


def _put_off(task: TopUpTask, *, at: datetime) -> None:
    work.put_off(task, until=at + TRY_AGAIN, at=at)


def _top_up_document(task: TopUpTask, document: Document, envelope: Envelope, *, now: Callable[[], datetime]) -> None:
    at, head = now(), open_head(document)
    prepared = sealing.prepare(Act.EXTEND, head.pdf, subject=document.pk, stream=envelope.stream, at=at)
    sealed = sealing.extend(prepared, expected=expected(document, closed=True), at=at, plan=head.plan)
    proof = sealing.longevity_of(head.pdf + sealed.tail)
    stored = vault.put_tail(document.blob, sealed.tail, total_sha256=sealed.sha256)
    size, at = stored.total_size, now()
    with transaction.atomic(durable=True):
        work.finish(task, at=at)
        add_revision(document, RevisionKind.EXTENDED, stored, sealed, at=at)
        archive.refile(envelope.pk, document.blob, before=head.sha256, sha256=sealed.sha256, size=size, at=at, proof=proof)
        note(envelope, "document.topped_up", by=None, at=at, data={"document": str(document.pk), **_told(sealed, head.sha256)})


def _top_up_certificate(task: TopUpTask, envelope: Envelope, *, now: Callable[[], datetime]) -> None:
    if envelope.certificate is None:
        raise RuntimeError("a concluded envelope has its certificate")
    at, whole = now(), vault.read_whole(envelope.certificate)
    paper = sealing.expected_of_paper(whole.data, subject=envelope.pk)
    prepared = sealing.prepare(Act.EXTEND, whole.data, subject=envelope.pk, stream=envelope.stream, at=at)
    sealed = sealing.extend(prepared, expected=paper, at=at)
    proof = sealing.longevity_of(whole.data + sealed.tail)
    stored = vault.put_tail(envelope.certificate, sealed.tail, total_sha256=sealed.sha256)
    size, at = stored.total_size, now()
    with transaction.atomic(durable=True):
        work.finish(task, at=at)
        vault.keep(stored, at=at)
        sealed.record()
        archive.refile(envelope.pk, envelope.certificate, before=whole.sha256, sha256=sealed.sha256, size=size, at=at, proof=proof)
        note(envelope, "certificate.topped_up", by=None, at=at, data=_told(sealed, whole.sha256))


def _told(sealed: Sealed, before: bytes) -> dict[str, object]:
    return {"before": before.hex(), "sha256": sealed.sha256.hex(), "seal": str(sealed.intent.pk), "stamped_by": sealed.stamped_by}
