"""Reading finished bytes afresh, against the house's own trust."""

from __future__ import annotations

from datetime import datetime

from tachiai.crypto import pades_verify
from tachiai.crypto.pades_verify import Expected, Report
from tachiai.sealing.handles import handles


def verify(pdf: bytes, *, expected: Expected, at: datetime) -> Report:
    """Judge a file of ours. Refuses with a ``seal.…`` code for anything that is not as it must be."""
    house = handles()
    return pades_verify.verify(pdf, expected=expected, roots=house.roots, tsa_roots=house.tsa_roots, at=at)


def examine(pdf: bytes, *, at: datetime) -> Report:
    """Say what is in any signed file, without expectations."""
    house = handles()
    return pades_verify.examine(pdf, roots=house.roots, tsa_roots=house.tsa_roots, at=at)


def trust() -> tuple[tuple[bytes, ...], tuple[bytes, ...]]:
    """The certificates (DER) that seals and timestamps of this house lead to, for judging files in another process."""
    house = handles()
    return house.roots, house.tsa_roots
