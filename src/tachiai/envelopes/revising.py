"""Adding revisions to documents: by compare-and-swap on the head, so that two workers can never both add the next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from tachiai import sealing, vault
from tachiai.ceremony import Consent
from tachiai.envelopes.expecting import stages_of
from tachiai.envelopes.models import Document, Revision, RevisionKind
from tachiai.errors import Outage, Refusal
from tachiai.rowwise import Change, change_each, insert_each
from tachiai.sealing import Sealed
from tachiai.vault import Stored


@dataclass(frozen=True)
class Head:
    """A document's present bytes. ``digests``: SHA-256 of the first *n* of them, for each *n* a revision ends at; ``plan`` or b""."""

    pdf: bytes
    digests: Mapping[int, bytes]
    sha256: bytes
    plan: bytes


def read_head(document: Document) -> bytes:
    """The document's present bytes. Refuses with ``document.altered`` when they are not the recorded head's."""
    return open_head(document).pdf


def open_head(document: Document, *, recorded: bytes | None = None) -> Head:
    """As :func:`read_head`, with what was computed from the bytes on the way, and the plan that was kept beside them.

    ``recorded`` is the digest in the head's revision, if it was just read from there.
    """
    whole = vault.read_whole(document.blob, upto=document.head_number)
    if recorded is None:
        recorded = next((stage.sha256 for stage in stages_of([document.pk])[document.pk] if stage.number == document.head_number), b"")
    if not (whole.sha256 == recorded == bytes(document.head_sha256)):
        raise Refusal("document.altered", document=str(document.pk))
    return Head(whole.data, whole.digests, whole.sha256, _kept_plan(document, whole.sha256))


def _kept_plan(document: Document, sha256: bytes) -> bytes:
    """The plan kept for these bytes. One that does not open, or is of an earlier head, is as good as none: the engine plans anew."""
    try:
        return vault.unlock_note(document.blob, bytes(document.plan), about=sha256.hex()) if document.plan else b""
    except Refusal:
        return b""


@dataclass(frozen=True)
class Addition:
    """One revision to be recorded: what was appended to ``document`` as it was read, durable already."""

    document: Document
    kind: RevisionKind
    stored: Stored
    sealed: Sealed
    consent: Consent | None = None


def add_revision(
    document: Document, kind: RevisionKind, stored: Stored, sealed: Sealed, *, at: datetime, consent: Consent | None = None
) -> Revision:
    """Record the next revision, in the caller's transaction.

    Raises ``Outage("document.moved_on")`` when another revision came in between: the work is done again on that one.
    """
    (revision,) = add_revisions([Addition(document, kind, stored, sealed, consent)], at=at)
    return revision


def add_revisions(additions: Sequence[Addition], *, at: datetime) -> list[Revision]:
    """As :func:`add_revision` for several documents: all of them, or the outage for one of them and then none may be committed."""
    if change_each(Document, [_onward(addition) for addition in additions]) != len(additions):
        raise Outage("document.moved_on", " ".join(str(addition.document.pk) for addition in additions))
    vault.keep_tails(addition.stored for addition in additions)
    sealing.record_many([addition.sealed for addition in additions])
    revisions = [_revision(addition, at=at) for addition in additions]
    insert_each(revisions)
    return revisions


def _onward(addition: Addition) -> Change:
    document, sealed = addition.document, addition.sealed
    plan = vault.lock_note(document.blob, sealed.plan, about=sealed.sha256.hex())
    return Change(
        document.pk,
        {"head_number": document.head_number + 1, "head_sha256": sealed.sha256, "plan": plan},
        held={"head_number": document.head_number, "head_sha256": bytes(document.head_sha256)},
    )


def _revision(addition: Addition, *, at: datetime) -> Revision:
    sealed = addition.sealed
    return Revision(
        document=addition.document,
        number=addition.document.head_number + 1,
        kind=addition.kind,
        sha256=sealed.sha256,
        size=addition.stored.total_size,
        consent=addition.consent,
        stamped_at=sealed.stamped_at,
        stamped_by=sealed.stamped_by,
        accredited=sealed.accredited,
        made_at=at,
    )
