"""The evidence bundle on its way out of a door: sent from its file, or a page that says it cannot be made now."""

from __future__ import annotations

import structlog
from django.http import FileResponse, HttpRequest, HttpResponseBase

from tachiai import clock
from tachiai.accounts.models import Member
from tachiai.envelopes.bundling import evidence_bundle
from tachiai.envelopes.models import Envelope, Recipient
from tachiai.errors import Outage
from tachiai.web.problems import problem_page

log = structlog.get_logger("tachiai.web")
SANDBOX = "sandbox; default-src 'none'"


def take_bundle(request: HttpRequest, envelope: Envelope, *, by: Recipient | Member, reason: str = "") -> HttpResponseBase:
    """A bundle made for this reader, to be saved. Without a timestamp over the record there is none, and the page says so."""
    try:
        made = evidence_bundle(envelope, by=by, now=clock.now, reason=reason)
    except Outage as outage:
        log.warning("no evidence bundle", code=outage.code, detail=outage.detail, envelope=str(envelope.pk))
        return problem_page(request, "bundle.later", {}, status=503)
    response = FileResponse(made.file, as_attachment=True, filename=made.name, content_type="application/zip")
    response.headers["Content-Length"] = str(made.size)
    response.headers["Content-Security-Policy"] = SANDBOX
    return response
