"""S-02: what the sender asks beyond the access code: an authenticator app, or a passkey. After the documents, before the press."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from tachiai.envelopes.opening import unseen_documents
from tachiai.envelopes.proving import app_setup, enrol_passkey, passkey_setup, prove_with_app, still_to_prove
from tachiai.envelopes.signing import Circumstances
from tachiai.errors import Refusal
from tachiai.web.addresses import address_of, agent_of
from tachiai.web.problems import sentence, status_of
from tachiai.web.signer.doorway import SIGNING, Guest, by_link, inside, stop_for
from tachiai.web.signer.forms import AppCodeForm
from tachiai.web.signer.mailed_code import ENDS
from tachiai.web.signer.qr import drawn
from tachiai.web.signer.sayings import code_sentence
from tachiai.web.signer.speaking import spoken

PAGES = {"totp": "authenticator", "passkey": "passkey"}


def elsewhere(guest: Guest, proof: str) -> HttpResponse | None:
    """Where somebody belongs who need not, or not yet, show ``proof``."""
    if unseen_documents(guest.recipient):
        return HttpResponseRedirect(guest.url("review"))
    return None if still_to_prove(guest.found) == proof else HttpResponseRedirect(guest.url("confirm"))


def _app_words(refusal: Refusal) -> str:
    """As for an access code, but what cannot be a code of the app must not be called an access code."""
    if refusal.code == "code.malformed":
        return _("認証アプリに表示された6桁のコードを入力してください。")
    return code_sentence(refusal)


def circumstances_of(request: HttpRequest) -> Circumstances:
    return Circumstances(address_of(request), agent_of(request), spoken())


@require_http_methods(["GET", "HEAD", "POST"])
@by_link(SIGNING)
@inside
def authenticator(request: HttpRequest, guest: Guest) -> HttpResponse:
    """The app's six digits; the first time also how to set the app up. Works without scripts."""
    away = elsewhere(guest, "totp")
    if away is not None:
        return away
    form = AppCodeForm(request.POST if request.method == "POST" else None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                prove_with_app(guest.found, code=form.cleaned_data["code"], circumstances=circumstances_of(request), at=guest.at)
                return HttpResponseRedirect(guest.url("confirm"))
            except Refusal as refusal:
                if refusal.code in ENDS:
                    return stop_for(request, guest, refusal.code)
                form.add_error("code", _app_words(refusal))
                status = status_of(refusal.code)
    setup = app_setup(guest.found)
    heading = _("認証アプリを登録してください") if setup else _("認証アプリのコードを入力してください")
    qr = drawn(setup.address) if setup else None
    context = guest.page(heading=heading, step=3, step_word=_("本人確認"), form=form, setup=setup, qr=qr)
    return render(request, "signer/authenticator.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@by_link(SIGNING)
@inside
def passkey(request: HttpRequest, guest: Guest) -> HttpResponse:
    """The browser makes a passkey, once. Without scripts the page says that it takes them, and whom to ask."""
    away = elsewhere(guest, "passkey")
    if away is not None:
        return away
    errors: list[dict[str, Any]] = []
    status = 200
    if request.method == "POST":
        given = {name: request.POST.get(name, "") for name in ("client_data", "attestation")}
        try:
            enrol_passkey(guest.found, **given, circumstances=circumstances_of(request), at=guest.at)
            return HttpResponseRedirect(guest.url("confirm"))
        except Refusal as refusal:
            words = (
                sentence(refusal.code, refusal.facts)
                if any(given.values())
                else _("パスキーを登録できませんでした。パスキーを使うには、JavaScriptが必要です。")
            )
            errors, status = [{"href": "", "text": words}], status_of(refusal.code)
    context = guest.page(
        heading=_("パスキーを登録してください"),
        step=3,
        step_word=_("本人確認"),
        setup=passkey_setup(guest.found),
        page_errors=errors,
    )
    return render(request, "signer/passkey.html", context, status=status)
