"""Handing over: what a leaving clerk has under way becomes a colleague's, each with an entry of its own."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from tachiai.accounts.models import Member, Role
from tachiai.envelopes.access import may_send
from tachiai.envelopes.approving_rounds import is_asked
from tachiai.envelopes.events import note
from tachiai.envelopes.models import Envelope
from tachiai.envelopes.schedule_models import OPEN as SCHEDULED
from tachiai.envelopes.schedule_models import SendTask
from tachiai.envelopes.states import UNSENT, EnvelopeState, RecipientState
from tachiai.errors import Refusal

# What has been concluded stays on record with its sender: whoever manages the organization's documents takes care of it.
OPEN = (*UNSENT, EnvelopeState.SENDING, EnvelopeState.IN_PROGRESS, EnvelopeState.EXPIRED)
AT_ONCE = 500


@dataclass(frozen=True)
class Handover:
    """How many became the colleague's, and the control numbers of those that could not."""

    moved: int
    kept: tuple[str, ...]


def may_hand_over(member: Member) -> bool:
    return member.is_active and member.role == Role.ADMIN


def under_way(member: Member) -> QuerySet[Envelope]:
    """What a colleague would have to go on with, the oldest first."""
    return Envelope.objects.filter(sender=member, organization_id=member.organization_id, state__in=OPEN).order_by("created_at")


def hand_over(leaving: Member, *, to: Member, by: Member, at: datetime) -> Handover:
    """Make ``to`` the sender of what ``leaving`` has under way: mails, rights and answers are theirs from now on. 500 at most at once.

    An envelope that ``to`` is asked to approve stays where it is, and one they are to sign, unless the organization lets
    senders sign. Refuses with ``envelope.not_allowed``, ``member.same`` or ``member.may_not_send``.
    """
    same_house = leaving.organization_id == to.organization_id == by.organization_id
    if not may_hand_over(by) or not same_house:
        raise Refusal("envelope.not_allowed")
    if leaving.pk == to.pk:
        raise Refusal("member.same")
    if not may_send(to):
        raise Refusal("member.may_not_send")
    moved, kept = 0, []
    for pk, number in list(under_way(leaving).values_list("pk", "number")[:AT_ONCE]):
        if _hand_over(pk, leaving, to=to, by=by, at=at):
            moved += 1
        else:
            kept.append(number)
    return Handover(moved, tuple(kept))


def _hand_over(pk: uuid.UUID, leaving: Member, *, to: Member, by: Member, at: datetime) -> bool:
    with transaction.atomic(durable=True):
        envelope = Envelope.objects.select_for_update(of=("self",)).select_related("organization").get(pk=pk)
        if envelope.sender_id != leaving.pk or envelope.state not in OPEN:
            return False  # concluded, ended or handed over at the same moment
        if is_asked(envelope, to):
            return False  # nobody approves what they send
        signs = envelope.recipients.filter(member=to).exclude(state=RecipientState.CANCELLED).exists()
        if signs and not envelope.organization.sender_may_sign:
            return False
        Envelope.objects.filter(pk=pk).update(sender=to, updated_at=at)
        SendTask.objects.filter(envelope=pk, state__in=SCHEDULED).update(by=to)
        note(envelope, "envelope.handed_over", by=by, at=at, data={"from": str(leaving.pk), "to": str(to.pk)})
    return True
