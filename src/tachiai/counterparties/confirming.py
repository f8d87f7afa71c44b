"""The mail round trip: an address proves that it is read before anything is ever sent to it for signature."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F

from tachiai import ceremony, ledger, outbox
from tachiai.ceremony import Purpose
from tachiai.counterparties.choosing import verifier_of
from tachiai.counterparties.form_settings import consent_digest
from tachiai.counterparties.limits import must_be_mailed_seldom
from tachiai.counterparties.models import OneTimeCode, Registration, RegistrationState
from tachiai.counterparties.registering import stream_of
from tachiai.crypto.codes import code_matches, code_verifier, normalised_code
from tachiai.crypto.tokens import one_time_code
from tachiai.errors import Refusal

LIVES = timedelta(minutes=10)
AGAIN_AFTER = timedelta(seconds=60)
TRIES = 5


def find_registration(token: str, *, at: datetime) -> Registration:
    """The registration whose confirmation link carries ``token``.

    Refuses with ``link.unknown``, ``link.replaced``, ``link.expired`` or ``registration.revoked``.
    """
    invitation = ceremony.find_invitation(Purpose.CONFIRM, token)
    registration = Registration.objects.select_related("counterparty__organization").get(pk=invitation.subject)
    if registration.state == RegistrationState.REVOKED:
        raise Refusal("registration.revoked")
    waits = registration.state in (RegistrationState.ENTERED, RegistrationState.RETURNED) or registration.awaits_code
    if waits and at >= invitation.expires_at:
        raise Refusal("link.expired")
    return registration


def request_code(registration: Registration, *, at: datetime) -> OneTimeCode:
    """Mail a fresh one-time code to the address.

    Refuses with ``otp.too_soon`` within a minute of the last, ``form.busy`` when five went to the address within the hour, and with
    ``registration.confirmed`` or ``registration.revoked`` when there is nothing to confirm any more.
    """
    code = one_time_code()
    sealed = outbox.conceal(code)
    verifier = code_verifier(code, pepper=settings.TACHIAI.secret("pepper"))
    organization = registration.counterparty.organization
    with transaction.atomic(durable=True):
        _may_be_sent(registration, at=at)
        row = OneTimeCode.objects.create(registration=registration, verifier=verifier, sent_at=at, expires_at=at + LIVES)
        outbox.mail(
            "M16",
            to=registration.mail,
            language=registration.language,
            context={
                "organization": organization.name,
                "organization_en": organization.name_en or organization.name,
                "department": organization.department,
                "phone": organization.phone,
                "reply_to": organization.mail,
                "concealed": {"code": sealed},
                "recipient": {"organization": registration.counterparty.name, "title": registration.title, "name": registration.name},
            },
            stream=stream_of(registration),
            about=registration.pk,
            at=at,
        )
        _note(registration, "registration.code_requested", at=at)
    return row


def _may_be_sent(registration: Registration, *, at: datetime) -> None:
    """Asked with the row held: of two requests at once, one is too soon."""
    standing = Registration.objects.select_for_update().get(pk=registration.pk)
    if standing.state != RegistrationState.ENTERED and not standing.awaits_code:
        raise Refusal("registration.revoked" if standing.state == RegistrationState.REVOKED else "registration.confirmed")
    last = standing.one_time_codes.order_by("-sent_at").first()
    if last is not None and at - last.sent_at < AGAIN_AFTER:
        raise Refusal("otp.too_soon", seconds=int((AGAIN_AFTER - (at - last.sent_at)).total_seconds()) + 1)
    must_be_mailed_seldom(standing.mail, at=at)


def confirm_mail(
    registration: Registration, *, code: str, at: datetime, address: str = "", authority: bool = False, chosen: str = "", consent: str = ""
) -> None:
    """The address is read by whoever holds this code. Each try is counted before it is judged: against the code, and for an hour
    against the network address ``address`` and the house, as behind a signer's link.

    ``authority`` is that person's word that they may sign for the counterparty; it is on record with the confirmation. ``chosen`` is
    the access code of who has yet to choose one (``awaits_code``), and ``consent`` the words they agreed to.

    Refuses with ``code.malformed`` or ``code.weak`` (not counted), ``otp.expired``, ``otp.wrong`` (left), ``otp.ended`` or ``code.busy``.
    """
    verifier = verifier_of(chosen) if registration.awaits_code else ""
    row = registration.one_time_codes.order_by("-sent_at").first()
    if row is None or not row.is_live(at):
        raise Refusal("otp.expired")
    guess = _reserve_try(registration, row, address=address, at=at)
    typed = normalised_code(code)
    if typed is None or not code_matches(typed, row.verifier, pepper=settings.TACHIAI.secret("pepper")):
        raise Refusal("otp.wrong", left=TRIES - row.tries - 1)
    with transaction.atomic(durable=True):
        if not OneTimeCode.objects.filter(pk=row.pk, used_at=None).update(used_at=at):
            raise Refusal("otp.expired")
        ceremony.take_back_guess(guess)
        if registration.state == RegistrationState.APPROVED:
            _choose_again(registration, verifier, authority=authority, at=at)
        else:
            _confirm(registration, verifier, authority=authority, consent=consent, at=at)
    registration.refresh_from_db()


def _reserve_try(registration: Registration, row: OneTimeCode, *, address: str, at: datetime) -> ceremony.WrongCode:
    invitation = ceremony.standing_invitation(Purpose.CONFIRM, registration.pk)
    if invitation is None:
        raise Refusal("link.unknown")
    with transaction.atomic(durable=True):
        if not OneTimeCode.objects.filter(pk=row.pk, tries__lt=TRIES).update(tries=F("tries") + 1):
            raise Refusal("otp.ended")
        return ceremony.reserve_guess(invitation, address=address, at=at)


def _confirm(registration: Registration, verifier: str, *, authority: bool, consent: str, at: datetime) -> None:
    entered = Registration.objects.filter(pk=registration.pk, state=RegistrationState.ENTERED)
    fresh = {"verifier": verifier, "consent": consent} if verifier else {}
    if not entered.update(state=RegistrationState.CONFIRMED, confirmed_at=at, **fresh):
        raise Refusal("registration.confirmed")
    said = {"consent": consent_digest(consent)} if consent else {}
    _note(registration, "registration.mail_confirmed", at=at, authority=authority, **said)


def _choose_again(registration: Registration, verifier: str, *, authority: bool, at: datetime) -> None:
    """The old code holds until a second member has approved this one."""
    asked = Registration.objects.filter(pk=registration.pk, state=RegistrationState.APPROVED, code_asked_at__isnull=False)
    if not verifier or not asked.filter(pending_verifier="").update(pending_verifier=verifier, pending_at=at):
        raise Refusal("registration.confirmed")
    _note(registration, "registration.code_chosen", at=at, authority=authority)


def _note(registration: Registration, event: str, *, at: datetime, **said: object) -> None:
    actor = ledger.Actor("registrant", str(registration.pk))
    ledger.append(stream_of(registration), event, by=actor, at=at, data={"registration": str(registration.pk), **said})
