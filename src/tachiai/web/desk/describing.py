"""The form of what an envelope is: its name, the tax law's three items, its deadline."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tachiai import clock
from tachiai.clock import today
from tachiai.envelopes.drafting import DEFAULT_DEADLINE_DAYS, LONGEST_DEADLINE_DAYS, Description
from tachiai.envelopes.models import Envelope
from tachiai.web.desk.amounts import AmountField
from tachiai.web.desk.dates import DateField
from tachiai.web.problems import sentence

STATED, UNSTATED = "stated", "unstated"


class FilesInput(forms.FileInput):
    allow_multiple_selected = True


class UploadForm(forms.Form):
    """Draws the upload; the files themselves are judged one by one by the verb."""

    files = forms.FileField(  # type: ignore[assignment]  # a field may be named as an attribute of the form
        label=gettext_lazy("PDFファイル"),
        required=False,
        widget=FilesInput(attrs={"accept": "application/pdf,.pdf"}),
        help_text=gettext_lazy("PDF・1件50MBまで・100件まで・合計200MBまで。複数のファイルを一度に選べます。"),
    )


class DescriptionForm(forms.Form):
    name = forms.CharField(
        label=gettext_lazy("封筒名"),
        max_length=120,
        help_text=gettext_lazy("相手方に表示されます。メールの件名にも入ります。"),
        error_messages={"required": gettext_lazy("封筒名を入力してください。")},
    )
    comment = forms.CharField(
        label=gettext_lazy("相手方へのコメント"),
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("署名依頼のメールに入ります。"),
    )
    transaction_date = DateField(
        label=gettext_lazy("取引年月日"),
        help_text=gettext_lazy("契約書に記載の契約日。西暦でも令和でも入力できます（例：2026年または令和8年）。"),
    )
    counterparty = forms.CharField(
        label=gettext_lazy("取引先"),
        max_length=200,
        help_text=gettext_lazy("社内の検索に使います（例：株式会社みどり設計）。"),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": gettext_lazy("取引先を入力してください。")},
    )
    amount_kind = forms.ChoiceField(
        label=gettext_lazy("取引金額"),
        choices=[(STATED, gettext_lazy("金額あり")), (UNSTATED, gettext_lazy("金額の記載なし"))],
        widget=forms.RadioSelect,
        initial=STATED,
        error_messages={"required": gettext_lazy("金額の有無を選択してください。")},
    )
    amount = AmountField(
        label=gettext_lazy("金額（円・税込）"),
        required=False,
        help_text=gettext_lazy("例：1,100,000。減額の変更契約は「-50,000」のように入力します。"),
        widget=forms.TextInput(attrs={"inputmode": "text", "autocomplete": "off"}),
    )
    deadline = DateField(
        label=gettext_lazy("署名期限"),
        help_text=gettext_lazy("この日の23時59分59秒（日本時間）まで署名できます。最長90日。"),
    )

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        stated = given.get("amount_kind") == STATED
        if stated and given.get("amount") is None and "amount" not in self.errors:
            self.add_error("amount", _("金額を入力してください。契約書に金額がない場合は「金額の記載なし」を選択してください。"))
        if not stated:
            self.errors.pop("amount", None)
            given["amount"] = None
        self._within_reach(given.get("deadline"))
        return given

    def _within_reach(self, deadline: date | None) -> None:
        """Said together with the other errors; the verb judges it again."""
        if deadline is not None and not 1 <= (deadline - today(clock.now())).days <= LONGEST_DEADLINE_DAYS:
            self.add_error("deadline", sentence("deadline.out_of_range", {"days": LONGEST_DEADLINE_DAYS}))

    def description(self) -> Description:
        given = self.cleaned_data
        return Description(
            name=given["name"],
            comment=given["comment"],
            transaction_date=given["transaction_date"],
            counterparty=given["counterparty"],
            amount=given["amount"],
            deadline=given["deadline"],
        )


def said_of(envelope: Envelope | None, *, at: datetime) -> dict[str, Any]:
    """What the form starts with: what the draft says, and the usual deadline."""
    usual = {"deadline": today(at) + timedelta(days=DEFAULT_DEADLINE_DAYS), "amount_kind": STATED}
    if envelope is None:
        return usual
    unstated = envelope.described and envelope.amount is None
    return {
        "name": envelope.name,
        "comment": envelope.comment,
        "transaction_date": envelope.transaction_date,
        "counterparty": envelope.counterparty,
        "amount_kind": UNSTATED if unstated else STATED,
        "amount": "" if envelope.amount is None else f"{envelope.amount:,}",
        "deadline": envelope.deadline or usual["deadline"],
    }


def typed_in(data: QueryDict) -> dict[str, Any]:
    """What was typed, as it was typed: kept while files are added or taken out, without judging it yet."""
    plain = {name: data.get(name, "") for name in ("name", "comment", "counterparty", "amount_kind", "amount")}
    dates = {name: [data.get(f"{name}_{part}", "") for part in range(3)] for name in ("transaction_date", "deadline")}
    return {**plain, **dates}


FIELD_OF = {"envelope.nameless": "name", "deadline.out_of_range": "deadline"}
