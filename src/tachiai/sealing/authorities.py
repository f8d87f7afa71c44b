"""Whose clock this house stamps by, as papers and pages must name it."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings

from tachiai.crypto.authority import load_authority
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


@dataclass(frozen=True)
class TrustedRoot:
    """A root (DER) that seals or timestamps of this house lead to. ``embedded``: of the demonstration's own authority."""

    certificate: bytes
    seals: bool
    stamps: bool
    embedded: bool
    accredited: bool


def trusted_roots() -> list[TrustedRoot]:
    """Every root whose seals and timestamps this house accepts in its own files, for telling others what to compare."""
    house = handles()
    folder = settings.TACHIAI.keys / "authority"
    own = load_authority(folder).roots if (folder / "root.pem").exists() else ()
    return [
        TrustedRoot(
            certificate=root,
            seals=root in house.roots,
            stamps=root in house.tsa_roots,
            embedded=root in own,
            accredited=root in house.tsa_roots and root not in own and house.timestamper.accredited,
        )
        for root in dict.fromkeys((*house.roots, *house.tsa_roots))
    ]
