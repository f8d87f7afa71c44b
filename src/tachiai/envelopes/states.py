"""The states of an envelope and of a recipient, and the one way to move between them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from django.db import models

from tachiai.errors import Refusal
from tachiai.rowwise import Change, change_all, change_each

M = TypeVar("M", bound=models.Model)


class EnvelopeState(models.TextChoices):
    DRAFT = "draft"
    AWAITING_APPROVAL = "awaiting_approval"
    RETURNED = "returned"
    SENDING = "sending"
    IN_PROGRESS = "in_progress"
    CLOSING = "closing"
    CONCLUDED = "concluded"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


class RecipientState(models.TextChoices):
    WAITING = "waiting"
    REQUESTED = "requested"
    OPENED = "opened"
    CONSENTED = "consented"
    SIGNED = "signed"
    REVIEWED = "reviewed"  # confirmed without a seal
    FORWARDED = "forwarded"  # somebody else is asked in their place
    DELIVERED = "delivered"  # the concluded copy was sent
    DECLINED = "declined"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


E, R = EnvelopeState, RecipientState
# Nothing of it has been sent.
UNSENT = (E.DRAFT, E.AWAITING_APPROVAL, E.RETURNED)

# What may follow what. Anything else is refused, whoever asks.
ENVELOPE_MOVES: dict[str, set[str]] = {
    E.DRAFT: {E.AWAITING_APPROVAL, E.SENDING, E.WITHDRAWN},
    E.AWAITING_APPROVAL: {E.RETURNED, E.DRAFT, E.SENDING, E.WITHDRAWN},
    E.RETURNED: {E.DRAFT, E.WITHDRAWN},
    E.SENDING: {E.IN_PROGRESS, E.WITHDRAWN},
    E.IN_PROGRESS: {E.CLOSING, E.DECLINED, E.WITHDRAWN, E.EXPIRED},
    E.EXPIRED: {E.IN_PROGRESS, E.WITHDRAWN},
    E.CLOSING: {E.CONCLUDED, E.WITHDRAWN},  # withdrawn by the operator's hand alone (envelopes.remedying)
    E.CONCLUDED: set(),
    E.DECLINED: set(),
    E.WITHDRAWN: set(),
}
RECIPIENT_MOVES: dict[str, set[str]] = {
    R.WAITING: {R.REQUESTED, R.DELIVERED, R.FORWARDED, R.CANCELLED},
    R.REQUESTED: {R.OPENED, R.CONSENTED, R.REVIEWED, R.FORWARDED, R.DECLINED, R.EXPIRED, R.CANCELLED},
    R.OPENED: {R.CONSENTED, R.REVIEWED, R.FORWARDED, R.DECLINED, R.EXPIRED, R.CANCELLED},
    R.CONSENTED: {R.SIGNED, R.CANCELLED},
    R.EXPIRED: {R.REQUESTED, R.FORWARDED, R.CANCELLED},
    R.SIGNED: set(),
    R.REVIEWED: set(),
    R.FORWARDED: set(),
    R.DELIVERED: set(),
    R.DECLINED: set(),
    R.CANCELLED: set(),
}
MOVES = {"envelope": ENVELOPE_MOVES, "recipient": RECIPIENT_MOVES}


def move(row: M, to: str, **changes: Any) -> None:
    """Move ``row`` from the state it was read in to ``to``, in the caller's transaction, with ``changes`` beside it.

    One conditional UPDATE: whoever moved it meanwhile won, and this call refuses with ``<kind>.moved`` and the
    state it is in now; a row that was moved holds what was changed. A move that the table above does not know raises
    ``RuntimeError``: that is our mistake.
    """
    kind = str(row._meta.model_name)  # noqa: SLF001  # Django's public name for it
    before = str(getattr(row, "state"))  # noqa: B009  # both models have it; the type variable does not say so
    if to not in MOVES[kind][before]:
        raise RuntimeError(f"{kind} never goes from {before} to {to}")
    told = {"state": str(to), **changes}
    columns = {name: value.pk if isinstance(value, models.Model) else value for name, value in told.items()}
    if not change_each(type(row), [Change(row.pk, columns, {"state": before})]):
        row.refresh_from_db()
        raise Refusal(f"{kind}.moved", state=str(getattr(row, "state")))  # noqa: B009
    for name, value in told.items():
        setattr(row, name, value)


def move_many(rows: Sequence[M], to: str, **changes: Any) -> None:
    """As :func:`move` for rows that were all read in one state, in one UPDATE; the rows then hold what was changed.

    When somebody else moved one of them meanwhile, it refuses with ``<kind>.moved`` and none of them may be committed.
    """
    if not rows:
        return
    kind = str(rows[0]._meta.model_name)  # noqa: SLF001  # as above
    (before,) = {str(getattr(row, "state")) for row in rows}  # noqa: B009
    if to not in MOVES[kind][before]:
        raise RuntimeError(f"{kind} never goes from {before} to {to}")
    told = {"state": str(to), **changes}
    if change_all(type(rows[0]), [row.pk for row in rows], told, held={"state": before}) != len(rows):
        raise Refusal(f"{kind}.moved", rows=[str(row.pk) for row in rows])
    for row in rows:
        for name, value in told.items():
            setattr(row, name, value)
