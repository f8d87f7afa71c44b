"""P-16 承認ルート: the routes, one of them, and whether anything is sent without one."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tachiai import clock
from tachiai.accounts.models import Member
from tachiai.accounts.route_models import ApprovalRoute, Timing
from tachiai.administration.routes import LONGEST, MOST_STEPS, Step, approvers_of, end_route, routes_of, save_route, set_route_policy
from tachiai.errors import Refusal
from tachiai.web.desk.doors import at_desk, show
from tachiai.web.problems import sentence

SECTION = "administration"
TIMINGS = (
    (Timing.BEFORE.value, gettext_lazy("送信の前に承認する")),
    (Timing.AFTER.value, gettext_lazy("相手方の署名の後、当方の署名の前に承認する（依頼はすぐに送信されます）")),
)


class RouteForm(forms.Form):
    """The name, the timing and as many steps as the page shows; a step without approvers is left out."""

    name = forms.CharField(label=gettext_lazy("承認ルートの名前"), max_length=LONGEST, required=False)
    timing = forms.ChoiceField(
        label=gettext_lazy("承認の時期"), choices=TIMINGS, initial=Timing.BEFORE.value, widget=forms.RadioSelect, required=False
    )

    def __init__(self, data: Any, *, by: Member, shown: int, initial: dict[str, Any]) -> None:
        super().__init__(data, initial=initial)
        approvers = [
            (str(one.pk), f"{one.department}　{one.name}" if one.department else one.name) for one in approvers_of(by.organization)
        ]
        modes = [("all", _("全員の承認が必要")), ("any", _("いずれか1人の承認でよい"))]
        self._shown = shown
        for number in range(1, shown + 1):
            self.fields[f"approvers_{number}"] = forms.MultipleChoiceField(
                label=_("承認者"), choices=approvers, required=False, widget=forms.CheckboxSelectMultiple
            )
            self.fields[f"mode_{number}"] = forms.ChoiceField(
                label=_("2人以上を選んだとき"), choices=modes, initial="all", required=False, widget=forms.RadioSelect
            )

    def shown_steps(self) -> list[dict[str, Any]]:
        return [
            {"number": number, "approvers": self[f"approvers_{number}"], "mode": self[f"mode_{number}"]}
            for number in range(1, self._shown + 1)
        ]

    def steps(self) -> list[Step]:
        given = self.cleaned_data
        found = []
        for number in range(1, self._shown + 1):
            approvers = tuple(uuid.UUID(one) for one in given[f"approvers_{number}"])
            if approvers:
                found.append(Step(approvers, any_one=given[f"mode_{number}"] == "any"))
        return found


class PolicyForm(forms.Form):
    requires_route = forms.BooleanField(
        label=gettext_lazy("承認を受けていない封筒は送信できないようにする"),
        required=False,
    )
    default_route = forms.ChoiceField(label=gettext_lazy("はじめに選ばれる承認ルート"), choices=(), required=False)

    def __init__(self, *args: Any, by: Member, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        routes = [(str(one.pk), one.name) for one in routes_of(by)]
        self.fields["default_route"].choices = [("", _("なし")), *routes]  # type: ignore[attr-defined]


@at_desk
def routes(request: HttpRequest, member: Member) -> HttpResponse:
    """The list, and the policy below it."""
    found = list(routes_of(member))
    held = member.organization
    initial = {"requires_route": held.requires_route, "default_route": str(held.default_route_id or "")}
    form = PolicyForm(request.POST if request.method == "POST" else None, initial=initial, by=member)
    if request.method == "POST" and form.is_valid():
        chosen = form.cleaned_data["default_route"]
        try:
            set_route_policy(
                requires_route=form.cleaned_data["requires_route"],
                default_route=uuid.UUID(chosen) if chosen else None,
                by=member,
                at=clock.now(),
            )
        except Refusal as refusal:
            if refusal.code != "route.none":
                raise
            form.add_error("requires_route", sentence(refusal.code, refusal.facts))
        else:
            messages.success(request, _("保存しました。"))
            return redirect("desk:routes")
    context = {"heading": _("承認ルート"), "routes": [_told(one) for one in found], "form": form}
    return show(request, member, "desk/routes.html", context, section=SECTION, status=422 if form.errors else 200)


def _told(route: ApprovalRoute) -> dict[str, Any]:
    steps = [
        {"names": [one.name for one in step.approvers.all()], "any_one": step.any_one, "number": step.number} for step in route.steps.all()
    ]
    return {"route": route, "steps": steps, "later": route.timing == Timing.AFTER}


@at_desk
def route(request: HttpRequest, member: Member, pk: uuid.UUID | None = None) -> HttpResponse:
    """A new route or an existing one. ``act`` is ``save``, ``more`` (one step more on the page) or ``end``."""
    standing = routes_of(member)  # which says who may be here at all
    found = standing.filter(pk=pk).first() if pk else None
    if pk and found is None:
        raise Refusal("route.unknown")
    act = request.POST.get("act", "save")
    if request.method == "POST" and act == "end" and pk is not None:
        return _end(request, pk, member)
    shown = _shown(request, found, more=act == "more")
    form = RouteForm(request.POST if request.method == "POST" else None, by=member, shown=shown, initial=_initial(found))
    saved = request.method == "POST" and form.is_valid() and act == "save" and _save(request, form, pk, member)
    if saved:
        return redirect("desk:routes")
    context = {
        "heading": _("承認ルートを変更する") if found else _("承認ルートを追加する"),
        "form": form,
        "found": found,
        "shown": shown,
        "may_add": shown < MOST_STEPS,
        "no_approvers": not approvers_of(member.organization),
    }
    return show(request, member, "desk/route.html", context, section=SECTION, status=422 if form.is_bound and form.errors else 200)


def _shown(request: HttpRequest, found: ApprovalRoute | None, *, more: bool) -> int:
    given = request.POST.get("shown", "")
    number = int(given) if given.isdecimal() and len(given) < 3 else (len(found.steps.all()) if found else 2)
    return min(max(number + (1 if more else 0), 1), MOST_STEPS)


def _initial(found: ApprovalRoute | None) -> dict[str, Any]:
    if found is None:
        return {}
    told: dict[str, Any] = {"name": found.name, "timing": found.timing}
    for step in found.steps.all():
        told[f"approvers_{step.number}"] = [str(one.pk) for one in step.approvers.all()]
        told[f"mode_{step.number}"] = "any" if step.any_one else "all"
    return told


def _save(request: HttpRequest, form: RouteForm, pk: uuid.UUID | None, member: Member) -> bool:
    given = form.cleaned_data
    try:
        save_route(given["name"], form.steps(), timing=Timing(given["timing"] or Timing.BEFORE), route=pk, by=member, at=clock.now())
    except Refusal as refusal:
        if refusal.code not in ("route.nameless", "route.taken", "route.stepless", "route.unfit"):
            raise
        field = "name" if refusal.code in ("route.nameless", "route.taken") else "approvers_1"
        form.add_error(field, sentence(refusal.code, refusal.facts))
        return False
    messages.success(request, _("保存しました。"))
    return True


def _end(request: HttpRequest, pk: uuid.UUID, member: Member) -> HttpResponse:
    end_route(pk, by=member, at=clock.now())
    messages.success(request, _("承認ルートの利用を終了しました。進行中の承認は、そのまま続きます。"))
    return redirect("desk:routes")
