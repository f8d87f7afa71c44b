"""S-06: the calm way out. Wishing for a correction is not refusing the contract."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from tachiai.envelopes import declining as story
from tachiai.envelopes.routing import left_of_group
from tachiai.envelopes.states import EnvelopeState, RecipientState
from tachiai.errors import Refusal
from tachiai.web.problems import sentence
from tachiai.web.signer.doorway import SIGNING, Guest, by_link, inside
from tachiai.web.signer.forms import DeclineForm


@require_http_methods(["GET", "HEAD", "POST"])
@by_link(SIGNING)
@inside
def decline(request: HttpRequest, guest: Guest) -> HttpResponse:
    """What is wished and why; pressing ends the envelope and tells its people, or their own part alone where another can do it."""
    form = DeclineForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            wish, reason = form.cleaned_data["wish"], form.cleaned_data["reason"]
            story.decline(guest.recipient, wish=wish, reason=reason, at=guest.at)
        except Refusal as refusal:
            if not refusal.code.startswith("reason."):
                return HttpResponseRedirect(guest.url("entry"))
            form.add_error("reason", sentence(refusal.code, refusal.facts))
        else:
            return HttpResponseRedirect(guest.url("declined"))
    page = guest.page(heading=_("署名しない（修正依頼・辞退）"), form=form, goes_on=bool(left_of_group(guest.recipient)))
    return render(request, "signer/decline.html", page, status=422 if request.method == "POST" else 200)


@require_safe
@by_link(SIGNING)
def declined(request: HttpRequest, guest: Guest) -> HttpResponse:
    """What was done on their word, for the one who said it; anybody else is told what the link is now."""
    if not guest.is_inside or guest.recipient.state != RecipientState.DECLINED:
        return HttpResponseRedirect(guest.url("entry"))
    page = guest.page(
        heading=_("署名しないことを送信者に伝えました"),
        ended=guest.envelope.state == EnvelopeState.DECLINED,
        goes_on=guest.envelope.state == EnvelopeState.IN_PROGRESS,
    )
    return render(request, "signer/declined.html", page)
