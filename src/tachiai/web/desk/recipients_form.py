"""The form of P-04 ②: a row for each person, with what is usual outside and everything else folded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from tachiai.accounts.languages import Language
from tachiai.accounts.models import Member
from tachiai.counterparties.models import Registration
from tachiai.envelopes.addressing import Place, Typed
from tachiai.envelopes.models import Document, Gate, Kind, Proof
from tachiai.web.desk.dates import DateField

TYPED = "typed"
NOBODY = "nobody"
MOST_FURTHER = 28  # thirty people at most, with the first two
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
    """One counterparty and one of ours, and ``further`` more of either kind.

    Values are ``r:<registration>``, ``m:<member>``, ``typed`` for a counterparty who is typed in, and ``nobody`` where none of ours signs.
    """

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
        help_text=gettext_lazy(
            "署名権限のある職員から選びます。請書や誓約書など、相手方だけが署名する文書では「当方は署名しない」を選びます。"
        ),
        error_messages={"required": gettext_lazy("当方の署名者を選択してください。")},
    )
    own_order = _order(2)
    own_proof = forms.TypedChoiceField(
        label=gettext_lazy("本人確認の方法"), choices=OUR_PROOFS, coerce=Proof, empty_value=Proof.PLAIN, required=False
    )

    def __init__(
        self,
        *args: Any,
        theirs: Choices,
        ours: Choices,
        documents: Sequence[Document] = (),
        approver: str = "",
        further: int = 0,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.names = names_of(further)
        nobody, typed = ("", _("選択してください")), (TYPED, _("届出のない方を入力する"))
        self._choose("counterparty", [nobody, *theirs, typed])
        self._choose("own", [nobody, *ours, (NOBODY, _("当方は署名しない"))])
        everybody: Choices = [("", _("追加しない")), (_("相手方"), [*theirs, typed]), (_("当方"), ours)]
        for row, name in enumerate(self.names[2:], start=3):
            self.fields[name] = forms.ChoiceField(label=_("{number}人目の宛先").format(number=row), required=False)
            self._choose(name, everybody)
            self.fields[f"{name}_order"] = _order(1, required=False)
            self.fields[f"{name}_proof"] = forms.TypedChoiceField(
                label=_("本人確認の方法"), choices=ALL_PROOFS, coerce=Proof, empty_value=Proof.PLAIN, required=False
            )
        for name in self.names:
            self.fields.update({f"{name}_{part}": field for part, field in _details(documents, approver).items()})

    def _choose(self, name: str, choices: Choices) -> None:
        field = self.fields[name]
        if isinstance(field, forms.ChoiceField):
            field.choices = choices

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        for name in self.names:
            if given.get(name) == TYPED:
                for part, words in MISSING.items():
                    if not given.get(f"{name}_{part}") and f"{name}_{part}" not in self.errors:
                        self.add_error(f"{name}_{part}", words)
        return given

    def chosen(self) -> list[str]:
        """The rows in which somebody is named, in the order of the page."""
        return [name for name in self.names if self.cleaned_data.get(name) not in (None, "", NOBODY)]

    def places(self, known: Mapping[str, Registration | Member], documents: Mapping[str, Document]) -> list[Place]:
        """Everybody as chosen; the same person chosen twice stands twice, because a joint venture may need it."""
        return [self._place(name, known, documents) for name in self.chosen()]

    def _place(self, name: str, known: Mapping[str, Registration | Member], documents: Mapping[str, Document]) -> Place:
        given = {part: self.cleaned_data.get(f"{name}_{part}") for part in ("order", "proof", *PARTS)}
        typed = Typed(given["organization"] or "", given["name"] or "", given["mail"] or "", given["title"] or "")
        who = known.get(self.cleaned_data[name], typed)
        usual = Gate.OTP if isinstance(who, Typed) else Gate.REGISTERED
        return Place(
            given["order"] or 1,
            who,
            kind=Kind(given["kind"] or Kind.SIGNER),
            any_one=bool(given["any_one"]),
            gate=Gate(given["gate"] or usual),
            proof=given["proof"] or Proof.PLAIN,
            language=given["language"] or "",
            deadline=given["deadline"],
            documents=[documents[key] for key in given["documents"] or ()],
            may_reassign=bool(given["may_reassign"]),
            wants_copy=not given["no_copy"],
        )

    def rows(self) -> list[dict[str, Any]]:
        """Every row as the template draws it."""
        return [self._row(name) for name in self.names]

    def _row(self, name: str) -> dict[str, Any]:
        details = {part: self[f"{name}_{part}"] for part in PARTS}
        folded = any(field.errors or (field.value() and part != "kind") for part, field in details.items() if part != "deadline")
        return {
            "name": name,
            "who": self[name],
            "order": self[f"{name}_order"],
            "proof": self[f"{name}_proof"],
            "own": name == "own",
            "open": folded or bool(details["deadline"].errors) or details["kind"].value() not in (None, "", "signer"),
            "name_field": details.pop("name"),
            **details,
        }


def names_of(further: int) -> tuple[str, ...]:
    """The rows of a form with so many further people."""
    return ("counterparty", "own", *(f"more_{row}" for row in range(min(further, MOST_FURTHER))))


def further_in(posted: Mapping[str, Any]) -> int:
    """How many further rows a form was posted with: the highest that is named in it."""
    named = (name.removeprefix("more_") for name in posted if name.startswith("more_"))
    numbers = [int(number) for number in named if number.isdecimal() and len(number) < 4]
    return min(max(numbers, default=-1) + 1, MOST_FURTHER)


PARTS = (
    *("kind", "any_one", "gate", "organization", "title", "name", "mail", "language", "deadline", "documents", "may_reassign", "no_copy"),
)
MISSING = {
    "organization": gettext_lazy("組織名を入力してください。"),
    "name": gettext_lazy("氏名を入力してください。"),
    "mail": gettext_lazy("メールアドレスを入力してください。"),
}


def _details(documents: Sequence[Document], approver: str) -> dict[str, forms.Field]:
    """What is usual for most: folded, and all of it may be left as it is. ``approver`` is what approvers are called."""
    kinds: list[tuple[str, Any]] = [(one.value, words) for one, words in KIND_WORDS.items()]
    kinds = [
        (value, _("{approver}（署名なし）").format(approver=approver) if value == Kind.APPROVER and approver else words)
        for value, words in kinds
    ]
    gates = [("", _("届出があればアクセスコード、なければ認証コード")), *((one.value, words) for one, words in GATE_WORDS.items())]
    papers = [(str(one.pk), one.name) for one in documents]
    return {
        "kind": forms.ChoiceField(label=pgettext("recipient kind", "区分"), choices=kinds, required=False),
        "any_one": forms.BooleanField(label=_("同じ順番の方のうち、いずれか1人でよい"), required=False),
        "gate": forms.ChoiceField(label=_("認証"), choices=gates, required=False),
        "organization": forms.CharField(label=_("組織名（届出のない方）"), max_length=200, required=False),
        "title": forms.CharField(label=_("役職（届出のない方）"), max_length=100, required=False),
        "name": forms.CharField(label=_("氏名（届出のない方）"), max_length=100, required=False),
        "mail": forms.EmailField(
            label=_("メールアドレス（届出のない方）"),
            required=False,
            error_messages={"invalid": _("メールアドレスの形式で入力してください（例：name@example.jp）。")},
        ),
        "language": forms.ChoiceField(label=_("言語"), choices=[("", _("登録どおり")), *Language.choices], required=False),
        "deadline": DateField(label=_("署名期限（封筒より早くする場合）"), required=False),
        "documents": forms.MultipleChoiceField(
            label=_("送る文書（選ばなければすべて）"), choices=papers, required=False, widget=forms.CheckboxSelectMultiple
        ),
        "may_reassign": forms.BooleanField(label=_("署名者の変更を許可する"), required=False),
        "no_copy": forms.BooleanField(label=_("完了通知を送らない"), required=False),
    }


KIND_WORDS = {
    Kind.SIGNER: gettext_lazy("署名者"),
    Kind.REVIEWER: gettext_lazy("確認者（署名なし）"),
    Kind.APPROVER: gettext_lazy("承認者（署名なし）"),
    Kind.COPY: gettext_lazy("受領者（締結後に写しを送付）"),
}
GATE_WORDS = {
    Gate.REGISTERED: gettext_lazy("届出のアクセスコード"),
    Gate.OTP: gettext_lazy("認証コードをメールで送る"),
    Gate.NONE: gettext_lazy("なし"),
}
