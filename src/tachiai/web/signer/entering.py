"""S-01: who asks for what, and the code. Looking changes nothing, because mail scanners follow links."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from tachiai.envelopes.models import Gate
from tachiai.envelopes.opening import open_envelope
from tachiai.envelopes.readings import readings_of
from tachiai.envelopes.visiting import barred, stopped
from tachiai.errors import Refusal
from tachiai.web.addresses import address_of, agent_of
from tachiai.web.ceremony_pages import entry_context
from tachiai.web.code_form import CodeForm
from tachiai.web.problems import sentence, status_of
from tachiai.web.sender import form_url
from tachiai.web.signer.doorway import SIGNING, Guest, by_link, let_in, stop_for
from tachiai.web.signer.mailed_code import ENDS, no_code, one_time_page
from tachiai.web.signer.sayings import code_sentence
from tachiai.web.signer.stopping import ASKABLE, ASKS_CODE, STILL_OPEN, ask_page


@require_http_methods(["GET", "HEAD", "POST"])
@by_link(SIGNING)
def entry(request: HttpRequest, guest: Guest) -> HttpResponse:
    """The request and its code form; with the right code the ceremony begins."""
    reason = stopped(guest.found, at=guest.at)
    if reason not in (None, STILL_OPEN):
        return stop_for(request, guest, reason)
    if request.method == "POST":
        return no_code(request, guest, lets_in) if guest.recipient.gate != Gate.REGISTERED else _try(request, guest)
    if guest.is_inside:
        return HttpResponseRedirect(guest.url("done" if reason else "review"))
    bar = barred(guest.found, at=guest.at)
    if bar is not None and bar.code in ENDS:
        return stop_for(request, guest, bar.code)
    return _page(request, guest, CodeForm(), notice=_notice(request, bar))


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


def lets_in(request: HttpRequest, guest: Guest, code: str) -> HttpResponse:
    """Past the gate, to the documents."""
    key = open_envelope(guest.found, code=code, address=address_of(request), agent=agent_of(request), at=guest.at)
    response = HttpResponseRedirect(guest.url("review"))
    let_in(response, guest, key)
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@by_link(SIGNING)
def one_time(request: HttpRequest, guest: Guest) -> HttpResponse:
    """S-02: the one-time code, where no code was registered."""
    reason = stopped(guest.found, at=guest.at)
    if reason not in (None, STILL_OPEN):
        return stop_for(request, guest, reason)
    return one_time_page(request, guest, lets_in, inside="done" if reason else "review")


def _page(request: HttpRequest, guest: Guest, form: CodeForm, *, notice: dict[str, str] | None = None, status: int = 200) -> HttpResponse:
    signed = stopped(guest.found, at=guest.at) == STILL_OPEN
    count = len(readings_of(guest.recipient))
    url = form_url(guest.envelope.organization, "guide") if guest.holder.gate == Gate.REGISTERED else ""
    told = entry_context(guest.recipient, form, documents=count, at=guest.at, signed=signed)
    context = guest.page(notice=notice, form_url=url, **told)
    return render(request, "signer/entry.html", context, status=status)


def _notice(request: HttpRequest, bar: Refusal | None) -> dict[str, str] | None:
    if bar is not None:
        return {"kind": "warning", "title": code_sentence(bar)}
    if "again" in request.GET:
        text = _("しばらく操作がなかったため、確認のため入力をお願いします。")
        return {"kind": "info", "title": sentence("visit.not_open"), "text": text}
    return None


def _may_open(guest: Guest) -> bool:
    return stopped(guest.found, at=guest.at) in (None, STILL_OPEN)


@require_POST
@by_link(SIGNING)
def ask_again(request: HttpRequest, guest: Guest) -> HttpResponse:
    """M20: from a link that ran out or was locked for good, the sender is asked for a new one; or for a code, by who has forgotten it."""
    if request.POST.get("what") == ASKS_CODE and guest.holder.gate == Gate.REGISTERED and _may_open(guest):
        return ask_page(request, guest.recipient, what=ASKS_CODE, at=guest.at)
    bar = barred(guest.found, at=guest.at)
    reason = stopped(guest.found, at=guest.at) or (bar.code if bar else None)
    if reason not in ASKABLE:
        return HttpResponseRedirect(guest.url("entry"))
    return ask_page(request, guest.recipient, what=SIGNING.asks, at=guest.at)
