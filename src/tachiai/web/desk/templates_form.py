"""P-11's form: what a template is called, who is asked what, and where on its files somebody signs; all of it in one save."""

from __future__ import annotations

import unicodedata
import uuid
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from tachiai.accounts.languages import Language
from tachiai.envelopes.drafting import LONGEST_DEADLINE_DAYS
from tachiai.envelopes.field_models import FieldKind
from tachiai.envelopes.models import Gate, Kind, Proof, Side
from tachiai.envelopes.placing import USUAL, Spot
from tachiai.envelopes.template_models import Template, TemplateFile
from tachiai.envelopes.templates import Content
from tachiai.envelopes.templates_shape import Role, roles_of, slots_of, spots_of
from tachiai.web.desk.recipients_form import ALL_PROOFS, GATE_WORDS, KIND_WORDS
from tachiai.web.filling import KIND_WORDS as FIELD_WORDS

ROWS = 8
NEW = "new"
LENGTHS = ("left", "top", "width", "height")
OPEN = {"theirs": Side.COUNTERPARTY, "ours": Side.OWN}


class TemplateForm(forms.Form):
    """Names, message and days."""

    name = forms.CharField(
        label=gettext_lazy("テンプレート名"),
        max_length=120,
        help_text=gettext_lazy("社内のみに表示されます。"),
        error_messages={"required": gettext_lazy("テンプレート名を入力してください。")},
    )
    envelope_name = forms.CharField(
        label=gettext_lazy("封筒名"),
        max_length=120,
        required=False,
        help_text=gettext_lazy("使うときに変更できます。空欄ならテンプレート名になります。"),
    )
    comment = forms.CharField(
        label=gettext_lazy("相手方へのコメント"),
        max_length=1000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("署名依頼のメールに入ります。使うときに変更できます。"),
    )
    deadline_days = forms.IntegerField(
        label=gettext_lazy("署名期限までの日数"),
        min_value=1,
        max_value=LONGEST_DEADLINE_DAYS,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
        error_messages=dict.fromkeys(("required", "invalid", "min_value", "max_value"), gettext_lazy("1〜90の数字を入力してください。")),
    )


class RoleForm(forms.Form):
    """One place. An empty ``who`` is no place."""

    who = forms.ChoiceField(label=gettext_lazy("宛先"), required=False)
    order = forms.IntegerField(
        label=gettext_lazy("順番"),
        min_value=1,
        max_value=99,
        required=False,
        error_messages=dict.fromkeys(("invalid", "min_value", "max_value"), gettext_lazy("1〜99の数字を入力してください。")),
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )
    kind = forms.ChoiceField(
        label=pgettext_lazy("recipient kind", "区分"), choices=[(one.value, words) for one, words in KIND_WORDS.items()], required=False
    )
    gate = forms.ChoiceField(label=gettext_lazy("認証"), choices=[(one.value, words) for one, words in GATE_WORDS.items()], required=False)
    proof = forms.ChoiceField(
        label=gettext_lazy("本人確認の方法"), choices=[(one.value, words) for one, words in ALL_PROOFS], required=False
    )
    language = forms.ChoiceField(label=gettext_lazy("言語"), choices=[("", gettext_lazy("登録どおり")), *Language.choices], required=False)
    any_one = forms.BooleanField(label=gettext_lazy("同じ順番の方のうち、いずれか1人でよい"), required=False)
    may_reassign = forms.BooleanField(label=gettext_lazy("署名者の変更を許可する"), required=False)
    no_copy = forms.BooleanField(label=gettext_lazy("完了通知を送らない"), required=False)
    papers = forms.MultipleChoiceField(
        label=gettext_lazy("送る文書（選ばなければすべて）"), required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, people: Sequence[tuple[str, Any]], papers: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        opened = [("", _("追加しない")), ("theirs", _("相手方（使うときに選ぶ）")), ("ours", _("自団体（使うときに選ぶ）"))]
        for name, choices in (("who", [*opened, *people]), ("papers", papers)):
            field = self.fields[name]
            if isinstance(field, forms.ChoiceField):
                field.choices = choices

    def role(self) -> Role | None:
        """What the row says; None for an empty one."""
        given = self.cleaned_data
        who = given.get("who")
        if not who:
            return None
        side = OPEN.get(who) or (Side.COUNTERPARTY if who.startswith("r:") else Side.OWN)
        return Role(
            given.get("order") or 1,
            side,
            kind=Kind(given["kind"] or Kind.SIGNER),
            any_one=given["any_one"],
            gate=Gate(given["gate"] or Gate.REGISTERED) if side == Side.COUNTERPARTY else Gate.REGISTERED,
            proof=Proof(given["proof"] or Proof.PLAIN),
            language=given["language"],
            may_reassign=given["may_reassign"],
            wants_copy=not given["no_copy"],
            fixed="" if who in OPEN else who,
            files=tuple(int(one) for one in given["papers"]),
        )


def role_forms(
    data: QueryDict | None, template: Template, *, people: Sequence[tuple[str, Any]], papers: Sequence[tuple[str, str]]
) -> list[RoleForm]:
    """A row for each place, and empty ones behind them."""
    standing = roles_of(template)
    count = max(ROWS, len(standing) + 2)
    initial = [_initial(role) for role in standing] + [{"order": len(standing) + 1}] * (count - len(standing))
    return [RoleForm(data, prefix=f"place-{row}", initial=said, people=people, papers=papers) for row, said in enumerate(initial)]


def _initial(role: Role) -> dict[str, Any]:
    said = {"who": role.fixed or ("theirs" if role.side == Side.COUNTERPARTY else "ours"), "order": role.order}
    said |= {name: str(getattr(role, name)) for name in ("kind", "gate", "proof", "language")}
    return {
        **said,
        "any_one": role.any_one,
        "may_reassign": role.may_reassign,
        "no_copy": not role.wants_copy,
        "papers": [str(one) for one in role.files],
    }


def content_of(form: TemplateForm, roles: Sequence[Role], fields: Mapping[uuid.UUID, Sequence[Spot]]) -> Content:
    given = form.cleaned_data
    return Content(given["name"], given["envelope_name"], given["comment"], given["deadline_days"], roles, fields)


# ---- input fields, by numbers in millimetres


def slot_words(template: Template) -> list[tuple[str, str]]:
    """Each slot with the places that sign in it: 「署名者1（相手方）」."""
    found: dict[int, str] = {}
    for role, slot in zip(roles_of(template), slots_of(roles_of(template)), strict=True):
        if slot is not None and slot not in found:
            side = _("相手方") if role.side == Side.COUNTERPARTY else _("自団体")
            found[slot] = _("署名者{number}（{side}）").format(number=slot, side=side)
    return [(str(slot), words) for slot, words in sorted(found.items())]


def field_rows(template: Template, files: Sequence[TemplateFile], data: QueryDict | None = None) -> list[dict[str, Any]]:
    """Every field as it stands, or as it was typed, and an empty row behind them."""
    rows = [_row(f"{file.position}-{at}", file.position, spot) for file in files for at, spot in enumerate(spots_of(file))]
    rows.append(
        {"key": NEW, "new": True, "file": str(files[0].position) if files else "", "kind": "", "slot": "", "page": "1", "required": True}
    )
    return [row | _typed(row["key"], data) for row in rows] if data is not None else rows


def _typed(key: str, data: QueryDict) -> dict[str, Any]:
    typed = {name: data.get(f"field-{key}-{name}", "") for name in ("file", "kind", "slot", "page", "guide", *LENGTHS)}
    return {**typed, "required": bool(data.get(f"field-{key}-required"))}


def _row(key: str, position: int, spot: Spot) -> dict[str, Any]:
    lengths = {name: f"{getattr(spot, name) / 10:g}" for name in LENGTHS}
    plain = {"slot": str(spot.slot), "kind": str(spot.kind), "page": str(spot.page), "required": spot.required, "guide": spot.guide}
    return {"key": key, "new": False, "file": str(position), **plain, **lengths}


FIELD_CHOICES = [(kind.value, words) for kind, words in FIELD_WORDS.items()]


class Unreadable(Exception):
    """Something that was typed is no number."""


def fields_typed(template: Template, files: Sequence[TemplateFile], data: QueryDict) -> dict[uuid.UUID, list[Spot]]:
    """The fields as the form says: those that stand and are not taken out, and the new one. Raises ``Unreadable``."""
    found: dict[uuid.UUID, list[Spot]] = {file.pk: [] for file in files}
    by_position = {str(file.position): file.pk for file in files}
    for row in field_rows(template, files):
        name = f"field-{row['key']}"
        kind, file = data.get(f"{name}-kind", ""), by_position.get(data.get(f"{name}-file", ""))
        if not kind or file is None or data.get(f"{name}-drop"):
            continue
        found[file].append(_spot(data, name, FieldKind(kind) if kind in FieldKind.values else FieldKind.SIGNATURE))
    return found


def _spot(data: QueryDict, name: str, kind: FieldKind) -> Spot:
    width, height = USUAL[kind]
    usual = {"left": 200, "top": 200, "width": width, "height": height}
    lengths = {one: _tenths(data.get(f"{name}-{one}", ""), usual[one]) for one in LENGTHS}
    return Spot(
        slot=_whole(data.get(f"{name}-slot", "")),
        kind=kind,
        page=_whole(data.get(f"{name}-page", "")),
        required=bool(data.get(f"{name}-required")),
        guide=data.get(f"{name}-guide", ""),
        **lengths,
    )


def _tenths(text: str, otherwise: int) -> int:
    plain = unicodedata.normalize("NFKC", text).strip().removesuffix("mm").strip()
    if not plain:
        return otherwise
    try:
        length = Decimal(plain)
    except InvalidOperation:
        raise Unreadable(text) from None
    if not length.is_finite() or not 0 <= length < 10_000:
        raise Unreadable(text)
    return round(length * 10)


def _whole(text: str) -> int:
    plain = unicodedata.normalize("NFKC", text).strip()
    return int(plain) if plain.isdecimal() and len(plain) < 6 else 0
