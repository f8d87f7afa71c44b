"""A draft whose address has confirmed itself becomes a registration, and one that nobody finished is forgotten."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db import transaction

from tachiai import ceremony, vault
from tachiai.accounts.models import Organization
from tachiai.ceremony import Purpose
from tachiai.counterparties.drafting import Told, judge_draft_code, note_registrant, told_in
from tachiai.counterparties.form_settings import consent_digest
from tachiai.counterparties.limits import forget_uses
from tachiai.counterparties.models import Counterparty, Method, Registration, RegistrationDraft, RegistrationState, Reviewer
from tachiai.counterparties.registering import next_number
from tachiai.counterparties.telling import tell
from tachiai.errors import Refusal

AT_ONCE = 100
SAME = (
    *("title", "name", "mail", "phone", "language", "scope", "case_name", "case_number", "address", "corporate_number"),
    *("representative_title", "representative", "contact"),
)


def submit_draft(draft: RegistrationDraft, *, code: str, at: datetime) -> Registration:
    """The one-time code is right: what was typed becomes a registration that waits for a second pair of eyes, or corrects one.

    The receipt goes out by mail, without any code. Refuses as :func:`judge_draft_code`.
    """
    matched = judge_draft_code(draft, code, at=at)
    with transaction.atomic(durable=True):
        organization = Organization.objects.select_for_update().get(pk=draft.organization_id)
        rows = RegistrationDraft.objects.select_for_update(of=("self",)).select_related("corrects__counterparty", "attorney")
        held = rows.get(pk=draft.pk)
        if held.submitted_id is not None:
            raise Refusal("draft.submitted")
        if held.one_time_verifier != matched:
            raise Refusal("otp.expired")  # revised or sent anew while the code was judged
        registration = _corrected(held, held.corrects, at=at) if held.corrects else _registered(held, organization, at=at)
        _note_submitted(held, registration, at=at)
        tell("M24", registration, at=at, receipt=True, expires_at="")
        _empty(held, registration)
    return registration


def _registered(draft: RegistrationDraft, organization: Organization, *, at: datetime) -> Registration:
    told = told_in(draft)
    registration = Registration(
        id=draft.pk,
        number=next_number(organization, at=at),
        method=Method.ONLINE,
        entered_at=at,
        counterparty=_party(organization, told, at=at),
    )
    return _written(registration, draft, told, at=at)


def _corrected(draft: RegistrationDraft, corrects: Registration, *, at: datetime) -> Registration:
    registration = Registration.objects.select_for_update(of=("self",)).select_related("attorney").get(pk=corrects.pk)
    if registration.state != RegistrationState.RETURNED:
        raise Refusal("registration.not_returned")
    before, told = registration.attorney, told_in(draft)
    registration.counterparty = _party(draft.organization, told, at=at)
    registration = _written(registration, draft, told, at=at)
    if before is not None and before.pk != draft.attorney_id:
        RegistrationDraft.objects.filter(attorney=before).update(attorney=None, attorney_name="")
        vault.shred([before])
    ceremony.close_invitation(Purpose.CONFIRM, registration.pk, at=at)
    return registration


def _party(organization: Organization, told: Told, *, at: datetime) -> Counterparty:
    """What a stranger says of a counterparty that is known already changes nothing about it."""
    party, _ = Counterparty.objects.get_or_create(
        organization=organization,
        name=told.counterparty,
        defaults={"address": told.address, "corporate_number": told.corporate_number, "created_at": at},
    )
    return party


def _written(registration: Registration, draft: RegistrationDraft, told: Told, *, at: datetime) -> Registration:
    for name in SAME:
        setattr(registration, name, getattr(told, name))
    registration.consent, registration.verifier = draft.consent, draft.verifier
    registration.attorney, registration.attorney_name = draft.attorney, draft.attorney_name
    registration.state, registration.confirmed_at = RegistrationState.CONFIRMED, at
    registration.return_reason = ""
    registration.save()
    registration.reviewers.all().delete()
    Reviewer.objects.bulk_create(
        Reviewer(registration=registration, position=position, name=name, mail=mail)
        for position, (name, mail) in enumerate(told.reviewers, start=1)
    )
    return registration


def _note_submitted(draft: RegistrationDraft, registration: Registration, *, at: datetime) -> None:
    event = "registration.corrected" if draft.corrects else "registration.submitted"
    personal: dict[str, object] = {name: value for name, value in draft.values.items() if value and name != "reviewers"}
    personal["reviewers"] = [{"name": name, "mail": mail} for name, mail in draft.values["reviewers"]]
    note_registrant(
        draft.organization_id,
        registration.pk,
        event,
        at=at,
        personal=personal,
        method=str(registration.method),
        scope=str(registration.scope),
        authority=True,
        consent=consent_digest(registration.consent),
        attorney=draft.attorney_id is not None,
    )


def _empty(draft: RegistrationDraft, registration: Registration) -> None:
    """The row stays for a day as the way to the receipt; what was typed is the registration's alone."""
    draft.values, draft.verifier, draft.one_time_verifier, draft.consent = {}, "", "", ""
    draft.attorney, draft.attorney_name, draft.submitted = None, "", registration
    draft.save()


def expire_drafts(*, at: datetime) -> int:
    """Forget what nobody finished within a day, with its file; how many there were."""
    late = list(RegistrationDraft.objects.filter(expires_at__lte=at).values_list("pk", flat=True)[:AT_ONCE])
    forget_uses(at=at)
    return sum(_forget(pk) for pk in late)


def _forget(pk: uuid.UUID) -> bool:
    with transaction.atomic(durable=True):
        rows = RegistrationDraft.objects.select_for_update(of=("self",)).select_related("attorney", "corrects")
        draft = rows.filter(pk=pk).first()
        if draft is None:
            return False
        blob = draft.attorney
        kept = draft.corrects is not None and draft.corrects.attorney_id == draft.attorney_id
        draft.delete()
        if blob is not None and not kept and not Registration.objects.filter(attorney=blob).exists():
            vault.shred([blob])
    return True
