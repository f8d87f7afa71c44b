"""How far the house is with its own part of an envelope, and what keeps it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Any

from tachiai.envelopes.models import CloseTask, Document, Envelope, FreezeTask, Recipient, SealTask, TopUpTask
from tachiai.envelopes.states import EnvelopeState, RecipientState
from tachiai.prepared import Prepared, given
from tachiai.work.models import Task, TaskState


@dataclass(frozen=True)
class Trouble:
    """What keeps the house's work on an envelope. ``stuck`` needs a person; anything else goes on by itself."""

    code: str
    since: datetime
    stuck: bool


def trouble_of(envelope: Envelope) -> Trouble | None:
    """The longest standing trouble of an envelope's unfinished work; None while all goes well."""
    tasks: chain[Task] = chain.from_iterable(question.all(envelope=envelope.pk) for question in (_FREEZING, _SEALING, _CLOSING))
    troubled = [(task.troubled_since, task) for task in tasks if task.trouble and task.troubled_since is not None]
    if not troubled:
        return None
    since, first = min(troubled, key=lambda pair: pair[0])
    return Trouble(first.trouble, since, stuck=any(task.state == TaskState.STUCK for _, task in troubled))


_OPEN = (TaskState.WAITING, TaskState.STUCK)
_FREEZING: Prepared[Task] = Prepared(
    lambda: FreezeTask.objects.filter(document__envelope_id=given("envelope", Document, "envelope"), state__in=_OPEN)
)
_SEALING: Prepared[Task] = Prepared(
    lambda: SealTask.objects.filter(document__envelope_id=given("envelope", Document, "envelope"), state__in=_OPEN)
)
_CLOSING: Prepared[Task] = Prepared(lambda: CloseTask.objects.filter(envelope_id=given("envelope", CloseTask, "envelope"), state__in=_OPEN))


def open_tasks(envelope: Envelope) -> list[Task]:
    """The envelope's work that is not done: waiting, or stuck."""
    return list(
        chain(
            FreezeTask.objects.filter(document__envelope=envelope, state__in=_OPEN),
            SealTask.objects.filter(document__envelope=envelope, state__in=_OPEN),
            CloseTask.objects.filter(envelope=envelope, state__in=_OPEN),
            TopUpTask.objects.filter(envelope=envelope, state__in=_OPEN),
        )
    )


def is_working(envelope: Envelope) -> bool:
    """Whether the house itself is to act next, so that a page shown now will soon be out of date."""
    if envelope.state in (EnvelopeState.SENDING, EnvelopeState.CLOSING):
        return True
    return envelope.state == EnvelopeState.IN_PROGRESS and _CONSENTED.has_any(envelope=envelope.pk)


_CONSENTED: Prepared[Any] = Prepared(
    lambda: Recipient.objects.filter(envelope_id=given("envelope", Recipient, "envelope"), state=RecipientState.CONSENTED).values_list(
        "pk", flat=True
    )[:1]
)
