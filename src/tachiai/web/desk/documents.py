"""P-09: what was concluded, found by date, counterparty and amount, each alone and combined; as a table and as CSV."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tachiai import archive, clock
from tachiai.accounts.models import Member, Organization
from tachiai.archive import item_rules
from tachiai.archive.exporting import note_export
from tachiai.archive.finding import days_of, found_records, totals
from tachiai.archive.items import KINDS, LONGEST_KIND, NEVER_RENEWED
from tachiai.archive.models import Record
from tachiai.archive.samples import may_sample
from tachiai.archive.searching import RENEWED, Wanted
from tachiai.clock import JAPAN, today
from tachiai.sheets import write_sheet
from tachiai.web.desk.amounts import AmountField
from tachiai.web.desk.dates import DayField
from tachiai.web.desk.doors import at_desk, show
from tachiai.web.desk.files import attachment
from tachiai.web.information_words import LABELS, kind_choices, sheet_cells, sheet_heads

PER_PAGE = 50
FURTHER = ("ends_from", "ends_to", "notice_from", "notice_to", "kind", "renewal")


class SearchForm(forms.Form):
    words = forms.CharField(label=gettext_lazy("文書名・管理番号・文書情報"), required=False, max_length=200)
    date_from = DayField(label=gettext_lazy("取引年月日（から）"), required=False, max_length=20)
    date_to = DayField(label=gettext_lazy("取引年月日（まで）"), required=False, max_length=20)
    counterparty = forms.CharField(label=gettext_lazy("取引先"), required=False, max_length=200)
    amount_from = AmountField(label=gettext_lazy("取引金額（以上）"), required=False, max_length=24)
    amount_to = AmountField(label=gettext_lazy("取引金額（以下）"), required=False, max_length=24)
    no_amount = forms.BooleanField(label=gettext_lazy("金額の記載なし"), required=False)
    ends_from = DayField(label=gettext_lazy("契約終了日（から）"), required=False, max_length=20)
    ends_to = DayField(label=gettext_lazy("契約終了日（まで）"), required=False, max_length=20)
    notice_from = DayField(label=gettext_lazy("解約通知期限（から）"), required=False, max_length=20)
    notice_to = DayField(label=gettext_lazy("解約通知期限（まで）"), required=False, max_length=20)
    kind = forms.ChoiceField(label=LABELS["kind"], choices=(), required=False)
    renewal = forms.ChoiceField(
        label=LABELS["renewal"],
        choices=[("", gettext_lazy("すべて")), (NEVER_RENEWED, gettext_lazy("なし")), (RENEWED, gettext_lazy("あり"))],
        required=False,
    )

    def __init__(self, *args: Any, organization: Organization, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # The usual ones too: an older contract may bear one that is on the organization's own list no more.
        kinds = kind_choices([*item_rules(organization).kinds, *KINDS], kept=str(self.data.get("kind") or "")[:LONGEST_KIND])
        self.fields["kind"].choices = [("", _("すべて")), *kinds]  # type: ignore[attr-defined]  # declared above

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        for name in ("date", "ends", "notice"):
            first, last = given.get(f"{name}_from"), given.get(f"{name}_to")
            if first and last and first > last:
                self.add_error(f"{name}_to", _("「まで」には「から」以降の日付を入力してください。"))
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
            ends_from=given["ends_from"],
            ends_to=given["ends_to"],
            notice_from=given["notice_from"],
            notice_to=given["notice_to"],
            kind=given["kind"],
            renewal=given["renewal"],
        )


@at_desk
def documents(request: HttpRequest, member: Member) -> HttpResponse:
    form = SearchForm(request.GET, organization=member.organization)
    rows = found_records(member, form.wanted()) if form.is_valid() else None
    query = request.GET.copy()
    query.pop("page", None)
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page")) if rows is not None else None
    ends = days_of(page.object_list, "ends_on") if page is not None else {}
    context = {
        "heading": _("文書管理"),
        "form": form,
        "rows": [{"record": one, "ends_on": ends.get(one.origin)} for one in page.object_list] if page is not None else [],
        "further": any(request.GET.get(name) for name in FURTHER),
        "searched": any(request.GET.get(name) for name in form.fields),
        "page_obj": page,
        "totals": totals(rows) if rows is not None else None,
        "query": query.urlencode(),
        "may_sample": may_sample(member),
    }
    return show(request, member, "desk/documents.html", context, section="documents", status=422 if form.errors else 200)


@at_desk
def export(request: HttpRequest, member: Member) -> HttpResponse:
    """The same list, whole, as CSV."""
    form = SearchForm(request.GET, organization=member.organization)
    rows: list[Record] = list(found_records(member, form.wanted())) if form.is_valid() else []
    at = clock.now()
    name = f"documents-{today(at):%Y%m%d}.csv"
    note_export("records", lines=len(rows), conditions=form.cleaned_data, by=member, at=at)
    return attachment(name, as_csv(rows), kind="text/csv; charset=utf-8")


def as_csv(rows: Sequence[Record]) -> bytes:
    """One line a record, with a heading; dates as in Japan, amounts as plain numbers, an amount not stated left empty."""
    heads = [_("管理番号"), _("文書名"), _("取引先"), _("取引年月日"), _("取引金額"), _("締結日時"), _("締結証明書番号")]
    known = archive.items_of_many([row.origin for row in rows])
    return write_sheet([*heads, *sheet_heads()], ([*_cells(row), *sheet_cells(known.get(row.origin, {}))] for row in rows))


def _cells(row: Record) -> list[str | int]:
    day = row.transaction_date.isoformat() if row.transaction_date else ""
    amount = "" if row.amount is None else row.amount
    concluded = row.concluded_at.astimezone(JAPAN).strftime("%Y-%m-%d %H:%M:%S")
    return [row.number, row.title, row.counterparty, day, amount, concluded, row.certificate_number]
