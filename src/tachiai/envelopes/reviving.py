"""Reviving what has expired (期限を延ばして再開): a new deadline, new links for whoever was cut off, and approvals go on."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet

from tachiai import ledger, work
from tachiai.accounts.models import Member
from tachiai.clock import today
from tachiai.envelopes.access import may_manage
from tachiai.envelopes.approving_rounds import renew_digest, undisturbed
from tachiai.envelopes.drafting import LONGEST_DEADLINE_DAYS
from tachiai.envelopes.events import note
from tachiai.envelopes.models import Envelope, Recipient, SealTask
from tachiai.envelopes.routing import request_signature
from tachiai.envelopes.states import EnvelopeState, RecipientState, move
from tachiai.errors import Refusal
from tachiai.work.models import TaskState

REVIVE_WITHIN = timedelta(days=90)


def extend_envelope(envelope: Envelope, *, deadline: date | None, by: Member, at: datetime) -> list[Recipient]:
    """Let an expired envelope go on to ``deadline``: whoever the old one cut off is asked again by a new link, in one act.

    Who consented is not asked twice, and approvers who were deciding go on: their answers so far hold. Who was asked again.
    Refuses with ``envelope.not_allowed``, ``envelope.moved`` (it has not expired), ``envelope.too_old``, ``envelope.erased`` or
    ``deadline.out_of_range``.
    """
    if not may_manage(by, envelope):
        raise Refusal("envelope.not_allowed")
    with transaction.atomic(durable=True):
        held = Envelope.objects.select_for_update().get(pk=envelope.pk)
        if held.state != EnvelopeState.EXPIRED:
            raise Refusal("envelope.moved", state=held.state)
        revive(held, deadline=deadline, by=by, at=at)
        people = list(cut_off(held).select_related("envelope__organization", "envelope__sender"))
        for person in people:
            note(held, "recipient.sent_again", by=by, at=at, data={"recipient": str(person.pk)})
            request_signature(person, at=at, again=True)
    envelope.refresh_from_db()
    return people


def cut_off(envelope: Envelope) -> QuerySet[Recipient]:
    """Who was asked and had not answered when the day was over."""
    return Recipient.objects.filter(envelope=envelope, state=RecipientState.EXPIRED).order_by("order", "position")


def is_too_old(envelope: Envelope, *, at: datetime) -> bool:
    """Whether it expired so long ago that it stays so."""
    return envelope.ended_at is not None and at - envelope.ended_at > REVIVE_WITHIN


def revive(envelope: Envelope, *, deadline: date | None, by: Member, at: datetime) -> None:
    """An expired envelope, held by the caller's transaction, is in progress again; nobody is asked yet. Refuses as ``extend_envelope``."""
    if is_too_old(envelope, at=at):
        raise Refusal("envelope.too_old", days=REVIVE_WITHIN.days)
    if ledger.latest(envelope.stream, "personal.erased") is not None:
        raise Refusal("envelope.erased")  # there is nobody left to ask, and no consent that a seal could name
    if deadline is None or not 1 <= (deadline - today(at)).days <= LONGEST_DEADLINE_DAYS:
        raise Refusal("deadline.out_of_range", days=LONGEST_DEADLINE_DAYS)
    approval = undisturbed(envelope)
    move(envelope, EnvelopeState.IN_PROGRESS, deadline=deadline, ended_at=None, updated_at=at)
    # A consent that was recorded but not sealed when the day ended is sealed now.
    unsealed = SealTask.objects.filter(document__envelope=envelope, recipient__state=RecipientState.CONSENTED)
    unsealed.filter(state=TaskState.CANCELLED).update(state=TaskState.WAITING, due_at=at)
    work.ring(SealTask)
    told = renew_digest(approval, envelope) if approval is not None else {}
    note(envelope, "envelope.revived", by=by, at=at, data={"deadline": deadline.isoformat(), **told})
