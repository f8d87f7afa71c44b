"""Placing: the sender says where on a draft's pages a signer is to be seen, and what they are to fill in."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import combinations
from typing import TypeVar

from django.db import transaction

from tachiai.accounts.models import Member
from tachiai.envelopes.drafting import document_in, still_draft
from tachiai.envelopes.events import note
from tachiai.envelopes.field_models import Field, FieldKind
from tachiai.envelopes.models import Document, Envelope, Recipient
from tachiai.envelopes.places import documents_meant
from tachiai.envelopes.slots import slots_in, told_of
from tachiai.envelopes.surveying import Sheet, sheet_of, survey_of, takes_fields, tenths
from tachiai.envelopes.template_models import TemplateFile
from tachiai.errors import Refusal
from tachiai.outbox import one_line
from tachiai.prepared import Prepared, given
from tachiai.rowwise import Change, change_each, insert_each

MOST_OF_A_SLOT = 99
LONGEST_GUIDE = 100
SMALLEST, LARGEST = 30, 5000  # tenths of a millimetre
# How large a field is that nobody has drawn: tenths of a millimetre.
USUAL: dict[str, tuple[int, int]] = {
    FieldKind.SEAL: (200, 200),
    FieldKind.SIGNATURE: (600, 180),
    FieldKind.TEXT: (600, 80),
    FieldKind.CHECK: (50, 50),
    FieldKind.DATE: (400, 80),
    FieldKind.NAME: (500, 80),
    FieldKind.TITLE: (500, 80),
}
# What a mark in the text asks for (「{{署名1}}」); the number behind it is the signer's place in the order.
MARKS: dict[str, FieldKind] = {
    "署名": FieldKind.SIGNATURE,
    "サイン": FieldKind.SIGNATURE,
    "signature": FieldKind.SIGNATURE,
    "sign": FieldKind.SIGNATURE,
    "印影": FieldKind.SEAL,
    "印": FieldKind.SEAL,
    "押印": FieldKind.SEAL,
    "seal": FieldKind.SEAL,
    "日付": FieldKind.DATE,
    "date": FieldKind.DATE,
    "氏名": FieldKind.NAME,
    "name": FieldKind.NAME,
    "役職": FieldKind.TITLE,
    "title": FieldKind.TITLE,
    "テキスト": FieldKind.TEXT,
    "text": FieldKind.TEXT,
    "チェック": FieldKind.CHECK,
    "check": FieldKind.CHECK,
}


@dataclass(frozen=True)
class Spot:
    """Where a field stands and what it is. Lengths are tenths of a millimetre from the upper left corner of the page as seen."""

    slot: int
    kind: FieldKind
    page: int
    left: int
    top: int
    width: int
    height: int
    required: bool = True
    guide: str = ""


T = TypeVar("T", Field, Spot)


def place_field(document: Document, spot: Spot, *, by: Member, at: datetime) -> Field:
    """A new field. Refuses as ``place_fields``."""
    (field,) = place_fields(document, [spot], by=by, at=at)
    return field


def place_fields(document: Document, spots: Sequence[Spot], *, by: Member, at: datetime) -> list[Field]:
    """New fields on one document, all of them or none.

    Refuses with ``file.signed_by_others`` or ``file.fields_redrawn``, ``field.out_of_page`` (page), ``field.size``,
    ``field.slot_unknown`` or ``field.not_their_document`` (slot), ``field.second_look``, ``field.too_many`` (limit),
    ``envelope.not_draft`` or ``envelope.not_allowed``.
    """
    _hold_document(document)
    wanted = [on_page(document, spot) for spot in spots]
    envelope = document.envelope
    with transaction.atomic(durable=True):
        still_draft(envelope, by=by)
        standing = fields_of(envelope)
        made: list[Field] = []
        for spot in wanted:
            _hold_slot(document, spot)
            _hold_look(document, spot, [*standing, *made])
            made.append(_field(document, spot, number=_free_number(spot.slot, [*standing, *made])))
        insert_each(made)
        _touch(envelope, at=at)
        for field in made:
            note(envelope, "field.placed", by=by, at=at, data=told_of(field))
    return made


def move_field(field: Field, spot: Spot, *, by: Member, at: datetime) -> None:
    """The field stands elsewhere, or is another's or of another kind. Refuses as ``place_fields``."""
    move_fields([(field, spot)], by=by, at=at)


def move_fields(moves: Sequence[tuple[Field, Spot]], *, by: Member, at: datetime) -> int:
    """As :func:`move_field` for fields of one envelope, all or none; how many really changed."""
    wanted = [(field, on_page(field.document, spot)) for field, spot in moves]
    changed = [(field, spot) for field, spot in wanted if spot != spot_of(field)]
    if not changed:
        return 0
    envelope = changed[0][0].document.envelope
    with transaction.atomic(durable=True):
        still_draft(envelope, by=by)
        left = {one.pk: one for one in fields_of(envelope)}
        for field, spot in changed:
            if left.pop(field.pk, None) is None:
                raise Refusal("field.unknown")
            _hold_slot(field.document, spot)
        for field, spot in changed:
            _hold_look(field.document, spot, left.values())
            moved = _field(field.document, spot, number=field.number if spot.slot == field.slot else _free_number(spot.slot, left.values()))
            moved.pk = field.pk
            left[field.pk] = moved
        change_each(Field, [Change(pk, _columns(left[pk])) for pk in (field.pk for field, _ in changed)])
        _touch(envelope, at=at)
        for field, _spot in changed:
            note(envelope, "field.moved", by=by, at=at, data=told_of(left[field.pk]))
    return len(changed)


def remove_fields(envelope: Envelope, fields: Collection[Field], *, by: Member, at: datetime) -> None:
    """Take fields out of a draft. Refuses with ``envelope.not_draft`` or ``envelope.not_allowed``."""
    if not fields:
        return
    with transaction.atomic(durable=True):
        still_draft(envelope, by=by)
        _remove(envelope, fields, by=by, at=at)
        _touch(envelope, at=at)


def _remove(envelope: Envelope, fields: Collection[Field], *, by: Member, at: datetime) -> None:
    Field.objects.filter(pk__in=[field.pk for field in fields]).delete()
    for field in fields:
        note(envelope, "field.removed", by=by, at=at, data={"field": str(field.pk)})


def place_at_marks(document: Document, *, by: Member, at: datetime) -> list[Field]:
    """A field at each mark in the document's text (「{{署名1}}」, the first signer's) at which none stands yet; the marks stay.

    Marks of unknown words or signers are passed over. Refuses as ``place_fields``.
    """
    _hold_document(document)
    standing = [one for one in fields_of(document.envelope) if one.document_id == document.pk]
    spots: list[Spot] = []
    for spot in spots_at_marks(document):
        seen = {one.slot for one in standing if one.is_look} | {one.slot for one in spots if one.kind in LOOK_KINDS}
        if not any(_same_corner(spot, one) for one in standing) and not (spot.kind in LOOK_KINDS and spot.slot in seen):
            spots.append(spot)
    return place_fields(document, spots, by=by, at=at) if spots else []


def spots_at_marks(document: Document) -> list[Spot]:
    """What the marks in the document's text ask for, cut to the page where it would reach over its edge."""
    slots = sorted(slots_in(document.envelope))
    spots = []
    for mark in survey_of(document).marks:
        kind = MARKS.get(mark.word)
        if kind is None or not 1 <= mark.number <= len(slots):
            continue
        sheet = sheet_of(document, mark.page)
        width, height = USUAL[kind]
        left, top = min(tenths(mark.left), sheet.width - width), min(tenths(mark.top), sheet.height - height)
        if left >= 0 and top >= 0:
            spots.append(Spot(slots[mark.number - 1], kind, mark.page, left, top, width, height))
    return spots


LOOK_KINDS = (FieldKind.SEAL, FieldKind.SIGNATURE)


def _same_corner(spot: Spot, field: Field) -> bool:
    return (spot.slot, spot.kind, spot.page) == (field.slot, field.kind, field.page) and max(
        abs(spot.left - field.left), abs(spot.top - field.top)
    ) <= 5


def fields_of(envelope: Envelope) -> list[Field]:
    """Every field of the envelope, in the order in which they are met when reading."""
    return _FIELDS.all(envelope=envelope.pk)


_FIELDS = Prepared(
    lambda: (
        Field.objects.filter(document__envelope_id=given("envelope", Document, "envelope"))
        .select_related("document")
        .order_by("document__position", "page", "top", "left", "number")
    )
)


def misplaced(envelope: Envelope) -> list[str]:
    """What is wrong with fields since recipients were named anew, as refusal codes: one of somebody who does not get its document."""
    fields = fields_of(envelope)
    if not fields:
        return []
    slots, meant = slots_in(envelope), documents_meant(envelope.pk)
    lost = any(not _is_theirs(field.document_id, slots.get(field.slot, ()), meant) for field in fields)
    return ["field.not_their_document"] if lost else []


def _is_theirs(document: uuid.UUID, people: Iterable[Recipient], meant: Mapping[uuid.UUID, Sequence[uuid.UUID]]) -> bool:
    return any(document in meant.get(one.pk, [document]) for one in people)


def field_in(envelope: Envelope, pk: str | uuid.UUID) -> Field:
    """A field of this envelope. Refuses with ``field.unknown``, also for what is no identifier at all."""
    found = next((one for one in fields_of(envelope) if str(one.pk) == str(pk)), None)
    if found is None:
        raise Refusal("field.unknown")
    found.document = document_in(envelope, found.document_id)
    return found


def overlapping(fields: Iterable[T]) -> list[tuple[T, T]]:
    """Pairs of one document's that lie over one another: allowed, and to be told of."""
    pairs = combinations(fields, 2)
    return [(one, other) for one, other in pairs if one.page == other.page and _meet(one, other)]


def _meet(one: Field | Spot, other: Field | Spot) -> bool:
    across = one.left < other.left + other.width and other.left < one.left + one.width
    return across and one.top < other.top + other.height and other.top < one.top + one.height


def spot_of(field: Field) -> Spot:
    kind = FieldKind(field.kind)
    return Spot(field.slot, kind, field.page, field.left, field.top, field.width, field.height, field.required, field.guide)


def _hold_document(document: Document) -> None:
    reason = takes_fields(document)
    if reason:
        raise Refusal(reason)


def on_page(document: Document | TemplateFile, spot: Spot) -> Spot:
    """The spot, if it lies on its page; its guide in one line. Refuses with ``field.out_of_page`` (page) or ``field.size``."""
    try:
        sheet = sheet_of(document, spot.page)
    except Refusal as unknown:
        raise Refusal("field.out_of_page", page=spot.page) from unknown
    if not (SMALLEST <= spot.width <= LARGEST and SMALLEST <= spot.height <= LARGEST):
        raise Refusal("field.size")
    if not _within(spot, sheet):
        raise Refusal("field.out_of_page", page=spot.page)
    return replace(spot, guide=one_line(spot.guide, longest=LONGEST_GUIDE))


def _within(spot: Spot, sheet: Sheet) -> bool:
    return spot.left >= 0 and spot.top >= 0 and spot.left + spot.width <= sheet.width and spot.top + spot.height <= sheet.height


def _hold_slot(document: Document, spot: Spot) -> None:
    """Somebody signs there, and somebody who gets this document."""
    people = slots_in(document.envelope).get(spot.slot, [])
    if not people:
        raise Refusal("field.slot_unknown", slot=spot.slot)
    if not _is_theirs(document.pk, people, documents_meant(document.envelope_id)):
        raise Refusal("field.not_their_document", slot=spot.slot)


def _hold_look(document: Document, spot: Spot, others: Iterable[Field]) -> None:
    """A file has one signature of each signer, and that is seen in one place."""
    if spot.kind in LOOK_KINDS and any(one.is_look and one.slot == spot.slot and one.document_id == document.pk for one in others):
        raise Refusal("field.second_look")


def _free_number(slot: int, standing: Iterable[Field]) -> int:
    taken = {one.number for one in standing if one.slot == slot}
    number = next((one for one in range(1, MOST_OF_A_SLOT + 1) if one not in taken), 0)
    if not number:
        raise Refusal("field.too_many", limit=MOST_OF_A_SLOT)
    return number


def _field(document: Document, spot: Spot, *, number: int) -> Field:
    sheet = sheet_of(document, spot.page)
    place = {"page": spot.page, "left": spot.left, "top": spot.top, "width": spot.width, "height": spot.height}
    place |= {"sheet_width": sheet.width, "sheet_height": sheet.height}
    return Field(document=document, slot=spot.slot, number=number, kind=spot.kind, required=spot.required, guide=spot.guide, **place)


def _columns(field: Field) -> dict[str, object]:
    names = ("slot", "number", "kind", "page", "left", "top", "width", "height", "sheet_width", "sheet_height", "required", "guide")
    return {name: str(value) if name == "kind" else value for name in names for value in [getattr(field, name)]}


def _touch(envelope: Envelope, *, at: datetime) -> None:
    change_each(Envelope, [Change(envelope.pk, {"updated_at": at})])
