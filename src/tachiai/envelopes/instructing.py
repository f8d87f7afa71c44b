"""What a consent instructs: loaded for many seal tasks at once, and held against the bytes before the key is touched."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from django.db.models import Model

from tachiai import ceremony, vault
from tachiai.accounts.models import Member, Organization
from tachiai.ceremony import Consent, Instruction, Level, PasskeyProof
from tachiai.envelopes.expecting import SignatureField, Stage, expected_of, slots_of, stages_of
from tachiai.envelopes.field_models import FieldEntry
from tachiai.envelopes.filling import entries_of, filling_of
from tachiai.envelopes.laying_in import values_in
from tachiai.envelopes.models import Document, Envelope, Gate, Kind, Proof, Recipient, SealTask
from tachiai.envelopes.revising import Head, open_head
from tachiai.envelopes.states import RecipientState
from tachiai.errors import Refusal
from tachiai.prepared import Prepared, among
from tachiai.sealing import Expected, Filling, Intent

M = TypeVar("M", bound=Model)

# What a seal and the mails after it say of an envelope and of its signer. Anything else would still be there, at a query of its own.
_OF_ENVELOPES = ("organization", "sender", "number", "name", "comment", "state", "deadline")
_OF_RECIPIENTS = (
    *(
        "envelope",
        "position",
        "kind",
        "slot",
        "order",
        "any_one",
        "gate",
        "side",
        "registration",
        "member",
        "organization_name",
        "title",
        "name",
        "mail",
        "language",
    ),
    *("proof", "level", "state"),
)
_OF_DOCUMENTS = ("envelope", "blob", "foreign_signatures", "head_number", "head_sha256", "plan", "laid")


def _several(model: type[M], *columns: str) -> Prepared[M]:
    """Rows by their keys, with these columns alone if any are named."""
    rows = model._default_manager  # noqa: SLF001  # the documented way to a model's manager
    return Prepared(lambda: rows.filter(pk__in=among("keys", model)).only(*columns))


_OF_CONSENTS = ("body", "digest", "salt", "personal", "mark", "subject")
# What a signer has to have proved, of each kind of level.
_PROVED = {Proof.TOTP: {Level.MAIL_CODE_AND_TOTP, Level.PASSWORD_AND_TOTP}, Proof.PASSKEY: {Level.MAIL_CODE_AND_PASSKEY}}

_CONSENTS, _RECIPIENTS = _several(Consent, *_OF_CONSENTS), _several(Recipient, *_OF_RECIPIENTS)
_DOCUMENTS, _ENVELOPES = _several(Document, *_OF_DOCUMENTS), _several(Envelope, *_OF_ENVELOPES)
_ORGANIZATIONS, _MEMBERS = _several(Organization), _several(Member)


@dataclass(frozen=True)
class Brief:
    """A task with everything its seal needs to know; after this nothing asks the database again."""

    task: SealTask
    stages: Sequence[Stage]
    slots: Mapping[uuid.UUID, SignatureField]
    documents: Sequence[uuid.UUID]
    proof: PasskeyProof | None
    entries: Sequence[FieldEntry] = ()

    @property
    def document(self) -> Document:
        return self.task.document

    @property
    def size(self) -> int:
        """How many bytes the document has."""
        return vault.size_of(self.document.blob)


def load(tasks: Sequence[SealTask]) -> list[Brief]:
    """The briefs of several tasks, in their order."""
    _attach(tasks, "consent", _CONSENTS)
    _attach(tasks, "recipient", _RECIPIENTS)
    documents = _attach(tasks, "document", _DOCUMENTS)
    envelopes = _attach(documents, "envelope", _ENVELOPES)
    _attach(envelopes, "organization", _ORGANIZATIONS)
    _attach(envelopes, "sender", _MEMBERS)
    blobs = vault.blobs(document.blob_id for document in documents)
    for document in documents:
        document.blob = blobs[document.blob_id]
    stages = stages_of([document.pk for document in documents])
    slots = slots_of({document.envelope_id for document in documents})
    order = orders_of({document.envelope_id for document in documents})
    proofs = ceremony.proofs_of({task.consent_id for task in tasks if task.recipient.level == Level.MAIL_CODE_AND_PASSKEY})
    entries = entries_of([task.recipient_id for task in tasks if str(task.recipient.slot) in task.document.laid])
    return [
        Brief(
            task,
            stages[task.document_id],
            slots[task.document.envelope_id],
            theirs(order[task.document.envelope_id], slots[task.document.envelope_id].get(task.recipient_id)),
            proofs.get(task.consent_id),
            entries.get((task.recipient_id, task.document_id), ()),
        )
        for task in tasks
    ]


def theirs(order: Sequence[uuid.UUID], field: SignatureField | None) -> list[uuid.UUID]:
    """Those of the documents that somebody with this field is to have; none for whoever has no field in their envelope."""
    return [pk for pk in order if field is not None and field.is_in(pk)]


def orders_of(envelopes: Collection[uuid.UUID]) -> dict[uuid.UUID, list[uuid.UUID]]:
    """The documents of several envelopes, each in its order."""
    found: dict[uuid.UUID, list[uuid.UUID]] = {pk: [] for pk in envelopes}
    for envelope, pk in _ORDERS.all(envelopes=envelopes):
        found[envelope].append(pk)
    return found


_ORDERS: Prepared[Any] = Prepared(
    lambda: (
        Document.objects.filter(envelope__in=among("envelopes", Document, "envelope"))
        .order_by("envelope", "position")
        .values_list("envelope_id", "pk")
    )
)


def _attach(rows: Iterable[Model], name: str, question: Prepared[M]) -> list[M]:
    """Read what ``name`` of every row refers to in one query, and give it to them; rows that refer to the same share it."""
    key = f"{name}_id"
    found = {one.pk: one for one in question.all(keys={getattr(row, key) for row in rows})}
    for row in rows:
        setattr(row, name, found[getattr(row, key)])
    return list(found.values())


@dataclass(frozen=True)
class Case:
    """A brief with the document's present bytes, of which it is certain that the consent instructs a seal on them."""

    brief: Brief
    head: Head
    digest: bytes
    filling: Filling
    values: Mapping[int, str | bool]

    @property
    def task(self) -> SealTask:
        return self.brief.task

    @property
    def recipient(self) -> Recipient:
        return self.brief.task.recipient

    def intent(self) -> Intent:
        document = self.brief.document
        return Intent(self.head.pdf, document.pk, document.envelope.stream, self.task.consent_id, self.head.sha256)

    def expected(self) -> Expected:
        """The file as it must be once this seal stands in it."""
        adding, slot = {self.recipient.field: self.digest}, self.recipient.field
        return expected_of(self.brief.document, self.brief.stages, self.brief.slots, adding=adding, values={slot: self.values})


def instructed(brief: Brief) -> Case:
    """The case, if the consent instructs this: this person's seal on a file that begins with what was shown.

    Refuses with ``seal.not_instructed`` (the rows may have been changed since, the consent was not), ``document.altered`` and
    ``vault.altered``.
    """
    task, document = brief.task, brief.document
    recorded = next((stage.sha256 for stage in brief.stages if stage.number == document.head_number), b"")
    head = open_head(document, recorded=recorded)
    said = check_consent(task.consent, task.recipient, brief.documents, brief.proof)
    digest = instruction(said, document.pk, head)
    task.recipient.envelope = document.envelope
    filling = filling_of(document, said, brief.entries)
    return Case(brief, head, digest, filling, values_in(document, said.slot, said.values))


def instruction(said: Instruction, document: uuid.UUID, head: Head) -> bytes:
    """The consent's digest, if it instructs a seal on this document, whose bytes begin as they were shown."""
    shown = next((shown for shown in said.documents if shown.document == document), None)
    if shown is None or _begins(head, shown.size) != shown.sha256:
        raise Refusal("seal.not_instructed", subject=str(said.subject), document=str(document))
    return said.digest


def check_consent(consent: Consent, recipient: Recipient, documents: Sequence[uuid.UUID], proof: PasskeyProof | None) -> Instruction:
    """What ``consent`` instructs, if the rows still say of this person, and of these documents in this order, what it says.

    Where it was given with a passkey, what the passkey said is judged again. Refuses with ``seal.not_instructed``.
    """
    said = ceremony.instruction_of(consent)
    check_person(said, recipient)
    if [shown.document for shown in said.documents] != list(documents):
        raise Refusal("seal.not_instructed", consent=str(consent.pk))
    if said.level == Level.MAIL_CODE_AND_PASSKEY:
        ceremony.check_proof(consent, proof)
    return said


def check_person(said: Instruction, recipient: Recipient) -> None:
    """Whoever consented is who the row says, by every name that will stand in the signature and on the certificate of conclusion."""
    authentication = {name: said.authentication.get(name) for name in ("registration", "member")}
    written = {
        "organization": recipient.organization_name,
        "title": recipient.title,
        "name": recipient.name,
        "mail": recipient.mail,
    }
    agreed = (
        (said.subject, said.envelope, said.slot) == (recipient.pk, recipient.envelope_id, recipient.slot)
        and authentication == {"registration": _id(recipient.registration_id), "member": _id(recipient.member_id)}
        and said.level == recipient.level
        and said.level in _PROVED.get(Proof(recipient.proof), {said.level})
        and (said.level != Level.MAIL_ONLY or recipient.gate != Gate.REGISTERED)
        and said.person == written
    )
    if not agreed:
        raise Refusal("seal.not_instructed", recipient=str(recipient.pk))


def _id(key: uuid.UUID | None) -> str | None:
    return str(key) if key else None


def has_signed(recipient: Recipient) -> bool:
    return recipient.kind == Kind.SIGNER and recipient.state == RecipientState.SIGNED


def check_people(envelope: Envelope, people: Iterable[Recipient]) -> None:
    """Before papers name them: each signer of the envelope is who consented, to these documents; one for every field.

    Refuses as :func:`check_consent`.
    """
    (order,), (fields,) = orders_of([envelope.pk]).values(), slots_of([envelope.pk]).values()
    signers = {recipient.pk: recipient for recipient in people if has_signed(recipient)}
    if sorted(one.field for one in signers.values()) != sorted({field.slot for field in fields.values()}):
        raise Refusal("seal.not_instructed", envelope=str(envelope.pk))
    consents = ceremony.consents_of(signers)
    proofs = ceremony.proofs_of(one.pk for one in consents if signers[one.subject].level == Level.MAIL_CODE_AND_PASSKEY)
    if {consent.subject for consent in consents} != set(signers):
        raise Refusal("seal.not_instructed", envelope=str(envelope.pk))
    for consent in consents:
        check_consent(consent, signers[consent.subject], theirs(order, fields[consent.subject]), proofs.get(consent.pk))


def _begins(head: Head, size: int) -> bytes:
    """SHA-256 of the first ``size`` bytes: known already, where a revision ends there."""
    return head.digests.get(size) or hashlib.sha256(head.pdf[:size]).digest()
