"""Bringing a generation back, into a place where nothing is. What is restored is held until somebody says what it is to be."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import connection, connections

from tachiai.accounts import identity
from tachiai.backups.files import disk, write_durably
from tachiai.backups.manifests import Manifest
from tachiai.backups.repository import Repository
from tachiai.backups.snapshots import POSTGRESQL, SQLITE, is_empty, lay_database
from tachiai.crypto.canonical import canonical
from tachiai.errors import Refusal
from tachiai.house import House
from tachiai.lineage import find_lost_step, known_migrations
from tachiai.vault.copying import lay_box


def restore(source: Path, *, generation: str = "", at: datetime) -> Manifest:
    """The generation (the newest unless named) becomes the configured house, whose home and database hold nothing yet.

    Every byte is compared with the manifest before it is used. Refuses ``restore.occupied``, ``restore.other_database``,
    ``restore.newer`` (made by a newer version), ``restore.halfway`` (by one too old for this), ``backup.damaged``,
    ``backup.no_generation``. A restoring that was killed leaves a house that stays held and can never be accepted: remove it and
    restore again. ``Outage("backup.busy")`` while a backup is being made.
    """
    place = Repository(source)
    place.house()
    with place.read_by_us():
        return _brought_back(place, check_restorable(source, generation=generation), at=at)


def check_restorable(source: Path, *, generation: str = "") -> Manifest:
    """The manifest of what :func:`restore` would bring back. Refuses as it does before anything is written, the boxes not yet read."""
    place = Repository(source)
    place.house()
    with disk():
        manifest = place.manifest(generation or next(reversed(place.generations()), ""))
        _check_fit(manifest)
        _check_vacant(settings.TACHIAI)
        place.check_files(manifest)
    return manifest


def _brought_back(place: Repository, manifest: Manifest, *, at: datetime) -> Manifest:
    house, chosen = settings.TACHIAI, manifest.generation
    with disk():
        # Step 1: the mark, so that whatever follows is a held house.
        _mark(house, manifest, at=at, done=False)
        # Step 2: the boxes, each compared with its digest; a row without bytes is a lie, so they come first.
        for box in place.boxes(chosen):
            lay_box(box.path, place.box(box))
        # Step 3: the rows, and at once the hold in them, for whoever looks from another machine.
        folder = place.folder_of(chosen)
        connections.close_all()
        lay_database(folder / (POSTGRESQL if manifest.database == "postgresql" else SQLITE))
        identity.hold("house.restored", at=at)
        # Step 4: what had been published, for the operator to compare.
        for held in manifest.files:
            if held.path.startswith("published/"):
                write_durably(house.home / "restored" / held.path, (folder / held.path).read_bytes())
        _mark(house, manifest, at=at, done=True)
    identity.look_again()
    return manifest


def _check_fit(manifest: Manifest) -> None:
    """The code at hand must know every migration that made these rows, and the database must be of the same make."""
    if manifest.database != ("postgresql" if connection.vendor == "postgresql" else "sqlite"):
        raise Refusal("restore.other_database", made_with=manifest.database)
    known = known_migrations()
    unknown = [name for name in manifest.migrations if name not in known]
    if unknown:
        raise Refusal("restore.newer", migration=unknown[0], made_by=manifest.made_by)
    if lost := find_lost_step(manifest.migrations):
        raise Refusal("restore.halfway", migration=lost, made_by=manifest.made_by)


def _check_vacant(house: House) -> None:
    """Keys may lie there already: they travel apart from everything else."""
    others = [path.name for path in house.home.iterdir() if path != house.keys] if house.home.is_dir() else []
    if others or not is_empty():
        raise Refusal("restore.occupied", place=str(house.home) if others else "database")


def _mark(house: House, manifest: Manifest, *, at: datetime, done: bool) -> None:
    facts = {"v": 1, "generation": manifest.generation, "made_at": manifest.made_at, "manifest": manifest.sha256.hex()}
    write_durably(house.home / identity.MARK, canonical({**facts, "restored_at": at.isoformat(), "done": done}))


def read_mark(house: House) -> dict[str, object]:
    """What the mark of a restored house says; empty when there is none."""
    try:
        found = json.loads((house.home / identity.MARK).read_bytes())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as problem:
        raise Refusal("restore.unfinished") from problem
    return dict(found)
