"""Whose clock this house stamps by, as papers and pages must name it."""

from __future__ import annotations

from dataclasses import dataclass

from tachiai.sealing.handles import handles


@dataclass(frozen=True)
class StampingAuthority:
    """``embedded`` is the demonstration's own; it is never accredited."""

    name: str
    accredited: bool
    embedded: bool


def stamping_authority() -> StampingAuthority:
    stamper = handles().timestamper
    return StampingAuthority(stamper.name, stamper.accredited, stamper.embedded)
