"""Delivering one mail: compose it now, hand it over, and record the server's own words."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import transaction

from tachiai import ledger, work
from tachiai.accounts import identity
from tachiai.errors import Outage
from tachiai.outbox.composing import write
from tachiai.outbox.models import Mail, Result
from tachiai.outbox.transports import Refused, transport

GIVE_UP_AFTER = timedelta(days=3)


def deliver(mail: Mail, *, now: Callable[[], datetime], refused: Callable[[Mail, datetime], None]) -> None:
    """Send ``mail`` and commit the outcome. ``refused`` is told, in the same transaction, of a mail that cannot be delivered.

    Raises ``Outage`` while the server cannot be reached or puts this address off, and in a house that is held or whose keys are
    another's; an address that is put off for three days counts as refused. A process killed between the server's 250 and our commit
    sends again, with the same Message-ID and link.
    """
    identity.check_acting("mail")
    try:
        reply = transport().send(write(mail))
    except Refused as refusal:
        _settle(mail, Result.REFUSED, reply=refusal.reply, at=now(), refused=refused)
        return
    except Outage as outage:
        if outage.code == "smtp.deferred" and now() - mail.created_at > GIVE_UP_AFTER:
            _settle(mail, Result.REFUSED, reply=outage.detail, at=now(), refused=refused)
            return
        raise
    _settle(mail, Result.ACCEPTED, reply=reply, at=now(), refused=refused)


def _settle(mail: Mail, result: Result, *, reply: str, at: datetime, refused: Callable[[Mail, datetime], None]) -> None:
    with transaction.atomic(durable=True):
        work.finish(mail, at=at)
        # The context held names and perhaps a one-time code; what was sent is the recipient's now.
        Mail.objects.filter(pk=mail.pk).update(result=result, reply=reply[:300], sent_at=at, context={})
        ledger.append(
            mail.stream,
            f"mail.{result}",
            by=ledger.Actor.house(),
            at=at,
            data={"mail": str(mail.pk), "kind": mail.kind, "about": str(mail.about) if mail.about else None},
            personal={"to": mail.to, "reply": reply[:300], "message_id": mail.message_id},
        )
        if result is Result.REFUSED:
            refused(mail, at)
