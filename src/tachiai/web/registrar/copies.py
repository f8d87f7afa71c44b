"""写しの交付: who has lost the mailbox of a concluded contract asks for its copies: form, one-time code, receipt. Works without scripts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import wraps

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tachiai import clock, counterparties
from tachiai.accounts.models import Organization
from tachiai.envelopes.asking_copies import Wanted, begin_request, confirm_request, find_request, send_request_code
from tachiai.envelopes.copy_models import CopyRequest
from tachiai.errors import Refusal
from tachiai.web.addresses import address_of
from tachiai.web.problems import sentence, status_of
from tachiai.web.registrar.confirming import contact_of, masked, named
from tachiai.web.registrar.filling_form import MAIL_WRONG, OneTimeForm, line


class CopiesForm(forms.Form):
    """Who asks, where they can be reached now, and which contracts are meant."""

    party = line(gettext_lazy("商号又は名称"), gettext_lazy("商号又は名称を入力してください。"), longest=200, fill="organization")
    title = line(gettext_lazy("役職"), longest=100, fill="organization-title")
    name = line(gettext_lazy("氏名"), gettext_lazy("氏名を入力してください。"), longest=100, fill="name")
    phone = line(
        gettext_lazy("電話番号"),
        gettext_lazy("電話番号を入力してください。"),
        longest=40,
        fill="tel",
        inputmode="tel",
        hint=gettext_lazy("ご本人であることを、お電話などで確認します。"),
    )
    former_mail = forms.EmailField(
        label=gettext_lazy("以前のメールアドレス"),
        max_length=254,
        help_text=gettext_lazy("契約のときに使っていて、今は使えないアドレスです。"),
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
        error_messages={"required": gettext_lazy("以前のメールアドレスを入力してください。"), "invalid": MAIL_WRONG},
    )
    mail = forms.EmailField(
        label=gettext_lazy("新しいメールアドレス"),
        max_length=254,
        help_text=gettext_lazy("このアドレスへ認証コードを送ります。承認されると、写しのリンクもこのアドレスへ送ります。"),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
        error_messages={"required": gettext_lazy("新しいメールアドレスを入力してください。"), "invalid": MAIL_WRONG},
    )
    contracts = forms.CharField(
        label=gettext_lazy("写しが必要な契約"),
        max_length=1000,
        help_text=gettext_lazy("契約の名前、時期、管理番号や締結証明書の番号など、分かることを書いてください（1000文字以内）。"),
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={
            "required": gettext_lazy("写しが必要な契約を入力してください。"),
            "max_length": gettext_lazy("1000文字以内で入力してください。"),
        },
    )

    def clean(self) -> dict[str, object]:
        given = self.cleaned_data
        if given.get("mail") and given["mail"].casefold() == str(given.get("former_mail", "")).casefold():
            self.add_error("mail", _("以前のアドレスとは別の、今お使いのアドレスを入力してください。"))
        return given


@dataclass(frozen=True)
class Asking:
    """Somebody who asks an organization for copies, at one moment; ``request`` and ``key`` once something was typed."""

    organization: Organization
    at: datetime
    request: CopyRequest | None = None
    key: str = ""

    def url(self, name: str) -> str:
        return reverse(f"form:{name}", args=[self.organization.slug, *([self.key] if self.key else [])])

    def page(self, step: int, **more: object) -> dict[str, object]:
        words = (_("入力"), _("メール確認"), _("完了"))
        steps = [{"word": word, "url": "", "wrong": False} for word in words]
        frame = {"sender_organization": named(self.organization), "help_contact": contact_of(self.organization)}
        return {"steps": steps, "at_step": step, "organization": self.organization, **frame, **more}


View = Callable[[HttpRequest, Asking], HttpResponse]


def _with_request(view: View) -> Callable[..., HttpResponse]:
    """A view of a request that was begun; once its address has confirmed itself only the receipt is left."""

    @wraps(view)
    def seen(request: HttpRequest, slug: str, key: str) -> HttpResponse:
        at = clock.now()
        found = find_request(slug, key, at=at)
        asking = Asking(found.organization, at, found, key)
        if found.number and view.__name__ != "copies_done":
            return HttpResponseRedirect(asking.url("copies_done"))
        return view(request, asking)

    return seen


def _asked(asking: Asking) -> CopyRequest:
    if asking.request is None:
        raise Refusal("draft.unknown")
    return asking.request


@require_http_methods(["GET", "HEAD", "POST"])
def copies(request: HttpRequest, slug: str) -> HttpResponse:
    """The form. It stands as long as the organization has a public form at all: a contract is older than any period."""
    asking = Asking(counterparties.find_form(slug).organization, clock.now())
    form, status = CopiesForm(request.POST if request.method == "POST" else None), 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            wanted = Wanted(**form.cleaned_data, language=(get_language() or "ja")[:2])
            key = begin_request(asking.organization, wanted, address=address_of(request), at=asking.at)
            return HttpResponseRedirect(Asking(asking.organization, asking.at, key=key).url("copies_code"))
    context = asking.page(1, heading=_("締結済み文書の写しの交付を依頼する"), form=form)
    return render(request, "registrar/copies.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@_with_request
def copies_code(request: HttpRequest, asking: Asking) -> HttpResponse:
    """The code that was mailed to the new address."""
    form, status = OneTimeForm(request.POST if request.method == "POST" else None), 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                confirm_request(_asked(asking), form.cleaned_data["code"], at=asking.at)
                return HttpResponseRedirect(asking.url("copies_done"))
            except Refusal as refusal:
                if refusal.code == "copies.asked":
                    return HttpResponseRedirect(asking.url("copies_done"))
                code = "otp.malformed" if refusal.code == "code.malformed" else refusal.code
                form.add_error("code", sentence(code, refusal.facts))
                status = status_of(refusal.code)
    context = asking.page(2, heading=_("認証コードの入力"), form=form, masked=masked(_asked(asking).mail), soon="soon" in request.GET)
    context |= {"again_url": asking.url("copies_again"), "button": _("この内容で依頼する")}
    return render(request, "registrar/one_time.html", context, status=status)


@require_POST
@_with_request
def copies_again(request: HttpRequest, asking: Asking) -> HttpResponse:
    """Another code. One sent less than a minute ago is still good, so the same page says so."""
    try:
        send_request_code(_asked(asking), address=address_of(request), at=asking.at)
    except Refusal as refusal:
        if refusal.code != "otp.too_soon":
            raise
        return HttpResponseRedirect(asking.url("copies_code") + "?soon")
    return HttpResponseRedirect(asking.url("copies_code"))


@require_safe
@_with_request
def copies_done(request: HttpRequest, asking: Asking) -> HttpResponse:
    """The number, and what comes next."""
    found = _asked(asking)
    if not found.number:
        return HttpResponseRedirect(asking.url("copies_code"))
    context = asking.page(3, heading=_("写しの交付の依頼を受け付けました"), number=found.number)
    return render(request, "registrar/copies_done.html", context)
