"""The organization's public form: whether and when it is open, and in which words it asks."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from datetime import date, datetime

from django.db import transaction

from tachiai import ledger
from tachiai.accounts.models import Member, Organization, Role
from tachiai.counterparties.models import RegistrationForm
from tachiai.errors import Refusal


@dataclass(frozen=True)
class FormWords:
    """What an administrator sets. Empty words stand for the house's own."""

    is_open: bool
    opens_on: date | None = None
    closes_on: date | None = None
    title: str = ""
    title_en: str = ""
    guide: str = ""
    guide_en: str = ""
    consent: str = ""
    consent_en: str = ""


def may_set_form(member: Member) -> bool:
    return member.is_active and member.role == Role.ADMIN


def form_of(organization: Organization) -> RegistrationForm | None:
    return RegistrationForm.objects.filter(organization=organization).first()


def find_form(slug: str) -> RegistrationForm:
    """The form at a public address, whether or not today is in its period.

    Refuses with ``page.not_found`` where there is none or it is switched off, which look alike.
    """
    form = RegistrationForm.objects.select_related("organization").filter(organization__slug=slug, is_open=True).first()
    if form is None:
        raise Refusal("page.not_found")
    return form


def set_form(words: FormWords, *, by: Member, at: datetime) -> RegistrationForm:
    """Refuses with ``registration.not_allowed``, or ``form.period`` when it would close before it opens."""
    if not may_set_form(by):
        raise Refusal("registration.not_allowed")
    if words.opens_on and words.closes_on and words.closes_on < words.opens_on:
        raise Refusal("form.period")
    with transaction.atomic(durable=True):
        form, _ = RegistrationForm.objects.update_or_create(
            organization_id=by.organization_id, defaults={**asdict(words), "changed_at": at}
        )
        days = {name: day.isoformat() if day else "" for name, day in (("opens_on", words.opens_on), ("closes_on", words.closes_on))}
        data: dict[str, object] = {"open": words.is_open, **days, "consent": consent_digest(words.consent)}
        actor = ledger.Actor("member", str(by.pk))
        ledger.append(f"organization:{by.organization_id}", "registration.form_changed", by=actor, at=at, data=data)
    return form


def consent_digest(text: str) -> str:
    """SHA-256, lower-case hexadecimal, of the words somebody agreed to; empty for none."""
    return hashlib.sha256(text.encode()).hexdigest() if text else ""
