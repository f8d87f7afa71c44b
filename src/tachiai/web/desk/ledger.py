"""P-13: the operation log, searched, taken away as CSV, and checked for tampering."""

from __future__ import annotations

import ipaddress
import unicodedata
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from tachiai import clock
from tachiai.accounts.models import Member
from tachiai.archive.exporting import note_export
from tachiai.clock import JAPAN, today
from tachiai.envelopes.operation_kinds import Kind
from tachiai.envelopes.operations import Asked, Check, Operation, check_operations, may_check, operations, sees_traces
from tachiai.errors import Refusal
from tachiai.sheets import write_sheet
from tachiai.web.desk.dates import DayField
from tachiai.web.desk.doors import at_desk, show
from tachiai.web.desk.files import attachment
from tachiai.web.desk.ledger_words import actor_role, actor_words, detail_words, event_words, kind_words, result_words, subject_words
from tachiai.web.devices import device_words

PER_PAGE = 50
AT_A_TIME = 1_000
MOST_LINES = 100_000
CHECK_SALT = "tachiai.ledger.check"


class LogForm(forms.Form):
    date_from = DayField(label=gettext_lazy("期間（から）"), required=False, max_length=20)
    date_to = DayField(label=gettext_lazy("期間（まで）"), required=False, max_length=20)
    member = forms.ModelChoiceField(Member.objects.none(), label=gettext_lazy("利用者"), required=False)
    kind = forms.ChoiceField(label=gettext_lazy("種類"), required=False)
    words = forms.CharField(label=gettext_lazy("対象（封筒名・取引先・管理番号）"), required=False, max_length=200)
    result = forms.ChoiceField(label=pgettext("operation", "結果"), required=False)
    address = forms.CharField(label=gettext_lazy("IPアドレス"), required=False, max_length=60)

    def __init__(self, data: Any, *, reader: Member) -> None:
        super().__init__(data)
        everybody = pgettext("operation", "すべて")
        people = self.fields["member"]
        people.queryset = Member.objects.filter(organization=reader.organization).order_by("name")  # type: ignore[attr-defined]
        people.label_from_instance = lambda one: one.name  # type: ignore[attr-defined]
        people.empty_label = everybody  # type: ignore[attr-defined]
        self.fields["kind"].choices = [("", everybody), *kind_words().items()]  # type: ignore[attr-defined]
        results = [("", everybody), ("done", pgettext("operation", "成功")), ("failed", pgettext("operation", "失敗・拒否"))]
        self.fields["result"].choices = results  # type: ignore[attr-defined]
        self.fields["result"].label = pgettext("operation", "結果")
        if not sees_traces(reader):
            del self.fields["address"]

    def clean_address(self) -> str:
        given = unicodedata.normalize("NFKC", self.cleaned_data["address"]).strip()
        try:
            return str(ipaddress.ip_address(given)) if given else ""
        except ValueError:
            raise forms.ValidationError(_("IPアドレスの形で入力してください（例：192.0.2.10）。")) from None

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        if given.get("date_from") and given.get("date_to") and given["date_from"] > given["date_to"]:
            self.add_error("date_to", _("「まで」には「から」以降の日付を入力してください。"))
        return given

    def asked(self) -> Asked:
        given = self.cleaned_data
        return Asked(
            since=given["date_from"],
            until=given["date_to"],
            member=given["member"].pk if given["member"] else None,
            kind=Kind(given["kind"]) if given["kind"] else None,
            words=given["words"],
            result=given["result"],
            address=given.get("address", ""),
        )


@at_desk
def operation_log(request: HttpRequest, member: Member) -> HttpResponse:
    form = LogForm(request.GET, reader=member)
    before = request.GET.get("before", "")
    place = int(before) if before.isascii() and before.isdigit() and len(before) < 19 else None
    found = operations(member, form.asked(), before=place, most=PER_PAGE + 1) if form.is_valid() else []
    lines = found[:PER_PAGE]
    kept = {name: value for name, value in request.GET.items() if name in form.fields and value}
    here = f"{reverse('desk:ledger')}?{urlencode(kept)}"
    context = {
        "heading": pgettext("menu", "操作記録"),
        "form": form,
        "searched": bool(kept),
        "lines": [_shown(line) for line in lines],
        "query": urlencode(kept),
        "newest": here if place is not None else "",
        "older": f"{here}&before={lines[-1].place}" if len(found) > PER_PAGE else "",
        "sees_traces": sees_traces(member),
        "may_check": may_check(member),
    }
    return show(request, member, "desk/ledger.html", context, section="ledger", status=422 if form.errors else 200)


def _shown(line: Operation) -> dict[str, Any]:
    return {
        "line": line,
        "who": actor_words(line),
        "role": actor_role(line),
        "what": event_words(line.event),
        "detail": detail_words(line),
        "subject": subject_words(line),
        "result": result_words(line),
        "device": device_words(line.agent),
    }


@at_desk
def export(request: HttpRequest, member: Member) -> HttpResponse:
    """Everything that was asked for, as CSV. Refuses with ``operations.too_many`` rather than leaving lines out."""
    form = LogForm(request.GET, reader=member)
    if not form.is_valid():
        return redirect(f"{reverse('desk:ledger')}?{request.GET.urlencode()}")
    lines = list(_all_lines(member, form.asked()))
    at = clock.now()
    conditions = {name: value.pk if isinstance(value, Member) else value for name, value in form.cleaned_data.items()}
    note_export("operations", lines=len(lines), conditions=conditions, by=member, at=at)
    return attachment(f"operations-{today(at):%Y%m%d}.csv", as_csv(lines, traces=sees_traces(member)), kind="text/csv; charset=utf-8")


def _all_lines(member: Member, asked: Asked) -> Iterator[Operation]:
    before, count = None, 0
    while found := operations(member, asked, before=before, most=AT_A_TIME):
        yield from found
        before, count = found[-1].place, count + len(found)
        if count >= MOST_LINES:
            raise Refusal("operations.too_many", limit=MOST_LINES)


def as_csv(lines: list[Operation], *, traces: bool) -> bytes:
    """One line an act, newest first, times as in Japan; addresses and browsers for those alone who see them on the page."""
    heads = [
        _("日時"),
        _("利用者"),
        _("役割"),
        _("操作"),
        _("詳細"),
        _("対象"),
        _("管理番号"),
        pgettext("operation", "結果"),
        _("記録番号"),
        _("事象"),
    ]
    return write_sheet([*heads, *([_("IPアドレス"), _("端末")] if traces else [])], (_cells(line, traces=traces) for line in lines))


def _cells(line: Operation, *, traces: bool) -> list[str | int]:
    when = line.at.astimezone(JAPAN).strftime("%Y-%m-%d %H:%M:%S")
    number = line.envelope.number if line.envelope else ""
    told = [
        when,
        actor_words(line),
        actor_role(line),
        event_words(line.event),
        detail_words(line),
        line.subject,
        number,
        result_words(line),
    ]
    return [*told, line.number, line.event, *([line.address, line.agent] if traces else [])]


@at_desk
def check(request: HttpRequest, member: Member) -> HttpResponse:
    """「記録の改ざんを検査」: some streams a request; how far it is travels signed in the address, so nothing is kept of it."""
    so_far = _so_far(request, member)
    now = check_operations(member, so_far=so_far)
    context: dict[str, Any] = {
        "heading": _("操作記録の改ざんの検査"),
        "check": now,
        "result": _result(now),
        "next": "",
    }
    if now.after is not None:
        walk = signing.dumps({**asdict(now), "member": str(member.pk)}, salt=CHECK_SALT)
        context["next"] = f"{reverse('desk:ledger_check')}?{urlencode({'walk': walk})}"
    return show(request, member, "desk/ledger_check.html", context, section="ledger")


def _so_far(request: HttpRequest, member: Member) -> Check | None:
    """What an earlier request of this member's came to; a walk that is not ours begins anew."""
    try:
        told = signing.loads(request.GET.get("walk", ""), salt=CHECK_SALT, max_age=3600)
    except signing.BadSignature:
        return None
    return Check(told["streams"], told["entries"], told["after"]) if told["member"] == str(member.pk) else None


def _result(now: Check) -> dict[str, str]:
    if now.broken is not None:
        stream, number = now.broken
        envelope = now.broken_envelope
        own = _("組織の記録") if stream.startswith("organization:") else _("サービス全体の記録")
        where = f"{envelope.number} {envelope.name}" if envelope else own
        words = _("{where}の{number}番目の記録が、書き込まれたときの内容と一致しません。").format(where=where, number=number)
        return {"kind": "error", "title": _("改ざんまたは破損が見つかりました"), "text": words}
    counted = _("{streams}系列を、それぞれ最初の記録から計算し直しました。").format(streams=f"{now.streams:,}")
    if now.after is not None:
        return {
            "kind": "info",
            "title": _("検査しています（{entries}件まで改ざんなし）").format(entries=f"{now.entries:,}"),
            "text": counted,
        }
    return {"kind": "success", "title": _("1–{entries}件 改ざんなし").format(entries=f"{now.entries:,}"), "text": counted}
