"""S-09: the concluded files behind a link of their own, for 14 days, after the code."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect, StreamingHttpResponse
from django.shortcuts import render
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tachiai import clock
from tachiai.archive.models import FileKind
from tachiai.envelopes.downloading import concluded_file, files_of, open_download, zip_concluded
from tachiai.envelopes.models import Gate, Recipient
from tachiai.envelopes.places import documents_meant
from tachiai.envelopes.reading import concluded_copy, download_name
from tachiai.envelopes.visiting import barred, download_visit
from tachiai.errors import Refusal
from tachiai.web.addresses import address_of, agent_of
from tachiai.web.code_form import CodeForm
from tachiai.web.languages import speaking_to
from tachiai.web.problems import sentence, status_of
from tachiai.web.signer.doorway import DOWNLOADING, Guest, by_link, let_in, stop_for
from tachiai.web.signer.mailed_code import ENDS, no_code, one_time_page
from tachiai.web.signer.reviewing import as_file
from tachiai.web.signer.sayings import code_sentence
from tachiai.web.signer.stopping import ASKS_CODE, ask_page, unknown_page
from tachiai.web.taking import take_bundle


@require_http_methods(["GET", "HEAD", "POST"])
@by_link(DOWNLOADING)
def entry(request: HttpRequest, guest: Guest) -> HttpResponse:
    """The code, asked again: the mail with this link may have gone further than the first."""
    if request.method == "POST":
        return no_code(request, guest, lets_in) if guest.holder.gate != Gate.REGISTERED else _try(request, guest)
    if guest.is_inside:
        return HttpResponseRedirect(guest.url("files"))
    bar = barred(guest.found, at=guest.at)
    if bar is not None and bar.code in ENDS:
        return stop_for(request, guest, bar.code)
    notice = {"kind": "warning", "title": code_sentence(bar)} if bar else None
    if notice is None and "again" in request.GET:
        notice = {"kind": "info", "title": sentence("visit.not_open")}
    return _page(request, guest, CodeForm(), notice=notice)


def _try(request: HttpRequest, guest: Guest) -> HttpResponse:
    form = CodeForm(request.POST)
    if not form.is_valid():
        return _page(request, guest, form, status=422)
    try:
        return lets_in(request, guest, form.cleaned_data["code"])
    except Refusal as refusal:
        if refusal.code in ENDS:
            return stop_for(request, guest, refusal.code)
        form.add_error("code", code_sentence(refusal))
        return _page(request, guest, form, status=status_of(refusal.code))


def _page(request: HttpRequest, guest: Guest, form: CodeForm, *, notice: dict[str, str] | None = None, status: int = 200) -> HttpResponse:
    context = guest.page(form=form, notice=notice, heading=_("締結済み文書のダウンロード"), expires_at=guest.found.invitation.expires_at)
    return render(request, "download/entry.html", context, status=status)


def lets_in(request: HttpRequest, guest: Guest, code: str) -> HttpResponse:
    """Past the gate, to the files."""
    key = open_download(guest.found, code=code, address=address_of(request), agent=agent_of(request), at=guest.at)
    response = HttpResponseRedirect(guest.url("files"))
    let_in(response, guest, key)
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@by_link(DOWNLOADING)
def one_time(request: HttpRequest, guest: Guest) -> HttpResponse:
    """The one-time code, where no code was registered."""
    return one_time_page(request, guest, lets_in, inside="files")


@require_safe
@by_link(DOWNLOADING)
def files(request: HttpRequest, guest: Guest) -> HttpResponse:
    """What there is to take: each file by itself first, because a telephone can do little with a ZIP."""
    if not guest.is_inside:
        return HttpResponseRedirect(guest.url("entry") + "?again")
    offered, until = _offered(guest), guest.found.invitation.expires_at
    stands = any(one["destroyed_at"] is None for one in offered)
    whole = all(one["destroyed_at"] is None for one in offered) and not documents_meant(guest.envelope.pk).get(guest.recipient.pk)
    heading = _("締結済み文書のダウンロード")
    context = guest.page(heading=heading, files=offered, anything_stands=stands, everything_stands=whole, expires_at=until)
    return render(request, "download/files.html", context)


def _offered(guest: Guest) -> list[dict[str, object]]:
    reader = guest.recipient.organization_name
    return [
        {
            "name": _("締結証明書") if file.kind == FileKind.CERTIFICATE else file.name,
            "file_name": download_name(file, guest.envelope, reader=reader),
            "url": guest.url("file", place=file.position),
            "size": file.size,
            "destroyed_at": file.blob.shredded_at,
            "destroyed": file.blob.shredding,
            "certificate": file.kind == FileKind.CERTIFICATE,
            "number": file.record.certificate_number,
        }
        for file in files_of(guest.recipient)
    ]


@require_safe
@by_link(DOWNLOADING)
def file(request: HttpRequest, guest: Guest, place: int) -> HttpResponse:  # a view's signature
    """One concluded file, as bytes to save."""
    if not guest.is_inside:
        return HttpResponseRedirect(guest.url("entry") + "?again")
    taken = concluded_copy(concluded_file(guest.recipient, place), guest.envelope, by=guest.recipient, at=guest.at)
    return as_file(taken.pdf, taken.name)


@require_safe
@by_link(DOWNLOADING)
def bundle(request: HttpRequest, guest: Guest) -> HttpResponseBase:
    """All files in one ZIP, sent while it is made."""
    if not guest.is_inside:
        return HttpResponseRedirect(guest.url("entry") + "?again")
    if request.method == "HEAD":
        return HttpResponse(content_type="application/zip")
    pieces = zip_concluded(guest.envelope, by=guest.recipient, at=guest.at)
    response = StreamingHttpResponse(pieces, content_type="application/zip")
    name = f"{guest.envelope.number}.zip"
    response.headers["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name) or "attachment"
    return response


@require_safe
@by_link(DOWNLOADING)
def evidence(request: HttpRequest, guest: Guest) -> HttpResponseBase:
    """証拠一式: everything with which the envelope can be checked elsewhere."""
    if not guest.is_inside:
        return HttpResponseRedirect(guest.url("entry") + "?again")
    if request.method == "HEAD":
        return HttpResponse(content_type="application/zip")
    if documents_meant(guest.envelope.pk).get(guest.recipient.pk):
        raise Refusal("page.unknown")  # it holds every document, and they are not to have all of them
    return take_bundle(request, guest.envelope, by=guest.recipient)


@require_POST
def ask_again(request: HttpRequest, token: str) -> HttpResponse:
    """M20 after 14 days, or when the code was tried too often: the sender is asked to issue the download anew."""
    at = clock.now()
    try:
        found = download_visit(token, key="", at=at)
    except Refusal as refusal:
        expired = refusal.facts.get("recipient")
        if refusal.code != "download.expired" or not isinstance(expired, Recipient):
            return unknown_page(request)
        recipient = expired
    else:
        bar = barred(found, at=at)
        if request.POST.get("what") == ASKS_CODE and found.holder.gate == Gate.REGISTERED:
            with speaking_to(request, found.holder.language):
                return ask_page(request, found.recipient, what=ASKS_CODE, at=at)
        if bar is None or bar.code not in ENDS:
            return HttpResponseRedirect(DOWNLOADING.url("entry", token))
        recipient = found.recipient
    with speaking_to(request, recipient.language):
        return ask_page(request, recipient, what=DOWNLOADING.asks, at=at)
