"""Entries of an envelope's stream."""

from __future__ import annotations

from datetime import datetime

from tachiai import ledger
from tachiai.accounts.models import Member
from tachiai.envelopes.models import Envelope, Recipient


def note(
    envelope: Envelope,
    event: str,
    *,
    by: Member | Recipient | None,
    at: datetime,
    data: dict[str, object] | None = None,
    personal: dict[str, object] | None = None,
) -> None:
    """One entry in the envelope's stream, in the caller's transaction; ``by`` None is the house itself."""
    ledger.append(envelope.stream, event, by=_actor(by), at=at, data=data, personal=personal)


def check_history(envelope: Envelope) -> int:
    """Re-derive the envelope's whole stream and say how many entries it has. Refuses with ``ledger.broken``."""
    return ledger.check_stream(envelope.stream)


def _actor(by: Member | Recipient | None) -> ledger.Actor:
    if by is None:
        return ledger.Actor.house()
    return ledger.Actor("member" if isinstance(by, Member) else "signer", str(by.pk))
