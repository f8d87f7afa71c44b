"""Consent v1, final: see docs/formats/consent.md. Its digest goes into the signature that is made on its instruction."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import IntegrityError, connection, transaction

from tachiai.ceremony.derived_keys import keyed
from tachiai.ceremony.models import Consent, Level
from tachiai.crypto.canonical import canonical
from tachiai.errors import Refusal
from tachiai.prepared import Prepared, among, given
from tachiai.rowwise import insert_each

# What a consent's personal data say of who gave it; the rest is from where.
PERSON = ("organization", "title", "name", "mail")


@dataclass(frozen=True)
class ConsentText:
    """The words that were agreed to, by version: ``id`` names them, ``words`` are what the page showed."""

    id: str
    language: str
    words: str


@dataclass(frozen=True)
class Shown:
    """One document as it was shown: the digest (SHA-256) and size in bytes of its frozen revision."""

    document: uuid.UUID
    sha256: bytes
    size: int
    pages: int


@dataclass(frozen=True)
class Proposed:
    """A consent as it will be recorded if it is given: its exact bytes are fixed while it is still being asked for."""

    id: uuid.UUID
    subject: uuid.UUID
    body: bytes
    salt: bytes
    personal: bytes

    @property
    def digest(self) -> bytes:
        return hashlib.sha256(self.body).digest()


def propose(
    subject: uuid.UUID,
    *,
    envelope: uuid.UUID,
    slot: int,
    documents: Sequence[Shown],
    values: Mapping[str, str],
    text: ConsentText,
    level: Level,
    authentication: Mapping[str, object],
    personal: Mapping[str, object],
    at: datetime,
    consent: uuid.UUID | None = None,
    salt: bytes | None = None,
) -> Proposed:
    """The consent that ``subject`` would give to this. Its id and ``salt`` are fresh unless it has been proposed before."""
    told, salt, consent = canonical(dict(personal)), salt or secrets.token_bytes(32), consent or uuid.uuid4()
    body = canonical(
        {
            "at": at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "authentication": {"level": str(level), **authentication},
            "consent": str(consent),
            "documents": [_told(document) for document in documents],
            "envelope": str(envelope),
            "personal": hashlib.sha256(salt + told).hexdigest(),
            "recipient": str(subject),
            "slot": slot,
            "text": {"id": text.id, "language": text.language, "sha256": hashlib.sha256(text.words.encode()).hexdigest()},
            "v": 1,
            "values": dict(values),
        }
    )
    return Proposed(consent, subject, body, salt, told)


def record_consent(agreed: Proposed, *, at: datetime) -> Consent:
    """Record a consent that was given at ``at``, in the caller's transaction. Refuses with ``consent.given`` when they have consented."""
    if not connection.in_atomic_block:
        raise RuntimeError("a consent is recorded in the transaction of its seal's work row")
    consent = Consent(
        id=agreed.id,
        subject=agreed.subject,
        body=agreed.body,
        digest=agreed.digest,
        salt=agreed.salt,
        personal=agreed.personal,
        mark=_mark(agreed.digest),
        given_at=at,
    )
    try:
        with transaction.atomic():
            insert_each([consent])
    except IntegrityError as problem:
        raise Refusal("consent.given") from problem
    return consent


def _mark(digest: bytes) -> bytes:
    """The house's own mark on a consent. Whoever can write into the database, but not read the house's keys, cannot make one."""
    return keyed("consent-mark", digest)


def is_ours(consent: Consent) -> bool:
    """Whether the consent bears the house's own mark; erasing what it commits to changes nothing of that."""
    return hmac.compare_digest(_mark(bytes(consent.digest)), bytes(consent.mark or b""))


def consent_of(subject: uuid.UUID) -> Consent | None:
    """What this subject has consented to, if it has."""
    return _CONSENT.first(subject=subject)


def consents_of(subjects: Iterable[uuid.UUID]) -> list[Consent]:
    """What these subjects have consented to; nothing for who has not."""
    return _CONSENTS.all(subjects=list(subjects))


_CONSENT = Prepared(lambda: Consent.objects.filter(subject=given("subject", Consent, "subject"))[:1])
_CONSENTS = Prepared(lambda: Consent.objects.filter(subject__in=among("subjects", Consent, "subject")))


def forget_personal(consent: Consent) -> None:
    """Erase what a consent commits to, in the caller's transaction; its digest stays true and tells nothing of what was erased."""
    Consent.objects.filter(pk=consent.pk).update(salt=b"", personal=b"")


@dataclass(frozen=True)
class Instruction:
    """What a recorded consent instructs, read back from its own bytes: whose seal, in which slot, on which documents, with which values.

    ``person`` is what it says of the signer (organization, title, name, mail); empty once that was erased.
    """

    subject: uuid.UUID
    envelope: uuid.UUID
    slot: int
    documents: tuple[Shown, ...]
    level: Level
    authentication: Mapping[str, object]
    person: Mapping[str, str]
    values: Mapping[str, str]
    digest: bytes


def instruction_of(consent: Consent) -> Instruction:
    """Refuses with ``seal.not_instructed`` when the bytes are not those that this house recorded when the consent was given."""
    body, personal = bytes(consent.body), bytes(consent.personal)
    digest = hashlib.sha256(body).digest()
    if digest != bytes(consent.digest) or not is_ours(consent):
        raise Refusal("seal.not_instructed", consent=str(consent.pk))
    told = json.loads(body)
    if personal and hashlib.sha256(bytes(consent.salt) + personal).hexdigest() != told["personal"]:
        raise Refusal("seal.not_instructed", consent=str(consent.pk))
    person = json.loads(personal) if personal else {}
    return Instruction(
        subject=uuid.UUID(told["recipient"]),
        envelope=uuid.UUID(told["envelope"]),
        slot=told["slot"],
        documents=tuple(_shown(item) for item in told["documents"]),
        level=Level(told["authentication"]["level"]),
        authentication=told["authentication"],
        person={name: person[name] for name in PERSON if name in person},
        values=told["values"],
        digest=digest,
    )


def _shown(item: Mapping[str, Any]) -> Shown:
    return Shown(uuid.UUID(item["document"]), bytes.fromhex(item["sha256"]), item["size"], item["pages"])


def _told(document: Shown) -> dict[str, object]:
    return {
        "document": str(document.document),
        "pages": document.pages,
        "sha256": document.sha256.hex(),
        "size": document.size,
    }
