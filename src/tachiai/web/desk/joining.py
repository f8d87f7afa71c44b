"""/join/<token>: an invited member says what they are called and chooses a password."""

from __future__ import annotations

from typing import cast

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tachiai import clock
from tachiai.administration.joining import invited_by_link, take_up_invitation
from tachiai.errors import Refusal


class JoinForm(forms.Form):
    name = forms.CharField(
        label=gettext_lazy("氏名"),
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        error_messages={"required": gettext_lazy("氏名を入力してください。")},
    )
    password = forms.CharField(
        label=gettext_lazy("パスワード"),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        error_messages={"required": gettext_lazy("パスワードを入力してください。")},
    )
    again = forms.CharField(
        label=gettext_lazy("パスワード（もう一度）"),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        error_messages={"required": gettext_lazy("パスワードをもう一度入力してください。")},
    )

    def clean_again(self) -> str:
        again: str = self.cleaned_data["again"]
        if again != self.cleaned_data.get("password", again):
            raise forms.ValidationError(_("2つのパスワードが一致しません。"))
        return again


def join(request: HttpRequest, token: str) -> HttpResponse:
    member = invited_by_link(token, at=clock.now())
    form = JoinForm(request.POST if request.method == "POST" else None, initial={"name": member.name})
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            take_up_invitation(token, name=given["name"], password=given["password"], at=clock.now())
        except Refusal as refusal:
            if refusal.code != "password.weak":
                raise
            form.add_error("password", cast("list[str]", refusal.facts["reasons"]))
        else:
            messages.success(request, _("登録が完了しました。メールアドレスとパスワードでログインしてください。"))
            return redirect("account_login")
    context = {"form": form, "member": member}
    return render(request, "account/join.html", context, status=422 if form.errors else 200)
