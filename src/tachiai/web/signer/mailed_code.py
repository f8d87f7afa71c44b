"""S-02: the one-time code, for whoever has none of their own; and the plain button of whoever needs none. For both kinds of link."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _

from tachiai.envelopes.models import Gate
from tachiai.envelopes.one_time import LIVES, send_one_time_code, sent_at
from tachiai.errors import Refusal
from tachiai.web.problems import sentence, status_of
from tachiai.web.signer.doorway import Guest, stop_for
from tachiai.web.signer.forms import OneTimeForm
from tachiai.web.signer.sayings import code_sentence

Opens = Callable[[HttpRequest, Guest, str], HttpResponse]
# What a wrong code leads to is said beside the code; these end the page instead.
ENDS = {"code.ended", "registration.suspended", "registration.revoked"}


def no_code(request: HttpRequest, guest: Guest, opens: Opens) -> HttpResponse:
    """What the first page's button does where no code was registered: send one, or go in."""
    if guest.holder.gate == Gate.NONE:
        return opens(request, guest, "")
    return _send(request, guest)


def one_time_page(request: HttpRequest, guest: Guest, opens: Opens, *, inside: str) -> HttpResponse:
    """The page that asks for the code: judged, or sent once more on the other button."""
    if guest.is_inside:
        return HttpResponseRedirect(guest.url(inside))
    if guest.holder.gate != Gate.OTP or (request.method != "POST" and sent_at(guest.found) is None):
        return HttpResponseRedirect(guest.url("entry"))
    if "resend" in request.POST:
        return _send(request, guest)
    if request.method != "POST":
        return _page(request, guest, OneTimeForm())
    form = OneTimeForm(request.POST)
    if not form.is_valid():
        return _page(request, guest, form, status=422)
    try:
        return opens(request, guest, form.cleaned_data["code"])
    except Refusal as refusal:
        return _refused(request, guest, form, refusal)


def _refused(request: HttpRequest, guest: Guest, form: OneTimeForm, refusal: Refusal) -> HttpResponse:
    if refusal.code in ENDS:
        return stop_for(request, guest, refusal.code)
    if refusal.code == "otp.expired":
        return _send(request, guest, instead=True)
    if not refusal.code.startswith("code."):
        raise refusal
    form.add_error("code", _sentence(refusal))
    return _page(request, guest, form, status=status_of(refusal.code))


def _sentence(refusal: Refusal) -> str:
    if refusal.code == "code.wrong":
        return sentence("otp.wrong", refusal.facts)
    return sentence("otp.malformed") if refusal.code == "code.malformed" else code_sentence(refusal)


def _send(request: HttpRequest, guest: Guest, *, instead: bool = False) -> HttpResponse:
    """A fresh code; ``instead`` of one that ran out."""
    title = _("新しい認証コードを送りました。") if instead else ""
    text = _("前の認証コードは有効期限が切れています。届いた新しい認証コードを入力してください。") if instead else ""
    try:
        send_one_time_code(guest.found, at=guest.at)
    except Refusal as refusal:
        if refusal.code in ENDS:
            return stop_for(request, guest, refusal.code)
        if not refusal.code.startswith(("otp.", "code.")):
            return HttpResponseRedirect(guest.url("entry"))
        title, text = code_sentence(refusal), ""
        return _page(request, guest, OneTimeForm(), notice={"kind": "warning", "title": title}, status=status_of(refusal.code))
    if instead:
        return _page(request, guest, OneTimeForm(), notice={"kind": "info", "title": title, "text": text}, status=422)
    return HttpResponseRedirect(guest.url("one_time"))


def _page(
    request: HttpRequest, guest: Guest, form: OneTimeForm, *, notice: dict[str, str] | None = None, status: int = 200
) -> HttpResponse:
    context = guest.page(
        heading=_("認証コードの入力"),
        form=form,
        notice=notice,
        masked=masked(guest.holder.mail),
        minutes=int(LIVES.total_seconds() // 60),
        step=1,
        step_word=_("認証"),
    )
    return render(request, "signer/one_time.html", context, status=status)


def masked(mail: str) -> str:
    """An address whose holder knows it again: the first letter and the domain."""
    name, _at, domain = mail.rpartition("@")
    return f"{name[:1]}***@{domain}"
