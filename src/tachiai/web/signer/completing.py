"""S-04 and S-05: the last question, the consent, and what happens after it."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from tachiai.envelopes.asking_consent import ask_consent
from tachiai.envelopes.entering import lacking
from tachiai.envelopes.holding import signers_of
from tachiai.envelopes.levels import level_words
from tachiai.envelopes.models import Kind
from tachiai.envelopes.opening import unseen_documents
from tachiai.envelopes.progress import is_working, trouble_of
from tachiai.envelopes.proving import still_to_prove
from tachiai.envelopes.readings import readings_of
from tachiai.envelopes.reviewing import confirm_review
from tachiai.envelopes.routing import OVER
from tachiai.envelopes.signing import sign
from tachiai.envelopes.states import EnvelopeState, RecipientState
from tachiai.envelopes.visiting import stopped
from tachiai.errors import Refusal
from tachiai.web.filling import said_in_words
from tachiai.web.problems import sentence, status_of
from tachiai.web.signer.doorway import SIGNING, Guest, by_link, inside, stop_for
from tachiai.web.signer.proving import PAGES, circumstances_of
from tachiai.web.signer.reviewing import review_page
from tachiai.web.signer.speaking import spoken
from tachiai.web.signer.stopping import STILL_OPEN

# What a browser gives for a passkey; see static/tachiai/passkey.js.
WORD = ("credential", "client_data", "authenticator_data", "signature")
# Who is not asked any more is not waited for.
GONE = (RecipientState.FORWARDED, RecipientState.CANCELLED)
# Whatever ended the envelope while this page was open is told on the page of that end.
ENDED = ("envelope.moved", "recipient.not_asked", "link.expired")
# What can be put right here: the page is shown again as things stand now, with the reason.
AGAIN = ("consent.", "passkey.", "proof.", "fields.")


@require_http_methods(["GET", "HEAD", "POST"])
@by_link(SIGNING)
@inside
def confirm(request: HttpRequest, guest: Guest) -> HttpResponse:
    """The text that is agreed to, above the button. Pressed twice, reloaded or pressed again after going back, it signs once."""
    missing = unseen_documents(guest.recipient)
    if missing or lacking(guest.recipient):
        return review_page(request, guest, status=422, missing=missing)
    if guest.recipient.kind != Kind.SIGNER:
        return _reviewed(request, guest)
    proof = still_to_prove(guest.found)
    if proof:
        return HttpResponseRedirect(guest.url(PAGES[proof]))
    if request.method == "POST":
        return _pressed(request, guest)
    return _confirm_page(request, guest)


def _reviewed(request: HttpRequest, guest: Guest) -> HttpResponse:
    """確認者: they have read everything, and say so; nothing is signed."""
    if request.method != "POST":
        readings = readings_of(guest.recipient)
        context = guest.page(heading=_("内容を確認しましたか"), step=3, step_word=_("完了"), readings=readings)
        return render(request, "signer/reviewed.html", context)
    try:
        confirm_review(guest.found, circumstances_of(request), at=guest.at)
    except Refusal as refusal:
        if refusal.code not in ENDED:
            raise
        return HttpResponseRedirect(guest.url("entry"))
    return HttpResponseRedirect(guest.url("done"))


def _pressed(request: HttpRequest, guest: Guest) -> HttpResponse:
    word = {name: request.POST[name] for name in WORD if request.POST.get(name)}
    try:
        sign(guest.found, circumstances_of(request), at=guest.at, offer=request.POST.get("offer", ""), word=word)
    except Refusal as refusal:
        if refusal.code in ENDED:
            return HttpResponseRedirect(guest.url("entry"))
        if refusal.code.startswith(AGAIN):
            return _confirm_page(request, guest, refusal)
        raise
    return HttpResponseRedirect(guest.url("done"))


def _confirm_page(request: HttpRequest, guest: Guest, refusal: Refusal | None = None) -> HttpResponse:
    if refusal is not None:
        # As things stand now, and not as they were when this request began.
        guest = guest.afresh(request)
    asked = ask_consent(guest.found, circumstances_of(request), at=guest.at)
    context = guest.page(
        heading=_("署名手続きを完了しますか"),
        step=3,
        step_word=_("完了"),
        asked=asked,
        entered=[said_in_words(one) for one in asked.view["fields"]],
        level=level_words(asked.level, english=spoken() == "en"),
        page_errors=[{"href": "", "text": sentence(refusal.code, refusal.facts)}] if refusal else [],
    )
    return render(request, "signer/confirm.html", context, status=status_of(refusal.code) if refusal else 200)


@require_safe
@by_link(SIGNING)
def done(request: HttpRequest, guest: Guest) -> HttpResponse:
    """How far things are for somebody who has signed. It stays the same page however often it is loaded."""
    if not guest.is_inside:
        return HttpResponseRedirect(guest.url("entry") + "?again")
    reason = stopped(guest.found, at=guest.at)
    if reason is None:
        return HttpResponseRedirect(guest.url("review"))
    if reason != STILL_OPEN:
        return stop_for(request, guest, reason)
    return render(request, "signer/done.html", guest.page(heading=_heading(guest), **_standing(guest)))


def _heading(guest: Guest) -> str:
    if guest.recipient.state == RecipientState.REVIEWED:
        return _("確認を受け付けました")
    if guest.recipient.state == RecipientState.SIGNED:
        return _("署名手続きが完了しました")
    return _("受け付けました。電子署名を付与しています")


def _standing(guest: Guest) -> dict[str, object]:
    signers = [one for one in signers_of(guest.envelope) if one.kind != Kind.COPY and one.state not in GONE]
    trouble = trouble_of(guest.envelope)
    return {
        "sealed": guest.recipient.state in OVER,
        "concluded": guest.envelope.state == EnvelopeState.CONCLUDED,
        "closing": guest.envelope.state == EnvelopeState.CLOSING,
        "waiting_for": [one for one in signers if one.state not in (RecipientState.CONSENTED, *OVER)],
        "signers": signers,
        "copies": [
            {"name": one.document.name, "url": guest.url("copy", place=place), "size": one.copy_size}
            for place, one in enumerate(readings_of(guest.recipient), 1)
        ],
        "trouble": _trouble_words(trouble.code) if trouble else "",
        "moving": is_working(guest.envelope),
        "state": _state(guest),
        "consented_at": guest.recipient.consented_at or guest.recipient.signed_at,
    }


def _trouble_words(code: str) -> str:
    if code.startswith("tsa."):
        return _("時刻認証局の応答を待っています。応答がありしだい、自動で続けます。")
    return _("処理に時間がかかっています。自動で続けますので、このままお待ちいただくか、画面を閉じてもかまいません。")


def _state(guest: Guest) -> str:
    return f"{guest.recipient.state}-{guest.envelope.state}"
