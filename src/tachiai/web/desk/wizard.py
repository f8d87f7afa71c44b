"""What the four steps of a new request share."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse, QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _

from tachiai import clock
from tachiai.accounts.models import Member
from tachiai.envelopes.access import managed_envelope
from tachiai.envelopes.draft_models import Step
from tachiai.envelopes.holding import has_documents, has_signers
from tachiai.envelopes.models import Envelope
from tachiai.envelopes.saving import Saved, save_typed, saved_in
from tachiai.envelopes.states import EnvelopeState
from tachiai.envelopes.uploads import has_unsettled
from tachiai.web.templatetags.look import jst


def draft_of(member: Member, pk: uuid.UUID) -> Envelope | None:
    """The draft that ``member`` may go on with; None for what has been sent meanwhile, or is to be at a moment that was chosen.

    Refuses as ``managed_envelope``.
    """
    envelope = managed_envelope(member, pk)
    return envelope if envelope.state == EnvelopeState.DRAFT and envelope.send_at is None else None


def steps_of(envelope: Envelope | None) -> list[dict[str, object]]:
    """The step navigation; one can go to a step whose predecessors are done."""
    if envelope is None:
        return [{"word": _("文書")}, {"word": _("宛先")}, {"word": _("入力位置")}, {"word": _("確認")}]
    filed = envelope.described and (has_documents(envelope) or has_unsettled(envelope))
    named = filed and has_signers(envelope)
    return [
        {"word": _("文書"), "url": reverse("desk:files", args=[envelope.pk])},
        {"word": _("宛先"), "url": reverse("desk:recipients", args=[envelope.pk]) if filed else ""},
        {"word": _("入力位置"), "url": reverse("desk:fields", args=[envelope.pk]) if named and has_documents(envelope) else ""},
        {"word": _("確認"), "url": reverse("desk:review", args=[envelope.pk]) if named else ""},
    ]


# What a step's form is posted with beside 「次へ」: kept as it is, and stay; or go; or, by a script, nothing to be seen.
SAVE, CLOSE, AUTOSAVE = "save", "close", "autosave"
KEEPING = (SAVE, CLOSE, AUTOSAVE)


def typed_in(form: forms.Form, data: QueryDict) -> dict[str, Any]:
    """What was typed into the boxes of ``form``, as it was typed and fit for its ``initial``; nothing of it is judged."""
    return {name: field.widget.value_from_datadict(data, {}, name) for name, field in form.fields.items()}


def saved_words(saved: Saved | None) -> str:
    """「下書きを保存しました 17:05」; empty as long as nothing is kept."""
    return kept_words(saved.at) if saved is not None else ""


def kept_words(at: datetime) -> str:
    return _("下書きを保存しました {time}").format(time=time_words(at))


def time_words(at: datetime) -> str:
    """The time of day, with its day where that is not today."""
    local = at.astimezone(clock.JAPAN)
    return f"{local:%H:%M}" if local.date() == clock.today(clock.now()) else jst(at)


def save_step(
    request: HttpRequest, envelope: Envelope, step: Step, typed: dict[str, Any], *, by: Member, at: datetime
) -> HttpResponse | None:
    """Keep what was typed, if the form was posted for that; the answer, or None when it is for the step to go on."""
    act = request.POST.get("act")
    if act not in KEEPING:
        return None
    save_typed(envelope, step, typed, by=by, at=at)
    if act == AUTOSAVE:
        return JsonResponse({"saved": saved_words(saved_in(envelope, step))})
    if act == CLOSE:
        return HttpResponseRedirect(f"{reverse('desk:envelopes')}?view=draft")
    return HttpResponseRedirect(f"{reverse(f'desk:{step}', args=[envelope.pk])}#saved")
