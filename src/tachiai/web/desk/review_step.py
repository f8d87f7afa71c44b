"""P-04 ③ and P-05: everything once more, then the one button; and what happens next."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from tachiai import clock
from tachiai.accounts.models import Member
from tachiai.envelopes.access import envelope_for
from tachiai.envelopes.drafting import LONGEST_DEADLINE_DAYS
from tachiai.envelopes.holding import documents_of, signers_of
from tachiai.envelopes.models import Document, Envelope, Recipient, Side
from tachiai.envelopes.previewing import request_letter
from tachiai.envelopes.sending import missing_before_sending, send_envelope
from tachiai.envelopes.states import EnvelopeState
from tachiai.errors import Refusal
from tachiai.web.desk.doors import at_desk, show
from tachiai.web.desk.findings import warnings_of
from tachiai.web.desk.wizard import draft_of, steps_of
from tachiai.web.problems import sentence
from tachiai.web.templatetags.look import day, yen


@at_desk
def review(request: HttpRequest, member: Member, pk: uuid.UUID) -> HttpResponse:
    envelope = draft_of(member, pk)
    if envelope is None:
        # A second press of 「署名を依頼する」 finds the envelope sent and lands where the first one did.
        return redirect("desk:sent", pk)
    at = clock.now()
    if request.method != "POST":
        return _page(request, member, envelope, at=at)
    if _rewritten(envelope) and not request.POST.get("rewritten_seen"):
        errors = [{"href": "#id_rewritten_seen", "text": _("修復したPDFの内容を確認して、チェックを入れてください。")}]
        return _page(request, member, envelope, at=at, errors=errors, status=422)
    try:
        send_envelope(envelope, by=member, at=at)
    except Refusal as refusal:
        if refusal.code != "envelope.moved":
            errors = [{"href": _step_of(refusal.code, envelope), "text": sentence(refusal.code, refusal.facts)}]
            return _page(request, member, envelope, at=at, errors=errors, status=422)
    return redirect("desk:sent", pk)


def _page(
    request: HttpRequest,
    member: Member,
    envelope: Envelope,
    *,
    at: datetime,
    errors: list[dict[str, str]] | None = None,
    status: int = 200,
) -> HttpResponse:
    people = signers_of(envelope)
    first = next((person for person in people if person.side == Side.COUNTERPARTY), None)
    documents = documents_of(envelope)
    missing = missing_before_sending(envelope, at=at)
    context = {
        "heading": _("署名を依頼する"),
        "steps": steps_of(envelope),
        "step": 3,
        "envelope": envelope,
        "described": _said(envelope),
        "documents": [{"document": one, "warnings": warnings_of(one)} for one in documents],
        "people": people,
        "letter": request_letter(first, at=at) if first else None,
        "rewritten": [one for one in documents if one.normalised_from is not None],
        "twice": _twice(people),
        "missing": [{"words": sentence(code, {"days": LONGEST_DEADLINE_DAYS}), "url": _step_of(code, envelope)} for code in missing],
        "page_errors": errors or [],
    }
    return show(request, member, "desk/review.html", context, section="envelopes", status=status)


def _said(envelope: Envelope) -> list[dict[str, str]]:
    change = reverse("desk:files", args=[envelope.pk])
    rows = [
        (_("封筒名"), envelope.name, "id_name"),
        (_("管理番号"), envelope.number, ""),
        (_("相手方へのコメント"), envelope.comment or _("なし"), "id_comment"),
        (_("取引年月日"), day(envelope.transaction_date), "id_transaction_date_0"),
        (_("取引先"), envelope.counterparty or _("記載なし"), "id_counterparty"),
        (_("取引金額"), yen(envelope.amount), "id_amount_kind_0"),
        (_("署名期限"), _("{day} 23:59:59（日本時間）まで").format(day=day(envelope.deadline)), "id_deadline_0"),
    ]
    return [{"term": term, "value": value, "url": f"{change}#{anchor}" if anchor else ""} for term, value, anchor in rows]


def _rewritten(envelope: Envelope) -> list[Document]:
    return [document for document in documents_of(envelope) if document.normalised_from is not None]


def _twice(people: list[Recipient]) -> list[str]:
    """Addresses that stand more than once: right for a joint venture, otherwise a slip."""
    mails = [person.mail.casefold() for person in people]
    return sorted({mail for mail in mails if mails.count(mail) > 1})


def _step_of(code: str, envelope: Envelope) -> str:
    step = "desk:recipients" if code.startswith(("recipients.", "registration.")) else "desk:files"
    return reverse(step, args=[envelope.pk])


@at_desk
def sent(request: HttpRequest, member: Member, pk: uuid.UUID) -> HttpResponse:
    """P-05: it is on its way."""
    envelope = envelope_for(member, pk)
    if envelope.state == EnvelopeState.DRAFT:
        return redirect("desk:review", pk)
    people = signers_of(envelope)
    first = people[0].order if people else 0
    context = {
        "heading": _("署名依頼を送信しました"),
        "envelope": envelope,
        "now_asked": [person for person in people if person.order == first],
        "later_asked": [person for person in people if person.order != first],
    }
    return show(request, member, "desk/sent.html", context, section="envelopes")
