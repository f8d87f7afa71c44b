"""A registered address confirms itself: a code is mailed to it and typed here, with the word that its owner may sign."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import wraps

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as N_  # noqa: N812  # marks a message, as _ does
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tachiai import clock, counterparties
from tachiai.accounts.models import Organization
from tachiai.counterparties.limits import reserve_use
from tachiai.counterparties.models import Registration, RegistrationState
from tachiai.errors import Refusal
from tachiai.web.addresses import address_of
from tachiai.web.languages import speaking_to
from tachiai.web.problems import sentence, status_of
from tachiai.web.registrar.forms import ChooseForm, ConfirmForm, FirstForm
from tachiai.web.registrar.wording import consent_of

TITLES = {
    "link.unknown": N_("このリンクは無効です"),
    "link.replaced": N_("新しいリンクが送信されています"),
    "link.expired": N_("確認の期限が過ぎています"),
    "registration.revoked": N_("届出が失効しています"),
}
# What is said of the access code, beside the one-time code that was mailed.
CHOSEN = ("code.malformed", "code.weak")


@dataclass(frozen=True)
class Registrant:
    """Whoever came by a confirmation link, at one moment."""

    token: str
    registration: Registration
    at: datetime

    @property
    def organization(self) -> Organization:
        return self.registration.counterparty.organization

    @property
    def is_confirmed(self) -> bool:
        """Whether nothing is left to do behind this link."""
        return self.registration.state != RegistrationState.ENTERED and not self.registration.awaits_code

    def url(self, name: str) -> str:
        return reverse(f"registrar:{name}", args=[self.token])

    def page(self, **more: object) -> dict[str, object]:
        urls = {name: self.url(name) for name in ("entry", "code", "again", "correct")}
        frame = {"sender_organization": named(self.organization), "help_contact": contact_of(self.organization)}
        return {"registration": self.registration, "urls": urls, **frame, **more}


View = Callable[[HttpRequest, Registrant], HttpResponse]


def named(organization: Organization) -> str:
    """The organization in the reader's language."""
    english = (get_language() or "").startswith("en")
    return organization.name_en if english and organization.name_en else organization.name


def contact_of(organization: Organization) -> dict[str, str]:
    """The organization as the frame names whom to ask."""
    name = _("{organization} {department}").format(organization=named(organization), department=organization.department)
    return {"name": name if organization.department else named(organization), "phone": organization.phone}


def by_link(view: View) -> Callable[..., HttpResponse]:
    """A view behind a confirmation link, in the language of the registration."""

    @wraps(view)
    def seen(request: HttpRequest, token: str) -> HttpResponse:
        at = clock.now()
        try:
            registration = counterparties.find_registration(token, at=at)
        except Refusal as refusal:
            return _stopped(request, refusal)
        with speaking_to(request, registration.language):
            response = view(request, Registrant(token, registration, at))
            response.headers["Content-Language"] = get_language() or settings.LANGUAGE_CODE
            return response

    return seen


def _stopped(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    late = _("確認の期限が過ぎたため、このリンクは使えません。届出先へご連絡ください。")
    words = late if refusal.code == "link.expired" else sentence(refusal.code)
    context = {"heading": _(TITLES.get(refusal.code, TITLES["link.unknown"])), "words": words}
    return render(request, "registrar/stopped.html", context, status=status_of(refusal.code))


@require_http_methods(["GET", "HEAD", "POST"])
@by_link
def entry(request: HttpRequest, person: Registrant) -> HttpResponse:
    """Which organisation registered whom. Only pressing the button sends a code: mail scanners follow links."""
    if person.registration.state == RegistrationState.RETURNED:
        return render(request, "registrar/returned.html", person.page(heading=_("届出が差し戻されています")))
    if person.is_confirmed:
        return HttpResponseRedirect(person.url("done"))
    if request.method == "POST":
        return _send_code(person)
    return render(request, "registrar/entry.html", person.page(heading=_("メールアドレスの確認")))


@require_POST
@by_link
def correct(request: HttpRequest, person: Registrant) -> HttpResponse:
    """The form with everything that was registered but the code; whoever holds the link was mailed the reason."""
    if person.registration.state != RegistrationState.RETURNED:
        return HttpResponseRedirect(person.url("entry"))
    reserve_use(person.organization, address=address_of(request), at=person.at)
    organization, key = counterparties.correct(person.registration, at=person.at)
    return HttpResponseRedirect(reverse("form:revise", args=[organization.slug, key]))


@require_POST
@by_link
def again(request: HttpRequest, person: Registrant) -> HttpResponse:
    """Another code; within a minute of the last one the page says when."""
    return HttpResponseRedirect(person.url("done")) if person.is_confirmed else _send_code(person)


def _send_code(person: Registrant) -> HttpResponse:
    """A code sent less than a minute ago is still good, so asking again leads to the same page, which says so."""
    try:
        counterparties.request_code(person.registration, at=person.at)
    except Refusal as refusal:
        if refusal.code != "otp.too_soon":
            raise
        return HttpResponseRedirect(person.url("code") + "?soon")
    return HttpResponseRedirect(person.url("code"))


@require_http_methods(["GET", "HEAD", "POST"])
@by_link
def code(request: HttpRequest, person: Registrant) -> HttpResponse:
    """The code, and the word that its owner may sign; both are needed."""
    if person.is_confirmed:
        return HttpResponseRedirect(person.url("done"))
    shape = _shape(person)
    form = shape(request.POST or None)
    status = 200
    if request.method == "POST":
        form = shape(request.POST)
        refused = _confirm(form, person, address=address_of(request))
        if refused is None:
            return HttpResponseRedirect(person.url("done"))
        status = refused
        if request.POST.get("chosen") and "chosen" not in form.errors:
            form.add_error("chosen", _("安全のため、アクセスコードは画面に戻しません。もう一度入力してください。"))
    context = person.page(heading=_("認証コードの入力"), form=form, masked=masked(person.registration.mail), soon="soon" in request.GET)
    context["consent_words"] = _consent(person)
    return render(request, "registrar/code.html", context, status=status)


def _shape(person: Registrant) -> type[ConfirmForm]:
    """What has to be said along with the one-time code."""
    if not person.registration.awaits_code:
        return ConfirmForm
    return ChooseForm if person.registration.verifier else FirstForm


def _consent(person: Registrant) -> str:
    return consent_of(counterparties.form_of(person.organization), person.organization)


def _confirm(form: ConfirmForm, person: Registrant, *, address: str) -> int | None:
    """The status of a form that has to be shown again; None when the address is confirmed."""
    if not form.is_valid():
        return 422
    try:
        given = form.cleaned_data
        consent = _consent(person) if "consent" in given else ""
        counterparties.confirm_mail(
            person.registration,
            code=given["code"],
            address=address,
            authority=True,
            chosen=given.get("chosen", ""),
            consent=consent,
            at=person.at,
        )
    except Refusal as refusal:
        if refusal.code == "registration.confirmed":
            return None
        field = "chosen" if refusal.code in CHOSEN else "code"
        form.add_error(field, sentence(refusal.code, refusal.facts))
        return status_of(refusal.code)
    return None


@require_safe
@by_link
def done(request: HttpRequest, person: Registrant) -> HttpResponse:
    if not person.is_confirmed or person.registration.state == RegistrationState.RETURNED:
        return HttpResponseRedirect(person.url("entry"))
    anew = bool(person.registration.pending_verifier)
    heading = _("新しいアクセスコードを受け付けました") if anew else _("メールアドレスを確認しました")
    return render(request, "registrar/done.html", person.page(heading=heading))


def masked(mail: str) -> str:
    """Enough of an address to know one's own: ``t***@example.jp``."""
    name, _sign, host = mail.partition("@")
    return f"{name[:1]}***@{host}"
