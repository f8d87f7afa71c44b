"""What proves one contract, to take along: its evidence records (RFC 4998), and the bundle with which anybody can check it without us."""

from __future__ import annotations

import uuid

from django.http import HttpRequest, HttpResponse, HttpResponseBase

from tachiai import clock
from tachiai.accounts.models import Member
from tachiai.archive.evidence_exporting import has_evidence, zip_evidence
from tachiai.envelopes.access import check_download, envelope_for
from tachiai.envelopes.models import Envelope
from tachiai.envelopes.reading import concluded_files
from tachiai.errors import Refusal
from tachiai.web.desk.doors import at_desk
from tachiai.web.desk.files import attachment
from tachiai.web.desk.reasons import accounted
from tachiai.web.taking import take_bundle


@at_desk
@accounted
def evidence(request: HttpRequest, member: Member, pk: uuid.UUID, *, reason: str) -> HttpResponse:
    """The files as they were stamped, a record for each, and how to check them, in one ZIP."""
    envelope = envelope_for(member, pk)
    files = concluded_files(envelope)
    if not files:
        raise Refusal("page.unknown")
    content = zip_evidence(files[0].record, by=member, at=clock.now(), why=check_download(member, reason=reason))
    return attachment(f"{envelope.number}-evidence.zip", content, kind="application/zip")


@at_desk
@accounted
def bundle(request: HttpRequest, member: Member, pk: uuid.UUID, *, reason: str) -> HttpResponseBase:
    """証拠一式: everything with which the envelope can be checked elsewhere."""
    return take_bundle(request, envelope_for(member, pk), by=member, reason=reason)


def offers_evidence(envelope: Envelope) -> bool:
    """Whether there is anything to take along yet."""
    files = concluded_files(envelope)
    return bool(files) and has_evidence(files[0].record)
