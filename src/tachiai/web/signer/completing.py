"""S-04 and S-05: the last question, the consent, and what happens after it."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from tachiai.envelopes.holding import signers_of
from tachiai.envelopes.opening import unseen_documents
from tachiai.envelopes.progress import is_working, trouble_of
from tachiai.envelopes.readings import readings_of
from tachiai.envelopes.signing import Circumstances, sign
from tachiai.envelopes.states import EnvelopeState, RecipientState
from tachiai.envelopes.visiting import stopped
from tachiai.envelopes.wording import consent_text
from tachiai.errors import Refusal
from tachiai.web.addresses import address_of, agent_of
from tachiai.web.signer.doorway import SIGNING, Guest, by_link, inside, stop_for
from tachiai.web.signer.reviewing import review_page
from tachiai.web.signer.stopping import STILL_OPEN


def spoken() -> str:
    return "en" if (get_language() or "").startswith("en") else "ja"


@require_http_methods(["GET", "HEAD", "POST"])
@by_link(SIGNING)
@inside
def confirm(request: HttpRequest, guest: Guest) -> HttpResponse:
    """The text that is agreed to, above the button. Pressed twice, reloaded or pressed again after going back, it signs once."""
    missing = unseen_documents(guest.recipient)
    if missing:
        return review_page(request, guest, status=422, missing=missing)
    if request.method == "POST":
        circumstances = Circumstances(address_of(request), agent_of(request), spoken())
        try:
            sign(guest.found, circumstances, at=guest.at)
        except Refusal as refusal:
            # Whatever ended the envelope while this page was open is told on the page of that end.
            if refusal.code in ("envelope.moved", "recipient.not_asked", "link.expired"):
                return HttpResponseRedirect(guest.url("entry"))
            raise
        return HttpResponseRedirect(guest.url("done"))
    context = guest.page(
        heading=_("署名手続きを完了しますか"),
        step=3,
        step_word=_("完了"),
        consent=consent_text(guest.recipient, language=spoken()).words,
        readings=readings_of(guest.recipient),
    )
    return render(request, "signer/confirm.html", context)


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
    if guest.recipient.state == RecipientState.SIGNED:
        return _("署名手続きが完了しました")
    return _("受け付けました。電子署名を付与しています")


def _standing(guest: Guest) -> dict[str, object]:
    signers = signers_of(guest.envelope)
    trouble = trouble_of(guest.envelope)
    return {
        "sealed": guest.recipient.state == RecipientState.SIGNED,
        "concluded": guest.envelope.state == EnvelopeState.CONCLUDED,
        "closing": guest.envelope.state == EnvelopeState.CLOSING,
        "waiting_for": [one for one in signers if one.state not in (RecipientState.CONSENTED, RecipientState.SIGNED)],
        "signers": signers,
        "copies": [
            {"name": one.document.name, "url": guest.url("copy", place=place), "size": one.copy_size}
            for place, one in enumerate(readings_of(guest.recipient), 1)
        ],
        "trouble": _trouble_words(trouble.code) if trouble else "",
        "moving": is_working(guest.envelope),
        "state": _state(guest),
        "consented_at": guest.recipient.consented_at,
    }


def _trouble_words(code: str) -> str:
    if code.startswith("tsa."):
        return _("時刻認証局の応答を待っています。応答がありしだい、自動で続けます。")
    return _("処理に時間がかかっています。自動で続けますので、このままお待ちいただくか、画面を閉じてもかまいません。")


def _state(guest: Guest) -> str:
    return f"{guest.recipient.state}-{guest.envelope.state}"
