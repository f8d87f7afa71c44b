"""Signing keys whose time runs out: announced 90, 30 and 7 days ahead, and loudly when nothing can be sealed any more."""

from __future__ import annotations

from datetime import datetime

from tachiai.sealing.handles import handles
from tachiai.sealing.keyring import ConfiguredKey, Keyring
from tachiai.work.alarms import clear_alarm, raise_alarm
from tachiai.work.models import Alarm

DAYS_AHEAD = (90, 30, 7)
EXPIRING, RUN_OUT = "key.expiring", "key.none_valid"


def watch_keys(*, at: datetime) -> None:
    """Called by the clock: raise what is to be said of the keys at ``at``, and clear what no longer is."""
    wanted = due_alarms(handles().keyring, at=at)
    standing = set(Alarm.objects.filter(kind__in=(EXPIRING, RUN_OUT), cleared_at=None).values_list("kind", "subject"))
    for kind, subject in standing - set(wanted):
        clear_alarm(kind, subject, at=at)
    for kind, subject in set(wanted) - standing:
        raise_alarm(kind, subject, detail=wanted[kind, subject], at=at)


def keys_end(*, at: datetime) -> datetime | None:
    """When the last certificate ends with which can be sealed now; None when there is none."""
    return max((key.ends for key in handles().keyring.valid(at=at)), default=None)


def due_alarms(keyring: Keyring, *, at: datetime) -> dict[tuple[str, str], str]:
    """What is to be said of the keys at ``at``: (kind, subject) and its detail. A key that has a successor is not spoken of.

    Each threshold is a subject of its own, so that the third warning is not lost in the first.
    """
    found: dict[tuple[str, str], str] = {}
    if not keyring.valid(at=at):
        found[RUN_OUT, "house"] = "No signing key is valid: nothing is sealed until a new certificate is installed (tachiai key import)."
    for key in keyring.valid(at=at):
        days = (key.ends - at).days
        threshold = min((ahead for ahead in DAYS_AHEAD if days < ahead), default=None)
        if threshold is not None and not _has_successor(keyring, key):
            detail = f"The certificate of signing key {key.name} ends on {key.ends.date()}, and no successor is installed."
            found[EXPIRING, f"{key.name}, {threshold} days"] = detail
    return found


def _has_successor(keyring: Keyring, key: ConfiguredKey) -> bool:
    """Whether another key takes over before this one ends."""
    return any(not other.retired and other.begins <= key.ends < other.ends for other in keyring.whole)
