"""Alarms: raised once, standing until cleared, shown at the desk and to the operator."""

from __future__ import annotations

from datetime import datetime

from tachiai.work.models import Alarm


def raise_alarm(kind: str, subject: str, *, detail: str, at: datetime) -> None:
    """Open the alarm unless it stands already; a standing one keeps the time it was first raised."""
    Alarm.objects.get_or_create(kind=kind, subject=subject, cleared_at=None, defaults={"detail": detail[:500].strip(), "raised_at": at})


def clear_alarm(kind: str, subject: str, *, at: datetime) -> None:
    Alarm.objects.filter(kind=kind, subject=subject, cleared_at=None).update(cleared_at=at)
