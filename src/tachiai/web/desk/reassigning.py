"""P-08: the sender names somebody else in the place of one who has not answered yet; again, if need be."""

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
from tachiai.counterparties.models import Registration
from tachiai.counterparties.usable import usable_registrations
from tachiai.envelopes.access import managed_envelope
from tachiai.envelopes.addressing import Typed
from tachiai.envelopes.candidates import own_signers
from tachiai.envelopes.models import Envelope, Recipient, Side
from tachiai.envelopes.reassigning import BY_SENDER, reassign
from tachiai.envelopes.states import EnvelopeState
from tachiai.errors import Refusal
from tachiai.web.desk.doors import at_desk, show
from tachiai.web.desk.people_words import our_words, their_words
from tachiai.web.problems import sentence

TYPED = "typed"
# Whose words stand beside which input.
BESIDE = {"recipient.mail_malformed": "mail", "recipient.nameless": "name", "reassign.same_person": "who", "reassign.proof": "who"}


class ChangeForm(forms.Form):
    """Who is to be asked: one who is registered (or one of ours), or a counterparty typed in."""

    who = forms.ChoiceField(label=gettext_lazy("変更先"), error_messages={"required": gettext_lazy("変更先を選択してください。")})
    organization = forms.CharField(label=gettext_lazy("組織名"), max_length=200, required=False)
    title = forms.CharField(label=gettext_lazy("役職"), max_length=100, required=False)
    name = forms.CharField(label=gettext_lazy("氏名"), max_length=100, required=False)
    mail = forms.CharField(label=gettext_lazy("メールアドレス"), max_length=254, required=False)
    reason = forms.CharField(
        label=gettext_lazy("理由"),
        max_length=1000,
        required=False,
        help_text=gettext_lazy("操作記録に残ります。"),
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, *args: Any, choices: list[tuple[str, str]], theirs: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        who = self.fields["who"]
        if isinstance(who, forms.ChoiceField):
            typed = [(TYPED, _("届出のない方を入力する"))] if theirs else []
            who.choices = [("", _("選択してください")), *choices, *typed]


@at_desk
def change_signer(request: HttpRequest, member: Member, pk: uuid.UUID, recipient: uuid.UUID) -> HttpResponse:
    """署名者変更 by the sender: a new link to the new one, the old link dead."""
    envelope = managed_envelope(member, pk)
    person = envelope.recipients.select_related("envelope__organization", "envelope__sender").filter(pk=recipient).first()
    if person is None:
        raise Refusal("page.unknown")
    if envelope.state != EnvelopeState.IN_PROGRESS or person.state not in BY_SENDER:
        raise Refusal("recipient.not_asked", state=person.state)
    theirs = person.side == Side.COUNTERPARTY
    known = _known(envelope, theirs=theirs)
    choices = [(str(one.pk), their_words(one) if isinstance(one, Registration) else our_words(one)) for one in known.values()]
    form = ChangeForm(request.POST if request.method == "POST" else None, choices=choices, theirs=theirs)
    if request.method == "POST" and form.is_valid():
        try:
            fresh = _reassign(person, form, known, by=member)
        except Refusal as refusal:
            form.add_error(BESIDE.get(refusal.code), sentence(refusal.code, refusal.facts))
        else:
            messages.success(request, _("{name} 様に依頼しました。").format(name=fresh.name))
            return redirect("desk:envelope", pk)
    context = {"heading": _("署名者を変更する"), "envelope": envelope, "person": person, "form": form, "theirs": theirs}
    return show(request, member, "desk/change_signer.html", context, section="envelopes", status=422 if form.errors else 200)


def _known(envelope: Envelope, *, theirs: bool) -> dict[str, Registration | Member]:
    found: list[Registration] | list[Member]
    found = usable_registrations(envelope.organization) if theirs else own_signers(envelope.sender)
    return {str(one.pk): one for one in found}


def _reassign(person: Recipient, form: ChangeForm, known: dict[str, Registration | Member], *, by: Member) -> Recipient:
    told = form.cleaned_data
    typed = Typed(told["organization"], told["name"], told["mail"].strip(), told["title"])
    return reassign(person, known.get(told["who"], typed), by=by, at=clock.now(), reason=told["reason"])
