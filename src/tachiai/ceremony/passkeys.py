"""Passkeys (パスキー): enrolled once for a registration; then each consent is signed by the key that its holder unlocks."""

from __future__ import annotations

import hashlib
import hmac
import uuid
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from ipaddress import ip_address
from urllib.parse import urlsplit

from django.conf import settings
from django.db.models import Q

from tachiai.ceremony.consents import Proposed, instruction_of
from tachiai.ceremony.derived_keys import keyed
from tachiai.ceremony.models import Authenticator, Ceremony, Consent, Passkey, PasskeyProof
from tachiai.crypto.passkeys import Assertion, Place, check_assertion, check_enrolment, consent_challenge, from_base64url, to_base64url
from tachiai.errors import Refusal
from tachiai.prepared import Prepared, among


def passkey_place() -> Place:
    """Where passkeys of this house are used: the host and the origin of its public address."""
    parts = urlsplit(settings.TACHIAI.public_url)
    return Place(parts.hostname or "", f"{parts.scheme}://{parts.netloc}")


def passkeys_possible() -> bool:
    """Whether browsers do passkeys at this house's address: https (or this very machine), and a name rather than a number."""
    parts = urlsplit(settings.TACHIAI.public_url)
    host = parts.hostname or ""
    try:
        ip_address(host)
    except ValueError:
        return bool(host) and (parts.scheme == "https" or host == "localhost")
    return False


def live_passkey(registration: uuid.UUID) -> Passkey | None:
    """The passkey that speaks for this registration. Refuses with ``passkey.altered`` a row that this house did not write."""
    found = Passkey.objects.filter(registration=registration, ended_at=None).first()
    if found is not None and not _is_ours(found):
        raise Refusal("passkey.altered")
    return found


def setup_for(registration: uuid.UUID, ceremony: Ceremony) -> tuple[str, str, str]:
    """What a browser needs to make a passkey: challenge and user handle (base64url), and the relying party's id."""
    challenge, user = _enrolment_challenge(registration, ceremony), keyed("passkey-user", registration.bytes)
    return to_base64url(challenge), to_base64url(user), passkey_place().rp_id


def _enrolment_challenge(registration: uuid.UUID, ceremony: Ceremony) -> bytes:
    """What a new passkey is made on: of this visit and this registration, and the same however often the page is loaded."""
    return keyed("passkey-challenge", registration.bytes, ceremony.pk.bytes)


def enrol_passkey(registration: uuid.UUID, ceremony: Ceremony, *, client_data: str, attestation: str, at: datetime) -> Passkey:
    """Remember a passkey that a browser made (both base64url), in the caller's transaction.

    Refuses as ``crypto.passkeys.check_enrolment`` does, and with ``passkey.enrolled`` when there is one, or it is somebody's.
    """
    place, challenge = passkey_place(), _enrolment_challenge(registration, ceremony)
    try:
        client, attested = from_base64url(client_data), from_base64url(attestation)
    except ValueError as problem:
        raise Refusal("passkey.malformed") from problem
    made = check_enrolment(client, attested, challenge=challenge, place=place)
    if Passkey.objects.filter(Q(registration=registration, ended_at=None) | Q(credential=made.credential)).exists():
        raise Refusal("passkey.enrolled")
    return Passkey.objects.create(
        registration=registration,
        credential=made.credential,
        public_key=made.public_key,
        counter=made.counter,
        aaguid=made.aaguid,
        rp_id=place.rp_id,
        origin=place.origin,
        mark=_mark(registration, made.credential, made.public_key),
        enrolled_at=at,
    )


def end_passkey(registration: uuid.UUID, *, at: datetime) -> bool:
    """The passkey counts no more, in the caller's transaction. Says whether there was one."""
    return bool(Passkey.objects.filter(registration=registration, ended_at=None).update(ended_at=at))


def forget_credentials(registration: uuid.UUID) -> None:
    """Remove the ended passkeys and authenticator apps of a registration, in the caller's transaction.

    A passkey that has spoken to a consent stays as long as the consent does, for it is what proves that word; of an app that opened a
    visit the row stays, without its secret. Neither names anybody.
    """
    Passkey.objects.filter(registration=registration, proofs=None).exclude(ended_at=None).delete()
    ended = Authenticator.objects.filter(registration=registration).exclude(ended_at=None)
    visited = Ceremony.objects.filter(authenticator__in=ended).values("authenticator")
    ended.exclude(pk__in=visited).delete()
    ended.update(box=b"")


def call_for(passkey: Passkey, proposed: Proposed) -> tuple[str, str, str]:
    """What a browser needs to ask the passkey for its word: challenge and credential (base64url), and the relying party's id."""
    return to_base64url(consent_challenge(proposed.body)), to_base64url(bytes(passkey.credential)), passkey.rp_id


def read_word(posted: Mapping[str, str]) -> Assertion:
    """What a browser posted for a passkey, as raw bytes. Refuses with ``passkey.malformed``."""
    try:
        parts = [from_base64url(posted[name]) for name in ("credential", "authenticator_data", "client_data", "signature")]
    except (KeyError, ValueError) as problem:
        raise Refusal("passkey.malformed") from problem
    return Assertion(*parts)


def check_word(passkey: Passkey, word: Assertion, proposed: Proposed) -> int:
    """The counter of a passkey's word on exactly this consent. Refuses as ``crypto.passkeys.check_assertion`` does."""
    if word.credential != bytes(passkey.credential):
        raise Refusal("passkey.another")
    challenge, place = consent_challenge(proposed.body), passkey_place()
    return check_assertion(word, public_key=bytes(passkey.public_key), challenge=challenge, place=place, counter=passkey.counter)


def record_proof(consent: Consent, passkey: Passkey, word: Assertion, *, counter: int) -> PasskeyProof:
    """Keep a checked word beside its consent, in the caller's transaction.

    Refuses with ``passkey.counter_back`` when the passkey has signed something else meanwhile, or was ended.
    """
    moved = Passkey.objects.filter(pk=passkey.pk, ended_at=None).filter(Q(counter__lt=counter) | Q(counter=0))
    if not moved.update(counter=counter):
        raise Refusal("passkey.counter_back")
    return PasskeyProof.objects.create(
        consent=consent,
        passkey=passkey,
        authenticator_data=word.authenticator_data,
        client_data=word.client_data,
        signature=word.signature,
    )


def proofs_of(consents: Iterable[uuid.UUID]) -> dict[uuid.UUID, PasskeyProof]:
    """What passkeys have said to these consents, each with its passkey."""
    asked = list(consents)
    return {proof.consent_id: proof for proof in _PROOFS.all(consents=asked)} if asked else {}


_PROOFS = Prepared(lambda: PasskeyProof.objects.select_related("passkey").filter(consent__in=among("consents", PasskeyProof, "consent")))


def check_proof(consent: Consent, proof: PasskeyProof | None) -> None:
    """Judge a passkey's word on ``consent`` again, from its raw bytes. Refuses with ``seal.not_instructed`` when it is not one."""
    said = instruction_of(consent)
    if proof is None or proof.consent_id != consent.pk or not _is_ours(proof.passkey):
        raise Refusal("seal.not_instructed", consent=str(consent.pk))
    key = proof.passkey
    names = (hashlib.sha256(bytes(key.credential)).hexdigest(), str(key.registration))
    if names != (said.authentication.get("credential"), said.authentication.get("registration")):
        raise Refusal("seal.not_instructed", consent=str(consent.pk))
    word = Assertion(bytes(key.credential), bytes(proof.authenticator_data), bytes(proof.client_data), bytes(proof.signature))
    challenge, place = consent_challenge(bytes(consent.body)), Place(key.rp_id, key.origin)
    try:
        check_assertion(word, public_key=bytes(key.public_key), challenge=challenge, place=place)
    except Refusal as refusal:
        raise Refusal("seal.not_instructed", consent=str(consent.pk), why=refusal.code) from refusal


def passkey_proof(consent: Consent) -> dict[str, object] | None:
    """A passkey's word as it goes into an evidence bundle (docs/formats/consent.md); None for a consent without one."""
    proof = proofs_of([consent.pk]).get(consent.pk)
    if proof is None:
        return None
    key = proof.passkey
    return {
        "v": 1,
        "rp_id": key.rp_id,
        "origin": key.origin,
        "credential": to_base64url(bytes(key.credential)),
        "public_key_cose": to_base64url(bytes(key.public_key)),
        "authenticator_data": to_base64url(bytes(proof.authenticator_data)),
        "client_data_json": to_base64url(bytes(proof.client_data)),
        "signature": to_base64url(bytes(proof.signature)),
        "enrolled_at": key.enrolled_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "aaguid": str(uuid.UUID(bytes=bytes(key.aaguid))),
    }


def _is_ours(key: Passkey) -> bool:
    return hmac.compare_digest(_mark(key.registration, bytes(key.credential), bytes(key.public_key)), bytes(key.mark))


def _mark(registration: uuid.UUID, credential: bytes, public_key: bytes) -> bytes:
    """Whose key this is, in the house's own hand: a key put into the database by somebody else is nobody's."""
    return keyed("passkey-mark", registration.bytes, credential, public_key)
