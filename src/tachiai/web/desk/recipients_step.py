"""P-04 ②: who signs, chosen from approved registrations and from our own members who may, and in which order."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tachiai import clock
from tachiai.accounts.models import Member
from tachiai.counterparties.access import may_register
from tachiai.counterparties.models import Registration
from tachiai.counterparties.usable import usable_registrations
from tachiai.envelopes.candidates import own_signers
from tachiai.envelopes.drafting import name_recipients
from tachiai.envelopes.holding import signers_of
from tachiai.envelopes.models import Envelope, Proof, Side
from tachiai.errors import Refusal
from tachiai.web.desk.doors import at_desk, show
from tachiai.web.desk.wizard import draft_of, steps_of
from tachiai.web.problems import sentence

FURTHER = 3
ABOUT_PASSKEYS = ("proof.no_passkeys", "proof.not_for_own")
Choices = list[tuple[str, Any]]
THEIR_PROOFS = (
    (Proof.PLAIN, gettext_lazy("アクセスコード")),
    (Proof.TOTP, gettext_lazy("アクセスコード＋認証アプリ（TOTP）")),
    (Proof.PASSKEY, gettext_lazy("アクセスコード＋パスキー")),
)
OUR_PROOFS = (
    (Proof.PLAIN, gettext_lazy("職員ログイン")),
    (Proof.TOTP, gettext_lazy("職員ログイン＋認証アプリ（TOTP）")),
)
ALL_PROOFS = (
    (Proof.PLAIN, gettext_lazy("通常の方法")),
    (Proof.TOTP, gettext_lazy("認証アプリ（TOTP）を追加")),
    (Proof.PASSKEY, gettext_lazy("パスキーを追加（相手方のみ）")),
)


def _order(initial: int, *, required: bool = True) -> forms.IntegerField:
    words = gettext_lazy("1〜99の数字を入力してください。")
    return forms.IntegerField(
        label=gettext_lazy("順番"),
        min_value=1,
        max_value=99,
        initial=initial,
        required=required,
        error_messages=dict.fromkeys(("required", "invalid", "min_value", "max_value"), words),
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )


class RecipientsForm(forms.Form):
    """One counterparty and one of ours, and up to three more of either kind. Values are ``r:<registration>`` and ``m:<member>``."""

    counterparty = forms.ChoiceField(
        label=gettext_lazy("相手方の署名者"),
        help_text=gettext_lazy("届出の確認と承認が済んだ方から選びます。"),
        error_messages={"required": gettext_lazy("相手方の署名者を選択してください。")},
    )
    counterparty_order = _order(1)
    counterparty_proof = forms.TypedChoiceField(
        label=gettext_lazy("本人確認の方法"),
        choices=THEIR_PROOFS,
        coerce=Proof,
        empty_value=Proof.PLAIN,
        required=False,
        help_text=gettext_lazy("認証アプリとパスキーは、相手方が最初の署名のときに登録します。"),
    )
    own = forms.ChoiceField(
        label=gettext_lazy("当方の署名者"),
        help_text=gettext_lazy("署名権限のある職員から選びます。"),
        error_messages={"required": gettext_lazy("当方の署名者を選択してください。")},
    )
    own_order = _order(2)
    own_proof = forms.TypedChoiceField(
        label=gettext_lazy("本人確認の方法"), choices=OUR_PROOFS, coerce=Proof, empty_value=Proof.PLAIN, required=False
    )

    def __init__(self, *args: Any, theirs: Choices, ours: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        nobody = ("", _("選択してください"))
        self._choose("counterparty", [nobody, *theirs])
        self._choose("own", [nobody, *ours])
        everybody: Choices = [("", _("追加しない")), (_("相手方"), theirs), (_("当方"), ours)]
        for row in range(FURTHER):
            self.fields[f"more_{row}"] = forms.ChoiceField(label=_("署名者"), required=False)
            self._choose(f"more_{row}", everybody)
            self.fields[f"more_{row}_order"] = _order(1, required=False)
            self.fields[f"more_{row}_proof"] = forms.TypedChoiceField(
                label=_("本人確認の方法"), choices=ALL_PROOFS, coerce=Proof, empty_value=Proof.PLAIN, required=False
            )

    def _choose(self, name: str, choices: Choices) -> None:
        field = self.fields[name]
        if isinstance(field, forms.ChoiceField):
            field.choices = choices

    def places(self) -> list[tuple[int, str, Proof]]:
        """(order, who, proof) as chosen; the same person chosen twice stands twice, because a joint venture may need it."""
        given = self.cleaned_data
        names = ["counterparty", "own", *(f"more_{row}" for row in range(FURTHER))]
        return [(given[f"{name}_order"] or 1, given[name], given[f"{name}_proof"] or Proof.PLAIN) for name in names if given[name]]

    def further(self) -> list[tuple[forms.BoundField, forms.BoundField, forms.BoundField]]:
        return [(self[f"more_{row}"], self[f"more_{row}_order"], self[f"more_{row}_proof"]) for row in range(FURTHER)]


@at_desk
def recipients(request: HttpRequest, member: Member, pk: uuid.UUID) -> HttpResponse:
    envelope = draft_of(member, pk)
    if envelope is None:
        return redirect("desk:envelope", pk)
    registrations = usable_registrations(member.organization)
    members = own_signers(envelope.sender)
    theirs, ours = [(f"r:{one.pk}", _their_words(one)) for one in registrations], [(f"m:{one.pk}", _our_words(one)) for one in members]
    if request.method != "POST":
        form = RecipientsForm(theirs=theirs, ours=ours, initial=_chosen(envelope, theirs, ours))
        return _page(request, member, envelope, form, theirs=theirs, ours=ours)
    form = RecipientsForm(request.POST, theirs=theirs, ours=ours)
    if form.is_valid():
        known: dict[str, Registration | Member] = {f"r:{one.pk}": one for one in registrations} | {f"m:{one.pk}": one for one in members}
        try:
            places = form.places()
            chosen, proofs = [(order, known[who]) for order, who, _proof in places], [proof for _order, _who, proof in places]
            name_recipients(envelope, chosen, by=member, at=clock.now(), proofs=proofs)
            return redirect("desk:review", envelope.pk)
        except Refusal as refusal:
            for name in _at_fault(form, refusal.code):
                form.add_error(name, sentence(refusal.code, refusal.facts))
    return _page(request, member, envelope, form, theirs=theirs, ours=ours, status=422)


def _at_fault(form: RecipientsForm, code: str) -> list[str | None]:
    """The choices that a refusal is about, so that its words stand beside them; otherwise the form as a whole."""
    if code not in ABOUT_PASSKEYS:
        return [None]
    chosen = [name for name, value in form.cleaned_data.items() if name.endswith("_proof") and value == Proof.PASSKEY]
    return [*chosen] or [None]


def _chosen(envelope: Envelope, theirs: Choices, ours: Choices) -> dict[str, Any]:
    """What was chosen before; on a first visit the only possible choice, if there is only one."""
    places = sorted(signers_of(envelope), key=lambda one: one.position)
    if not places:
        return {"counterparty": theirs[0][0] if len(theirs) == 1 else "", "own": ours[0][0] if len(ours) == 1 else ""}
    values = [(f"r:{place.registration_id}" if place.side == Side.COUNTERPARTY else f"m:{place.member_id}", place) for place in places]
    initial: dict[str, Any] = {}
    rest = []
    for value, place in values:
        name = "counterparty" if place.side == Side.COUNTERPARTY else "own"
        if name in initial:
            rest.append((value, place))
        else:
            initial |= {name: value, f"{name}_order": place.order, f"{name}_proof": place.proof}
    for row, (value, place) in enumerate(rest[:FURTHER]):
        initial |= {f"more_{row}": value, f"more_{row}_order": place.order, f"more_{row}_proof": place.proof}
    return initial


def _their_words(registration: Registration) -> str:
    person = " ".join(part for part in (registration.counterparty.name, registration.title, registration.name) if part)
    method = _("書面（職員入力）") if registration.method == "paper" else _("オンライン（本人入力）")
    return _("{person} <{mail}>（届出方法：{method}）").format(person=person, mail=registration.mail, method=method)


def _our_words(member: Member) -> str:
    person = " ".join(part for part in (member.department, member.title, member.name) if part)
    return f"{person} <{member.mail}>"


def _page(
    request: HttpRequest,
    member: Member,
    envelope: Envelope,
    form: RecipientsForm,
    *,
    theirs: Choices,
    ours: Choices,
    status: int = 200,
) -> HttpResponse:
    context = {
        "heading": _("署名を依頼する"),
        "steps": steps_of(envelope),
        "step": 2,
        "envelope": envelope,
        "form": form,
        "has_theirs": bool(theirs),
        "has_ours": bool(ours),
        "has_more": any(form[f"more_{row}"].value() for row in range(FURTHER)),
        "may_register": may_register(member),
    }
    return show(request, member, "desk/recipients.html", context, section="envelopes", status=status)
