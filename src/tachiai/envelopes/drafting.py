"""Drafting: uploads, the tax law's three items, recipients. Everything here may still be changed."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.db.models import F

from tachiai import archive, vault
from tachiai.accounts.models import Member, Organization
from tachiai.archive.items import Value
from tachiai.clock import today
from tachiai.counterparties.models import Registration
from tachiai.envelopes.access import may_manage, may_send
from tachiai.envelopes.addressing import Place, check_places, rows_of
from tachiai.envelopes.describing import put_information, shown_of
from tachiai.envelopes.events import note
from tachiai.envelopes.excerpts import lock_excerpts, without_excerpts
from tachiai.envelopes.foldering import default_folder
from tachiai.envelopes.holding import has_signers
from tachiai.envelopes.models import Document, Envelope, HeldUpload, Proof, Recipient, Revision, RevisionKind, UploadState
from tachiai.envelopes.slots import carry_fields, holders
from tachiai.envelopes.states import EnvelopeState
from tachiai.errors import Refusal
from tachiai.outbox import one_line
from tachiai.pages.inspect import MAX_FILE_BYTES, Finding, Inspection, inspect
from tachiai.prepared import Prepared, PreparedChange, given, refresh
from tachiai.rowwise import Change, change_each, insert_each
from tachiai.vault import Blob

MAX_FILES = 100
MAX_TOTAL_BYTES = 200 * 1024 * 1024
LONGEST_DEADLINE_DAYS = 90
DEFAULT_DEADLINE_DAYS = 30


@dataclass(frozen=True)
class Description:
    """What the sender says of an envelope. ``amount`` None is 'not stated' (記載なし), which is not 0.

    ``items`` are everything else (文書情報); None leaves what was said before. ``shown`` are the codes that the other side may see;
    None: as the organization usually has it.
    """

    name: str
    comment: str
    transaction_date: date | None
    counterparty: str
    amount: int | None
    deadline: date
    items: Mapping[str, Value] | None = None
    shown: Collection[str] | None = None


def create_envelope(*, by: Member, at: datetime, recreated_from: Envelope | None = None) -> Envelope:
    """An empty draft with a control number of its own. Refuses with ``envelope.not_allowed``."""
    if not may_send(by):
        raise Refusal("envelope.not_allowed")
    with transaction.atomic(durable=True):
        return _create(by=by, at=at, recreated_from=recreated_from)


def _create(*, by: Member, at: datetime, recreated_from: Envelope | None) -> Envelope:
    _COUNT_UP.make(pk=by.organization_id)
    organization = _ORGANIZATION.one(pk=by.organization_id)
    envelope = Envelope.objects.create(
        organization=organization,
        sender=by,
        number=f"{organization.number_prefix}-{today(at).year}-{organization.last_number:06d}",
        recreated_from=recreated_from,
        folder_id=default_folder(by),
        created_at=at,
        updated_at=at,
    )
    data: dict[str, object] = {"number": envelope.number}
    if recreated_from is not None:
        data["recreated_from"] = str(recreated_from.pk)
    note(envelope, "envelope.created", by=by, at=at, data=data)
    return envelope


_COUNT_UP = PreparedChange(lambda: Organization.objects.filter(pk=given("pk", Organization)), last_number=F("last_number") + 1)
_ORGANIZATION = Prepared(lambda: Organization.objects.filter(pk=given("pk", Organization)))


@dataclass(frozen=True)
class Examined:
    """What a document remembers of its inspection. ``plan`` and ``excerpts`` are locked under the key of the blob they are of."""

    pages: int
    foreign_signatures: int
    findings: list[dict[str, object]]
    plan: bytes
    excerpts: bytes | None = None


def examined(inspection: Inspection, blob: Blob, *, sha256: bytes) -> Examined:
    """What is to be remembered of ``inspection``, which is of the bytes in ``blob``."""
    return Examined(
        pages=inspection.page_count,
        foreign_signatures=inspection.foreign.signatures + inspection.foreign.timestamps,
        findings=told(inspection.findings),
        plan=vault.lock_note(blob, inspection.plan, about=sha256.hex()),
        excerpts=lock_excerpts(blob, inspection.findings),
    )


def told(findings: Iterable[Finding]) -> list[dict[str, object]]:
    """Findings as rows keep them: without words of the document, which are kept as the document itself is (``excerpts``)."""
    return [{"code": one.code, "severity": one.severity, "facts": without_excerpts(one.facts)} for one in findings]


@dataclass(frozen=True)
class Rewriting:
    """What a rewritten file was before: the digest of the file as given, and for which reasons it could not be kept."""

    given_sha256: bytes
    reasons: list[str]


def add_document(envelope: Envelope, *, file_name: str, pdf: bytes, by: Member, at: datetime) -> Document:
    """Examine an upload, store it, and add it to the draft.

    Refuses with a ``file.…`` code for what cannot be taken, and with ``file.needs_rewriting`` (reasons) for a file that can be
    taken only as rewritten: see ``intake``.
    """
    make_room(envelope, len(pdf))
    return add_inspected(envelope, inspect(pdf), file_name=file_name, pdf=pdf, by=by, at=at)


def add_inspected(envelope: Envelope, inspection: Inspection, *, file_name: str, pdf: bytes, by: Member, at: datetime) -> Document:
    """As ``add_document``, of bytes that somebody has just inspected."""
    reasons = [finding.code for finding in inspection.reasons_to_normalise]
    if reasons:
        raise Refusal("file.needs_rewriting", reasons=reasons)
    stored = vault.put(pdf, kind="document")
    with transaction.atomic(durable=True):
        still_draft(envelope, by=by)
        make_room(envelope, len(pdf))
        blob = vault.keep(stored, at=at)
        found = examined(inspection, blob, sha256=stored.sha256)
        document = lay_in(envelope, blob, found, sha256=stored.sha256, size=stored.size, file_name=file_name, by=by, at=at)
    refresh(envelope)
    return document


def lay_in(
    envelope: Envelope,
    blob: Blob,
    found: Examined,
    *,
    sha256: bytes,
    size: int,
    file_name: str,
    by: Member,
    at: datetime,
    rewriting: Rewriting | None = None,
) -> Document:
    """Kept and examined bytes as the last document of a draft, with its entry, in the caller's transaction."""
    document = Document.objects.create(
        envelope=envelope,
        position=(_LAST_POSITION.first(envelope=envelope.pk) or 0) + 1,
        name=title_of(file_name),
        file_name=file_name_of(file_name),
        blob=blob,
        pages=found.pages,
        foreign_signatures=found.foreign_signatures,
        findings=found.findings,
        normalised_from=rewriting.given_sha256 if rewriting else None,
        head_sha256=sha256,
        plan=found.plan,
        excerpts=found.excerpts,
        created_at=at,
    )
    insert_each([Revision(document=document, number=0, kind=RevisionKind.UPLOAD, sha256=sha256, size=size, made_at=at)])
    named = {} if envelope.name else {"name": document.name[:120]}
    change_each(Envelope, [Change(envelope.pk, {**named, "updated_at": at})])
    note(envelope, "document.added", by=by, at=at, data=_entry(document, rewriting))
    return document


_LAST_POSITION: Prepared[int] = Prepared(
    lambda: (
        Document.objects.filter(envelope_id=given("envelope", Document, "envelope"))
        .order_by("-position")
        .values_list("position", flat=True)[:1]
    )
)


def make_room(envelope: Envelope, size: int) -> None:
    """The limits of a whole envelope, judged before a byte is looked at; what is held for it takes room as well."""
    if size > MAX_FILE_BYTES:
        raise Refusal("file.too_large", limit_mb=MAX_FILE_BYTES // 2**20)
    held = [*_UPLOADED.all(envelope=envelope.pk), *_HELD_SIZES.all(envelope=envelope.pk)]
    if len(held) >= MAX_FILES:
        raise Refusal("envelope.too_many_files", limit=MAX_FILES)
    if sum(held) + size > MAX_TOTAL_BYTES:
        raise Refusal("envelope.too_large", limit_mb=MAX_TOTAL_BYTES // 2**20)


# Every document has exactly one upload, so its sizes also tell how many documents there are.
_UPLOADED: Prepared[int] = Prepared(
    lambda: Revision.objects.filter(document__envelope_id=given("envelope", Document, "envelope"), number=0).values_list("size", flat=True)
)
_HELD_SIZES: Prepared[int] = Prepared(
    lambda: HeldUpload.objects.filter(
        envelope_id=given("envelope", HeldUpload, "envelope"), state__in=(UploadState.INSPECTING, UploadState.OFFERED)
    ).values_list("size", flat=True)
)


def _entry(document: Document, rewriting: Rewriting | None) -> dict[str, object]:
    """What the ledger is told. A file is rewritten only on the word of whoever the entry names: they were shown its pages."""
    data: dict[str, object] = {"document": str(document.pk), "sha256": bytes(document.head_sha256).hex(), "pages": document.pages}
    if rewriting is not None:
        data |= {"given_sha256": rewriting.given_sha256.hex(), "reasons": rewriting.reasons, "confirmed": True}
    return data


def title_of(file_name: str) -> str:
    """A document's name from its file's: one line, without the ending or anything that changes how text runs."""
    plain = file_name_of(file_name)
    return plain[:-4][:150] if plain.lower().endswith(".pdf") and len(plain) > 4 else plain[:150]


def file_name_of(file_name: str) -> str:
    plain = one_line(file_name.replace("\\", "/").rsplit("/", 1)[-1], longest=200)
    return plain or "document.pdf"


def remove_document(document: Document, *, by: Member, at: datetime) -> None:
    """Take a document out of a draft. Its bytes stay in the vault; the ledger says that it was taken out.

    Refuses with ``document.only_one_for`` (name) when somebody is to have this one alone: without it they would have all of them.
    """
    envelope = document.envelope
    with transaction.atomic(durable=True):
        still_draft(envelope, by=by)
        data: dict[str, object] = {"document": str(document.pk)}
        _still_has_some(document)
        document.fields.all().delete()
        note(envelope, "document.removed", by=by, at=at, data=data)
        document.revisions.all().delete()
        document.delete()


def _still_has_some(document: Document) -> None:
    for recipient in document.meant_for.all():
        if recipient.documents.count() == 1:
            raise Refusal("document.only_one_for", name=recipient.name)


def describe_envelope(envelope: Envelope, description: Description, *, by: Member, at: datetime) -> None:
    """Name the envelope and enter what it is about.

    Refuses with ``envelope.nameless`` or ``deadline.out_of_range``, with ``information.parent_unknown`` for a 親契約 that there is
    not, and as ``archive.items.judged``.
    """
    name = one_line(description.name, longest=120)
    if not name:
        raise Refusal("envelope.nameless")
    if not 1 <= (description.deadline - today(at)).days <= LONGEST_DEADLINE_DAYS:
        raise Refusal("deadline.out_of_range", days=LONGEST_DEADLINE_DAYS)
    with transaction.atomic(durable=True):
        still_draft(envelope, by=by)
        said = {
            "name": name,
            "comment": description.comment.strip()[:1000],
            "transaction_date": description.transaction_date,
            "counterparty": one_line(description.counterparty),
            "amount": description.amount,
            "deadline": description.deadline,
            "described": True,
            "shown_items": _shown(envelope, description),
            "updated_at": at,
        }
        change_each(Envelope, [Change(envelope.pk, said)])
        if description.items is not None:
            put_information(envelope, description.items)
        note(envelope, "envelope.described", by=by, at=at)
    refresh(envelope)


def _shown(envelope: Envelope, description: Description) -> list[str]:
    wanted = description.shown if description.shown is not None else archive.item_rules(envelope.organization).shown
    said = {code for code, value in (description.items or {}).items() if value != ""}
    return shown_of(wanted, said)


def name_recipients(
    envelope: Envelope,
    places: list[tuple[int, Registration | Member]],
    *,
    by: Member,
    at: datetime,
    proofs: Sequence[Proof] | None = None,
) -> None:
    """Who signs, in which order: ``places`` are (order, who); the same order signs in parallel. Replaces what stood.

    ``proofs`` are what each of them is to prove themselves with, in the same order; without it nobody needs more than the usual.
    Refuses as :func:`address_envelope` does.
    """
    asked = list(proofs) if proofs is not None else [Proof.PLAIN] * len(places)
    named = [Place(order, who, proof=proof) for (order, who), proof in zip(places, asked, strict=True)]
    address_envelope(envelope, named, by=by, at=at)


def address_envelope(envelope: Envelope, places: Sequence[Place], *, by: Member, at: datetime) -> None:
    """Who is asked what, in which order: of the same order all at once, or any one of them. Replaces what stood.

    Refuses with ``recipients.incomplete``, ``recipients.too_many`` (limit), ``registration.not_usable``,
    ``registration.other_contract``, ``registration.missing`` (nobody is registered who could have a code),
    ``member.may_not_sign``, ``member.is_sender``, ``recipient.nameless``,
    ``recipient.mail_malformed``, ``recipient.deadline_too_late`` (after the envelope's), ``group.differs`` or ``group.mixed`` (order),
    ``proof.for_signers``, ``proof.not_for_own``, ``proof.needs_registration`` or ``proof.no_passkeys`` (this house's address is none
    that browsers do passkeys at).
    """
    ranked = sorted(places, key=lambda place: place.order)
    check_places(envelope, ranked)
    with transaction.atomic(durable=True):
        still_draft(envelope, by=by)
        before = holders(envelope)
        if has_signers(envelope):
            envelope.recipients.all().delete()
        rows = rows_of(envelope, ranked)
        insert_each(rows)
        _narrow(rows, ranked)
        carry_fields(envelope, before, at=at)
        change_each(Envelope, [Change(envelope.pk, {"updated_at": at})])
        note(envelope, "recipients.named", by=by, at=at, data={"count": len(ranked)})


def _narrow(rows: Sequence[Recipient], places: Sequence[Place]) -> None:
    """Which documents those are to have who are not to have all of them."""
    through = Recipient.documents.through
    meant = [(row.pk, one.pk) for row, place in zip(rows, places, strict=True) for one in place.documents]
    through.objects.bulk_create(through(recipient_id=recipient, document_id=document) for recipient, document in meant)


def still_draft(envelope: Envelope, *, by: Member) -> None:
    """Held to the end of the transaction, so that nothing changes under a sending; and by nobody but who may manage it."""
    if not may_manage(by, envelope):
        raise Refusal("envelope.not_allowed")
    state, send_at = _HELD_STATE.one(pk=envelope.pk)
    if state != EnvelopeState.DRAFT:
        raise Refusal("envelope.not_draft")
    if send_at is not None:
        raise Refusal("envelope.scheduled")


_HELD_STATE: Prepared[tuple[str, datetime | None]] = Prepared(
    lambda: Envelope.objects.select_for_update().filter(pk=given("pk", Envelope)).values_list("state", "send_at")
)


def document_in(envelope: Envelope, pk: str | uuid.UUID) -> Document:
    """A document of this envelope. Refuses with ``page.unknown``, also for what is no identifier at all."""
    try:
        found = _DOCUMENT.first(pk=uuid.UUID(str(pk)), envelope=envelope.pk)
    except ValueError:
        found = None
    if found is None:
        raise Refusal("page.unknown")
    found.envelope = envelope
    return found


_DOCUMENT = Prepared(lambda: Document.objects.filter(pk=given("pk", Document), envelope_id=given("envelope", Document, "envelope")))
