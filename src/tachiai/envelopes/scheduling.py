"""Scheduled sending (送信予約): a draft is sent at a moment in Japan that its sender chose, judged then as it would be by hand.

Until then nobody changes it, so that what is sent is what was looked at; the schedule itself can be changed and dropped.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection
from datetime import datetime, timedelta

from django.db import transaction

from tachiai import work
from tachiai.accounts.models import Member
from tachiai.accounts.route_models import ApprovalRoute, Timing
from tachiai.clock import today
from tachiai.envelopes.access import may_manage
from tachiai.envelopes.approval_models import Approval, ApprovalState
from tachiai.envelopes.approving_rounds import draw_up, end_open, held_approval, plan_of
from tachiai.envelopes.cautions import check_acknowledged
from tachiai.envelopes.describing import missing_items
from tachiai.envelopes.drafting import LONGEST_DEADLINE_DAYS
from tachiai.envelopes.events import note
from tachiai.envelopes.holding import documents_of
from tachiai.envelopes.models import Envelope
from tachiai.envelopes.schedule_models import OPEN, SendTask
from tachiai.envelopes.scheduling_ends import end_schedule
from tachiai.envelopes.sending import approval_needed, hold_for_sending, missing_before_sending, send_envelope
from tachiai.envelopes.states import EnvelopeState
from tachiai.envelopes.telling import tell_sender
from tachiai.errors import Refusal
from tachiai.prepared import refresh
from tachiai.rowwise import Change, change_each
from tachiai.work.models import TaskState

FARTHEST_DAYS = 90


def schedule_sending(
    envelope: Envelope,
    *,
    send_at: datetime,
    by: Member,
    at: datetime,
    acknowledged: Collection[str] | None = None,
    route: uuid.UUID | None = None,
) -> None:
    """Send the draft at ``send_at``, on the word of ``by``. Takes the place of a schedule that stands.

    ``acknowledged`` as of ``send_envelope``; ``route`` asks for approval after the counterparty's signature. ``acknowledged`` None
    keeps what was acknowledged for the schedule before, and its route. Refuses with ``schedule.past``, ``schedule.too_far`` (days),
    ``schedule.after_deadline``, as ``send_envelope`` would at that moment, ``route.unknown``, ``route.asks_before`` (the route asks
    before sending), ``approval.own_route`` and ``approval.unfit`` (name).
    """
    if not may_manage(by, envelope):
        raise Refusal("envelope.not_allowed")
    if send_at <= at:
        raise Refusal("schedule.past")
    if send_at - at > timedelta(days=FARTHEST_DAYS):
        raise Refusal("schedule.too_far", days=FARTHEST_DAYS)
    with transaction.atomic(durable=True):
        held = _held_draft(envelope)
        seen = _seen_before(held) if acknowledged is None else sorted(acknowledged)
        approval = held_approval(held) if acknowledged is None else _drawn_up(held, route, by=by, at=at)
        _could_be_sent(held, seen, approval, at=send_at)
        end_schedule(held, at=at)
        SendTask.objects.create(envelope=held, by=by, acknowledged=seen, due_at=send_at, created_at=at)
        change_each(Envelope, [Change(held.pk, {"send_at": send_at, "updated_at": at})])
        told = {"approval": plan_of(approval)} if approval is not None else {}
        note(held, "envelope.scheduled", by=by, at=at, data={"send_at": send_at.isoformat(), **told})
    refresh(envelope)


def _drawn_up(held: Envelope, route: uuid.UUID | None, *, by: Member, at: datetime) -> Approval | None:
    """The request that will stand before our own signers, in place of one that an earlier schedule had drawn up."""
    end_open(held, ApprovalState.TAKEN_BACK, at=at)
    if route is None:
        return None
    chosen = ApprovalRoute.objects.filter(pk=route, organization_id=held.organization_id, ended_at=None).first()
    if chosen is None:
        raise Refusal("route.unknown")
    if chosen.timing != Timing.AFTER:
        raise Refusal("route.asks_before")
    return draw_up(held, chosen, by=by, at=at)


def _held_draft(envelope: Envelope) -> Envelope:
    held = hold_for_sending(envelope)
    if held.state != EnvelopeState.DRAFT:
        raise Refusal("envelope.moved", state=held.state)
    return held


def _seen_before(envelope: Envelope) -> list[str]:
    task = SendTask.objects.filter(envelope=envelope, state__in=OPEN).first()
    return [str(key) for key in task.acknowledged] if task else []


def _could_be_sent(held: Envelope, seen: Collection[str], approval: Approval | None, *, at: datetime) -> None:
    """As far as it can be said beforehand: what would be refused at that moment is refused now."""
    if held.deadline is not None and held.deadline <= today(at):
        raise Refusal("schedule.after_deadline")
    missing = missing_before_sending(held, at=at)
    if missing:
        raise Refusal(missing[0], days=LONGEST_DEADLINE_DAYS, items=missing_items(held))
    if approval is None:
        approval_needed(held)
    check_acknowledged(documents_of(held), seen)


def cancel_schedule(envelope: Envelope, *, by: Member, at: datetime) -> None:
    """It is an ordinary draft again. Refuses with ``schedule.none``, ``envelope.moved`` or ``envelope.not_allowed``."""
    if not may_manage(by, envelope):
        raise Refusal("envelope.not_allowed")
    with transaction.atomic(durable=True):
        held = _held_draft(envelope)
        if held.send_at is None:
            raise Refusal("schedule.none")
        end_schedule(held, at=at)
        end_open(held, ApprovalState.TAKEN_BACK, at=at)
        change_each(Envelope, [Change(held.pk, {"send_at": None, "updated_at": at})])
        note(held, "envelope.schedule_cancelled", by=by, at=at)
    refresh(envelope)


def send_scheduled(task: SendTask, *, now: Callable[[], datetime]) -> None:
    """The moment has come: send it. What is refused now is a draft again, and the sender is told why (M31).

    Raises ``LostLease`` when the schedule was changed or dropped meanwhile.
    """
    at = now()
    try:
        send_envelope(task.envelope, by=task.by, at=at, acknowledged=task.acknowledged, due=task)
    except Refusal as refusal:
        _give_back(task, refusal, at=at)


def _give_back(task: SendTask, refusal: Refusal, *, at: datetime) -> None:
    with transaction.atomic(durable=True):
        held = hold_for_sending(task.envelope)
        work.finish(task, at=at, state=TaskState.CANCELLED)
        if held.state != EnvelopeState.DRAFT:
            return  # sent or withdrawn by hand at the same moment
        end_open(held, ApprovalState.TAKEN_BACK, at=at)
        change_each(Envelope, [Change(held.pk, {"send_at": None, "updated_at": at})])
        note(held, "envelope.schedule_failed", by=None, at=at, data={"why": refusal.code})
        tell_sender("M31", held, at=at, why=refusal.code)
