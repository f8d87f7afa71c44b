"""Strong mode: beyond the access code a signer proves themselves with an authenticator app, or with a passkey.

Both are enrolled in the first ceremony that asks for them, after the code; from then on the same one is needed.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from tachiai import ceremony, counterparties
from tachiai.ceremony import Authenticator, Ceremony, Level
from tachiai.counterparties.models import Registration
from tachiai.crypto.totp import address_of, written
from tachiai.envelopes.events import note
from tachiai.envelopes.identities import Circumstances, identity_of
from tachiai.envelopes.models import Proof, Recipient
from tachiai.envelopes.opening import wrong_attempt
from tachiai.envelopes.visiting import Visit
from tachiai.errors import Refusal


@dataclass(frozen=True)
class AppSetup:
    """What an authenticator app has to be told: the secret to type, or the address that a QR code carries."""

    secret: str
    address: str


@dataclass(frozen=True)
class PasskeySetup:
    """What a browser needs to make a passkey: everything that is bytes is base64url."""

    challenge: str
    rp_id: str
    user: str
    name: str
    display_name: str


def still_to_prove(found: Visit) -> str:
    """Which proof (``totp``, ``passkey``) is missing before this visitor can be asked to sign; empty when none is."""
    try:
        identity_of(found, found.recipient)
    except Refusal as refusal:
        if refusal.code == "proof.missing":
            return str(refusal.facts["proof"])
        raise
    return ""


def app_setup(found: Visit) -> AppSetup | None:
    """How to set up an app; None when one is enrolled. Refuses with ``visit.not_open`` or ``proof.not_asked``."""
    visit, registration = _inside(found, Proof.TOTP)
    if ceremony.live_authenticator(registration.pk) is not None:
        return None
    secret = ceremony.pending_secret(registration.pk, visit)
    issuer = f"Tachiai {found.envelope.organization.name}"
    return AppSetup(written(secret), address_of(secret, issuer=issuer, account=registration.mail))


def prove_with_app(found: Visit, *, code: str, circumstances: Circumstances, at: datetime) -> None:
    """Judge a one-time password; the first right one enrols the app. It counts towards the same limits as an access code.

    Refuses with ``code.malformed`` (not counted), ``totp.wrong`` (left), ``totp.used`` (left), and as ``open_envelope`` does.
    """
    visit, registration = _inside(found, Proof.TOTP)
    if not counterparties.well_formed(code):
        raise Refusal("code.malformed")
    personal = _personal(circumstances)
    # Step 1: take a try, durably, before anything is judged.
    with transaction.atomic(durable=True):
        attempt = counterparties.reserve_code_attempt(registration, found.invitation, address=circumstances.address, at=at)
    # Step 2: judge.
    app = ceremony.live_authenticator(registration.pk)
    secret = b"" if app else ceremony.pending_secret(registration.pk, visit)
    step = ceremony.matching_step(code, at=at, authenticator=app, secret=secret)
    if step is None:
        raise wrong_attempt(found, attempt, personal=personal, at=at, event="totp.refused", code="totp.wrong")
    # Step 3: use the step up; a code that was used before is a wrong one.
    with transaction.atomic(durable=True):
        taken = app is None or ceremony.take_step(app, step)
        if taken:
            ceremony.settle_attempt(attempt, right=True)
            app = app or _enrol_app(found, visit, registration, secret, step, personal, at=at)
            ceremony.strengthen(visit, level=Level.MAIL_CODE_AND_TOTP, authenticator=app, step=step)
            data: dict[str, object] = {"recipient": str(found.recipient.pk), "authenticator": str(app.pk), "step": step}
            note(found.envelope, "totp.accepted", by=found.recipient, at=at, data=data, personal=personal)
    if not taken:
        raise wrong_attempt(found, attempt, personal=personal, at=at, event="totp.refused", code="totp.used")


def _enrol_app(
    found: Visit, visit: Ceremony, registration: Registration, secret: bytes, step: int, personal: dict[str, object], *, at: datetime
) -> Authenticator:
    app = ceremony.enrol_authenticator(registration.pk, secret, step=step, at=at)
    told: dict[str, object] = {"authenticator": str(app.pk), "ceremony": str(visit.pk)}
    _note_enrolled(found.recipient, registration, "totp", told, personal, at=at)
    return app


def passkey_setup(found: Visit) -> PasskeySetup | None:
    """How to make a passkey; None when one is enrolled. Refuses with ``visit.not_open`` or ``proof.not_asked``."""
    visit, registration = _inside(found, Proof.PASSKEY)
    if ceremony.live_passkey(registration.pk) is not None:
        return None
    challenge, user, rp_id = ceremony.setup_for(registration.pk, visit)
    return PasskeySetup(challenge, rp_id, user, registration.mail, registration.name)


def enrol_passkey(found: Visit, *, client_data: str, attestation: str, circumstances: Circumstances, at: datetime) -> None:
    """Remember the passkey that the browser made. Refuses as ``crypto.passkeys.check_enrolment`` does, which is on record."""
    visit, registration = _inside(found, Proof.PASSKEY)
    personal = _personal(circumstances)
    try:
        with transaction.atomic(durable=True):
            made = ceremony.enrol_passkey(registration.pk, visit, client_data=client_data, attestation=attestation, at=at)
            told: dict[str, object] = {
                "passkey": str(made.pk),
                "ceremony": str(visit.pk),
                "credential": hashlib.sha256(bytes(made.credential)).hexdigest(),
                "public_key": hashlib.sha256(bytes(made.public_key)).hexdigest(),
            }
            _note_enrolled(found.recipient, registration, "passkey", told, personal, at=at)
    except Refusal as refusal:
        with transaction.atomic(durable=True):
            data: dict[str, object] = {"recipient": str(found.recipient.pk), "why": refusal.code}
            note(found.envelope, "passkey.refused", by=found.recipient, at=at, data=data, personal=personal)
        raise


def _note_enrolled(
    recipient: Recipient,
    registration: Registration,
    kind: counterparties.Kind,
    told: dict[str, object],
    personal: dict[str, object],
    *,
    at: datetime,
) -> None:
    """In the envelope's stream, which travels with its evidence, and in the registration's own history."""
    data: dict[str, object] = {"recipient": str(recipient.pk), "registration": str(registration.pk), **told}
    note(recipient.envelope, f"{kind}.enrolled", by=recipient, at=at, data=data, personal=personal)
    counterparties.note_enrolled(registration, kind, data=told, personal=personal, at=at)


def _inside(found: Visit, proof: Proof) -> tuple[Ceremony, Registration]:
    visit, registration = found.ceremony, found.recipient.registration
    if visit is None or registration is None:
        raise Refusal("visit.not_open")
    if found.recipient.proof != proof:
        raise Refusal("proof.not_asked")
    return visit, registration


def _personal(circumstances: Circumstances) -> dict[str, object]:
    return {"address": circumstances.address, "agent": circumstances.agent[:300]}
