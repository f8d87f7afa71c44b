"""S-07: naming somebody else in one's place, where the sender allows it. The link is dead from then on."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from tachiai.envelopes.addressing import Typed
from tachiai.envelopes.reassigning import reassign
from tachiai.envelopes.states import RecipientState
from tachiai.errors import Refusal
from tachiai.web.problems import sentence
from tachiai.web.signer.doorway import SIGNING, Guest, by_link, inside, stop_for
from tachiai.web.signer.forms import ForwardForm

# Whose words stand beside which input.
BESIDE = {"reason.missing": "reason", "reason.too_long": "reason", "reassign.same_person": "mail", "recipient.mail_malformed": "mail"}


@require_http_methods(["GET", "HEAD", "POST"])
@by_link(SIGNING)
@inside
def forward(request: HttpRequest, guest: Guest) -> HttpResponse:
    """Who is asked instead, and why."""
    if not guest.recipient.may_reassign:
        raise Refusal("reassign.not_allowed")
    form = ForwardForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            _reassign(guest, form)
        except Refusal as refusal:
            if refusal.code in ("envelope.moved", "recipient.not_asked", "link.expired"):
                return HttpResponseRedirect(guest.url("entry"))
            form.add_error(BESIDE.get(refusal.code), sentence(refusal.code, refusal.facts))
        else:
            return HttpResponseRedirect(guest.url("forwarded"))
    status = 422 if request.method == "POST" else 200
    return render(request, "signer/forward.html", guest.page(heading=_("署名者の変更"), form=form), status=status)


def _reassign(guest: Guest, form: ForwardForm) -> None:
    told = form.cleaned_data
    who = Typed(told["organization"], told["name"], told["mail"], told["title"])
    mine = guest.recipient
    reassign(mine, who, by=mine, at=guest.at, reason=told["reason"], keeps_copy=told["keeps_copy"], language=mine.language)


@require_safe
@by_link(SIGNING)
def forwarded(request: HttpRequest, guest: Guest) -> HttpResponse:
    """Who is asked now, for the one who named them; anybody else is told what the link is now."""
    if guest.recipient.state != RecipientState.FORWARDED:
        return HttpResponseRedirect(guest.url("entry"))
    if not guest.is_inside:
        return stop_for(request, guest, "recipient.forwarded")
    fresh = guest.recipient.replaced_by
    heading = _("{name} 様に依頼しました").format(name=fresh.name)
    return render(request, "signer/forwarded.html", guest.page(heading=heading, fresh=fresh))
