"""Delivering one mail: compose it now, hand it over, and record the server's own words."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

import structlog
from django.db import DatabaseError, connection, transaction
from django.db.models import F

from tachiai import ledger, work
from tachiai.accounts import identity
from tachiai.errors import Outage, Refusal
from tachiai.outbox.answers import HEARD, Answer
from tachiai.outbox.composing import write
from tachiai.outbox.models import Mail, Result
from tachiai.outbox.transports import Refused, Unanswered, transport
from tachiai.work.models import TaskState

GIVE_UP_AFTER = timedelta(days=3)
LEASE = timedelta(minutes=5)
# What a conversation takes at most whose every step is answered at the last moment, and a minute of recording after it.
NEEDED = timedelta(minutes=4)
# Seconds between the tries to record an answer: half a minute in all.
WAITS = (0.1, 0.2, 0.5, 1, 2, 4, 6, 8, 8)
log = structlog.get_logger("tachiai.outbox")

Told = Callable[[Mail, datetime], None]
Pause = Callable[[float], None]


def deliver(mail: Mail, *, now: Callable[[], datetime], refused: Told, pause: Pause = time.sleep) -> None:
    """Send ``mail`` and commit the outcome. ``refused`` is told, in the same transaction, of a mail that cannot be delivered.

    Raises ``Outage`` while the server cannot be reached or puts this address off, and in a house that is held or whose keys are
    another's; an address that is put off for three days counts as refused. Raises ``work.LostLease`` when the row is no longer
    the caller's; nothing is sent then.

    An answer that the database does not take is tried again for half a minute, and then kept: the row stays held, nothing else is
    sent before it is recorded, and whoever claims the row again in this process records it instead of sending. Only a process that
    ends between the server's answer and every commit sends again, with the same Message-ID and link; ``mail.perhaps_twice`` tells.
    """
    identity.check_acting("mail")
    _record_left(mail, now=now, refused=refused)
    answer = HEARD.claimed_again(mail)
    if answer is None:
        answer = _ask(mail, now=now, pause=pause)
        HEARD.keep(answer)
    try:
        _persist(partial(_settle, answer, at=now(), refused=refused), pause=pause)
    except work.LostLease:
        HEARD.forget_if_over(answer)
        raise
    except (DatabaseError, OSError):
        # Put off, it would be anybody's at once, and they would send it again: it is held for as long as it was claimed.
        log.exception("answer not recorded", mail=mail.pk)
        answer.held = True
        return
    HEARD.forget(answer)


def _record_left(mail: Mail, *, now: Callable[[], datetime], refused: Told) -> None:
    """What was answered for other mails comes first. Raises what the database raises: whoever cannot write sends nothing more."""
    for answer in HEARD.left():
        if answer.mail.pk == mail.pk:
            continue
        try:
            _settle(answer, at=now(), refused=refused)
        except work.LostLease:
            HEARD.forget_if_over(answer)
        except Refusal:
            answer.held = False  # its own row hears of it, when it is claimed again
        else:
            HEARD.forget(answer)


def _ask(mail: Mail, *, now: Callable[[], datetime], pause: Pause) -> Answer:
    """Hand the mail over, while the row is certainly ours; what the server said."""
    if mail.lease_until is None or mail.lease_until - now() < NEEDED:
        work.make_sure(mail, at=now(), lease=LEASE)
    try:
        return Answer(mail, Result.ACCEPTED, transport().send(write(mail)))
    except Refused as refusal:
        return Answer(mail, Result.REFUSED, refusal.reply)
    except Unanswered:
        _persist(partial(_note_doubt, mail), pause=pause)
        raise
    except Outage as outage:
        if outage.code == "smtp.deferred" and now() - mail.created_at > GIVE_UP_AFTER:
            return Answer(mail, Result.REFUSED, outage.detail)
        raise


def _persist(commit: Callable[[], None], *, pause: Pause) -> None:
    """Do ``commit`` as soon as the database takes it. Raises its last words after the last try."""
    for wait in WAITS:
        try:
            return commit()
        except (DatabaseError, OSError) as problem:
            log.warning("commit refused", detail=repr(problem), again_in=wait)
            # A server that was restarted is called anew.
            connection.close_if_unusable_or_obsolete()
            pause(wait)
    return commit()


def _note_doubt(mail: Mail) -> None:
    """The server has all of the mail and did not say whether it takes it: one attempt more than will be accounted for."""
    with transaction.atomic(durable=True):
        ours = Mail.objects.filter(pk=mail.pk, attempt=mail.attempt, state=TaskState.WAITING)
        if not ours.update(attempt=F("attempt") + 1):
            raise work.LostLease(f"Mail {mail.pk}")
    mail.attempt += 1


def _settle(answer: Answer, *, at: datetime, refused: Told) -> None:
    mail, result, reply = answer.mail, answer.result, answer.reply[:300]
    with transaction.atomic(durable=True):
        work.finish(mail, at=at)
        # The context held names and perhaps a one-time code; what was sent is the recipient's now.
        spared = {"outages": F("outages") + answer.spared} if answer.spared else {}
        Mail.objects.filter(pk=mail.pk).update(result=result, reply=reply, sent_at=at, context={}, **spared)
        ledger.append(
            mail.stream,
            f"mail.{result}",
            by=ledger.Actor.house(),
            at=at,
            data={"mail": str(mail.pk), "kind": mail.kind, "about": str(mail.about) if mail.about else None},
            personal={"to": mail.to, "reply": reply, "message_id": mail.message_id},
        )
        if result is Result.REFUSED:
            refused(mail, at)
