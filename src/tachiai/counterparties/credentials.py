"""Stronger proofs of a registration (認証アプリ・パスキー): when they came, and ending them when they are lost. Never silently."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from django.db import transaction

from tachiai import ceremony, ledger, outbox
from tachiai.accounts.models import Member
from tachiai.accounts.rights import SENDERS, role_now
from tachiai.counterparties.models import Registration
from tachiai.counterparties.registering import stream_of
from tachiai.errors import Refusal

Kind = Literal["totp", "passkey"]


@dataclass(frozen=True)
class Credential:
    """One proof that speaks for a registration now."""

    kind: Kind
    enrolled_at: datetime


def credentials_of(registration: Registration) -> list[Credential]:
    """What this registration can prove itself with beyond its code."""
    app, passkey = ceremony.live_authenticator(registration.pk), ceremony.live_passkey(registration.pk)
    found = [Credential("totp", app.enrolled_at)] if app else []
    return found + ([Credential("passkey", passkey.enrolled_at)] if passkey else [])


def note_enrolled(registration: Registration, kind: Kind, *, data: dict[str, object], personal: dict[str, object], at: datetime) -> None:
    """In the registration's own history, in the caller's transaction; and the address is told, in case it was not its owner."""
    actor = ledger.Actor("registrant", str(registration.pk))
    told = {"registration": str(registration.pk), **data}
    ledger.append(stream_of(registration), f"{kind}.enrolled", by=actor, at=at, data=told, personal=personal)
    _tell(registration, f"{kind}_enrolled", reason="", at=at)


def reset_credential(registration: Registration, kind: Kind, *, reason: str, by: Member, at: datetime) -> None:
    """A lost app or passkey ends; its holder enrols another at the next contract that asks for one. The counterparty is mailed.

    Refuses with ``registration.not_allowed``, ``reason.missing`` or ``credential.none``.
    """
    if role_now(by) not in SENDERS or by.organization_id != registration.counterparty.organization_id:
        raise Refusal("registration.not_allowed")
    if len(reason.strip()) < 2:
        raise Refusal("reason.missing")
    end = {"totp": ceremony.end_authenticator, "passkey": ceremony.end_passkey}[kind]
    with transaction.atomic(durable=True):
        if not end(registration.pk, at=at):
            raise Refusal("credential.none")
        data: dict[str, object] = {"registration": str(registration.pk)}
        actor = ledger.Actor("member", str(by.pk))
        ledger.append(stream_of(registration), f"{kind}.reset", by=actor, at=at, data=data, personal={"reason": reason.strip()})
        _tell(registration, f"{kind}_reset", reason=reason.strip(), at=at)


def _tell(registration: Registration, purpose: str, *, reason: str, at: datetime) -> None:
    organization = registration.counterparty.organization
    outbox.mail(
        "M29",
        to=registration.mail,
        language=registration.language,
        context={
            "purpose": purpose,
            "organization": organization.name,
            "organization_en": organization.name_en or organization.name,
            "department": organization.department,
            "phone": organization.phone,
            "reply_to": organization.mail,
            "number": registration.number,
            "reason": reason,
            "happened_at": at.isoformat(),
            "recipient": {"organization": registration.counterparty.name, "title": registration.title, "name": registration.name},
        },
        stream=stream_of(registration),
        about=registration.pk,
        at=at,
    )
