"""P-04 ②: who is asked what, in which order: from approved registrations, our own members, or typed in."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from tachiai import clock
from tachiai.accounts.models import Member
from tachiai.counterparties.access import may_register
from tachiai.counterparties.models import Registration
from tachiai.counterparties.usable import usable_registrations
from tachiai.envelopes.addressing import cautions_of
from tachiai.envelopes.candidates import own_people, own_signers
from tachiai.envelopes.draft_models import Step
from tachiai.envelopes.drafting import address_envelope
from tachiai.envelopes.holding import documents_of, signers_of
from tachiai.envelopes.models import Envelope, Proof, Recipient, Side
from tachiai.envelopes.places import documents_meant
from tachiai.envelopes.saving import forget_typed, saved_in
from tachiai.errors import Refusal
from tachiai.web.desk.doors import at_desk, show
from tachiai.web.desk.people_words import approver_word, our_words, their_words
from tachiai.web.desk.recipients_form import MOST_FURTHER, NOBODY, TYPED, Choices, RecipientsForm, further_in, names_of
from tachiai.web.desk.wizard import draft_of, save_step, saved_words, steps_of, typed_in
from tachiai.web.problems import sentence

ABOUT_PASSKEYS = ("proof.no_passkeys", "proof.not_for_own")
Known = dict[str, Registration | Member]


@at_desk
def recipients(request: HttpRequest, member: Member, pk: uuid.UUID) -> HttpResponse:
    envelope = draft_of(member, pk)
    if envelope is None:
        return redirect("desk:envelope", pk)
    known = _known(envelope)
    theirs: Choices = [(key, their_words(one)) for key, one in known.items() if isinstance(one, Registration)]
    ours: Choices = [(key, our_words(one)) for key, one in known.items() if isinstance(one, Member)]
    shape: dict[str, Any] = {"theirs": theirs, "ours": ours, "documents": documents_of(envelope)}
    shape["approver"] = approver_word(envelope.organization)
    if request.method != "POST":
        saved = saved_in(envelope, Step.RECIPIENTS)
        initial = saved.typed if saved else _chosen(envelope, theirs)
        form = RecipientsForm(**shape, initial=initial, further=further_in(initial))
        return _page(request, member, envelope, form, known)
    shape["further"] = further_in(request.POST)
    if "move" in request.POST:
        return _page(request, member, envelope, RecipientsForm(_moved(request.POST), **shape), known)
    if "add" in request.POST:
        return _page(request, member, envelope, _with_another(request.POST, shape), known)
    form = RecipientsForm(request.POST, **shape)
    kept = save_step(request, envelope, Step.RECIPIENTS, typed_in(form, request.POST), by=member, at=clock.now())
    if kept is not None:
        return kept
    if form.is_valid():
        seen = _saved(request, member, envelope, form, known)
        if seen is not None:
            return seen
    return _page(request, member, envelope, form, known, status=422)


def _with_another(posted: QueryDict, shape: dict[str, Any]) -> RecipientsForm:
    """The form as it was typed, judged by nobody yet, with one more row."""
    further = min(shape["further"] + 1, MOST_FURTHER)
    typed = {name: posted.getlist(name) if name.endswith("_documents") else value for name, value in posted.items()}
    form = RecipientsForm(**{**shape, "further": further}, initial=typed)
    form.fields[form.names[-1]].widget.attrs["autofocus"] = True
    return form


def _saved(request: HttpRequest, member: Member, envelope: Envelope, form: RecipientsForm, known: Known) -> HttpResponse | None:
    """On to the next step, past the page's own warnings where there are any; None when the form says why not."""
    places = form.places(known, {str(one.pk): one for one in documents_of(envelope)})
    try:
        address_envelope(envelope, places, by=member, at=clock.now())
    except Refusal as refusal:
        for name in _at_fault(form, refusal.code):
            form.add_error(name, sentence(refusal.code, refusal.facts))
        return None
    forget_typed(envelope, Step.RECIPIENTS)
    cautions = cautions_of(envelope, places)
    if cautions and request.POST.get("seen") != ",".join(sorted(cautions)):
        return _page(request, member, envelope, form, known, cautions=cautions)
    return redirect("desk:fields", envelope.pk)


def _known(envelope: Envelope) -> Known:
    registrations, members = usable_registrations(envelope.organization), own_people(envelope.sender)
    return {f"r:{one.pk}": one for one in registrations} | {f"m:{one.pk}": one for one in members}


def _at_fault(form: RecipientsForm, code: str) -> list[str | None]:
    """The choices that a refusal is about, so that its words stand beside them; otherwise the form as a whole."""
    if code not in ABOUT_PASSKEYS:
        return [None]
    chosen = [name for name, value in form.cleaned_data.items() if name.endswith("_proof") and value == Proof.PASSKEY]
    return [*chosen] or [None]


def _moved(posted: QueryDict) -> QueryDict:
    """The same form with one row moved up or down: its number is exchanged for the next one before or behind it."""
    changed = posted.copy()
    direction, _colon, name = changed.pop("move")[0].partition(":")
    rows = names_of(further_in(posted))
    if name not in rows:
        return changed
    orders = {row: _number(changed.get(f"{row}_order", "")) for row in rows if changed.get(row)}
    mine = orders.get(name, 1)
    others = sorted({one for row, one in orders.items() if row != name})
    nearer = [one for one in others if one < mine][-1:] if direction == "up" else [one for one in others if one > mine][:1]
    if not nearer:
        if direction != "up" and mine in others:
            changed[f"{name}_order"] = str(mine + 1)
        elif direction == "up" and mine in others and mine > 1:
            changed[f"{name}_order"] = str(mine - 1)
        return changed
    for row, one in orders.items():
        if one == nearer[0]:
            changed[f"{row}_order"] = str(mine)
    changed[f"{name}_order"] = str(nearer[0])
    return changed


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 3 else 1


def _chosen(envelope: Envelope, theirs: Choices) -> dict[str, Any]:
    """What was chosen before; on a first visit the only possible choice, if there is only one."""
    places = sorted(signers_of(envelope), key=lambda one: one.position)
    if not places:
        ours = [f"m:{one.pk}" for one in own_signers(envelope.sender)]
        return {"counterparty": theirs[0][0] if len(theirs) == 1 else "", "own": ours[0] if len(ours) == 1 else ""}
    meant, initial, rest = documents_meant(envelope.pk), dict[str, Any](), list[Recipient]()
    for place in places:
        name = "counterparty" if place.side == Side.COUNTERPARTY else "own"
        if name in initial:
            rest.append(place)
        else:
            initial |= _initial(name, place, meant.get(place.pk, []))
    for row, place in enumerate(rest[:MOST_FURTHER]):
        initial |= _initial(f"more_{row}", place, meant.get(place.pk, []))
    return {"own": NOBODY, **initial}


def _initial(name: str, place: Recipient, documents: list[uuid.UUID]) -> dict[str, Any]:
    value = f"m:{place.member_id}" if place.member_id else f"r:{place.registration_id}" if place.registration_id else TYPED
    typed = {"organization": place.organization_name, "title": place.title, "name": place.name, "mail": place.mail}
    told = {
        "order": place.order,
        "proof": place.proof,
        "kind": place.kind,
        "any_one": place.any_one,
        "gate": "" if place.side == Side.OWN or place.gate == "registered" else place.gate,
        "language": "" if place.language == _usual_language(place) else place.language,
        "deadline": place.deadline,
        "documents": [str(pk) for pk in documents],
        "may_reassign": place.may_reassign,
        "no_copy": not place.wants_copy,
        **(typed if value == TYPED else {}),
    }
    return {name: value} | {f"{name}_{part}": one for part, one in told.items()}


def _usual_language(place: Recipient) -> str:
    """What they are written to in when nobody says otherwise; nothing for somebody who is not registered."""
    known = place.member or place.registration
    return known.language if known else ""


def _page(
    request: HttpRequest,
    member: Member,
    envelope: Envelope,
    form: RecipientsForm,
    known: Known,
    *,
    cautions: dict[str, str] | None = None,
    status: int = 200,
) -> HttpResponse:
    rows = form.rows()
    context = {
        "heading": _("署名を依頼する"),
        "steps": steps_of(envelope),
        "step": 2,
        "envelope": envelope,
        "form": form,
        "theirs_row": rows[0],
        "ours_row": rows[1],
        "further": rows[2:],
        "has_theirs": any(isinstance(one, Registration) for one in known.values()),
        "has_ours": any(isinstance(one, Member) and one.may_sign for one in known.values()),
        "may_add": len(rows) < 2 + MOST_FURTHER,
        "may_register": may_register(member),
        "cautions": [sentence(f"caution.{code}", {"names": names}) for code, names in (cautions or {}).items()],
        "seen": ",".join(sorted(cautions or ())),
        "saved": saved_words(saved_in(envelope, Step.RECIPIENTS)),
    }
    return show(request, member, "desk/recipients.html", context, section="envelopes", status=status)
