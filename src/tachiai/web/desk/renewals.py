"""検証期限: what is verifiable until when, on which algorithm that rests, and what happens next; as a page and as CSV."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from tachiai import clock
from tachiai.accounts.models import Member
from tachiai.archive import standing
from tachiai.archive.exporting import note_export
from tachiai.archive.standing import Looked, Rows, by_year, counts, looked_for, standings
from tachiai.clock import JAPAN, today
from tachiai.sheets import write_sheet
from tachiai.web.chips import PROOF
from tachiai.web.desk.doors import at_desk, show
from tachiai.web.desk.files import attachment
from tachiai.web.templatetags.look import day

PER_PAGE = 50
CAUSES: dict[str, str | Promise] = {
    "timestamp_certificate": gettext_lazy("タイムスタンプ局の証明書の期限"),
    "certificate": gettext_lazy("電子署名の証明書の期限"),
    "algorithm": gettext_lazy("暗号の強度の期限"),
}
COLUMNS: tuple[tuple[str, str | Promise], ...] = (
    ("number", pgettext_lazy("proof", "文書")),
    ("until", pgettext_lazy("proof", "検証できる期限")),
    ("renew", pgettext_lazy("proof", "次の対応")),
)


class LookForm(forms.Form):
    """What an address may ask for; whatever else stands there is as good as nothing."""

    step = forms.ChoiceField(choices=[("", ""), *[(step, step) for step in standing.STEPS]], required=False)
    year = forms.IntegerField(min_value=1970, max_value=9998, required=False)
    words = forms.CharField(label=gettext_lazy("文書名・管理番号・取引先"), required=False, max_length=200)
    order = forms.ChoiceField(choices=[("", ""), *[(order, order) for order in standing.ORDERS]], required=False)
    descending = forms.BooleanField(required=False)

    def looked(self) -> Looked:
        self.is_valid()
        given = self.cleaned_data
        order = given.get("order") or "until"
        return Looked(given.get("step") or "", given.get("year"), given.get("words") or "", order, bool(given.get("descending")))


@at_desk
def validity(request: HttpRequest, member: Member) -> HttpResponse:
    at, form = clock.now(), LookForm(request.GET)
    looked, rows = form.looked(), standings(member, at=at)
    found, years = looked_for(rows, looked), by_year(rows)
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    query = request.GET.copy()
    query.pop("page", None)
    context = {
        "heading": _("検証期限"),
        "at": at,
        "form": form,
        "looked": looked,
        "tabs": _tabs(looked, counts(rows)),
        "years": [{"year": one.year, "count": one.count, "url": _address(year=str(one.year))} for one in years],
        "most": max((one.count for one in years), default=1),
        "heads": [_head(looked, name, word) for name, word in COLUMNS],
        "page_obj": page,
        "lines": [{"record": row, "cause": CAUSES.get(row.cause or "", ""), "next": next_step(row)} for row in page.object_list],
        "anything": rows.exists(),
        "query": query.urlencode(),
    }
    return show(request, member, "desk/validity.html", context, section="documents")


@at_desk
def export(request: HttpRequest, member: Member) -> HttpResponse:
    """The same list, whole, as CSV."""
    at, form = clock.now(), LookForm(request.GET)
    rows = looked_for(standings(member, at=at), form.looked())
    note_export("validity", lines=rows.count(), conditions=form.cleaned_data, by=member, at=at)
    return attachment(f"validity-{today(at):%Y%m%d}.csv", as_csv(rows), kind="text/csv; charset=utf-8")


def as_csv(rows: Rows) -> bytes:
    """One line a record, with a heading; dates and times as in Japan, empty where nobody has looked yet."""
    return write_sheet(_csv_heads(), map(_csv_cells, rows.iterator(chunk_size=500)))


def _csv_heads() -> list[str]:
    files = [_("管理番号"), _("文書名"), _("取引先"), _("締結日時"), _("締結証明書番号")]
    return [
        *files,
        _("検証できる期限"),
        _("期限の原因"),
        _("最も弱い暗号"),
        _("タイムスタンプ局"),
        _("更新予定日"),
        _("状態"),
        _("次の対応"),
    ]


def _csv_cells(row: Any) -> Iterable[str]:
    yield from (row.number, row.title, row.counterparty, _moment(row.concluded_at), row.certificate_number)
    yield from (_moment(row.until), str(CAUSES.get(row.cause or "", "")), row.weakest or "", row.stamped_by or "")
    yield from (row.renew_at.astimezone(JAPAN).date().isoformat() if row.renew_at else "", str(PROOF[row.step].word), next_step(row))


def _moment(value: Any) -> str:
    return value.astimezone(JAPAN).strftime("%Y-%m-%d %H:%M:%S") if value else ""


def next_step(row: Any) -> str:
    """What happens next to a record, or what somebody has to do about it."""
    if row.step == standing.PLANNED:
        return _("{day}に自動で更新します。").format(day=day(row.renew_at))
    words = {
        standing.DUE: _("順番に自動で更新しています。"),
        standing.REPLACE_AUTHORITY: _(
            "いまのタイムスタンプ局では期限が延びません。運営者がタイムスタンプ局を切り替えると、自動で更新します。"
        ),
        standing.STUCK: _("更新が止まっています。運営者の確認が必要です。"),
        standing.EXPIRED: _("いまから更新しても証明は戻りません。期限内に確認した記録や相手方の控えを保管してください。"),
        standing.DESTROYED: _("文書は復元できないように消去されています。消去番号は文書の画面で確認できます。"),
        standing.UNKNOWN: _("システムがファイルを確認すると、期限が表示されます。"),
    }
    return words[row.step]


def _tabs(looked: Looked, counted: dict[str, int]) -> list[dict[str, object]]:
    shown = [step for step in standing.STEPS if counted[step] or step in (standing.PLANNED, standing.EXPIRED, looked.step)]
    return [
        _tab(_("すべて"), "", sum(counted.values()), looked),
        *(_tab(PROOF[step].word, step, counted[step], looked) for step in shown),
    ]


def _tab(word: str | Promise, step: str, count: int, looked: Looked) -> dict[str, object]:
    return {"word": word, "url": _address(step=step), "current": step == looked.step, "count": count}


def _head(looked: Looked, name: str, word: str | Promise) -> dict[str, object]:
    present = looked.order == name
    kept = {"step": looked.step, "year": str(looked.year or ""), "words": looked.words, "order": name}
    turned = {"descending": "on"} if present and not looked.descending else {}
    sort = ("descending" if looked.descending else "ascending") if present else ""
    return {"word": word, "url": _address(**kept, **turned), "sort": sort}


def _address(**asked: str) -> str:
    given = {name: value for name, value in asked.items() if value}
    return reverse("desk:validity") + (f"?{urlencode(given)}" if given else "")
