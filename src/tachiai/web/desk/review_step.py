"""P-04 ④ and P-05: everything once more, then the one button; and what happens next."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from tachiai import clock
from tachiai.accounts.models import Member
from tachiai.envelopes.access import envelope_for
from tachiai.envelopes.describing import information_of, missing_items
from tachiai.envelopes.drafting import LONGEST_DEADLINE_DAYS
from tachiai.envelopes.field_models import FieldKind
from tachiai.envelopes.holding import documents_of, signers_of
from tachiai.envelopes.models import Document, Envelope, Recipient, Side
from tachiai.envelopes.placing import fields_of
from tachiai.envelopes.previewing import request_letter
from tachiai.envelopes.sending import missing_before_sending, send_envelope
from tachiai.envelopes.states import UNSENT, EnvelopeState
from tachiai.errors import Refusal
from tachiai.web.desk.approvals_review import asks_for_approval, route_choice, submit
from tachiai.web.desk.doors import at_desk, show
from tachiai.web.desk.files_step import told_document
from tachiai.web.desk.findings import cautions_words
from tachiai.web.desk.wizard import draft_of, steps_of
from tachiai.web.filling import KIND_WORDS
from tachiai.web.information_words import rows_of
from tachiai.web.problems import sentence
from tachiai.web.templatetags.look import day


@at_desk
def review(request: HttpRequest, member: Member, pk: uuid.UUID) -> HttpResponse:
    envelope = draft_of(member, pk)
    if envelope is None:
        # A second press of 「署名を依頼する」 finds the envelope sent and lands where the first one did.
        return redirect("desk:sent", pk)
    at = clock.now()
    if request.method != "POST":
        return _page(request, member, envelope, at=at)
    acknowledged = request.POST.getlist("acknowledged")
    try:
        if asks_for_approval(request):
            submit(request, envelope, member, at=at, acknowledged=acknowledged)
        else:
            send_envelope(envelope, by=member, at=at, acknowledged=acknowledged)
    except Refusal as refusal:
        if refusal.code == "warnings.unseen":
            errors = _unseen(envelope, acknowledged)
            return _page(request, member, envelope, at=at, errors=errors, acknowledged=acknowledged, status=422)
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
    acknowledged: Collection[str] = (),
    status: int = 200,
) -> HttpResponse:
    people = signers_of(envelope)
    first = next((person for person in people if person.side == Side.COUNTERPARTY), None)
    documents = documents_of(envelope)
    missing = missing_before_sending(envelope, at=at)
    facts = {"days": LONGEST_DEADLINE_DAYS, "items": missing_items(envelope)}
    context = {
        "heading": _("署名を依頼する"),
        "steps": steps_of(envelope),
        "step": 4,
        "envelope": envelope,
        "described": _said(envelope),
        "information": rows_of(information_of(envelope)),
        "documents": [told_document(one) for one in documents],
        "cautioned": [_cautioned(one, acknowledged, tried=status != 200) for one in documents if cautions_words(one)],
        "people": people,
        "placed": _placed(envelope),
        "letter": request_letter(first, at=at) if first else None,
        "twice": _twice(people),
        "missing": [{"words": sentence(code, facts), "url": _step_of(code, envelope)} for code in missing],
        "page_errors": errors or [],
        **route_choice(envelope, request.POST.get("route", "")),
    }
    return show(request, member, "desk/review.html", context, section="envelopes", status=status)


def _said(envelope: Envelope) -> list[dict[str, str]]:
    change = reverse("desk:files", args=[envelope.pk])
    rows = [
        (_("封筒名"), envelope.name, "id_name"),
        (_("管理番号"), envelope.number, ""),
        (_("相手方へのコメント"), envelope.comment or _("なし"), "id_comment"),
        (_("署名期限"), _("{day} 23:59:59（日本時間）まで").format(day=day(envelope.deadline)), "id_deadline_0"),
    ]
    return [{"term": term, "value": value, "url": f"{change}#{anchor}" if anchor else ""} for term, value, anchor in rows]


def _cautioned(document: Document, acknowledged: Collection[str], *, tried: bool) -> dict[str, Any]:
    seen = str(document.pk) in acknowledged
    return {"document": document, "words": cautions_words(document), "seen": seen, "missing": tried and not seen}


def _unseen(envelope: Envelope, acknowledged: Collection[str]) -> list[dict[str, str]]:
    text = _("{name}：警告の内容を確認して、チェックを入れてください。")
    unseen = [one for one in documents_of(envelope) if cautions_words(one) and str(one.pk) not in acknowledged]
    return [{"href": f"#acknowledged-{one.pk}", "text": text.format(name=one.name)} for one in unseen]


def _placed(envelope: Envelope) -> list[dict[str, object]]:
    """What was placed on each document, by kind; a document without anything bears invisible signatures."""
    fields = fields_of(envelope)
    told: list[dict[str, object]] = []
    for document in documents_of(envelope):
        words = [KIND_WORDS[FieldKind(one.kind)] for one in fields if one.document_id == document.pk]
        told.append({"name": document.name, "kinds": [(word, words.count(word)) for word in dict.fromkeys(words)]})
    return told


def _twice(people: list[Recipient]) -> list[str]:
    """Addresses that stand more than once: right for a joint venture, otherwise a slip."""
    mails = [person.mail.casefold() for person in people]
    return sorted({mail for mail in mails if mails.count(mail) > 1})


def _step_of(code: str, envelope: Envelope) -> str:
    if code.startswith(("approval.", "route.")):
        return "#route"
    steps = {"recipients": "desk:recipients", "registration": "desk:recipients", "field": "desk:fields"}
    return reverse(steps.get(code.partition(".")[0], "desk:files"), args=[envelope.pk])


@at_desk
def sent(request: HttpRequest, member: Member, pk: uuid.UUID) -> HttpResponse:
    """P-05: it is on its way."""
    envelope = envelope_for(member, pk)
    if envelope.state == EnvelopeState.DRAFT:
        return redirect("desk:review", pk)
    if envelope.state in UNSENT:
        return redirect("desk:envelope", pk)  # it waits for its approval
    people = signers_of(envelope)
    first = people[0].order if people else 0
    context = {
        "heading": _("署名依頼を送信しました"),
        "envelope": envelope,
        "now_asked": [person for person in people if person.order == first],
        "later_asked": [person for person in people if person.order != first],
    }
    return show(request, member, "desk/sent.html", context, section="envelopes")
