"""What a consent instructs: loaded for many seal tasks at once, and held against the bytes before the key is touched."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db.models import prefetch_related_objects

from tachiai import ceremony, vault
from tachiai.ceremony import Consent
from tachiai.envelopes.expecting import Stage, expected_of, slots_of, stages_of
from tachiai.envelopes.models import Document, Recipient, SealTask
from tachiai.envelopes.revising import Head, open_head
from tachiai.errors import Refusal
from tachiai.sealing import Expected, Intent

# What a seal is about, each in one query however many tasks there are.
NEEDED = ("consent", "recipient", "document__envelope__organization", "document__envelope__sender")


@dataclass(frozen=True)
class Brief:
    """A task with everything its seal needs to know; after this nothing asks the database again."""

    task: SealTask
    stages: Sequence[Stage]
    slots: Mapping[uuid.UUID, int]

    @property
    def document(self) -> Document:
        return self.task.document

    @property
    def size(self) -> int:
        """How many bytes the document has."""
        return vault.size_of(self.document.blob)


def load(tasks: Sequence[SealTask]) -> list[Brief]:
    """The briefs of several tasks, in their order."""
    prefetch_related_objects(list(tasks), *NEEDED)
    documents = [task.document for task in tasks]
    blobs = vault.blobs(document.blob_id for document in documents)
    for document in documents:
        document.blob = blobs[document.blob_id]
    stages = stages_of([document.pk for document in documents])
    slots = slots_of({document.envelope_id for document in documents})
    return [Brief(task, stages[task.document_id], slots[task.document.envelope_id]) for task in tasks]


@dataclass(frozen=True)
class Case:
    """A brief with the document's present bytes, of which it is certain that the consent instructs a seal on them."""

    brief: Brief
    head: Head
    digest: bytes

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
        return expected_of(self.brief.document, self.brief.stages, self.brief.slots, adding={self.recipient.slot: self.digest})


def instructed(brief: Brief) -> Case:
    """The case, if the consent instructs this: this person's seal on a file that begins with what was shown.

    Refuses with ``seal.not_instructed`` (the rows may have been changed since, the consent was not), ``document.altered`` and
    ``vault.altered``.
    """
    task, document = brief.task, brief.document
    recorded = next((stage.sha256 for stage in brief.stages if stage.number == document.head_number), b"")
    head = open_head(document, recorded=recorded)
    digest = instruction(task.consent, task.recipient, document.pk, head)
    task.recipient.envelope = document.envelope
    return Case(brief, head, digest)


def instruction(consent: Consent, recipient: Recipient, document: uuid.UUID, head: Head) -> bytes:
    """The digest of ``consent``, if it instructs this person's seal on a document whose bytes begin as ``head`` does."""
    said = ceremony.instruction_of(consent)
    shown = next((shown for shown in said.documents if shown.document == document), None)
    if (said.subject, said.slot) != (recipient.pk, recipient.slot) or shown is None:
        raise Refusal("seal.not_instructed", consent=str(consent.pk))
    if _begins(head, shown.size) != shown.sha256:
        raise Refusal("seal.not_instructed", consent=str(consent.pk), document=str(document))
    return said.digest


def _begins(head: Head, size: int) -> bytes:
    """SHA-256 of the first ``size`` bytes: known already, where a revision ends there."""
    return head.digests.get(size) or hashlib.sha256(head.pdf[:size]).digest()
