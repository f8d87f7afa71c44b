"""Mails of a restored house that waited when its backup was made: they may have gone since, so somebody decides about each."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from tachiai import ledger, work
from tachiai.outbox.models import Mail, Result
from tachiai.work.models import TaskState


def doubt_waiting(*, at: datetime) -> int:
    """Nothing that waits is sent by itself any more, in the caller's transaction; how many mails that are."""
    waiting = work.cancel(list(Mail.objects.filter(state__in=(TaskState.WAITING, TaskState.STUCK)).order_by("pk")), at=at)
    Mail.objects.filter(pk__in=[mail.pk for mail in waiting]).update(result=Result.UNCERTAIN)
    ledger.append_many([_told(mail, "mail.uncertain", at=at) for mail in waiting])
    return len(waiting)


def doubted() -> QuerySet[Mail]:
    """The mails of which nobody has decided yet, the oldest first."""
    return Mail.objects.filter(result=Result.UNCERTAIN, reply="").order_by("created_at", "pk")


def send_doubted(mails: Iterable[uuid.UUID], *, at: datetime) -> int:
    """They go out now, each with the Message-ID and the link it always had, so that whoever got it before sees the same mail."""
    with transaction.atomic(durable=True):
        chosen = list(doubted().select_for_update().filter(pk__in=list(mails)))
        Mail.objects.filter(pk__in=[mail.pk for mail in chosen]).update(result=Result.PENDING)
        work.resume(chosen, at=at)
        ledger.append_many([_told(mail, "mail.sent_after_all", at=at) for mail in chosen])
        work.ring(Mail)
    return len(chosen)


def drop_doubted(mails: Iterable[uuid.UUID], *, at: datetime) -> int:
    """They are not sent again: somebody knows that they arrived, or that nobody waits for them."""
    with transaction.atomic(durable=True):
        chosen = list(doubted().select_for_update().filter(pk__in=list(mails)))
        Mail.objects.filter(pk__in=[mail.pk for mail in chosen]).update(reply="not sent again", context={})
        ledger.append_many([_told(mail, "mail.dropped", at=at) for mail in chosen])
    return len(chosen)


def _told(mail: Mail, event: str, *, at: datetime) -> ledger.Note:
    data = {"mail": str(mail.pk), "kind": mail.kind, "about": str(mail.about) if mail.about else None}
    by = ledger.Actor.house() if event == "mail.uncertain" else ledger.Actor("operator")
    return ledger.Note(mail.stream, event, by, at, data)
