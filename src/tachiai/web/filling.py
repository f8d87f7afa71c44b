"""What a signer fills in, as a form: shared by the ceremony behind a link and the one at the desk. Every input is a real one."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as each
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tachiai.envelopes.entering import Blank, blanks_of, enter, entered_by_others, proposed_for
from tachiai.envelopes.field_models import Field, FieldKind
from tachiai.envelopes.laying_in import TICKED
from tachiai.envelopes.looks import Entered, Manner, said_of
from tachiai.envelopes.models import Document, PageImage, Recipient
from tachiai.envelopes.placing import Spot
from tachiai.envelopes.seal_images import offered_images, picture_of
from tachiai.errors import Refusal
from tachiai.web.problems import sentence

KIND_WORDS = {
    FieldKind.SEAL: gettext_lazy("印影"),
    FieldKind.SIGNATURE: gettext_lazy("サイン"),
    FieldKind.TEXT: gettext_lazy("テキスト"),
    FieldKind.CHECK: gettext_lazy("チェック"),
    FieldKind.DATE: gettext_lazy("日付"),
    FieldKind.NAME: gettext_lazy("氏名"),
    FieldKind.TITLE: gettext_lazy("役職"),
}
KEPT = "kept:"
# Just above what a picture may be: more of a file is never read into memory.
READ_AT_MOST = 5 * 1024 * 1024 + 1


@dataclass
class Input:
    """One field as the form shows it. ``said`` is what was typed and could not be kept; ``error`` why."""

    blank: Blank
    proposed: str
    images: Sequence[Any] = ()
    said: str | None = None
    error: str = ""

    @property
    def name(self) -> str:
        return f"f-{self.blank.field.pk}"

    @property
    def kind(self) -> str:
        return str(self.blank.field.kind)

    @property
    def word(self) -> str:
        return str(KIND_WORDS[FieldKind(self.kind)])

    @property
    def label(self) -> str:
        """What the input is called: the sender's own words, or its kind."""
        return self.blank.field.guide or self.word

    @property
    def is_look(self) -> bool:
        return self.blank.field.is_look

    @property
    def manner(self) -> str:
        """How the look was made that is kept; typed, before anything is."""
        return str(said_of(self.blank.text)[0]) if self.is_look and self.blank.text else str(Manner.TYPED)

    @property
    def value(self) -> str:
        """What stands in the input."""
        if self.said is not None:
            return self.said
        if not self.blank.text:
            return "" if self.blank.entry is not None else self.proposed
        return (said_of(self.blank.text)[1] or self.proposed) if self.is_look else self.blank.text

    @property
    def ticked(self) -> bool:
        return (self.blank.text if self.said is None else self.said) == TICKED


@dataclass
class Filling:
    """A signer's inputs at one moment, and what became of those that were just given."""

    inputs: list[Input]
    wrong: Mapping[uuid.UUID, Refusal] = each(default_factory=dict)

    @property
    def left(self) -> int:
        return sum(1 for one in self.inputs if one.blank.lacking)

    def errors(self) -> list[dict[str, str]]:
        """What could not be kept, for the summary at the top of the page."""
        return [{"href": f"#{one.name}", "text": f"{one.blank.number}. {one.label}：{one.error}"} for one in self.inputs if one.error]

    def missing(self) -> list[dict[str, str]]:
        """What is required and not there, likewise; each is told beside its input as well."""
        for one in self.inputs:
            if one.blank.lacking and not one.error:
                one.error = _("入力してください。")
        return self.errors()


def filling_of(recipient: Recipient, *, at: datetime) -> Filling:
    """The inputs of this signer; none where nothing was placed for them."""
    blanks = blanks_of(recipient)
    images = offered_images(recipient) if any(blank.field.is_look for blank in blanks) else []
    return Filling([Input(blank, proposed_for(blank, recipient, at=at), images if blank.field.is_look else ()) for blank in blanks])


def take_filling(request: HttpRequest, recipient: Recipient, *, at: datetime) -> Filling:
    """Keep what the form brings and tell how things stand after it. Refuses as ``envelopes.entering.enter``."""
    before = filling_of(recipient, at=at)
    given: dict[uuid.UUID, Entered] = {}
    wrong: dict[uuid.UUID, Refusal] = {}
    for one in before.inputs:
        try:
            entered = _given(request, one, recipient)
        except Refusal as refusal:
            wrong[one.blank.field.pk] = refusal
            continue
        if entered is not None:
            given[one.blank.field.pk] = entered
    wrong |= enter(recipient, given, at=at)
    after = filling_of(recipient, at=at)
    for one in after.inputs:
        reason = wrong.get(one.blank.field.pk)
        if reason is not None:
            one.said, one.error = request.POST.get(one.name, ""), sentence(reason.code, reason.facts)
    return Filling(after.inputs, wrong)


def _given(request: HttpRequest, one: Input, recipient: Recipient) -> Entered | None:
    """What the form says of one input; None where it says nothing of it."""
    if not one.is_look:
        if one.kind == FieldKind.CHECK:
            return Entered(request.POST.get(one.name, "")) if f"{one.name}-here" in request.POST else None
        return Entered(request.POST[one.name]) if one.name in request.POST else None
    manner = request.POST.get(f"{one.name}-manner", "")
    if manner == Manner.TYPED:
        return Entered(request.POST.get(one.name, ""))
    if manner == Manner.DRAWN:
        strokes = request.POST.get(f"{one.name}-drawn", "")
        return None if not strokes and one.manner == Manner.DRAWN else Entered(strokes, Manner.DRAWN)
    if manner.startswith(KEPT):
        return Entered(manner=Manner.IMAGE, image=picture_of(recipient, manner.removeprefix(KEPT)))
    if manner == Manner.IMAGE:
        given = request.FILES.get(f"{one.name}-image")
        if given is None:
            if one.manner == Manner.IMAGE:
                return None
            raise Refusal("image.missing")
        return Entered(manner=Manner.IMAGE, image=given.read(READ_AT_MOST))
    return None


def boxes_on(filling: Filling, page: PageImage, *, party: int = 1) -> list[dict[str, object]]:
    """The inputs that stand on one page, in its picture's pixels, for ``parts/page_viewer.html``."""
    shown = [one for one in filling.inputs if (one.blank.field.document_id, one.blank.field.page) == (page.document_id, page.number)]
    return [box_of(one.blank.field, page.width) | _told(one, party) for one in shown]


def box_of(placed: Field, width: int) -> dict[str, object]:
    """A field's box in the pixels of a picture of its page that is ``width`` of them wide."""
    return scaled(placed, width / placed.sheet_width)


def scaled(placed: Field | Spot, scale: float) -> dict[str, object]:
    sides = {"x": placed.left, "y": placed.top, "width": placed.width, "height": placed.height}
    return {name: round(side * scale, 1) for name, side in sides.items()}


def _told(one: Input, party: int) -> dict[str, object]:
    return {"number": one.blank.number, "party": party, "href": f"#{one.name}", "label": one.label, "filled": one.blank.filled}


def others_in_words(recipient: Recipient, documents: Iterable[Document]) -> list[dict[str, object]]:
    """What others have entered into these documents, in words, for ``parts/entered.html``."""
    told: list[dict[str, object]] = []
    for entry in entered_by_others(recipient, documents):
        field, kind = entry.field, FieldKind(entry.field.kind)
        said = {"label": field.guide or KIND_WORDS[kind], "text": _words(kind, entry.text)}
        told.append({**said, "who": entry.recipient.name, "document": field.document.name, "page": field.page})
    return told


def said_in_words(told: Mapping[str, Any]) -> dict[str, object]:
    """A value of a consent's page in words: what it is called, and what was entered."""
    kind, text = FieldKind(told["kind"]), str(told["text"])
    return {"number": told["number"], "label": told["guide"] or KIND_WORDS[kind], "text": _words(kind, text)}


def _words(kind: FieldKind, text: str) -> str:
    if kind == FieldKind.CHECK:
        return _("チェックあり") if text == TICKED else _("チェックなし")
    if not text:
        return _("未入力")
    if kind not in (FieldKind.SEAL, FieldKind.SIGNATURE):
        return text
    manner, name = said_of(text)
    if manner == Manner.TYPED:
        return _("印影「{name}」").format(name=name) if kind == FieldKind.SEAL else _("文字で署名「{name}」").format(name=name)
    return _("手書きの署名") if manner == Manner.DRAWN else _("印影の画像")
