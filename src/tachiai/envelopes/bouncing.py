"""Bounces: a mail that a server took and later gave back. It is shown and told to the sender, and ends nothing: anybody can write one."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

from django.db import transaction

from tachiai import ledger
from tachiai.envelopes.delivering import note_undelivered
from tachiai.errors import Refusal
from tachiai.outbox import Mail, returned_mails
from tachiai.pages.returned_mail import DELAYED, FAILED, Returned, read_returned

EVENTS = {FAILED: "mail.bounced", DELAYED: "mail.delayed"}


class Taken(StrEnum):
    """What became of a mail that came back."""

    BOUNCED = "bounced"  # shown as 不達, and told to the sender
    DELAYED = "delayed"  # on record
    KNOWN = "known"  # said before
    UNMATCHED = "unmatched"  # about none of our mails, or about none that was sent
    NO_BOUNCE = "no bounce"


def take_bounce(message: bytes, *, at: datetime) -> Taken:
    """Read one mail that came back and record what it says of ours; taking the same twice changes nothing.

    Refuses as ``read_returned``: what cannot be read is not a bounce of ours.
    """
    told = read_returned(message)
    if told.outcome not in EVENTS:
        return Taken.NO_BOUNCE
    mail = _ours(told)
    return Taken.UNMATCHED if mail is None else _record(mail, told, at=at)


def _ours(told: Returned) -> Mail | None:
    """The mail it speaks of: the likeliest of those it names that a server had taken."""
    sent = {mail.pk: mail for mail in Mail.objects.filter(pk__in=told.mails, result="accepted")}
    return next((sent[pk] for pk in told.mails if pk in sent), None)


def _record(mail: Mail, told: Returned, *, at: datetime) -> Taken:
    event = EVENTS[told.outcome]
    with transaction.atomic(durable=True):
        # Two who bring the same bounce at once take turns.
        held = Mail.objects.select_for_update().get(pk=mail.pk)
        if any(entry.data.get("mail") == str(held.pk) for entry in ledger.entries(held.stream, events=[event])):
            return Taken.KNOWN
        ledger.append(
            held.stream,
            event,
            by=ledger.Actor.house(),
            at=at,
            data={"mail": str(held.pk), "kind": held.kind, "about": str(held.about) if held.about else None},
            personal={"to": held.to, "reply": told.words},
        )
        if told.outcome == FAILED:
            note_undelivered(held, at)
    return Taken.BOUNCED if told.outcome == FAILED else Taken.DELAYED


def take_mailbox(url: str, *, at: datetime) -> Iterable[tuple[str, Taken]]:
    """Take every mail of the mailbox for bounces, one after another; each is gone from there once it was taken.

    One that cannot be read is left aside as no bounce. Raises ``Outage`` (``bounces.unreachable``) for a mailbox that cannot be asked.
    """
    for name, message in returned_mails(url):
        yield name, take_readable(message, at=at)


def take_readable(message: bytes, *, at: datetime) -> Taken:
    """As ``take_bounce``, where nobody is there to be refused."""
    try:
        return take_bounce(message, at=at)
    except Refusal:
        return Taken.NO_BOUNCE
