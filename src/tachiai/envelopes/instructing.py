"""What a consent instructs: loaded for many seal tasks at once, and held against the bytes before the key is touched."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import prefetch_related_objects

from tachiai import ceremony
from tachiai.envelopes.expecting import expected_of
from tachiai.envelopes.models import Document, Envelope, Recipient, SealTask
from tachiai.envelopes.revising import Head, open_head
from tachiai.errors import Refusal
from tachiai.sealing import Expected, Intent

# Everything a seal needs to know, each in one query however many tasks there are.
NEEDED = (
    "consent",
    "recipient",
    "document__blob__segments",
    "document__revisions__consent",
    "document__envelope__recipients",
)


def load(tasks: Sequence[SealTask]) -> None:
    """Attach to ``tasks`` what :func:`instructed` and its seal need; nothing after this asks the database again."""
    prefetch_related_objects(list(tasks), *NEEDED)


@dataclass(frozen=True)
class Case:
    """One task with the document's present bytes, of which it is certain that this consent instructs a seal on them."""

    task: SealTask
    head: Head
    digest: bytes

    @property
    def document(self) -> Document:
        return self.task.document

    @property
    def envelope(self) -> Envelope:
        return self.task.document.envelope

    @property
    def recipient(self) -> Recipient:
        return self.task.recipient

    def intent(self) -> Intent:
        return Intent(self.head.pdf, self.document.pk, self.envelope.stream, self.task.consent_id, self.head.sha256)

    def expected(self) -> Expected:
        """The file as it must be once this seal stands in it."""
        slots = {recipient.pk: recipient.slot for recipient in self.envelope.recipients.all()}
        return expected_of(self.document, self.document.revisions.all(), slots, adding={self.recipient.slot: self.digest})


def size_of(task: SealTask) -> int:
    """How many bytes the document of a loaded task has."""
    return max((segment.total_size for segment in task.document.blob.segments.all()), default=0)


def instructed(task: SealTask) -> Case:
    """The case, if the consent instructs this: this person's seal on a file that begins with what was shown.

    Refuses with ``seal.not_instructed`` (the rows may have been changed since, the consent was not), ``document.altered`` and
    ``vault.altered``.
    """
    head = open_head(task.document)
    said = ceremony.instruction_of(task.consent)
    shown = next((shown for shown in said.documents if shown.document == task.document_id), None)
    if (said.subject, said.slot) != (task.recipient_id, task.recipient.slot) or shown is None:
        raise Refusal("seal.not_instructed", consent=str(task.consent_id))
    if _begins(head, shown.size) != shown.sha256:
        raise Refusal("seal.not_instructed", consent=str(task.consent_id), document=str(task.document_id))
    task.recipient.envelope = task.document.envelope
    return Case(task, head, said.digest)


def _begins(head: Head, size: int) -> bytes:
    """SHA-256 of the first ``size`` bytes: known already, where a revision ends there."""
    return head.digests.get(size) or hashlib.sha256(head.pdf[:size]).digest()
