"""What placing fields on pages has in common, on a draft's documents and on a template's files: rows of numbers, typed and shown."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as each
from decimal import Decimal, InvalidOperation

from django.http import HttpRequest
from django.utils.translation import gettext as _

from tachiai.envelopes.field_models import Field, FieldKind
from tachiai.envelopes.placing import USUAL, Spot
from tachiai.envelopes.surveying import Sheet
from tachiai.errors import Refusal
from tachiai.web.filling import KIND_WORDS, scaled

Placed = Field | Spot
PARTIES = 6
STEP_DOWN, BELOW = 100, 20
LENGTHS = ("left", "top", "width", "height")


@dataclass
class Row:
    """One field in the list: as it stands, or as it was typed when that could not be kept. ``key`` names its boxes."""

    number: int
    key: str
    field: Placed
    party: int
    who: str
    typed: dict[str, str]
    errors: list[str] = each(default_factory=list)


class Unreadable(Exception):
    """Something that was typed is no number."""


def row_of(number: int, key: str, one: Placed, *, party: int, who: str, data: Mapping[str, str], errors: Sequence[str] = ()) -> Row:
    """``data`` is what was typed, where that could not be kept."""
    standing = {name: f"{getattr(one, name) / 10:g}" for name in LENGTHS} | {"page": str(one.page), "guide": one.guide}
    typed = {name: data.get(f"{name}-{key}", value) for name, value in standing.items()}
    return Row(number, key, one, party, who, typed, list(errors))


def party_of(slot: int, order: Sequence[int]) -> int:
    """The colour of a signer, and the number that says the same without colour."""
    return (order.index(slot) if slot in order else 0) % PARTIES + 1


def drawn_box(row: Row, sheet: Sheet, width: int) -> dict[str, object]:
    """A row's box on a picture of its page that is so many pixels wide."""
    label = f"{KIND_WORDS[FieldKind(row.field.kind)]} {row.who}"
    told = {"number": row.number, "party": row.party, "href": f"#field-{row.key}", "label": label, "filled": False}
    return scaled(row.field, width / sheet.width) | told


def unreadable_words() -> str:
    return _("位置と大きさを、0以上の数字（mm）で入力してください。")


# ---- what was typed and pressed


def typed_spot(request: HttpRequest, key: str, kind: str) -> Spot:
    """A row as the form says; ``kind`` where it says none. Raises ``Unreadable``."""

    def typed(name: str) -> str:
        return request.POST.get(f"{name}-{key}", "")

    chosen = FieldKind(typed("kind")) if typed("kind") in FieldKind.values else FieldKind(kind)
    left, top, width, height = (tenths_in(typed(name)) for name in LENGTHS)
    page, slot = number_or(typed("page"), 0), number_or(typed("slot"), 0)
    return Spot(slot, chosen, page, left, top, width, height, bool(typed("required")), typed("guide"))


def chosen_kind(request: HttpRequest) -> FieldKind:
    """Of a field that is to be added."""
    return FieldKind(request.POST["new-kind"]) if request.POST.get("new-kind") in FieldKind.values else FieldKind.SIGNATURE


def new_spot(request: HttpRequest, sheet: Sheet, taken: Iterable[Placed], *, page: int) -> Spot:
    """Where it was clicked, moved onto the page; without a click in the middle, below whatever is ``taken`` there already.

    Refuses with ``field.size`` for a click that is nowhere.
    """
    kind, slot = chosen_kind(request), number_or(request.POST.get("new-slot", ""), 0)
    width, height = USUAL[kind]
    if request.POST.get("new-left") and request.POST.get("new-top"):
        try:
            left, top = (tenths_in(request.POST[name]) for name in ("new-left", "new-top"))
        except Unreadable:
            raise Refusal("field.size") from None
        return Spot(slot, kind, page, max(0, min(left, sheet.width - width)), max(0, min(top, sheet.height - height)), width, height)
    spot = Spot(slot, kind, page, max(0, (sheet.width - width) // 2), sheet.height // 2, width, height)
    here = [one for one in taken if one.page == page]
    while any(abs(one.top - spot.top) < height and abs(one.left - spot.left) < width for one in here):
        if spot.top + STEP_DOWN + height > sheet.height:
            break
        spot = Spot(slot, kind, page, spot.left, spot.top + STEP_DOWN, width, height)
    return spot


def copy_below(spot: Spot, sheet: Sheet) -> Spot:
    """Once more, a little below, for the same signer."""
    top = min(spot.top + spot.height + BELOW, sheet.height - spot.height)
    return Spot(spot.slot, spot.kind, spot.page, spot.left, top, spot.width, spot.height, spot.required, spot.guide)


def tenths_in(text: str) -> int:
    """Millimetres as people type them, in tenths. Raises ``Unreadable``."""
    try:
        length = Decimal(unicodedata.normalize("NFKC", text).strip().removesuffix("mm").strip())
    except InvalidOperation:
        raise Unreadable(text) from None
    if not length.is_finite() or not 0 <= length < 10_000:
        raise Unreadable(text)
    return round(length * 10)


def number_or(text: str, otherwise: int) -> int:
    plain = unicodedata.normalize("NFKC", text).strip()
    return int(plain) if plain.isdecimal() and len(plain) < 6 else otherwise
