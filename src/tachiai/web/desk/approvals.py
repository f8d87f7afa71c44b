"""P-06: what waits for the member's approval, and one request with its documents, its route and the two answers."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from tachiai import clock
from tachiai.accounts.models import Member
from tachiai.accounts.rights import must_see_documents
from tachiai.accounts.route_models import Timing
from tachiai.envelopes.access import envelope_for, managed_envelope, needs_reason
from tachiai.envelopes.approval_listing import Pile, places_under
from tachiai.envelopes.approval_models import Approval, ApprovalPlace, ApprovalState
from tachiai.envelopes.approving import approve, ask_approval_again, return_envelope, take_back
from tachiai.envelopes.approving_access import Seat
from tachiai.envelopes.approving_digests import document_digests
from tachiai.envelopes.describing import information_of
from tachiai.envelopes.holding import documents_of, signers_of
from tachiai.envelopes.models import Document, Envelope, Kind, Side
from tachiai.envelopes.placing import fields_of
from tachiai.envelopes.states import UNSENT, EnvelopeState
from tachiai.envelopes.timeline import timeline
from tachiai.errors import Refusal
from tachiai.web.desk.approvals_told import pile_words, seat_of, told_steps
from tachiai.web.desk.doors import at_desk, show
from tachiai.web.desk.rows import chip_state
from tachiai.web.desk.viewing import draft_context, note_once, page_context
from tachiai.web.filling import others_in_words
from tachiai.web.information_words import rows_of
from tachiai.web.problems import sentence
from tachiai.web.templatetags.look import day

SECTION = "approvals"
PER_PAGE = 50
HOME = 5


class AnswerForm(forms.Form):
    comment = forms.CharField(
        label=gettext_lazy("コメント"),
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy("差し戻すときは必須です（2文字以上1000文字以内）。送信者に伝わり、操作記録に残ります。"),
    )


@at_desk
def approvals(request: HttpRequest, member: Member) -> HttpResponse:
    at = clock.now()
    asked = request.GET.get("view", "")
    pile = Pile(asked) if asked in set(Pile) else Pile.OWN
    words = pile_words()
    page = Paginator(places_under(pile, member, at=at), PER_PAGE).get_page(request.GET.get("page"))
    base = reverse("desk:approvals")
    counts = {one: places_under(one, member, at=at).count() for one in (Pile.OWN, Pile.DEPUTY)}
    context = {
        "heading": pgettext("menu", "承認"),
        "tabs": [{"word": words[one], "url": f"{base}?view={one}", "current": one is pile, "count": counts.get(one)} for one in Pile],
        "pile": str(pile),
        "caption": words[pile],
        "rows": [_row(place, member) for place in page],
        "page_obj": page,
        "query": f"view={pile}",
    }
    return show(request, member, "desk/approvals.html", context, section=SECTION)


def to_decide(member: Member, *, at: datetime) -> list[dict[str, Any]]:
    """The first few of what waits for the member's answer, for the home page: their own places first."""
    places = [place for pile in (Pile.OWN, Pile.DEPUTY) for place in places_under(pile, member, at=at)[:HOME]]
    once = {place.approval_id: place for place in reversed(places)}
    return [_row(place, member) for place in places if once[place.approval_id] is place][:HOME]


def _row(place: ApprovalPlace, member: Member) -> dict[str, Any]:
    envelope = place.approval.envelope
    return {
        "place": place,
        "envelope": envelope,
        "state": chip_state(envelope),
        "instead_of": place.member.name if place.member_id != member.pk else "",
    }


@at_desk
def approval(request: HttpRequest, member: Member, pk: uuid.UUID) -> HttpResponse:
    """One request; posting answers it: ``act`` is ``approve`` or ``return``."""
    must_see_documents(member)
    at = clock.now()
    row = Approval.objects.select_related("route", "asked_by").filter(pk=pk).first()
    if row is None:
        raise Refusal("approval.unknown")
    envelope = envelope_for(member, row.envelope_id)
    if envelope.state == EnvelopeState.DRAFT:
        raise Refusal("approval.not_asked" if row.state == ApprovalState.HELD else "approval.over")
    form, seat = AnswerForm(request.POST if request.method == "POST" else None), seat_of(row, envelope, member, at=at)
    if form.errors and seat is None:
        raise Refusal("approval.not_yours")  # the page has no form beside which anything could be said
    if request.method == "POST" and form.is_valid():
        try:
            _answer(request, row, form.cleaned_data["comment"], member, at=at)
        except Refusal as refusal:
            if seat is None or refusal.code not in ("comment.missing", "reason.too_long"):
                raise
            form.add_error("comment", sentence(refusal.code, refusal.facts))
        else:
            return redirect("desk:approvals")
    context = _context(request, member, row, envelope, seat) | {"form": form if seat else None}
    return show(request, member, "desk/approval.html", context, section=SECTION, status=422 if form.errors else 200)


def _answer(request: HttpRequest, row: Approval, comment: str, member: Member, *, at: datetime) -> None:
    if request.POST.get("act") == "return":
        return_envelope(row.pk, comment=comment, by=member, at=at)
        messages.success(request, _("差し戻しました。送信者にお知らせします。"))
        return
    held = approve(row.pk, by=member, at=at, comment=comment)
    told = {
        EnvelopeState.SENDING: _("承認しました。すべての承認がそろったため、署名依頼を送信します。"),
        EnvelopeState.RETURNED: _("承認しました。送信できない理由が見つかったため、封筒は送信者に戻りました。"),
    }
    messages.success(request, told.get(EnvelopeState(held.state)) or _("承認しました。"))


def _context(request: HttpRequest, member: Member, row: Approval, envelope: Envelope, seat: Seat | None) -> dict[str, Any]:
    documents = documents_of(envelope)
    present = _present(request, documents)
    base = reverse("desk:approval", args=[row.pk])
    events = timeline(envelope, reader=member)
    tabs = [{"word": one.name, "url": f"{base}?doc={number}", "current": one is present} for number, one in enumerate(documents, 1)]
    fields, people = fields_of(envelope), signers_of(envelope)
    digests = document_digests(envelope, timing=Timing(row.timing))
    # Whoever of ours signs next sees the same: what the others have put in, which no picture of a page shows.
    ours = next((one for one in people if one.side == Side.OWN and one.kind == Kind.SIGNER), None)
    return {
        "heading": _("{name}の承認").format(name=envelope.name),
        "envelope": envelope,
        "approval": row,
        "state": chip_state(envelope),
        "instead_of": seat.place.member.name if seat and seat.deputyship else "",
        "steps": told_steps(row, events),
        "said": _said(envelope),
        "information": rows_of(information_of(envelope)),
        "people": people,
        "others": others_in_words(ours, documents) if ours is not None and row.timing == Timing.AFTER else [],
        "documents": [
            {"document": one, "fields": sum(field.document_id == one.pk for field in fields), "sha256": digests[one.pk].hex()}
            for one in documents
        ],
        "tabs": tabs if len(tabs) > 1 else [],
        **_viewed(request, member, envelope, present, base=base, kept={"doc": documents.index(present) + 1}),
    }


def _viewed(
    request: HttpRequest, member: Member, envelope: Envelope, document: Document, *, base: str, kept: dict[str, Any]
) -> dict[str, Any]:
    note_once(request, document, member)
    if envelope.state not in UNSENT and document.page_pack_id is not None:
        return page_context(request, document, base=base, kept=kept, pdf_url="")
    told = draft_context(request, document, base=base, kept=kept)
    if needs_reason(member) or envelope.state not in UNSENT:
        told["page"]["pdf_url"] = ""
    return told


def _present(request: HttpRequest, documents: list[Document]) -> Document:
    given = request.GET.get("doc", "1")
    index = int(given) - 1 if given.isdecimal() and len(given) < 4 else 0
    return documents[index] if 0 <= index < len(documents) else documents[0]


def _said(envelope: Envelope) -> list[dict[str, str]]:
    rows = [
        (_("送信者"), " ".join(part for part in (envelope.sender.department, envelope.sender.name) if part)),
        (_("管理番号"), envelope.number),
        (_("署名期限"), day(envelope.deadline)),
        (_("相手方へのコメント"), envelope.comment or _("なし")),
    ]
    return [{"term": term, "value": value} for term, value in rows]


@at_desk
def take_back_page(request: HttpRequest, member: Member, pk: uuid.UUID) -> HttpResponse:
    """The sender makes it a draft again and goes on where it can be changed."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    take_back(managed_envelope(member, pk), by=member, at=clock.now())
    messages.success(request, _("下書きに戻しました。修正してから、もう一度承認を依頼してください。"))
    return redirect("desk:review", pk)


@at_desk
def ask_again_page(request: HttpRequest, member: Member, pk: uuid.UUID) -> HttpResponse:
    """After a return behind the counterparty's signature: the same route is asked once more."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    ask_approval_again(managed_envelope(member, pk), by=member, at=clock.now())
    messages.success(request, _("もう一度承認を依頼しました。"))
    return redirect("desk:envelope", pk)
