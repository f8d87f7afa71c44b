"""P-16 and P-17 代理設定: who stands in for whom, set by an admin or by the approver."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tachiai import clock
from tachiai.accounts.models import Member
from tachiai.accounts.rights import may_administer, may_approve
from tachiai.accounts.route_models import Deputyship
from tachiai.administration.deputies import deputyships_for, end_deputy, set_deputy
from tachiai.administration.routes import approvers_of
from tachiai.clock import today
from tachiai.errors import Refusal
from tachiai.web.desk.dates import DateField
from tachiai.web.desk.doors import at_desk, show
from tachiai.web.problems import sentence

# Which field of the form a refusal is about.
FIELDS = {
    "deputy.same": "deputy",
    "deputy.is_self": "deputy",
    "deputy.unfit": "deputy",
    "deputy.days_reversed": "ends",
    "deputy.over": "ends",
    "deputy.twice": "starts",
}


class DeputyForm(forms.Form):
    approver = forms.ChoiceField(
        label=gettext_lazy("承認者"), choices=(), error_messages={"required": gettext_lazy("承認者を選択してください。")}
    )
    deputy = forms.ChoiceField(
        label=gettext_lazy("代理"),
        choices=(),
        help_text=gettext_lazy("承認権限のある方から選びます。代理の方が送信者の封筒は、代理で承認できません。"),
        error_messages={"required": gettext_lazy("代理の方を選択してください。")},
    )
    starts = DateField(label=gettext_lazy("開始日"))
    ends = DateField(label=gettext_lazy("終了日"), help_text=gettext_lazy("この日の終わりまで代理できます（日本時間）。"))

    def __init__(self, data: Any, *, people: list[Member], approver: Member | None, at: datetime) -> None:
        super().__init__(data, initial={"starts": today(at)})
        choices = [(str(one.pk), f"{one.department}　{one.name}" if one.department else one.name) for one in people]
        if approver is not None:
            del self.fields["approver"]
        shown = [one for one in choices if approver is None or one[0] != str(approver.pk)]
        for name, told in (("approver", choices), ("deputy", shown)):
            if name in self.fields:
                self.fields[name].choices = [("", _("選択してください")), *told]  # type: ignore[attr-defined]


@at_desk
def deputies(request: HttpRequest, member: Member) -> HttpResponse:
    """Everybody's, for who administers them."""
    if not may_administer(member):
        raise Refusal("member.not_allowed")
    return _page(request, member, approver=None)


@at_desk
def my_deputy(request: HttpRequest, member: Member) -> HttpResponse:
    """An approver's own."""
    if not may_approve(member):
        raise Refusal("deputy.no_right")
    return _page(request, member, approver=member)


def _page(request: HttpRequest, member: Member, *, approver: Member | None) -> HttpResponse:
    at = clock.now()
    here = "desk:my_deputy" if approver is not None else "desk:deputies"
    if request.method == "POST" and request.POST.get("act") == "end":
        end_deputy(_key(request.POST.get("deputyship", "")), by=member, at=at)
        messages.success(request, _("代理の設定を終了しました。"))
        return redirect(here)
    people = approvers_of(member.organization)
    form = DeputyForm(request.POST if request.method == "POST" else None, people=people, approver=approver, at=at)
    if request.method == "POST" and form.is_valid() and _set(form, people, member, approver=approver, at=at):
        messages.success(request, _("代理を設定しました。"))
        return redirect(here)
    rows = deputyships_for(member, at=at)
    context = {
        "heading": _("代理設定"),
        "form": form,
        "own": approver is not None,
        "rows": [_told(one, at=at) for one in (rows.filter(approver=approver) if approver is not None else rows)],
        "nobody": len(people) < 2,
    }
    section = "" if approver is not None else "administration"
    return show(request, member, "desk/deputies.html", context, section=section, status=422 if form.errors else 200)


def _told(row: Deputyship, *, at: datetime) -> dict[str, Any]:
    return {"row": row, "now": row.starts <= today(at) <= row.ends}


def _set(form: DeputyForm, people: list[Member], member: Member, *, approver: Member | None, at: datetime) -> bool:
    known = {str(one.pk): one for one in people}
    given = form.cleaned_data
    try:
        set_deputy(
            approver or known[given["approver"]], known[given["deputy"]], starts=given["starts"], ends=given["ends"], by=member, at=at
        )
    except Refusal as refusal:
        if refusal.code not in FIELDS:
            raise
        form.add_error(FIELDS[refusal.code], sentence(refusal.code, refusal.facts))
        return False
    return True


def _key(typed: str) -> uuid.UUID:
    try:
        return uuid.UUID(typed)
    except ValueError as problem:
        raise Refusal("deputy.unknown") from problem
