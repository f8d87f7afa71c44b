"""The operator's word on mails in doubt."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

from tachiai.errors import Refusal
from tachiai.outbox.doubting import doubted, drop_doubted, send_doubted

__all__ = ["decide", "doubtful"]

doubtful = doubted


def decide(mails: Sequence[str], *, send: bool, at: datetime) -> int:
    """Send the named mails after all, or leave it at what was; ``all`` names every one in doubt. Refuses ``mail.unknown``."""
    try:
        chosen = list(doubted().values_list("pk", flat=True)) if list(mails) == ["all"] else [uuid.UUID(name) for name in mails]
    except ValueError as problem:
        raise Refusal("mail.unknown") from problem
    if doubted().filter(pk__in=chosen).count() != len(set(chosen)):
        raise Refusal("mail.unknown")
    return (send_doubted if send else drop_doubted)(chosen, at=at)
