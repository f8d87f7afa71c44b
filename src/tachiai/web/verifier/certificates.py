"""V-02: is this certificate of conclusion known? It names the organisation, the time and the digests, and no person."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from tachiai.archive.models import FileKind, Record
from tachiai.archive.searching import find_by_certificate
from tachiai.web.verifier.files import NumberForm
from tachiai.web.verifier.limits import NUMBERS, busy_page, spend


@require_safe
def certificate(request: HttpRequest, code: str) -> HttpResponse:
    """What is told of a number; of an unknown one only that nothing is."""
    if not spend(request, "numbers", limit=NUMBERS):
        return busy_page(request)
    record = find_by_certificate(code)
    context = {
        "heading": _("締結証明書の確認"),
        "record": record,
        "organization": _organization(record) if record else "",
        "documents": _documents(record) if record else [],
        "number_form": NumberForm(initial={"number": code[:40]}),
    }
    return render(request, "verifier/certificate.html", context, status=200 if record else 404)


def _organization(record: Record) -> str:
    english = (get_language() or "").startswith("en")
    return record.organization.name_en if english and record.organization.name_en else record.organization.name


def _documents(record: Record) -> list[dict[str, object]]:
    """Documents by number, not by name: a name may tell of a person or of what was agreed."""
    files = sorted(record.files.all(), key=lambda file: file.position)
    papers = [file for file in files if file.kind == FileKind.DOCUMENT]
    named = [(_("文書{number}").format(number=at), file) for at, file in enumerate(papers, 1)]
    named += [(_("締結証明書"), file) for file in files if file.kind == FileKind.CERTIFICATE]
    return [{"name": name, "sha256": bytes(file.sha256).hex(), "size": file.size} for name, file in named]
