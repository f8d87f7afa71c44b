"""P-09: what was concluded, found by date, counterparty and amount, each alone and combined; as a table and as CSV."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tachiai import clock
from tachiai.accounts.models import Member
from tachiai.archive.exporting import note_export
from tachiai.archive.finding import found_records, totals
from tachiai.archive.models import Record
from tachiai.archive.samples import may_sample
from tachiai.archive.searching import Wanted
from tachiai.clock import JAPAN, today
from tachiai.sheets import write_sheet
from tachiai.web.desk.amounts import AmountField
from tachiai.web.desk.dates import DayField
from tachiai.web.desk.doors import at_desk, show
from tachiai.web.desk.files import attachment

PER_PAGE = 50


class SearchForm(forms.Form):
    words = forms.CharField(label=gettext_lazy("文書名・管理番号"), required=False, max_length=200)
    date_from = DayField(label=gettext_lazy("取引年月日（から）"), required=False, max_length=20)
    date_to = DayField(label=gettext_lazy("取引年月日（まで）"), required=False, max_length=20)
    counterparty = forms.CharField(label=gettext_lazy("取引先"), required=False, max_length=200)
    amount_from = AmountField(label=gettext_lazy("取引金額（以上）"), required=False, max_length=24)
    amount_to = AmountField(label=gettext_lazy("取引金額（以下）"), required=False, max_length=24)
    no_amount = forms.BooleanField(label=gettext_lazy("金額の記載なし"), required=False)

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        if given.get("date_from") and given.get("date_to") and given["date_from"] > given["date_to"]:
            self.add_error("date_to", _("「まで」には「から」以降の日付を入力してください。"))
        lower, upper = given.get("amount_from"), given.get("amount_to")
        if lower is not None and upper is not None and lower > upper:
            self.add_error("amount_to", _("「以下」には「以上」と同じかそれより大きい金額を入力してください。"))
        return given

    def wanted(self) -> Wanted:
        given = self.cleaned_data
        return Wanted(
            words=given["words"],
            date_from=given["date_from"],
            date_to=given["date_to"],
            counterparty=given["counterparty"],
            amount_from=given["amount_from"],
            amount_to=given["amount_to"],
            no_amount=given["no_amount"],
        )


@at_desk
def documents(request: HttpRequest, member: Member) -> HttpResponse:
    form = SearchForm(request.GET)
    rows = found_records(member, form.wanted()) if form.is_valid() else None
    query = request.GET.copy()
    query.pop("page", None)
    context = {
        "heading": _("文書管理"),
        "form": form,
        "searched": any(request.GET.get(name) for name in form.fields),
        "page_obj": Paginator(rows, PER_PAGE).get_page(request.GET.get("page")) if rows is not None else None,
        "totals": totals(rows) if rows is not None else None,
        "query": query.urlencode(),
        "may_sample": may_sample(member),
    }
    return show(request, member, "desk/documents.html", context, section="documents", status=422 if form.errors else 200)


@at_desk
def export(request: HttpRequest, member: Member) -> HttpResponse:
    """The same list, whole, as CSV."""
    form = SearchForm(request.GET)
    rows: list[Record] = list(found_records(member, form.wanted())) if form.is_valid() else []
    at = clock.now()
    name = f"documents-{today(at):%Y%m%d}.csv"
    note_export("records", lines=len(rows), conditions=form.cleaned_data, by=member, at=at)
    return attachment(name, as_csv(rows), kind="text/csv; charset=utf-8")


def as_csv(rows: Iterable[Record]) -> bytes:
    """One line a record, with a heading; dates as in Japan, amounts as plain numbers, an amount not stated left empty."""
    heads = [_("管理番号"), _("文書名"), _("取引先"), _("取引年月日"), _("取引金額"), _("締結日時"), _("締結証明書番号")]
    return write_sheet(heads, map(_cells, rows))


def _cells(row: Record) -> list[str | int]:
    day = row.transaction_date.isoformat() if row.transaction_date else ""
    amount = "" if row.amount is None else row.amount
    concluded = row.concluded_at.astimezone(JAPAN).strftime("%Y-%m-%d %H:%M:%S")
    return [row.number, row.title, row.counterparty, day, amount, concluded, row.certificate_number]
