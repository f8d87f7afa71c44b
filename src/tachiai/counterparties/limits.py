"""How often a public form may be used: what costs the house something is counted before it is done (docs/threat-model.md)."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from tachiai.accounts.models import Organization
from tachiai.counterparties.models import FormUse, OneTimeCode
from tachiai.errors import Refusal

WINDOW = timedelta(hours=1)
USES_FROM_ADDRESS = 30
USES_OF_ORGANIZATION = 600
CODES_TO_MAIL = 5
KEPT = timedelta(days=1)


def reserve_use(organization: Organization, *, address: str, at: datetime, mail: str = "") -> None:
    """Count one use, committed whatever comes of it. ``mail`` is the address that a one-time code is to go to.

    Refuses with ``form.busy``: the same words whichever limit was met, so that nobody learns who else was written to.
    """
    origin, goal = _digest("address", address), _digest("mail", mail.lower()) if mail else None
    if mail:
        must_be_mailed_seldom(mail, at=at)
    lately = FormUse.objects.filter(at__gt=at - WINDOW)
    if (
        lately.filter(address_digest=origin).count() >= USES_FROM_ADDRESS
        or lately.filter(organization=organization).count() >= USES_OF_ORGANIZATION
    ):
        raise Refusal("form.busy")
    FormUse.objects.create(organization=organization, address_digest=origin, mail_digest=goal, at=at)


def must_be_mailed_seldom(mail: str, *, at: datetime) -> None:
    """Refuses with ``form.busy`` once five one-time codes went to this address within the hour, for the form or for a link."""
    asked = FormUse.objects.filter(at__gt=at - WINDOW, mail_digest=_digest("mail", mail.lower())).count()
    asked += OneTimeCode.objects.filter(sent_at__gt=at - WINDOW, registration__mail__iexact=mail).count()
    if asked >= CODES_TO_MAIL:
        raise Refusal("form.busy")


def forget_uses(*, at: datetime) -> int:
    """What no window looks back to is deleted; how much was."""
    return FormUse.objects.filter(at__lt=at - KEPT).delete()[0]


def _digest(kind: str, value: str) -> bytes:
    """Personal data that is only compared, so it is not kept."""
    return hashlib.sha256(f"tachiai-form-{kind}-v1:{value}".encode()).digest()
