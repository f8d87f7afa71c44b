"""P-04 ③: where signers are to be seen and what they fill in; by default nothing, which is an invisible signature (不可視署名).

Everything is a list of numbers that works without scripts and on a phone; clicking, dragging and arrow keys only write into it.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from tachiai import clock
from tachiai.accounts.models import Member
from tachiai.envelopes.field_models import LOOKS, Field, FieldKind
from tachiai.envelopes.holding import documents_of
from tachiai.envelopes.models import Document, Envelope, Recipient
from tachiai.envelopes.placing import (
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
from tachiai.web.desk.placing_rows import (
    Row,
    Unreadable,
    copy_below,
    drawn_box,
    new_spot,
    number_or,
    party_of,
    row_of,
    typed_spot,
    unreadable_words,
)
from tachiai.web.desk.viewing import draft_context
from tachiai.web.desk.wizard import draft_of, kept_words, steps_of
from tachiai.web.filling import KIND_WORDS
from tachiai.web.problems import sentence

Slots = Mapping[int, Sequence[Recipient]]


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
    page = number_or(request.POST.get("new-page", ""), 1)
    try:
        sheet = sheet_of(document, page)
    except Refusal as unknown:
        raise Refusal("field.out_of_page", page=page) from unknown
    taken = _of(document, fields_of(document.envelope))
    placed = place_field(document, new_spot(request, sheet, taken, page=page), by=member, at=clock.now())
    return redirect(f"{_here(request, document, page=page)}#field-{placed.pk}")


def _removed(request: HttpRequest, member: Member, document: Document, about: str) -> HttpResponse:
    remove_fields(document.envelope, [field_in(document.envelope, about)], by=member, at=clock.now())
    return redirect(f"{_here(request, document)}#fields-list")


def _copied(request: HttpRequest, member: Member, document: Document, about: str) -> HttpResponse:
    """Once more, a little below, for the same signer."""
    spot = spot_of(field_in(document.envelope, about))
    copied = copy_below(spot, sheet_of(document, spot.page))
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
            move_field(one, typed_spot(request, str(one.pk), one.kind), by=by, at=at)
        except Unreadable:
            wrong[one.pk] = [unreadable_words()]
        except Refusal as refusal:
            if not refusal.code.startswith("field."):
                raise
            wrong[one.pk] = [sentence(refusal.code, refusal.facts)]
    return wrong


# ---- the page


def _present(request: HttpRequest, documents: Sequence[Document]) -> Document:
    place = number_or(request.GET.get("doc", ""), 1)
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
    sheet = sheet_of(document, page["number"])
    page["fields"] = [drawn_box(row, sheet, page["width"]) for row in rows if row.field.page == page["number"]]
    refused = takes_fields(document)
    numbers = {row.key: row.number for row in rows}
    errors = [{"href": f"#field-{row.key}", "text": f"{row.number}. {text}"} for row in rows for text in row.errors]
    return {
        **drawn,
        "document": document,
        "tabs": _tabs(documents, document, placed, base=base) if len(documents) > 1 else [],
        "rows": rows,
        "kinds": [(kind, KIND_WORDS[kind]) for kind in FieldKind],
        "parties": [(slot, _who(slots, slot)) for slot in order],
        "refused": sentence(refused) if refused else "",
        "overlaps": [(numbers[str(one.pk)], numbers[str(other.pk)]) for one, other in overlapping(_of(document, placed))],
        "unseen": [_who(slots, slot) for slot in order if not any(row.field.kind in LOOKS and row.field.slot == slot for row in rows)],
        "sheet": sheet,
        "marks": True,
        "saved": kept_words(envelope.updated_at) if "saved" in request.GET else "",
        "found": request.GET.get("marks", ""),
        "action": _here(request, document),
        "new": {name: request.POST.get(f"new-{name}", "") for name in ("kind", "slot")},
        **({"page_errors": errors} if errors else {}),
    }


def _of(document: Document, placed: Sequence[Field]) -> list[Field]:
    return [one for one in placed if one.document_id == document.pk]


def _row(request: HttpRequest, number: int, one: Field, slots: Slots, wrong: Mapping[uuid.UUID, list[str]]) -> Row:
    party, who, data = party_of(one.slot, sorted(slots)), _who(slots, one.slot), request.POST if one.pk in wrong else {}
    return row_of(number, str(one.pk), one, party=party, who=who, data=data, errors=wrong.get(one.pk, ()))


def _who(slots: Slots, slot: int) -> str:
    """Who signs in a slot; where one of several suffices, all of them."""
    people = slots.get(slot, ())
    return _("・").join(f"{one.name}" for one in people) if people else str(slot)


def _tabs(documents: Sequence[Document], present: Document, placed: Sequence[Field], *, base: str) -> list[dict[str, Any]]:
    return [
        {"word": f"{one.name}（{len(_of(one, placed))}）", "url": f"{base}?doc={place}&place=1", "current": one.pk == present.pk}
        for place, one in enumerate(documents, 1)
    ]
