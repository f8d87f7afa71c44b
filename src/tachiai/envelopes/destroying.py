"""Destroying documents of an envelope that is over: their bytes and everything that was made of them, for ever (消去)."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from datetime import datetime
from itertools import chain

from django.db import transaction

from tachiai import vault, work
from tachiai.accounts import identity
from tachiai.archive.attesting import Attested
from tachiai.archive.destroying import Doomed, Grounds, certify_destruction, check_retention, destroy
from tachiai.archive.models import FileKind, Record, RecordFile
from tachiai.envelopes.models import Document, Envelope, HeldUpload, TopUpTask
from tachiai.envelopes.states import EnvelopeState
from tachiai.errors import Refusal
from tachiai.pages.destruction_paper import Language
from tachiai.work.models import TaskState

OVER = (EnvelopeState.CONCLUDED, EnvelopeState.DECLINED, EnvelopeState.WITHDRAWN)

__all__ = ["Grounds", "certify", "destroy_documents", "find_destroyed", "finish_destroying"]


def destroy_documents(envelope: Envelope, *, positions: Collection[int], grounds: Grounds, at: datetime) -> uuid.UUID:
    """Destroy the documents at ``positions``, or, where there are none, all of them and the certificate of conclusion.

    Gives the act's number. Refuses ``destruction.in_flight`` before the envelope is over, ``destruction.retention`` and
    ``destruction.unconcluded`` without the operator's express word, ``destruction.done`` when all of it is gone already, and
    ``page.unknown`` for a position that is none. ``Outage("house.held")`` in a restored house: its boxes may be production's.
    """
    identity.check_acting("vault")
    with transaction.atomic(durable=True):
        held = Envelope.objects.select_for_update(of=("self",)).get(pk=envelope.pk)
        if held.state not in OVER:
            raise Refusal("destruction.in_flight", number=held.number)
        record = Record.objects.filter(origin=held.pk).first()
        check_retention(record, grounds, at=at)
        documents = _chosen(held, positions)
        doomed = [_doomed(document, record) for document in documents]
        if not positions and held.certificate_id is not None and record is not None:
            doomed.append(_doomed_certificate(record, held.certificate_id))
        number = destroy(doomed, grounds, stream=held.stream, at=at)
        _forget(held, documents, certificate=not positions, at=at)
    return number


def _chosen(envelope: Envelope, positions: Collection[int]) -> list[Document]:
    documents = list(envelope.documents.order_by("position"))
    if set(positions) - {document.position for document in documents}:
        raise Refusal("page.unknown")
    return [document for document in documents if not positions or document.position in positions]


def _doomed(document: Document, record: Record | None) -> Doomed:
    """A document with its pages, with what a newer seal took the place of, and with what it was rewritten from."""
    superseded = document.superseded.values_list("blob", flat=True)
    blobs = {document.blob_id, *superseded} | ({document.page_pack_id} if document.page_pack_id else set())
    # The file as it was given, where it had to be rewritten.
    blobs |= set(HeldUpload.objects.filter(rewritten__in=blobs, given__isnull=False).values_list("given", flat=True))
    filed = RecordFile.objects.filter(record=record, blob=document.blob_id).first() if record else None
    digest = bytes(filed.sha256) if filed else bytes(document.head_sha256)
    size = filed.size if filed else vault.size_of(document.blob)
    return Doomed(document.name, digest, size, sorted(blobs), {"document": str(document.pk), "position": document.position})


def _doomed_certificate(record: Record, blob: uuid.UUID) -> Doomed:
    filed = RecordFile.objects.get(record=record, kind=FileKind.CERTIFICATE)
    return Doomed(record.certificate_number, bytes(filed.sha256), filed.size, [blob], {"certificate": record.certificate_number})


def _forget(envelope: Envelope, documents: Sequence[Document], *, certificate: bool, at: datetime) -> None:
    """What was locked under the same keys cannot be opened any more, and work that would have to read the bytes is not done."""
    keys = [document.pk for document in documents]
    Document.objects.filter(pk__in=keys).update(plan=None, excerpts=None)
    HeldUpload.objects.filter(envelope=envelope, rewritten__shredded_at__isnull=False).update(plan=None, excerpts=None)
    states = (TaskState.WAITING, TaskState.STUCK)
    open_tasks = TopUpTask.objects.select_for_update(of=("self",)).filter(envelope=envelope, state__in=states)
    doomed = [task for task in open_tasks if task.document_id in keys or (certificate and task.document_id is None)]
    work.cancel(doomed, at=at)


def find_destroyed(number: str) -> tuple[Envelope, uuid.UUID]:
    """The envelope of an act of destruction, by its 消去番号. Refuses ``destruction.unknown``."""
    try:
        wanted = uuid.UUID(number)
    except ValueError as torn:
        raise Refusal("destruction.unknown", number=number[:60]) from torn
    rows = Envelope.objects.select_related("organization__operator", "sender")
    of_document = rows.filter(documents__blob__shredding=wanted)
    found = next(iter(chain(of_document, rows.filter(certificate__shredding=wanted))), None)
    if found is None:
        raise Refusal("destruction.unknown", number=number)
    return found, wanted


def finish_destroying(number: uuid.UUID) -> int:
    """Remove what the store would not let go when it was destroyed; how many boxes there were. Safe to repeat."""
    return vault.sweep(number)


def certify(envelope: Envelope, number: uuid.UUID, *, language: Language, at: datetime) -> Attested:
    """The certificate of deletion, sealed. Refuses and raises as ``archive.destroying.certify_destruction``."""
    subject = f"{envelope.number} {envelope.name}".strip()
    return certify_destruction(number, stream=envelope.stream, subject=subject, language=language, at=at)
