"""Leased rows: whatever has to happen later is a row, claimed, done once and fenced by its attempt."""

from typing import TYPE_CHECKING

from tachiai.faces import face

if TYPE_CHECKING:
    from tachiai.work.drains import Kind, drain
    from tachiai.work.leases import LostLease, claim, finish, postpone, release_dead, strike

__all__ = ["Kind", "LostLease", "claim", "drain", "finish", "postpone", "release_dead", "strike"]

__getattr__ = face(__name__, __file__)
