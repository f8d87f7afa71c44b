"""The demonstration's embedded CA and TSA, plainly labelled; production never uses one."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from tachiai.crypto.authority import create_authority
from tachiai.house import House
from tachiai.sealing.responding import embedded_stamper

DEMO_OPERATOR = "立会デモ運営（架空）"


def create_embedded_authority(folder: Path, *, at: datetime) -> None:
    """Make the authority's keys and certificates in ``folder``, for the demonstration's operator."""
    create_authority(folder, operator=DEMO_OPERATOR, at=at)


def embedded_root(house: House) -> Path:
    """The certificate that whoever trusts the embedded authority pins. Raises ``Misconfigured`` where that authority has no place."""
    embedded_stamper(house)
    return house.keys / "authority" / "root.pem"
