"""Reminding: what the clock writes before a day on which something ends. Each cause once, and of several missed ones only the last."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Case, DateField, Exists, F, OuterRef, Q, When
from django.db.models.functions import Least, TruncDate

from tachiai import ceremony
from tachiai.ceremony import Invitation, Purpose
from tachiai.clock import JAPAN, end_of, today
from tachiai.envelopes.closing import DOWNLOAD_DAYS
from tachiai.envelopes.events import note
from tachiai.envelopes.models import Envelope, Recipient, Side
from tachiai.envelopes.reminder_models import Reminder, ReminderKind
from tachiai.envelopes.routing import due_on
from tachiai.envelopes.states import EnvelopeState, RecipientState
from tachiai.envelopes.telling import ask_to_sign, tell_download_ending, tell_sender

# Days before the deadline on which whoever has not signed is reminded: four at most.
SIGNATURE_DAYS = (23, 16, 9, 2)
# Nobody is reminded of what has only just reached them.
QUIET_DAYS = 5
# Days before the deadline on which the sender is told; on the last day once more.
DEADLINE_DAYS = (3, 0)
# So many days before a download ends, whoever has taken nothing home is told: on the eleventh day of fourteen.
LAST_DAYS = 3
# Hours in Japan in which the clock writes to people.
OPENS, CLOSES = 8, 19
AT_ONCE = 100
ASKED = (RecipientState.REQUESTED, RecipientState.OPENED)

Cause = tuple[uuid.UUID, int]

# ``routing.due_on`` as a question: a deadline of one's own, unless it had passed when one was asked.
_DUE = Case(
    When(Q(deadline=None) | Q(deadline__lt=TruncDate("requested_at", tzinfo=JAPAN)), then=F("envelope__deadline")),
    default=Least("deadline", "envelope__deadline"),
    output_field=DateField(),
)


def remind(*, at: datetime) -> int:
    """Write every reminder that is due at ``at``, each in a transaction of its own; how many were. Nothing by night in Japan."""
    if not OPENS <= at.astimezone(JAPAN).hour < CLOSES:
        return 0
    work: tuple[tuple[Callable[..., Iterator[Cause]], Callable[..., bool]], ...] = (
        (_unsigned, _remind_signer),
        (_ending, _warn_sender),
        (_untaken, _warn_of_download),
    )
    return sum(write(pk, days, at=at) for due, write in work for pk, days in due(at=at))


def _periods(schedule: Sequence[int]) -> Iterator[tuple[int, range]]:
    """Each entry of the schedule with the numbers of days left at which it is the newest one due."""
    for place, days in enumerate(schedule):
        following = schedule[place + 1] if place + 1 < len(schedule) else -1
        yield days, range(following + 1, days + 1)


def _unsigned(*, at: datetime) -> Iterator[Cause]:
    for days, left in _periods(SIGNATURE_DAYS):
        rows = (
            Recipient.objects.annotate(due=_DUE)
            .filter(
                _in_time(left, days, at=at, since="requested_at", quiet=QUIET_DAYS, deadline="due"),
                envelope__state=EnvelopeState.IN_PROGRESS,
                envelope__organization__reminds=True,
                state__in=ASKED,
                undelivered=False,
            )
            .exclude(_written(ReminderKind.SIGNATURE, days, recipient=OuterRef("pk"), until=OuterRef("due")))
        )
        yield from ((pk, days) for pk in list(rows.values_list("pk", flat=True)[:AT_ONCE]))


def _in_time(left: range, days: int, *, at: datetime, since: str, quiet: int, deadline: str) -> Q:
    """Rows with so many days left whose reminder fell at least ``quiet`` days after ``since``."""
    due = Q(pk=None)
    for number in left:
        day = today(at) + timedelta(days=number)
        due |= Q(**{deadline: day, f"{since}__lt": end_of(day - timedelta(days=days + quiet))})
    return due


def _written(kind: ReminderKind, days: int, **row: object) -> Exists:
    return Exists(Reminder.objects.filter(kind=kind, days=days, **row))


def _remind_signer(pk: uuid.UUID, days: int, *, at: datetime) -> bool:
    """M02 with the link that they have already."""
    with transaction.atomic(durable=True):
        recipient = _held(pk)
        envelope = recipient.envelope
        deadline = due_on(recipient)
        if envelope.state != EnvelopeState.IN_PROGRESS or recipient.state not in ASKED or deadline is None:
            return False
        if not _note_once(envelope, recipient, ReminderKind.SIGNATURE, until=deadline, days=days, at=at):
            return False
        invitation = ceremony.standing_invitation(Purpose.SIGN, recipient.pk) if recipient.side == Side.COUNTERPARTY else None
        if recipient.side == Side.COUNTERPARTY and not _opens(invitation, at=at):
            return False  # a link that was closed or tried too often leads nowhere: the row says that nothing more is due
        data: dict[str, object] = {"recipient": str(recipient.pk), "days": days, "deadline": deadline.isoformat()}
        note(envelope, "recipient.reminded", by=None, at=at, data=data)
        ask_to_sign(recipient, invitation, due=deadline, at=at, again=True)
    return True


def _opens(invitation: Invitation | None, *, at: datetime) -> bool:
    if invitation is None or invitation.closed_at is not None or at >= invitation.expires_at:
        return False
    return invitation.tries_in_life < ceremony.TRIES_IN_LIFE


def _ending(*, at: datetime) -> Iterator[Cause]:
    for days, left in _periods(DEADLINE_DAYS):
        rows = Envelope.objects.filter(
            _in_time(left, days, at=at, since="sent_at", quiet=1, deadline="deadline"), state=EnvelopeState.IN_PROGRESS
        ).exclude(_written(ReminderKind.DEADLINE, days, envelope=OuterRef("pk"), recipient=None, until=OuterRef("deadline")))
        yield from ((pk, days) for pk in list(rows.values_list("pk", flat=True)[:AT_ONCE]))


def _warn_sender(pk: uuid.UUID, days: int, *, at: datetime) -> bool:
    """M13: the deadline is near, or this very day."""
    with transaction.atomic(durable=True):
        envelope = Envelope.objects.select_for_update(of=("self",)).select_related("organization", "sender").get(pk=pk)
        if envelope.state != EnvelopeState.IN_PROGRESS or envelope.deadline is None:
            return False
        if not _note_once(envelope, None, ReminderKind.DEADLINE, until=envelope.deadline, days=days, at=at):
            return False
        tell_sender("M13", envelope, at=at, expired=False, last_day=envelope.deadline == today(at))
    return True


def _untaken(*, at: datetime) -> Iterator[Cause]:
    """Counterparties who signed and have taken nothing home, in the last days of their download."""
    days = LAST_DAYS
    since, until = at - timedelta(days=DOWNLOAD_DAYS), at - timedelta(days=DOWNLOAD_DAYS - days)
    rows = Recipient.objects.filter(
        envelope__state=EnvelopeState.CONCLUDED,
        envelope__concluded_at__range=(since, until),
        side=Side.COUNTERPARTY,
        state=RecipientState.SIGNED,
        downloaded_at=None,
    ).exclude(_written(ReminderKind.DOWNLOAD, days, recipient=OuterRef("pk")))
    yield from ((pk, days) for pk in list(rows.values_list("pk", flat=True)[:AT_ONCE]))


def _warn_of_download(pk: uuid.UUID, days: int, *, at: datetime) -> bool:
    """M28 with the link of the completion mail."""
    with transaction.atomic(durable=True):
        recipient = _held(pk)
        invitation = ceremony.standing_invitation(Purpose.DOWNLOAD, pk)
        if recipient.downloaded_at is not None or invitation is None:
            return False
        until = invitation.expires_at.astimezone(JAPAN).date()
        if not _note_once(recipient.envelope, recipient, ReminderKind.DOWNLOAD, until=until, days=days, at=at):
            return False
        if not _opens(invitation, at=at):
            return False
        note(recipient.envelope, "download.reminded", by=None, at=at, data={"recipient": str(pk), "days": days})
        tell_download_ending(recipient, invitation, at=at)
    return True


def _held(pk: uuid.UUID) -> Recipient:
    """The recipient with their envelope, whose row is locked: two workers with the same thing to write take turns."""
    envelope = Recipient.objects.values_list("envelope", flat=True).get(pk=pk)
    held = Envelope.objects.select_for_update(of=("self",)).select_related("organization", "sender").get(pk=envelope)
    recipient = Recipient.objects.get(pk=pk)
    recipient.envelope = held
    return recipient


def _note_once(envelope: Envelope, recipient: Recipient | None, kind: ReminderKind, *, until: date, days: int, at: datetime) -> bool:
    """Take the cause, in the caller's transaction; False when somebody else has."""
    cause = {"envelope": envelope, "recipient": recipient, "kind": kind, "until": until, "days": days}
    return Reminder.objects.get_or_create(**cause, defaults={"at": at})[1]
