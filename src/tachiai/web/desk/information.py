"""文書情報 after sending: what is internal may be put right, with its history on record; and what an organization asks for (P-16)."""

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
from tachiai.accounts.rights import may_administer
from tachiai.archive import item_rules, items_of, set_item_rules
from tachiai.archive.describing import ALWAYS_ASKED
from tachiai.archive.items import IN_ORDER
from tachiai.envelopes.access import envelope_for
from tachiai.envelopes.describing import Amendment, amend_information, information_of, may_amend
from tachiai.envelopes.models import Envelope
from tachiai.errors import Refusal
from tachiai.web.desk.describing import FIELD_OF
from tachiai.web.desk.doors import at_desk, show
from tachiai.web.desk.information_form import InformationForm, information_said, item_rows
from tachiai.web.information_words import LABELS, kind_choices, kinds_written, rows_of
from tachiai.web.problems import sentence

BOXES = {"amount": ("amount_kind", "amount"), "renewal": ("renewal", "renewal_months")}


class AmendmentForm(InformationForm):
    """The same boxes without those of what the other side was shown."""

    def __init__(self, *args: Any, envelope: Envelope, **kwargs: Any) -> None:
        super().__init__(*args, organization=envelope.organization, **kwargs)
        self._known = items_of(envelope.pk)
        self._envelope = envelope
        self.open = [code for code in IN_ORDER if code not in envelope.shown_items]
        for code in envelope.shown_items:
            for name in BOXES.get(code, (code,)):
                self.fields.pop(name, None)
        del self.fields["shown"]

    def clean(self) -> dict[str, Any]:
        # What is not asked again stays as it is, so that everything is judged together.
        said = information_said(self._envelope, self._known)
        amount = {"amount": self._envelope.amount} if "amount" not in self.open else {}
        for name, value in {**said, **amount}.items():
            if name not in self.fields:
                self.cleaned_data[name] = value
        return super().clean()

    def amendment(self) -> Amendment:
        given = self.cleaned_data
        return Amendment(given["transaction_date"], given["counterparty"], given["amount"], self.items())


@at_desk
def information(request: HttpRequest, member: Member, pk: uuid.UUID) -> HttpResponse:
    envelope = envelope_for(member, pk)
    if not may_amend(member, envelope):
        raise Refusal("envelope.not_allowed")
    said = information_said(envelope, items_of(envelope.pk))
    form = AmendmentForm(request.POST if request.method == "POST" else None, initial=said, envelope=envelope)
    if request.method == "POST" and form.is_valid():
        try:
            amend_information(envelope, form.amendment(), by=member, at=clock.now())
        except Refusal as refusal:
            if not refusal.code.startswith("information."):
                raise
            form.add_error(_box_of(refusal, form), sentence(refusal.code, refusal.facts))
        else:
            messages.success(request, _("保存しました。"))
            return redirect("desk:envelope", envelope.pk)
    context = {
        "heading": _("文書情報を変更する"),
        "envelope": envelope,
        "form": form,
        "rows": item_rows(form, required=item_rules(envelope.organization).required, only=form.open),
        "fixed": rows_of([one for one in information_of(envelope) if one.shown]),
    }
    return show(request, member, "desk/information.html", context, section="envelopes", status=422 if form.errors else 200)


def _box_of(refusal: Refusal, form: forms.Form) -> str | None:
    name = FIELD_OF.get(refusal.code)
    return name if name in form.fields else None


class RulesForm(forms.Form):
    required = forms.MultipleChoiceField(
        label=gettext_lazy("送信までに入力を必須とする項目"),
        choices=[(code, LABELS[code]) for code in IN_ORDER if code not in ALWAYS_ASKED],
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("取引先・取引年月日・取引金額（記載なしを含む）は、設定にかかわらず必須です。"),
    )
    shown = forms.MultipleChoiceField(
        label=gettext_lazy("はじめから相手方に表示する項目"),
        choices=[(code, LABELS[code]) for code in IN_ORDER],
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("封筒ごとに、送信者が変更できます。すでに入力した封筒の表示は変わりません。"),
    )
    kinds = forms.CharField(
        label=gettext_lazy("文書の種類の選択肢"),
        widget=forms.Textarea(attrs={"rows": 10}),
        help_text=gettext_lazy("1行に1つ、50個まで。上から順に並びます。すでに入力した封筒の種類は変わりません。"),
        error_messages={"required": gettext_lazy("文書の種類を1つ以上入力してください。")},
    )

    def clean_kinds(self) -> list[str]:
        return kinds_written(self.cleaned_data["kinds"].splitlines())


@at_desk
def rules(request: HttpRequest, member: Member) -> HttpResponse:
    """P-16 文書情報の項目: what each envelope must say, and what the other side is usually shown."""
    if not may_administer(member):
        raise Refusal("member.not_allowed")
    held = item_rules(member.organization)
    said = {"required": held.required, "shown": held.shown, "kinds": "\n".join(words for _code, words in kind_choices(held.kinds))}
    form = RulesForm(request.POST if request.method == "POST" else None, initial=said)
    if request.method == "POST" and form.is_valid():
        try:
            set_item_rules(**form.cleaned_data, by=member, at=clock.now())
        except Refusal as refusal:
            form.add_error("kinds", sentence(refusal.code, refusal.facts))
        else:
            messages.success(request, _("保存しました。"))
            return redirect("desk:information_rules")
    context = {"heading": _("文書情報の項目"), "form": form}
    return show(request, member, "desk/information_rules.html", context, section="administration", status=422 if form.errors else 200)
