"""Consent v1, final: see docs/formats/consent.md. Its digest goes into the signature that is made on its instruction."""

from __future__ import annotations

import hashlib
import json
import secrets
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import IntegrityError, connection, transaction

from tachiai.ceremony.models import Consent, Level
from tachiai.crypto.canonical import canonical
from tachiai.errors import Refusal
from tachiai.prepared import Prepared, given
from tachiai.rowwise import insert_each


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


def record_consent(
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
) -> Consent:
    """Record one consent, in the caller's transaction. Refuses with ``consent.given`` when this subject has consented."""
    if not connection.in_atomic_block:
        raise RuntimeError("a consent is recorded in the transaction of its seal's work row")
    salt = secrets.token_bytes(32)
    told = canonical(dict(personal))
    fresh = uuid.uuid4()
    body = canonical(
        {
            "at": at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "authentication": {"level": str(level), **authentication},
            "consent": str(fresh),
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
    digest = hashlib.sha256(body).digest()
    consent = Consent(id=fresh, subject=subject, body=body, digest=digest, salt=salt, personal=told, given_at=at)
    try:
        with transaction.atomic():
            insert_each([consent])
    except IntegrityError as problem:
        raise Refusal("consent.given") from problem
    return consent


def consent_of(subject: uuid.UUID) -> Consent | None:
    """What this subject has consented to, if it has."""
    return _CONSENT.first(subject=subject)


_CONSENT = Prepared(lambda: Consent.objects.filter(subject=given("subject", Consent, "subject"))[:1])


def forget_personal(consent: Consent) -> None:
    """Erase what a consent commits to, in the caller's transaction; its digest stays true and tells nothing of what was erased."""
    Consent.objects.filter(pk=consent.pk).update(salt=b"", personal=b"")


@dataclass(frozen=True)
class Instruction:
    """What a recorded consent instructs, read back from its own bytes: whose seal, in which slot, on which documents."""

    subject: uuid.UUID
    slot: int
    documents: tuple[Shown, ...]
    digest: bytes


def instruction_of(consent: Consent) -> Instruction:
    """Refuses with ``seal.not_instructed`` when the bytes are not those that were digested when the consent was given."""
    body = bytes(consent.body)
    digest = hashlib.sha256(body).digest()
    if digest != bytes(consent.digest):
        raise Refusal("seal.not_instructed", consent=str(consent.pk))
    told = json.loads(body)
    documents = tuple(_shown(item) for item in told["documents"])
    return Instruction(uuid.UUID(told["recipient"]), told["slot"], documents, digest)


def _shown(item: Mapping[str, Any]) -> Shown:
    return Shown(uuid.UUID(item["document"]), bytes.fromhex(item["sha256"]), item["size"], item["pages"])


def _told(document: Shown) -> dict[str, object]:
    return {
        "document": str(document.document),
        "pages": document.pages,
        "sha256": document.sha256.hex(),
        "size": document.size,
    }
