"""P-04 ①: documents, and what the envelope is. Good files are kept, each bad one is named with its reason.

A file whose inspection takes long stands in the list with how far it is, and becomes a document or a question by itself.
"""

from __future__ import annotations

import unicodedata
import uuid
from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from tachiai import clock
from tachiai.accounts.models import Member
from tachiai.envelopes.access import may_send
from tachiai.envelopes.arranging import move_document, rename_documents, reorder_documents
from tachiai.envelopes.draft_models import Step
from tachiai.envelopes.drafting import create_envelope, describe_envelope, document_in, file_name_of, remove_document, title_of
from tachiai.envelopes.holding import documents_of, has_documents
from tachiai.envelopes.intake import Patience, take_in
from tachiai.envelopes.models import Document, Envelope
from tachiai.envelopes.saving import forget_typed, save_typed, saved_in
from tachiai.envelopes.uploads import drop_upload, held_uploads, upload_in
from tachiai.errors import Refusal
from tachiai.web.desk.describing import FIELD_OF, DescriptionForm, UploadForm, items_shown, said_of
from tachiai.web.desk.doors import at_desk, show
from tachiai.web.desk.findings import accepted_of, warnings_of
from tachiai.web.desk.held import Row, is_waiting, news_of, rows_of
from tachiai.web.desk.wizard import AUTOSAVE, KEEPING, draft_of, save_step, saved_words, steps_of, typed_in
from tachiai.web.problems import sentence

# Just above what the verb takes: more of a file is never read into memory.
READ_AT_MOST = 51 * 1024 * 1024
Errors = list[dict[str, str]]


@at_desk
def new(request: HttpRequest, member: Member) -> HttpResponse:
    """Shows step ① without making anything; the first file that is posted makes the draft, or the wish to keep what was typed."""
    if not may_send(member):
        raise Refusal("envelope.not_allowed")
    return _step(request, member, None)


@at_desk
def files(request: HttpRequest, member: Member, pk: uuid.UUID) -> HttpResponse:
    envelope = draft_of(member, pk)
    if envelope is None:
        return redirect("desk:envelope", pk)
    return _step(request, member, envelope)


def _step(request: HttpRequest, member: Member, envelope: Envelope | None) -> HttpResponse:
    at = clock.now()
    if request.method != "POST":
        saved = saved_in(envelope, Step.FILES) if envelope else None
        said = said_of(envelope, organization=member.organization, at=at)
        return _page(
            request, member, envelope, DescriptionForm(organization=member.organization, initial={**said, **(saved.typed if saved else {})})
        )
    given = request.FILES.getlist("files")
    if envelope is None and (given or request.POST.get("act") in KEEPING):
        envelope = create_envelope(by=member, at=at)
    errors = _done(request, envelope, given, by=member, at=at) if envelope else []
    if errors or request.POST.get("act") != "next":
        return _again(request, member, envelope, errors, at=at)
    return _next(request, member, envelope, at=at)


def _done(request: HttpRequest, envelope: Envelope, given: list[UploadedFile[bytes]], *, by: Member, at: datetime) -> Errors:
    """What was done to the documents by whichever button; what of it could not be, in words."""
    errors = [{"href": "#id_files", "text": _problem_words(problem)} for problem in _add(given, envelope, by=by, at=at)]
    if request.POST.get("act") != AUTOSAVE:
        errors += _arrange(request, envelope, by=by, at=at)
    for button, up in (("up", True), ("down", False)):
        if request.POST.get(button):
            move_document(document_in(envelope, request.POST[button]), up=up, by=by, at=at)
    if request.POST.get("remove"):
        remove_document(document_in(envelope, request.POST["remove"]), by=by, at=at)
    if request.POST.get("drop"):
        drop_upload(upload_in(envelope, request.POST["drop"]), by=by, at=at)
    return errors


def _add(given: list[UploadedFile[bytes]], envelope: Envelope, *, by: Member, at: datetime) -> list[Refusal]:
    """Take in what can be taken in; the refusals of the rest, each with its file's name."""
    refusals, patience = [], Patience()
    for file in given:
        name = file_name_of(file.name or "")
        try:
            take_in(envelope, file_name=name, pdf=file.read(READ_AT_MOST), by=by, at=at, patience=patience)
        except Refusal as refusal:
            refusals.append(Refusal(refusal.code, **{**refusal.facts, "file_name": name}))
    return refusals


def _arrange(request: HttpRequest, envelope: Envelope, *, by: Member, at: datetime) -> Errors:
    """The names and order numbers that were typed beside the documents."""
    documents = documents_of(envelope)
    names = {one.pk: request.POST[f"title-{one.pk}"] for one in documents if f"title-{one.pk}" in request.POST}
    numbers = {one.pk: _number(request.POST[f"order-{one.pk}"]) for one in documents if f"order-{one.pk}" in request.POST}
    errors = []
    for box, change in (("title", partial(rename_documents, envelope, names)), ("order", partial(reorder_documents, envelope, numbers))):
        try:
            change(by=by, at=at)
        except Refusal as refusal:
            if refusal.code not in ("document.nameless", "document.order"):
                raise
            errors.append({"href": f"#{box}-{refusal.facts['document']}", "text": sentence(refusal.code, refusal.facts)})
    return errors


def _number(typed: str) -> int:
    """A whole number in any width; 0 for anything else, which is no place."""
    plain = unicodedata.normalize("NFKC", typed).strip()
    return int(plain) if plain.isdecimal() and len(plain) < 4 else 0


def _again(request: HttpRequest, member: Member, envelope: Envelope | None, errors: Errors, *, at: datetime) -> HttpResponse:
    """Back to the step with what was typed; nothing of it is judged before 「次へ」."""
    typed = _typed(request, envelope, member)
    if envelope is not None and "name" in request.POST:  # files dropped on the home page come without the step's other boxes
        answer = None if errors else save_step(request, envelope, Step.FILES, typed, by=member, at=at)
        if answer is not None:
            return answer
        save_typed(envelope, Step.FILES, typed, by=member, at=at)
    if envelope is not None and not errors:
        return redirect("desk:files", envelope.pk)
    errors = errors or [{"href": "#id_files", "text": _("追加するPDFファイルを選択してください。")}]
    return _page(request, member, envelope, DescriptionForm(organization=member.organization, initial=typed), errors=errors, status=422)


def _typed(request: HttpRequest, envelope: Envelope | None, member: Member) -> dict[str, Any]:
    typed = typed_in(DescriptionForm(organization=member.organization), request.POST)
    titles = {name.removeprefix("title-"): value for name, value in request.POST.items() if name.startswith("title-")}
    return {**typed, "name": typed["name"] or (_name_of(envelope) if envelope else ""), "titles": titles}


def _name_of(envelope: Envelope) -> str:
    """What the envelope is called as long as nobody has said so: as its first file, even while that is still being inspected."""
    held = [] if envelope.name else held_uploads(envelope)
    return title_of(held[0].file_name)[:120] if held else envelope.name


def _next(request: HttpRequest, member: Member, envelope: Envelope | None, *, at: datetime) -> HttpResponse:
    data = request.POST.copy()
    data["name"] = _typed(request, envelope, member)["name"]
    form = DescriptionForm(data, organization=member.organization)
    rows = rows_of(envelope)
    errors = _undecided(rows)
    if envelope is None or not (has_documents(envelope) or rows):
        errors = [{"href": "#id_files", "text": sentence("envelope.no_documents")}]
    if form.is_valid() and not errors and envelope is not None:
        try:
            describe_envelope(envelope, form.description(), by=member, at=at)
        except Refusal as refusal:
            form.add_error(FIELD_OF.get(refusal.code), sentence(refusal.code, refusal.facts))
        else:
            forget_typed(envelope, Step.FILES)
            return redirect("desk:recipients", envelope.pk)
    return _page(request, member, envelope, form, errors=errors, status=422)


def _undecided(rows: list[Row]) -> Errors:
    """Files about which the sender has to say something before the next step. An inspection goes on while they name recipients."""
    words = {
        "offered": _("{file}：書き直したPDFを使うかどうかを選んでください。"),
        "refused": _("{file}：このファイルは使えません。内容を確認して、閉じてください。"),
        "stuck": _("{file}：検査を続けられませんでした。取り消してください。"),
    }
    if any(row.kind == "inspecting" and row.upload.reasons for row in rows):
        words["inspecting"] = _("{file}：書き直したPDFを作っています。できあがったら、ページを確認してください。")
    told = [(row, words[row.kind]) for row in rows if row.kind in words and (row.kind != "inspecting" or row.upload.reasons)]
    return [{"href": f"#upload-{row.upload.pk}", "text": text.format(file=row.upload.file_name)} for row, text in told]


def _page(
    request: HttpRequest,
    member: Member,
    envelope: Envelope | None,
    form: DescriptionForm,
    *,
    errors: Errors | None = None,
    status: int = 200,
) -> HttpResponse:
    rows = rows_of(envelope)
    saved = saved_in(envelope, Step.FILES) if envelope else None
    documents = documents_of(envelope) if envelope else []
    context = {
        "heading": _("署名を依頼する"),
        "steps": steps_of(envelope),
        "step": 1,
        "envelope": envelope,
        "documents": [_line(one, saved.typed.get("titles", {}) if saved else {}) for one in documents],
        "many": len(documents) > 1,
        "rows": rows,
        "waiting": is_waiting(rows),
        "news": news_of(rows),
        "plain": not errors and not form.errors,
        "form": form,
        "saved": saved_words(saved),
        "upload": UploadForm(),
        "page_errors": errors or [],
        **items_shown(form, member.organization),
    }
    return show(request, member, "desk/files.html", context, section="envelopes", status=status)


def _line(document: Document, titles: Mapping[str, str]) -> dict[str, Any]:
    return {**told_document(document), "title": titles.get(str(document.pk), document.name)}


def told_document(document: Document) -> dict[str, Any]:
    """A document of a draft with what was found in it, for ``desk/parts/document_line.html``."""
    return {
        "document": document,
        "warnings": warnings_of(document),
        "accepted": accepted_of(document),
        "rewritten": document.normalised_from is not None,
    }


def _problem_words(problem: Refusal) -> str:
    return _("{file}：{words}").format(file=problem.facts["file_name"], words=sentence(problem.code, problem.facts))
