"""P-16 届出フォーム: whether the public form is open, in which words it asks, and the links that lead to it."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tachiai import clock, counterparties
from tachiai.accounts.models import Member
from tachiai.counterparties.form_settings import may_set_form
from tachiai.errors import Refusal
from tachiai.web.desk.dates import DayField
from tachiai.web.desk.doors import at_desk, show
from tachiai.web.problems import sentence


def _text(label: Any, *, longest: int, hint: Any = "") -> forms.CharField:
    return forms.CharField(label=label, required=False, max_length=longest, widget=forms.Textarea(attrs={"rows": 4}), help_text=hint)


class FormSettingsForm(forms.Form):
    is_open = forms.BooleanField(label=gettext_lazy("オンラインの届出を受け付ける"), required=False)
    opens_on = DayField(label=gettext_lazy("受付の始まり"), required=False, help_text=gettext_lazy("空欄は、期限なしです。"))
    closes_on = DayField(label=gettext_lazy("受付の終わり"), required=False, help_text=gettext_lazy("空欄は、期限なしです。"))
    title = forms.CharField(
        label=gettext_lazy("届出の名称"),
        required=False,
        max_length=100,
        help_text=gettext_lazy("空欄は「電子契約用メールアドレス届出書」です。"),
    )
    title_en = forms.CharField(label=gettext_lazy("届出の名称（英語）"), required=False, max_length=100)
    guide = _text(gettext_lazy("案内文"), longest=2000, hint=gettext_lazy("最初の画面に表示します。"))
    guide_en = _text(gettext_lazy("案内文（英語）"), longest=2000)
    consent = _text(
        gettext_lazy("同意文"), longest=4000, hint=gettext_lazy("空欄は、標準の文です。届け出た方が同意した文は、届出とともに保存します。")
    )
    consent_en = _text(gettext_lazy("同意文（英語）"), longest=4000)


class LinkForm(forms.Form):
    """A link in which the case is filled in already."""

    case = forms.CharField(label=gettext_lazy("契約件名"), required=False, max_length=200)
    number = forms.CharField(label=gettext_lazy("案件番号"), required=False, max_length=60)


@at_desk
def form_settings(request: HttpRequest, member: Member) -> HttpResponse:
    if not may_set_form(member):
        raise Refusal("registration.not_allowed")
    standing = counterparties.form_of(member.organization)
    initial = {name: getattr(standing, name) for name in FormSettingsForm.base_fields} if standing else {}
    form = FormSettingsForm(request.POST) if request.method == "POST" else FormSettingsForm(initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            counterparties.set_form(counterparties.FormWords(**_given(form)), by=member, at=clock.now())
        except Refusal as refusal:
            form.add_error("closes_on", sentence(refusal.code, refusal.facts))
        else:
            messages.success(request, _("届出フォームの設定を保存しました。"))
            return redirect("desk:registration_form")
    asked = LinkForm(request.GET)
    told = {name: value for name, value in (asked.cleaned_data if asked.is_valid() else {}).items() if value}
    url = settings.TACHIAI.public_url + reverse("form:guide", args=[member.organization.slug])
    context = {
        "heading": _("届出フォーム"),
        "form": form,
        "link": LinkForm(initial=told),
        "public_url": f"{url}?{urlencode(told)}" if told else url,
        "is_open": standing is not None and standing.is_open,
    }
    return show(request, member, "desk/registration_form.html", context, section="counterparties", status=422 if form.errors else 200)


def _given(form: FormSettingsForm) -> dict[str, Any]:
    return {name: value.replace("\r\n", "\n").strip() if isinstance(value, str) else value for name, value in form.cleaned_data.items()}
