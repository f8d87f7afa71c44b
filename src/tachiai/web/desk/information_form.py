"""文書情報 as boxes: what the tax law wants found, everything else, and what of it the other side is shown."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tachiai.accounts.models import Organization
from tachiai.archive import item_rules
from tachiai.archive.items import AMOUNT_TAX, IN_ORDER, ITEMS, LONGEST_KEPT, LONGEST_RENEWAL, NEVER_RENEWED, UNTAXED, Sort, Value
from tachiai.envelopes.models import Envelope
from tachiai.web.desk.amounts import AmountField
from tachiai.web.desk.dates import DateField
from tachiai.web.information_words import LABELS, kind_choices

TAXED, UNTAXED_AMOUNT, UNSTATED = "stated", "untaxed", "unstated"
RENEWED = "renewed"
USUAL_RETENTION = "10"
DAYS = ("transaction_date", *(one.code for one in ITEMS.values() if one.sort == Sort.DAY))


class InformationForm(forms.Form):
    """Everything that is said about an envelope's documents. ``shown`` are the codes that the other side is shown."""

    transaction_date = DateField(
        label=LABELS["transaction_date"],
        help_text=gettext_lazy("契約書に記載の契約日。西暦でも令和でも入力できます（例：2026年または令和8年）。"),
    )
    counterparty = forms.CharField(
        label=LABELS["counterparty"],
        max_length=200,
        help_text=gettext_lazy("締結後の検索に使います（例：株式会社みどり設計）。"),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": gettext_lazy("取引先を入力してください。")},
    )
    amount_kind = forms.ChoiceField(
        label=LABELS["amount"],
        choices=[
            (TAXED, gettext_lazy("金額あり（税込）")),
            (UNTAXED_AMOUNT, gettext_lazy("金額あり（税抜）")),
            (UNSTATED, gettext_lazy("金額の記載なし")),
        ],
        widget=forms.RadioSelect,
        initial=TAXED,
        error_messages={"required": gettext_lazy("金額の有無を選択してください。")},
    )
    amount = AmountField(
        label=gettext_lazy("金額（円）"),
        required=False,
        help_text=gettext_lazy("例：1,100,000。減額の変更契約は「-50,000」のように入力します。"),
        widget=forms.TextInput(attrs={"inputmode": "text", "autocomplete": "off"}),
    )
    contract_name = forms.CharField(label=LABELS["contract_name"], max_length=200, required=False)
    starts_on = DateField(label=LABELS["starts_on"], required=False)
    ends_on = DateField(label=LABELS["ends_on"], required=False)
    renewal = forms.ChoiceField(
        label=LABELS["renewal"],
        choices=[("", gettext_lazy("記載なし")), (NEVER_RENEWED, gettext_lazy("なし")), (RENEWED, gettext_lazy("あり"))],
        widget=forms.RadioSelect,
        required=False,
    )
    renewal_months = forms.CharField(
        label=gettext_lazy("更新の期間（か月）"),
        required=False,
        max_length=4,
        help_text=gettext_lazy("自動更新が「あり」のとき（例：12）。"),
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )
    notice_by = DateField(label=LABELS["notice_by"], required=False, help_text=gettext_lazy("更新しないことを、相手方に通知する期限です。"))
    decision_number = forms.CharField(label=LABELS["decision_number"], max_length=60, required=False)
    kind = forms.ChoiceField(label=LABELS["kind"], choices=(), required=False)
    retention_years = forms.CharField(
        label=LABELS["retention_years"],
        required=False,
        max_length=4,
        help_text=gettext_lazy("年数を数字で入力します（例：10）。"),
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )
    note1 = forms.CharField(label=LABELS["note1"], max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 2}))
    note2 = forms.CharField(label=LABELS["note2"], max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 2}))
    note3 = forms.CharField(label=LABELS["note3"], max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 2}))
    parent = forms.CharField(
        label=LABELS["parent"],
        max_length=40,
        required=False,
        help_text=gettext_lazy("変更契約や覚書のとき、元の契約の管理番号を入力します。"),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    shown = forms.MultipleChoiceField(
        label=gettext_lazy("相手方に表示する項目"),
        choices=[(code, LABELS[code]) for code in IN_ORDER],
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("チェックのない項目は社内のみに表示し、相手方の画面・メール・締結証明書・証拠一式には入りません。"),
    )

    def __init__(self, *args: Any, organization: Organization, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kinds = kind_choices(item_rules(organization).kinds, kept=str(self.initial.get("kind") or ""))
        self.fields["kind"].choices = [("", _("選択しない")), *kinds]  # type: ignore[attr-defined]  # declared above

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        stated = given.get("amount_kind") in (TAXED, UNTAXED_AMOUNT)
        if stated and given.get("amount") is None and "amount" not in self.errors:
            self.add_error("amount", _("金額を入力してください。契約書に金額がない場合は「金額の記載なし」を選択してください。"))
        if not stated:
            self.errors.pop("amount", None)
            given["amount"] = None
        given["renewal_months"] = self._counted("renewal_months", LONGEST_RENEWAL) if given.get("renewal") == RENEWED else ""
        if given.get("renewal") == RENEWED and not given["renewal_months"] and "renewal_months" not in self.errors:
            self.add_error("renewal_months", _("更新の期間を入力してください。"))
        given["retention_years"] = self._counted("retention_years", LONGEST_KEPT)
        return given

    def _counted(self, name: str, largest: int) -> str:
        """A whole number as it was typed in any width, or the empty string."""
        words = unicodedata.normalize("NFKC", self.cleaned_data.get(name) or "").strip().rstrip("年月か")
        if not words:
            return ""
        if not (words.isdecimal() and len(words) < 5 and 1 <= int(words) <= largest):
            self.add_error(name, _("1〜{largest}の数字を入力してください。").format(largest=largest))
            return ""
        return str(int(words))

    def items(self) -> dict[str, Value]:
        """What was said beside the three that everything is found by."""
        given = self.cleaned_data
        items: dict[str, Value] = {code: given[code] or "" for code in ITEMS if code not in (AMOUNT_TAX, "renewal")}
        items["renewal"] = given["renewal_months"] if given["renewal"] == RENEWED else given["renewal"]
        items[AMOUNT_TAX] = UNTAXED if given["amount_kind"] == UNTAXED_AMOUNT else ""
        return {code: value for code, value in items.items() if value != ""}


@dataclass(frozen=True)
class ItemRow:
    """One item of the panel: its box or boxes, who sees it, and whether the organization requires it."""

    code: str
    fields: Sequence[forms.BoundField]
    shown: bool
    required: bool
    is_day: bool

    @property
    def mark(self) -> str:
        """What is required before sending says so beside its box, and is not 「任意」 above it."""
        return "none" if self.required else ""


def item_rows(form: forms.Form, *, required: Collection[str], only: Iterable[str] = IN_ORDER) -> list[ItemRow]:
    """The panel's rows in the reader's order."""
    shown = _chosen(form)
    beside = {"amount": ("amount_kind", "amount"), "renewal": ("renewal", "renewal_months")}
    return [
        ItemRow(code, [form[name] for name in beside.get(code, (code,))], code in shown, code in required, code in DAYS)
        for code in IN_ORDER
        if code in only
    ]


def _chosen(form: forms.Form) -> Collection[str]:
    return form["shown"].value() or () if "shown" in form.fields else ()


def information_said(envelope: Envelope, items: Mapping[str, Value]) -> dict[str, Any]:
    """What the boxes start with: what is known."""
    stated = UNTAXED_AMOUNT if items.get(AMOUNT_TAX) == UNTAXED else TAXED
    renewal = str(items.get("renewal", ""))
    plain = {code: value for code, value in items.items() if code not in (AMOUNT_TAX, "renewal")}
    return {
        **plain,
        "transaction_date": envelope.transaction_date,
        "counterparty": envelope.counterparty,
        "amount_kind": UNSTATED if envelope.described and envelope.amount is None else stated,
        "amount": "" if envelope.amount is None else f"{envelope.amount:,}",
        "renewal": renewal if renewal in ("", NEVER_RENEWED) else RENEWED,
        "renewal_months": "" if renewal in ("", NEVER_RENEWED) else renewal,
    }
