"""Whether every revision of a document has its entry, its seal and its bytes, and every entry its revision."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from tachiai import clock, sealing, vault
from tachiai.envelopes.expecting import expected
from tachiai.envelopes.models import Document, Envelope, Revision, RevisionKind, SupersededRevision
from tachiai.errors import Outage, Refusal
from tachiai.findings import Finding
from tachiai.ledger import Recorded
from tachiai.sealing import Standing
from tachiai.vault import Blob

K = RevisionKind
TOLD_BY: dict[str, tuple[str, ...]] = {
    K.UPLOAD: ("document.added",),
    K.FROZEN: ("document.frozen",),
    K.SIGNED: ("document.sealed", "document.resealed"),
    K.CLOSED: ("document.closed",),
    K.EXTENDED: ("document.topped_up", "document.renewed"),
}
KIND_OF = {event: kind for kind, events in TOLD_BY.items() for event in events}


@dataclass(frozen=True)
class Papers:
    """A document with everything that is recorded of it."""

    document: Document
    revisions: Sequence[Revision]
    superseded: Sequence[SupersededRevision]
    entries: Sequence[Recorded]
    seals: Mapping[str, Standing]
    blob: Blob

    @property
    def everything(self) -> list[Revision | SupersededRevision]:
        """Every revision that stood, and then those that stand."""
        return [*self.superseded, *self.revisions]


def papers_of(envelope: Envelope, told: Iterable[Recorded]) -> list[Papers]:
    """The documents of an envelope in order."""
    documents = list(envelope.documents.order_by("position"))
    blobs = vault.blobs([document.blob_id for document in documents])
    seals = sealing.seals_about([document.pk for document in documents])
    mine = [entry for entry in told if entry.event in KIND_OF]
    return [
        Papers(
            document,
            list(document.revisions.order_by("number")),
            list(document.superseded.order_by("number")),
            [entry for entry in mine if entry.data.get("document") == str(document.pk)],
            {key: seal for key, seal in seals.items() if seal.subject == document.pk},
            blobs[document.blob_id],
        )
        for document in documents
    ]


def check_papers(papers: Papers, *, quick: bool) -> Iterator[Finding]:
    """Everything of one document; ``quick`` does not judge the file as a reader would."""
    yield from _check_numbers(papers)
    yield from _check_entries(papers)
    yield from _check_seals(papers)
    if not quick:
        yield from _check_file(papers)


def check_missing(envelope: Envelope, told: Iterable[Recorded], known: Iterable[Papers]) -> Iterator[Finding]:
    """Documents of which the ledger tells and no row is left, unless they were taken out while it was a draft."""
    rows = {str(papers.document.pk) for papers in known}
    entries = list(told)
    removed = {str(entry.data.get("document")) for entry in entries if entry.event == "document.removed"}
    named = {str(entry.data.get("document")) for entry in entries if entry.event in KIND_OF}
    for name in sorted(named - rows - removed):
        yield Finding("document.missing", name, envelope.stream)
    sent = next((entry for entry in entries if entry.event == "envelope.sent"), None)
    uploads = [bytes(papers.revisions[0].sha256).hex() for papers in known if papers.revisions]
    if sent is not None and sent.data.get("documents") != uploads:
        yield Finding("envelope.documents_differ", str(envelope.pk), f"entry {sent.number}")


def _check_numbers(papers: Papers) -> Iterator[Finding]:
    """Revisions follow each other, each ends with the segment of its number, and the head is the last."""
    document, revisions = papers.document, papers.revisions
    name = str(document.pk)
    ends = {one.number: (one.total_size, bytes(one.total_sha256)) for one in papers.blob.known_segments or ()}
    if [row.number for row in revisions] != list(range(len(revisions))) or not revisions:
        yield Finding("revision.missing", name, f"there are {[row.number for row in revisions]}")
        return
    last = revisions[-1]
    if (document.head_number, bytes(document.head_sha256)) != (last.number, bytes(last.sha256)):
        yield Finding("document.head_differs", name, f"head {document.head_number}, last {last.number}")
    for row in revisions:
        if ends.get(row.number) != (row.size, bytes(row.sha256)):
            yield Finding("revision.bytes_differ", name, f"revision {row.number}")
    if len(ends) > len(revisions):
        yield Finding("revision.missing", name, f"{len(ends)} segments, {len(revisions)} revisions")
    sealed = Counter(row.consent_id for row in revisions if row.kind == K.SIGNED)
    for consent, count in sealed.items():
        if consent is None or count > 1:
            yield Finding("revision.sealed_twice", name, f"{count} times by {consent}")


def _check_entries(papers: Papers) -> Iterator[Finding]:
    """One entry for every revision that stands or stood, and none beside them."""
    name = str(papers.document.pk)
    rows = Counter((row.kind, bytes(row.sha256).hex()) for row in papers.everything)
    told = Counter((str(KIND_OF[entry.event]), str(entry.data.get("sha256"))) for entry in papers.entries)
    for kind, digest in (rows - told).elements():
        yield Finding("revision.unrecorded", name, f"{kind} {digest}")
    for kind, digest in (told - rows).elements():
        yield Finding("revision.lost", name, f"{kind} {digest}")
    frozen = next((entry for entry in papers.entries if entry.event == "document.frozen"), None)
    if frozen is not None and papers.document.page_pack_id is not None:
        pack = vault.blobs([papers.document.page_pack_id])[papers.document.page_pack_id].known_segments or []
        if [bytes(one.total_sha256).hex() for one in pack] != [frozen.data.get("pages")]:
            yield Finding("document.pages_differ", name, f"entry {frozen.number}")


def _check_seals(papers: Papers) -> Iterator[Finding]:
    """Behind every revision but the upload is a seal that came true, on the revision before it; and no seal beside them."""
    name = str(papers.document.pk)
    before = {bytes(row.sha256): bytes(papers.revisions[row.number - 1].sha256) for row in papers.revisions if row.number}
    rows = {bytes(row.sha256).hex(): row for row in papers.everything}
    used = set()
    for entry in papers.entries:
        if entry.event == "document.added":
            continue
        key, row = str(entry.data.get("seal")), rows.get(str(entry.data.get("sha256")))
        seal = papers.seals.get(key)
        used.add(key)
        if seal is None or not seal.came_true:
            yield Finding("seal.lost", key, f"{name}: {entry.event}")
        elif row is not None and _seal_told(seal) != _revision_told(row):
            yield Finding("seal.unlike_revision", key, f"{name}: revision {row.number}")
        elif seal.output_sha256 in before and seal.input_sha256 != before[seal.output_sha256]:
            yield Finding("seal.unlike_revision", key, f"{name}: on other bytes")
    for key, seal in papers.seals.items():
        if seal.came_true and key not in used:
            yield Finding("seal.without_revision", key, name)


def _seal_told(seal: Standing) -> tuple[object, ...]:
    return (seal.output_sha256, seal.consent, seal.stamped_at, seal.stamped_by, seal.accredited)


def _revision_told(row: Revision | SupersededRevision) -> tuple[object, ...]:
    return (bytes(row.sha256), row.consent_id, row.stamped_at, row.stamped_by, row.accredited)


def _check_file(papers: Papers) -> Iterator[Finding]:
    """The bytes at every revision, and the file as it is now: who has sealed it, on which consent, and that it stands."""
    document, revisions = papers.document, papers.revisions
    name = str(document.pk)
    try:
        whole = vault.read_whole(document.blob)
    except (Refusal, Outage) as lost:
        if lost.code != "vault.shredded":  # destroyed on record: the check of the boxes looks at that
            yield Finding("document.bytes_lost", name, lost.code)
        return
    for row in revisions:
        if whole.digests.get(row.size) != bytes(row.sha256):
            yield Finding("revision.bytes_differ", name, f"revision {row.number}")
    if len(revisions) > 1:
        closed = revisions[-1].kind in (K.CLOSED, K.EXTENDED)
        try:
            sealing.verify(whole.data, expected=expected(document, closed=closed), at=clock.now(), deep=False)
        except Refusal as refusal:
            yield Finding("document.not_as_expected", name, f"{refusal.code} {refusal.facts.get('field', '')}".strip())
