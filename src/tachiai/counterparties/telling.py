"""Mails to the person behind a registration, as rows in the transaction of their cause."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from tachiai import ceremony, outbox
from tachiai.accounts.models import Organization
from tachiai.ceremony import Purpose
from tachiai.counterparties.models import Registration

Link = tuple[str, uuid.UUID, int]
ANSWER_WITHIN = timedelta(days=14)


def tell(kind: str, registration: Registration, *, at: datetime, link: Link | None = None, **context: object) -> None:
    """One mail to the registered address. Never a code that was chosen."""
    party = registration.counterparty
    outbox.mail(
        kind,
        to=registration.mail,
        language=registration.language,
        context={
            **sender_of(party.organization),
            "number": registration.number,
            "recipient": {"organization": party.name, "title": registration.title, "name": registration.name},
            **context,
        },
        link=link,
        stream=f"organization:{party.organization_id}",
        about=registration.pk,
        at=at,
    )


def ask_by_link(kind: str, registration: Registration, *, at: datetime, **context: object) -> None:
    """A mail with a fresh link to the registration's own page, good for a fortnight; an earlier link ends."""
    invitation = ceremony.invite(Purpose.CONFIRM, registration.pk, expires_at=at + ANSWER_WITHIN, at=at)
    link = ("r", invitation.pk, invitation.generation)
    tell(kind, registration, at=at, link=link, expires_at=invitation.expires_at.isoformat(), **context)


def sender_of(organization: Organization) -> dict[str, object]:
    """What a letter says of the organization that it comes from."""
    return {
        "organization": organization.name,
        "organization_en": organization.name_en or organization.name,
        "department": organization.department,
        "phone": organization.phone,
        "reply_to": organization.mail,
    }
