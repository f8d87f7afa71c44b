"""Telling the operator of what stands: each alarm once, and not before it has stood for a while."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from tachiai import outbox
from tachiai.accounts.models import Operator
from tachiai.work.models import Alarm

# What passes by itself within ten minutes needs nobody.
STANDING = timedelta(minutes=10)
AT_ONCE = 20


def tell_alarms(*, at: datetime) -> int:
    """One M27 to each operator with every alarm that has stood for ten minutes and was not told before; how many were told.

    An alarm that ended and came again is another one. Without an operator's address nothing is marked as told.
    """
    operators = list(Operator.objects.exclude(mail=""))
    if not operators:
        return 0
    with transaction.atomic(durable=True):
        rows = Alarm.objects.select_for_update().filter(cleared_at=None, told_at=None, raised_at__lte=at - STANDING)
        alarms = list(rows.order_by("raised_at", "pk")[:AT_ONCE])
        if not alarms:
            return 0
        Alarm.objects.filter(pk__in=[alarm.pk for alarm in alarms]).update(told_at=at)
        for operator in operators:
            outbox.mail("M27", to=operator.mail, language="ja", context=_facts(operator, alarms), path="/", stream="house", at=at)
    return len(alarms)


def _facts(operator: Operator, alarms: list[Alarm]) -> dict[str, object]:
    shown = [
        {"kind": alarm.kind, "subject": alarm.subject, "detail": alarm.detail, "since": alarm.raised_at.isoformat()} for alarm in alarms
    ]
    person = {"organization": "", "title": "", "name": operator.name}
    return {"recipient": person, "alarm": alarms[0].kind, "alarms": shown, "reply_to": ""}
