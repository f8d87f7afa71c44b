"""Freezing: after sending, each document gets its fields and locks, the house's certification, and its page pictures.

When the last document of an envelope is frozen, whose turn it is are asked.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import transaction

from tachiai import sealing, vault, work
from tachiai.envelopes.events import note
from tachiai.envelopes.expecting import expected
from tachiai.envelopes.field_models import Field
from tachiai.envelopes.laying_in import laid_of, slots_to_lay
from tachiai.envelopes.models import Document, Envelope, FreezeTask, PageImage, RevisionKind
from tachiai.envelopes.revising import add_revision, open_head
from tachiai.envelopes.routing import ask_next
from tachiai.envelopes.states import EnvelopeState, move_many
from tachiai.envelopes.wording import freeze_text
from tachiai.pages.render import PageEntry, pack, render
from tachiai.prepared import Prepared, given
from tachiai.rowwise import change_all, insert_each
from tachiai.sealing import Act, Sealed
from tachiai.vault import Stored
from tachiai.work.models import TaskState


def freeze_document(task: FreezeTask, *, now: Callable[[], datetime]) -> None:
    """Do one freeze task. A withdrawn envelope's is cancelled; an outage leaves everything as it was."""
    (document,) = _DOCUMENT.all(pk=task.document_id)
    if document.envelope.state != EnvelopeState.SENDING:
        with transaction.atomic(durable=True):
            work.finish(task, at=now(), state=TaskState.CANCELLED)
        return
    # Step 1: draw the pages. What signers will be shown is drawn from the uploaded bytes, before we add to them.
    head = open_head(document)
    pdf = head.pdf
    pictures, entries = pack(render(pdf))
    # Step 2: fields, locks and the house's certification, verified before anything is stored.
    fields = _FIELDS.all(document=document.pk)
    document.laid = laid_of(fields)
    wanted = expected(document)
    slots = slots_to_lay(wanted.every_slot, fields)
    at = now()
    prepared = sealing.prepare(Act.FREEZE, pdf, subject=document.pk, stream=document.envelope.stream, at=at)
    text = freeze_text(document.envelope)
    sealed = sealing.freeze(prepared, slots=slots, text=text, expected=wanted, at=at, plan=head.plan)
    # Step 3: bytes first …
    tail = vault.put_tail(document.blob, sealed.tail, total_sha256=sealed.sha256)
    page_pack = vault.put(pictures, kind="pages")
    # Step 4: … rows second, with the entry, and the next step if this was the last document.
    _commit(task, document, sealed, tail, page_pack, entries, at=now())


def _commit(
    task: FreezeTask,
    document: Document,
    sealed: Sealed,
    tail: Stored,
    page_pack: Stored,
    entries: list[PageEntry],
    *,
    at: datetime,
) -> None:
    with transaction.atomic(durable=True):
        (envelope,) = _LOCKED.all(pk=document.envelope_id)
        if envelope.state != EnvelopeState.SENDING:
            work.finish(task, at=at, state=TaskState.CANCELLED)
            return
        work.finish(task, at=at)
        revision = add_revision(document, RevisionKind.FROZEN, tail, sealed, at=at)
        blob = vault.keep(page_pack, at=at)
        change_all(Document, [document.pk], {"page_pack": blob.pk, "laid": document.laid}, held={})
        insert_each([_page(document, entry) for entry in entries])
        data: dict[str, object] = {
            "document": str(document.pk),
            "sha256": bytes(revision.sha256).hex(),
            "seal": str(sealed.intent.pk),
            "pages": page_pack.sha256.hex(),
        }
        if document.laid:
            data["fields"] = document.laid
        note(envelope, "document.frozen", by=None, at=at, data=data)
        if _UNFROZEN.first(envelope=envelope.pk) is None:
            move_many([envelope], EnvelopeState.IN_PROGRESS, updated_at=at)
            note(envelope, "envelope.frozen", by=None, at=at)
            ask_next(envelope, at=at)


_LOCKED = Prepared(
    lambda: Envelope.objects.select_for_update(of=("self",)).select_related("organization", "sender").filter(pk=given("pk", Envelope))
)
_DOCUMENT = Prepared(
    lambda: Document.objects.select_related("blob", "envelope__organization__operator", "envelope__sender").filter(pk=given("pk", Document))
)
_FIELDS = Prepared(lambda: Field.objects.filter(document_id=given("document", Field, "document")).order_by("slot", "number"))
_UNFROZEN: Prepared[Any] = Prepared(
    lambda: (
        FreezeTask.objects.filter(document__envelope=given("envelope", Document, "envelope"))
        .exclude(state=TaskState.DONE)
        .values_list("pk")[:1]
    )
)


def _page(document: Document, entry: PageEntry) -> PageImage:
    return PageImage(
        document=document,
        number=entry.number,
        width=entry.width,
        height=entry.height,
        offset=entry.offset,
        length=entry.length,
        text_offset=entry.text_offset,
        text_length=entry.text_length,
    )
