"""Asking for a consent: what the page shows, fixed in an offer that comes back with the press."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tachiai import ceremony
from tachiai.accounts.models import Member
from tachiai.ceremony import Level, Offer
from tachiai.envelopes.frozen import frozen_as, sent_as
from tachiai.envelopes.identities import Circumstances, Identity, identity_at_desk, identity_of
from tachiai.envelopes.models import Recipient
from tachiai.envelopes.places import documents_meant, said_of
from tachiai.envelopes.terms import Terms, terms_of
from tachiai.envelopes.visiting import Visit
from tachiai.errors import Refusal


@dataclass(frozen=True)
class PasskeyCall:
    """What the browser is to ask a passkey for: challenge and credential as base64url, and the relying party's id."""

    challenge: str
    credential: str
    rp_id: str


@dataclass(frozen=True)
class Asked:
    """A consent as a page asks for it. ``documents`` are (name, pages); everything else that is shown is in ``view``."""

    view: dict[str, Any]
    documents: list[tuple[str, int]]
    level: Level
    offer: str
    passkey: PasskeyCall | None


def ask_consent(found: Visit, circumstances: Circumstances, *, at: datetime) -> Asked:
    """What a counterparty is asked to agree to. Changes nothing.

    Refuses with ``visit.not_open``, ``proof.missing`` (proof), and with ``document.altered`` or ``recipient.altered`` when the rows
    are no longer what the ledger says was sent and frozen.
    """
    return _ask(found.recipient, identity_of(found, found.recipient), circumstances, at=at)


def ask_at_desk(recipient: Recipient, circumstances: Circumstances, *, by: Member, level: Level, at: datetime) -> Asked:
    """As ``ask_consent`` for our own signer. Refuses with ``proof.second_factor`` a login that is less than the sender asks for."""
    return _ask(recipient, identity_at_desk(recipient, by, level), circumstances, at=at)


def _ask(recipient: Recipient, identity: Identity, circumstances: Circumstances, *, at: datetime) -> Asked:
    terms = terms_of(recipient, identity, circumstances, at=at)
    _as_sent(recipient, terms)
    proposed = terms.proposed
    offer = Offer(
        consent=proposed.id,
        subject=recipient.pk,
        salt=proposed.salt,
        at=at,
        language=circumstances.language,
        address=circumstances.address,
        agent=circumstances.agent[:300],
        shown=ceremony.shown_digest(proposed, terms.view),
    )
    call = None
    if identity.passkey is not None:
        call = PasskeyCall(*ceremony.call_for(identity.passkey, proposed))
    pages = [shown.pages for shown in terms.documents]
    documents = list(zip(terms.view["documents"], pages, strict=True))
    return Asked(dict(terms.view), documents, identity.level, ceremony.write_offer(offer), call)


def _as_sent(recipient: Recipient, terms: Terms) -> None:
    """Rows that were changed before anybody saw them would be agreed to in good faith; the ledger remembers what was sent."""
    stream = recipient.envelope.stream
    frozen = frozen_as(stream)
    meant = documents_meant(recipient.envelope_id).get(recipient.pk, [])
    place = sent_as(stream).get(recipient.pk, {})
    if {one.document: one.sha256 for one in terms.documents} != {pk: one.sha256 for pk, one in frozen.items() if not meant or pk in meant}:
        raise Refusal("document.altered", envelope=str(recipient.envelope_id))
    if place != said_of(recipient, meant):
        raise Refusal("recipient.altered", recipient=str(recipient.pk))
