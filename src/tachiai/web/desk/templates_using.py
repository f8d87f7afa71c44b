"""P-11 「使う」: who fills the open places, and what the contract is; then straight to the check page."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tachiai import clock
from tachiai.accounts.models import Member
from tachiai.clock import today
from tachiai.counterparties.models import Registration
from tachiai.counterparties.usable import usable_registrations
from tachiai.envelopes.access import may_send
from tachiai.envelopes.addressing import Typed
from tachiai.envelopes.candidates import own_people, own_signers
from tachiai.envelopes.models import Kind, Side
from tachiai.envelopes.template_models import Template
from tachiai.envelopes.templates import files_of, template_for
from tachiai.envelopes.templates_shape import Role
from tachiai.envelopes.templates_using import Who, still_open, use_template
from tachiai.errors import Refusal
from tachiai.web.desk.describing import FIELD_OF, DescriptionForm, items_shown, said_of
from tachiai.web.desk.doors import at_desk, show
from tachiai.web.desk.people_words import our_words, their_words
from tachiai.web.desk.recipients_form import KIND_WORDS, MISSING, TYPED
from tachiai.web.problems import sentence


class PlaceForm(forms.Form):
    """Who fills one open place."""

    who = forms.ChoiceField(error_messages={"required": gettext_lazy("宛先を選択してください。")})
    organization = forms.CharField(label=gettext_lazy("組織名（届出のない方）"), max_length=200, required=False)
    title = forms.CharField(label=gettext_lazy("役職（届出のない方）"), max_length=100, required=False)
    name = forms.CharField(label=gettext_lazy("氏名（届出のない方）"), max_length=100, required=False)
    mail = forms.EmailField(
        label=gettext_lazy("メールアドレス（届出のない方）"),
        required=False,
        error_messages={"invalid": gettext_lazy("メールアドレスの形式で入力してください（例：name@example.jp）。")},
    )

    def __init__(self, data: Any, *, number: int, role: Role, known: dict[str, Who], sender: Member) -> None:
        choices = _choices(role, known, sender)
        only = choices[0][0] if len(choices) == 1 and role.side == Side.OWN else ""
        super().__init__(data, prefix=f"place-{number}", initial={"who": only})
        self.number, self.role, self.known = number, role, known
        typed = [(TYPED, _("届出のない方を入力する"))] if role.side == Side.COUNTERPARTY else []
        field = self.fields["who"]
        if isinstance(field, forms.ChoiceField):
            field.choices = [("", _("選択してください")), *choices, *typed]
        side = _("相手方") if role.side == Side.COUNTERPARTY else _("自団体")
        field.label = _("{order}番：{side}の{kind}").format(order=role.order, side=side, kind=KIND_WORDS[role.kind])

    @property
    def takes_typed(self) -> bool:
        return self.role.side == Side.COUNTERPARTY

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("who") == TYPED:
            for part, words in MISSING.items():
                if not given.get(part) and part not in self.errors:
                    self.add_error(part, words)
        return given

    def person(self) -> Who:
        """Who was chosen."""
        given = self.cleaned_data
        return self.known.get(given["who"]) or Typed(given["organization"], given["name"], given["mail"], given["title"])


def _choices(role: Role, known: dict[str, Who], sender: Member) -> list[tuple[str, str]]:
    if role.side == Side.COUNTERPARTY:
        return [(key, their_words(one)) for key, one in known.items() if isinstance(one, Registration)]
    signers = {one.pk for one in own_signers(sender)}
    ours = [(key, one) for key, one in known.items() if isinstance(one, Member)]
    return [(key, our_words(one)) for key, one in ours if role.kind != Kind.SIGNER or one.pk in signers]


@at_desk
def use(request: HttpRequest, member: Member, pk: uuid.UUID) -> HttpResponse:
    template = template_for(member, pk)
    if not may_send(member):
        raise Refusal("envelope.not_allowed")
    if template.archived_at is not None:
        raise Refusal("template.archived")
    data = request.POST if request.method == "POST" else None
    known: dict[str, Who] = {f"r:{one.pk}": one for one in usable_registrations(member.organization)}
    known |= {f"m:{one.pk}": one for one in own_people(member)}
    places = [PlaceForm(data, number=number, role=role, known=known, sender=member) for number, role in still_open(template, by=member)]
    form = _description(data, template, places)
    if data is not None and all([form.is_valid(), *(place.is_valid() for place in places)]):
        used = _used(request, member, template, places, form)
        if used is not None:
            return used
    return _page(request, member, template, places, form)


def _description(data: Any, template: Template, places: list[PlaceForm]) -> DescriptionForm:
    """The template's own words; a counterparty that nobody has named is the first one that was chosen."""
    if data is None:
        at = clock.now()
        deadline = today(at) + timedelta(days=template.deadline_days)
        own = {"name": template.envelope_name or template.name, "comment": template.comment, "deadline": deadline}
        return DescriptionForm(
            organization=template.organization, initial={**said_of(None, organization=template.organization, at=at), **own}
        )
    given = data.copy()
    theirs = next((place for place in places if place.takes_typed and place.is_valid()), None)
    if theirs is not None and not given.get("counterparty", "").strip():
        who = theirs.person()
        given["counterparty"] = (
            who.counterparty.name if isinstance(who, Registration) else who.organization if isinstance(who, Typed) else ""
        )
    return DescriptionForm(given, organization=template.organization)


def _used(request: HttpRequest, member: Member, template: Template, places: list[PlaceForm], form: DescriptionForm) -> HttpResponse | None:
    """On to the check page; None when the form says why not."""
    chosen = {place.number: place.person() for place in places}
    try:
        used = use_template(template, chosen, form.description(), by=member, at=clock.now())
    except Refusal as refusal:
        form.add_error(FIELD_OF.get(refusal.code), sentence(refusal.code, refusal.facts))
        return None
    if used.held:
        messages.warning(request, _("確認が必要なファイルがあります。ファイルを確認してから、宛先へ進んでください。"))
        return redirect("desk:files", used.envelope.pk)
    if used.unplaced:
        words = _("入力項目{count}件は、文書のページに収まらないため置いていません。入力位置を確認してください。")
        messages.warning(request, words.format(count=used.unplaced))
    return redirect("desk:review", used.envelope.pk)


def _page(request: HttpRequest, member: Member, template: Template, places: list[PlaceForm], form: DescriptionForm) -> HttpResponse:
    errors = [
        {"href": f"#{place[name].auto_id}", "text": str(text)}
        for place in places
        for name, texts in place.errors.items()
        if name in place.fields
        for text in texts
    ]
    form.fields["counterparty"].help_text = _("空欄なら、選んだ相手方の名称になります。")
    context = {
        "heading": _("テンプレートを使う"),
        "template": template,
        "files": files_of(template),
        "places": places,
        "form": form,
        "page_errors": errors,
        **items_shown(form, member.organization),
    }
    return show(request, member, "desk/template_use.html", context, section="templates", status=422 if errors or form.errors else 200)
