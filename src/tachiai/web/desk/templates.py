"""P-11: the organization's templates: list, one of them, a new one, and one made from an envelope."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tachiai import clock
from tachiai.accounts.models import Member
from tachiai.counterparties.usable import usable_registrations
from tachiai.envelopes.access import envelope_for, may_send
from tachiai.envelopes.candidates import own_people
from tachiai.envelopes.holding import signers_of
from tachiai.envelopes.models import Recipient, Side
from tachiai.envelopes.states import RecipientState
from tachiai.envelopes.template_models import Template, TemplateFile
from tachiai.envelopes.templates import (
    add_file,
    archive_template,
    change_template,
    files_of,
    may_manage_templates,
    new_template,
    remove_file,
    restore_template,
    save_as_template,
    template_for,
    templates_for,
)
from tachiai.envelopes.templates_shape import Role, roles_of
from tachiai.errors import Refusal
from tachiai.web.desk.describing import UploadForm
from tachiai.web.desk.doors import at_desk, show
from tachiai.web.desk.files_step import READ_AT_MOST
from tachiai.web.desk.people_words import our_words, their_words
from tachiai.web.desk.recipients_form import KIND_WORDS
from tachiai.web.desk.templates_form import (
    FIELD_CHOICES,
    LENGTHS,
    TemplateForm,
    Unreadable,
    content_of,
    field_rows,
    fields_typed,
    role_forms,
    slot_words,
)
from tachiai.web.problems import sentence

PER_PAGE = 50
SECTION = "templates"


@at_desk
def templates(request: HttpRequest, member: Member) -> HttpResponse:
    """The list, searched by words; what is archived stands under its own tab."""
    archived, words = request.GET.get("view") == "archived", request.GET.get("words", "").strip()[:200]
    found = templates_for(member, words=words, archived=archived)
    page = Paginator(found.prefetch_related("files"), PER_PAGE).get_page(request.GET.get("page"))
    base = reverse("desk:templates")
    tabs = [
        {"word": _("使用中"), "url": base, "current": not archived, "count": templates_for(member).count()},
        {
            "word": _("アーカイブ"),
            "url": f"{base}?view=archived",
            "current": archived,
            "count": templates_for(member, archived=True).count(),
        },
    ]
    context = {
        "heading": _("テンプレート"),
        "tabs": tabs,
        "words": words,
        "archived": archived,
        "rows": [{"template": one, "files": one.files.count(), "people": people_line(one)} for one in page],
        "page_obj": page,
        "may_manage": may_manage_templates(member),
    }
    return show(request, member, "desk/templates.html", context, section=SECTION)


def people_line(template: Template) -> str:
    """「1 相手方 署名者・2 自団体 署名者」."""
    return _("・").join(
        _("{order} {side} {kind}").format(order=one.order, side=side_words(one), kind=KIND_WORDS[one.kind]) for one in roles_of(template)
    )


def side_words(role: Role) -> str:
    return _("相手方") if role.side == Side.COUNTERPARTY else _("自団体")


class NewForm(forms.Form):
    name = forms.CharField(
        label=gettext_lazy("テンプレート名"),
        max_length=120,
        help_text=gettext_lazy("社内のみに表示されます。"),
        error_messages={"required": gettext_lazy("テンプレート名を入力してください。")},
    )


def _given(request: HttpRequest) -> list[tuple[str, bytes]]:
    files: list[UploadedFile[bytes]] = request.FILES.getlist("files")
    return [(one.name or "", one.read(READ_AT_MOST)) for one in files]


@at_desk
def new(request: HttpRequest, member: Member) -> HttpResponse:
    if not may_manage_templates(member):
        raise Refusal("template.not_allowed")
    form = NewForm(request.POST if request.method == "POST" else None)
    errors: list[dict[str, str]] = []
    if request.method == "POST" and form.is_valid():
        try:
            made = new_template(name=form.cleaned_data["name"], files=_given(request), by=member, at=clock.now())
        except Refusal as refusal:
            errors = [{"href": "#id_files", "text": sentence(refusal.code, refusal.facts)}]
        else:
            messages.success(request, _("テンプレートを作成しました。宛先と入力項目を確認してください。"))
            return redirect("desk:template", made.pk)
    context = {"heading": _("新しいテンプレート"), "form": form, "upload": UploadForm(), "page_errors": errors}
    return show(request, member, "desk/template_new.html", context, section=SECTION, status=422 if errors or form.errors else 200)


@at_desk
def save(request: HttpRequest, member: Member, pk: uuid.UUID) -> HttpResponse:
    """「テンプレートとして保存」: its name, and who stays in it."""
    envelope = envelope_for(member, pk)
    if not may_manage_templates(member):
        raise Refusal("template.not_allowed")
    people = [one for one in signers_of(envelope) if one.state != RecipientState.FORWARDED]
    form = NewForm(request.POST if request.method == "POST" else None, initial={"name": envelope.name})
    chosen = request.POST.getlist("fixed")
    if request.method == "POST" and form.is_valid():
        fixed = [one.pk for one in people if str(one.pk) in chosen]
        try:
            made = save_as_template(envelope, name=form.cleaned_data["name"], fixed=fixed, by=member, at=clock.now())
        except Refusal as refusal:
            form.add_error(None, sentence(refusal.code, refusal.facts))
        else:
            messages.success(request, _("テンプレートとして保存しました。"))
            return redirect("desk:template", made.pk)
    context = {
        "heading": _("テンプレートとして保存"),
        "envelope": envelope,
        "form": form,
        "people": [{"person": one, "can_stay": _can_stay(one), "stays": str(one.pk) in chosen} for one in people],
    }
    return show(request, member, "desk/template_save.html", context, section=SECTION, status=422 if form.errors else 200)


def _can_stay(person: Recipient) -> bool:
    """Who was typed in has no record of their own to which a template could point."""
    return bool(person.registration_id or person.member_id)


@at_desk
def template(request: HttpRequest, member: Member, pk: uuid.UUID) -> HttpResponse:
    """One template: to be read by everybody who uses it, to be changed by managers."""
    found = template_for(member, pk)
    if request.method != "POST":
        return _page(request, member, found)
    act, _colon, about = request.POST.get("act", "save").partition(":")
    try:
        done = _act(request, member, found, act, about)
    except Refusal as refusal:
        if refusal.code in ("template.not_allowed", "template.unknown", "page.unknown"):
            raise
        errors = [{"href": "#id_files" if act == "add" else "", "text": sentence(refusal.code, refusal.facts)}]
        return _page(request, member, found, errors=errors, typed=act == "save")
    return done or _page(request, member, found, typed=True)


def _act(request: HttpRequest, member: Member, found: Template, act: str, about: str) -> HttpResponse | None:
    """What the button does; None when what was typed cannot be saved, which the page then says."""
    at = clock.now()
    if act == "archive":
        archive_template(found, by=member, at=at)
        messages.success(request, _("アーカイブしました。いつでも戻せます。"))
        return redirect("desk:templates")
    if act == "restore":
        restore_template(found, by=member, at=at)
        messages.success(request, _("アーカイブから戻しました。"))
    elif act == "add":
        for name, pdf in _given(request):
            add_file(found, file_name=name, pdf=pdf, by=member, at=at)
    elif act == "remove":
        remove_file(found, _key(about), by=member, at=at)
    else:
        return _saved(request, member, found)
    return redirect("desk:template", found.pk)


def _key(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        raise Refusal("page.unknown") from None


def _saved(request: HttpRequest, member: Member, found: Template) -> HttpResponse | None:
    files = files_of(found)
    form, rows = TemplateForm(request.POST), role_forms(request.POST, found, **_choices(member, files))
    if not all([form.is_valid(), *(row.is_valid() for row in rows)]):
        return None
    try:
        fields = fields_typed(found, files, request.POST)
    except Unreadable:
        raise Refusal("template.unreadable") from None
    roles = [role for row in rows if (role := row.role()) is not None]
    change_template(found, content_of(form, roles, fields), by=member, at=clock.now())
    messages.success(request, _("保存しました。"))
    return redirect("desk:template", found.pk)


def _choices(member: Member, files: list[TemplateFile]) -> dict[str, Any]:
    """Who can stay in a template, and which files it has."""
    theirs = [(f"r:{one.pk}", their_words(one)) for one in usable_registrations(member.organization)]
    ours = [(f"m:{one.pk}", our_words(one)) for one in own_people(member)]
    people = [(words, choices) for words, choices in ((_("いつも同じ相手方"), theirs), (_("いつも同じ職員"), ours)) if choices]
    return {"people": people, "papers": [(str(file.position), file.name) for file in files]}


def _page(
    request: HttpRequest, member: Member, found: Template, *, errors: list[dict[str, str]] | None = None, typed: bool = False
) -> HttpResponse:
    files, data = files_of(found), request.POST if typed else None
    initial = {name: getattr(found, name) for name in ("name", "envelope_name", "comment", "deadline_days")}
    form, rows = TemplateForm(data, initial=initial), role_forms(data, found, **_choices(member, files))
    wrong = [{"href": f"#{row.prefix}", "text": str(text)} for row in rows for texts in row.errors.values() for text in texts]
    context = {
        "heading": found.name,
        "template": found,
        "files": files,
        "people": people_line(found),
        "may_use": may_send(member) and found.archived_at is None,
        "may_manage": may_manage_templates(member),
        "form": form,
        "rows": rows,
        "used": sum(1 for row in rows if row["who"].value()),
        "fields": field_rows(found, files, data),
        "lengths": LENGTHS,
        "field_choices": FIELD_CHOICES,
        "slots": slot_words(found),
        "upload": UploadForm(),
        "page_errors": [*(errors or []), *wrong],
    }
    bad = bool(context["page_errors"] or form.errors)
    return show(request, member, "desk/template.html", context, section=SECTION, status=422 if bad else 200)
