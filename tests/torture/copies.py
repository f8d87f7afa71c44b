"""``tachiai backup`` and ``tachiai restore`` as victims: what is named a generation is whole, and what was half restored never acts."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace

from django.conf import settings
from django.db import connection

import postgres
from invariants import check_house
from tachiai import backups, clock
from tachiai.accounts import identity
from tachiai.backups.models import Backup
from tachiai.backups.repository import Repository
from tachiai.errors import Outage, Refusal
from torture.grounds import House


def back_up() -> None:
    backups.make_backup(now=clock.now)


def check_generations() -> None:
    """Whatever bears a name is whole to the last byte."""
    place = Repository(settings.TACHIAI.backup_to)
    for generation in place.generations():
        manifest = place.manifest(generation)
        place.check_files(manifest)
        assert len([place.box(box) for box in place.boxes(generation)]) == manifest.boxes


def go_on() -> None:
    """The next backup succeeds, nothing unfinished is left, and no row promises a generation that is gone."""
    place = Repository(settings.TACHIAI.backup_to)
    before = place.generations()
    back_up()
    check_generations()
    assert place.generations()[-1] not in before
    assert not list((place.folder / "generations").glob(".*")), "something unfinished is left"
    promised = set(Backup.objects.filter(dropped_at=None).values_list("generation", flat=True))
    assert promised <= set(place.generations()), f"gone: {promised - set(place.generations())}"


def new_place(house: House) -> House:
    """Where the backups beside ``house`` are to be restored: its keys lie there and nothing else."""
    home = house.home.parent / "again"
    shutil.copytree(house.home / "keys", home / "keys")
    database = f"{house.database}_again" if house.server else str(home / "tachiai.sqlite3")
    if house.server:
        postgres.copy(house.server, "template0", database)
    return replace(house, home=home, database=database)


def clear(house: House) -> None:
    """As the operator is told: the half restored house is removed, its keys stay."""
    for path in house.home.iterdir():
        if path.name != "keys":
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    if house.server:
        postgres.drop(house.server, house.database)
        postgres.copy(house.server, "template0", house.database)


def bring_back() -> None:
    backups.restore(settings.TACHIAI.backup_to, at=clock.now())


def check_half() -> None:
    """A restoring was cut off. Begun again it succeeds where nothing had been laid yet, and is refused otherwise; and the house rests."""
    refused = _code_of(bring_back)
    assert refused in ("", "restore.occupied"), refused
    if not refused or _is_without_rows():
        return
    assert _code_of(lambda: identity.check_acting("mail")), "a half restored house acts"
    if _code_of(backups.restored) == "restore.unfinished":
        accepted = _code_of(lambda: backups.accept_as_production(known=[], at=clock.now()))
        assert accepted == "restore.unfinished", f"a half restored house was to be accepted: {accepted or 'and was'}"


def _code_of(act: Callable[[], object]) -> str:
    """What ``act`` was refused for, or nothing."""
    try:
        act()
    except (Refusal, Outage) as no:
        return no.code
    return ""


def _is_without_rows() -> bool:
    """Nobody can act in a database without tables."""
    return not connection.introspection.table_names()


def check_restored() -> None:
    """Whole and held; accepted, it is in order."""
    found = backups.restored()  # refused of a house that is not all there
    assert found.held, found
    backups.accept_as_production(known=[], at=clock.now())
    identity.look_again()
    assert not identity.standing().rests
    check_house()
