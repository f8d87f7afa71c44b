"""How far the house is with its own part of an envelope, and what keeps it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import chain

from tachiai.envelopes.models import CloseTask, Envelope, FreezeTask, SealTask
from tachiai.envelopes.states import EnvelopeState, RecipientState
from tachiai.work.models import Task, TaskState


@dataclass(frozen=True)
class Trouble:
    """What keeps the house's work on an envelope. ``stuck`` needs a person; anything else goes on by itself."""

    code: str
    since: datetime
    stuck: bool


def trouble_of(envelope: Envelope) -> Trouble | None:
    """The longest standing trouble of an envelope's unfinished work; None while all goes well."""
    open_states = (TaskState.WAITING, TaskState.STUCK)
    tasks: chain[Task] = chain(
        FreezeTask.objects.filter(document__envelope=envelope, state__in=open_states),
        SealTask.objects.filter(document__envelope=envelope, state__in=open_states),
        CloseTask.objects.filter(envelope=envelope, state__in=open_states),
    )
    troubled = [(task.troubled_since, task) for task in tasks if task.trouble and task.troubled_since is not None]
    if not troubled:
        return None
    since, first = min(troubled, key=lambda pair: pair[0])
    return Trouble(first.trouble, since, stuck=any(task.state == TaskState.STUCK for _, task in troubled))


def is_working(envelope: Envelope) -> bool:
    """Whether the house itself is to act next, so that a page shown now will soon be out of date."""
    if envelope.state in (EnvelopeState.SENDING, EnvelopeState.CLOSING):
        return True
    consented = envelope.recipients.filter(state=RecipientState.CONSENTED)
    return envelope.state == EnvelopeState.IN_PROGRESS and consented.exists()
