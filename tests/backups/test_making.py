"""Generations: whole or not there, each byte once, and kept by the rule."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as configured
from django.db import transaction

from backups import killed
from backups.moving import standing_in
from place import Place
from tachiai import backups, clock, vault
from tachiai.accounts import identity
from tachiai.backups import doing, making, repository
from tachiai.backups.keeping import Rule, kept, kept_until
from tachiai.backups.models import Backup, BackupTask
from tachiai.backups.planning import plan_backups
from tachiai.backups.repository import Repository
from tachiai.backups.scratch import scratch_house
from tachiai.config.jobs import BACKUP
from tachiai.errors import Outage, Refusal
from tachiai.vault.models import Segment
from tachiai.work import drain
from tachiai.work.leases import STRIKES
from tachiai.work.models import Alarm, TaskState

NIGHT = datetime(2026, 12, 31, 16, 30, tzinfo=UTC)  # half past one in the morning, in Japan


def test_what_the_rule_keeps() -> None:
    nights = [NIGHT - timedelta(days=day) for day in range(800)]
    chosen = sorted(kept(nights, rule=Rule(daily=7, monthly=12, yearly=10)), reverse=True)
    assert chosen[:7] == nights[:7]
    assert {one.astimezone(clock.JAPAN).year for one in chosen} == {2027, 2026, 2025, 2024}
    assert len(chosen) == 7 + 10 + 2  # New Year's Day is a day, a month and a year; its Eve all three once more
    assert kept([NIGHT], rule=Rule(0, 0, 0)) == {NIGHT}


def test_until_when_the_rule_keeps_a_copy() -> None:
    """Said beforehand, and then night after night, for some days of the year."""
    for rule in (Rule(3, 2, 1), Rule(2, 3, 0), Rule(0, 0, 1), Rule(1, 0, 0)):
        for ahead in (0, 1, 14, 29, 58):
            following = NIGHT + timedelta(days=ahead)
            nights = sorted(kept([following - timedelta(days=1 + day) for day in range(500)], rule=rule))
            told = {one: kept_until(nights, of=[one], rule=rule, following=following) for one in nights}
            assert kept_until(nights, of=nights, rule=rule, following=following) == max(told.values())  # type: ignore[type-var]
            standing, night = nights, following
            while told:
                standing = sorted(kept([*standing, night], rule=rule))
                for one in [one for one in told if one not in standing]:
                    assert told.pop(one) == night.astimezone(clock.JAPAN).date(), (rule, one)
                night += timedelta(days=1)
    assert kept_until([NIGHT], of=[], rule=Rule(7, 12, 10), following=NIGHT) is None


def keep_some(count: int) -> None:
    """So many stored things, which is all that a backup knows of a contract."""
    for _ in range(count):
        stored = vault.put(secrets.token_bytes(5000), kind="trial")
        with transaction.atomic():
            vault.keep(stored, at=clock.now())


def test_each_byte_once_and_older_generations_dropped(house: Place, backed: Path, monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    keep_some(2)
    settings.TACHIAI = replace(settings.TACHIAI, backup_daily=2, backup_monthly=0, backup_yearly=0)
    first = backups.make_backup(now=lambda: NIGHT)
    place = Repository(backed)
    assert place.manifest(first.generation).boxes == Segment.objects.count() > 0
    assert first.size == first.added
    keep_some(1)
    second = backups.make_backup(now=lambda: NIGHT + timedelta(days=1))
    fresh = {box.path for box in place.boxes(second.generation)} - {box.path for box in place.boxes(first.generation)}
    assert second.added == second.size - sum(box.size for box in place.boxes(second.generation) if box.path not in fresh)
    # The pool's own box is read again when its turn comes, and a bad one is had from the store once more.
    bad = place.boxes(first.generation)[0]
    place.pooled(bad.path).write_bytes(b"rotten")
    monkeypatch.setattr(making, "PARTS", 1)
    third = backups.make_backup(now=lambda: NIGHT + timedelta(days=2))
    assert place.box(bad)
    assert place.generations() == [second.generation, third.generation]
    assert Backup.objects.exclude(dropped_at=None).get().generation == first.generation
    # A box that store and pool have both lost is an alarm, not a generation.
    place.pooled(bad.path).write_bytes(b"rotten")
    (house.home / "vault" / bad.path).write_bytes(b"rotten as well")
    with pytest.raises(Outage, match=r"backup\.damaged"):
        backups.make_backup(now=lambda: NIGHT + timedelta(days=3))
    assert place.generations() == [second.generation, third.generation]


def test_a_stuck_backup_warns_until_the_next_is_made(house: Place, backed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As when the workers of another version take it up, whose code does not go with what lies there now."""

    def stumble(**_details: object) -> None:
        raise ImportError

    monkeypatch.setattr(doing, "make_backup", stumble)
    plan_backups(configured.TACHIAI, at=NIGHT)
    for minute in range(STRIKES):
        drain(BACKUP, now=lambda minute=minute: NIGHT + timedelta(minutes=minute))  # type: ignore[misc]
    stuck = BackupTask.objects.get(state=TaskState.STUCK)
    assert Alarm.objects.get(kind="backups.backuptask", cleared_at=None).detail == "bug.ImportError"
    monkeypatch.undo()
    tomorrow = NIGHT + timedelta(days=1)
    plan_backups(configured.TACHIAI, at=tomorrow)
    while drain(BACKUP, now=lambda: tomorrow):
        pass
    assert Backup.objects.count() == 1
    assert not Alarm.objects.filter(cleared_at=None).exists()
    stuck.refresh_from_db()
    assert stuck.state == TaskState.CANCELLED


def test_a_full_disk_leaves_the_older_ones_alone(house: Place, backed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keep_some(2)
    # The work itself goes by the clock, so these nights are the last ones.
    night = clock.now().replace(hour=16, minute=30) - timedelta(days=3)
    first = backups.make_backup(now=lambda: night)
    before = {path: path.read_bytes() for path in backed.rglob("*") if path.is_file()}

    def full(path: Path, data: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(making, "write_durably", full)
    at = night + timedelta(days=1)
    for again in range(4):
        plan_backups(configured.TACHIAI, at=at + timedelta(hours=again))
        drain(BACKUP, now=lambda again=again: at + timedelta(hours=again))  # type: ignore[misc]
    assert Repository(backed).generations() == [first.generation]
    assert {path: path.read_bytes() for path in backed.rglob("*") if path.is_file()} == before
    assert Alarm.objects.filter(kind="backups.backuptask", cleared_at=None, detail__contains="No space left").exists()
    monkeypatch.undo()
    later = at + timedelta(hours=5)
    while drain(BACKUP, now=lambda: later):
        pass
    assert len(Repository(backed).generations()) == 2
    assert not Alarm.objects.filter(kind="backups.backuptask", cleared_at=None).exists()


def test_what_is_shredded_meanwhile_takes_its_rows_along(house: Place, backed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tachiai.vault.copying import box_of

    keep_some(2)
    shredded: list[str] = []

    def racing(path: str) -> bytes:
        if not shredded:
            # As if somebody had destroyed it between the copy of the rows and of the boxes.
            shredded.append(path)
            (house.home / "vault" / path).unlink()
            monkeypatch.setattr(making, "is_named", lambda path: False)
            monkeypatch.setattr(making, "take_snapshot", lambda folder: replace(taken(folder), boxes=taken.boxes))  # type: ignore[attr-defined]
        return box_of(path)

    real = making.take_snapshot

    def taken(folder: Path) -> Any:
        found = real(folder)
        taken.boxes = tuple(path for path in found.boxes if path not in shredded)  # type: ignore[attr-defined]
        return found

    monkeypatch.setattr(making, "box_of", racing)
    made = backups.make_backup(now=lambda: NIGHT)
    assert shredded
    assert shredded[0] not in {box.path for box in Repository(backed).boxes(made.generation)}


def test_killed_while_backing_up(house: Place, backed: Path) -> None:
    keep_some(2)
    place = Repository(backed)
    backups.make_backup(now=clock.now)
    finished = 1
    for target, count, finishes in (("repository:Repository.pool", 2, 0), ("repository:Repository.name", 1, 0), ("making:_record", 1, 1)):
        keep_some(2)
        _kill(house.home, backed, "backup", f"tachiai.backups.{target}", count)
        finished += finishes
        assert len(place.generations()) == finished
    made = backups.make_backup(now=clock.now)
    assert not list((backed / "generations").glob(".*"))
    for generation in place.generations():
        place.check_files(place.manifest(generation))
        assert [place.box(box) for box in place.boxes(generation)]
    assert place.manifest(made.generation).boxes == 8


def test_killed_while_restoring(house: Place, backed: Path, tmp_path: Path, settings: Any) -> None:
    keep_some(2)
    backups.make_backup(now=clock.now)
    for number, target in enumerate(("backups.restoring:lay_box", "backups.restoring:lay_database", "accounts.identity:hold")):
        home = tmp_path / f"again-{number}"
        shutil.copytree(house.home / "keys", home / "keys")
        _kill(home, backed, "restore", f"tachiai.{target}", 1)
        with standing_in(home, settings):
            with pytest.raises(Refusal, match=r"restore\.occupied"):
                backups.restore(backed, at=clock.now())
            if target.endswith(":hold"):
                # The rows are there and do not say that they were restored; the mark does.
                assert identity.standing().held == "house.restored"
                assert vault.Blob.objects.count() == 2
                with pytest.raises(Refusal, match=r"restore\.unfinished"):
                    backups.accept_as_production(known=[], at=clock.now())


def _kill(home: Path, backed: Path, act: str, target: str, count: int) -> None:
    command = [sys.executable, killed.__file__, str(home), str(backed), act, target, str(count)]
    assert subprocess.run(command, capture_output=True, check=False).returncode == -9


def test_the_night_plans_once_and_overdue_is_an_alarm(house: Place, backed: Path) -> None:
    assert plan_backups(configured.TACHIAI, at=NIGHT) == 1
    assert plan_backups(configured.TACHIAI, at=NIGHT + timedelta(hours=2)) == 0
    made = backups.make_backup(now=lambda: NIGHT)
    assert repository.made_at(made.generation) == NIGHT
    plan_backups(configured.TACHIAI, at=NIGHT + timedelta(hours=20))
    assert not Alarm.objects.filter(kind="backups.overdue", cleared_at=None).exists()
    plan_backups(configured.TACHIAI, at=NIGHT + timedelta(hours=31))
    assert Alarm.objects.get(kind="backups.overdue", cleared_at=None).subject == "backup"
    monthly = replace(configured.TACHIAI, drill_every="monthly")
    assert plan_backups(monthly, at=NIGHT + timedelta(hours=32)) == 1
    assert plan_backups(monthly, at=NIGHT + timedelta(days=5)) == 1  # the night's backup alone
    plan_backups(monthly, at=NIGHT + timedelta(days=40))
    assert set(Alarm.objects.filter(kind="backups.overdue", cleared_at=None).values_list("subject", flat=True)) == {"backup", "drill"}


def test_a_folder_that_is_not_what_it_was(house: Place, backed: Path, settings: Any) -> None:
    keep_some(2)
    settings.TACHIAI = replace(settings.TACHIAI, backup_at=NIGHT.time())
    backups.make_backup(now=lambda: NIGHT)
    place = Repository(backed)
    # The clock was put back by an hour: the new generation is the newest all the same, and is kept.
    second = backups.make_backup(now=lambda: NIGHT - timedelta(hours=1))
    assert repository.made_at(second.generation) == NIGHT + timedelta(seconds=1)
    with pytest.raises(Outage, match=r"backup\.clock"):
        backups.make_backup(now=lambda: NIGHT - timedelta(days=2))
    # Somebody copied a folder beside the others, half of it, and a box of the pool was cut short.
    (backed / "generations" / "old copy").mkdir()
    midnight = NIGHT.replace(hour=15, minute=0) + timedelta(days=1)
    half = backed / "generations" / (midnight - timedelta(seconds=1)).strftime("%Y%m%dT%H%M%SZ")
    half.mkdir()
    cut = place.boxes(second.generation)[0]
    place.pooled(cut.path).write_bytes(b"TBX1")
    # While nobody can tell what the half one needs, no box goes. The new generation stands on record, and is whole.
    with pytest.raises(Outage, match=rf"backup\.damaged.*{half.name}"):
        backups.make_backup(now=lambda: midnight)
    third = Backup.objects.get(began_at=midnight)
    assert place.generations() == [half.name, third.generation]
    assert [place.box(box) for box in place.boxes(third.generation)]
    half.rmdir()
    backups.make_backup(now=lambda: midnight + timedelta(minutes=1))
    # The disk is not mounted: nothing is begun on the one below it, and what lies elsewhere is counted.
    at = midnight + timedelta(hours=1)
    until = backups.copies_until(since=NIGHT, at=at)
    backed.rename(backed.with_name("away"))
    with pytest.raises(Outage, match=r"backup\.absent"):
        backups.make_backup(now=lambda: at)
    assert not backed.exists()
    assert backups.copies_until(since=NIGHT, at=at) == until
    assert backups.make_backup(now=lambda: at, begin=True).boxes == 2


def test_two_at_once(house: Place, backed: Path, tmp_path: Path, settings: Any) -> None:
    keep_some(1)
    backups.make_backup(now=clock.now)
    house_id = str(identity.standing().house)
    with Repository(backed).held_for(house_id), pytest.raises(Outage, match=r"backup\.busy"), standing_in(tmp_path / "new", settings):
        backups.restore(backed, at=clock.now())
    with Repository(backed).read_by_us(), pytest.raises(Outage, match=r"backup\.busy"):
        backups.make_backup(now=clock.now)
    with scratch_house() as first:
        with pytest.raises(Outage, match=r"backup\.busy"), scratch_house():
            pass
        assert (first.home / "keys" / "vault.key").exists()


def test_restic_carries_the_folder_and_gives_it_back(house: Place, backed: Path, tmp_path: Path, settings: Any) -> None:
    keep_some(2)
    elsewhere, password = str(tmp_path / "restic"), "eine-lange-losung"
    settings.TACHIAI = replace(settings.TACHIAI, backup_restic=elsewhere, backup_restic_password=password)
    made = [backups.make_backup(now=clock.now) for _ in range(2)]
    shutil.rmtree(backed)
    environment = {**os.environ, "RESTIC_REPOSITORY": elsewhere, "RESTIC_PASSWORD": password}
    command = ["restic", "restore", "latest", "--target", str(tmp_path / "back")]
    subprocess.run(command, env=environment, check=True, capture_output=True)
    place = Repository(tmp_path / "back")
    assert place.generations() == [made[1].generation]
    manifest = place.manifest(made[1].generation)
    place.check_files(manifest)
    assert len([place.box(box) for box in place.boxes(manifest.generation)]) == 2
    settings.TACHIAI = replace(settings.TACHIAI, backup_to=place.folder, backup_restic_password="another")
    at = clock.now()
    plan_backups(replace(settings.TACHIAI, backup_at=at.astimezone(clock.JAPAN).time()), at=at)
    # However often it is tried, it is the night's one generation, and what is wrong is told as restic told it.
    for again in range(1, 4):
        drain(BACKUP, now=lambda again=again: at + timedelta(minutes=again))  # type: ignore[misc]
    assert Backup.objects.count() == 3
    assert place.generations() == [Backup.objects.latest("began_at").generation]
    assert "wrong password" in Alarm.objects.get(kind="backups.backuptask").detail
    settings.TACHIAI = replace(settings.TACHIAI, backup_restic_password=password)
    drain(BACKUP, now=lambda: at + timedelta(hours=1))
    assert (Backup.objects.count(), BackupTask.objects.get().state) == (3, "done")
