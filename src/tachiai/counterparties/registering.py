"""Entering a registration from paper."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import transaction

from tachiai import ledger
from tachiai.accounts.models import Member, Organization, Role
from tachiai.clock import today
from tachiai.counterparties.choosing import verifier_of
from tachiai.counterparties.models import Counterparty, Method, Registration
from tachiai.counterparties.telling import ask_by_link
from tachiai.errors import Refusal
from tachiai.outbox import one_line

MAY_REGISTER = (Role.ADMIN, Role.MANAGER, Role.STAFF)


@dataclass(frozen=True)
class Entered:
    """What the paper says. ``code`` is what the counterparty chose; it is turned into a verifier and forgotten."""

    counterparty: str
    title: str
    name: str
    mail: str
    code: str
    phone: str = ""
    address: str = ""
    language: str = "ja"


def register(entered: Entered, *, by: Member, at: datetime) -> Registration:
    """Enter a registration from paper; its address is asked to confirm itself by mail.

    Refuses with ``code.malformed``, ``code.weak`` or ``registration.not_allowed``.
    """
    if by.role not in MAY_REGISTER:
        raise Refusal("registration.not_allowed")
    verifier = verifier_of(entered.code)
    entered = replace(entered, **in_lines(vars(entered)))
    with transaction.atomic(durable=True):
        registration = _written(entered, verifier, by=by, at=at)
        ask_by_link("M24", registration, at=at)
        note(registration, "registration.entered", by=by, at=at, personal=person_of(registration))
    return registration


def _written(entered: Entered, verifier: str, *, by: Member, at: datetime) -> Registration:
    organization = Organization.objects.select_for_update().get(pk=by.organization_id)
    counterparty, _ = Counterparty.objects.get_or_create(
        organization=organization,
        name=entered.counterparty,
        defaults={"address": entered.address, "created_at": at},
    )
    return Registration.objects.create(
        counterparty=counterparty,
        number=next_number(organization, at=at),
        title=entered.title,
        name=entered.name,
        mail=entered.mail,
        phone=entered.phone,
        address=entered.address,
        language=entered.language,
        method=Method.PAPER,
        verifier=verifier,
        entered_by=by,
        entered_at=at,
    )


# What stands on one line wherever it is shown: in a list, a mail, a certificate and a signature's reason.
LINES = (
    *("counterparty", "title", "name", "phone", "address", "case_name", "case_number", "party"),
    *("representative_title", "representative", "contact"),
)


def in_lines(said: Mapping[str, object]) -> dict[str, str]:
    """Those of ``LINES`` that are said, as they are kept: no line end, and nothing that turns text round."""
    return {name: one_line(value, longest=300) for name, value in said.items() if name in LINES and isinstance(value, str)}


def next_number(organization: Organization, *, at: datetime) -> str:
    """The next 受付番号, with the organization's row held to the end of the caller's transaction."""
    count = Registration.objects.filter(counterparty__organization=organization).count()
    return f"R-{today(at).year}-{count + 1:05d}"


def stream_of(registration: Registration) -> str:
    """The ledger stream that tells of a registration: its organization's."""
    return f"organization:{registration.counterparty.organization_id}"


def person_of(registration: Registration) -> dict[str, object]:
    """Who is registered, as an entry keeps it: personal, so erasable."""
    return {
        "counterparty": registration.counterparty.name,
        "title": registration.title,
        "name": registration.name,
        "mail": registration.mail,
    }


def note(
    registration: Registration,
    event: str,
    *,
    by: Member | None,
    at: datetime,
    personal: dict[str, object] | None = None,
    said: dict[str, object] | None = None,
) -> None:
    """A member's act on a registration (``by`` None: the house's), in the caller's transaction."""
    ledger.append(
        stream_of(registration),
        event,
        by=ledger.Actor("member", str(by.pk)) if by else ledger.Actor.house(),
        at=at,
        data={"registration": str(registration.pk), "method": registration.method, **(said or {})},
        personal=personal,
    )
