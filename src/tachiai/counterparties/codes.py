"""The registered six-digit code: judged against the registration's present verifier, never shown, mailed or logged."""

from __future__ import annotations

import hmac
from datetime import datetime

from django.conf import settings

from tachiai import ceremony, ledger
from tachiai.ceremony import REGISTRATION_TRIES, Invitation
from tachiai.counterparties.models import Registration
from tachiai.counterparties.registering import stream_of
from tachiai.crypto.codes import code_matches, normalised_code
from tachiai.errors import Refusal
from tachiai.prepared import Prepared, given


def reserve_code_attempt(registration: Registration, invitation: Invitation, *, address: str, at: datetime) -> ceremony.Attempt:
    """Take one try of the link and of the registration, in the caller's transaction, before the code is judged.

    Refuses as ``ceremony.reserve_attempt`` does, and with ``registration.suspended`` or ``registration.revoked``.
    """
    standing = _HELD.one(pk=registration.pk)
    if standing.suspended_at is not None:
        raise Refusal("registration.suspended")
    if not standing.is_usable:
        raise Refusal("registration.revoked")
    if ceremony.wrong_attempts(standing.pk, at=at) >= REGISTRATION_TRIES:
        # Twenty are being judged at this moment, at several links: a twenty-first would be one guess too many.
        raise Refusal("registration.suspended")
    return ceremony.reserve_attempt(invitation, verifier=standing.pk, address=address, at=at)


_HELD = Prepared(lambda: Registration.objects.select_for_update().filter(pk=given("pk", Registration)))


def check_code(registration: Registration, typed: str) -> bool:
    """Whether ``typed`` is the registered code. Slow on purpose, so never inside a transaction."""
    code = normalised_code(typed)
    return code is not None and code_matches(code, registration.verifier, pepper=settings.TACHIAI.secret("pepper"))


def suspend_if_spent(registration: Registration, *, at: datetime) -> bool:
    """After a wrong code, in the caller's transaction: 20 in 30 days suspend the registration. Says whether this one did."""
    if ceremony.wrong_attempts(registration.pk, at=at) < REGISTRATION_TRIES:
        return False
    if not Registration.objects.filter(pk=registration.pk, suspended_at=None).update(suspended_at=at):
        return False
    house = ledger.Actor.house()
    ledger.append(stream_of(registration), "registration.suspended", by=house, at=at, data={"registration": str(registration.pk)})
    return True


def same_code(typed: str, wanted: str) -> bool:
    """Whether ``typed`` is the code ``wanted``, in the time that any other takes."""
    return hmac.compare_digest((normalised_code(typed) or "").encode(), wanted.encode())


def well_formed(typed: str) -> bool:
    """Whether what was typed can be a code at all; anything else is not worth one of the few tries."""
    return normalised_code(typed) is not None
