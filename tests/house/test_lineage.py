"""Rows that earlier migrations made: taken over untouched when they have been through all of them, refused when they stopped among them."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from cast import Cast
from invariants import check_house
from stories import concluded
from tachiai.cli.houses import establish
from tachiai.errors import Refusal
from tachiai.lineage import find_lost_step, known_migrations

Applied = MigrationRecorder.Migration
LAST = {"app": "envelopes", "name": "0013_sending"}


def test_a_house_of_before_goes_over_untouched(cast: Cast) -> None:
    concluded(cast)
    _as_before()
    before = _schema()
    establish()
    assert _schema() == before
    assert Applied.objects.filter(name="0001_whole").count() == 11
    assert check_house() == []


def test_a_house_halfway_is_refused_and_left_as_it_is(cast: Cast) -> None:
    _as_before()
    Applied.objects.filter(**LAST).delete()
    applied = _applied()
    with pytest.raises(Refusal, match=r"database\.halfway.*envelopes\.0013_sending"):
        establish()
    assert _applied() == applied


def test_only_what_is_lost_is_in_the_way() -> None:
    """A house that is new, one that has everything, and one to which a whole room is new have lost nothing."""
    known = known_migrations()
    assert find_lost_step(()) == find_lost_step(known) == ""
    assert find_lost_step({name for name in known if not name.startswith("backups.")}) == ""
    assert find_lost_step(known - {"ledger.0002_append_only", "ledger.0005_later_stamps"}) == "ledger.0002_append_only"


def test_models_and_migrations_say_the_same(house: object) -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def _as_before() -> None:
    """What Django records of a replacing migration besides itself is what an old house holds."""
    assert Applied.objects.filter(name="0001_whole").delete()[0] == 11
    assert Applied.objects.filter(**LAST).exists()


def _applied() -> list[tuple[str, str]]:
    return sorted(Applied.objects.values_list("app", "name"))


def _schema() -> list[tuple[str, ...]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT type, name, sql FROM sqlite_master ORDER BY 1, 2")
        return list(cursor.fetchall())
