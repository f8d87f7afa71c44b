"""The result taken along: as JSON for a program, or as a PDF that the operator has sealed. Both come from what the page carried."""

from __future__ import annotations

from typing import Any

import structlog
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from tachiai import clock
from tachiai.accounts.models import Operator
from tachiai.archive.attesting import attest_verdict
from tachiai.archive.verification import told
from tachiai.errors import Outage, Refusal
from tachiai.web.verifier.carried import Carried, take_back
from tachiai.web.verifier.limits import ALL_REPORTS, REPORTS, busy_page, spend, spend_from_all
from tachiai.web.verifier.papers import verdict_words

log = structlog.get_logger("tachiai.web")


# Only a token of ours gets anything, and nobody but who was shown it has it: a form forged elsewhere has none.
@csrf_exempt
@require_POST
def as_json(request: HttpRequest) -> HttpResponse:
    """The result for a program; see docs/formats/verification-report.md."""
    carried = take_back(request.POST.get("result", ""), at=clock.now())
    answer = JsonResponse(_report(carried), json_dumps_params={"ensure_ascii": False, "indent": 2})
    return _attached(answer, carried, "json")


@csrf_exempt  # as above
@require_POST
def as_pdf(request: HttpRequest) -> HttpResponse:
    """The result on a paper that the operator certifies. It costs a seal and a timestamp, so it is counted."""
    at = clock.now()
    carried = take_back(request.POST.get("result", ""), at=at)
    if not spend(request, "reports", limit=REPORTS) or not spend_from_all("reports", limit=ALL_REPORTS):
        return busy_page(request)
    words = verdict_words(carried.judgement, name=carried.name)
    try:
        attested = attest_verdict(carried.judgement, words, judged_at=carried.judged_at, at=at)
    except (Outage, Refusal) as away:
        # Whatever keeps the house from sealing, the visitor can only come back later.
        log.warning("a report could not be attested", code=away.code, detail=str(away))
        return _away(request)
    return _attached(HttpResponse(attested.pdf, content_type="application/pdf"), carried, "pdf")


def _report(carried: Carried) -> dict[str, Any]:
    operator = Operator.objects.order_by("pk").first()
    return {
        "v": 1,
        "judged_at": carried.judged_at.isoformat(),
        "judged_by": operator.name if operator else "",
        "file_name_claimed": carried.name,
        "file_kept": False,
        "judgement": told(carried.judgement),
    }


def _attached(answer: HttpResponse, carried: Carried, kind: str) -> HttpResponse:
    """Named after the judged bytes: the name a stranger gave the file goes into no header."""
    name = f"verification-{carried.judgement.sha256.hex()[:16]}.{kind}"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _away(request: HttpRequest) -> HttpResponse:
    context = {
        "heading": _("ただいまPDFレポートを発行できません"),
        "words": _(
            "電子署名またはタイムスタンプのサービスから応答がありません。しばらくしてから、もう一度お試しください。"
            "前の画面に戻れば、JSONは今すぐ保存できます。"
        ),
    }
    response = render(request, "verifier/busy.html", context, status=503)
    response.headers["Retry-After"] = "60"
    return response
