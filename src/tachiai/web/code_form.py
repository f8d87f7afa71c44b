"""The form of a registered access code: on the ceremony's first page, and on the sender's preview of it."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _


class CodeForm(forms.Form):
    """The registered code. It is remembered, not delivered, so browsers are asked neither to fill it in nor to keep it."""

    code = forms.CharField(
        label=_("アクセスコード（6桁の数字）"),
        help_text=_("電子契約用メールアドレスの届出時に、ご自身で決めたコードです。"),
        max_length=20,
        error_messages={
            "required": _("アクセスコードを6桁の数字で入力してください。"),
            "max_length": _("アクセスコードは6桁の数字で入力してください。"),
        },
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off", "id": "code", "spellcheck": "false"}),
    )
