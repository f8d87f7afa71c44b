"""Stamping a digest that is no PDF's: a root under which many objects stand. The token is believed by no other rule than in a seal."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from tachiai.crypto import timestamps
from tachiai.crypto.evidence_writing import proven_token
from tachiai.crypto.timestamps import BadToken, Token
from tachiai.errors import Refusal
from tachiai.sealing.handles import handles


class Stamped(NamedTuple):
    """A checked token, and its bytes together with the answers that say that its certificates were not revoked."""

    token: bytes
    facts: Token


def stamp_digest(digest: bytes, *, at: datetime, now: Callable[[], datetime]) -> Stamped:
    """A token of the house's authority over ``digest`` (SHA-256, -384 or -512), outside of any transaction.

    Raises ``Outage`` with ``tsa.…`` or ``revocation.unreachable``; refuses ``key.revoked``.
    """
    facts = handles().timestamper.timestamp(digest, at=at)
    return Stamped(_proven(facts.der, facts, at=now()), facts)


def prove_token(token: bytes, *, digest: bytes, at: datetime) -> bytes:
    """A stored token over ``digest`` with newer answers about its certificates beside the older, before it is stamped again.

    Refuses ``evidence.token_broken`` when it does not stand any more, and ``key.revoked``; raises ``Outage`` as :func:`stamp_digest`.
    """
    try:
        facts = timestamps.read_token(token, digest=digest, roots=handles().tsa_roots)
    except BadToken as wrong:
        raise Refusal("evidence.token_broken", detail=str(wrong)) from wrong
    return _proven(token, facts, at=at)


def _proven(token: bytes, facts: Token, *, at: datetime) -> bytes:
    moment = min(facts.gen_time, at)
    found = handles().revocation.gather([facts.chain], after=moment, at=at, used={facts.chain[0]: moment})
    return proven_token(token, certificates=found.certs, ocsps=found.ocsps, crls=found.crls)
