"""A page of a document on the desk: as a picture or as text, turned by links alone."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from tachiai import clock
from tachiai.accounts.models import Member
from tachiai.envelopes.access import envelope_for, may_manage
from tachiai.envelopes.drafting import document_in
from tachiai.envelopes.glancing import draft_picture, size_of
from tachiai.envelopes.holding import documents_of
from tachiai.envelopes.models import Document
from tachiai.envelopes.reading import Picture, note_view, page_of, page_text
from tachiai.envelopes.states import UNSENT, EnvelopeState
from tachiai.envelopes.template_models import TemplateFile
from tachiai.web.desk.doors import at_desk, show
from tachiai.web.filling import Filling, boxes_on

ZOOMS = 3
Paper = Document | TemplateFile


def page_context(
    request: HttpRequest, document: Document, *, base: str, kept: dict[str, Any], pdf_url: str, filling: Filling | None = None
) -> dict[str, Any]:
    """What ``parts/page_viewer.html`` or ``parts/text_view.html`` needs. ``kept`` stays in every link's query."""
    number = min(max(_number(request.GET.get("page"), 1), 1), document.pages)
    zoom = min(max(_number(request.GET.get("zoom"), 1), 1), ZOOMS)
    as_text = request.GET.get("as") == "text"
    page = page_of(document, number)

    def at(wanted: int, *, enlarged: int = zoom, text: bool = as_text) -> str:
        query = {**kept, "page": wanted, **({"zoom": enlarged} if enlarged > 1 else {}), **({"as": "text"} if text else {})}
        return f"{base}?{urlencode(query)}"

    return {
        "as_text": as_text,
        "page": {
            "document": document.name,
            "number": number,
            "count": document.pages,
            "zoom": zoom,
            "image_url": reverse("desk:picture", args=[document.envelope_id, document.pk, number]),
            "width": page.width,
            "height": page.height,
            "text": page_text(page) if as_text else "",
            "previous_url": at(number - 1) if number > 1 else "",
            "next_url": at(number + 1) if number < document.pages else "",
            "text_url": at(number, enlarged=1, text=True),
            "image_view_url": at(number, text=False),
            "zoom_in_url": at(number, enlarged=zoom + 1) if zoom < ZOOMS else "",
            "zoom_out_url": at(number, enlarged=zoom - 1) if zoom > 1 else "",
            "go_url": base,
            "go_hidden": [{"name": name, "value": value} for name, value in kept.items()],
            "pdf_url": pdf_url,
            "fields": boxes_on(filling, page) if filling else [],
        },
    }


def draft_context(request: HttpRequest, document: Document, *, base: str, kept: Mapping[str, Any] = MappingProxyType({})) -> dict[str, Any]:
    """As ``page_context``, of a document that is not frozen yet: its page is drawn now, and there is no text to read."""
    here = [document.envelope_id, document.pk]
    glance, pdf_url = reverse("desk:glance", args=[*here, 1]), reverse("desk:upload", args=here)
    return drawn_context(request, document, base=base, kept=kept, picture=draft_picture, glance=glance, pdf_url=pdf_url)


def drawn_context(
    request: HttpRequest,
    paper: Paper,
    *,
    base: str,
    kept: Mapping[str, Any],
    picture: Callable[..., Picture],
    glance: str,
    pdf_url: str,
) -> dict[str, Any]:
    """A page of ``paper`` that ``picture`` draws; ``glance`` is where its first page is fetched from."""
    number = min(max(_number(request.GET.get("page"), 1), 1), paper.pages)
    zoom = min(max(_number(request.GET.get("zoom"), 1), 1), ZOOMS)
    width, height = size_of(picture(paper, number, large=True))

    def at(wanted: int, *, enlarged: int = zoom) -> str:
        return f"{base}?{urlencode({**kept, 'page': wanted, **({'zoom': enlarged} if enlarged > 1 else {})})}"

    return {
        "as_text": False,
        "page": {
            "document": paper.name,
            "number": number,
            "count": paper.pages,
            "zoom": zoom,
            "image_url": f"{glance.rpartition('/')[0]}/{number}?size=large",
            "width": width,
            "height": height,
            "previous_url": at(number - 1) if number > 1 else "",
            "next_url": at(number + 1) if number < paper.pages else "",
            "zoom_in_url": at(number, enlarged=zoom + 1) if zoom < ZOOMS else "",
            "zoom_out_url": at(number, enlarged=zoom - 1) if zoom > 1 else "",
            "go_url": base,
            "go_hidden": [{"name": name, "value": value} for name, value in kept.items()],
            "pdf_url": pdf_url,
        },
    }


def _number(text: str | None, otherwise: int) -> int:
    try:
        return int(text or "")
    except ValueError:
        return otherwise


def note_once(request: HttpRequest, document: Document, member: Member) -> None:
    """Turning pages is one view; a new login is a new one."""
    viewed = request.session.get("viewed", [])
    if str(document.pk) in viewed:
        return
    note_view(document, by=member, at=clock.now())
    request.session["viewed"] = [*viewed[-99:], str(document.pk)]


@at_desk
def document(request: HttpRequest, member: Member, pk: uuid.UUID, document: uuid.UUID) -> HttpResponse:
    """P-08 b: one document of an envelope, to read."""
    envelope = envelope_for(member, pk)
    found = document_in(envelope, document)
    base = reverse("desk:document", args=[pk, found.pk])
    others = documents_of(envelope)
    tabs = [{"word": one.name, "url": reverse("desk:document", args=[pk, one.pk]), "current": one.pk == found.pk} for one in others]
    draft = envelope.state == EnvelopeState.DRAFT
    unsent = envelope.state in UNSENT and (not draft or may_manage(member, envelope))
    note_once(request, found, member)
    drawn = draft_context(request, found, base=base) if unsent else page_context(request, found, base=base, kept={}, pdf_url="")
    context = {
        "heading": found.name,
        "envelope": envelope,
        "draft": draft,
        "tabs": tabs if len(tabs) > 1 else [],
        **drawn,
    }
    return show(request, member, "desk/document.html", context, section="envelopes")
