"""Saving: what somebody has typed into a step of a draft, as it was typed. Nothing of it counts before the step is taken over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from tachiai.accounts.models import Member
from tachiai.envelopes.draft_models import DraftText, Step
from tachiai.envelopes.drafting import still_draft
from tachiai.envelopes.models import Envelope
from tachiai.envelopes.states import UNSENT
from tachiai.errors import Refusal

# Far above what the boxes of any step hold; whoever sends more is not typing.
LONGEST = 60_000
AT_ONCE = 200


@dataclass(frozen=True)
class Saved:
    """The boxes of a step by name, and when they were last saved."""

    typed: dict[str, Any]
    at: datetime


def save_typed(envelope: Envelope, step: Step, typed: Mapping[str, Any], *, by: Member, at: datetime) -> None:
    """Keep what was typed into ``step``, in place of what was kept before.

    Refuses with ``draft.too_long``, ``envelope.not_draft`` or ``envelope.not_allowed``.
    """
    if sum(len(str(one)) for one in typed.values()) > LONGEST:
        raise Refusal("draft.too_long")
    kept = {name: _keepable(one) for name, one in typed.items()}
    with transaction.atomic(durable=True):
        still_draft(envelope, by=by)
        DraftText.objects.update_or_create(envelope=envelope, step=step, defaults={"typed": kept, "saved_at": at})
        Envelope.objects.filter(pk=envelope.pk).update(updated_at=at)


def _keepable(typed: Any) -> Any:
    """As it was typed, but for the one character that not every database takes; nobody's keyboard has it."""
    if isinstance(typed, str):
        return typed.replace("\x00", "")
    if isinstance(typed, list):
        return [_keepable(one) for one in typed]
    return {name: _keepable(one) for name, one in typed.items()} if isinstance(typed, dict) else typed


def saved_in(envelope: Envelope, step: Step) -> Saved | None:
    """What was typed into ``step`` and not taken over yet."""
    found = DraftText.objects.filter(envelope=envelope, step=step).first()
    return Saved(found.typed, found.saved_at) if found is not None else None


def untaken(envelope: Envelope) -> dict[Step, datetime]:
    """The steps with something typed that was not taken over yet, and when it was saved: it is not part of what would be sent."""
    rows = DraftText.objects.filter(envelope=envelope, step__in=(Step.FILES, Step.RECIPIENTS)).order_by("step")
    return {Step(step): saved_at for step, saved_at in rows.values_list("step", "saved_at")}


def forget_typed(envelope: Envelope, step: Step) -> None:
    """The step was taken over: what it says stands in the draft itself now."""
    DraftText.objects.filter(envelope=envelope, step=step).delete()


def forget_ended() -> int:
    """Drop what was typed into drafts that are none any more and can be none again; how many texts.

    Nothing is lost: what counted was taken over. What awaits approval may come back, and finds its boxes as they were left.
    """
    late = DraftText.objects.exclude(envelope__state__in=UNSENT).values_list("pk", flat=True)[:AT_ONCE]
    return DraftText.objects.filter(pk__in=list(late)).delete()[0]
