"""Drills: what is restored for trial is read to the last byte, and the result is on a paper that verifies."""

from __future__ import annotations

import secrets
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from backups.moving import on_postgresql
from cast import assemble
from place import Place
from stories import concluded, drafted
from tachiai import backups, clock, sealing, vault
from tachiai.administration.vault_keys import list_vault_keys, make_vault_key, retire_vault_key, rotate_vault_keys
from tachiai.backups.models import Drill
from tachiai.backups.repository import Repository
from tachiai.ledger.models import Entry
from tachiai.work.models import Alarm


def test_a_drill_restores_reads_judges_and_puts_it_on_paper(house: Place, backed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    concluded(assemble())
    monkeypatch.setenv("TACHIAI_HOME", str(house.home))
    made = backups.make_backup(now=clock.now)
    _change_the_key()  # the generation's rows open with the old one alone
    passed = backups.drill(now=clock.now)
    assert (passed.passed, passed.findings, passed.generation) == (True, [], made.generation)
    assert "fsck_ms" in passed.figures
    assert passed.figures["judged"] == 2  # the contract and its certificate
    assert passed.figures["entries"] == Entry.objects.filter(at__lte=made.ended_at).exclude(event="backup.made").count()
    assert not (house.home / "drill").exists()
    report = vault.read(passed.report)
    sealing.verify(report, expected=sealing.expected_of_paper(report, subject=passed.pk), at=clock.now())


def _change_the_key() -> None:
    """In the same night: a new key, everything moved to it, the old one retired."""
    earlier = next(key.id for key in list_vault_keys() if key.current)
    make_vault_key(at=clock.now())
    rotate_vault_keys()
    assert retire_vault_key(earlier, at=clock.now() + timedelta(hours=2)) is not None


def test_a_drill_tells_what_is_wrong(house: Place, backed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drafted(assemble())
    monkeypatch.setenv("TACHIAI_HOME", str(house.home))
    made = backups.make_backup(now=clock.now)
    # A box that was changed in the pool, and whose digest was changed with it, is found by its key.
    place = Repository(backed)
    folder = place.folder_of(made.generation)
    box = place.boxes(made.generation)[0]
    _forge(place, folder, box.path)
    failed = backups.drill(now=clock.now)
    assert not failed.passed
    assert {one["code"] for one in failed.findings} >= {"vault.altered"}
    assert Alarm.objects.filter(kind="backups.drill", cleared_at=None).exists()
    # A generation that is not whole is not restored at all.
    place.pooled(box.path).unlink()
    lost = backups.drill(now=clock.now)
    assert [one["code"] for one in lost.findings] == ["drill.not_restored"]
    assert Drill.objects.filter(passed=False).count() == 2


def _forge(place: Repository, folder: Path, path: str) -> None:
    """As somebody would who owns the backups and has no key: every digest recomputed."""
    import hashlib
    from dataclasses import replace

    from tachiai.backups.manifests import BOXES, MANIFEST, Held, encode_boxes, read_boxes, read_manifest

    forged = b"TBX1" + secrets.token_bytes(80)
    place.pooled(path).write_bytes(forged)
    boxes = [
        Held(path, hashlib.sha256(forged).hexdigest(), len(forged)) if box.path == path else box
        for box in read_boxes((folder / BOXES).read_bytes())
    ]
    (folder / BOXES).write_bytes(encode_boxes(boxes))
    manifest = read_manifest((folder / MANIFEST).read_bytes())
    listed = encode_boxes(boxes)
    files: list[Any] = [
        Held(BOXES, hashlib.sha256(listed).hexdigest(), len(listed)) if held.path == BOXES else held for held in manifest.files
    ]
    (folder / MANIFEST).write_bytes(replace(manifest, files=tuple(files)).encode())


def test_drills_on_postgresql() -> None:
    """The first test above once more, in a run of its own whose houses, and scratch houses, live in PostgreSQL."""
    on_postgresql(__file__, "judges_and_puts")
