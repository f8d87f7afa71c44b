"""The store of the encrypted boxes, as an operator sees to it: trying it, clearing it of litter, and moving to another one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from django.conf import settings
from django.db import transaction

from tachiai import ledger, vault
from tachiai.accounts import identity
from tachiai.errors import Refusal
from tachiai.vault import Litter, Moved

__all__ = ["Litter", "Moved", "clear_litter", "copy_boxes", "list_litter", "list_overwritten", "try_store"]


def try_store() -> Mapping[str, str]:
    """Put, read back and remove a probe; what the store is and offers. An alarm about it ends when all went well.

    Refuses ``store.unfit``; raises ``Outage("store.…")``.
    """
    store = vault.configured_store(settings.TACHIAI)
    told = {"store": str(store), **store.check()}
    vault.forgive(str(store))
    return told


def list_overwritten() -> Iterator[str]:
    """Paths that somebody else wrote over or deleted in a bucket that keeps versions: what a document that stands still needs."""
    return vault.written_over(vault.configured_store(settings.TACHIAI))


def list_litter(*, at: datetime) -> Iterator[Litter]:
    """What no row names and is older than a day. Raises ``Outage``."""
    return vault.find_litter(at=at)


def clear_litter(*, at: datetime) -> tuple[int, int]:
    """Remove it, and say so in the ledger; how many boxes and half files, and how many bytes. Raises ``Outage``.

    Refuses ``store.litter_held`` while the house is held or its keys are another's: what only a newer database names looks like litter
    to an older one.
    """
    if identity.standing().rests:
        raise Refusal("store.litter_held")
    count, size = vault.remove_litter(at=at)
    if count:
        _enter("vault.litter_removed", at=at, data={"count": count, "bytes": size})
    return count, size


def copy_boxes(*, to: str, source: str = "", only_new: bool = False, at: datetime) -> Moved:
    """Copy every box that a row names to the store at ``to``, after trying it, and say so in the ledger. Nothing is deleted.

    ``source`` is the configured store where it is empty. Refuses ``store.unfit``; raises ``Misconfigured`` and ``Outage``.
    """
    house = settings.TACHIAI
    here = vault.store_at(source, house) if source else vault.configured_store(house)
    there = vault.store_at(to, house)
    there.check()
    moved = vault.move_boxes(here, there, only_new=only_new)
    told = {"from": str(here), "to": str(there), "copied": moved.copied, "there": moved.there, "troubles": len(moved.troubles)}
    _enter("vault.boxes_copied", at=at, data=told)
    return moved


def _enter(event: str, *, at: datetime, data: Mapping[str, object]) -> None:
    with transaction.atomic(durable=True):
        ledger.append("house", event, by=ledger.Actor("operator"), at=at, data=data)
