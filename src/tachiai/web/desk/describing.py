"""The form of what an envelope is: its name, what it is about, its deadline."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from tachiai import clock
from tachiai.accounts.models import Organization
from tachiai.archive import item_rules, items_of
from tachiai.archive.items import FOUND_BY, IN_ORDER
from tachiai.clock import today
from tachiai.envelopes.drafting import DEFAULT_DEADLINE_DAYS, LONGEST_DEADLINE_DAYS, Description
from tachiai.envelopes.models import Envelope
from tachiai.web.desk.dates import DateField
from tachiai.web.desk.information_form import TAXED, USUAL_RETENTION, InformationForm, information_said, item_rows
from tachiai.web.problems import sentence


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


class DescriptionForm(InformationForm):
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
    deadline = DateField(
        label=gettext_lazy("署名期限"),
        help_text=gettext_lazy("この日の23時59分59秒（日本時間）まで署名できます。最長90日。"),
    )
    field_order = ("name", "comment", "deadline")

    def clean(self) -> dict[str, Any]:
        given = super().clean()
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
            items=self.items(),
            shown=given["shown"],
        )


def said_of(envelope: Envelope | None, *, organization: Organization, at: datetime) -> dict[str, Any]:
    """What the form starts with: what the draft says, the usual deadline, and what the organization usually shows."""
    usual = {"deadline": today(at) + timedelta(days=DEFAULT_DEADLINE_DAYS), "amount_kind": TAXED}
    rules = item_rules(organization)
    if envelope is None:
        return {**usual, "retention_years": USUAL_RETENTION, "shown": list(rules.shown)}
    items = items_of(envelope.pk)
    decided = {*items, *FOUND_BY} if envelope.described or envelope.recreated_from_id else set()
    shown = {*envelope.shown_items, *(code for code in rules.shown if code not in decided)}
    return {
        **information_said(envelope, items),
        **({} if envelope.described else {"retention_years": items.get("retention_years", USUAL_RETENTION)}),
        "name": envelope.name,
        "comment": envelope.comment,
        "deadline": envelope.deadline or usual["deadline"],
        # What says nothing yet is shown, once it does, as the organization has it.
        "shown": [code for code in IN_ORDER if code in shown],
    }


def items_shown(form: DescriptionForm, organization: Organization) -> dict[str, Any]:
    """The panel: what the tax law wants found is always open, the rest as soon as it says, lacks or refuses something."""
    rows = item_rows(form, required=item_rules(organization).required)
    further = [row for row in rows if row.code not in FOUND_BY]
    speaks = any(row.required or any(field.errors for field in row.fields) for row in further)
    said = any(any(_says(field.value()) for field in row.fields) for row in further if row.code != "retention_years")
    return {
        "found_by": [row for row in rows if row.code in FOUND_BY],
        "further": further,
        "further_open": speaks or said,
    }


def _says(value: Any) -> bool:
    return any(value) if isinstance(value, list) else bool(value)


FIELD_OF = {
    "envelope.nameless": "name",
    "deadline.out_of_range": "deadline",
    "information.parent_unknown": "parent",
    "information.ends_before_start": "ends_on",
    "information.notice_after_end": "notice_by",
}
