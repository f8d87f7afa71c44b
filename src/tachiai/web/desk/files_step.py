"""P-04 ①: documents, and what the envelope is. Good files are kept, each bad one is named with its reason."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from tachiai import clock
from tachiai.accounts.models import Member
from tachiai.envelopes.access import may_send
from tachiai.envelopes.drafting import add_document, create_envelope, describe_envelope, document_in, file_name_of, remove_document
from tachiai.envelopes.holding import documents_of, has_documents
from tachiai.envelopes.models import Envelope
from tachiai.errors import Refusal
from tachiai.web.desk.describing import FIELD_OF, DescriptionForm, UploadForm, said_of, typed_in
from tachiai.web.desk.doors import at_desk, show
from tachiai.web.desk.findings import reason_words, warnings_of
from tachiai.web.desk.wizard import draft_of, steps_of
from tachiai.web.problems import sentence

# Just above what the verb takes: more of a file is never read into memory.
READ_AT_MOST = 51 * 1024 * 1024


@at_desk
def new(request: HttpRequest, member: Member) -> HttpResponse:
    """Shows step ① without making anything; the first file that is posted makes the draft."""
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
        kept = request.session.get(_kept_under(envelope), {}) if envelope else {}
        form = DescriptionForm(initial={**said_of(envelope, at=at), **kept})
        return _page(request, member, envelope, form)
    given = request.FILES.getlist("files")
    if given and envelope is None:
        envelope = create_envelope(by=member, at=at)
    problems = _add(given, envelope, accept=bool(request.POST.get("accept_rewritten")), by=member, at=at) if envelope else []
    if envelope is not None and request.POST.get("remove"):
        remove_document(document_in(envelope, request.POST["remove"]), by=member, at=at)
    if problems or request.POST.get("act") != "next":
        return _again(request, member, envelope, problems)
    return _next(request, member, envelope, at=at)


def _add(given: list[UploadedFile[bytes]], envelope: Envelope, *, accept: bool, by: Member, at: datetime) -> list[Refusal]:
    """Add what can be added; the refusals of the rest, each with its file's name."""
    refusals = []
    for file in given:
        name = file_name_of(file.name or "")
        try:
            add_document(envelope, file_name=name, pdf=file.read(READ_AT_MOST), by=by, at=at, accept_rewritten=accept)
        except Refusal as refusal:
            refusals.append(Refusal(refusal.code, **{**refusal.facts, "file_name": name}))
    return refusals


def _again(request: HttpRequest, member: Member, envelope: Envelope | None, problems: list[Refusal]) -> HttpResponse:
    """Back to the step with what was typed; nothing of it is judged before 「次へ」."""
    typed = _typed(request, envelope)
    if envelope is not None:
        request.session[_kept_under(envelope)] = typed
        if not problems:
            return redirect("desk:files", envelope.pk)
    errors = [{"href": "#id_files", "text": _problem_words(problem)} for problem in problems]
    if not problems:
        errors = [{"href": "#id_files", "text": _("追加するPDFファイルを選択してください。")}]
    form = DescriptionForm(initial=typed)
    return _page(request, member, envelope, form, errors=errors, problems=problems, status=422)


def _typed(request: HttpRequest, envelope: Envelope | None) -> dict[str, Any]:
    typed = typed_in(request.POST)
    return {**typed, "name": typed["name"] or (envelope.name if envelope else "")}


def _next(request: HttpRequest, member: Member, envelope: Envelope | None, *, at: datetime) -> HttpResponse:
    data = request.POST.copy()
    data["name"] = _typed(request, envelope)["name"]
    form = DescriptionForm(data)
    errors = []
    if envelope is None or not has_documents(envelope):
        errors = [{"href": "#id_files", "text": sentence("envelope.no_documents")}]
    if form.is_valid() and not errors and envelope is not None:
        try:
            describe_envelope(envelope, form.description(), by=member, at=at)
        except Refusal as refusal:
            form.add_error(FIELD_OF.get(refusal.code), sentence(refusal.code, refusal.facts))
        else:
            request.session.pop(_kept_under(envelope), None)
            return redirect("desk:recipients", envelope.pk)
    return _page(request, member, envelope, form, errors=errors, status=422)


def _page(
    request: HttpRequest,
    member: Member,
    envelope: Envelope | None,
    form: DescriptionForm,
    *,
    errors: list[dict[str, str]] | None = None,
    problems: list[Refusal] | None = None,
    status: int = 200,
) -> HttpResponse:
    documents = documents_of(envelope) if envelope else []
    damaged = [problem for problem in problems or [] if problem.code == "file.needs_rewriting"]
    context = {
        "heading": _("署名を依頼する"),
        "steps": steps_of(envelope),
        "step": 1,
        "envelope": envelope,
        "documents": [{"document": one, "warnings": warnings_of(one), "rewritten": one.normalised_from is not None} for one in documents],
        "form": form,
        "upload": UploadForm(),
        "page_errors": errors or [],
        "damaged": [{"name": one.facts["file_name"], "reasons": reason_words(one.facts.get("reasons"))} for one in damaged],
    }
    return show(request, member, "desk/files.html", context, section="envelopes", status=status)


def _problem_words(problem: Refusal) -> str:
    return _("{file}：{words}").format(file=problem.facts["file_name"], words=sentence(problem.code, problem.facts))


def _kept_under(envelope: Envelope) -> str:
    return f"draft:{envelope.pk}"
