"""What the ceremony's pages are given, whoever visits: for the door behind a link, and for the sender's preview at the desk."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tachiai import clock
from tachiai.envelopes.describing import information_for_outside
from tachiai.envelopes.models import Document, Kind, Recipient
from tachiai.envelopes.readings import Reading
from tachiai.envelopes.routing import due_on
from tachiai.web.code_form import CodeForm
from tachiai.web.filling import Filling, Input
from tachiai.web.information_words import rows_of
from tachiai.web.sender import organization_name


def entry_context(recipient: Recipient, form: CodeForm, *, documents: int, at: datetime, signed: bool = False) -> dict[str, object]:
    """S-01: who asks for what, and the code."""
    signs = recipient.kind == Kind.SIGNER
    asked = _("{organization} 様からの署名依頼") if signs else _("{organization} 様からの確認依頼")
    asked = asked.format(organization=organization_name(recipient.envelope.organization))
    return {
        "heading": _("署名手続きは完了しています") if signed else asked,
        "form": form,
        "signed": signed,
        "documents": documents,
        "due": due_on(recipient),
        "days_left": days_left(recipient, at=at),
        "step": None if signed else 1,
        "step_word": _("認証"),
    }


def days_left(recipient: Recipient, *, at: datetime) -> int | None:
    """Whole days until the deadline's day, which itself still counts; None without a deadline."""
    due = due_on(recipient)
    return (due - clock.today(at)).days if due else None


@dataclass(frozen=True)
class Review:
    """S-03: the documents before one signer. ``address`` leads to a page of one of them, by their places from 1; ``finish`` to S-04."""

    readings: Sequence[Reading]
    filling: Filling
    address: Callable[[int, int], str]
    finish: str

    @property
    def left(self) -> int:
        """How much is still to be done."""
        return sum(1 for reading in self.readings if not reading.shown) + self.filling.left

    def page(self, *, place: int, number: int) -> dict[str, object]:
        """Everything around page ``number`` of the document at ``place``."""
        document = self.readings[place - 1].document
        return {
            "heading": document.envelope.name,
            "step": 2,
            "step_word": _("文書の確認"),
            "todo": [*(self._todo(at, one) for at, one in enumerate(self.readings, 1)), *self._inputs_todo(), self._finish_todo()],
            "tabs": [self._tab(at, one, current=at == place) for at, one in enumerate(self.readings, 1)],
            "inputs": [{"at": one, "url": self.input_address(one) + "#viewer"} for one in self.filling.inputs],
            "next_document": self._next_document(place) if number == document.pages else None,
            "left": self.left,
            "information": rows_of(information_for_outside(document.envelope)),
        }

    def input_address(self, one: Input) -> str:
        """The page on which an input stands."""
        field = one.blank.field
        place = next(at for at, reading in enumerate(self.readings, 1) if reading.document.pk == field.document_id)
        return self.address(place, field.page)

    def missing(self, document: Document) -> dict[str, str]:
        """That a document was not opened yet, for the summary at the top of the page."""
        place = next(at for at, one in enumerate(self.readings, 1) if one.document.pk == document.pk)
        return {"href": self.address(place, 1), "text": _("「{document}」をまだ開いていません。").format(document=document.name)}

    def _todo(self, place: int, reading: Reading) -> dict[str, object]:
        word = _("「{document}」を確認").format(document=reading.document.name)
        return {"word": word, "url": self.address(place, 1) + "#viewer", "done": reading.shown}

    def _inputs_todo(self) -> list[dict[str, object]]:
        count = len(self.filling.inputs)
        if not count:
            return []
        word = ngettext("入力項目 {count}件", "入力項目 {count}件", count).format(count=count)
        return [{"word": word, "url": "#inputs", "done": not self.filling.left}]

    def _finish_todo(self) -> dict[str, object]:
        """With inputs the bar leads to the next of them, so the end is to be reached from here."""
        return {"word": _("完了する"), "url": self.finish if self.filling.inputs else "", "done": False}

    def _tab(self, place: int, reading: Reading, *, current: bool) -> dict[str, object]:
        mark = "read" if reading.shown else "unread"
        return {"word": reading.document.name, "url": self.address(place, 1), "current": current, "mark": mark}

    def _next_document(self, place: int) -> dict[str, str] | None:
        if place >= len(self.readings):
            return None
        return {"name": self.readings[place].document.name, "url": self.address(place + 1, 1)}
