"""I-01 to I-05: a counterparty registers online: guide, form, check, one-time code, receipt. Works without scripts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tachiai import clock, counterparties
from tachiai.accounts.models import Organization
from tachiai.clock import today
from tachiai.counterparties.attorneys import Attorney, take_attorney
from tachiai.counterparties.limits import reserve_use
from tachiai.counterparties.models import RegistrationDraft, RegistrationForm, Scope
from tachiai.errors import Refusal
from tachiai.web.addresses import address_of
from tachiai.web.problems import sentence, status_of
from tachiai.web.registrar.confirming import contact_of, masked, named
from tachiai.web.registrar.filling_form import FillingForm, OneTimeForm, typed_of
from tachiai.web.registrar.wording import consent_of, guide_of, title_of
from tachiai.web.templatetags.look import day

READ_AT_MOST = 10 * 1024 * 1024 + 1
PREFILLED = (("case", "case_name", 200), ("number", "case_number", 60))


@dataclass(frozen=True)
class Filling:
    """Somebody at an organization's form, at one moment. ``draft`` and ``key`` from the first page that was kept on."""

    organization: Organization
    form: RegistrationForm | None
    at: datetime
    draft: RegistrationDraft | None = None
    key: str = ""

    def url(self, name: str) -> str:
        return reverse(f"form:{name}", args=[self.organization.slug, *([self.key] if self.key else [])])

    def page(self, step: int, **more: object) -> dict[str, object]:
        words = (_("入力"), _("確認"), _("メール確認"), _("完了"))
        back = self.url("revise") if self.key and step in (2, 3) else ""
        steps = [{"word": word, "url": back if number == 0 else "", "wrong": False} for number, word in enumerate(words)]
        frame = {"sender_organization": named(self.organization), "help_contact": contact_of(self.organization)}
        return {"steps": steps, "at_step": step, "organization": self.organization, "title_words": title_of(self.form), **frame, **more}


View = Callable[[HttpRequest, Filling], HttpResponse]


def at_form(view: View) -> Callable[..., HttpResponse]:
    """A view of an open form. One that never was and one that is switched off look alike."""

    @wraps(view)
    def seen(request: HttpRequest, slug: str) -> HttpResponse:
        at = clock.now()
        form = counterparties.find_form(slug)
        if not form.accepts_on(today(at)):
            return _closed(request, form)
        return view(request, Filling(form.organization, form, at))

    return seen


def with_draft(view: View) -> Callable[..., HttpResponse]:
    """A view of a draft that was begun; after it was submitted only its receipt is left."""

    @wraps(view)
    def seen(request: HttpRequest, slug: str, key: str) -> HttpResponse:
        at = clock.now()
        draft = counterparties.find_draft(slug, key, at=at)
        filling = Filling(draft.organization, counterparties.form_of(draft.organization), at, draft, key)
        if draft.submitted is not None and view.__name__ != "done":
            return HttpResponseRedirect(filling.url("done"))
        return view(request, filling)

    return seen


def _closed(request: HttpRequest, form: RegistrationForm) -> HttpResponse:
    opens, closes = day(form.opens_on) if form.opens_on else "", day(form.closes_on) if form.closes_on else ""
    context = {
        "heading": _("届出の受付期間ではありません"),
        "words": _("受付期間：{opens}〜{closes}").format(opens=opens, closes=closes),
        "sender_organization": named(form.organization),
        "help_contact": contact_of(form.organization),
    }
    return render(request, "registrar/closed.html", context, status=status_of("form.closed"))


@require_safe
@at_form
def guide(request: HttpRequest, filling: Filling) -> HttpResponse:
    """I-01: what it is, who should sign, how long it takes, what to do on paper instead."""
    query = request.GET.urlencode()
    url = filling.url("fill") + (f"?{query}" if query else "")
    context = filling.page(0, heading=title_of(filling.form), guide=guide_of(filling.form), fill_url=url)
    context["copies_url"] = filling.url("copies")
    return render(request, "registrar/guide.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@at_form
def fill(request: HttpRequest, filling: Filling) -> HttpResponse:
    """I-02: the form, with what the link says about the case."""
    initial: dict[str, Any] = {name: request.GET.get(asked, "")[:longest] for asked, name, longest in PREFILLED}
    return _filled(request, filling, {**initial, "language": (get_language() or "ja")[:2]})


@require_http_methods(["GET", "HEAD", "POST"])
@with_draft
def revise(request: HttpRequest, filling: Filling) -> HttpResponse:
    """I-02 again, with everything but the code."""
    return _filled(request, filling, typed_of(counterparties.told_in(_draft(filling))))


def _draft(filling: Filling) -> RegistrationDraft:
    if filling.draft is None:
        raise Refusal("draft.unknown")
    return filling.draft


def _filled(request: HttpRequest, filling: Filling, initial: dict[str, Any]) -> HttpResponse:
    draft = filling.draft
    shape = {"has_code": bool(draft and draft.verifier), "has_attorney": bool(draft and draft.attorney_id)}
    form = FillingForm(request.POST, request.FILES, **shape) if request.method == "POST" else FillingForm(initial=initial, **shape)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                return HttpResponseRedirect(_kept(request, filling, form))
            except Refusal as refusal:
                form.add_error(_field_of(refusal.code), sentence(refusal.code, refusal.facts))
                status = status_of(refusal.code)
        if request.POST.get("code") and "code" not in form.errors:
            form.add_error("code", _("安全のため、アクセスコードは画面に戻しません。もう一度入力してください。"))
    context = filling.page(1, heading=_("届出内容の入力"), form=form, consent_words=consent_of(filling.form, filling.organization))
    context["attorney_name"] = draft.attorney_name if draft else ""
    return render(request, "registrar/fill.html", context, status=status)


def _field_of(code: str) -> str | None:
    if code.startswith("code."):
        return "code"
    return "attorney" if code.startswith(("file.", "attorney.")) else None


def _kept(request: HttpRequest, filling: Filling, form: FillingForm) -> str:
    """Where to go on. Counted before the work of it: a code is hashed and a stranger's PDF is inspected."""
    reserve_use(filling.organization, address=address_of(request), at=filling.at)
    attorney = _attorney(form)
    consent = consent_of(filling.form, filling.organization)
    told, code = form.told(), form.cleaned_data["code"]
    if filling.draft is None:
        key = counterparties.begin_draft(filling.organization, told, code=code, consent=consent, attorney=attorney, at=filling.at)
        return Filling(filling.organization, filling.form, filling.at, key=key).url("check")
    without = form.cleaned_data.get("without_attorney", False)
    counterparties.revise_draft(filling.draft, told, code=code, consent=consent, attorney=attorney, without_attorney=without, at=filling.at)
    return filling.url("check")


def _attorney(form: FillingForm) -> Attorney | None:
    file = form.cleaned_data["attorney"]
    return take_attorney(file.name, file.read(READ_AT_MOST)) if file else None


@require_http_methods(["GET", "HEAD", "POST"])
@with_draft
def check(request: HttpRequest, filling: Filling) -> HttpResponse:
    """I-03: everything once more, the code as dots; the button sends a one-time code to the signer."""
    draft = _draft(filling)
    if request.method == "POST":
        return _send_code(request, filling)
    if not draft.consent:
        return HttpResponseRedirect(filling.url("revise"))
    context = filling.page(2, heading=_("届出の内容の確認"), groups=_said(filling))
    return render(request, "registrar/check.html", context)


def _send_code(request: HttpRequest, filling: Filling) -> HttpResponse:
    """A code sent less than a minute ago is still good, so asking again leads to the same page, which says so."""
    try:
        counterparties.request_draft_code(_draft(filling), address=address_of(request), at=filling.at)
    except Refusal as refusal:
        if refusal.code == "draft.unfinished":
            return HttpResponseRedirect(filling.url("revise"))
        if refusal.code != "otp.too_soon":
            raise
        return HttpResponseRedirect(filling.url("code") + "?soon")
    return HttpResponseRedirect(filling.url("code"))


@require_POST
@with_draft
def again(request: HttpRequest, filling: Filling) -> HttpResponse:
    return _send_code(request, filling)


@require_http_methods(["GET", "HEAD", "POST"])
@with_draft
def code(request: HttpRequest, filling: Filling) -> HttpResponse:
    """I-04: the code that was mailed to the signer."""
    draft = _draft(filling)
    if draft.one_time_sent_at is None:
        return HttpResponseRedirect(filling.url("check"))
    form = OneTimeForm(request.POST if request.method == "POST" else None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                counterparties.submit_draft(draft, code=form.cleaned_data["code"], at=filling.at)
                return HttpResponseRedirect(filling.url("done"))
            except Refusal as refusal:
                if refusal.code == "draft.submitted":
                    return HttpResponseRedirect(filling.url("done"))
                form.add_error("code", sentence(refusal.code, refusal.facts))
                status = status_of(refusal.code)
    mail = masked(counterparties.told_in(draft).mail)
    context = filling.page(3, heading=_("認証コードの入力"), form=form, masked=mail, soon="soon" in request.GET)
    context["again_url"] = filling.url("again")
    return render(request, "registrar/one_time.html", context, status=status)


@require_safe
@with_draft
def done(request: HttpRequest, filling: Filling) -> HttpResponse:
    """I-05: the number, and what comes next."""
    registration = _draft(filling).submitted
    if registration is None:
        return HttpResponseRedirect(filling.url("check"))
    context = filling.page(4, heading=_("届出を受け付けました"), number=registration.number)
    return render(request, "registrar/receipt.html", context)


def _said(filling: Filling) -> list[dict[str, Any]]:
    """What was typed, in the groups of the form, each line with its way back."""
    draft = _draft(filling)
    told, url = counterparties.told_in(draft), filling.url("revise")
    scope = _("この契約のみに使う") if told.scope == Scope.CONTRACT else _("今後の契約にも使う")
    reviewers = [
        (_("確認者{number}").format(number=n), f"{name} {mail}", f"reviewer_{n}") for n, (name, mail) in enumerate(told.reviewers, 1)
    ]
    groups: list[tuple[str, list[tuple[str, str, str]]]] = [
        (_("案件"), [(_("契約件名"), told.case_name, "case_name"), (_("案件番号"), told.case_number, "case_number")]),
        (
            _("会社・団体"),
            [
                (_("商号又は名称"), told.counterparty, "counterparty"),
                (_("法人番号"), told.corporate_number, "corporate_number"),
                (_("所在地"), told.address, "address"),
                (_("代表者"), f"{told.representative_title} {told.representative}".strip(), "representative"),
            ],
        ),
        (
            _("署名者"),
            [
                (_("役職"), told.title, "title"),
                (_("氏名"), told.name, "name"),
                (_("メールアドレス"), told.mail, "mail"),
                (_("アクセスコード"), "●●●●●●", "code"),
                (_("委任状"), draft.attorney_name or _("なし"), "attorney"),
            ],
        ),
        (
            _("連絡先・利用範囲"),
            [
                *reviewers,
                (_("担当者の氏名"), told.contact, "contact"),
                (_("電話番号"), told.phone, "phone"),
                (_("利用範囲"), scope, "scope_0"),
                (_("メールと画面の言語"), "English" if told.language == "en" else "日本語", "language_0"),
            ],
        ),
    ]
    return [
        {"word": word, "rows": [{"term": term, "value": value or _("記載なし"), "url": f"{url}#id_{name}"} for term, value, name in lines]}
        for word, lines in groups
    ]
