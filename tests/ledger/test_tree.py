"""The tree over all entries: places given once, tiles, proofs and checkpoints that hold against the definition."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.conf import settings
from django.db import DatabaseError, connection, transaction

from crowds import together
from ledger.logs import AT, TREE, derived, grow, leaves, lift_triggers, without_places, write
from tachiai import ledger
from tachiai.crypto.merkle import check_consistency, check_inclusion, root_of, tree_root
from tachiai.crypto.signed_notes import open_note, parse_checkpoint
from tachiai.errors import Outage, Refusal
from tachiai.ledger import sequencing
from tachiai.ledger.models import Checkpoint, CheckpointStamp, Entry, Epoch, LaterStamp, Leaf, Tile

pytestmark = pytest.mark.usefixtures("house")


def test_every_entry_gets_one_place_and_each_proof_leads_to_the_root() -> None:
    assert ledger.integrate(at=AT) == 0
    assert ledger.checkpoint(at=AT, reason="test") is None
    write(300)
    write(3, stream="house")
    assert ledger.integrate(at=AT) == 303
    assert ledger.integrate(at=AT) == 0
    made = ledger.checkpoint(at=AT, reason="test")
    assert made is not None
    epoch, node = made.epoch, derived()
    assert (epoch.number, epoch.origin) == (1, "127.0.0.1:8000/log/e1")
    assert parse_checkpoint(open_note(made.note, ledger.log_key(epoch))) == (epoch.origin, 303, root_of(leaves()))
    for stream, number in (("envelope:logged", 1), ("envelope:logged", 256), ("envelope:logged", 300), ("house", 3)):
        entry = Entry.objects.get(stream__name=stream, number=number)
        found = ledger.inclusion(stream, number, size=303)
        check_inclusion(bytes(entry.digest), index=found.index, size=found.size, proof=found.hashes, root=bytes(made.root))
    for first in (0, 1, 255, 256, 257, 303):
        proof = ledger.consistency(first, 303)
        check_consistency(first, 303, first_root=tree_root(first, node), second_root=bytes(made.root), proof=proof)
    assert ledger.check_tree() == []


def test_proofs_that_cannot_be_given_are_refused() -> None:
    write(2)
    with pytest.raises(Refusal, match=r"log\.not_integrated"):
        ledger.inclusion("envelope:logged", 1, size=2)
    grow(1)
    for stream, number, size in (("envelope:logged", 4, 3), ("other", 1, 3), ("envelope:logged", 3, 2), ("envelope:logged", 1, 4)):
        with pytest.raises(Refusal, match=r"log\.not_integrated"):
            ledger.inclusion(stream, number, size=size)
    with pytest.raises(Refusal, match=r"log\.not_integrated"):
        ledger.inclusion("envelope:logged", 1)  # nothing is stamped yet
    for first, second in ((-1, 2), (2, 1), (1, 4)):
        with pytest.raises(Refusal, match=r"log\.no_such_tree"):
            ledger.consistency(first, second)


def test_the_tree_grows_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    """Batch by batch, with a stop between any two: tiles, roots and checkpoints are those of the whole."""
    monkeypatch.setattr(sequencing, "BATCH", 100)
    made = [grow(count) for count in (1, 254, 1, 1, 300, 467)]
    assert [one.size for one in made] == [1, 255, 256, 257, 557, 1024]
    assert [bytes(one.root) for one in made] == [tree_root(one.size, derived()) for one in made]
    assert Tile.objects.count() == 4
    assert ledger.checkpoint(at=AT, reason="again") == made[-1]
    assert Checkpoint.objects.count() == 6
    assert ledger.check_tree() == []


def test_a_stop_before_the_tiles_is_made_up_for(monkeypatch: pytest.MonkeyPatch) -> None:
    write(300)
    with monkeypatch.context() as broken:
        broken.setattr(sequencing, "complete_tiles", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            ledger.integrate(at=AT)
    assert without_places() == 300
    with monkeypatch.context() as broken:
        broken.setattr(sequencing, "complete_tiles", lambda *_: None)  # as if the tiles had been lost
        ledger.integrate(at=AT)
    assert [finding.code for finding in ledger.check_tree()] == ["tree.tile_missing"]
    grow(1)
    assert ledger.check_tree() == []


def test_published_tiles_are_cut_to_the_tree_asked_about() -> None:
    epoch = grow(300).epoch
    hashes = leaves()
    whole = ledger.tile(epoch, 0, 0, 256, size=300)
    assert whole is not None
    assert (whole.content, whole.full) == (b"".join(hashes[:256]), True)
    part = ledger.tile(epoch, 0, 1, 44, size=300)
    assert part is not None
    assert (part.content, part.full) == (b"".join(hashes[256:]), False)
    assert ledger.tile(epoch, 0, 0, 7, size=300) == (b"".join(hashes[:7]), False)
    assert ledger.tile(epoch, 1, 0, 1, size=300) == (tree_root(256, derived()), False)
    for level, index, width, size in ((0, 1, 45, 300), (0, 1, 44, 299), (0, 2, 1, 300), (1, 0, 2, 300), (2, 0, 1, 300), (0, 0, 0, 300)):
        assert ledger.tile(epoch, level, index, width, size=size) is None


def test_however_many_give_places_each_entry_gets_one() -> None:
    write(700)
    together([lambda: ledger.integrate(at=AT) for _ in range(4)] + [lambda: write(100, stream="envelope:meanwhile")] * 2)
    ledger.integrate(at=AT)
    assert Epoch.objects.count() == 1
    assert len(set(leaves())) == Leaf.objects.count() == 900
    assert ledger.check_tree() == []


def test_a_database_put_back_is_looked_through_again() -> None:
    write(5)
    ledger.integrate(at=AT)
    lift_triggers()
    Leaf.objects.all().delete()
    Entry.objects.filter(number__gt=3).delete()
    assert ledger.integrate(at=AT) == 3
    # Only a sweep finds what lies below what a process knows to be settled.
    Leaf.objects.filter(index=2).delete()
    assert ledger.integrate(at=AT) + ledger.integrate(at=AT, sweep=True) == 1


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE {} SET id = id",
        "DELETE FROM {}",
        "REPLACE INTO {0} SELECT * FROM {0}",
        "TRUNCATE {} CASCADE",
    ],
)
@pytest.mark.usefixtures("house")
def test_the_database_refuses_to_change_the_log(statement: str) -> None:
    one = grow(256)
    keep_token(one)
    assert [keep_token_again(one).number for _ in range(2)] == [2, 3]
    for table in TREE:
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement.format(table))
    assert ledger.check_tree() == []


def keep_token(one: Checkpoint) -> CheckpointStamp:
    """A real token of the demonstration's authority."""
    from tachiai import clock, sealing

    stamped = sealing.stamp_digest(ledger.imprint_of(one), at=clock.now(), now=clock.now)
    return ledger.keep_stamp(one, token=stamped.token, stamped_at=stamped.facts.gen_time, authority="CN=T", accredited=False)


def keep_token_again(one: Checkpoint) -> LaterStamp:
    kept = one.stamp
    return ledger.keep_later_stamp(one, token=bytes(kept.token), stamped_at=kept.stamped_at, authority="CN=T", accredited=False)


def test_a_token_is_kept_once_and_is_what_counts() -> None:
    first = grow(3)
    assert ledger.latest_checkpoint() is None
    assert ledger.latest_checkpoint(stamped=False) == first
    kept = keep_token(first)
    assert keep_token(first).token == kept.token
    second = grow(2, stream="house")
    assert ledger.latest_checkpoint() == first
    assert ledger.is_covered(["envelope:logged"], first)
    assert not ledger.is_covered(["envelope:logged", "house"], first)
    assert ledger.is_covered(["house"], second)
    assert ledger.oldest_uncovered() == AT
    keep_token(second)
    assert ledger.oldest_uncovered() is None
    assert [one.size for one in ledger.stamped_checkpoints(count=9)] == [5, 3]
    assert ledger.inclusion("house", 2).size == 5


# --------------------------------------------------------------------------------- what was told to the world


def test_nothing_is_signed_that_contradicts_what_was_published() -> None:
    first = grow(5)
    keep_token(first)
    ledger.publish(first, token=bytes(first.stamp.token))
    folder = settings.TACHIAI.published
    assert (folder / "checkpoint").read_text() == first.note
    assert (folder / "checkpoint.tst").read_bytes() == bytes(first.stamp.token)
    second = grow(3)
    keep_token(second)
    ledger.publish(second, token=bytes(second.stamp.token))
    # Who is late with an older one does not put it over the newer.
    ledger.publish(first, token=bytes(first.stamp.token))
    assert (folder / "checkpoint").read_text() == second.note

    # The database of an hour ago, and the file of now.
    lift_triggers()
    CheckpointStamp.objects.filter(checkpoint=second).delete()
    second.delete()
    with pytest.raises(Outage, match=r"log\.behind"):
        ledger.checkpoint(at=AT, reason="test")
    with pytest.raises(Outage, match=r"log\.behind"):
        ledger.publish(first, token=b"")
    assert (folder / "checkpoint").read_text() == second.note
    # Another history of the same length, signed with the same key, before the file is looked at.
    (folder / "checkpoint").unlink()
    Leaf.objects.filter(index__gte=5).delete()
    Entry.objects.filter(number__gt=5).delete()
    grow(3, stream="envelope:another")
    (folder / "checkpoint").write_text(second.note)
    with pytest.raises(Outage, match=r"log\.forked"):
        ledger.checkpoint(at=AT, reason="test")


def test_a_file_that_is_no_checkpoint_of_ours_stops_the_signing() -> None:
    made = grow(5)
    folder = settings.TACHIAI.published
    folder.mkdir()
    for content in (b"", b"\xff", made.note.replace("\n5\n", "\n4\n").encode(), made.note.encode().replace(b"\n", b"\r\n")):
        (folder / "checkpoint").write_bytes(content)
        with pytest.raises(Outage, match=r"log\.published_unreadable"):
            ledger.checkpoint(at=AT, reason="test")
    (folder / "checkpoint").write_text(made.note)
    assert ledger.checkpoint(at=AT, reason="test") == made


def test_another_key_and_another_tree_are_not_signed_under_one_name() -> None:
    grow(5)
    write(1)
    ledger.integrate(at=AT)
    key = settings.TACHIAI.keys / "log.key"
    own = key.read_text()
    key.write_text("00" * 32)
    with pytest.raises(Outage, match=r"log\.key_changed"):
        ledger.checkpoint(at=AT, reason="test")
    key.write_text(own)
    lift_triggers()
    Checkpoint.objects.update(root=bytes(32))
    with pytest.raises(Outage, match=r"log\.forked"):
        ledger.checkpoint(at=AT, reason="test")


# ------------------------------------------------------------------------------------------------------ epochs


def test_a_new_epoch_takes_over_every_entry_in_its_order_and_tells_why() -> None:
    write(4, stream="house")
    lost = grow(300).note
    kept = leaves()
    write(2, stream="envelope:waiting")
    assert ledger.current_epoch() is not None
    with pytest.raises(Refusal, match=r"log\.note"):
        ledger.begin_epoch(reason="restored", known="no note", at=AT)
    second = ledger.begin_epoch(reason="restored", known=lost, at=AT + timedelta(days=1))
    assert (second.number, second.origin, second.known) == (2, "127.0.0.1:8000/log/e2", [lost])
    assert ledger.integrate(at=AT) == 307
    assert leaves()[:304] == kept
    told = ledger.entries("house")[-1]
    assert told.event == "log.epoch_begun"
    assert leaves()[306] == bytes(Entry.objects.get(event="log.epoch_begun").digest)
    (known,) = told.data["known"]
    assert (known["origin"], known["size"], known["ours"]) == ("127.0.0.1:8000/log/e1", 304, True)
    made = ledger.checkpoint(at=AT, reason="test")
    assert made is not None
    assert (made.epoch.number, made.size) == (2, 307)
    assert open_note(made.note, ledger.log_key(second))
    # Both trees hold, and a note of the first still has something to be held against.
    assert ledger.check_tree(known=[lost, made.note]) == []
    assert grow(2).epoch == second


def test_there_is_nothing_to_follow_in_an_empty_house() -> None:
    with pytest.raises(Refusal, match=r"log\.no_epoch"):
        ledger.begin_epoch(reason="restored", known=[], at=AT)
