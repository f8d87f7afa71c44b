"""Reading documents: page pictures and texts while signing, whole files to download. Each is on record, an auditor's with its reason."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from django.db import transaction

from tachiai import vault
from tachiai.accounts.models import Member
from tachiai.archive.models import FileKind, Record, RecordFile
from tachiai.envelopes.access import check_download, may_download_unfinished
from tachiai.envelopes.events import note
from tachiai.envelopes.frozen import frozen_as
from tachiai.envelopes.models import Document, Envelope, PageImage, Recipient
from tachiai.envelopes.states import EnvelopeState
from tachiai.errors import Refusal
from tachiai.pages.render import picture_type
from tachiai.prepared import Prepared, given
from tachiai.vault import Blob


@dataclass(frozen=True)
class Download:
    """A file for a reader: its name, its bytes, and whether it is a concluded contract."""

    name: str
    pdf: bytes
    concluded: bool


def page_of(document: Document, number: int) -> PageImage:
    """Where a page's picture is. Refuses with ``page.unknown``."""
    # A number that no page has may be one that no database takes.
    found = _PAGE.first(document=document.pk, number=number) if 1 <= number <= document.pages else None
    if found is None:
        raise Refusal("page.unknown")
    found.document = document
    return found


_PAGE = Prepared(
    lambda: PageImage.objects.filter(document_id=given("document", PageImage, "document"), number=given("number", PageImage, "number"))[:1]
)


@dataclass(frozen=True)
class Picture:
    """A page's picture and its media type."""

    image: bytes
    kind: str


def page_picture(page: PageImage) -> Picture:
    """The page's picture, as it was drawn when the document was frozen. Refuses with ``document.altered`` to show any other."""
    pack = _pack(page)
    start, length, _, _ = pack.places[page.number]
    image = pack.data[start : start + length]
    return Picture(image, picture_type(image))


def page_text(page: PageImage) -> str:
    """The page's text layer in reading order; empty for a scan. Refuses as ``page_picture`` does."""
    pack = _pack(page)
    _, _, start, length = pack.places[page.number]
    return pack.data[start : start + length].decode()


@dataclass(frozen=True)
class _Pack:
    """A document's pages, and where in them each page's picture and text are: offset and length of both, in bytes."""

    data: bytes
    places: dict[int, tuple[int, int, int, int]]


def _pack(page: PageImage) -> _Pack:
    document = page.document
    if document.page_pack_id is None:
        raise Refusal("page.unknown")
    blob = _BLOB.one(pk=document.page_pack_id)
    # Asked each time: what is destroyed must not be shown from memory.
    vault.must_stand(blob)
    return _opened(blob.pk, document.pk, document.envelope_id)


@lru_cache(maxsize=16)
def _opened(blob: uuid.UUID, document: uuid.UUID, envelope: uuid.UUID) -> _Pack:
    """The last few packs, opened: a reader turns pages one after the other. What is shown is what the ledger says was drawn."""
    data = vault.read(_BLOB.one(pk=blob))
    drawn = frozen_as(Envelope.stream_of(envelope)).get(document)
    places = {row.number: (row.offset, row.length, row.text_offset, row.text_length) for row in _PAGES.all(document=document)}
    if drawn is None or hashlib.sha256(data).digest() != drawn.pages or not _laid_out(places, len(data)):
        raise Refusal("document.altered", document=str(document))
    return _Pack(data, places)


def _laid_out(places: Mapping[int, tuple[int, int, int, int]], size: int) -> bool:
    """Whether the pages follow one another without gaps from the first byte to the last (docs/formats/page-pack.md)."""
    at = 0
    for number, (start, length, text, text_length) in sorted(places.items()):
        if number < 1 or start != at or length < 1 or text != start + length or text_length < 0:
            return False
        at = text + text_length
    return at == size and sorted(places) == list(range(1, len(places) + 1))


_PAGES = Prepared(lambda: PageImage.objects.filter(document_id=given("document", PageImage, "document")))
_BLOB = Prepared(lambda: Blob.objects.filter(pk=given("pk", Blob)))


def note_view(document: Document, *, by: Member, at: datetime) -> None:
    """A member looks at a document's pages: on record, once for each login (the door remembers which were noted)."""
    with transaction.atomic(durable=True):
        note(document.envelope, "document.viewed", by=by, at=at, data={"document": str(document.pk)})


def unsigned_copy(document: Document, *, by: Recipient | Member, at: datetime, reason: str = "") -> Download:
    """The frozen document before anybody has signed it, named 【締結前】. Refuses with ``document.altered`` any other."""
    why = check_download(by, reason=reason)
    pdf = vault.read(document.blob, upto=1)
    frozen = frozen_as(document.envelope.stream).get(document.pk)
    if frozen is None or hashlib.sha256(pdf).digest() != frozen.sha256:
        raise Refusal("document.altered", document=str(document.pk))
    _note_download(document.envelope, "document.copy_downloaded", by=by, at=at, why=why, document=document)
    return Download(f"【締結前】{document.name}.pdf", pdf, concluded=False)


def upload_copy(document: Document, *, by: Member, at: datetime) -> Download:
    """The upload of one's own draft, as it lies there."""
    pdf = vault.read(document.blob, upto=0)
    _note_download(document.envelope, "document.copy_downloaded", by=by, at=at, document=document)
    return Download(f"【締結前】{document.name}.pdf", pdf, concluded=False)


def unfinished_copy(document: Document, *, by: Member, at: datetime, reason: str = "") -> Download:
    """The last revision of an envelope that was never concluded: for the auditor alone, named 【未締結】."""
    if not may_download_unfinished(by) or document.envelope.state == EnvelopeState.CONCLUDED:
        raise Refusal("envelope.not_allowed")
    why = check_download(by, reason=reason)
    pdf = vault.read(document.blob, upto=document.head_number)
    _note_download(document.envelope, "document.unfinished_downloaded", by=by, at=at, why=why, document=document)
    return Download(f"【未締結】{document.name}.pdf", pdf, concluded=False)


def concluded_files(envelope: Envelope) -> list[RecordFile]:
    """The concluded documents and the certificate, in order; empty before the envelope is concluded."""
    return _FILES.all(envelope=envelope.pk)


_FILES = Prepared(
    lambda: (
        RecordFile.objects.filter(record__origin=given("envelope", Record, "origin")).select_related("record", "blob").order_by("position")
    )
)


def concluded_copy(file: RecordFile, envelope: Envelope, *, by: Recipient | Member, at: datetime, reason: str = "") -> Download:
    """One concluded file, read back and held against the digest it was filed with: any other is ``document.altered``."""
    if file.record.origin != envelope.pk:
        raise Refusal("envelope.unknown")
    why = check_download(by, reason=reason)
    pdf = vault.read(file.blob)
    if hashlib.sha256(pdf).digest() != bytes(file.sha256):
        raise Refusal("document.altered", file=str(file.pk))
    _note_download(envelope, "file.downloaded", by=by, at=at, why=why, file=file)
    reader = by.organization_name if isinstance(by, Recipient) else ""
    return Download(download_name(file, envelope, reader=reader), pdf, concluded=True)


def download_name(file: RecordFile, envelope: Envelope, *, reader: str) -> str:
    """``取引年月日_取引先_金額_文書名.pdf``, from the reader's side: a counterparty's 取引先 is the sender, nothing internal is in it."""
    party = envelope.organization.name if reader else envelope.counterparty
    day = envelope.transaction_date.strftime("%Y%m%d") if envelope.transaction_date else "日付記載なし"
    amount = "金額記載なし" if envelope.amount is None else str(envelope.amount)
    title = "締結証明書" if file.kind == FileKind.CERTIFICATE else file.name
    told = {"transaction_date", "amount"} & {*envelope.shown_items} if reader else {"transaction_date", "amount"}
    parts = (_safe(part) for part in (day * ("transaction_date" in told), party, amount * ("amount" in told), title))
    return "_".join(part for part in parts if part)[:180] + ".pdf"


def _safe(part: str) -> str:
    return "".join("-" if char in '\\/:*?"<>|' else char for char in part).strip()


def _note_download(
    envelope: Envelope,
    event: str,
    *,
    by: Recipient | Member,
    at: datetime,
    why: dict[str, object] | None = None,
    document: Document | None = None,
    file: RecordFile | None = None,
) -> None:
    data: dict[str, object] = {}
    if document is not None:
        data["document"] = str(document.pk)
    if file is not None:
        data["sha256"] = bytes(file.sha256).hex()
    with transaction.atomic(durable=True):
        note(envelope, event, by=by, at=at, data=data, personal=why or None)
        if file is not None and isinstance(by, Recipient):
            # Beside the entry, so that the clock and the desk need not read every stream to know who has taken nothing home.
            Recipient.objects.filter(pk=by.pk, downloaded_at=None).update(downloaded_at=at)
