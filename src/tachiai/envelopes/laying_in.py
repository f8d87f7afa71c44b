"""Fields laid into the file: what freezing is told, what is remembered of it, and how values are called in a consent."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence

from tachiai.crypto.fields import Place, Slot, ValueField, slot_field, value_field
from tachiai.envelopes.field_models import LOOKS, VALUE_KINDS, Field, FieldKind
from tachiai.envelopes.models import Document
from tachiai.envelopes.surveying import TENTHS_PER_POINT

# What a consent says of a box to tick: the names of its two states in the file (ISO 32000-2, 12.7.5.2.3).
TICKED, EMPTY = "Yes", "Off"
# What is read aloud where the sender has given no guide. The file speaks the contract's language.
LABELS: dict[str, str] = {
    FieldKind.TEXT: "テキスト",
    FieldKind.CHECK: "チェック",
    FieldKind.DATE: "日付",
    FieldKind.NAME: "氏名",
    FieldKind.TITLE: "役職",
}


def slots_to_lay(slots: Iterable[int], fields: Sequence[Field]) -> list[Slot]:
    """Every slot with the fields of one document."""
    laid = []
    for slot in slots:
        own = [field for field in fields if field.slot == slot]
        look = next((field for field in own if field.kind in LOOKS), None)
        blanks = tuple(_blank(field) for field in own if field.kind not in LOOKS)
        laid.append(Slot(slot, _place(look) if look else None, blanks))
    return laid


def _blank(field: Field) -> ValueField:
    return ValueField(field.number, VALUE_KINDS[field.kind], _place(field), field.guide or LABELS[field.kind])


def _place(field: Field) -> Place:
    """Tenths of a millimetre from the upper left corner become points from the lower left one."""
    left, upper = field.left / TENTHS_PER_POINT, (field.sheet_height - field.top) / TENTHS_PER_POINT
    width, tall = size_of_box(field)
    return Place(field.page, (left, upper - tall, left + width, upper))


def size_of_box(field: Field) -> tuple[float, float]:
    """Width and height in points."""
    return field.width / TENTHS_PER_POINT, field.height / TENTHS_PER_POINT


def laid_of(fields: Iterable[Field]) -> dict[str, list[list[object]]]:
    """What a document remembers of its fields: each slot that has any, with number and kind of its blanks; JSON has text alone as keys."""
    laid: dict[str, list[list[object]]] = {}
    for field in sorted(fields, key=lambda one: (one.slot, one.number)):
        blanks = laid.setdefault(str(field.slot), [])
        if field.kind not in LOOKS:
            blanks.append([field.number, VALUE_KINDS[field.kind]])
    return laid


def every_field(document: Document) -> dict[int, list[int]]:
    """The blanks that were laid into the document, as the release gate is told of them."""
    return {int(slot): [number for number, _kind in blanks] for slot, blanks in document.laid.items() if blanks}


def value_name(field: Field) -> str:
    """How a field is called among the values of a consent (docs/formats/consent.md)."""
    return look_name(field.slot, field.document_id) if field.kind in LOOKS else value_field(field.slot, field.number)


def look_name(slot: int, document: uuid.UUID) -> str:
    """How the look of a slot's signature on one document is called there: each file has a field of that name."""
    return f"{slot_field(slot)}:{document}"


def values_in(document: Document, slot: int, values: Mapping[str, str]) -> dict[int, str | bool]:
    """What the blanks of ``slot`` in this document must hold, of everything that the consent says was entered."""
    found: dict[int, str | bool] = {}
    for number, kind in document.laid.get(str(slot), []):
        text = values.get(value_field(slot, number))
        if text is not None:
            found[number] = text == TICKED if kind == "check" else text
    return found
