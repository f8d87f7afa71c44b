"""What a registered person types: the code they were just mailed, and that they may sign."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _


class ConfirmForm(forms.Form):
    """A delivered code may be filled in by the device, unlike the one that is remembered."""

    code = forms.CharField(
        label=_("認証コード（6桁の数字）"),
        max_length=20,
        error_messages={
            "required": _("認証コードを6桁の数字で入力してください。"),
            "max_length": _("認証コードは6桁の数字で入力してください。"),
        },
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "one-time-code", "id": "code", "spellcheck": "false"}),
    )
    authority = forms.BooleanField(
        label=_("私は、この会社・団体の契約を締結する権限を有します。"),
        error_messages={"required": _("契約を締結する権限を有することを確認し、チェックを入れてください。")},
    )


class ChooseForm(ConfirmForm):
    """Who has yet to choose a code: imported, or asked to choose anew. It is read once and never put back into a page."""

    chosen = forms.CharField(
        label=_("新しいアクセスコード（6桁の数字）"),
        max_length=20,
        widget=forms.PasswordInput(render_value=False, attrs={"inputmode": "numeric", "autocomplete": "off"}),
        help_text=_("署名のときに入力する数字を、ご自身で決めてください。認証コードとは別の数字です。"),
        error_messages={"required": _("アクセスコードを6桁の数字で入力してください。")},
    )


class FirstForm(ChooseForm):
    """An imported person also agrees to electronic contracts, which nobody did for them."""

    consent = forms.BooleanField(
        label=_("上記の内容に同意します"),
        error_messages={"required": _("内容を確認し、同意する場合はチェックを入れてください。")},
    )
