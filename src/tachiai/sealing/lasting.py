"""How long what this house has closed proves itself, and whether its present authority could carry that further."""

from __future__ import annotations

import hashlib
import threading
from datetime import datetime, timedelta

from tachiai.crypto import longevity
from tachiai.crypto.longevity import Longevity, Outlook
from tachiai.crypto.sunsets import Policy
from tachiai.crypto.timestamps import Timestamper
from tachiai.errors import Refusal
from tachiai.sealing.handles import handles

# A further timestamp costs a token and some kilobytes for ever; less than a month more is not worth that.
LEAST_GAIN = timedelta(days=30)
# What an authority stamps with changes seldom; asking once for many files is enough.
ASK_AGAIN = timedelta(minutes=10)


def algorithm_policy() -> Policy:
    """Which algorithms this house believes until when: the operator's file decides for renewal, evidence and files of others alike."""
    return handles().policy


def longevity_of(pdf: bytes) -> Longevity:
    """How long a closed file of this house proves itself. Refuses as ``crypto.longevity.read``."""
    house = handles()
    return longevity.read(pdf, roots=house.roots, tsa_roots=house.tsa_roots, policy=house.policy)


def check_gain(found: Outlook, *, beyond: datetime) -> None:
    """Refuse a timestamp that would not carry a proof that ends at ``beyond`` noticeably further.

    ``renewal.no_stronger_algorithm`` when its algorithms are what stands in the way, ``renewal.no_better_authority`` otherwise.
    """
    if found.timely and found.until >= beyond + LEAST_GAIN:
        return
    weak = not found.timely or found.cause == "algorithm"
    facts = {"authority": found.authority, "until": found.until, "algorithm": found.weakest.name}
    if weak:
        raise Refusal("renewal.no_stronger_algorithm", **facts)
    raise Refusal("renewal.no_better_authority", **facts)


class _Asked:
    """The present authority's outlook, remembered for a while. Asking costs a token."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: tuple[Timestamper, Outlook] | None = None

    def __call__(self, *, at: datetime) -> Outlook:
        """What a timestamp of the house's authority made at ``at`` is good for. Raises ``Outage`` when the authority gives none."""
        stamper = handles().timestamper
        with self._lock:
            known = self._known
            if known is not None and known[0] is stamper and abs(at - known[1].stamped_at) < ASK_AGAIN:
                return known[1]
            token = stamper.timestamp(hashlib.sha256(b"tachiai: outlook").digest(), at=at)
            found = longevity.outlook(token.der, token.chain, policy=algorithm_policy())
            self._known = stamper, found
            return found


present_outlook = _Asked()
