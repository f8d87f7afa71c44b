"""What a signer types: a code, and why they will not sign."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from tachiai.envelopes.declining import LONGEST, Wish


class OneTimeForm(forms.Form):
    """The code that was mailed just now: browsers and telephones may offer to fill it in."""

    code = forms.CharField(
        label=_("認証コード（6桁の数字）"),
        max_length=20,
        error_messages={
            "required": _("認証コードを6桁の数字で入力してください。"),
            "max_length": _("認証コードを6桁の数字で入力してください。"),
        },
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "one-time-code", "id": "code", "spellcheck": "false"}),
    )


class ForwardForm(forms.Form):
    """Who is to be asked instead."""

    organization = forms.CharField(
        label=_("組織名"),
        max_length=200,
        error_messages={"required": _("変更先の方の組織名を入力してください。")},
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
    )
    title = forms.CharField(label=_("役職"), max_length=100, required=False, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    name = forms.CharField(
        label=_("氏名"),
        max_length=100,
        error_messages={"required": _("変更先の方の氏名を入力してください。")},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    mail = forms.EmailField(
        label=_("メールアドレス"),
        error_messages={
            "required": _("変更先の方のメールアドレスを入力してください。"),
            "invalid": _("メールアドレスの形式で入力してください（例：name@example.jp）。"),
        },
        widget=forms.EmailInput(attrs={"autocomplete": "off", "inputmode": "email"}),
    )
    reason = forms.CharField(
        label=_("理由"),
        help_text=_("送信者に伝わります（2〜1000文字）。"),
        max_length=LONGEST,
        error_messages={"required": _("理由を2文字以上で入力してください。"), "max_length": _("理由は1000文字以内で入力してください。")},
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    authority = forms.BooleanField(
        label=_("変更先の方は、この手続きをする権限を有します"),
        error_messages={"required": _("変更先の方の権限を確認し、チェックを入れてください。")},
    )
    keeps_copy = forms.BooleanField(label=_("完了通知の写しを自分にも送る"), required=False)


class AppCodeForm(forms.Form):
    """What an authenticator app shows just now."""

    code = forms.CharField(
        label=_("認証アプリの6桁のコード"),
        help_text=_("コードは30秒ごとに変わります。"),
        max_length=20,
        error_messages={
            "required": _("認証アプリに表示された6桁のコードを入力してください。"),
            "max_length": _("認証アプリに表示された6桁のコードを入力してください。"),
        },
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "one-time-code", "id": "code", "spellcheck": "false"}),
    )


WISHES = (
    (Wish.CORRECTION, _("内容を修正してほしい")),
    (Wish.REFUSAL, _("契約を締結しない")),
    (Wish.NO_AUTHORITY, _("締結する権限がない")),
    (Wish.OTHER, _("その他")),
)


class DeclineForm(forms.Form):
    """The way out: what is wished, and the reason in words."""

    wish = forms.TypedChoiceField(
        label=_("ご意向"),
        choices=WISHES,
        coerce=Wish,
        widget=forms.RadioSelect,
        error_messages={"required": _("ご意向を選択してください。"), "invalid_choice": _("ご意向を選択してください。")},
    )
    reason = forms.CharField(
        label=_("理由"),
        help_text=_("送信者に伝わります（2〜1000文字）。"),
        max_length=LONGEST,
        error_messages={"required": _("理由を2文字以上で入力してください。"), "max_length": _("理由は1000文字以内で入力してください。")},
        widget=forms.Textarea(attrs={"rows": 5}),
    )
