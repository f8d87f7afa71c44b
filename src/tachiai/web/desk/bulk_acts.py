"""P-03's bulk bar: what is done to all envelopes that were chosen, after they have been shown once more."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from tachiai import clock
from tachiai.accounts.models import Member
from tachiai.envelopes.access import envelopes_for, may_send
from tachiai.envelopes.foldering import folders_for
from tachiai.envelopes.in_bulk import AT_MOST, Done, ask_together, may_be_asked_again, may_be_moved, move_together
from tachiai.envelopes.models import Envelope
from tachiai.errors import Refusal
from tachiai.web.desk.doors import at_desk, show
from tachiai.web.desk.lists import chosen_from


class MoveForm(forms.Form):
    folder = forms.ChoiceField(label=gettext_lazy("移動先のフォルダ"), required=False)

    def __init__(self, *args: Any, by: Member, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        folders: Any = self.fields["folder"]
        folders.choices = [("", _("フォルダなし")), *((str(one.pk), one.name) for one in folders_for(by))]

    def chosen(self) -> uuid.UUID | None:
        return uuid.UUID(self.cleaned_data["folder"]) if self.cleaned_data["folder"] else None


@at_desk
def move(request: HttpRequest, member: Member) -> HttpResponse:
    """フォルダへ移動: where to, and what cannot be moved."""
    fit, unfit = _parted(request, member, may_be_moved)
    form = MoveForm(request.POST if request.method == "POST" else None, by=member)
    if request.method == "POST" and fit and form.is_valid():
        done = move_together(fit, form.chosen(), by=member, at=clock.now())
        words = ngettext("{count}件の封筒を移動しました。", "{count}件の封筒を移動しました。", done.count)
        return _told(request, words, done)
    context = {"heading": _("フォルダへ移動"), "form": form, "unfit_words": _("あなたが管理していない封筒です。")}
    return _shown(request, member, context, fit, unfit, status=422 if form.errors else 200)


@at_desk
def ask_again(request: HttpRequest, member: Member) -> HttpResponse:
    """再依頼: everybody who is being waited for gets a new link."""
    fit, unfit = _parted(request, member, may_be_asked_again)
    if request.method == "POST" and fit:
        done = ask_together(fit, by=member, at=clock.now())
        return _told(request, ngettext("{count}名に再依頼しました。", "{count}名に再依頼しました。", done.count), done)
    words = _("署名を待っている方がいないか、あなたが管理していない封筒です。期限切れの封筒は、封筒の画面で期限を決めて再依頼します。")
    context = {"heading": _("まとめて再依頼"), "again": True, "unfit_words": words}
    return _shown(request, member, context, fit, unfit)


def _parted(request: HttpRequest, member: Member, fits: Callable[[Member, Envelope], bool]) -> tuple[list[Envelope], list[Envelope]]:
    """The chosen envelopes, apart by whether it can be done to them. Refuses with ``envelope.not_allowed`` or ``bulk.nothing_chosen``."""
    if not may_send(member):
        raise Refusal("envelope.not_allowed")
    chosen = list(chosen_from(request, envelopes_for(member)).order_by("-updated_at", "-number")[:AT_MOST])
    if not chosen:
        raise Refusal("bulk.nothing_chosen")
    fit = [one for one in chosen if fits(member, one)]
    return fit, [one for one in chosen if one not in fit]


def _told(request: HttpRequest, words: str, done: Done) -> HttpResponse:
    messages.success(request, words.format(count=done.count))
    if done.left:
        numbers = _("、").join(one.number for one in done.left)
        messages.warning(request, _("次の封筒は対象から外れました：{numbers}").format(numbers=numbers))
    return redirect("desk:envelopes")


def _shown(
    request: HttpRequest, member: Member, context: dict[str, Any], fit: list[Envelope], unfit: list[Envelope], *, status: int = 200
) -> HttpResponse:
    return show(request, member, "desk/bulk.html", {**context, "fit": fit, "unfit": unfit}, section="envelopes", status=status)
