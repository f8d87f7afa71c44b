"""P-16's part of following up: handing a leaving clerk's envelopes over, and whether the clock reminds."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tachiai import clock
from tachiai.accounts.models import Member, Organization
from tachiai.administration.reminders import may_set_reminders, set_reminders
from tachiai.envelopes.handing_over import Handover, hand_over, may_hand_over, under_way
from tachiai.errors import Refusal
from tachiai.web.desk.doors import at_desk, show
from tachiai.web.problems import sentence


class HandoverForm(forms.Form):
    leaving = forms.ModelChoiceField(
        Member.objects.none(),
        label=gettext_lazy("引き継ぎ元（異動・退職する職員）"),
        empty_label=gettext_lazy("選択してください"),
        error_messages={"required": gettext_lazy("引き継ぎ元の職員を選択してください。")},
    )
    to = forms.ModelChoiceField(
        Member.objects.none(),
        label=gettext_lazy("引き継ぎ先"),
        help_text=gettext_lazy("今後のお知らせメールは、引き継ぎ先の職員に届きます。"),
        empty_label=gettext_lazy("選択してください"),
        error_messages={"required": gettext_lazy("引き継ぎ先の職員を選択してください。")},
    )

    def __init__(self, data: object, *, organization: Organization) -> None:
        super().__init__(data)  # type: ignore[arg-type]  # what a request was posted with
        people = Member.objects.filter(organization=organization).order_by("name", "mail")
        for name, shown, queryset in (("leaving", _with_count, people), ("to", _plainly, people.filter(is_active=True))):
            field = self.fields[name]
            assert isinstance(field, forms.ModelChoiceField)  # noqa: S101  # declared above
            field.queryset = queryset
            field.label_from_instance = shown  # type: ignore[method-assign, assignment]  # Django's way to word a choice


def _plainly(member: Member) -> str:
    return str(member)


def _with_count(member: Member) -> str:
    return _("{name}（進行中 {count}件）").format(name=member, count=under_way(member).count())


@at_desk
def handover(request: HttpRequest, member: Member) -> HttpResponse:
    if not may_hand_over(member):
        raise Refusal("envelope.not_allowed")
    posted = request.POST if request.method == "POST" else None
    form = HandoverForm(posted, organization=member.organization)
    if request.method == "POST" and form.is_valid():
        try:
            done = hand_over(form.cleaned_data["leaving"], to=form.cleaned_data["to"], by=member, at=clock.now())
        except Refusal as refusal:
            if not refusal.code.startswith("member."):
                raise
            form.add_error("to", sentence(refusal.code, refusal.facts))
        else:
            _tell(request, done)
            return redirect("desk:handover")
    context = {"heading": _("封筒の引き継ぎ"), "form": form}
    return show(request, member, "desk/handover.html", context, section="administration", status=422 if form.errors else 200)


def _tell(request: HttpRequest, done: Handover) -> None:
    messages.success(request, _("{count}件の封筒を引き継ぎました。").format(count=done.moved))
    if done.kept:
        numbers = _("、").join(done.kept)
        messages.warning(
            request, _("次の封筒は、引き継ぎ先が署名者であるなどの理由で引き継いでいません：{numbers}").format(numbers=numbers)
        )


class RemindersForm(forms.Form):
    on = forms.BooleanField(
        label=gettext_lazy("署名者と承認者に、自動で再通知する"),
        help_text=gettext_lazy(
            "署名期限の23日前、16日前、9日前、2日前に、署名していない方へ同じリンクのメールを送ります。依頼から5日間は送りません。"
            "承認を待たせている承認者とその代理には、平日の朝に1通、まとめてお知らせします。"
        ),
        required=False,
    )


@at_desk
def reminders(request: HttpRequest, member: Member) -> HttpResponse:
    if not may_set_reminders(member):
        raise Refusal("settings.not_allowed")
    form = RemindersForm(request.POST if request.method == "POST" else None, initial={"on": member.organization.reminds})
    if request.method == "POST" and form.is_valid():
        set_reminders(on=form.cleaned_data["on"], by=member, at=clock.now())
        messages.success(request, _("保存しました。"))
        return redirect("desk:reminders")
    context = {"heading": _("自動の再通知"), "form": form}
    return show(request, member, "desk/reminders.html", context, section="administration")
