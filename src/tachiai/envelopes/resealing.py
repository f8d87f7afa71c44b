"""Sealing again: when a signer's seal has proved worthless, the same consent is sealed with another key on what was shown.

The consents stand: they instruct a seal on a revision that has not changed. What is taken back stays in the vault and in the ledger.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from tachiai import ceremony, sealing, vault, work
from tachiai.envelopes.events import note
from tachiai.envelopes.expecting import expected_of, slots_of, stages_of
from tachiai.envelopes.filling import entries_of, filling_of
from tachiai.envelopes.instructing import check_consent, instruction, orders_of, theirs
from tachiai.envelopes.laying_in import values_in
from tachiai.envelopes.models import CloseTask, Document, Envelope, Recipient, Revision, RevisionKind, SupersededRevision, TopUpTask
from tachiai.envelopes.remedying import reason_given
from tachiai.envelopes.revising import Head, open_head
from tachiai.envelopes.states import EnvelopeState, RecipientState
from tachiai.envelopes.wording import seal_text
from tachiai.errors import Refusal
from tachiai.sealing import Act, Sealed
from tachiai.vault import Stored
from tachiai.work.models import TaskState

KEPT = ("number", "kind", "sha256", "size", "consent_id", "stamped_at", "stamped_by", "accredited", "made_at")


@dataclass(frozen=True)
class _Resealed:
    """A document whose consents are sealed anew behind its frozen revision; nothing of it is recorded yet."""

    document: Document
    frozen: Revision
    sealed: Sequence[tuple[Recipient, Revision, Sealed]]
    stored: Sequence[Stored]


def reseal_envelope(envelope: Envelope, *, reason: str, now: Callable[[], datetime]) -> int:
    """Seal every consent of a closing envelope again, with the key of today, on the very revision that was shown; how many.

    The worthless revisions stay in the vault, superseded. Refuses with ``envelope.moved`` unless it is closing, ``seal.same_key``
    while no other key is installed, ``key.revoked`` when the frozen revision is worthless too: then only withdrawing is left.
    """
    words = reason_given(reason)
    if envelope.state != EnvelopeState.CLOSING:
        raise Refusal("envelope.moved", state=envelope.state)
    documents = list(envelope.documents.select_related("blob", "envelope").order_by("position"))
    keys = [document.pk for document in documents]
    # Step 1: what the seals are to stand on must itself be provable, and another key must be there to make them.
    frozen = {document.pk: _frozen(document, at=now()) for document in documents}
    sealing.check_another_key(keys)
    # Step 2: on record that the seals no longer count, before the key is used again. Killed after this, it can be begun again.
    with transaction.atomic(durable=True):
        data: dict[str, object] = {"seals": sealing.supersede(keys), "documents": [str(key) for key in keys]}
        note(envelope, "envelope.resealing", by=None, at=now(), data=data, personal={"reason": words})
    # Step 3: sign, stamp and judge each; bytes first.
    resealed = [_reseal(document, *frozen[document.pk], now=now) for document in documents]
    # Step 4: the rows, all or nothing, and the closing goes on.
    _commit(envelope, resealed, at=now())
    return sum(len(one.sealed) for one in resealed)


def _frozen(document: Document, *, at: datetime) -> tuple[Revision, Head]:
    """The frozen revision and its bytes, if it still proves what was sent."""
    row = document.revisions.get(kind=RevisionKind.FROZEN)
    whole = vault.read_whole(document.blob, upto=row.number)
    if whole.sha256 != bytes(row.sha256):
        raise Refusal("document.altered", document=str(document.pk))
    sealing.check_provable(whole.data, at=at)
    return row, Head(whole.data, whole.digests, whole.sha256, plan=b"")


def _reseal(document: Document, frozen: Revision, head: Head, *, now: Callable[[], datetime]) -> _Resealed:
    open_head(document)  # what is taken back is what is recorded, or nothing is done
    signed = document.revisions.filter(kind=RevisionKind.SIGNED).select_related("consent").order_by("number")
    people = {recipient.pk: recipient for recipient in document.envelope.recipients.select_related("envelope__organization__operator")}
    (slots,) = slots_of([document.envelope_id]).values()
    kept = [stage for stage in stages_of([document.pk])[document.pk] if stage.number <= frozen.number]
    (order,) = orders_of([document.envelope_id]).values()
    pdf, standing, values = head.pdf, dict[int, bytes](), dict[int, dict[int, str | bool]]()
    made: list[tuple[Recipient, Revision, Sealed]] = []
    for row in signed:
        if row.consent is None:
            raise RuntimeError("a signed revision has its consent")
        recipient, at = people[row.consent.subject], now()
        proof = ceremony.proofs_of([row.consent.pk]).get(row.consent.pk)
        said = check_consent(row.consent, recipient, theirs(order, slots[recipient.pk]), proof)
        standing[recipient.field] = digest = instruction(said, document.pk, head)
        values[recipient.field] = values_in(document, recipient.field, said.values)
        expected = expected_of(document, kept, slots, adding=dict(standing), values=values)
        entries = entries_of([recipient.pk]).get((recipient.pk, document.pk), ())
        filling, text = filling_of(document, said, entries), seal_text(recipient)
        prepared = sealing.prepare(Act.CONSENT, pdf, subject=document.pk, stream=document.envelope.stream, at=at, consent=row.consent.pk)
        slot = recipient.field
        sealed = sealing.seal(prepared, slot=slot, text=text, consent_digest=digest, expected=expected, at=at, filling=filling)
        pdf += sealed.tail
        made.append((recipient, row, sealed))
    stored = vault.branch(document.blob, upto=frozen.number, tails=[(sealed.tail, sealed.sha256) for _, _, sealed in made])
    return _Resealed(document, frozen, made, stored)


def _commit(envelope: Envelope, resealed: Sequence[_Resealed], *, at: datetime) -> None:
    with transaction.atomic(durable=True):
        closing = CloseTask.objects.select_for_update().get(envelope=envelope)
        if closing.state == TaskState.WAITING and closing.lease_until is not None and closing.lease_until >= at:
            raise Refusal("envelope.busy", number=envelope.number)
        held = Envelope.objects.select_for_update(of=("self",)).get(pk=envelope.pk)
        if held.state != EnvelopeState.CLOSING:
            raise Refusal("envelope.moved", state=held.state)
        TopUpTask.objects.filter(envelope=held, document__isnull=False).delete()  # what they were to follow is taken back
        for one in resealed:
            _exchange(held, one, at=at)
        Recipient.objects.filter(envelope=held, state=RecipientState.SIGNED).update(signed_at=at)
        work.resume([closing], at=at)
        work.ring(CloseTask)


def _exchange(envelope: Envelope, one: _Resealed, *, at: datetime) -> None:
    """The new revisions take the place of the old, which are kept aside with the blob that holds them."""
    document, last = one.document, one.stored[-1]
    blob = vault.keep_branch(one.stored, at=at)
    ours = Document.objects.filter(pk=document.pk, head_number=document.head_number, head_sha256=bytes(document.head_sha256))
    if not ours.update(blob=blob, head_number=last.number, head_sha256=last.total_sha256, plan=None):
        raise Refusal("envelope.busy", number=envelope.number)
    old = document.revisions.filter(number__gt=one.frozen.number)
    SupersededRevision.objects.bulk_create(
        SupersededRevision(document=document, blob=document.blob, superseded_at=at, **{name: getattr(row, name) for name in KEPT})
        for row in old
    )
    old.delete()
    sealing.record_many([sealed for _, _, sealed in one.sealed])
    stored = one.stored[one.frozen.number + 1 :]
    Revision.objects.bulk_create(_revision(*made, stored=kept, at=at) for made, kept in zip(one.sealed, stored, strict=True))
    for recipient, row, sealed in one.sealed:
        note(envelope, "document.resealed", by=None, at=at, data=_told(recipient, row, sealed))


def _revision(_recipient: Recipient, row: Revision, sealed: Sealed, *, stored: Stored, at: datetime) -> Revision:
    return Revision(
        document_id=row.document_id,
        number=stored.number,
        kind=RevisionKind.SIGNED,
        sha256=sealed.sha256,
        size=stored.total_size,
        consent_id=row.consent_id,
        stamped_at=sealed.stamped_at,
        stamped_by=sealed.stamped_by,
        accredited=sealed.accredited,
        made_at=at,
    )


def _told(recipient: Recipient, row: Revision, sealed: Sealed) -> dict[str, object]:
    return {
        "recipient": str(recipient.pk),
        "consent": str(row.consent_id),
        "document": str(row.document_id),
        "superseded": bytes(row.sha256).hex(),
        "sha256": sealed.sha256.hex(),
        "seal": str(sealed.intent.pk),
        "stamped_by": sealed.stamped_by,
    }
