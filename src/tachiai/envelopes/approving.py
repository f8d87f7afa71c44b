"""Approval before sending, or before our own signers are asked (承認・差戻し・取戻し): the sender asks, others decide."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from tachiai.accounts.models import Member
from tachiai.accounts.route_models import ApprovalRoute, Timing
from tachiai.envelopes.access import may_manage
from tachiai.envelopes.approval_models import Approval, ApprovalState, PlaceState
from tachiai.envelopes.approving_access import Seat, seat_at
from tachiai.envelopes.approving_rounds import ask_step, begin, draw_up, end, end_open, is_unchanged, latest_approval, settle_step
from tachiai.envelopes.cautions import note_acknowledged
from tachiai.envelopes.declining import LONGEST, SHORTEST
from tachiai.envelopes.describing import missing_items
from tachiai.envelopes.drafting import LONGEST_DEADLINE_DAYS
from tachiai.envelopes.events import note
from tachiai.envelopes.holding import documents_of
from tachiai.envelopes.models import Envelope
from tachiai.envelopes.routing import go_on
from tachiai.envelopes.sending import dispatch, missing_before_sending
from tachiai.envelopes.states import EnvelopeState, move
from tachiai.envelopes.telling import tell_sender
from tachiai.errors import Refusal


def submit_for_approval(envelope: Envelope, route: uuid.UUID, *, by: Member, at: datetime, acknowledged: Collection[str] = ()) -> Approval:
    """The sender's word, to be carried out when everybody of the route has approved: it is then sent by itself.

    Along a route that asks after the counterparty's signature it is sent at once. Refuses as ``send_envelope`` does, and with
    ``envelope.scheduled``, ``route.unknown``, ``approval.own_route``, ``approval.unfit`` (name) or
    ``approval.nobody_after``.
    """
    if not may_manage(by, envelope):
        raise Refusal("envelope.not_allowed")
    with transaction.atomic(durable=True):
        held = _held(envelope.pk)
        if held.state != EnvelopeState.DRAFT:
            raise Refusal("envelope.moved", state=held.state)
        if held.send_at is not None:
            raise Refusal("envelope.scheduled")
        missing = missing_before_sending(held, at=at)
        if missing:
            raise Refusal(missing[0], days=LONGEST_DEADLINE_DAYS, items=missing_items(held))
        chosen = ApprovalRoute.objects.filter(pk=route, organization_id=held.organization_id, ended_at=None).first()
        if chosen is None:
            raise Refusal("route.unknown")
        documents = documents_of(held)
        note_acknowledged(held, documents, acknowledged, by=by, at=at)
        approval = draw_up(held, chosen, by=by, at=at)
        if chosen.timing == Timing.AFTER:
            dispatch(held, documents, by=by, at=at, approval=approval)
        else:
            move(held, EnvelopeState.AWAITING_APPROVAL, updated_at=at)
            begin(approval, held, by=by, at=at)
    envelope.refresh_from_db()
    return approval


def approve(approval: uuid.UUID, *, by: Member, at: datetime, comment: str = "") -> Envelope:
    """One approver's yes, or their deputy's. With the last one the envelope is sent, or our own signers are asked.

    What cannot be sent any more by then goes back to its sender with the reason; the approval stands for what is unchanged.
    Refuses with ``approval.unknown``, ``approval.over``, ``approval.changed`` (what was to be approved is not what is there),
    ``reason.too_long``, or as ``seat_at``.
    """
    words = _words(comment)
    with transaction.atomic(durable=True):
        row, held = _hold(approval, at=at)
        seat = seat_at(row, held, by, at=at)
        if not is_unchanged(row, held):
            raise Refusal("approval.changed")
        _decide(seat, PlaceState.APPROVED, by=by, at=at)
        following = settle_step(row, seat.place.step)
        told = {**_told(row, seat), **({"last": True} if following == 0 else {})}
        note(held, "envelope.approved", by=by, at=at, data=told, personal={"comment": words} if words else None)
        if following:
            ask_step(row, held, following, at=at)
        elif following == 0:
            _conclude(row, held, by=by, at=at)
    return held


def _conclude(row: Approval, held: Envelope, *, by: Member, at: datetime) -> None:
    """Everybody has approved: what was waiting for it goes on by itself."""
    end(row, ApprovalState.APPROVED, at=at)
    if row.timing == Timing.AFTER:
        Envelope.objects.filter(pk=held.pk).update(awaits_approval=False)
        held.awaits_approval = False
        tell_sender("M19", held, at=at, result="approved", later=True)
        go_on(held, at=at)
        return
    missing = missing_before_sending(held, at=at)
    if missing:
        move(held, EnvelopeState.RETURNED, updated_at=at)
        note(held, "envelope.returned", by=None, at=at, data={"approval": str(row.pk), "because": missing[0]})
        tell_sender("M19", held, at=at, result="impossible", because=missing[0])
        return
    tell_sender("M19", held, at=at, result="approved", later=False)
    dispatch(held, documents_of(held), by=None, at=at, approval=row)


def return_envelope(approval: uuid.UUID, *, comment: str, by: Member, at: datetime) -> Envelope:
    """An approver's no, or their deputy's, with what has to be put right.

    What was not sent yet goes back to its sender. After the counterparty's signature the envelope stays where it is: its sender
    asks again, or withdraws it. Refuses with ``comment.missing``, ``reason.too_long``, ``approval.unknown``, ``approval.over``, or
    as ``seat_at``.
    """
    words = _words(comment)
    if len(words) < SHORTEST:
        raise Refusal("comment.missing")
    with transaction.atomic(durable=True):
        row, held = _hold(approval, at=at)
        seat = seat_at(row, held, by, at=at)
        _decide(seat, PlaceState.RETURNED, by=by, at=at)
        end(row, ApprovalState.RETURNED, at=at)
        if row.timing == Timing.BEFORE:
            move(held, EnvelopeState.RETURNED, updated_at=at)
        note(held, "envelope.returned", by=by, at=at, data=_told(row, seat), personal={"comment": words})
        tell_sender("M19", held, at=at, result="returned", later=row.timing == Timing.AFTER, reason=words, approver=_name_of(seat, by))
    return held


def take_back(envelope: Envelope, *, by: Member, at: datetime) -> None:
    """Make a draft again of what awaits approval or was returned, so that it can be changed; what had been approved is void then.

    Refuses with ``envelope.not_allowed`` or ``envelope.moved``.
    """
    if not may_manage(by, envelope):
        raise Refusal("envelope.not_allowed")
    with transaction.atomic(durable=True):
        held = _held(envelope.pk)
        if held.state not in (EnvelopeState.AWAITING_APPROVAL, EnvelopeState.RETURNED):
            raise Refusal("envelope.moved", state=held.state)
        move(held, EnvelopeState.DRAFT, updated_at=at)
        end_open(held, ApprovalState.TAKEN_BACK, at=at)
        note(held, "envelope.taken_back", by=by, at=at)
    envelope.refresh_from_db()


def ask_approval_again(envelope: Envelope, *, by: Member, at: datetime) -> Approval:
    """After a return behind the counterparty's signature: ask along the same route anew, about what stands now.

    Refuses with ``envelope.not_allowed``, ``envelope.moved``, ``approval.own_route`` or ``approval.unfit`` (name).
    """
    if not may_manage(by, envelope):
        raise Refusal("envelope.not_allowed")
    with transaction.atomic(durable=True):
        held = _held(envelope.pk)
        before = latest_approval(held)
        returned = before is not None and before.state == ApprovalState.RETURNED
        if held.state != EnvelopeState.IN_PROGRESS or not held.awaits_approval or before is None or not returned:
            raise Refusal("envelope.moved", state=held.state)
        approval = draw_up(held, before.route, by=by, at=at)
        begin(approval, held, by=by, at=at)
    return approval


def _held(pk: uuid.UUID) -> Envelope:
    rows = Envelope.objects.select_for_update(of=("self",)).select_related("organization", "sender")
    return rows.get(pk=pk)


def _hold(pk: uuid.UUID, *, at: datetime) -> tuple[Approval, Envelope]:
    """A request that waits for an answer, with its envelope held to the end of the transaction."""
    envelope = Approval.objects.filter(pk=pk).values_list("envelope_id", flat=True).first()
    if envelope is None:
        raise Refusal("approval.unknown")
    held = _held(envelope)
    row = Approval.objects.get(pk=pk)
    goes_on = EnvelopeState.AWAITING_APPROVAL if row.timing == Timing.BEFORE else EnvelopeState.IN_PROGRESS
    if row.state != ApprovalState.WAITING or held.state != goes_on:
        raise Refusal("approval.over", state=row.state)
    return row, held


def _decide(seat: Seat, state: PlaceState, *, by: Member, at: datetime) -> None:
    place = seat.place
    place.state, place.decided_by, place.decided_at = state, by, at
    place.save(update_fields=["state", "decided_by", "decided_at"])


def _told(row: Approval, seat: Seat) -> dict[str, object]:
    """What an entry says of an answer: whose place it was, about which digest, and what let a deputy answer."""
    told: dict[str, object] = {
        "approval": str(row.pk),
        "place": str(seat.place.pk),
        "step": seat.place.step,
        "member": str(seat.place.member_id),
        "digest": bytes(row.digest or b"").hex(),
        "timing": str(row.timing),
    }
    if seat.deputyship is not None:
        told["deputyship"] = str(seat.deputyship.pk)
    return told


def _name_of(seat: Seat, by: Member) -> dict[str, str]:
    return {"name": by.name, "instead_of": seat.place.member.name if seat.deputyship is not None else ""}


def _words(comment: str) -> str:
    words = comment.strip()
    if len(words) > LONGEST:
        raise Refusal("reason.too_long", limit=LONGEST)
    return words
