"""What a page that asks for a consent carries with it, signed by the house: what to make the same consent from again, and a digest
of everything the page showed. At the press all of it is made again from the rows as they stand then; nothing may have changed."""

from __future__ import annotations

import base64
import hashlib
import hmac
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core.signing import BadSignature, Signer

from tachiai.ceremony.consents import Proposed
from tachiai.ceremony.derived_keys import derived_key
from tachiai.crypto.canonical import canonical
from tachiai.errors import Refusal

LIVES = timedelta(hours=12)
LONGEST = 4_000


@dataclass(frozen=True)
class Offer:
    """One asking: when, in which language, from where, and what was shown (SHA-256)."""

    consent: uuid.UUID
    subject: uuid.UUID
    salt: bytes
    at: datetime
    language: str
    address: str
    agent: str
    shown: bytes

    def holds(self, proposed: Proposed, view: Mapping[str, object]) -> bool:
        """Whether ``proposed`` and what is shown beside it are exactly what this offer was made for."""
        return hmac.compare_digest(self.shown, shown_digest(proposed, view))


def shown_digest(proposed: Proposed, view: Mapping[str, object]) -> bytes:
    """SHA-256 over the consent's exact bytes, its personal data, and what else the page showed."""
    told = {"body": proposed.body.hex(), "personal": proposed.personal.hex(), "view": dict(view)}
    return hashlib.sha256(b"tachiai-shown-v1\x00" + canonical(told)).digest()


def write_offer(offer: Offer) -> str:
    """The offer as text for a hidden field."""
    return _signer().sign_object(
        {
            "consent": str(offer.consent),
            "subject": str(offer.subject),
            "salt": base64.b64encode(offer.salt).decode(),
            "at": offer.at.isoformat(),
            "language": offer.language,
            "address": offer.address,
            "agent": offer.agent,
            "shown": base64.b64encode(offer.shown).decode(),
        }
    )


def read_offer(text: str, *, subject: uuid.UUID, at: datetime) -> Offer:
    """The offer that a page of this house made to ``subject``.

    Refuses with ``consent.not_shown`` whatever is not one, was made to somebody else, or is older than twelve hours.
    """
    if not 0 < len(text) <= LONGEST:
        raise Refusal("consent.not_shown")
    try:
        told: dict[str, Any] = _signer().unsign_object(text)
    except (BadSignature, ValueError) as problem:
        raise Refusal("consent.not_shown") from problem
    offer = Offer(
        consent=uuid.UUID(told["consent"]),
        subject=uuid.UUID(told["subject"]),
        salt=base64.b64decode(told["salt"]),
        at=datetime.fromisoformat(told["at"]),
        language=told["language"],
        address=told["address"],
        agent=told["agent"],
        shown=base64.b64decode(told["shown"]),
    )
    if offer.subject != subject or not offer.at <= at < offer.at + LIVES:
        raise Refusal("consent.not_shown")
    return offer


def _signer() -> Signer:
    return Signer(key=derived_key("offer").hex(), salt="tachiai.ceremony.offer")
