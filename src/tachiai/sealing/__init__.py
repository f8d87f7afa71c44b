"""The house's keys, timestamps and seals (電子署名); the only caller of the signing key."""

from typing import TYPE_CHECKING

from tachiai.faces import face

if TYPE_CHECKING:
    from tachiai.crypto.pades import SealText
    from tachiai.crypto.pades_verify import Expected, Report
    from tachiai.sealing.authorities import StampingAuthority, stamping_authority
    from tachiai.sealing.models import Act
    from tachiai.sealing.preparing import Intent, Prepared, prepare, prepare_many
    from tachiai.sealing.rehearsing import rehearse
    from tachiai.sealing.seals import Sealed, attest, close, freeze, record_many, seal
    from tachiai.sealing.verifying import examine, trust, verify

__all__ = [
    "Act",
    "Expected",
    "Intent",
    "Prepared",
    "Report",
    "SealText",
    "Sealed",
    "StampingAuthority",
    "attest",
    "close",
    "examine",
    "freeze",
    "prepare",
    "prepare_many",
    "record_many",
    "rehearse",
    "seal",
    "stamping_authority",
    "trust",
    "verify",
]

__getattr__ = face(__name__, __file__)
