"""Making one generation: the rows of a moment first, then every box that they name, the manifest last."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from contextlib import suppress
from datetime import date, datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import transaction

from tachiai import __version__, ledger, work
from tachiai.accounts import identity
from tachiai.backups.files import digest_of, disk, write_durably
from tachiai.backups.keeping import Rule, kept, kept_until
from tachiai.backups.manifests import BOXES, MANIFEST, Held, Manifest, encode_boxes
from tachiai.backups.models import Backup, BackupAct, BackupTask
from tachiai.backups.planning import overtake
from tachiai.backups.repository import Repository, made_at
from tachiai.backups.restic import carry_away
from tachiai.backups.snapshots import Snapshot, take_snapshot
from tachiai.clock import JAPAN
from tachiai.crypto.signed_notes import parse_checkpoint, split_note
from tachiai.errors import Outage, Refusal
from tachiai.vault.copying import box_of, is_named

STREAM = "house"
TRIES = 5
# Of the boxes that lie in the pool already, so many parts are read again in turn, one each day.
PARTS = 28


class _Shredded(Exception):
    """A box was destroyed after the rows were copied and before it was."""


def repository() -> Repository:
    """Where this house's backups go. Refuses ``backup.unset``."""
    if settings.TACHIAI.backup_to is None:
        raise Refusal("backup.unset")
    return Repository(settings.TACHIAI.backup_to)


def make_backup(*, now: Callable[[], datetime], task: BackupTask | None = None, begin: bool = False) -> Backup:
    """One more generation, recorded in the ledger with the digest of its manifest; those that the rule keeps no longer are dropped.

    It may be killed anywhere: what has no name is no generation. Raises ``Outage`` when disk, database or store will not, and leaves the
    older generations as they are. A folder without any is begun once in a house's life, afterwards only where ``begin`` says so.
    Refuses ``backup.unset`` and ``backup.other_house``.
    """
    identity.check_acting("backup")
    house = str(identity.standing().house)
    place, begun = repository(), Backup.objects.filter(dropped_at=None).exists()
    with place.held_for(house, begin=begin or not begun), disk():
        made = _of_this_night(place, task) or _make(place, house=house, now=now)
        _drop(place, keep=made.generation, at=now())
        carry_away(place, made.generation)
    if task is not None:
        with transaction.atomic(durable=True):
            work.finish(task, at=now())
    return made


def _of_this_night(place: Repository, task: BackupTask | None) -> Backup | None:
    """What an earlier attempt of the same work has made: as long as restic is away, only the carrying is tried again."""
    if task is None:
        return None
    return Backup.objects.filter(began_at__gte=task.created_at, generation__in=place.generations()).order_by("-began_at").first()


def _make(place: Repository, *, house: str, now: Callable[[], datetime]) -> Backup:
    began = now()
    generation = place.free_name(began)
    with place.unfinished() as scratch:
        manifest, added = _made(place, scratch, house=house, generation=generation, at=began)
        place.name(scratch, generation)
    return _record(manifest, added=added, began=began, at=now())


def _made(place: Repository, scratch: Path, *, house: str, generation: str, at: datetime) -> tuple[Manifest, int]:
    snapshot, boxes, added = _rows_and_boxes(place, scratch, at=at)
    write_durably(scratch / BOXES, encode_boxes(boxes))
    # After the rows: what was published since tells the restored house how much it lacks.
    published = settings.TACHIAI.home / "published"
    if published.is_dir():
        shutil.copytree(published, scratch / "published")
    files = [_held(path, scratch) for path in sorted(scratch.rglob("*")) if path.is_file()]
    size = sum(box.size for box in boxes)
    by = f"tachiai {__version__}"
    manifest = Manifest(
        *(house, generation, at.isoformat(), by, snapshot.engine, snapshot.migrations, tuple(files)),
        boxes=len(boxes),
        boxes_size=size,
        checkpoint=_stated(snapshot.note),
    )
    write_durably(scratch / MANIFEST, manifest.encode())
    return manifest, added + sum(one.size for one in files)


def _stated(note: str) -> dict[str, object] | None:
    if not note:
        return None
    stated = parse_checkpoint(split_note(note)[0])
    return {"origin": stated.origin, "size": stated.size, "root": stated.root.hex()}


def _held(path: Path, folder: Path) -> Held:
    sha256, size = digest_of(path)
    return Held(str(path.relative_to(folder)), sha256, size)


def _rows_and_boxes(place: Repository, scratch: Path, *, at: datetime) -> tuple[Snapshot, list[Held], int]:
    """Rows first: whatever box they name was durable before them. A box shredded between the two takes its rows along, so they are
    copied anew; that a house shreds each time is no backup but an outage."""
    for _ in range(TRIES):
        snapshot = take_snapshot(scratch)
        try:
            return snapshot, *_pooled(place, snapshot, at=at)
        except _Shredded:
            snapshot.file.unlink()
    raise Outage("backup.restless", "documents were destroyed during every attempt")


def _pooled(place: Repository, snapshot: Snapshot, *, at: datetime) -> tuple[list[Held], int]:
    """Every box of the snapshot in the pool: their digests, and how many bytes were new."""
    known = _known(place)
    boxes, added = [], 0
    for path in snapshot.boxes:
        held, lying = known.get(path), _size_of(place.pooled(path))
        if held is not None and lying is not None:
            if lying != held.size or _turn(path) == at.toordinal() % PARTS:
                _look_over(place, held)
        else:
            box = _fetched(path)
            if lying is not None and place.pooled(path).read_bytes() != box:
                # One of the two is not what it was, and an older generation may need the one that lies here.
                raise Outage("backup.damaged", path)
            place.pool(path, box)
            held = Held(path, hashlib.sha256(box).hexdigest(), len(box))
            added += held.size
        boxes.append(held)
    return boxes, added


def _known(place: Repository) -> dict[str, Held]:
    """The boxes of the newest generation whose list can be read: one that was damaged must not keep the house from a new one."""
    for generation in reversed(place.generations()):
        with suppress(Refusal):
            return {box.path: box for box in place.boxes(generation)}
    return {}


def _size_of(path: Path) -> int | None:
    """None where no file is."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return None


def _turn(path: str) -> int:
    return hashlib.sha256(path.encode()).digest()[0] % PARTS


def _look_over(place: Repository, held: Held) -> None:
    """The pool's own box is read again; a bad one is replaced from the store, if that still has the right one."""
    try:
        place.box(held)
    except Refusal as damaged:
        box = _fetched(held.path)
        if hashlib.sha256(box).hexdigest() != held.sha256:
            raise Outage("backup.damaged", held.path) from damaged
        place.pool(held.path, box)


def _fetched(path: str) -> bytes:
    try:
        return box_of(path)
    except Outage as outage:
        if not is_named(path):
            raise _Shredded from outage
        raise


def _record(manifest: Manifest, *, added: int, began: datetime, at: datetime) -> Backup:
    with transaction.atomic(durable=True):
        overtake(BackupAct.BACKUP, at=at)
        facts = {"manifest": manifest.sha256, "boxes": manifest.boxes, "size": manifest.size, "added": added}
        made = Backup.objects.create(generation=manifest.generation, began_at=began, ended_at=at, **facts)
        data = {"generation": manifest.generation, "manifest": manifest.sha256.hex(), "boxes": manifest.boxes, "size": manifest.size}
        ledger.append(STREAM, "backup.made", by=ledger.Actor.house(), at=at, data=data)
    return made


def copies_until(*, since: datetime, at: datetime) -> date | None:
    """The day (Japan) on which the last generation goes that may hold what was kept between ``since`` and ``at``.

    As long as one is made each night. None where none is made by the clock: then nobody knows. One that is under way at ``at`` is counted,
    and so is one that is on record and not in the folder: its disk may not be mounted just now.
    """
    house = settings.TACHIAI
    if house.backup_to is None or house.backup_at is None:
        return None
    with disk():
        there = repository().generations()
    recorded = Backup.objects.filter(dropped_at=None).values_list("generation", flat=True)
    made = [*map(made_at, {*there, *recorded}), at]
    local = at.astimezone(JAPAN)
    tonight = local.replace(hour=house.backup_at.hour, minute=house.backup_at.minute, second=0, microsecond=0)
    following = tonight if tonight > local else tonight + timedelta(days=1)
    return kept_until(made, of=[one for one in made if one >= since], rule=_rule(), following=following)


def _rule() -> Rule:
    house = settings.TACHIAI
    return Rule(house.backup_daily, house.backup_monthly, house.backup_yearly)


def _drop(place: Repository, *, keep: str, at: datetime) -> None:
    """What the rule keeps no longer, but never the one that was just made, whatever the clock says."""
    made = {made_at(generation): generation for generation in place.generations()}
    # The rows first: killed in between, what is still there is dropped the next time, and no row promises what is gone.
    staying = kept(made, rule=_rule()) | {made_at(keep)}
    dropped = [generation for when, generation in made.items() if when not in staying]
    Backup.objects.filter(generation__in=dropped, dropped_at=None).update(dropped_at=at)
    place.drop(dropped)
