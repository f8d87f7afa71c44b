"""S-03: the documents, one page at a time, and what is left to do. A page that was served counts as shown."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tachiai.envelopes.models import Document
from tachiai.envelopes.opening import show_document
from tachiai.envelopes.reading import page_of, page_picture, page_text, unsigned_copy
from tachiai.envelopes.readings import Reading, readings_of
from tachiai.envelopes.visiting import leave, stopped
from tachiai.errors import Refusal
from tachiai.web.ceremony_pages import Review
from tachiai.web.filling import Filling, boxes_on, filling_of, others_in_words, take_filling
from tachiai.web.signer.doorway import SIGNING, Guest, by_link, inside, let_out
from tachiai.web.signer.flowing import flowing
from tachiai.web.signer.stopping import STILL_OPEN

CLOSEST = 3


@require_http_methods(["GET", "HEAD", "POST"])
@by_link(SIGNING)
@inside
def review(request: HttpRequest, guest: Guest) -> HttpResponse:
    """One page of one document, with the way to all others; what is entered beside it is kept with every press of a button."""
    if request.method != "POST":
        return review_page(request, guest)
    filling = take_filling(request, guest.recipient, at=guest.at)
    if filling.wrong:
        return review_page(request, guest, status=422, filling=filling)
    if request.POST.get("act") == "onward":
        return HttpResponseRedirect(_onward(guest, filling))
    here = {name: request.GET[name] for name in ("doc", "page", "zoom", "text") if name in request.GET}
    return HttpResponseRedirect(f"{guest.url('review')}?{urlencode({**here, 'saved': 1})}#inputs")


def _onward(guest: Guest, filling: Filling) -> str:
    """The next thing to do: a document that was not opened, an input that is empty, and then the last question."""
    readings = readings_of(guest.recipient)
    unseen = next((place for place, one in enumerate(readings, 1) if not one.shown), 0)
    if unseen:
        return _address(guest, unseen) + "#viewer"
    empty = next((one for one in filling.inputs if one.blank.lacking), None)
    if empty is None:
        return guest.url("confirm")
    return f"{_review(guest, readings, filling).input_address(empty)}#{empty.name}"


def _review(guest: Guest, readings: list[Reading], filling: Filling) -> Review:
    return Review(readings, filling, partial(_address, guest), guest.url("confirm"))


def review_page(
    request: HttpRequest, guest: Guest, *, status: int = 200, missing: list[Document] | None = None, filling: Filling | None = None
) -> HttpResponse:
    """The review; ``missing`` are documents that were asked to be looked at first, with what is still to be entered."""
    readings = readings_of(guest.recipient)
    if filling is None:
        filling = filling_of(guest.recipient, at=guest.at)
    entering_errors = filling.errors() if missing is None else filling.missing()
    place = min(_number(request, "doc"), len(readings))
    document = readings[place - 1].document
    if missing is None and not readings[place - 1].shown:
        show_document(guest.recipient, document, at=guest.at)
        readings[place - 1] = replace(readings[place - 1], shown=True)
    number = min(_number(request, "page"), document.pages)
    around = _review(guest, readings, filling)
    context = guest.page(
        **around.page(place=place, number=number),
        page=_viewed(request, guest, readings[place - 1], place=place, number=number, filling=filling),
        inputs_url=_address(guest, place, number, text="text" in request.GET, zoom=min(_number(request, "zoom"), CLOSEST)),
        others=others_in_words(guest.recipient, [reading.document for reading in readings]),
        saved="saved" in request.GET and status == 200,
        text_view="text" in request.GET,
        page_errors=[*(around.missing(one) for one in missing or []), *entering_errors],
    )
    return render(request, "signer/review.html", context, status=status)


def _number(request: HttpRequest, name: str) -> int:
    """A number of a query, at least 1; anything else is 1."""
    given = request.GET.get(name, "")
    return max(1, int(given)) if given.isdecimal() and len(given) < 6 else 1


def _address(guest: Guest, place: int, number: int = 1, *, text: bool = False, zoom: int = 1) -> str:
    query: dict[str, object] = {"doc": place, "page": number}
    if text:
        query["text"] = 1
    if zoom > 1:
        query["zoom"] = zoom
    return f"{guest.url('review')}?{urlencode(query)}"


def _viewed(request: HttpRequest, guest: Guest, reading: Reading, *, place: int, number: int, filling: Filling) -> dict[str, object]:
    """What the page viewer and the text view are given; see ``parts/page_viewer.html``."""
    document = reading.document
    text, zoom = "text" in request.GET, min(_number(request, "zoom"), CLOSEST)
    page = page_of(document, number)

    def at(to: int) -> str:
        return _address(guest, place, to, text=text, zoom=zoom)

    return {
        "document": document.name,
        "number": number,
        "count": document.pages,
        "image_url": guest.url("picture", place=place, number=number),
        "width": page.width,
        "height": page.height,
        "previous_url": at(number - 1) if number > 1 else "",
        "next_url": at(number + 1) if number < document.pages else "",
        "zoom": zoom,
        "zoom_in_url": _address(guest, place, number, zoom=zoom + 1) if zoom < CLOSEST else "",
        "zoom_out_url": _address(guest, place, number, zoom=zoom - 1) if zoom > 1 else "",
        "text": flowing(page_text(page)) if text else "",
        "text_url": _address(guest, place, number, text=True),
        "image_view_url": _address(guest, place, number),
        "pdf_url": guest.url("copy", place=place),
        "pdf_size": reading.copy_size,
        "fields": boxes_on(filling, page),
        "go_url": guest.url("review"),
        "go_hidden": [{"name": "doc", "value": place}, *([{"name": "zoom", "value": zoom}] if zoom > 1 else [])],
    }


def _placed(guest: Guest, place: int) -> Reading:
    readings = readings_of(guest.recipient)
    if not 1 <= place <= len(readings):
        raise Refusal("page.unknown")
    return readings[place - 1]


@require_safe
@by_link(SIGNING)
@inside
def picture(request: HttpRequest, guest: Guest, place: int, number: int) -> HttpResponse:  # a view's signature
    """One page's picture. The browser may keep it while it is open, so that turning back costs nothing."""
    drawn = page_picture(page_of(_placed(guest, place).document, number))
    return HttpResponse(drawn.image, content_type=drawn.kind, headers={"Cache-Control": "private, no-store"})


@require_safe
@by_link(SIGNING)
def copy(request: HttpRequest, guest: Guest, place: int) -> HttpResponse:
    """The unsigned PDF, to read elsewhere; also for whoever has just signed and wants a copy of what."""
    if not guest.is_inside:
        return HttpResponseRedirect(guest.url("entry") + "?again")
    if stopped(guest.found, at=guest.at) not in (None, STILL_OPEN):
        return HttpResponseRedirect(guest.url("entry"))
    document = _placed(guest, place).document
    taken = unsigned_copy(document, by=guest.recipient, at=guest.at)
    return as_file(taken.pdf, taken.name)


def as_file(content: bytes, name: str, *, kind: str = "application/pdf") -> HttpResponse:
    """A file to save under ``name`` (RFC 6266), never to be shown or guessed at by the browser."""
    response = HttpResponse(content, content_type=kind)
    response.headers["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name) or "attachment"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


@require_POST
@by_link(SIGNING)
def later(request: HttpRequest, guest: Guest) -> HttpResponse:
    """Stop here for now: the visit ends in this browser, the link goes on."""
    if not guest.is_inside:
        return HttpResponseRedirect(guest.url("entry"))
    leave(guest.found, at=guest.at)
    response = render(request, "signer/later.html", guest.page())
    let_out(response, guest)
    return response
