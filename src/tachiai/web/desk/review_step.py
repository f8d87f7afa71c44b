"""P-04 ④ and P-05: everything once more, then the one button; and what happens next."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from tachiai import clock
from tachiai.accounts.models import Member
from tachiai.envelopes.access import envelope_for
from tachiai.envelopes.addressing import cautions_of, place_of
from tachiai.envelopes.describing import information_of, missing_items
from tachiai.envelopes.draft_models import Step
from tachiai.envelopes.drafting import LONGEST_DEADLINE_DAYS
from tachiai.envelopes.field_models import FieldKind
from tachiai.envelopes.holding import documents_of, signers_of
from tachiai.envelopes.models import Document, Envelope, Gate, Kind, Recipient, Side
from tachiai.envelopes.places import documents_meant
from tachiai.envelopes.placing import fields_of
from tachiai.envelopes.previewing import request_letter
from tachiai.envelopes.saving import saved_in, untaken
from tachiai.envelopes.scheduling import FARTHEST_DAYS
from tachiai.envelopes.sending import missing_before_sending, send_envelope
from tachiai.envelopes.states import UNSENT, EnvelopeState
from tachiai.envelopes.templates import may_manage_templates
from tachiai.errors import Refusal
from tachiai.web.desk.approvals_review import asks_for_approval, later_route, route_choice, submit
from tachiai.web.desk.doors import at_desk, show
from tachiai.web.desk.files_step import told_document
from tachiai.web.desk.findings import cautions_words
from tachiai.web.desk.recipients_form import GATE_WORDS, KIND_WORDS
from tachiai.web.desk.scheduling import ScheduleForm, schedule_form, take_schedule
from tachiai.web.desk.wizard import draft_of, save_step, saved_words, steps_of, typed_in
from tachiai.web.filling import KIND_WORDS as FIELD_WORDS
from tachiai.web.information_words import rows_of
from tachiai.web.languages import CODES
from tachiai.web.problems import sentence
from tachiai.web.templatetags.look import day, jst

# Which routes are chosen: before sending, and with a moment to come.
CHOSEN = ("route", "later-route")


@at_desk
def review(request: HttpRequest, member: Member, pk: uuid.UUID) -> HttpResponse:
    envelope = draft_of(member, pk)
    if envelope is None:
        # A second press of 「署名を依頼する」, another tab, a reload: it is on its way, and this is where it is watched.
        return redirect("desk:envelope", pk)
    at = clock.now()
    if request.method != "POST":
        saved = saved_in(envelope, Step.REVIEW)
        typed = saved.typed if saved else {}
        form = schedule_form(None, envelope, at=at, typed=typed)
        return _page(request, member, envelope, at=at, form=form, acknowledged=typed.get("acknowledged", ()), chosen=typed)
    act = request.POST.get("act")
    kept = save_step(request, envelope, Step.REVIEW, _typed(request, envelope, at=at), by=member, at=at)
    if kept is not None:
        return kept
    if act == "look":
        # 「Enter」 in the schedule's boxes sends nothing.
        form = schedule_form(request.POST, envelope, at=at)
        return _page(request, member, envelope, at=at, acknowledged=request.POST.getlist("acknowledged"), form=form)
    if act == "schedule":
        return _schedule(request, member, envelope, at=at)
    acknowledged = request.POST.getlist("acknowledged")
    try:
        if asks_for_approval(request):
            submit(request, envelope, member, at=at, acknowledged=acknowledged)
        else:
            send_envelope(envelope, by=member, at=at, acknowledged=acknowledged)
    except Refusal as refusal:
        if refusal.code == "envelope.moved":
            return redirect("desk:envelope", pk)
        return _refused(request, member, envelope, refusal, at=at)
    return redirect("desk:sent", pk)


def _typed(request: HttpRequest, envelope: Envelope, *, at: datetime) -> dict[str, Any]:
    """What was chosen on this page, as it was chosen."""
    chosen = {name: request.POST.get(name, "") for name in CHOSEN}
    moment = typed_in(schedule_form(None, envelope, at=at), request.POST)
    return {**chosen, **moment, "acknowledged": request.POST.getlist("acknowledged")}


def _schedule(request: HttpRequest, member: Member, envelope: Envelope, *, at: datetime) -> HttpResponse:
    form, acknowledged = schedule_form(request.POST, envelope, at=at), request.POST.getlist("acknowledged")
    try:
        refusal = take_schedule(form, envelope, by=member, at=at, acknowledged=acknowledged, route=later_route(request))
    except Refusal as unreadable:
        refusal = unreadable
    if refusal is not None and refusal.code == "envelope.moved":
        return redirect("desk:envelope", envelope.pk)
    if refusal is not None:
        return _refused(request, member, envelope, refusal, at=at, form=form)
    if not form.is_valid():
        return _page(request, member, envelope, at=at, form=form, acknowledged=acknowledged, status=422)
    messages.success(request, _("{when} に送信します。").format(when=jst(envelope.send_at)))
    return redirect("desk:envelope", envelope.pk)


def _refused(
    request: HttpRequest, member: Member, envelope: Envelope, refusal: Refusal, *, at: datetime, form: ScheduleForm | None = None
) -> HttpResponse:
    """The page once more, with what keeps it from being sent."""
    acknowledged = request.POST.getlist("acknowledged")
    if refusal.code == "warnings.unseen":
        errors = _unseen(envelope, acknowledged)
    else:
        errors = [{"href": _step_of(refusal.code, envelope), "text": sentence(refusal.code, refusal.facts)}]
    return _page(request, member, envelope, at=at, errors=errors, acknowledged=acknowledged, form=form, status=422)


def _page(
    request: HttpRequest,
    member: Member,
    envelope: Envelope,
    *,
    at: datetime,
    errors: list[dict[str, str]] | None = None,
    acknowledged: Collection[str] = (),
    form: ScheduleForm | None = None,
    chosen: Mapping[str, Any] | None = None,
    status: int = 200,
) -> HttpResponse:
    chosen = chosen if chosen is not None else request.POST
    people = signers_of(envelope)
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
        "cautioned": [_cautioned(one, acknowledged, tried=bool(errors)) for one in documents if cautions_words(one)],
        "people": _people(envelope, people, documents),
        "placed": _placed(envelope),
        # Without a document or a signer there is no third step to go back to.
        "placeable": bool(documents) and any(one.slot is not None for one in people),
        "letters": _letters(people, at=at),
        "cautions": _cautions(envelope, people),
        "untaken": _untaken(envelope),
        "missing": [{"words": sentence(code, facts), "url": _step_of(code, envelope)} for code in missing],
        "form": form or schedule_form(None, envelope, at=at),
        "farthest": FARTHEST_DAYS,
        "page_errors": errors or [],
        "saved": saved_words(saved_in(envelope, Step.REVIEW)),
        **route_choice(envelope, *(str(chosen.get(name, "")) for name in CHOSEN)),
    }
    return show(request, member, "desk/review.html", context, section="envelopes", status=status)


def _untaken(envelope: Envelope) -> list[dict[str, str]]:
    """What was typed into an earlier step and left there: said before anything is sent without it."""
    words = {
        Step.FILES: (_("「文書」に、まだ反映していない入力があります（{at} 保存）"), "desk:files"),
        Step.RECIPIENTS: (_("「宛先」に、まだ反映していない入力があります（{at} 保存）"), "desk:recipients"),
    }
    return [
        {"words": words[step][0].format(at=jst(saved)), "url": reverse(words[step][1], args=[envelope.pk])}
        for step, saved in untaken(envelope).items()
    ]


def _said(envelope: Envelope) -> list[dict[str, str]]:
    change, due = reverse("desk:files", args=[envelope.pk]), _("{day} 23:59:59（日本時間）まで")
    rows = [
        (_("封筒名"), envelope.name, "id_name"),
        (_("管理番号"), envelope.number, ""),
        (_("相手方へのコメント"), envelope.comment or _("なし"), "id_comment"),
        (_("署名期限"), due.format(day=day(envelope.deadline)) if envelope.deadline else _("まだ決めていません"), "id_deadline_0"),
    ]
    return [{"term": term, "value": value, "url": f"{change}#{anchor}" if anchor else ""} for term, value, anchor in rows]


def _people(envelope: Envelope, people: list[Recipient], documents: list[Document]) -> list[dict[str, Any]]:
    """Everybody with all that was said of them, and what they will get to look at beforehand."""
    meant, names = documents_meant(envelope.pk), {one.pk: one.name for one in documents}
    return [
        {
            "person": one,
            "kind": KIND_WORDS[Kind(one.kind)],
            "gate": "" if one.side == Side.OWN or one.gate == Gate.REGISTERED else GATE_WORDS[Gate(one.gate)],
            "due": one.deadline or envelope.deadline,
            "documents": [names[pk] for pk in meant.get(one.pk, ()) if pk in names],
            "terms": _terms(one),
            "has_letter": one.kind != Kind.COPY,
            "has_screens": one.kind != Kind.COPY and one.side == Side.COUNTERPARTY and bool(documents),
        }
        for one in people
    ]


def _terms(person: Recipient) -> list[str]:
    said = [_("英語")] if person.language == "en" else []
    said += [_("いずれか1人でよい")] if person.any_one else []
    said += [_("署名者の変更を許可")] if person.may_reassign else []
    return said + ([] if person.wants_copy else [_("完了通知なし")])


def _letters(people: list[Recipient], *, at: datetime) -> list[Any]:
    """What the first counterparty will read, in both languages, theirs first; everybody else's mail has a page of its own."""
    first = next((one for one in people if one.side == Side.COUNTERPARTY and one.kind != Kind.COPY), None)
    if first is None:
        return []
    return [request_letter(first, at=at, language=code) for code in sorted(CODES, key=lambda code: code != first.language)]


def _cautions(envelope: Envelope, people: list[Recipient]) -> list[str]:
    """What step ② warned of, as it stands now."""
    found = cautions_of(envelope, [place_of(one) for one in people])
    return [sentence(f"caution.{code}", {"names": names}) for code, names in found.items()]


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
        words = [FIELD_WORDS[FieldKind(one.kind)] for one in fields if one.document_id == document.pk]
        told.append({"name": document.name, "kinds": [(word, words.count(word)) for word in dict.fromkeys(words)]})
    return told


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
    people = [one for one in signers_of(envelope) if one.kind != Kind.COPY]
    first = people[0].order if people else 0
    context = {
        "heading": _("署名依頼を送信しました"),
        "envelope": envelope,
        "now_asked": [person for person in people if person.order == first],
        "later_asked": [person for person in people if person.order != first],
        "may_save": may_manage_templates(member),
    }
    return show(request, member, "desk/sent.html", context, section="envelopes")
