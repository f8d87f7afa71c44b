"""A folder of generations (docs/formats/backup.md): each its own database and manifest, all sharing one pool of boxes.

A generation is made in a scratch folder and gets its name last. What was killed on the way has no name and is cleared by the next.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import secrets
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tachiai.backups.files import digest_of, disk, flush_folder, write_durably
from tachiai.backups.manifests import BOXES, MANIFEST, Held, Manifest, read_boxes, read_manifest
from tachiai.crypto.canonical import canonical
from tachiai.errors import Outage, Refusal

MARK = "tachiai-backups.json"
_NAMED, _MAKING, _DROPPING = "generations", ".making-", ".dropping-"
_FORM = "%Y%m%dT%H%M%SZ"
_NAME = re.compile(r"[0-9]{8}T[0-9]{6}Z")
# By so much a clock may have run ahead and been put back, and generations still get names in the order in which they were made.
PUT_BACK = timedelta(days=1)


class Repository:
    """Backups of one house in ``folder``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def generations(self) -> list[str]:
        """The finished ones, the oldest first. Whatever else somebody put beside them is none."""
        named = self.folder / _NAMED
        return sorted(path.name for path in named.iterdir() if _NAME.fullmatch(path.name)) if named.is_dir() else []

    def house(self) -> str:
        """Whose backups these are. Refuses ``backup.unknown`` for a folder that is no repository."""
        try:
            held = json.loads((self.folder / MARK).read_bytes())
            return str(held["house"]) if held["v"] == 1 else ""
        except (OSError, ValueError, KeyError, TypeError) as problem:
            raise Refusal("backup.unknown", folder=str(self.folder)) from problem

    def folder_of(self, generation: str) -> Path:
        """Refuses ``backup.no_generation`` when there is none of that name."""
        if generation not in self.generations():
            raise Refusal("backup.no_generation", generation=generation)
        return self.folder / _NAMED / generation

    def manifest(self, generation: str) -> Manifest:
        """Refuses ``backup.manifest`` when it cannot be read as one, or names another generation."""
        try:
            found = read_manifest((self.folder_of(generation) / MANIFEST).read_bytes())
        except OSError as problem:
            raise Refusal("backup.damaged", file=MANIFEST) from problem
        if found.generation != generation:
            raise Refusal("backup.manifest", detail="generation")
        return found

    def boxes(self, generation: str) -> list[Held]:
        try:
            return read_boxes((self.folder_of(generation) / BOXES).read_bytes())
        except OSError as problem:
            raise Refusal("backup.damaged", file=BOXES) from problem

    def pooled(self, path: str) -> Path:
        return self.folder / "boxes" / path

    @contextmanager
    def held_for(self, house: str, *, begin: bool = True) -> Iterator[None]:
        """Alone in the repository of ``house``, cleared of what was left unfinished; it is begun when nothing is there, unless
        ``begin`` says that something must be.

        Raises ``Outage("backup.busy")`` while somebody else is in it, ``Outage("backup.absent")`` when nothing is there that must be:
        a disk that is not mounted leaves an empty folder. Refuses ``backup.other_house``.
        """
        with disk():
            if not begin and not (self.folder / MARK).exists():
                raise Outage("backup.absent", str(self.folder))
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle = os.open(self.folder / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as problem:
                raise Outage("backup.busy", str(self.folder)) from problem
            with disk():
                if not (self.folder / MARK).exists():
                    write_durably(self.folder / MARK, canonical({"v": 1, "house": house}))
                if self.house() != house:
                    raise Refusal("backup.other_house", folder=str(self.folder))
                self._clear()
            yield
        finally:
            os.close(handle)

    @contextmanager
    def read_by_us(self) -> Iterator[None]:
        """Nobody drops anything meanwhile; others may read as well. Raises ``Outage("backup.busy")`` while a backup is being made."""
        try:
            handle = os.open(self.folder / ".lock", os.O_RDONLY)
        except OSError:
            # What restic gave back, or a copy on a disk that cannot be written to, has no lock, and nobody who drops.
            yield
            return
        try:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError as problem:
            os.close(handle)
            raise Outage("backup.busy", str(self.folder)) from problem
        try:
            yield
        finally:
            os.close(handle)

    def _clear(self) -> None:
        (self.folder / _NAMED).mkdir(exist_ok=True, mode=0o700)
        for path in (self.folder / _NAMED).iterdir():
            if path.name.startswith("."):
                shutil.rmtree(path)
        for path in (self.folder / "boxes").rglob(".new-*"):
            path.unlink()

    @contextmanager
    def unfinished(self) -> Iterator[Path]:
        """A scratch folder, gone afterwards unless it was named."""
        scratch = self.folder / _NAMED / f"{_MAKING}{secrets.token_hex(8)}"
        scratch.mkdir(mode=0o700)
        try:
            yield scratch
        finally:
            with suppress(OSError):
                shutil.rmtree(scratch)

    def free_name(self, at: datetime) -> str:
        """The generation's name: the second at which it was begun, or the one after the newest, where a clock was put back.

        What is restored is the newest by its name, so one that is newer than now by more than a day would always be taken instead:
        ``Outage("backup.clock")``.
        """
        newest = next(reversed(self.generations()), "")
        if newest and made_at(newest) - at > PUT_BACK:
            raise Outage("backup.clock", newest)
        if newest:
            at = max(at, made_at(newest) + timedelta(seconds=1))
        return at.astimezone(UTC).strftime(_FORM)

    def name(self, scratch: Path, generation: str) -> None:
        """From now on it is a generation."""
        for folder in (scratch, *(path for path in scratch.rglob("*") if path.is_dir())):
            flush_folder(folder)
        scratch.rename(self.folder / _NAMED / generation)
        flush_folder(self.folder / _NAMED)

    def pool(self, path: str, box: bytes) -> None:
        write_durably(self.pooled(path), box)

    def box(self, held: Held) -> bytes:
        """A box as the generation has it. Refuses ``backup.damaged`` when the pool holds anything else."""
        try:
            data = self.pooled(held.path).read_bytes()
        except OSError as problem:
            raise Refusal("backup.damaged", file=held.path) from problem
        if hashlib.sha256(data).hexdigest() != held.sha256:
            raise Refusal("backup.damaged", file=held.path)
        return data

    def check_files(self, manifest: Manifest) -> None:
        """Every file of the generation is as its manifest says; refuses ``backup.damaged`` and names the first that is not."""
        folder = self.folder_of(manifest.generation)
        for held in manifest.files:
            try:
                same = digest_of(folder / held.path) == (held.sha256, held.size)
            except OSError as problem:
                raise Refusal("backup.damaged", file=held.path) from problem
            if not same:
                raise Refusal("backup.damaged", file=held.path)

    def drop(self, generations: Iterable[str]) -> None:
        """Forget generations, and the boxes that no other one names. ``Outage("backup.damaged")`` while one cannot say which it needs."""
        dropped = list(generations)
        if not dropped:
            return
        for generation in dropped:
            away = self.folder / _NAMED / f"{_DROPPING}{generation}"
            (self.folder / _NAMED / generation).rename(away)
            shutil.rmtree(away)
        wanted = set[str]()
        for generation in self.generations():
            try:
                wanted |= {box.path for box in self.boxes(generation)}
            except Refusal as refusal:
                raise Outage("backup.damaged", f"{generation}/{BOXES}") from refusal
        for path in sorted((self.folder / "boxes").rglob("*")):
            if path.is_file() and str(path.relative_to(self.folder / "boxes")) not in wanted:
                path.unlink()


def made_at(generation: str) -> datetime:
    """When a generation was begun, by its name. Refuses ``backup.no_generation`` for anything that is no such name."""
    try:
        return datetime.strptime(generation, _FORM).replace(tzinfo=UTC)
    except ValueError as problem:
        raise Refusal("backup.no_generation", generation=generation) from problem
