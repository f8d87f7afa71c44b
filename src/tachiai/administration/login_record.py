"""Logins on record: who came in, who was turned away, and who changed what lets them in. Passwords and codes never are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from django.db import transaction

from tachiai import ledger
from tachiai.accounts.models import Member
from tachiai.administration.browsers import tell_new_browser

LoginEvent = Literal[
    "member.logged_in",
    "member.logged_out",
    "member.password_changed",
    "member.password_reset",
    "member.second_factor_added",
    "member.second_factor_removed",
    "member.second_factor_reset",
    "member.second_factor_refused",
]


@dataclass(frozen=True)
class Whence:
    """From where a request came: personal data, kept apart from the entry."""

    address: str
    agent: str

    def told(self) -> dict[str, object]:
        return {"address": self.address, "agent": self.agent[:300]}


def note_login(event: LoginEvent, member: Member, whence: Whence, *, at: datetime, data: Mapping[str, object] | None = None) -> None:
    """One entry in the stream of the member's organization; a login from a browser never used before is told the member by mail."""
    told = {"member": str(member.pk), **(data or {})}
    with transaction.atomic():
        ledger.append(_stream(member), event, by=_actor(member), at=at, data=told, personal=whence.told())
        if event == "member.logged_in":
            tell_new_browser(member, whence.agent, at=at)


def note_refused_login(mail: str, whence: Whence, *, at: datetime) -> None:
    """An address and a password that did not fit: with the organization of a known address, with the house for any other.

    What was typed as an address is personal data, and may be a password typed into the wrong box: it is kept for known addresses alone.
    """
    member = Member.objects.filter(mail__iexact=mail.strip()).first()
    with transaction.atomic():
        if member is None:
            ledger.append("house", "login.refused", by=ledger.Actor("public"), at=at, personal=whence.told())
        else:
            data: dict[str, object] = {"member": str(member.pk)}
            ledger.append(_stream(member), "member.login_refused", by=ledger.Actor("public"), at=at, data=data, personal=whence.told())


def _stream(member: Member) -> str:
    return f"organization:{member.organization_id}"


def _actor(member: Member) -> ledger.Actor:
    return ledger.Actor("member", str(member.pk))
