"""The operator's key-encryption keys: which there are, making new ones, and moving from one to the next."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from tachiai import clock, vault
from tachiai.vault import KnownKey, Rotation

__all__ = ["KnownKey", "Rotation", "list_vault_keys", "make_vault_key", "make_vault_key_in_token", "retire_vault_key", "rotate_vault_keys"]


def list_vault_keys(*, probe: bool = False) -> list[KnownKey]:
    """Every configured key, and those that only rows name; with ``probe`` each configured one has wrapped and unwrapped something."""
    return vault.try_keys() if probe else vault.known_keys()


def make_vault_key(*, at: datetime) -> str:
    """A new key in the house's own file, which wraps from now on; gives its id. Refuses ``kek.not_in_file``."""
    return vault.make_file(at=at)


def make_vault_key_in_token(name: str, *, module: Path, token: str, pin_file: Path, at: datetime) -> str:
    """A new key in a token, which the configuration has to name before it wraps anything; gives its id. Refuses with ``key.…``."""
    return vault.make_in_token(name, module=module, token=token, pin_file=pin_file, at=at)


def rotate_vault_keys() -> Rotation:
    """Wrap every data key anew by the current key. ``Outage`` when a keeper is away; the next call goes on."""
    return vault.rotate(now=clock.now)


def retire_vault_key(kek: str, *, at: datetime) -> Path | None:
    """Take a key that wraps nothing any more out of use; gives the new place of its file. Refuses with ``kek.…``."""
    return vault.retire(kek, at=at)
