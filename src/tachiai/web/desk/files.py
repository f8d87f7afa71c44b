"""What leaves the desk as a file or a picture. Each download is on record; nothing is ever shown inline as a PDF."""

from __future__ import annotations

import io
import uuid
import zipfile

from django.http import HttpRequest, HttpResponse
from django.utils.http import content_disposition_header

from tachiai import clock
from tachiai.accounts.models import Member
from tachiai.envelopes.access import envelope_for, may_download, may_manage, needs_reason, unsent_envelope
from tachiai.envelopes.downloading import standing_files
from tachiai.envelopes.drafting import document_in
from tachiai.envelopes.glancing import draft_picture
from tachiai.envelopes.models import Envelope
from tachiai.envelopes.reading import (
    Download,
    Picture,
    concluded_copy,
    concluded_files,
    page_of,
    page_picture,
    unfinished_copy,
    unsigned_copy,
    upload_copy,
)
from tachiai.envelopes.states import EnvelopeState
from tachiai.errors import Refusal
from tachiai.web.desk.doors import at_desk
from tachiai.web.desk.reasons import accounted

SANDBOX = "sandbox; default-src 'none'"


def attachment(name: str, content: bytes, *, kind: str) -> HttpResponse:
    """A file to be saved under ``name`` (RFC 6266); if a browser opens it all the same, it can do nothing."""
    response = HttpResponse(content, content_type=kind)
    response.headers["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name) or "attachment"
    response.headers["Content-Security-Policy"] = SANDBOX
    return response


def _pdf(download: Download) -> HttpResponse:
    return attachment(download.name, download.pdf, kind="application/pdf")


@at_desk
def picture(request: HttpRequest, member: Member, pk: uuid.UUID, document: uuid.UUID, number: int) -> HttpResponse:  # Django's order
    page = page_of(document_in(envelope_for(member, pk), document), number)
    return shown_picture(page_picture(page))


@at_desk
def glance(request: HttpRequest, member: Member, pk: uuid.UUID, document: uuid.UUID, number: int) -> HttpResponse:  # Django's order
    """A page of a document of which nothing was sent yet, small beside a warning or large to look at."""
    envelope = unsent_envelope(member, pk)
    return shown_picture(draft_picture(document_in(envelope, document), number, large=request.GET.get("size") == "large"))


def shown_picture(drawn: Picture) -> HttpResponse:
    response = HttpResponse(drawn.image, content_type=drawn.kind)
    # A picture never changes, but it is the contract: the browser that showed it may keep it for the visit, nobody between.
    response.headers["Cache-Control"] = "private, max-age=600"
    return response


@at_desk
def upload(request: HttpRequest, member: Member, pk: uuid.UUID, document: uuid.UUID) -> HttpResponse:
    """A document to look at before anything is sent: one's own draft, or what one is to approve. An auditor reads it here."""
    envelope = unsent_envelope(member, pk)
    if needs_reason(member):
        raise Refusal("page.unknown")
    if not (may_manage(member, envelope) or may_download(member)):
        raise Refusal("download.not_allowed")
    return _pdf(upload_copy(document_in(envelope, document), by=member, at=clock.now()))


@at_desk
@accounted
def copy(request: HttpRequest, member: Member, pk: uuid.UUID, document: uuid.UUID, *, reason: str) -> HttpResponse:
    """The document as it was fixed for signing, named 【締結前】: after conclusion only the concluded file is given."""
    envelope = envelope_for(member, pk)
    if envelope.state == EnvelopeState.CONCLUDED:
        raise Refusal("page.unknown")
    found = document_in(envelope, document)
    if found.page_pack_id is None:
        raise Refusal("page.unknown")
    return _pdf(unsigned_copy(found, by=member, at=clock.now(), reason=reason))


@at_desk
@accounted
def unfinished(request: HttpRequest, member: Member, pk: uuid.UUID, document: uuid.UUID, *, reason: str) -> HttpResponse:
    return _pdf(unfinished_copy(document_in(envelope_for(member, pk), document), by=member, at=clock.now(), reason=reason))


@at_desk
@accounted
def concluded(request: HttpRequest, member: Member, pk: uuid.UUID, position: int, *, reason: str) -> HttpResponse:
    envelope = envelope_for(member, pk)
    file = next((one for one in concluded_files(envelope) if one.position == position), None)
    if file is None:
        raise Refusal("page.unknown")
    return _pdf(concluded_copy(file, envelope, by=member, at=clock.now(), reason=reason))


@at_desk
@accounted
def everything(request: HttpRequest, member: Member, pk: uuid.UUID, *, reason: str) -> HttpResponse:
    """All concluded documents and the certificate in one ZIP."""
    envelope = envelope_for(member, pk)
    content = _zipped(envelope, by=member, reason=reason)
    if content is None:
        raise Refusal("page.unknown")
    return attachment(f"{envelope.number}.zip", content, kind="application/zip")


# What is put together while somebody waits, in bytes of files.
ZIP_AT_MOST = 300 * 1024 * 1024


def _zipped(envelope: Envelope, *, by: Member, reason: str) -> bytes | None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        count = _add(archive, envelope, by=by, reason=reason)
    return packed.getvalue() if count else None


def zipped(envelopes: list[Envelope], *, by: Member, reason: str = "") -> bytes | None:
    """The concluded files of several envelopes, each in a folder of its number. None without any; refuses with ``bulk.too_large``."""
    if sum(file.size for envelope in envelopes for file in standing_files(envelope, by=by)) > ZIP_AT_MOST:
        raise Refusal("bulk.too_large", limit_mb=ZIP_AT_MOST // (1024 * 1024))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        count = sum(_add(archive, envelope, by=by, reason=reason, folder=f"{envelope.number}/") for envelope in envelopes)
    return packed.getvalue() if count else None


def _add(archive: zipfile.ZipFile, envelope: Envelope, *, by: Member, reason: str, folder: str = "") -> int:
    """Put what stands of an envelope's concluded files into ``archive``, each under a name of its own; how many there were."""
    files, used = standing_files(envelope, by=by), set[str]()
    for file in files:
        given = concluded_copy(file, envelope, by=by, at=clock.now(), reason=reason)
        name = given.name if given.name not in used else f"{file.position:02d}_{given.name}"
        used.add(name)
        archive.writestr(f"{folder}{name}", given.pdf)
    return len(files)
