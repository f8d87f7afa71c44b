"""P-03: the list of envelopes under its headings, searched, narrowed and in pages; as CSV, and its concluded files as one ZIP."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from tachiai import clock
from tachiai.accounts.models import Member
from tachiai.archive import items_of_many
from tachiai.archive.exporting import note_export
from tachiai.archive.items import Value
from tachiai.clock import JAPAN, today
from tachiai.envelopes.access import may_send
from tachiai.envelopes.foldering import folders_for
from tachiai.envelopes.listing import ORDERS, Heading, Narrowed, count_under, envelopes_under, narrow, ordered
from tachiai.envelopes.models import Envelope
from tachiai.errors import Refusal
from tachiai.sheets import write_sheet
from tachiai.web.chips import ENVELOPE
from tachiai.web.desk.dates import DayField
from tachiai.web.desk.doors import at_desk, show
from tachiai.web.desk.files import attachment, zipped
from tachiai.web.desk.reasons import ask_reason
from tachiai.web.desk.rows import Row, rows_of
from tachiai.web.information_words import sheet_cells, sheet_heads

PER_PAGE = 50
TABS = (Heading.ALL, Heading.NEEDS_YOU, Heading.WAITING, Heading.APPROVAL, Heading.DRAFT, Heading.CONCLUDED, Heading.ENDED, Heading.EXPIRED)
DAYS = ("sent_from", "sent_to", "due_from", "due_to")
FILTERS = ("sender", "folder", *DAYS)
UNFILED = "none"


class ListForm(forms.Form):
    words = forms.CharField(required=False, max_length=200)
    sender = forms.ModelChoiceField(Member.objects.none(), label=gettext_lazy("担当者"), required=False)
    folder = forms.ChoiceField(label=gettext_lazy("フォルダ"), required=False)
    sent_from = DayField(label=gettext_lazy("送信日（から）"), required=False, max_length=20)
    sent_to = DayField(label=gettext_lazy("送信日（まで）"), required=False, max_length=20)
    due_from = DayField(label=gettext_lazy("署名期限（から）"), required=False, max_length=20)
    due_to = DayField(label=gettext_lazy("署名期限（まで）"), required=False, max_length=20)

    def __init__(self, data: Any, *, reader: Member) -> None:
        super().__init__(data)
        people: Any = self.fields["sender"]
        people.queryset = Member.objects.filter(organization=reader.organization).order_by("name")
        people.label_from_instance = lambda one: one.name
        people.empty_label = pgettext("operation", "すべて")
        folders: Any = self.fields["folder"]
        folders.choices = [
            ("", pgettext("operation", "すべて")),
            (UNFILED, _("フォルダなし")),
            *((str(one.pk), one.name) for one in folders_for(reader)),
        ]

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        for first, last in (("sent_from", "sent_to"), ("due_from", "due_to")):
            if given.get(first) and given.get(last) and given[first] > given[last]:
                self.add_error(last, _("「まで」には「から」以降の日付を入力してください。"))
        return given

    def wanted(self) -> Narrowed:
        given = self.cleaned_data
        folder = given["folder"]
        return Narrowed(
            given["words"],
            given["sender"].pk if given["sender"] else None,
            **{name: given[name] for name in DAYS},
            folder=uuid.UUID(folder) if folder not in ("", UNFILED) else None,
            unfiled=folder == UNFILED,
        )


def heading_words() -> dict[Heading, str]:
    return {
        Heading.ALL: _("すべて"),
        Heading.NEEDS_YOU: _("要対応"),
        Heading.WAITING: _("署名待ち"),
        Heading.APPROVAL: _("承認待ち・差戻し"),
        Heading.DRAFT: _("下書き"),
        Heading.CONCLUDED: _("締結済み"),
        Heading.ENDED: _("辞退・取下げ"),
        Heading.EXPIRED: _("期限切れ"),
        Heading.DUE_SOON: _("期限間近（7日以内）"),
        Heading.TROUBLE: _("辞退・不達"),
        Heading.THIS_MONTH: _("今月の締結"),
    }


@at_desk
def envelopes(request: HttpRequest, member: Member) -> HttpResponse:
    at = clock.now()
    heading, form = _heading(request), ListForm(request.GET, reader=member)
    words = request.GET.get("words", "").strip()[:200]
    found = _found(heading, form, member, sort=request.GET.get("sort", ""), at=at)
    # First the keys alone: to sort whole rows costs several times as much.
    page = Paginator(found.values_list("pk", flat=True), PER_PAGE).get_page(request.GET.get("page"))
    kept = {name: str(value) for name, value in request.GET.items() if name in (*form.fields, "sort") and value}
    filtered = any(kept.get(name) for name in FILTERS)
    context = {
        "heading": pgettext("menu", "封筒"),
        "tabs": _tabs(heading, member, kept=kept, at=at),
        "view": heading,
        "view_words": heading_words()[heading],
        "words": words,
        "form": form,
        "filtered": filtered,
        "page_obj": page,
        "rows": rows_of(found.filter(pk__in=list(page.object_list)), at=at),
        "sorts": _sorts(heading, kept),
        "sort": kept.get("sort", ""),
        "kept": kept,
        "may_send": may_send(member),
        "nothing_yet": heading is Heading.ALL and not words and not filtered,
    }
    return show(request, member, "desk/envelopes.html", context, section="envelopes", status=422 if form.errors else 200)


def _heading(request: HttpRequest) -> Heading:
    given = request.GET.get("view", "")
    return Heading(given) if given in list(Heading) else Heading.ALL


def _found(heading: Heading, form: ListForm, member: Member, *, sort: str, at: datetime) -> QuerySet[Envelope]:
    rows = envelopes_under(heading, member, at=at)
    return ordered(narrow(rows, form.wanted()), sort) if form.is_valid() else rows.none()


def _sorts(heading: Heading, kept: dict[str, str]) -> dict[str, dict[str, str]]:
    """For each column its link and how it is sorted now: the first click goes upwards, the next one down."""
    present, base = kept.get("sort", "") or "-updated", reverse("desk:envelopes")
    found = {}
    for key in ORDERS:
        way = "ascending" if present == key else "descending" if present == f"-{key}" else ""
        query = urlencode({"view": str(heading), **kept, "sort": f"-{key}" if way == "ascending" else key})
        found[key] = {"url": f"{base}?{query}", "sort": way}
    return found


def _tabs(present: Heading, member: Member, *, kept: dict[str, str], at: datetime) -> list[dict[str, object]]:
    # A heading that only a tile of the home page leads to becomes a tab while one looks at it.
    shown = [*TABS] if present in TABS else [*TABS, present]
    counts, named, base = count_under(shown, member, at=at), heading_words(), reverse("desk:envelopes")
    return [
        {
            "word": named[heading],
            "url": f"{base}?{urlencode({'view': str(heading), **kept})}",
            "current": heading is present,
            "count": counts[heading],
        }
        for heading in shown
    ]


@at_desk
def export(request: HttpRequest, member: Member) -> HttpResponse:
    """What the list shows, whole, as CSV; only the lines that were chosen, if any were."""
    at, form = clock.now(), ListForm(request.GET, reader=member)
    rows = rows_of(_picked(request, _found(_heading(request), form, member, sort=request.GET.get("sort", ""), at=at)), at=at)
    conditions = {name: request.GET.get(name, "") for name in ("view", *form.fields)}
    note_export("envelopes", lines=len(rows), conditions=conditions, by=member, at=at)
    return attachment(f"envelopes-{today(at):%Y%m%d}.csv", as_csv(rows), kind="text/csv; charset=utf-8")


def as_csv(rows: Sequence[Row]) -> bytes:
    """One line an envelope, with a heading; days and times as in Japan."""
    heads = [_("管理番号"), _("封筒名"), _("取引先"), _("状態"), _("担当者"), _("送信日時"), _("署名期限"), _("締結日時"), _("更新日時")]
    items = [_("取引年月日"), _("取引金額"), *sheet_heads()]
    known = items_of_many([row.envelope.pk for row in rows])
    return write_sheet([*heads, *items], ([*_cells(row), *_information(row, known)] for row in rows))


def _information(row: Row, known: Mapping[uuid.UUID, Mapping[str, Value]]) -> list[str | int]:
    """文書情報, the internal items too: who sees the envelope at the desk sees them all."""
    one = row.envelope
    day = one.transaction_date.isoformat() if one.transaction_date else ""
    return [day, "" if one.amount is None else one.amount, *sheet_cells(known.get(one.pk, {}))]


def _cells(row: Row) -> list[str | int]:
    one = row.envelope
    state = str(ENVELOPE[row.state].word) if row.state in ENVELOPE else row.state
    due = one.deadline.isoformat() if one.deadline else ""
    return [
        one.number,
        one.name,
        row.counterparty,
        state,
        one.sender.name,
        _when(one.sent_at),
        due,
        _when(one.concluded_at),
        _when(one.updated_at),
    ]


def _when(moment: datetime | None) -> str:
    return moment.astimezone(JAPAN).strftime("%Y-%m-%d %H:%M:%S") if moment else ""


@at_desk
def concluded_files(request: HttpRequest, member: Member) -> HttpResponse:
    """The concluded files of the chosen envelopes, a folder for each, in one ZIP. Refuses with ``bulk.nothing_concluded``.

    An auditor is asked first what it is for, as at each download.
    """
    at = clock.now()
    chosen = list(chosen_from(request, envelopes_under(Heading.CONCLUDED, member, at=at))[:PER_PAGE])
    if not chosen:
        raise Refusal("bulk.nothing_concluded")
    reason = ask_reason(request, member, chosen)
    if isinstance(reason, HttpResponse):
        return reason
    content = zipped(chosen, by=member, reason=reason)
    if content is None:
        raise Refusal("bulk.nothing_concluded")
    return attachment(f"concluded-{today(at):%Y%m%d}.zip", content, kind="application/zip")


def chosen_from(request: HttpRequest, rows: QuerySet[Envelope]) -> QuerySet[Envelope]:
    """Those that were chosen by their boxes, and no others."""
    return _picked(request, rows) if request.GET.getlist("pick") else rows.none()


def _picked(request: HttpRequest, rows: QuerySet[Envelope]) -> QuerySet[Envelope]:
    """Those that were chosen by their boxes; all, when none was."""
    keys = set()
    for text in request.GET.getlist("pick"):
        try:
            keys.add(uuid.UUID(text))
        except ValueError:
            continue
    return rows.filter(pk__in=keys) if request.GET.getlist("pick") else rows
