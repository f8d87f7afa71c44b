"""What a file is taken away for: asked of an auditor before each download, and kept with the entry about it."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tachiai.accounts.models import Member
from tachiai.envelopes.access import LONGEST_REASON, SHORTEST_REASON, envelope_for, needs_reason
from tachiai.envelopes.models import Envelope
from tachiai.web.desk.doors import show


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("ダウンロードの理由"),
        min_length=SHORTEST_REASON,
        max_length=LONGEST_REASON,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("操作記録に残ります。例：令和8年度 定期監査"),
        error_messages={
            "required": gettext_lazy("理由を2文字以上で入力してください。"),
            "min_length": gettext_lazy("理由を2文字以上で入力してください。"),
        },
    )


def accounted(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """A download of one envelope: given ``reason``, which an auditor is asked for on a page of its own at the same address."""

    @wraps(view)
    def asked(request: HttpRequest, member: Member, pk: uuid.UUID, **kwargs: Any) -> HttpResponseBase:
        reason = ask_reason(request, member, [envelope_for(member, pk)] if needs_reason(member) else [])
        return reason if isinstance(reason, HttpResponse) else view(request, member, pk, **kwargs, reason=reason)

    return asked


def ask_reason(request: HttpRequest, member: Member, envelopes: Sequence[Envelope]) -> str | HttpResponse:
    """What the files of ``envelopes`` are taken away for; or the page that asks, at the same address. Empty where nobody has to say."""
    if not needs_reason(member):
        return ""
    form = ReasonForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        return str(form.cleaned_data["reason"])
    context = {"heading": _("ダウンロードの理由を入力する"), "form": form, "envelopes": envelopes}
    if len(envelopes) == 1:
        context["envelope"] = envelopes[0]
    return show(request, member, "desk/reason.html", context, section="envelopes", status=422 if form.errors else 200)
