"""Our own signer's ceremony: the same pages and the same last button as the counterparty's, behind the desk's login."""

from __future__ import annotations

import uuid
from typing import Any
from urllib.parse import urlencode

from allauth.account.authentication import get_authentication_records
from allauth.mfa.utils import is_mfa_enabled
from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _

from tachiai import clock
from tachiai.accounts.models import Member
from tachiai.envelopes.access import envelope_for, own_place
from tachiai.envelopes.asking_consent import ask_at_desk
from tachiai.envelopes.declining import Wish, decline
from tachiai.envelopes.describing import information_of
from tachiai.envelopes.entering import lacking
from tachiai.envelopes.holding import signers_of
from tachiai.envelopes.levels import Level, level_at_desk, level_words
from tachiai.envelopes.models import Document, Kind, Recipient
from tachiai.envelopes.opening import open_at_desk, show_document, unseen_documents
from tachiai.envelopes.readings import readings_of
from tachiai.envelopes.reviewing import confirm_review_at_desk
from tachiai.envelopes.routing import OVER, left_of_group
from tachiai.envelopes.signing import Circumstances, sign_at_desk
from tachiai.envelopes.states import EnvelopeState, RecipientState
from tachiai.errors import Refusal
from tachiai.web.addresses import address_of, agent_of
from tachiai.web.desk.doors import at_desk, show
from tachiai.web.desk.viewing import page_context
from tachiai.web.filling import Filling, Input, filling_of, others_in_words, said_in_words, take_filling
from tachiai.web.information_words import rows_of
from tachiai.web.problems import sentence, status_of

DONE = (RecipientState.CONSENTED, *OVER)
SIGNED = (RecipientState.CONSENTED, RecipientState.SIGNED, RecipientState.REVIEWED)


def _place(member: Member, pk: uuid.UUID) -> Recipient:
    """Where ``member`` is asked to sign. Refuses with ``envelope.unknown`` or ``recipient.not_you``."""
    place = own_place(member, envelope_for(member, pk))
    if place is None:
        raise Refusal("recipient.not_you")
    return place


def _elsewhere(place: Recipient) -> HttpResponse | None:
    """Where to go when there is nothing to sign any more."""
    if place.state in SIGNED:
        return redirect("desk:sign_done", place.envelope_id)
    if place.envelope.state != EnvelopeState.IN_PROGRESS or place.state in OVER:
        return redirect("desk:envelope", place.envelope_id)
    return None


@at_desk
def review(request: HttpRequest, member: Member, pk: uuid.UUID) -> HttpResponse:
    """The documents in tabs. A document whose page was served counts as shown."""
    place = _place(member, pk)
    if (away := _elsewhere(place)) is not None:
        return away
    at = clock.now()
    open_at_desk(place, by=member, address=address_of(request), agent=agent_of(request), at=at)
    documents = [one.document for one in readings_of(place)]
    present = _present(request, documents)
    filling = take_filling(request, place, at=at) if request.method == "POST" else filling_of(place, at=at)
    if request.method == "POST" and not filling.wrong:
        return redirect(_after_entering(request, place, documents, filling))
    show_document(place, present, at=at)
    unseen = {document.pk for document in unseen_documents(place)}
    base = reverse("desk:sign", args=[pk])
    pressed_too_early = bool(request.GET.get("unseen"))
    context = {
        "heading": place.envelope.name,
        "envelope": place.envelope,
        "place": place,
        "tabs": _tabs(documents, present, unseen, base=base) if len(documents) > 1 else [],
        "todo": _todo(documents, unseen, filling, base=base),
        "left": len(unseen) + filling.left,
        "next_url": _next_unseen(documents, unseen, base=base),
        "page_errors": [*_unread_errors(documents, unseen, base=base), *filling.missing()] if pressed_too_early else filling.errors(),
        "inputs": [{"at": one, "url": f"{_input_url(documents, one, base=base)}#viewer"} for one in filling.inputs],
        "others": others_in_words(place, documents),
        "information": rows_of(information_of(place.envelope)),
        "inputs_url": _here(request, base=base),
        "saved": "saved" in request.GET and not filling.wrong,
        **page_context(
            request,
            present,
            base=base,
            kept={"doc": _position(documents, present)},
            pdf_url=reverse("desk:copy", args=[pk, present.pk]),
            filling=filling,
        ),
    }
    return show(request, member, "desk/sign.html", context, section="envelopes", status=422 if filling.wrong else 200)


def _after_entering(request: HttpRequest, place: Recipient, documents: list[Document], filling: Filling) -> str:
    """Back to where the inputs were, or on to the next thing to do: a document, an input, and then the last question."""
    base = reverse("desk:sign", args=[place.envelope_id])
    if request.POST.get("act") != "onward":
        return f"{_here(request, base=base, saved=1)}#inputs"
    unseen = {document.pk for document in unseen_documents(place)}
    empty = next((one for one in filling.inputs if one.blank.lacking), None)
    if unseen:
        return _next_unseen(documents, unseen, base=base)
    if empty is None:
        return reverse("desk:sign_confirm", args=[place.envelope_id])
    return f"{_input_url(documents, empty, base=base)}#{empty.name}"


def _here(request: HttpRequest, *, base: str, **more: object) -> str:
    here = {name: request.GET[name] for name in ("doc", "page", "zoom", "as") if name in request.GET}
    return f"{base}?{urlencode({**here, **more})}"


def _input_url(documents: list[Document], one: Input, *, base: str) -> str:
    """The page on which an input stands."""
    position = next(number for number, document in enumerate(documents, start=1) if document.pk == one.blank.field.document_id)
    return f"{base}?{urlencode({'doc': position, 'page': one.blank.field.page})}"


def _unread_errors(documents: list[Document], unseen: set[Any], *, base: str) -> list[dict[str, str]]:
    return [
        {"href": f"{base}?doc={number}", "text": _("「{name}」をまだ開いていません。").format(name=one.name)}
        for number, one in enumerate(documents, start=1)
        if one.pk in unseen
    ]


def _present(request: HttpRequest, documents: list[Document]) -> Document:
    given = request.GET.get("doc", "1")
    index = int(given) - 1 if given.isdecimal() and len(given) < 4 else 0
    return documents[index] if 0 <= index < len(documents) else documents[0]


def _position(documents: list[Document], document: Document) -> int:
    return documents.index(document) + 1


def _tabs(documents: list[Document], present: Document, unseen: set[Any], *, base: str) -> list[dict[str, Any]]:
    return [
        {
            "word": one.name,
            "url": f"{base}?doc={number}",
            "current": one.pk == present.pk,
            "mark": "unread" if one.pk in unseen else "read",
        }
        for number, one in enumerate(documents, start=1)
    ]


def _todo(documents: list[Document], unseen: set[Any], filling: Filling, *, base: str) -> list[dict[str, Any]]:
    read = [
        {"word": _("「{name}」を確認する").format(name=one.name), "url": f"{base}?doc={number}", "done": one.pk not in unseen}
        for number, one in enumerate(documents, start=1)
    ]
    if filling.inputs:
        count = len(filling.inputs)
        word = ngettext("入力項目 {count}件", "入力項目 {count}件", count).format(count=count)
        read.append({"word": word, "url": "#inputs", "done": not filling.left})
    return [*read, {"word": _("完了する"), "url": "", "done": False}]


def _next_unseen(documents: list[Document], unseen: set[Any], *, base: str) -> str:
    first = next((number for number, one in enumerate(documents, start=1) if one.pk in unseen), 0)
    return f"{base}?doc={first}" if first else ""


@at_desk
def confirm(request: HttpRequest, member: Member, pk: uuid.UUID) -> HttpResponse:
    """The last page before signing; pressing its button twice signs once."""
    place = _place(member, pk)
    if (away := _elsewhere(place)) is not None:
        return away
    if unseen_documents(place) or lacking(place):
        return redirect(f"{reverse('desk:sign', args=[pk])}?unseen=1")
    level = level_at_desk(second_factor=_used_second_factor(request, member))
    language = "en" if (get_language() or "ja").startswith("en") else "ja"
    circumstances = Circumstances(address_of(request), agent_of(request), language)
    if place.kind != Kind.SIGNER:
        return _reviewed(request, member, place, circumstances, level)
    if request.method != "POST":
        return _confirm_page(request, member, place, circumstances, level)
    try:
        sign_at_desk(place, circumstances, by=member, level=level, at=clock.now(), offer=request.POST.get("offer", ""))
    except Refusal as refusal:
        if not refusal.code.startswith(("consent.", "proof.", "fields.")):
            raise
        return _confirm_page(request, member, _place(member, pk), circumstances, level, refusal)
    return redirect("desk:sign_done", pk)


def _reviewed(request: HttpRequest, member: Member, place: Recipient, circumstances: Circumstances, level: Level) -> HttpResponse:
    """確認者: they have read everything, and say so; nothing is signed."""
    if request.method == "POST":
        confirm_review_at_desk(place, circumstances, by=member, level=level, at=clock.now())
        return redirect("desk:sign_done", place.envelope_id)
    context = {"heading": _("内容を確認しましたか"), "envelope": place.envelope, "place": place, "readings": readings_of(place)}
    return show(request, member, "desk/sign_reviewed.html", context, section="envelopes")


def _confirm_page(
    request: HttpRequest, member: Member, place: Recipient, circumstances: Circumstances, level: Level, refusal: Refusal | None = None
) -> HttpResponse:
    """What is agreed to, as things stand now; or that the sender asks for a stronger login than this one."""
    try:
        asked = ask_at_desk(place, circumstances, by=member, level=level, at=clock.now())
    except Refusal as weak:
        if weak.code != "proof.second_factor":
            raise
        asked, refusal = None, weak
    context = {
        "heading": _("署名手続きを完了しますか") if asked else _("二要素認証でのログインが必要です"),
        "envelope": place.envelope,
        "asked": asked,
        "entered": [said_in_words(one) for one in asked.view["fields"]] if asked else [],
        "level": level_words(level, english=circumstances.language == "en"),
        "second_factor": _used_second_factor(request, member),
        "may_set_up": not is_mfa_enabled(member),
        "too_weak": "" if asked or refusal is None else sentence(refusal.code, refusal.facts),
        "page_errors": [{"href": "", "text": sentence(refusal.code, refusal.facts)}] if asked and refusal else [],
    }
    status = status_of(refusal.code) if refusal else 200
    return show(request, member, "desk/sign_confirm.html", context, section="envelopes", status=status)


def _used_second_factor(request: HttpRequest, member: Member) -> bool:
    """Whether this login went through a second factor, as the login library recorded it in the session."""
    return any(record.get("method") == "mfa" for record in get_authentication_records(request, member))


@at_desk
def done(request: HttpRequest, member: Member, pk: uuid.UUID) -> HttpResponse:
    place = _place(member, pk)
    if place.state not in SIGNED:
        return redirect("desk:sign", pk)
    others = sum(1 for one in signers_of(place.envelope) if one.kind == Kind.SIGNER and one.pk != place.pk and one.state not in DONE)
    context = {
        "heading": "",
        "envelope": place.envelope,
        "place": place,
        "others": others,
        "sealed": place.state != RecipientState.CONSENTED,
        "reviewed": place.state == RecipientState.REVIEWED,
        "done_at": place.consented_at or place.signed_at,
        "fingerprint": f"{place.envelope.state} {place.state}",
        "refresh": 5 if place.state == RecipientState.CONSENTED and place.envelope.state == EnvelopeState.IN_PROGRESS else None,
    }
    return show(request, member, "desk/sign_done.html", context, section="envelopes")


class DeclineForm(forms.Form):
    wish = forms.ChoiceField(
        label=gettext_lazy("署名しない理由の種類"),
        choices=[
            (Wish.CORRECTION.value, gettext_lazy("修正してほしい")),
            (Wish.REFUSAL.value, gettext_lazy("締結しない")),
            (Wish.NO_AUTHORITY.value, gettext_lazy("権限者ではない")),
            (Wish.OTHER.value, gettext_lazy("その他")),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("理由の種類を選択してください。")},
    )
    reason = forms.CharField(
        label=gettext_lazy("理由"),
        widget=forms.Textarea(attrs={"rows": 4}),
        max_length=1000,
        help_text=gettext_lazy("2文字以上1000文字以内。送信者に伝わります。"),
        error_messages={"required": gettext_lazy("理由を2文字以上で入力してください。")},
    )


@at_desk
def refuse(request: HttpRequest, member: Member, pk: uuid.UUID) -> HttpResponse:
    """The calm way out, with a reason."""
    place = _place(member, pk)
    if (away := _elsewhere(place)) is not None:
        return away
    form = DeclineForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            decline(place, wish=Wish(form.cleaned_data["wish"]), reason=form.cleaned_data["reason"], at=clock.now())
            return redirect("desk:envelope", pk)
        except Refusal as refusal:
            if not refusal.code.startswith("reason."):
                raise
            form.add_error("reason", sentence(refusal.code, refusal.facts))
    context = {
        "heading": _("署名しない（修正依頼・辞退）"),
        "envelope": place.envelope,
        "place": place,
        "form": form,
        "goes_on": bool(left_of_group(place)),
    }
    return show(request, member, "desk/sign_decline.html", context, section="envelopes", status=422 if form.errors else 200)
