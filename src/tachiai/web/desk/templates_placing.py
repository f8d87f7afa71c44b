"""P-11: where signers are seen and fill something in on a template's files, placed by the same editor as a draft's (P-04 ③)."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from tachiai import clock
from tachiai.accounts.models import Member
from tachiai.envelopes.field_models import FieldKind
from tachiai.envelopes.glancing import template_picture
from tachiai.envelopes.placing import Spot, overlapping
from tachiai.envelopes.surveying import sheet_of, takes_fields
from tachiai.envelopes.template_models import Template, TemplateFile
from tachiai.envelopes.templates import files_of, may_manage_templates, place_on_file, template_for
from tachiai.envelopes.templates_shape import spots_of
from tachiai.errors import Refusal
from tachiai.web.desk.doors import at_desk, show
from tachiai.web.desk.files import shown_picture
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
from tachiai.web.desk.templates import SECTION
from tachiai.web.desk.templates_form import slot_words
from tachiai.web.desk.viewing import drawn_context
from tachiai.web.desk.wizard import time_words
from tachiai.web.filling import KIND_WORDS
from tachiai.web.problems import sentence

GUIDED = "#fields-list"


@at_desk
def fields(request: HttpRequest, member: Member, pk: uuid.UUID) -> HttpResponse:
    template = template_for(member, pk)
    if not may_manage_templates(member):
        raise Refusal("template.not_allowed")
    if template.archived_at is not None:
        return redirect("desk:template", pk)
    files = files_of(template)
    place = number_or(request.GET.get("doc", ""), 1)
    file = files[place - 1] if 1 <= place <= len(files) else files[0]
    if request.method != "POST":
        return _page(request, member, template, files, file)
    try:
        spots = _typed(request, file)
        onward = _done(request, file, spots)
        place_on_file(template, file.pk, spots, by=member, at=clock.now())
    except Unreadable:
        return _page(request, member, template, files, file, error=unreadable_words())
    except Refusal as refusal:
        if not refusal.code.startswith(("field.", "file.")):
            raise
        return _page(request, member, template, files, file, error=sentence(refusal.code, refusal.facts))
    return redirect(onward)


def _typed(request: HttpRequest, file: TemplateFile) -> list[Spot]:
    """The fields of the file as the form says; what it does not name stands as it was. Raises ``Unreadable``."""
    standing = enumerate(spots_of(file))
    return [typed_spot(request, str(at), spot.kind) if f"kind-{at}" in request.POST else spot for at, spot in standing]


def _done(request: HttpRequest, file: TemplateFile, spots: list[Spot]) -> str:
    """Do to ``spots`` what the button says; where to go when that is kept."""
    act, _colon, about = request.POST.get("act", "save").partition(":")
    at = number_or(about, len(spots))
    if act == "next":
        return reverse("desk:template", args=[file.template_id])
    if act == "add":
        page = number_or(request.POST.get("new-page", ""), 1)
        if not 1 <= page <= file.pages:
            raise Refusal("field.out_of_page", page=page)
        spots.append(new_spot(request, sheet_of(file, page), spots, page=page))
        return f"{_here(request, file, page=page)}#field-{len(spots) - 1}"
    if act == "copy" and at < len(spots):
        spots.append(copy_below(spots[at], sheet_of(file, spots[at].page)))
        return f"{_here(request, file)}#field-{len(spots) - 1}"
    if act == "remove" and at < len(spots):
        del spots[at]
        return f"{_here(request, file)}{GUIDED}"
    return _here(request, file, saved=1)


def _here(request: HttpRequest, file: TemplateFile, **more: object) -> str:
    kept: dict[str, object] = {name: request.GET[name] for name in ("doc", "page", "zoom") if name in request.GET}
    return f"{reverse('desk:template_fields', args=[file.template_id])}?{urlencode({**kept, **more})}"


def _page(
    request: HttpRequest, member: Member, template: Template, files: Sequence[TemplateFile], file: TemplateFile, *, error: str = ""
) -> HttpResponse:
    slots = {int(slot): words for slot, words in slot_words(template)}
    place, base = list(files).index(file) + 1, reverse("desk:template_fields", args=[template.pk])
    spots = spots_of(file)
    rows = [_row(request, at, spot, slots, typed=bool(error)) for at, spot in enumerate(spots)]
    glance = reverse("desk:template_glance", args=[template.pk, file.pk, 1])
    drawn = drawn_context(request, file, base=base, kept={"doc": place}, picture=template_picture, glance=glance, pdf_url="")
    page = drawn["page"]
    sheet = sheet_of(file, page["number"])
    page["fields"] = [drawn_box(row, sheet, page["width"]) for row in rows if row.field.page == page["number"]]
    refused = takes_fields(file)
    context: dict[str, Any] = {
        "heading": _("入力項目の位置"),
        "template": template,
        **drawn,
        "tabs": _tabs(files, file, base) if len(files) > 1 else [],
        "rows": rows,
        "kinds": [(kind, KIND_WORDS[kind]) for kind in FieldKind],
        "parties": list(slots.items()),
        "refused": sentence(refused) if refused else "",
        "overlaps": [(spots.index(one) + 1, spots.index(other) + 1) for one, other in overlapping(spots)],
        "sheet": sheet,
        "saved": _("保存しました {time}").format(time=time_words(template.updated_at)) if "saved" in request.GET else "",
        "action": _here(request, file),
        "new": {name: request.POST.get(f"new-{name}", "") for name in ("kind", "slot")},
        "page_errors": [{"href": GUIDED, "text": error}] if error else [],
    }
    return show(request, member, "desk/template_fields.html", context, section=SECTION, status=422 if error else 200)


def _row(request: HttpRequest, at: int, spot: Spot, slots: dict[int, str], *, typed: bool) -> Row:
    who, party = slots.get(spot.slot, str(spot.slot)), party_of(spot.slot, sorted(slots))
    return row_of(at + 1, str(at), spot, party=party, who=who, data=request.POST if typed else {})


def _tabs(files: Sequence[TemplateFile], present: TemplateFile, base: str) -> list[dict[str, Any]]:
    return [
        {"word": f"{one.name}（{len(spots_of(one))}）", "url": f"{base}?doc={place}", "current": one.pk == present.pk}
        for place, one in enumerate(files, 1)
    ]


@at_desk
def glance(_request: HttpRequest, member: Member, pk: uuid.UUID, file: uuid.UUID, number: int) -> HttpResponse:  # Django's order
    """A page of a template's file, to place fields on."""
    template = template_for(member, pk)
    found = next((one for one in files_of(template) if one.pk == file), None)
    if found is None:
        raise Refusal("page.unknown")
    return shown_picture(template_picture(found, number, large=True))
