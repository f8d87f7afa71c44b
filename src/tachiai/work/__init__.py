"""Leased rows: whatever has to happen later is a row, claimed, done once and fenced by its attempt."""

from typing import TYPE_CHECKING

from tachiai.faces import face

if TYPE_CHECKING:
    from tachiai.work.bells import hang, listen, ring, take_down
    from tachiai.work.drains import Flow, Kind, drain
    from tachiai.work.intakes import Intake
    from tachiai.work.leases import (
        LostLease,
        cancel,
        claim,
        fenced,
        finish,
        finish_many,
        make_sure,
        postpone,
        put_off,
        release,
        release_dead,
        renew,
        resume,
        strike,
    )

__all__ = [
    "Flow",
    "Intake",
    "Kind",
    "LostLease",
    "cancel",
    "claim",
    "drain",
    "fenced",
    "finish",
    "finish_many",
    "hang",
    "listen",
    "make_sure",
    "postpone",
    "put_off",
    "release",
    "release_dead",
    "renew",
    "resume",
    "ring",
    "strike",
    "take_down",
]

__getattr__ = face(__name__, __file__)
