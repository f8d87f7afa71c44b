"""Registering online: what was typed waits as a draft, its address confirms itself, and then it is a registration for staff to review.

The code never waits: it is a verifier from the moment it is typed, and no page, mail, log or row ever holds it.
"""

from __future__ import annotations

import uuid
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from tachiai import ledger, outbox, vault
from tachiai.accounts.models import Organization
from tachiai.clock import today
from tachiai.counterparties.attorneys import Attorney
from tachiai.counterparties.choosing import verifier_of
from tachiai.counterparties.confirming import AGAIN_AFTER, TRIES
from tachiai.counterparties.confirming import LIVES as CODE_LIVES
from tachiai.counterparties.form_settings import form_of
from tachiai.counterparties.limits import reserve_use
from tachiai.counterparties.models import Registration, RegistrationDraft, RegistrationState
from tachiai.counterparties.registering import in_lines
from tachiai.counterparties.telling import sender_of
from tachiai.crypto.codes import code_matches, code_verifier, normalised_code
from tachiai.crypto.tokens import fresh_token, one_time_code, token_digest
from tachiai.errors import Refusal

LIVES = timedelta(hours=24)
MOST_REVIEWERS = 3


@dataclass(frozen=True)
class Told:
    """What the form says, without the code. ``reviewers`` are (name, mail) pairs."""

    counterparty: str
    name: str
    mail: str
    title: str = ""
    case_name: str = ""
    case_number: str = ""
    corporate_number: str = ""
    address: str = ""
    representative_title: str = ""
    representative: str = ""
    contact: str = ""
    phone: str = ""
    scope: str = "lasting"
    language: str = "ja"
    reviewers: tuple[tuple[str, str], ...] = ()


def begin_draft(organization: Organization, told: Told, *, code: str, consent: str, attorney: Attorney | None, at: datetime) -> str:
    """Keep what was typed; the value is the key of the draft's pages. ``consent`` are the words agreed to.

    Refuses with ``form.closed`` outside the form's period, and as ``choosing.verifier_of``.
    """
    form = form_of(organization)
    if form is None or not form.accepts_on(today(at)):
        raise Refusal("form.closed")
    verifier, key = verifier_of(code), fresh_token()
    with transaction.atomic(durable=True):
        draft = RegistrationDraft(
            organization=organization, key_digest=token_digest(key), verifier=verifier, created_at=at, expires_at=at + LIVES
        )
        _write(draft, told, consent=consent, attorney=attorney, at=at)
    return key


def find_draft(slug: str, key: str, *, at: datetime) -> RegistrationDraft:
    """The draft whose pages carry ``key``. Refuses with ``draft.unknown``, also for one that is over."""
    rows = RegistrationDraft.objects.select_related("organization", "submitted", "corrects__counterparty", "attorney")
    found = rows.filter(key_digest=token_digest(key), organization__slug=slug, expires_at__gt=at).first()
    if found is None:
        raise Refusal("draft.unknown")
    return found


def told_in(draft: RegistrationDraft) -> Told:
    values = {**draft.values, "reviewers": tuple((name, mail) for name, mail in draft.values["reviewers"])}
    return Told(**values)


def revise_draft(
    draft: RegistrationDraft,
    told: Told,
    *,
    code: str,
    consent: str,
    attorney: Attorney | None,
    without_attorney: bool = False,
    at: datetime,
) -> None:
    """Replace what was typed. Without ``code`` the one that was chosen stays. A one-time code sent before is no longer good.

    Refuses as ``choosing.verifier_of``, and with ``draft.submitted``.
    """
    verifier = verifier_of(code) if code else draft.verifier
    if not verifier:
        raise Refusal("code.malformed")
    with transaction.atomic(durable=True):
        held = _held(draft)
        held.verifier, held.one_time_verifier = verifier, ""
        _write(held, told, consent=consent, attorney=attorney, without_attorney=without_attorney, at=at)


def _write(
    draft: RegistrationDraft, told: Told, *, consent: str, attorney: Attorney | None, without_attorney: bool = False, at: datetime
) -> None:
    before = draft.attorney
    reviewers = tuple((outbox.one_line(name), mail) for name, mail in told.reviewers[:MOST_REVIEWERS])
    kept = replace(told, reviewers=reviewers, **in_lines(vars(told)))
    draft.values, draft.language, draft.consent = asdict(kept), told.language, consent
    if attorney is not None:
        draft.attorney, draft.attorney_name = vault.keep(attorney.stored, at=at), attorney.name
    elif without_attorney:
        draft.attorney, draft.attorney_name = None, ""
    draft.save()
    # That of a registration which is being corrected stays until the correction is submitted.
    if before is not None and before != draft.attorney and (draft.corrects is None or draft.corrects.attorney_id != before.pk):
        vault.shred([before])


def _held(draft: RegistrationDraft) -> RegistrationDraft:
    """The row to the end of the transaction. Refuses with ``draft.submitted``."""
    rows = RegistrationDraft.objects.select_for_update(of=("self",)).select_related("organization", "corrects__counterparty", "attorney")
    held = rows.get(pk=draft.pk)
    if held.submitted_id is not None:
        raise Refusal("draft.submitted")
    return held


def correct(registration: Registration, *, at: datetime) -> tuple[Organization, str]:
    """Open a returned registration for its owner to correct; the value is where: the organization and the key of the draft's pages.

    What was registered is filled in, and the code stays unless another is chosen. Refuses with ``registration.not_returned``.
    """
    if registration.state != RegistrationState.RETURNED:
        raise Refusal("registration.not_returned")
    organization, key = registration.counterparty.organization, fresh_token()
    with transaction.atomic(durable=True):
        RegistrationDraft.objects.create(
            organization=organization,
            key_digest=token_digest(key),
            values=asdict(told_of(registration)),
            language=registration.language,
            verifier=registration.verifier,
            attorney=registration.attorney,
            attorney_name=registration.attorney_name,
            corrects=registration,
            created_at=at,
            expires_at=at + LIVES,
        )
    return organization, key


def told_of(registration: Registration) -> Told:
    """A registration as the form would say it."""
    plain = ("name", "mail", "title", "case_name", "case_number", "corporate_number", "address", "representative_title", "representative")
    values = {name: getattr(registration, name) for name in (*plain, "contact", "phone", "scope", "language")}
    reviewers = tuple((one.name, one.mail) for one in registration.reviewers.order_by("position"))
    return Told(counterparty=registration.counterparty.name, reviewers=reviewers, **values)


def request_draft_code(draft: RegistrationDraft, *, address: str, at: datetime) -> None:
    """Mail a one-time code to the signer's address.

    Refuses with ``otp.too_soon`` within a minute of the last, ``form.busy``, ``draft.submitted``, and ``draft.unfinished`` before
    the consent was given.
    """
    told = told_in(draft)
    if not draft.consent:
        raise Refusal("draft.unfinished")
    _long_enough_ago(draft, at=at)
    reserve_use(draft.organization, address=address, mail=told.mail, at=at)
    code = one_time_code()
    sealed, verifier = outbox.conceal(code), code_verifier(code, pepper=settings.TACHIAI.secret("pepper"))
    with transaction.atomic(durable=True):
        held = _held(draft)
        _long_enough_ago(held, at=at)
        held.one_time_verifier, held.one_time_sent_at, held.one_time_tries = verifier, at, 0
        held.save(update_fields=["one_time_verifier", "one_time_sent_at", "one_time_tries"])
        _mail_code(held, told, sealed, at=at)
        note_registrant(held.organization_id, _about(held), "registration.code_requested", at=at)


def _long_enough_ago(draft: RegistrationDraft, *, at: datetime) -> None:
    last = draft.one_time_sent_at
    if last is not None and draft.one_time_verifier and at - last < AGAIN_AFTER:
        raise Refusal("otp.too_soon", seconds=int((AGAIN_AFTER - (at - last)).total_seconds()) + 1)


def _mail_code(draft: RegistrationDraft, told: Told, sealed: str, *, at: datetime) -> None:
    # Nothing of what was typed: the address may be anybody's, and a house that writes strangers' words to strangers sends spam.
    outbox.mail(
        "M16",
        to=told.mail,
        language=told.language,
        context={**sender_of(draft.organization), "concealed": {"code": sealed}},
        stream=f"organization:{draft.organization_id}",
        about=_about(draft),
        at=at,
    )


def judge_draft_code(draft: RegistrationDraft, code: str, *, at: datetime) -> str:
    """Judge the one-time code, each try being counted before; the value is the verifier that it matched.

    Refuses with ``otp.expired``, ``otp.wrong`` (left), ``otp.ended`` or ``draft.submitted``.
    """
    with transaction.atomic(durable=True):
        held = _held(draft)
        sent = held.one_time_sent_at
        if sent is None or not held.one_time_verifier or at >= sent + CODE_LIVES:
            raise Refusal("otp.expired")
        if held.one_time_tries >= TRIES:
            raise Refusal("otp.ended")
        held.one_time_tries += 1
        held.save(update_fields=["one_time_tries"])
    typed = normalised_code(code)
    if typed is None or not code_matches(typed, held.one_time_verifier, pepper=settings.TACHIAI.secret("pepper")):
        raise Refusal("otp.wrong", left=TRIES - held.one_time_tries)
    return held.one_time_verifier


def _about(draft: RegistrationDraft) -> uuid.UUID:
    """Whose history a draft's entries belong to: the registration it becomes, or the one that it corrects."""
    return draft.corrects_id or draft.pk


def note_registrant(
    organization: uuid.UUID, pk: uuid.UUID, event: str, *, at: datetime, personal: dict[str, object] | None = None, **said: object
) -> None:
    """An act of the person behind a registration, in the caller's transaction."""
    actor, data = ledger.Actor("registrant", str(pk)), {"registration": str(pk), **said}
    ledger.append(f"organization:{organization}", event, by=actor, at=at, data=data, personal=personal)
