"""Checking consents and links: each consent is the bytes that were digested, and each link is made by the house's own key."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterator
from datetime import datetime
from functools import partial

from tachiai.ceremony.consents import is_ours
from tachiai.ceremony.invitations import _link_key
from tachiai.ceremony.models import Consent, Invitation, Level
from tachiai.ceremony.passkeys import check_proof, proofs_of
from tachiai.crypto.canonical import canonical
from tachiai.crypto.tokens import link_token, token_digest
from tachiai.errors import Refusal
from tachiai.findings import Finding, looked_at, walk


def check_consents(*, since: datetime | None = None) -> Iterator[Finding]:
    """Bytes, digest, columns and commitment of every consent (docs/formats/consent.md); with ``since``, of those given since then."""
    for rows in walk(Consent.objects.filter(given_at__gte=since) if since else Consent.objects.all()):
        for row in rows:
            yield from looked_at(str(row.pk), partial(_consent, row.pk))


def _consent(pk: uuid.UUID) -> Iterator[Finding]:
    consent = Consent.objects.get(pk=pk)
    body = bytes(consent.body)
    if hashlib.sha256(body).digest() != bytes(consent.digest):
        yield Finding("consent.digest_differs", str(pk))
    try:
        told = json.loads(body)
        said = (told["v"], told["consent"], told["recipient"])
        asked_at = datetime.fromisoformat(told["at"])
        whole = canonical(told) == body
        committed, level = str(told["personal"]), str(told["authentication"]["level"])
    except (ValueError, KeyError, TypeError):
        yield Finding("consent.unreadable", str(pk))
        return
    # The words are put together when somebody is asked, and given when they press; the entry tells when that was.
    if not whole or said != (1, str(pk), str(consent.subject)) or asked_at > consent.given_at:
        yield Finding("consent.columns_differ", str(pk))
    personal = bytes(consent.personal)
    if not is_ours(consent):
        yield Finding("consent.mark_differs", str(pk))
    yield from _passkey(consent, level)
    if personal and hashlib.sha256(bytes(consent.salt) + personal).hexdigest() != committed:
        yield Finding("consent.personal_differs", str(pk))


def _passkey(consent: Consent, level: str) -> Iterator[Finding]:
    """Where the consent says that a passkey spoke, and only there, it did, and of this very consent."""
    proof = proofs_of([consent.pk]).get(consent.pk)
    if level != Level.MAIL_CODE_AND_PASSKEY:
        if proof is not None:
            yield Finding("consent.passkey_differs", str(consent.pk), f"a passkey's word beside {level}")
        return
    try:
        check_proof(consent, proof)
    except Refusal as doubt:
        yield Finding("consent.passkey_differs", str(consent.pk), doubt.code)


def check_links(*, since: datetime | None = None) -> Iterator[Finding]:
    """That every link's digest is of the token which the house's key makes: nobody else has put a way in there."""
    for rows in walk(Invitation.objects.filter(created_at__gte=since) if since else Invitation.objects.all()):
        for row in rows:
            if not _own_link(row):
                yield from looked_at(str(row.pk), partial(_link, row.pk))


def _link(pk: uuid.UUID) -> Iterator[Finding]:
    if not _own_link(Invitation.objects.get(pk=pk)):
        yield Finding("link.not_ours", str(pk))


def _own_link(row: Invitation) -> bool:
    return bytes(row.token_digest) == token_digest(link_token(_link_key(), row.pk, generation=row.generation))
