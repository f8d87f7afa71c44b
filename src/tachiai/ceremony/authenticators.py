"""Authenticator apps (認証アプリ): a secret that app and house share, and the memory of which one-time passwords were used."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db import IntegrityError, transaction

from tachiai.ceremony.derived_keys import derived_key, keyed
from tachiai.ceremony.models import Authenticator, Ceremony
from tachiai.crypto import totp
from tachiai.crypto.codes import normalised_code
from tachiai.crypto.strongbox import Unopenable, lock, unlock
from tachiai.errors import Refusal


def live_authenticator(registration: uuid.UUID) -> Authenticator | None:
    """The app that speaks for this registration, if one was enrolled and not ended."""
    return Authenticator.objects.filter(registration=registration, ended_at=None).first()


def pending_secret(registration: uuid.UUID, ceremony: Ceremony) -> bytes:
    """The secret that this visit may enrol. It is the same however often the page is loaded, and is nowhere until it is enrolled.

    Another visit, and another enrolment after one was ended, has another secret.
    """
    enrolled = Authenticator.objects.filter(registration=registration).count()
    return keyed("totp-secret", registration.bytes, ceremony.pk.bytes, enrolled.to_bytes(4, "big"))[: totp.SECRET_BYTES]


def enrol_authenticator(registration: uuid.UUID, secret: bytes, *, step: int, at: datetime) -> Authenticator:
    """Remember an app whose code of ``step`` was right, in the caller's transaction. Refuses with ``totp.enrolled`` if there is one."""
    if live_authenticator(registration) is not None:
        raise Refusal("totp.enrolled")
    fresh = uuid.uuid4()
    box = lock(secret, derived_key("totp-box"), label=_label(fresh, registration))
    try:
        with transaction.atomic():
            return Authenticator.objects.create(id=fresh, registration=registration, box=box, last_step=step, enrolled_at=at)
    except IntegrityError as problem:
        raise Refusal("totp.enrolled") from problem


def matching_step(typed: str, *, at: datetime, authenticator: Authenticator | None = None, secret: bytes = b"") -> int | None:
    """The step whose code was typed, of an enrolled app or of a ``secret`` that is to be enrolled; None for a wrong one.

    Refuses with ``code.malformed`` what cannot be a code, and with ``totp.altered`` a secret that does not open.
    """
    code = normalised_code(typed)
    if code is None:
        raise Refusal("code.malformed")
    return totp.matching_step(_secret(authenticator) if authenticator else secret, code, at=at)


def take_step(authenticator: Authenticator, step: int) -> bool:
    """Use a step up, in the caller's transaction: its code, and every earlier one, is good for nothing any more. False if it was used."""
    return bool(Authenticator.objects.filter(pk=authenticator.pk, ended_at=None, last_step__lt=step).update(last_step=step))


def end_authenticator(registration: uuid.UUID, *, at: datetime) -> bool:
    """No code of the app counts any more, in the caller's transaction. Says whether there was one."""
    return bool(Authenticator.objects.filter(registration=registration, ended_at=None).update(ended_at=at))


def _secret(authenticator: Authenticator) -> bytes:
    try:
        return unlock(bytes(authenticator.box), derived_key("totp-box"), label=_label(authenticator.pk, authenticator.registration))
    except Unopenable as problem:
        raise Refusal("totp.altered") from problem


def _label(authenticator: uuid.UUID, registration: uuid.UUID) -> str:
    """A box opens for this app of this registration alone: it cannot be put into another's row."""
    return f"tachiai-totp-v1 {authenticator} {registration}"
