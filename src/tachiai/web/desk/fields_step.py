"""P-04 ③: where signers are to be seen and what they fill in; by default nothing, which is an invisible signature (不可視署名).

Everything is a list of numbers that works without scripts and on a phone; clicking, dragging and arrow keys only write into it.
"""

from __future__ import annotations

import unicodedata
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as each
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from tachiai import clock
from tachiai.accounts.models import Member
from tachiai.envelopes.field_models import Field, FieldKind
from tachiai.envelopes.holding import documents_of
from tachiai.envelopes.models import Document, Envelope, Recipient
from tachiai.envelopes.placing import (
    USUAL,
    Spot,
    field_in,
    fields_of,
    move_field,
    overlapping,
    place_at_marks,
    place_field,
    remove_fields,
    spot_of,
)
from tachiai.envelopes.slots import slots_in
from tachiai.envelopes.surveying import sheet_of, takes_fields
from tachiai.errors import Refusal
from tachiai.web.desk.doors import at_desk, show
from tachiai.web.desk.viewing import draft_context
from tachiai.web.desk.wizard import draft_of, steps_of
from tachiai.web.filling import KIND_WORDS, box_of
from tachiai.web.problems import sentence

PARTIES = 6
STEP_DOWN = 100
LENGTHS = ("left", "top", "width", "height")
Slots = Mapping[int, Sequence[Recipient]]


@dataclass
class Row:
    """One field in the list: as it stands, or as it was typed when that could not be kept."""

    number: int
    field: Field
    party: int
    who: str
    typed: dict[str, str]
    errors: list[str] = each(default_factory=list)


class Unreadable(Exception):
    """Something that was typed is no number."""


@at_desk
def fields(request: HttpRequest, member: Member, pk: uuid.UUID) -> HttpResponse:
    envelope = draft_of(member, pk)
    if envelope is None:
        return redirect("desk:envelope", pk)
    documents, slots = documents_of(envelope), slots_in(envelope)
    if not documents or not slots:
        return redirect("desk:review", pk)
    if request.method != "POST":
        return _page(request, member, envelope, slots)
    act, _, about = request.POST.get("act", "save").partition(":")
    if act == "mode":
        return _choose(request, member, envelope)
    document = _present(request, documents)
    wrong = _keep_rows(request, envelope, document, by=member)
    if wrong:
        return _page(request, member, envelope, slots, wrong=wrong, status=422)
    try:
        return ACTS.get(act, _saved)(request, member, document, about)
    except Refusal as refusal:
        if not refusal.code.startswith(("field.", "file.")):
            raise
        errors = [{"href": "#new-kind", "text": sentence(refusal.code, refusal.facts)}]
        return _page(request, member, envelope, slots, errors=errors, status=422)


def _choose(request: HttpRequest, member: Member, envelope: Envelope) -> HttpResponse:
    """None at all, which takes away what was placed, or the list."""
    if request.POST.get("mode") == "place":
        return redirect(f"{reverse('desk:fields', args=[envelope.pk])}?place=1")
    remove_fields(envelope, fields_of(envelope), by=member, at=clock.now())
    return redirect("desk:review", envelope.pk)


# ---- what a button does, after the rows were kept


def _saved(request: HttpRequest, _member: Member, document: Document, _about: str) -> HttpResponse:
    return redirect(_here(request, document, saved=1))


def _next(_request: HttpRequest, _member: Member, document: Document, _about: str) -> HttpResponse:
    return redirect("desk:review", document.envelope_id)


def _added(request: HttpRequest, member: Member, document: Document, _about: str) -> HttpResponse:
    kind = FieldKind(request.POST["new-kind"]) if request.POST.get("new-kind") in FieldKind.values else FieldKind.SIGNATURE
    page = _number_or(request.POST.get("new-page", ""), 1)
    slot = _number_or(request.POST.get("new-slot", ""), 0)
    placed = place_field(document, _new_spot(request, document, kind, slot=slot, page=page), by=member, at=clock.now())
    return redirect(f"{_here(request, document, page=page)}#field-{placed.pk}")


def _new_spot(request: HttpRequest, document: Document, kind: FieldKind, *, slot: int, page: int) -> Spot:
    """Where it was clicked, moved onto the page; without a click in the middle, below whatever lies there already."""
    try:
        sheet = sheet_of(document, page)
    except Refusal as unknown:
        raise Refusal("field.out_of_page", page=page) from unknown
    width, height = USUAL[kind]
    if request.POST.get("new-left") and request.POST.get("new-top"):
        try:
            left, top = (_tenths(request.POST[name]) for name in ("new-left", "new-top"))
        except Unreadable:
            raise Refusal("field.size") from None
        return Spot(slot, kind, page, max(0, min(left, sheet.width - width)), max(0, min(top, sheet.height - height)), width, height)
    spot = Spot(slot, kind, page, max(0, (sheet.width - width) // 2), sheet.height // 2, width, height)
    taken = [one for one in fields_of(document.envelope) if (one.document_id, one.page) == (document.pk, page)]
    while any(abs(one.top - spot.top) < height and abs(one.left - spot.left) < width for one in taken):
        if spot.top + STEP_DOWN + height > sheet.height:
            break
        spot = Spot(slot, kind, page, spot.left, spot.top + STEP_DOWN, width, height)
    return spot


def _removed(request: HttpRequest, member: Member, document: Document, about: str) -> HttpResponse:
    remove_fields(document.envelope, [field_in(document.envelope, about)], by=member, at=clock.now())
    return redirect(f"{_here(request, document)}#fields-list")


def _copied(request: HttpRequest, member: Member, document: Document, about: str) -> HttpResponse:
    """Once more, a little below, for the same signer."""
    spot = spot_of(field_in(document.envelope, about))
    sheet = sheet_of(document, spot.page)
    top = min(spot.top + spot.height + 20, sheet.height - spot.height)
    copied = Spot(spot.slot, spot.kind, spot.page, spot.left, top, spot.width, spot.height, spot.required, spot.guide)
    placed = place_field(document, copied, by=member, at=clock.now())
    return redirect(f"{_here(request, document)}#field-{placed.pk}")


def _marked(request: HttpRequest, member: Member, document: Document, _about: str) -> HttpResponse:
    placed = place_at_marks(document, by=member, at=clock.now())
    return redirect(_here(request, document, marks=len(placed)) + "#fields-list")


Act = Callable[[HttpRequest, Member, Document, str], HttpResponse]
ACTS: Mapping[str, Act] = {"next": _next, "add": _added, "remove": _removed, "copy": _copied, "marks": _marked}


def _here(request: HttpRequest, document: Document, **more: object) -> str:
    kept: dict[str, object] = {"place": 1, **{name: request.GET[name] for name in ("doc", "page", "zoom") if name in request.GET}}
    return f"{reverse('desk:fields', args=[document.envelope_id])}?{urlencode({**kept, **more})}"


# ---- the list of numbers


def _keep_rows(request: HttpRequest, envelope: Envelope, document: Document, *, by: Member) -> dict[uuid.UUID, list[str]]:
    """What stands in the rows of this document becomes true, row by row; gives what is wrong with which."""
    wrong: dict[uuid.UUID, list[str]] = {}
    at = clock.now()
    for one in fields_of(envelope):
        if one.document_id != document.pk or f"kind-{one.pk}" not in request.POST:
            continue
        one.document = document
        try:
            move_field(one, _typed_spot(request, one), by=by, at=at)
        except Unreadable:
            wrong[one.pk] = [_("位置と大きさを、0以上の数字（mm）で入力してください。")]
        except Refusal as refusal:
            if not refusal.code.startswith("field."):
                raise
            wrong[one.pk] = [sentence(refusal.code, refusal.facts)]
    return wrong


def _typed_spot(request: HttpRequest, one: Field) -> Spot:
    def typed(name: str) -> str:
        return request.POST.get(f"{name}-{one.pk}", "")

    kind = FieldKind(typed("kind")) if typed("kind") in FieldKind.values else FieldKind(one.kind)
    left, top, width, height = (_tenths(typed(name)) for name in LENGTHS)
    page, slot = _number_or(typed("page"), 0), _number_or(typed("slot"), 0)
    return Spot(slot, kind, page, left, top, width, height, bool(typed("required")), typed("guide"))


def _tenths(text: str) -> int:
    """Millimetres as people type them, in tenths."""
    try:
        length = Decimal(unicodedata.normalize("NFKC", text).strip().removesuffix("mm").strip())
    except InvalidOperation:
        raise Unreadable(text) from None
    if not length.is_finite() or not 0 <= length < 10_000:
        raise Unreadable(text)
    return round(length * 10)


def _number_or(text: str, otherwise: int) -> int:
    plain = unicodedata.normalize("NFKC", text).strip()
    return int(plain) if plain.isdecimal() and len(plain) < 6 else otherwise


def _in_mm(tenths: int) -> str:
    return f"{tenths / 10:g}"


# ---- the page


def _present(request: HttpRequest, documents: Sequence[Document]) -> Document:
    place = _number_or(request.GET.get("doc", ""), 1)
    return documents[place - 1] if 1 <= place <= len(documents) else documents[0]


def _page(
    request: HttpRequest,
    member: Member,
    envelope: Envelope,
    slots: Slots,
    *,
    wrong: Mapping[uuid.UUID, list[str]] | None = None,
    errors: list[dict[str, str]] | None = None,
    status: int = 200,
) -> HttpResponse:
    placed = fields_of(envelope)
    context: dict[str, Any] = {
        "heading": _("署名を依頼する"),
        "steps": steps_of(envelope),
        "step": 3,
        "envelope": envelope,
        "placing": bool(placed) or "place" in request.GET or status != 200,
        "count": len(placed),
        "invisible_only": [one.name for one in documents_of(envelope) if one.foreign_signatures],
        "page_errors": errors or [],
    }
    if context["placing"]:
        context |= _editor(request, envelope, slots, placed, wrong or {})
    return show(request, member, "desk/fields.html", context, section="envelopes", status=status)


def _editor(
    request: HttpRequest, envelope: Envelope, slots: Slots, placed: Sequence[Field], wrong: Mapping[uuid.UUID, list[str]]
) -> dict[str, Any]:
    documents = documents_of(envelope)
    document = _present(request, documents)
    order = sorted(slots)
    rows = [_row(request, number, one, slots, wrong) for number, one in enumerate(_of(document, placed), 1)]
    place, base = documents.index(document) + 1, reverse("desk:fields", args=[envelope.pk])
    drawn = draft_context(request, document, base=base, kept={"doc": place, "place": 1})
    page = drawn["page"]
    page["fields"] = [_box(row, page["width"]) for row in rows if row.field.page == page["number"]]
    refused = takes_fields(document)
    numbers = {row.field.pk: row.number for row in rows}
    errors = [{"href": f"#field-{row.field.pk}", "text": f"{row.number}. {text}"} for row in rows for text in row.errors]
    return {
        **drawn,
        "document": document,
        "tabs": _tabs(documents, document, placed, base=base) if len(documents) > 1 else [],
        "rows": rows,
        "kinds": [(kind, KIND_WORDS[kind]) for kind in FieldKind],
        "parties": [(slot, _who(slots, slot), _party(slot, order)) for slot in order],
        "refused": sentence(refused) if refused else "",
        "overlaps": [(numbers[one.pk], numbers[other.pk]) for one, other in overlapping(_of(document, placed))],
        "unseen": [_who(slots, slot) for slot in order if not any(row.field.is_look and row.field.slot == slot for row in rows)],
        "sheet": sheet_of(document, page["number"]),
        "saved": "saved" in request.GET,
        "found": request.GET.get("marks", ""),
        "action": _here(request, document),
        "new": {name: request.POST.get(f"new-{name}", "") for name in ("kind", "slot")},
        **({"page_errors": errors} if errors else {}),
    }


def _of(document: Document, placed: Sequence[Field]) -> list[Field]:
    return [one for one in placed if one.document_id == document.pk]


def _row(request: HttpRequest, number: int, one: Field, slots: Slots, wrong: Mapping[uuid.UUID, list[str]]) -> Row:
    typed = {name: _in_mm(getattr(one, name)) for name in LENGTHS} | {"page": str(one.page), "guide": one.guide}
    if one.pk in wrong:
        typed = {name: request.POST.get(f"{name}-{one.pk}", value) for name, value in typed.items()}
    return Row(number, one, _party(one.slot, sorted(slots)), _who(slots, one.slot), typed, wrong.get(one.pk, []))


def _party(slot: int, order: Sequence[int]) -> int:
    """The colour of a signer, and the number that says the same without colour."""
    return (order.index(slot) if slot in order else 0) % PARTIES + 1


def _who(slots: Slots, slot: int) -> str:
    """Who signs in a slot; where one of several suffices, all of them."""
    people = slots.get(slot, ())
    return _("・").join(f"{one.name}" for one in people) if people else str(slot)


def _box(row: Row, width: int) -> dict[str, object]:
    label = f"{KIND_WORDS[FieldKind(row.field.kind)]} {row.who}"
    told = {"number": row.number, "party": row.party, "href": f"#field-{row.field.pk}", "label": label, "filled": False}
    return box_of(row.field, width) | told


def _tabs(documents: Sequence[Document], present: Document, placed: Sequence[Field], *, base: str) -> list[dict[str, Any]]:
    return [
        {"word": f"{one.name}（{len(_of(one, placed))}）", "url": f"{base}?doc={place}&place=1", "current": one.pk == present.pk}
        for place, one in enumerate(documents, 1)
    ]
