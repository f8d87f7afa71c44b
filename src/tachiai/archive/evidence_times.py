"""When evidence is renewed, and by what: RFC 4998 leaves both to a policy, and this is the house's."""

from __future__ import annotations

from datetime import datetime, timedelta

from tachiai import sealing
from tachiai.crypto import evidence_records
from tachiai.crypto.sunsets import Policy
from tachiai.errors import Refusal

# How long before its end a stamp is renewed.
LEAD = timedelta(days=365)
# A renewal that would end no later than what it renews is tried again after this, and an alarm stands from then on.
TRY_AGAIN, ALARM_BEFORE = timedelta(days=30), timedelta(days=90)
LOOK_AGAIN = timedelta(days=1)
FIRST_DIGEST = "sha256"
_STRENGTHS = ("sha256", "sha384", "sha512")


def policy() -> Policy:
    """Which algorithms are believed until when: the same that the house renews by."""
    return sealing.algorithm_policy()


def renewal_due(made_at: datetime, until: datetime) -> datetime:
    """Twelve months before ``until``; for a stamp that lives less than two years, after half its life."""
    return max(until - LEAD, made_at + (until - made_at) / 2)


def outlived(digest: str, *, at: datetime) -> bool:
    """Whether a tree of ``digest`` is believed for less than the lead yet: a stamp over its root cannot help it then."""
    return evidence_records.digest_believed_until(digest, policy()) - LEAD <= at


def stronger(digest: str, *, than: str) -> str:
    """``digest``, or the strongest when none is named. Refuses ``evidence.not_stronger``."""
    chosen = digest or _STRENGTHS[-1]
    if chosen not in _STRENGTHS or _STRENGTHS.index(chosen) <= _STRENGTHS.index(than):
        raise Refusal("evidence.not_stronger", digest=chosen, than=than)
    return chosen
