"""Sealing: each consent becomes one signature per document, once, however often a worker dies on the way."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from tachiai import ceremony, sealing, vault, work
from tachiai.envelopes.events import note
from tachiai.envelopes.expecting import expected
from tachiai.envelopes.models import CloseTask, Document, Envelope, Recipient, RevisionKind, SealTask
from tachiai.envelopes.revising import add_revision, read_head
from tachiai.envelopes.routing import ask_next
from tachiai.envelopes.states import EnvelopeState, RecipientState, move
from tachiai.envelopes.telling import tell_sender
from tachiai.envelopes.wording import seal_text
from tachiai.errors import Outage, Refusal
from tachiai.sealing import Act, Sealed
from tachiai.vault import Stored
from tachiai.work.models import TaskState


def sealable() -> QuerySet[SealTask]:
    """Seal tasks that may run: one per document, the earliest first, so that two never wait for the same head."""
    earlier = SealTask.objects.filter(document=OuterRef("document"), state=TaskState.WAITING, pk__lt=OuterRef("pk"))
    return SealTask.objects.filter(~Q(Exists(earlier))).select_related("consent")


def seal_consent(task: SealTask, *, now: Callable[[], datetime]) -> None:
    """Do one seal task: the signature of one consent on one document."""
    document = Document.objects.select_related("blob", "envelope").get(pk=task.document_id)
    if document.envelope.state != EnvelopeState.IN_PROGRESS:
        _cancel(task, at=now())
        return
    recipient = Recipient.objects.select_related("envelope__organization__operator").get(pk=task.recipient_id)
    # Step 1: the present head, and the intent on record before the key is touched.
    pdf, at = read_head(document), now()
    digest = _instructed(task, document, recipient, pdf)
    prepared = sealing.prepare(Act.CONSENT, pdf, subject=document.pk, stream=document.envelope.stream, at=at, consent=task.consent_id)
    # Step 2: sign, stamp, and judge the finished bytes afresh.
    sealed = sealing.seal(
        prepared,
        slot=recipient.slot,
        text=seal_text(recipient),
        consent_digest=digest,
        expected=expected(document, adding={recipient.slot: digest}),
        at=at,
    )
    # Step 3: bytes first, rows second.
    stored = vault.put_tail(document.blob, sealed.tail, total_sha256=sealed.sha256)
    _commit(task, document, recipient, sealed, stored, at=now())


def _instructed(task: SealTask, document: Document, recipient: Recipient, pdf: bytes) -> bytes:
    """The consent's digest, if this is what it instructs: this person's seal on a file that begins with what was shown.

    Refuses with ``seal.not_instructed``; the rows may have been changed since, the consent was not.
    """
    said = ceremony.instruction_of(task.consent)
    shown = next((shown for shown in said.documents if shown.document == document.pk), None)
    if (said.subject, said.slot) != (recipient.pk, recipient.slot) or shown is None:
        raise Refusal("seal.not_instructed", consent=str(task.consent_id))
    if hashlib.sha256(pdf[: shown.size]).digest() != shown.sha256:
        raise Refusal("seal.not_instructed", consent=str(task.consent_id), document=str(document.pk))
    return said.digest


def _cancel(task: SealTask, *, at: datetime) -> None:
    """The envelope ended before this consent was sealed: it is not sealed, and the ledger says so.

    Raises ``Outage("envelope.moved_on")`` when it was revived at the same moment: then the task is done after all.
    """
    with transaction.atomic(durable=True):
        envelope = Envelope.objects.select_for_update().get(pk=task.document.envelope_id)
        if envelope.state == EnvelopeState.IN_PROGRESS:
            raise Outage("envelope.moved_on", str(envelope.pk))
        work.finish(task, at=at, state=TaskState.CANCELLED)
        data: dict[str, object] = {"consent": str(task.consent_id), "document": str(task.document_id)}
        note(envelope, "consent.unsealed", by=None, at=at, data=data)


def _commit(task: SealTask, document: Document, recipient: Recipient, sealed: Sealed, stored: Stored, *, at: datetime) -> None:
    with transaction.atomic(durable=True):
        envelope = Envelope.objects.select_for_update(of=("self",)).select_related("organization", "sender").get(pk=document.envelope_id)
        if envelope.state != EnvelopeState.IN_PROGRESS:
            # Withdrawn while we signed: what was made is thrown away, the intent stays as abandoned.
            work.finish(task, at=at, state=TaskState.CANCELLED)
            data: dict[str, object] = {"consent": str(task.consent_id), "document": str(document.pk)}
            note(envelope, "consent.unsealed", by=None, at=at, data=data)
            return
        work.finish(task, at=at)
        add_revision(document, RevisionKind.SIGNED, stored, sealed, at=at, consent=task.consent)
        _note_sealed(envelope, task, document, sealed, at=at)
        others = SealTask.objects.filter(recipient=recipient).exclude(state=TaskState.DONE)
        if not others.exists():
            _signed(envelope, recipient, at=at)


def _note_sealed(envelope: Envelope, task: SealTask, document: Document, sealed: Sealed, *, at: datetime) -> None:
    data: dict[str, object] = {
        "recipient": str(task.recipient_id),
        "consent": str(task.consent_id),
        "document": str(document.pk),
        "sha256": sealed.sha256.hex(),
        "seal": str(sealed.intent.pk),
        "stamped_by": sealed.stamped_by,
    }
    note(envelope, "document.sealed", by=None, at=at, data=data)


def _signed(envelope: Envelope, recipient: Recipient, *, at: datetime) -> None:
    """Every document bears this signer's seal: whose turn is next, or is it time to close?"""
    move(Recipient.objects.get(pk=recipient.pk), RecipientState.SIGNED, signed_at=at)
    note(envelope, "recipient.signed", by=None, at=at, data={"recipient": str(recipient.pk)})
    tell_sender("M09", envelope, at=at, about=recipient)
    if envelope.recipients.exclude(state=RecipientState.SIGNED).exists():
        Envelope.objects.filter(pk=envelope.pk).update(updated_at=at)
        ask_next(envelope, at=at)
        return
    move(envelope, EnvelopeState.CLOSING, updated_at=at)
    CloseTask.objects.create(envelope=envelope, due_at=at, created_at=at)
    note(envelope, "envelope.closing", by=None, at=at)
