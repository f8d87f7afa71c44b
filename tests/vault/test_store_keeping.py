"""What an operator does with a store: litter goes, and only litter; every box moves, and only when it is proven."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from object_server import ACCESS, SECRET, ObjectServer, Proxy
from place import Place
from tachiai import clock, vault
from tachiai.cli.main import main
from tachiai.errors import Outage
from tachiai.ledger.models import Entry
from tachiai.vault import keeping, litter
from tachiai.vault.lies import report_lie
from tachiai.vault.models import Blob, Segment
from tachiai.vault.stores import FolderStore
from tachiai.work.models import Alarm

pytestmark = pytest.mark.usefixtures("house")


def kept(data: bytes) -> Blob:
    stored = vault.put(data, kind="document")
    with transaction.atomic():
        return vault.keep(stored, at=clock.now())


def aged(path: Path, *, by: timedelta) -> None:
    then = (clock.now() - by).timestamp()
    os.utime(path, (then, then))


def test_litter_is_old_and_nameless(house: Place, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    root = house.home / "vault"
    blob = kept(b"a contract " * 50)
    orphans = [vault.put(b"nobody's", kind="document").path for _ in range(3)]
    named = blob.segments.get().path
    (root / named).parent.joinpath(".new-0123").write_bytes(b"half")
    (root / "README").write_bytes(b"an operator's note")
    old, young = timedelta(hours=25), timedelta(hours=23)
    for path in (root / named, root / orphans[0], root / orphans[1], (root / named).parent / ".new-0123", root / "README"):
        aged(path, by=old)
    aged(root / orphans[2], by=young)
    assert main(["vault", "litter", "--json"]) == 0
    told = {line["path"]: line["kind"] for line in map(json.loads, capsys.readouterr().out.splitlines())}
    scratch = f"{named.rpartition('/')[0]}/.new-0123"
    assert told == {orphans[0]: "box", orphans[1]: "box", scratch: "scratch", "README": "strange"}
    # By a clock that runs two days ahead nothing grows old; and whoever gets a row at the last moment stays.
    assert {one.path for one in vault.find_litter(at=clock.now() + timedelta(days=2))} == set(told)
    with monkeypatch.context() as patched:
        patched.setattr(FolderStore, "now", lambda _: clock.now() + timedelta(days=2))
        assert {one.path for one in vault.find_litter(at=clock.now())} == set(told)
        patched.setattr(FolderStore, "now", lambda _: clock.now() - timedelta(days=2))
        assert not list(vault.find_litter(at=clock.now()))
    asked: list[list[str]] = []
    found = litter._named

    def late(paths: Any) -> set[str]:
        asked.append(list(paths))
        return found(asked[-1]) | ({orphans[0]} & set(asked[-1]) if len(asked) > 1 else set())

    with monkeypatch.context() as patched:
        patched.setattr(litter, "_named", late)
        assert main(["vault", "litter", "--remove"]) == 0
    left = {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}
    assert left == {named, orphans[0], orphans[2], "README"}
    assert vault.read(blob) == b"a contract " * 50
    assert [entry.event for entry in Entry.objects.all()].count("vault.litter_removed") == 1


def test_every_box_moves_and_the_house_goes_on_there(
    house: Place, s3: ObjectServer, proxy: Proxy, settings: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """Folder to bucket, broken off and begun again, and back into another folder; nothing goes away, and nothing unproven goes along."""
    contents = {kept(b"contract %d " % number * 30).pk: b"contract %d " % number * 30 for number in range(6)}
    kept_by = settings.TACHIAI = replace(settings.TACHIAI, store_access_key=ACCESS, store_secret_key=SECRET)
    prefix = secrets.token_hex(8)
    url, straight = (f"s3://plain/{prefix}?endpoint={where}&tls=none&attempts=1" for where in (proxy.endpoint, s3.endpoint))
    before = boxes(house.home / "vault")
    proxy.fails("500", "PUT", first=4)  # the probe comes twice, then two boxes
    assert main(["vault", "move", "--to", url]) == 1
    assert len(list(vault.store_at(straight, kept_by).list())) == 2
    proxy.fails("")
    assert main(["vault", "move", "--to", url]) == 0
    assert "Copied 4 boxes" in capsys.readouterr().out
    new = kept(b"meanwhile")
    assert main(["vault", "move", "--to", straight, "--only-new"]) == 0
    assert "Copied 1 boxes" in capsys.readouterr().out
    assert boxes(house.home / "vault").items() >= before.items()
    settings.TACHIAI = replace(kept_by, store_url=straight)
    keeping._store.cache_clear()
    for pk, content in {**contents, new.pk: b"meanwhile"}.items():
        assert vault.read(Blob.objects.get(pk=pk)) == content
    # Back again, with one box that was changed in the bucket and one that is missing there: both are named, the others move.
    changed, missing = (Segment.objects.order_by("pk")[number].path for number in (0, 1))
    s3.client.put_object(Bucket="plain", Key=f"{prefix}/{changed}", Body=before[changed][:-1] + b"?")
    s3.client.delete_object(Bucket="plain", Key=f"{prefix}/{missing}")
    assert main(["vault", "move", "--to", f"file://{house.home}/elsewhere"]) == 1
    told = capsys.readouterr().out
    assert f"NOT THERE: {changed} [vault.altered]" in told
    assert f"NOT THERE: {missing} [store.unreadable]" in told
    assert set(boxes(house.home / "elsewhere")) == set(Segment.objects.values_list("path", flat=True)) - {changed, missing}
    # Where something else lies already, the box is not taken for moved.
    (house.home / "elsewhere" / Segment.objects.order_by("pk")[2].path).write_bytes(b"another")
    assert main(["vault", "move", "--to", f"file://{house.home}/elsewhere"]) == 1
    assert "[vault.taken]" in capsys.readouterr().out


def boxes(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_an_alarm_stands_until_the_store_has_shown_itself(house: Place, capsys: pytest.CaptureFixture[str]) -> None:
    report_lie(str(house.home / "vault"), "ab/cd/box")
    assert main(["vault", "check", "--versions"]) == 0
    assert "folder" in capsys.readouterr().out
    assert not Alarm.objects.filter(kind="store.lied", cleared_at=None).exists()
    assert not list((house.home / "vault").rglob(".probe-*"))


def test_half_a_list_is_no_list(house: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    path = vault.put(b"nobody's", kind="document").path
    aged(house.home / "vault" / path, by=timedelta(days=2))

    def torn(_: FolderStore) -> Iterator[Any]:
        yield from ()
        raise Outage("store.unreadable", "torn")

    monkeypatch.setattr(FolderStore, "list", torn)
    with pytest.raises(Outage):
        vault.remove_litter(at=datetime.now(tz=clock.now().tzinfo))
    assert (house.home / "vault" / path).exists()
