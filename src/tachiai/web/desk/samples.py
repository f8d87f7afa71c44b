"""監査用の抽出: contracts drawn by lot from a search, their evidence and the one report over them."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import date
from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect
from django.utils.http import content_disposition_header
from django.utils.translation import get_language, gettext_lazy, pgettext
from django.utils.translation import gettext as _

from tachiai import clock
from tachiai.accounts.models import Member
from tachiai.archive.finding import found_records
from tachiai.archive.items import NEVER_RENEWED
from tachiai.archive.models import FileKind, Sample, SampleItem
from tachiai.archive.samples import LARGEST, draw_sample, may_sample, sample_for, samples_for, take_report
from tachiai.archive.samples_zip import zip_sample
from tachiai.errors import Refusal
from tachiai.web.desk.documents import SearchForm
from tachiai.web.desk.doors import at_desk, show
from tachiai.web.desk.files import SANDBOX, attachment
from tachiai.web.information_words import KIND_WORDS
from tachiai.web.problems import sentence
from tachiai.web.templatetags.look import day, yen
from tachiai.work.models import TaskState

PER_PAGE = 30
REFRESH_SECONDS = 2
USUAL = 20


class SizeForm(forms.Form):
    size = forms.IntegerField(
        label=gettext_lazy("抽出する件数"),
        min_value=1,
        max_value=LARGEST,
        initial=USUAL,
        help_text=gettext_lazy("1〜100件。対象がこれより少ないときは、すべてを抽出します。"),
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
        error_messages={
            "required": gettext_lazy("件数を入力してください。"),
            "invalid": gettext_lazy("件数を数字で入力してください。"),
            "min_value": gettext_lazy("1以上の件数を入力してください。"),
            "max_value": gettext_lazy("100以下の件数を入力してください。"),
        },
    )


@at_desk
def samples(request: HttpRequest, member: Member) -> HttpResponse:
    page = Paginator(samples_for(_auditor(member)), PER_PAGE).get_page(request.GET.get("page"))
    rows = [{"sample": one, "state": state_of(one), "size": len(one.items.all())} for one in page.object_list]
    return show(request, member, "desk/samples.html", {"heading": _("監査用の抽出"), "page_obj": page, "rows": rows}, section="documents")


@at_desk
def new(request: HttpRequest, member: Member) -> HttpResponse:
    """How many, out of what a search found; the search stays in the address."""
    search, form = SearchForm(request.GET, organization=member.organization), SizeForm(request.POST or None)
    auditor = _auditor(member)
    if not search.is_valid():
        return redirect("desk:documents")
    if request.method == "POST" and form.is_valid():
        try:
            return _drawn(request, search, form.cleaned_data["size"], by=auditor)
        except Refusal as refusal:
            form.add_error(None, sentence(refusal.code, refusal.facts))
    context = {
        "heading": _("監査用に抽出"),
        "form": form,
        "conditions": _conditions(search),
        "population": found_records(auditor, search.wanted()).count(),
        "query": request.GET.urlencode(),
    }
    return show(request, member, "desk/sample_new.html", context, section="documents", status=422 if form.errors else 200)


def _drawn(request: HttpRequest, search: SearchForm, size: int, *, by: Member) -> HttpResponse:
    language = "en" if get_language() == "en" else "ja"
    sample = draw_sample(search.wanted(), size=size, conditions=_conditions(search), language=language, by=by, at=clock.now())
    messages.success(request, _("抽出しました。証拠一式と報告書を作成しています。"))
    return redirect("desk:sample", sample.pk)


def _conditions(search: SearchForm) -> list[tuple[str, str]]:
    """The search as the page showed it: label and value, what was not asked for left out."""
    asked = [(name, value) for name, value in search.cleaned_data.items() if value not in (None, "", False)]
    return [(str(search.fields[name].label), _shown(name, value)) for name, value in asked]


def _shown(name: str, value: Any) -> str:
    if isinstance(value, date):
        return str(day(value))
    if name == "kind":
        return str(KIND_WORDS.get(value, value))
    if name == "renewal":
        return _("なし") if value == NEVER_RENEWED else _("あり")
    if name.startswith("amount"):
        return str(yen(value))
    return _("はい") if value is True else str(value)


@at_desk
def sample(request: HttpRequest, member: Member, pk: uuid.UUID) -> HttpResponse:
    found = sample_for(member, pk)
    items, state = list(found.items.all()), state_of(found)
    done = sum(item.sound is not None for item in items)
    context = {
        "heading": pgettext("one of them", "監査用の抽出"),
        "sample": found,
        "items": [{"item": item, "files": _files(item)} for item in items],
        "state": state,
        "done": done,
        "size": len(items),
        "unsound": sum(item.sound is False for item in items),
        "bundles": sum(item.bundle_id is not None for item in items),
        "seed": bytes(found.seed).hex(),
        "population_sha256": bytes(found.population_sha256).hex(),
        "report_sha256": bytes(found.report_sha256 or b"").hex(),
        "refresh": REFRESH_SECONDS if state == "gathering" else 0,
        "fingerprint": f"{state} {done}",
    }
    return show(request, member, "desk/sample.html", context, section="documents")


def _files(item: SampleItem) -> list[dict[str, Any]]:
    told = [one for one in item.judged if "sha256" in one]
    return [{**one, "name": _("締結証明書") if one.get("kind") == FileKind.CERTIFICATE else one["name"]} for one in told]


def state_of(found: Sample) -> str:
    """gathering, stuck (somebody has to look) or done."""
    if found.report_id is not None:
        return "done"
    return "stuck" if found.task.state == TaskState.STUCK else "gathering"


@at_desk
def report(request: HttpRequest, member: Member, pk: uuid.UUID) -> HttpResponse:
    found = sample_for(member, pk)
    pdf = take_report(found, by=member, at=clock.now())
    return attachment(f"audit-{clock.today(found.drawn_at):%Y%m%d}-{str(pk)[:8]}.pdf", pdf, kind="application/pdf")


@at_desk
def bundles(request: HttpRequest, member: Member, pk: uuid.UUID) -> StreamingHttpResponse:
    """Report, list and every bundle in one ZIP, one bundle at a time in memory."""
    found = sample_for(member, pk)
    pieces: Iterator[bytes] = zip_sample(found, by=member, at=clock.now())
    response = StreamingHttpResponse(pieces, content_type="application/zip")
    name = f"audit-{clock.today(found.drawn_at):%Y%m%d}-{str(pk)[:8]}.zip"
    response.headers["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name) or "attachment"
    response.headers["Content-Security-Policy"] = SANDBOX
    return response


def _auditor(member: Member) -> Member:
    if not may_sample(member):
        raise Refusal("sample.not_allowed")
    return member
