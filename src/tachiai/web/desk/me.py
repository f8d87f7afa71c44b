"""P-17: what members may change about themselves."""

from __future__ import annotations

from allauth.mfa.utils import is_mfa_enabled
from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tachiai import clock
from tachiai.accounts.languages import Language
from tachiai.accounts.models import Member
from tachiai.accounts.rights import may_approve
from tachiai.administration.own_details import change_own_details
from tachiai.envelopes.seal_images import may_keep
from tachiai.web.desk.doors import at_desk, show


class MeForm(forms.Form):
    name = forms.CharField(
        label=gettext_lazy("氏名"),
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        help_text=gettext_lazy("これから送る依頼と操作記録に使われます。"),
        error_messages={"required": gettext_lazy("氏名を入力してください。")},
    )
    language = forms.ChoiceField(label=gettext_lazy("メールの言語"), choices=Language.choices, widget=forms.RadioSelect)


@at_desk
def me(request: HttpRequest, member: Member) -> HttpResponse:
    initial = {"name": member.name, "language": member.language}
    form = MeForm(request.POST if request.method == "POST" else None, initial=initial)
    if request.method == "POST" and form.is_valid():
        change_own_details(name=form.cleaned_data["name"], language=form.cleaned_data["language"], by=member, at=clock.now())
        messages.success(request, _("保存しました。"))
        return redirect("desk:me")
    rights = [word for held, word in ((member.may_sign, _("署名権限")), (may_approve(member), _("承認権限"))) if held]
    context = {
        "heading": _("個人設定"),
        "form": form,
        "role": role_words(member.role),
        "rights": rights,
        "second_factor": is_mfa_enabled(member),
        "may_have_deputy": may_approve(member),
        "may_use_seals": may_keep(member, shared=False) or may_keep(member, shared=True),
    }
    return show(request, member, "desk/me.html", context, section="", status=422 if form.errors else 200)


def role_words(role: str) -> str:
    words = {
        "admin": _("全体管理者"),
        "manager": _("文書管理者"),
        "staff": _("担当者"),
        "auditor": _("監査担当"),
        "system": _("システム管理者"),
    }
    return words.get(role, role)
