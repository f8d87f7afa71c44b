"""How somebody who consents was authenticated, and whether it is as much as the sender asked for."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction

from tachiai import ceremony
from tachiai.accounts.models import Member
from tachiai.ceremony import Ceremony, Consent, Level, Passkey, Proposed
from tachiai.envelopes.events import note
from tachiai.envelopes.models import Proof, Recipient
from tachiai.envelopes.visiting import Visit
from tachiai.errors import Refusal


@dataclass(frozen=True)
class Circumstances:
    """How and from where a consent came: personal data, kept apart from what the ledger says for ever."""

    address: str
    agent: str
    language: str


@dataclass(frozen=True)
class Identity:
    """A level and what it rests on; ``passkey`` is the one that still has to speak."""

    level: Level
    authentication: Mapping[str, object] = field(default_factory=dict)
    passkey: Passkey | None = None


def identity_of(found: Visit, held: Recipient) -> Identity:
    """A counterparty behind a link. Refuses with ``visit.not_open``, or ``proof.missing`` (proof) until they have proved enough."""
    visit = found.ceremony
    if visit is None:
        raise Refusal("visit.not_open")
    authentication: dict[str, object] = {
        "ceremony": str(visit.pk),
        "invitation": str(found.invitation.pk),
        "generation": found.invitation.generation,
    }
    if held.registration_id is not None:
        authentication["registration"] = str(held.registration_id)
    if held.proof == Proof.TOTP:
        return _with_totp(held, visit, authentication)
    if held.proof == Proof.PASSKEY:
        return _with_passkey(held, authentication)
    return Identity(Level(visit.level), authentication)


def _with_totp(held: Recipient, visit: Ceremony, authentication: dict[str, object]) -> Identity:
    live = ceremony.live_authenticator(held.registration_id) if held.registration_id else None
    # Who was reset while this visit was open proves themselves anew.
    if live is None or live.pk != visit.authenticator_id or visit.level != Level.MAIL_CODE_AND_TOTP:
        raise Refusal("proof.missing", proof=Proof.TOTP.value)
    return Identity(Level.MAIL_CODE_AND_TOTP, {**authentication, "authenticator": str(live.pk), "totp": visit.step})


def _with_passkey(held: Recipient, authentication: dict[str, object]) -> Identity:
    passkey = ceremony.live_passkey(held.registration_id) if held.registration_id else None
    if passkey is None:
        raise Refusal("proof.missing", proof=Proof.PASSKEY.value)
    credential = hashlib.sha256(bytes(passkey.credential)).hexdigest()
    return Identity(Level.MAIL_CODE_AND_PASSKEY, {**authentication, "credential": credential}, passkey)


def identity_at_desk(held: Recipient, by: Member, level: Level) -> Identity:
    """Our own signer after the desk's login. Refuses with ``proof.second_factor`` a login without one, where the sender asks for it."""
    if held.proof != Proof.PLAIN and level != Level.PASSWORD_AND_TOTP:
        raise Refusal("proof.second_factor")
    return Identity(level, {"member": str(by.pk)})


def spoken_for(identity: Identity, proposed: Proposed, word: Mapping[str, str] | None) -> int:
    """The counter of the passkey's word on exactly this consent; 0 where none is asked for. Refuses a missing or a wrong one."""
    if identity.passkey is None:
        return 0
    if not word:
        raise Refusal("proof.missing", proof=Proof.PASSKEY.value)
    return ceremony.check_word(identity.passkey, ceremony.read_word(word), proposed)


def keep_word(consent: Consent, identity: Identity, word: Mapping[str, str] | None, counter: int) -> None:
    """A checked word beside its consent, in the caller's transaction."""
    if identity.passkey is not None and word:
        ceremony.record_proof(consent, identity.passkey, ceremony.read_word(word), counter=counter)


def note_refused(recipient: Recipient, refusal: Refusal, circumstances: Circumstances, *, at: datetime) -> None:
    """A passkey that was not taken, and a page that no longer showed what stands, are on record; committed before it is refused."""
    event = {"passkey": "passkey.refused", "consent": "consent.refused"}.get(refusal.code.split(".")[0])
    if event is None:
        return
    data: dict[str, object] = {"recipient": str(recipient.pk), "why": refusal.code}
    personal: dict[str, object] = {"address": circumstances.address, "agent": circumstances.agent[:300]}
    with transaction.atomic(durable=True):
        note(recipient.envelope, event, by=recipient, at=at, data=data, personal=personal)
