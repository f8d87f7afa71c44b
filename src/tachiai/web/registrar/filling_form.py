"""I-02: what the form asks of a counterparty. The code is read once and never put back into a page."""

from __future__ import annotations

import unicodedata
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tachiai.accounts.languages import Language
from tachiai.counterparties.corporate_numbers import read_corporate_number
from tachiai.counterparties.drafting import Told
from tachiai.counterparties.models import Scope
from tachiai.errors import Refusal
from tachiai.web.problems import sentence

REVIEWERS = 3
MAIL_WRONG = gettext_lazy("メールアドレスの形式で入力してください（例：name@example.jp）。")


def line(label: Any, needed: Any = "", *, longest: int, fill: str = "off", hint: Any = "", **attributes: str) -> forms.CharField:
    """A line of text; with ``needed`` it has to be filled in, which these words say."""
    words = {"required": needed} if needed else {}
    widget = forms.TextInput(attrs={"autocomplete": fill, **attributes})
    return forms.CharField(label=label, required=bool(needed), max_length=longest, widget=widget, help_text=hint, error_messages=words)


class FillingForm(forms.Form):
    """Everything that a registration says."""

    case_name = line(gettext_lazy("契約件名"), longest=200)
    case_number = line(gettext_lazy("案件番号"), longest=60)
    counterparty = line(gettext_lazy("商号又は名称"), gettext_lazy("商号又は名称を入力してください。"), longest=200, fill="organization")
    corporate_number = line(gettext_lazy("法人番号"), longest=40, hint=gettext_lazy("13桁の数字"), inputmode="numeric")
    address = line(gettext_lazy("所在地"), gettext_lazy("所在地を入力してください。"), longest=300, fill="street-address")
    representative_title = line(gettext_lazy("代表者の職名"), longest=100, hint=gettext_lazy("例：代表取締役"))
    representative = line(gettext_lazy("代表者の氏名"), gettext_lazy("代表者の氏名を入力してください。"), longest=100)
    title = line(gettext_lazy("署名者の役職"), longest=100, fill="organization-title")
    name = line(gettext_lazy("署名者の氏名"), gettext_lazy("署名者の氏名を入力してください。"), longest=100, fill="name")
    mail = forms.EmailField(
        label=gettext_lazy("署名者のメールアドレス"),
        max_length=254,
        help_text=gettext_lazy("契約を締結する権限のある方のメールアドレスを必ず記入してください。このアドレスへ認証コードを送ります。"),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
        error_messages={"required": gettext_lazy("メールアドレスを入力してください。"), "invalid": MAIL_WRONG},
    )
    contact = line(gettext_lazy("担当者の氏名"), longest=100)
    phone = line(gettext_lazy("電話番号"), gettext_lazy("電話番号を入力してください。"), longest=40, fill="tel", inputmode="tel")
    scope = forms.ChoiceField(
        label=gettext_lazy("利用範囲"),
        widget=forms.RadioSelect,
        choices=[(Scope.LASTING, gettext_lazy("今後の契約にも使う")), (Scope.CONTRACT, gettext_lazy("この契約のみに使う"))],
        initial=Scope.LASTING,
        error_messages={"required": gettext_lazy("利用範囲を選択してください。")},
    )
    language = forms.ChoiceField(
        label=gettext_lazy("メールと画面の言語"), choices=Language.choices, initial=Language.JA, widget=forms.RadioSelect
    )
    attorney = forms.FileField(
        label=gettext_lazy("委任状"),
        required=False,
        widget=forms.FileInput(attrs={"accept": "application/pdf,.pdf"}),
        help_text=gettext_lazy("代表者以外の方が署名する場合に、お持ちであれば添付してください（PDF・10MBまで）。"),
        error_messages={"empty": gettext_lazy("ファイルの中身が空（0バイト）です。元のファイルを確認してください。")},
    )
    without_attorney = forms.BooleanField(label=gettext_lazy("添付した委任状を取り消す"), required=False)
    code = forms.CharField(
        label=gettext_lazy("アクセスコード（6桁の数字）"),
        max_length=20,
        widget=forms.PasswordInput(render_value=False, attrs={"inputmode": "numeric", "autocomplete": "off"}),
        help_text=gettext_lazy(
            "署名のときに入力する数字を、ご自身で決めてください。画面やメールには表示されません。控えておいてください。"
        ),
        error_messages={"required": gettext_lazy("アクセスコードを6桁の数字で入力してください。")},
    )
    authority = forms.BooleanField(
        label=gettext_lazy("署名者は契約を締結する権限を有します"),
        error_messages={"required": gettext_lazy("権限を確認し、チェックを入れてください。")},
    )
    consent = forms.BooleanField(
        label=gettext_lazy("上記の内容に同意します"),
        error_messages={"required": gettext_lazy("内容を確認し、同意する場合はチェックを入れてください。")},
    )

    def __init__(self, *args: Any, has_code: bool, has_attorney: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for number in range(1, REVIEWERS + 1):
            self.fields[f"reviewer_{number}"] = line(_("確認者{number}の氏名").format(number=number), longest=100)
            self.fields[f"reviewer_{number}_mail"] = forms.EmailField(
                label=_("確認者{number}のメールアドレス").format(number=number),
                required=False,
                max_length=254,
                error_messages={"invalid": MAIL_WRONG},
                widget=forms.EmailInput(attrs={"autocomplete": "off"}),
            )
        if has_code:
            self.fields["code"].required = False
            self.fields["code"].help_text = _("入力済みです（表示できません）。変更するときだけ、新しい6桁の数字を入力してください。")
        if not has_attorney:
            del self.fields["without_attorney"]

    def clean_corporate_number(self) -> str:
        try:
            return read_corporate_number(self.cleaned_data["corporate_number"])
        except Refusal as refusal:
            raise forms.ValidationError(sentence(refusal.code)) from refusal

    def clean_phone(self) -> str:
        return unicodedata.normalize("NFKC", self.cleaned_data["phone"])

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        for number in range(1, REVIEWERS + 1):
            name, mail = given.get(f"reviewer_{number}", ""), given.get(f"reviewer_{number}_mail", "")
            if mail and not name:
                self.add_error(f"reviewer_{number}", _("確認者の氏名を入力してください。"))
            if name and not mail and f"reviewer_{number}_mail" not in self.errors:
                self.add_error(f"reviewer_{number}_mail", _("確認者のメールアドレスを入力してください。"))
        return given

    def reviewers(self) -> list[tuple[forms.BoundField, forms.BoundField]]:
        return [(self[f"reviewer_{number}"], self[f"reviewer_{number}_mail"]) for number in range(1, REVIEWERS + 1)]

    def has_reviewers(self) -> bool:
        """Whether their part of the form has to be open: something stands in it, which may be wrong."""
        return any(field.value() for pair in self.reviewers() for field in pair)

    def told(self) -> Told:
        """What was typed, without the code."""
        given = self.cleaned_data
        pairs = ((given[f"reviewer_{number}"], given[f"reviewer_{number}_mail"]) for number in range(1, REVIEWERS + 1))
        plain = {name: given[name] for name in Told.__dataclass_fields__ if name != "reviewers"}
        return Told(**plain, reviewers=tuple(pair for pair in pairs if pair[0]))


def typed_of(told: Told) -> dict[str, str]:
    """A draft as the form shows it."""
    plain = {name: getattr(told, name) for name in Told.__dataclass_fields__ if name != "reviewers"}
    for number, (name, mail) in enumerate(told.reviewers, start=1):
        plain |= {f"reviewer_{number}": name, f"reviewer_{number}_mail": mail}
    return plain


class OneTimeForm(forms.Form):
    """I-04: a delivered code may be filled in by the device, unlike the one that is remembered."""

    code = forms.CharField(
        label=gettext_lazy("認証コード（6桁の数字）"),
        max_length=20,
        error_messages=dict.fromkeys(("required", "max_length"), gettext_lazy("認証コードを6桁の数字で入力してください。")),
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "one-time-code", "id": "code", "spellcheck": "false"}),
    )
