"""A house restored from before its last published checkpoints goes on in a tree of its own, and no place in it is anybody else's."""

from __future__ import annotations

import shutil
from email import message_from_bytes
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from backups.moving import standing_in
from cast import assemble
from place import Place
from stories import sent, vendor_signs, work
from tachiai import archive, backups, clock, ledger
from tachiai.accounts import identity
from tachiai.administration.signing_keys import try_keys
from tachiai.administration.storing import clear_litter
from tachiai.backups.repository import Repository
from tachiai.cli import main
from tachiai.crypto.signed_notes import parse_checkpoint, split_note
from tachiai.errors import Refusal
from tachiai.ledger.models import Leaf
from tachiai.outbox.models import Mail


def tell(count: int) -> None:
    for _ in range(count):
        with transaction.atomic():
            ledger.append("house", "house.tried", by=ledger.Actor.house(), at=clock.now())


def test_a_house_older_than_its_published_checkpoints(house: Place, backed: Path, tmp_path: Path, settings: Any) -> None:
    vendor_signs(sent(assemble()))  # consented; neither sealed nor thanked yet
    waiting = set(Mail.objects.filter(state="waiting").values_list("message_id", flat=True))
    first = archive.anchored(["house"], now=clock.now)
    made = backups.make_backup(now=clock.now)
    # The generation says which checkpoint it has.
    manifest = Repository(backed).manifest(made.generation)
    assert manifest.checkpoint == {"origin": first.origin, "size": first.size, "root": first.root.hex()}
    tell(7)
    last = archive.anchored(["house"], now=clock.now)
    taken = dict(Leaf.objects.order_by("index").values_list("index", "entry__digest"))
    before = ledger.Entry.objects.count()
    work()
    assert waiting
    assert waiting <= _delivered(house.home)
    lost = (house.home / "published" / "checkpoint").read_bytes()
    shutil.copytree(house.home / "keys", tmp_path / "again" / "keys")
    with standing_in(tmp_path / "again", settings):
        backups.restore(backed, at=clock.now())
        _rests()
        missing = before - ledger.Entry.objects.count()
        accepted = backups.accept_as_production(known=backups.stated_in(lost), at=clock.now())
        assert (accepted.epoch, accepted.missing) == (2, missing)
        assert missing >= 7
        after = archive.anchored(["house"], now=clock.now)
        assert after.origin.endswith("/log/e2")
        assert ledger.check_tree(known=[first.note, after.note]) == []
        # What was published and is lost is named to whoever holds it: nothing pretends to be its place.
        assert [one.code for one in ledger.check_tree(known=[last.note])] == ["tree.truncated"]
        assert {one.subject for one in ledger.check_tree(known=[last.note])} == {f"e1/known checkpoint {last.size}"}
        # Epoch 1 ends where the backup did, and no place of it has another entry than the lost house gave it.
        old = dict(Leaf.objects.filter(epoch__number=1).values_list("index", "entry__digest"))
        assert {place: bytes(digest) for place, digest in old.items()} == {place: bytes(taken[place]) for place in range(len(old))}
        assert first.size <= len(old) < last.size
        known = ledger.all_epochs()[0].known
        assert [parse_checkpoint(split_note(note)[0]).size for note in known][:1] == [last.size]
        work()
        assert not waiting & _delivered(tmp_path / "again"), "a mail that had gone went again"
        assert Mail.objects.filter(result="uncertain").count() == accepted.mails == len(waiting)


def _rests() -> None:
    """A held house removes nothing from its store, and tries no key."""
    with pytest.raises(Refusal, match=r"store\.litter_held"):
        clear_litter(at=clock.now())
    assert [(one.what, one.code, one.grave) for one in try_keys(at=clock.now())] == [("house", "house.held", True)]


def _delivered(home: Path) -> set[str]:
    letters = (home / "mailbox").iterdir() if (home / "mailbox").exists() else ()
    return {str(message_from_bytes(letter.read_bytes())["Message-ID"]) for letter in letters}


def test_keys_beside_another_database_are_not_tried(
    house: Place, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("tachiai.cli.keys._establish", lambda: None)
    (house.home / "keys" / "house.id").write_text("00000000-0000-4000-8000-000000000000\n")
    identity.look_again()
    assert main.main(["key", "preflight"]) == 1
    told = capsys.readouterr().out
    assert "seal.foreign_house" in told
    assert "ok  " not in told
    assert main.main(["vault", "litter", "--remove"]) == 1
    assert "store.litter_held" in capsys.readouterr().err
