"""Backup, destroy, restore, check, and go on where the backup ended."""

from __future__ import annotations

import shutil
from dataclasses import replace
from email import message_from_bytes
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from django.urls import reverse

from backups.moving import on_postgresql, standing_in
from cast import PASSWORD, assemble
from invariants import check_house
from place import Place
from stories import concluded, mayor_signs, sent, vendor_signs, work
from tachiai import backups, clock
from tachiai.backups.doubts import decide
from tachiai.backups.inspecting import read_everything
from tachiai.cli.houses import establish
from tachiai.config.jobs import rests
from tachiai.envelopes.destroying import Grounds, destroy_documents
from tachiai.envelopes.models import Envelope, SealTask
from tachiai.errors import Outage, Refusal
from tachiai.ledger.models import Entry
from tachiai.outbox.models import Mail
from tachiai.sealing.models import Seal

ROOMS = 11  # that have rows


def test_a_house_is_brought_back_and_goes_on(
    house: Place, backed: Path, tmp_path: Path, settings: Any, fresh_database: str, stores: tuple[dict[str, Any], dict[str, Any]]
) -> None:
    before, after = stores
    settings.TACHIAI = replace(settings.TACHIAI, **before)
    cast = assemble()
    concluded(cast)
    open_ = sent(cast)
    vendor_signs(open_)  # consented, and neither sealed nor thanked yet
    waiting = set(Mail.objects.filter(state="waiting").values_list("message_id", flat=True))
    assert waiting
    made = backups.make_backup(now=clock.now)
    told = [bytes(body) for body in Entry.objects.filter(event="backup.made").values_list("body", flat=True)]
    assert [bytes(made.manifest).hex().encode() in body for body in told] == [True]
    # The house goes on after its backup: mails go out, the consent is sealed. Then all of it is lost.
    work()
    assert waiting <= _delivered(house.home)
    keys = tmp_path / "keys"
    shutil.copytree(house.home / "keys", keys)
    shutil.rmtree(house.home)

    home = tmp_path / "again"
    shutil.copytree(keys, home / "keys")
    with standing_in(home, settings, database=fresh_database, **after):
        restored = backups.restore(backed, at=clock.now())
        assert restored.sha256 == bytes(made.manifest)
        _through_an_upgrade()
        assert read_everything().findings == []
        check_house()
        _held(home, cast.clerk.mail)
        with pytest.raises(Refusal, match=r"restore\.occupied"):
            backups.restore(backed, at=clock.now())

        SealTask.objects.update(due_at=clock.now())
        accepted = backups.accept_as_production(known=[], at=clock.now())
        assert not rests()
        assert accepted.mails == len(waiting)
        cast.city.refresh_from_db()
        assert cast.city.last_number == 2 + 100
        work()
        assert not waiting & _delivered(home), "a mail that may have gone went again"
        open_.refresh_from_db()
        mayor_signs(open_)
        work()
        assert Envelope.objects.get(pk=open_.pk).state == "concluded"
        first, *others = Mail.objects.filter(result="uncertain").values_list("pk", "message_id")
        assert decide([str(first[0])], send=True, at=clock.now()) == 1
        assert decide(["all"], send=False, at=clock.now()) == len(others)
        work()
        assert waiting & _delivered(home) == {first[1]}
        check_house()


def test_what_this_version_cannot_take_further_is_refused(house: Place, backed: Path) -> None:
    for change, code in ((_forget_a_step, r"restore\.halfway"), (_know_a_later_one, r"restore\.newer")):
        change()
        made = backups.make_backup(now=clock.now)
        with pytest.raises(Refusal, match=code):
            backups.check_restorable(backed, generation=made.generation)


def _forget_a_step() -> None:
    assert MigrationRecorder.Migration.objects.filter(app="envelopes", name="0013_sending").delete()[0] == 1


def _know_a_later_one() -> None:
    MigrationRecorder.Migration.objects.create(app="envelopes", name="9999_later")


def _through_an_upgrade() -> None:
    """The restored rows as a version before backups had them, with the migrations of then, brought up as ``tachiai init`` does it."""
    call_command("migrate", "backups", "zero", verbosity=0)
    MigrationRecorder.Migration.objects.filter(name="0001_whole").delete()
    establish()
    assert MigrationRecorder.Migration.objects.filter(name="0001_whole").count() == ROOMS


def _held(home: Path, mail: str) -> None:
    """Nothing is mailed or sealed; pages may be read and say so; no door writes."""
    seals, entries = Seal.objects.count(), Entry.objects.count()
    work()  # more than a worker would do, who does not even look
    assert rests()
    with pytest.raises(Outage, match=r"house\.held"):
        destroy_documents(Envelope(), positions=[], grounds=Grounds("保存期間満了", "運営 太郎"), at=clock.now())
    assert (Seal.objects.count(), Entry.objects.count()) == (seals, entries)
    assert _delivered(home) == set()
    page = Client().get("/v")
    assert "復元" in page.content.decode()
    client = Client()
    client.post(reverse("account_login"), {"login": mail, "password": PASSWORD})
    assert client.get("/").status_code == 200
    refused = client.post("/envelopes/new")
    assert refused.status_code == 503
    assert "閲覧だけができます" in refused.content.decode()


def _delivered(home: Path) -> set[str]:
    letters = (home / "mailbox").iterdir() if (home / "mailbox").exists() else ()
    return {str(message_from_bytes(letter.read_bytes())["Message-ID"]) for letter in letters}


def test_the_same_on_postgresql() -> None:
    """The story above in both stores once more, in a run of its own whose houses live in PostgreSQL."""
    on_postgresql(__file__, "brought_back", passed=2)
