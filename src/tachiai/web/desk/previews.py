"""What the recipients of a draft will get, as 見本: the request's mail, and the counterparty's screens S-01, S-03 and S-04.

The pages are the ceremony's own, but there is no link behind them: nothing is sent, kept or recorded, whatever is pressed.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from tachiai import clock
from tachiai.accounts.models import Member
from tachiai.envelopes.access import managed_envelope
from tachiai.envelopes.holding import signers_of
from tachiai.envelopes.levels import level_words
from tachiai.envelopes.models import Envelope, Kind, PageImage, Recipient, Side
from tachiai.envelopes.previewing import asked_beforehand, documents_for, request_letter
from tachiai.envelopes.readings import Reading
from tachiai.envelopes.states import EnvelopeState
from tachiai.errors import Refusal
from tachiai.web.ceremony_pages import Review, entry_context
from tachiai.web.code_form import CodeForm
from tachiai.web.desk.doors import at_desk, show
from tachiai.web.desk.viewing import draft_context
from tachiai.web.filling import boxes_on, filling_of, said_in_words
from tachiai.web.languages import CODES
from tachiai.web.sender import header_of

# What the ceremony's pages lead to that has no page here: whoever presses it stays on the documents.
ELSEWHERE = ("later", "done", "decline", "forward")
Context = dict[str, Any]


@at_desk
def letters(request: HttpRequest, member: Member, pk: uuid.UUID, recipient: uuid.UUID) -> HttpResponse:
    """The mail that will ask somebody, in both languages, theirs first."""
    envelope = _draft(member, pk)
    person = _person(envelope, recipient)
    at = clock.now()
    languages = sorted(CODES, key=lambda code: code != person.language)
    context = {
        "heading": _("メールの見本"),
        "envelope": envelope,
        "person": person,
        "letters": [request_letter(person, at=at, language=code) for code in languages],
    }
    return show(request, member, "desk/letters.html", context, section="envelopes")


@at_desk
def preview(request: HttpRequest, member: Member, pk: uuid.UUID, recipient: uuid.UUID, screen: str) -> HttpResponse:
    """One screen, in the recipient's language unless the other one is asked for."""
    envelope = _draft(member, pk)
    person = _person(envelope, recipient)
    if screen not in SCREENS or person.side != Side.COUNTERPARTY:
        raise Refusal("page.unknown")
    spoken = request.GET.get("in", "")
    seen = _Preview(person, spoken if spoken in CODES else person.language, clock.now())
    if request.method == "POST":
        return redirect(seen.after(request, screen))
    sample = seen.sample(screen)
    with translation.override(seen.language):
        template, context = SCREENS[screen](request, seen)
        response = render(request, template, {**seen.page(), **context, "sample": sample})
    response.headers["Content-Language"] = seen.language
    return response


def _draft(member: Member, pk: uuid.UUID) -> Envelope:
    envelope = managed_envelope(member, pk)
    if envelope.state != EnvelopeState.DRAFT:
        raise Refusal("page.unknown")
    return envelope


def _person(envelope: Envelope, pk: uuid.UUID) -> Recipient:
    """Somebody of whom something will be asked."""
    found = next((one for one in signers_of(envelope) if one.pk == pk and one.kind != Kind.COPY), None)
    if found is None or not documents_for(found):
        raise Refusal("page.unknown")
    return found


@dataclass(frozen=True)
class _Preview:
    """Whose screens are shown, in which language."""

    person: Recipient
    language: str
    at: datetime

    def url(self, screen: str, **query: object) -> str:
        spoken = {"in": self.language} if self.language != self.person.language else {}
        wanted = "&".join(f"{name}={value}" for name, value in {**query, **spoken}.items())
        base = reverse("desk:preview", args=[self.person.envelope_id, self.person.pk, screen])
        return f"{base}?{wanted}" if wanted else base

    def page(self) -> Context:
        """What every page behind a link is given, with addresses of this preview."""
        urls = {name: self.url(name) for name in SCREENS} | {"one_time": self.url("entry")}
        urls |= {name: self.url("review", stay=1) for name in ELSEWHERE}
        return {"urls": urls, "recipient": self.person, "envelope": self.person.envelope, **header_of(self.person)}

    def after(self, request: HttpRequest, screen: str) -> str:
        """Where a press of a button leads: to the next screen, and from the last one back to what is to be sent."""
        if "stay" in request.GET or request.POST.get("act") == "save":
            return self.url("review")
        onward = {"entry": self.url("review"), "review": self.url("confirm")}
        return onward.get(screen) or reverse("desk:review", args=[self.person.envelope_id])

    def sample(self, screen: str) -> Context:
        """The banner: in the language of whoever looks, who need not read the recipient's."""
        words = {"entry": _("1 依頼の案内"), "review": _("2 文書の確認"), "confirm": _("3 最終確認")}
        other = next(code for code in sorted(CODES) if code != self.language)
        there = _Preview(self.person, other, self.at)
        return {
            "language": get_language(),
            "title": _("見本：{name} 様に表示される画面").format(name=self.person.name),
            "text": _("どのボタンを押しても、何も送信されず、記録もされません。"),
            "screens": [{"word": word, "url": self.url(name), "current": name == screen} for name, word in words.items()],
            "other_url": there.url(screen),
            "other_word": {"ja": _("日本語の画面を見る"), "en": _("英語の画面を見る")}[other],
            "back_url": reverse("desk:review", args=[self.person.envelope_id]),
            "back_word": _("送信前の確認へ戻る"),
        }


def _entry(_request: HttpRequest, seen: _Preview) -> tuple[str, Context]:
    return "signer/entry.html", entry_context(seen.person, CodeForm(), documents=len(documents_for(seen.person)), at=seen.at)


def _review(request: HttpRequest, seen: _Preview) -> tuple[str, Context]:
    documents = documents_for(seen.person)
    asked = request.GET.get("doc", "")
    place = min(int(asked), len(documents)) if asked.isdecimal() and 0 < len(asked) < 4 and int(asked) else 1
    document, filling = documents[place - 1], filling_of(seen.person, at=seen.at)
    kept = {"doc": place} | ({"in": seen.language} if seen.language != seen.person.language else {})
    base = reverse("desk:preview", args=[seen.person.envelope_id, seen.person.pk, "review"])
    drawn = draft_context(request, document, base=base, kept=kept)["page"]
    image = PageImage(document=document, number=drawn["number"], width=drawn["width"], height=drawn["height"])
    readings = [Reading(one, shown=at <= place, copy_size=0) for at, one in enumerate(documents, 1)]
    around = Review(readings, filling, lambda to, number: seen.url("review", doc=to, page=number), seen.url("confirm"))
    return "signer/review.html", {
        **around.page(place=place, number=drawn["number"]),
        # Taking the file would be on record, so it is not offered here.
        "page": {**drawn, "pdf_url": "", "fields": boxes_on(filling, image)},
        "inputs_url": seen.url("review", doc=place, page=drawn["number"]),
    }


def _confirm(_request: HttpRequest, seen: _Preview) -> tuple[str, Context]:
    if seen.person.kind != Kind.SIGNER:
        readings = [Reading(one, shown=True, copy_size=0) for one in documents_for(seen.person)]
        return "signer/reviewed.html", {"heading": _("内容を確認しましたか"), "step": 3, "step_word": _("完了"), "readings": readings}
    asked = asked_beforehand(seen.person, language=seen.language)
    return "signer/confirm.html", {
        "heading": _("署名手続きを完了しますか"),
        "step": 3,
        "step_word": _("完了"),
        "asked": asked,
        "entered": [said_in_words(one) for one in asked.view["fields"]],
        "level": level_words(asked.level, english=seen.language == "en"),
    }


SCREENS: dict[str, Callable[[HttpRequest, _Preview], tuple[str, Context]]] = {"entry": _entry, "review": _review, "confirm": _confirm}
