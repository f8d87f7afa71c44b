"""Closing: validation data and the document timestamp, the certificate of conclusion, filing, and telling everybody.

What was closed with revocation data older than the last signature says so in the ledger, and is topped up later (``topping_up``).
"""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from django.db import transaction

from tachiai import archive, ceremony, sealing, vault, work
from tachiai.archive.models import FileKind
from tachiai.archive.searching import grouped
from tachiai.ceremony import Purpose
from tachiai.envelopes.certifying import certificate_facts
from tachiai.envelopes.events import note
from tachiai.envelopes.expecting import expected
from tachiai.envelopes.models import CloseTask, Document, Envelope, Kind, Recipient, Revision, RevisionKind, Side
from tachiai.envelopes.revising import add_revision, open_head, read_head
from tachiai.envelopes.routing import is_told
from tachiai.envelopes.states import EnvelopeState, RecipientState, move_many
from tachiai.envelopes.telling import tell_concluded, tell_sender
from tachiai.envelopes.topping_up import expect_newer, freshness
from tachiai.envelopes.wording import certificate_text
from tachiai.errors import Outage, Refusal
from tachiai.pages.certificate import certificate
from tachiai.prepared import Prepared, given
from tachiai.sealing import Act, Longevity, Sealed
from tachiai.vault import Stored

DOWNLOAD_DAYS = 14
# How soon a newer answer about a certificate is asked for again while a closing waits for one.
LOOK_AGAIN = timedelta(seconds=30)
ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"


def close_envelope(task: CloseTask, *, now: Callable[[], datetime]) -> None:
    """Do one close task. Each document's closing is committed by itself, so that a restart goes on where it was.

    Puts the task off where an answer newer than the last timestamp is to be expected soon. Refuses with ``key.revoked`` what
    only an operator can put right (docs/operations/closing-stuck.md).
    """
    try:
        _close(task, now=now)
    except Outage as early:
        if early.code != "revocation.not_fresh":
            raise
        at = now()
        work.put_off(task, until=at + LOOK_AGAIN, at=at)


def _close(task: CloseTask, *, now: Callable[[], datetime]) -> None:
    (envelope,) = _ENVELOPE.all(pk=task.envelope_id)
    closed = {revision.document_id for revision in _CLOSED.all(envelope=envelope.pk)}
    for document in _DOCUMENTS.all(envelope=envelope.pk):
        if document.pk not in closed:
            _close_document(task, document, now=now)
    _conclude(task, envelope, now=now)


_RELATED = ("organization__operator", "sender")
_ENVELOPE = Prepared(lambda: Envelope.objects.select_related(*_RELATED).filter(pk=given("pk", Envelope)))
_HELD = Prepared(lambda: Envelope.objects.select_for_update(of=("self",)).select_related(*_RELATED).filter(pk=given("pk", Envelope)))
_DOCUMENTS = Prepared(
    lambda: (
        Document.objects.select_related("blob", "envelope").filter(envelope=given("envelope", Document, "envelope")).order_by("position")
    )
)
_CLOSED = Prepared(
    lambda: (
        Revision.objects.select_related("document__blob")
        .filter(document__envelope=given("envelope", Document, "envelope"), kind=RevisionKind.CLOSED)
        .order_by("document__position")
    )
)
_PEOPLE = Prepared(lambda: Recipient.objects.filter(envelope=given("envelope", Recipient, "envelope")).order_by("position"))


def _close_document(task: CloseTask, document: Document, *, now: Callable[[], datetime]) -> None:
    at = now()
    head = open_head(document)
    prepared = sealing.prepare(Act.CLOSE, head.pdf, subject=document.pk, stream=document.envelope.stream, at=at)
    sealed = sealing.close(prepared, expected=expected(document, closed=True), at=at, plan=head.plan)
    stored = vault.put_tail(document.blob, sealed.tail, total_sha256=sealed.sha256)
    with transaction.atomic(durable=True):
        ours, _lost = work.fenced([task])
        if not ours:
            raise work.LostLease(f"CloseTask {task.pk}")
        add_revision(document, RevisionKind.CLOSED, stored, sealed, at=at)
        data: dict[str, object] = {"document": str(document.pk), "sha256": sealed.sha256.hex(), "seal": str(sealed.intent.pk)}
        note(document.envelope, "document.closed", by=None, at=at, data={**data, **freshness(sealed)})
        expect_newer(document.envelope, sealed, at=at, document=document)


def _conclude(task: CloseTask, envelope: Envelope, *, now: Callable[[], datetime]) -> None:
    # Step 1: everything so far under a stamped checkpoint of the log, which the certificate and the mails carry out of the house.
    anchor = archive.anchored([envelope.stream], now=now)
    # Step 2: the certificate, which names what stands in the rows and nothing else.
    number = certificate_number()
    at = now()
    paper = certificate(certificate_facts(envelope, number=number, anchor=anchor, at=at))
    prepared = sealing.prepare(Act.PAPER, paper, subject=envelope.pk, stream=envelope.stream, at=at)
    sealed = sealing.attest(prepared, text=certificate_text(envelope), at=at)
    # Step 3: bytes first.
    stored = vault.put(paper + sealed.tail, kind="certificate")
    # Step 4: how long each file proves itself, so that its renewal is known of from the first day.
    lasting = {document.pk: sealing.longevity_of(read_head(document)) for document in _DOCUMENTS.all(envelope=envelope.pk)}
    lasting[envelope.pk] = sealing.longevity_of(paper + sealed.tail)
    # Step 5: conclude, file and tell, all or nothing.
    _commit(task, sealed, stored, number=number, anchor=anchor, lasting=lasting, at=now())


def _deliver(copies: Sequence[Recipient], envelope: Envelope, *, at: datetime) -> None:
    """受領者 are not asked anything: what was concluded is sent to them now."""
    move_many(copies, RecipientState.DELIVERED, ended_at=at)
    for recipient in copies:
        note(envelope, "recipient.delivered", by=None, at=at, data={"recipient": str(recipient.pk)})


def certificate_number() -> str:
    """80 random bits as sixteen letters and digits that cannot be mistaken for one another, in groups of four."""
    return grouped("".join(secrets.choice(ALPHABET) for _ in range(16)))


def _commit(
    task: CloseTask,
    sealed: Sealed,
    stored: Stored,
    *,
    number: str,
    anchor: archive.Anchor,
    lasting: Mapping[uuid.UUID, Longevity],
    at: datetime,
) -> None:
    with transaction.atomic(durable=True):
        work.finish(task, at=at)
        (held,) = _HELD.all(pk=task.envelope_id)
        sealed.record()
        blob = vault.keep(stored, at=at)
        closings = _closings(held)
        concluded_at = max(row[1] for row in closings)
        move_many([held], EnvelopeState.CONCLUDED, concluded_at=concluded_at, certificate_id=blob.pk, updated_at=at)
        held.document_names = [row[0].name for row in closings]
        files = [
            archive.FiledFile(FileKind.DOCUMENT, document.name, document.blob, bytes(document.head_sha256), size, lasting[document.pk])
            for document, _, size, _ in closings
        ]
        files.append(archive.FiledFile(FileKind.CERTIFICATE, "締結証明書", blob, sealed.sha256, stored.total_size, lasting[held.pk]))
        filed = archive.Filed(
            origin=held.pk,
            owner=held.sender,
            folder=held.folder_id,
            number=held.number,
            title=held.name,
            certificate_number=number,
            transaction_date=held.transaction_date,
            counterparty=held.counterparty,
            amount=held.amount,
            concluded_at=concluded_at,
            accredited=all(row[3] for row in closings),
            files=files,
            anchor=anchor,
        )
        archive.admit(filed, stream=held.stream, at=at)
        data: dict[str, object] = {"certificate": number, "sha256": sealed.sha256.hex(), "seal": str(sealed.intent.pk)}
        data["checkpoint"] = {"origin": anchor.origin, "size": anchor.size, "root": anchor.root.hex()}
        note(held, "envelope.concluded", by=None, at=at, data={**data, **freshness(sealed)})
        expect_newer(held, sealed, at=at)
        _tell_everybody(held, number=number, checkpoint=anchor.note, at=at)


def _closings(envelope: Envelope) -> list[tuple[Document, datetime, int, bool]]:
    """Each document with the time of its last timestamp, its size in bytes, and whether that stamp is accredited.

    Refuses with ``document.not_closed`` when one of them is not closed.
    """
    closed = _CLOSED.all(envelope=envelope.pk)
    if len(closed) != len(_DOCUMENTS.all(envelope=envelope.pk)):
        raise Refusal("document.not_closed", envelope=str(envelope.pk))
    return [(row.document, row.stamped_at or row.made_at, row.size, bool(row.accredited)) for row in closed]


def _tell_everybody(envelope: Envelope, *, number: str, checkpoint: str, at: datetime) -> None:
    """The completion mail to whoever is to be told, and to the sender in any case; a download link for each counterparty."""
    everybody = _PEOPLE.all(envelope=envelope.pk)
    _deliver([recipient for recipient in everybody if recipient.kind == Kind.COPY], envelope, at=at)
    people = [recipient for recipient in everybody if is_told(recipient)]
    for recipient in people:
        recipient.envelope, invitation = envelope, None
        if recipient.side == Side.COUNTERPARTY:
            expires_at = at + timedelta(days=DOWNLOAD_DAYS)
            invitation = ceremony.invite(Purpose.DOWNLOAD, recipient.pk, expires_at=expires_at, at=at)
        tell_concluded(recipient, invitation, certificate_number=number, checkpoint=checkpoint, at=at)
    if envelope.sender_id not in {recipient.member_id for recipient in people}:
        tell_sender("M05", envelope, at=at, certificate_number=number, checkpoint=checkpoint)
