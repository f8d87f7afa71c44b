"""P-08: withdrawing, sending again, making anew."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tachiai import clock
from tachiai.accounts.models import Member
from tachiai.clock import today
from tachiai.envelopes.access import envelope_for, managed_envelope
from tachiai.envelopes.drafting import DEFAULT_DEADLINE_DAYS
from tachiai.envelopes.duplicating import duplicate_envelope
from tachiai.envelopes.models import Envelope, Recipient, Side
from tachiai.envelopes.reviving import cut_off, extend_envelope
from tachiai.envelopes.revoking import revoke_link
from tachiai.envelopes.sending import send_again
from tachiai.envelopes.states import EnvelopeState
from tachiai.envelopes.telling import told_of_end
from tachiai.envelopes.withdrawing import WITHDRAWABLE, withdraw_envelope
from tachiai.errors import Refusal
from tachiai.web.desk.dates import DateField
from tachiai.web.desk.doors import at_desk, show
from tachiai.web.problems import sentence

# Pressed twice within this time is pressed once: without scripts nothing else keeps a second press back.
ONE_PRESS = timedelta(seconds=10)


class WithdrawForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("理由"),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy("2文字以上1000文字以内。依頼済みの署名者へのお知らせにも書かれます。"),
        error_messages={"required": gettext_lazy("理由を2文字以上で入力してください。")},
    )
    understood = forms.BooleanField(
        label=gettext_lazy("取下げを行うと元に戻せないことを確認しました"),
        error_messages={"required": gettext_lazy("確認のうえ、チェックを入れてください。")},
    )


class DiscardForm(WithdrawForm):
    """A draft was seen by nobody: the reason is for our own records."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].help_text = _("2文字以上1000文字以内。操作記録に残ります。")
        self.fields["reason"].initial = _("作成を取りやめたため")
        self.fields["understood"].label = _("下書きを破棄すると元に戻せないことを確認しました")


@at_desk
def withdraw(request: HttpRequest, member: Member, pk: uuid.UUID) -> HttpResponse:
    envelope = managed_envelope(member, pk)
    if envelope.state not in WITHDRAWABLE:
        raise Refusal("envelope.moved", state=envelope.state)
    draft = envelope.state == EnvelopeState.DRAFT
    shape = DiscardForm if draft else WithdrawForm
    form = shape(request.POST) if request.method == "POST" else shape()
    if request.method == "POST" and form.is_valid():
        try:
            withdraw_envelope(envelope, reason=form.cleaned_data["reason"], by=member, at=clock.now())
        except Refusal as refusal:
            if not refusal.code.startswith("reason."):
                raise
            form.add_error("reason", sentence(refusal.code, refusal.facts))
        else:
            messages.success(request, _("下書きを破棄しました。") if draft else _("署名依頼を取り下げました。"))
            return redirect("desk:envelopes") if draft else redirect("desk:envelope", pk)
    context = {
        "heading": _("下書きを破棄する") if draft else _("署名依頼を取り下げる"),
        "envelope": envelope,
        "form": form,
        "draft": draft,
        "told": list(told_of_end(envelope)),
    }
    return show(request, member, "desk/withdraw.html", context, section="envelopes", status=422 if form.errors else 200)


class DeadlineForm(forms.Form):
    deadline = DateField(
        label=gettext_lazy("新しい署名期限"),
        help_text=gettext_lazy("この日の23時59分59秒（日本時間）まで署名できます。最長90日。"),
    )


@at_desk
def ask_again(request: HttpRequest, member: Member, pk: uuid.UUID, recipient: uuid.UUID) -> HttpResponse:
    envelope = managed_envelope(member, pk)
    person = _recipient(envelope, recipient)
    expired = envelope.state == EnvelopeState.EXPIRED
    at = clock.now()
    posted = request.POST if request.method == "POST" else None
    form = DeadlineForm(posted, initial={"deadline": today(at) + timedelta(days=DEFAULT_DEADLINE_DAYS)}) if expired else None
    if request.method == "POST" and (form is None or form.is_valid()):
        try:
            send_again(person, by=member, at=at, deadline=form.cleaned_data["deadline"] if form else None, spare=ONE_PRESS)
        except Refusal as refusal:
            if form is None or refusal.code != "deadline.out_of_range":
                raise
            form.add_error("deadline", sentence(refusal.code, refusal.facts))
        else:
            messages.success(request, _("{name} 様に再依頼しました。").format(name=person.name))
            return redirect("desk:envelope", pk)
    context = {
        "heading": _("署名を再依頼する"),
        "envelope": envelope,
        "person": person,
        "theirs": person.side == Side.COUNTERPARTY,
        "form": form,
    }
    return show(request, member, "desk/ask_again.html", context, section="envelopes", status=422 if form and form.errors else 200)


@at_desk
def extend(request: HttpRequest, member: Member, pk: uuid.UUID) -> HttpResponse:
    """Let an expired envelope go on: one new deadline, and everybody whom the old one cut off is asked again."""
    envelope = managed_envelope(member, pk)
    if envelope.state != EnvelopeState.EXPIRED:
        raise Refusal("envelope.moved", state=envelope.state)
    at = clock.now()
    posted = request.POST if request.method == "POST" else None
    form = DeadlineForm(posted, initial={"deadline": today(at) + timedelta(days=DEFAULT_DEADLINE_DAYS)})
    if request.method == "POST" and form.is_valid():
        try:
            asked = extend_envelope(envelope, deadline=form.cleaned_data["deadline"], by=member, at=at)
        except Refusal as refusal:
            if refusal.code != "deadline.out_of_range":
                raise
            form.add_error("deadline", sentence(refusal.code, refusal.facts))
        else:
            messages.success(request, _extended([person.name for person in asked]))
            return redirect("desk:envelope", pk)
    context = {
        "heading": _("期限を延ばして再開する"),
        "envelope": envelope,
        "people": list(cut_off(envelope)),
        "awaits": envelope.awaits_approval,
        "form": form,
    }
    return show(request, member, "desk/extend.html", context, section="envelopes", status=422 if form.errors else 200)


def _extended(names: list[str]) -> str:
    if not names:
        return _("新しい署名期限で再開しました。")
    people = _("、").join(_("{name} 様").format(name=name) for name in names)
    return _("新しい署名期限で再開し、{people}に再依頼しました。").format(people=people)


@at_desk
def revoke(request: HttpRequest, member: Member, pk: uuid.UUID, recipient: uuid.UUID) -> HttpResponse:
    """Close one person's link, after saying what that means."""
    envelope = managed_envelope(member, pk)
    person = _recipient(envelope, recipient)
    if request.method == "POST":
        revoke_link(person, by=member, at=clock.now())
        messages.success(request, _("{name} 様のリンクを無効にしました。").format(name=person.name))
        return redirect("desk:envelope", pk)
    context = {"heading": _("リンクを無効にする"), "envelope": envelope, "person": person}
    return show(request, member, "desk/revoke_link.html", context, section="envelopes")


def _recipient(envelope: Envelope, pk: uuid.UUID) -> Recipient:
    found = envelope.recipients.select_related("envelope__organization", "envelope__sender").filter(pk=pk).first()
    if found is None:
        raise Refusal("page.unknown")
    return found


@at_desk
def duplicate(request: HttpRequest, member: Member, pk: uuid.UUID) -> HttpResponse:
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    envelope = envelope_for(member, pk)
    fresh = duplicate_envelope(envelope, by=member, at=clock.now())
    messages.success(request, _("{number} を複製した下書きを作りました。内容を確認してください。").format(number=envelope.number))
    return redirect("desk:files", fresh.pk)
