"""Sending: from a draft to something that is being frozen, and sending a link again."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta

from django.db import transaction

from tachiai import ledger, work
from tachiai.accounts.models import Member
from tachiai.accounts.rights import sees_contracts
from tachiai.accounts.route_models import Timing
from tachiai.clock import today
from tachiai.envelopes.access import may_manage
from tachiai.envelopes.approval_models import Approval, ApprovalState
from tachiai.envelopes.approving_rounds import check_held, end, held_approval, plan_of, standing_approval
from tachiai.envelopes.cautions import note_acknowledged
from tachiai.envelopes.describing import missing_items
from tachiai.envelopes.drafting import LONGEST_DEADLINE_DAYS
from tachiai.envelopes.events import note
from tachiai.envelopes.holding import documents_of, has_documents
from tachiai.envelopes.models import Document, Envelope, FreezeTask, Kind, Recipient, Side
from tachiai.envelopes.places import documents_meant, said_of
from tachiai.envelopes.placing import misplaced
from tachiai.envelopes.reviving import revive
from tachiai.envelopes.routing import must_go_on, request_signature
from tachiai.envelopes.schedule_models import SendTask
from tachiai.envelopes.scheduling_ends import end_schedule
from tachiai.envelopes.scoping import is_taken
from tachiai.envelopes.states import EnvelopeState, RecipientState, move
from tachiai.envelopes.telling import tell_sender
from tachiai.envelopes.uploads import has_unsettled
from tachiai.errors import Refusal
from tachiai.prepared import Prepared, given, refresh
from tachiai.rowwise import insert_each

NO_TIME = timedelta()


def missing_before_sending(envelope: Envelope, *, at: datetime) -> list[str]:
    """What still keeps the envelope from being sent, as refusal codes; empty when nothing does."""
    missing = []
    if has_unsettled(envelope):
        missing.append("upload.unsettled")
    elif not has_documents(envelope):
        missing.append("envelope.no_documents")
    if not envelope.described or not envelope.name:
        missing.append("envelope.not_described")
    elif missing_items(envelope):
        missing.append("information.missing")
    people = _PEOPLE.all(envelope=envelope.pk)
    # A pledge or an order acknowledgement (請書) is signed by the counterparty alone; nothing is witnessed for ourselves alone.
    if not any(person.kind == Kind.SIGNER and person.side == Side.COUNTERPARTY for person in people):
        missing.append("recipients.incomplete")
    elif _unsigned(envelope, people):
        missing.append("document.unsigned")
    if envelope.deadline is None or envelope.deadline <= today(at):
        missing.append("deadline.out_of_range")
    missing.extend(_unusable(envelope, people))
    if any(not _may_answer(person) for person in people if person.side == Side.OWN):
        missing.append("member.may_not_sign")
    if any(not _in_time(person, envelope, at=at) for person in people):
        missing.append("recipient.deadline_out_of_range")
    return missing + misplaced(envelope)


def _unusable(envelope: Envelope, people: Sequence[Recipient]) -> list[str]:
    """What keeps the registrations behind counterparties from being used."""
    registrations = [person.registration for person in people if person.registration]
    found = ["registration.not_usable"] if any(not one.is_usable for one in registrations) else []
    return [*found, *(["registration.other_contract"] if any(is_taken(one, envelope) for one in registrations) else [])]


def _may_answer(person: Recipient) -> bool:
    member = person.member
    return member is not None and sees_contracts(member) and (member.may_sign or person.kind != Kind.SIGNER)


def _in_time(person: Recipient, envelope: Envelope, *, at: datetime) -> bool:
    if person.deadline is None or envelope.deadline is None:
        return True
    return today(at) < person.deadline <= envelope.deadline


def _unsigned(envelope: Envelope, people: Sequence[Recipient]) -> set[uuid.UUID]:
    """Documents that nobody is to sign: there would be a contract that nobody has agreed to."""
    meant = documents_meant(envelope.pk)
    if not all(meant.get(person.pk) for person in people if person.kind == Kind.SIGNER):
        return set()  # somebody signs all of them
    signed = {pk for person in people if person.kind == Kind.SIGNER for pk in meant[person.pk]}
    return {document.pk for document in documents_of(envelope)} - signed


_PEOPLE = Prepared(
    lambda: (
        Recipient.objects.filter(envelope_id=given("envelope", Recipient, "envelope"))
        .select_related("registration", "member")
        .order_by("position")
    )
)


def send_envelope(envelope: Envelope, *, by: Member, at: datetime, acknowledged: Collection[str] = (), due: SendTask | None = None) -> None:
    """The sender's word: from here on nothing can be changed. Freezing and asking follow as work.

    ``acknowledged`` are the keys of the documents whose warnings the sender says to have seen; ``due`` is the scheduled work that this
    does, by anybody else's hand a schedule falls away. Refuses with the first code of ``missing_before_sending``, ``approval.missing``
    (the organization requires one, and none was given to exactly this), ``warnings.unseen`` (names), ``envelope.not_allowed`` or
    ``envelope.moved``; raises ``LostLease`` for work that is no longer the caller's.
    """
    if not may_manage(by, envelope):
        raise Refusal("envelope.not_allowed")
    with transaction.atomic(durable=True):
        held = hold_for_sending(envelope)
        if held.state != EnvelopeState.DRAFT:
            raise Refusal("envelope.moved", state=held.state)
        end_schedule(held, at=at, due=due)
        missing = missing_before_sending(held, at=at)
        if missing:
            raise Refusal(missing[0], days=LONGEST_DEADLINE_DAYS, items=missing_items(held))
        approval = _drawn_up_for(held, at=at, due=due) or approval_needed(held)
        documents = documents_of(held)
        note_acknowledged(held, documents, acknowledged, by=by, at=at)
        dispatch(held, documents, by=by, at=at, approval=approval)
    refresh(envelope)


def _drawn_up_for(held: Envelope, *, at: datetime, due: SendTask | None) -> Approval | None:
    """The approval that was to be asked for later when the sending was scheduled; by hand there is none, and it falls away."""
    approval = held_approval(held) if held.send_at is not None else None
    if approval is not None and due is None:
        end(approval, ApprovalState.TAKEN_BACK, at=at)
        return None
    if approval is not None:
        check_held(approval)
    return approval


def approval_needed(held: Envelope) -> Approval | None:
    """The approval of exactly this, if there is one. Refuses ``approval.missing`` where the organization requires one."""
    approval = standing_approval(held)
    if approval is None and held.organization.requires_route:
        raise Refusal("approval.missing")
    return approval


def dispatch(held: Envelope, documents: Sequence[Document], *, by: Member | None, at: datetime, approval: Approval | None = None) -> None:
    """Send what may be sent, in the caller's transaction. ``by`` None: the last approver's word carries out the sender's."""
    told: dict[str, object] = {}
    later = approval is not None and approval.timing == Timing.AFTER
    if approval is not None:
        told["approval"] = plan_of(approval) if later else {"approval": str(approval.pk), "digest": bytes(approval.digest or b"").hex()}
    move(held, EnvelopeState.SENDING, sent_at=at, send_at=None, updated_at=at, **({"awaits_approval": True} if later else {}))
    insert_each([FreezeTask(document=document, due_at=at, created_at=at) for document in documents])
    work.ring(FreezeTask)
    digests = [bytes(document.head_sha256).hex() for document in documents]
    note(held, "envelope.sent", by=by, at=at, data={"documents": digests, "shown": held.shown_items, **_places(held), **told})
    tell_sender("M08", held, at=at)


def _places(envelope: Envelope) -> dict[str, object]:
    """Who signs where, who else is asked what: on record, so that nothing less will do later."""
    meant = documents_meant(envelope.pk)
    people = _PEOPLE.all(envelope=envelope.pk)
    slots = [said_of(one, meant.get(one.pk, ())) for one in people if one.slot is not None]
    others = [said_of(one, meant.get(one.pk, ())) for one in people if one.slot is None]
    return {"slots": slots, **({"others": others} if others else {})}


def hold_for_sending(envelope: Envelope) -> Envelope:
    """The envelope as it stands, held to the end of the caller's transaction, with whom its letters speak of."""
    return _HELD.one(pk=envelope.pk)


# Locked is the envelope alone.
_HELD = Prepared(
    lambda: Envelope.objects.select_for_update(of=("self",)).select_related("organization", "sender").filter(pk=given("pk", Envelope))
)


def send_again(recipient: Recipient, *, by: Member, at: datetime, deadline: date | None = None, spare: timedelta = NO_TIME) -> None:
    """A new link for one signer; the old one is dead from now on. Revives an expired envelope for up to 90 days.

    Who consented before the deadline, but was not sealed, is not asked twice: reviving alone lets the seal be made.
    Whose own day had passed has the envelope's from now on. Asked for once more within ``spare`` it is a double press, and nothing is
    sent: the link on its way stays good.
    Refuses with ``recipient.not_asked``, ``envelope.too_old``, ``envelope.erased``, ``deadline.out_of_range``, ``envelope.not_allowed``,
    ``envelope.moved``, or ``link.expired`` in the minute in which the envelope's day is over and it has not ended yet.
    """
    envelope = recipient.envelope
    if not may_manage(by, envelope):
        raise Refusal("envelope.not_allowed")
    with transaction.atomic(durable=True):
        held = Envelope.objects.select_for_update().get(pk=envelope.pk)
        revived = held.state == EnvelopeState.EXPIRED
        if revived:
            revive(held, deadline=deadline, by=by, at=at)
        else:
            must_go_on(held, at=at)
        fresh = Recipient.objects.select_related("envelope__organization", "envelope__sender").get(pk=recipient.pk)
        if revived and fresh.state == RecipientState.CONSENTED:
            recipient.refresh_from_db()
            return  # they have consented already; what the deadline cut off is sealed now, and the others' turn comes
        if fresh.state not in (RecipientState.REQUESTED, RecipientState.OPENED, RecipientState.EXPIRED):
            raise Refusal("recipient.not_asked", state=fresh.state)
        if _sent_since(fresh, at - spare):
            return
        note(held, "recipient.sent_again", by=by, at=at, data={"recipient": str(fresh.pk)})
        request_signature(fresh, at=at, again=True)
    recipient.refresh_from_db()


def _sent_since(recipient: Recipient, then: datetime) -> bool:
    entry = ledger.latest(recipient.envelope.stream, "recipient.sent_again")
    return entry is not None and entry.at > then and entry.data.get("recipient") == str(recipient.pk)
