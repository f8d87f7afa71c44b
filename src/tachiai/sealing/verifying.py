"""Reading finished bytes afresh, against the house's own trust.

Two judges stand ready. ``verify`` is the release gate, quick enough for every revision; ``verify_deep`` is the other one, with a PDF
library and its difference analysis underneath. They answer alike for every honest file, and neither knows how the other found out.
"""

from __future__ import annotations

from datetime import datetime
from typing import TypedDict

from tachiai.crypto import release
from tachiai.crypto.deadline import within
from tachiai.crypto.judgement import Expected, Report
from tachiai.crypto.sunsets import Policy
from tachiai.crypto.trust_lists import TrustList
from tachiai.sealing.handles import handles

# A contract of two pages takes 0.05 s, one of five hundred dense ones some seconds; a tagged one with ten signers may take
# thirteen times what its rehearsal took. Less than the lease of a closing, which is five minutes.
DEEP_CPU_SECONDS = 240.0


def verify(pdf: bytes, *, expected: Expected, at: datetime, deep: bool | None = None) -> Report:
    """Judge a file of ours. Refuses with a ``seal.…`` code for anything that is not as it must be.

    ``deep``: both judges have to agree; unless told otherwise they are both asked about a concluded contract, and only about that.
    """
    house = handles()
    report = release.verify(pdf, expected=expected, roots=house.roots, tsa_roots=house.tsa_roots, at=at)
    concluded = expected.closed and bool(expected.slots)
    if concluded if deep is None else deep:
        verify_deep(pdf, expected=expected, at=at)
    return report


def verify_deep(pdf: bytes, *, expected: Expected, at: datetime) -> Report:
    """The same question to the deep verifier. It takes a hundred times as long, so it is asked at closings and in samples.

    Raises ``Outage("seal.overdue")`` when it does not come to an end: that is no verdict, and nobody waits for it in silence.
    """
    # Its PDF library costs a process more memory than everything else it does; whoever only seals never loads it.
    from tachiai.crypto import pades_verify

    house = handles()
    with within(DEEP_CPU_SECONDS, code="seal.overdue"):
        return pades_verify.verify(pdf, expected=expected, roots=house.roots, tsa_roots=house.tsa_roots, at=at)


def examine(pdf: bytes, *, at: datetime) -> Report:
    """Say what is in any signed file, without expectations."""
    from tachiai.crypto import pades_verify

    return pades_verify.examine(pdf, at=at, **trust_for_strangers())


class Trust(TypedDict):
    """Whom to trust when a stranger's file is judged: certificates (DER) of this house, the operator's lists, and the policy."""

    roots: tuple[bytes, ...]
    tsa_roots: tuple[bytes, ...]
    lists: tuple[TrustList, ...]
    policy: Policy


def trust() -> tuple[tuple[bytes, ...], tuple[bytes, ...]]:
    """The certificates (DER) that seals and timestamps of this house lead to, for judging files in another process."""
    house = handles()
    return house.roots, house.tsa_roots


def trust_for_strangers() -> Trust:
    """Whom this house and its operator trust, for judging anybody's files in another process."""
    house = handles()
    return Trust(roots=house.roots, tsa_roots=house.tsa_roots, lists=house.lists, policy=house.policy)
