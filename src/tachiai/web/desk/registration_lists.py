"""P-12: registrations in and out as CSV. A code is in neither."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _

from tachiai import clock, counterparties
from tachiai.accounts.models import Member
from tachiai.archive.exporting import note_export
from tachiai.clock import JAPAN, today
from tachiai.counterparties.access import may_register, may_see_registrations
from tachiai.counterparties.importing import COLUMNS, Read, Wrong
from tachiai.counterparties.models import Registration
from tachiai.counterparties.usable import registrations_of
from tachiai.errors import Refusal
from tachiai.sheets import write_sheet
from tachiai.web.chips import REGISTRATION
from tachiai.web.desk.doors import at_desk, show
from tachiai.web.desk.files import attachment
from tachiai.web.desk.registrations import FilterForm, chip_state
from tachiai.web.problems import sentence

READ_AT_MOST = 1024 * 1024 + 1
SHOWN = 100


class ImportForm(forms.Form):
    file = forms.FileField(
        label=gettext_lazy("CSVファイル"),
        widget=forms.FileInput(attrs={"accept": ".csv,text/csv"}),
        help_text=gettext_lazy("UTF-8またはShift_JIS・500行まで。アクセスコードは入れません。"),
        error_messages={
            "required": gettext_lazy("CSVファイルを選択してください。"),
            "empty": gettext_lazy("ファイルの中身が空（0バイト）です。元のファイルを確認してください。"),
        },
    )


@at_desk
def take_csv(request: HttpRequest, member: Member) -> HttpResponse:
    """All rows or none: what is wrong is told line by line, and nothing is taken until nothing is."""
    if not may_register(member):
        raise Refusal("registration.not_allowed")
    form = ImportForm(request.POST, request.FILES) if request.method == "POST" else ImportForm()
    read: Read | None = None
    if request.method == "POST" and form.is_valid():
        content = form.cleaned_data["file"].read(READ_AT_MOST)
        try:
            read = counterparties.read_csv(content, member.organization)
            taken = counterparties.import_registrations(content, by=member, at=clock.now())
        except Refusal as refusal:
            form.add_error("file", sentence(refusal.code, refusal.facts))
        else:
            words = ngettext("{count}件の届出を取り込みました。", "{count}件の届出を取り込みました。", len(taken))
            messages.success(request, words.format(count=len(taken)))
            return redirect("desk:counterparties")
    wrong = read.wrong if read else []
    context: dict[str, Any] = {
        "heading": _("届出をCSVから取り込む"),
        "form": form,
        "charset": read.charset if read else "",
        "wrong": [_said(one) for one in wrong[:SHOWN]],
        "more": max(0, len(wrong) - SHOWN),
    }
    return show(request, member, "desk/registration_import.html", context, section="counterparties", status=422 if form.errors else 200)


def _said(one: Wrong) -> dict[str, Any]:
    return {"line": one.line, "column": _column(one.column), "words": sentence(one.code, {"limit": one.limit})}


def _column(name: str) -> str:
    japanese, english, _longest = COLUMNS[name]
    return english if (get_language() or "").startswith("en") else japanese


@at_desk
def sample_csv(request: HttpRequest, member: Member) -> HttpResponse:
    """The headings and one invented line."""
    if not may_register(member):
        raise Refusal("registration.not_allowed")
    line = [
        "株式会社ひなた工業（架空）",
        "",
        "さくら丘市架空町1-2-3",
        "代表取締役",
        "日向 光",
        "hinata@example.jp",
        "000-000-0000",
        "日本語",
    ]
    return _csv_file("registrations-sample.csv", [_column(name) for name in COLUMNS], [line])


@at_desk
def export(request: HttpRequest, member: Member) -> HttpResponse:
    """The list as it is narrowed, whole; on record as taken."""
    if not may_see_registrations(member):
        raise Refusal("registration.not_allowed")
    form, at = FilterForm(request.GET), clock.now()
    rows = list(form.narrowed(registrations_of(member.organization)))
    note_export("registrations", lines=len(rows), conditions=form.cleaned_data, by=member, at=at)
    # Named as the import reads them: what was taken away can be brought in, in either language.
    told = [_column(name) for name in COLUMNS if name != "language"]
    ours = (_("契約件名"), _("案件番号"), _("届出方法"), _("届出日"), _("状態"), _("有効期間の始まり"), _("有効期間の終わり"))
    heads = [_("受付番号"), *told, *ours]
    return _csv_file(f"registrations-{today(at):%Y%m%d}.csv", heads, [_cells(row) for row in rows])


def _cells(row: Registration) -> list[str]:
    party, state = row.counterparty, chip_state(row)
    method = _("書面（職員入力）") if row.method == "paper" else _("オンライン（本人入力）")
    dates = [day.isoformat() if day else "" for day in (row.valid_from, row.valid_until)]
    return [
        *(row.number, party.name, row.corporate_number or party.corporate_number, row.address or party.address),
        *(row.title, row.name, row.mail, row.phone, row.case_name, row.case_number, method),
        *(row.entered_at.astimezone(JAPAN).strftime("%Y-%m-%d"), str(REGISTRATION[state].word), *dates),
    ]


def _csv_file(name: str, heads: list[str], lines: list[list[str]]) -> HttpResponse:
    return attachment(name, write_sheet(heads, lines), kind="text/csv; charset=utf-8")
