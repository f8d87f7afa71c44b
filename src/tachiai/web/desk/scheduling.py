"""送信予約: a draft that is to be sent at a moment in Japan, and changing or dropping that."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping
from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tachiai import clock
from tachiai.accounts.models import Member
from tachiai.clock import JAPAN, today
from tachiai.envelopes.access import managed_envelope
from tachiai.envelopes.approving_rounds import held_approval
from tachiai.envelopes.models import Envelope
from tachiai.envelopes.scheduling import FARTHEST_DAYS, cancel_schedule, schedule_sending
from tachiai.envelopes.states import EnvelopeState
from tachiai.errors import Refusal
from tachiai.web.desk.dates import DateField
from tachiai.web.desk.doors import at_desk, show
from tachiai.web.problems import sentence
from tachiai.web.templatetags.look import jst

USUAL_HOUR = 9
QUARTERS = ("00", "15", "30", "45")


class ScheduleForm(forms.Form):
    """A day and a quarter of an hour, in Japan."""

    day = DateField(label=gettext_lazy("送信する日"))
    hour = forms.ChoiceField(label=gettext_lazy("時"), choices=[(str(one), str(one)) for one in range(24)])
    minute = forms.ChoiceField(label=gettext_lazy("分"), choices=[(one, one) for one in QUARTERS])

    def moment(self) -> datetime:
        """The instant that was chosen."""
        given = self.cleaned_data
        return datetime.combine(given["day"], time(int(given["hour"]), int(given["minute"])), JAPAN)


def schedule_form(data: Any, envelope: Envelope, *, at: datetime, typed: Mapping[str, Any] | None = None) -> ScheduleForm:
    """What stands in it at first: what was ``typed`` and kept, what was chosen before, otherwise tomorrow morning."""
    usual = datetime.combine(today(at) + timedelta(days=1), time(USUAL_HOUR), JAPAN)
    before = (envelope.send_at or usual).astimezone(JAPAN)
    quarter = f"{before.minute // 15 * 15:02}"
    usual_words = {"day": before.date(), "hour": str(before.hour), "minute": quarter}
    return ScheduleForm(data, initial={**usual_words, **(typed or {})})


def take_schedule(
    form: ScheduleForm,
    envelope: Envelope,
    *,
    by: Member,
    at: datetime,
    acknowledged: Collection[str] | None = None,
    route: uuid.UUID | None = None,
) -> Refusal | None:
    """Schedule as the form says. What is wrong with the moment stands in the form then; any other refusal is given back."""
    if not form.is_valid():
        return None
    try:
        schedule_sending(envelope, send_at=form.moment(), by=by, at=at, acknowledged=acknowledged, route=route)
    except Refusal as refusal:
        if not refusal.code.startswith("schedule."):
            return refusal
        form.add_error("day", sentence(refusal.code, refusal.facts))
    return None


@at_desk
def schedule(request: HttpRequest, member: Member, pk: uuid.UUID) -> HttpResponse:
    """Another moment, or none: an ordinary draft again."""
    envelope = managed_envelope(member, pk)
    if envelope.state != EnvelopeState.DRAFT or envelope.send_at is None:
        return redirect("desk:envelope", pk)
    at = clock.now()
    if request.method == "POST" and request.POST.get("act") == "cancel":
        cancel_schedule(envelope, by=member, at=at)
        messages.success(request, _("送信の予約を取り消しました。下書きに戻っています。"))
        return redirect("desk:review", pk)
    form = schedule_form(request.POST if request.method == "POST" else None, envelope, at=at)
    if request.method == "POST":
        refusal = take_schedule(form, envelope, by=member, at=at)
        if refusal is not None:
            form.add_error(None, sentence(refusal.code, refusal.facts))
        elif form.is_valid():
            messages.success(request, _("{when} に送信します。").format(when=jst(envelope.send_at)))
            return redirect("desk:envelope", pk)
    context = {
        "heading": _("送信の予約を変更する"),
        "envelope": envelope,
        "form": form,
        "farthest": FARTHEST_DAYS,
        "asked_later": held_approval(envelope),
    }
    return show(request, member, "desk/schedule.html", context, section="envelopes", status=422 if form.errors else 200)
