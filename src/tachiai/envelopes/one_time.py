"""認証コード: six digits sent to the mailbox of somebody who comes by a link. They prove the mailbox once more, and nothing else.

The digits are not kept: they are made again, while they are judged, from the link's key and the time at which they were sent, which
is on record. The last that was sent counts, for ten minutes and for one visit.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from tachiai import ledger, outbox
from tachiai.ceremony import Purpose
from tachiai.crypto.tokens import timed_code
from tachiai.envelopes.events import note
from tachiai.envelopes.models import Envelope, Gate
from tachiai.envelopes.telling import send_code
from tachiai.envelopes.visiting import Visit, barred, stopped
from tachiai.errors import Refusal

LIVES = timedelta(minutes=10)
AGAIN_AFTER = timedelta(seconds=60)
EVENTS = ("recipient.code_sent", "recipient.opened", "download.opened")


def send_one_time_code(found: Visit, *, at: datetime) -> None:
    """M16 with a fresh code; any earlier one is worthless from now on.

    Refuses with ``otp.too_soon`` (seconds) within a minute of the last, with ``code.locked`` or ``code.ended``, and with what
    ``stopped`` says of the link.
    """
    signing = found.invitation.purpose == Purpose.SIGN
    reason = stopped(found, at=at) if signing else None
    if found.holder.gate != Gate.OTP or reason not in (None, "recipient.done"):
        raise Refusal(reason or "link.unknown")
    bar = barred(found, at=at)
    if bar is not None:
        raise bar
    with transaction.atomic(durable=True):
        Envelope.objects.select_for_update().get(pk=found.envelope.pk)
        last = sent_at(found)
        if last is not None and at - last < AGAIN_AFTER:
            raise Refusal("otp.too_soon", seconds=int((AGAIN_AFTER - (at - last)).total_seconds()) + 1)
        data: dict[str, object] = {"recipient": str(found.recipient.pk), **_link(found)}
        note(found.envelope, "recipient.code_sent", by=found.recipient, at=at, data=data)
        send_code(found.recipient, outbox.conceal(_code(found, at)), holder=found.holder, at=at)


def sent_at(found: Visit) -> datetime | None:
    """When the code that has not been used yet was sent through this very link; None when there is none."""
    mine = str(found.recipient.pk)
    told = [entry for entry in ledger.entries(found.envelope.stream, events=EVENTS) if entry.data.get("recipient") == mine]
    if not told or told[-1].event != "recipient.code_sent" or not _link(found).items() <= told[-1].data.items():
        return None
    return told[-1].at


def _link(found: Visit) -> dict[str, object]:
    """Which link a code is for."""
    return {"purpose": str(found.invitation.purpose), "generation": found.invitation.generation}


def live_code(found: Visit, *, at: datetime) -> str:
    """The code that opens this link now. Refuses with ``otp.expired`` when none is live."""
    sent = sent_at(found)
    if sent is None or at - sent >= LIVES:
        raise Refusal("otp.expired")
    return _code(found, sent)


def _code(found: Visit, sent: datetime) -> str:
    return timed_code(settings.TACHIAI.secret("link"), found.invitation.pk, generation=found.invitation.generation, at=sent)
