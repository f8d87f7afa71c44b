"""Where a test's house stands."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Place:
    home: Path


def forget_handles() -> None:
    """Handles are loaded once per process; a test's house is not the process's."""
    from tachiai.ceremony import derived_keys, invitations
    from tachiai.envelopes import reading
    from tachiai.sealing import handles
    from tachiai.vault import keeping, wrapping

    for cached in (invitations._link_key, derived_keys.derived_key, reading._opened, handles.handles, wrapping.keys, keeping._store):
        cached.cache_clear()
