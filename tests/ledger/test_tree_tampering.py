"""An administrator with the database, the disk and the log's own key in their hands: what they change is named."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import transaction

from ledger.logs import AT, codes, grow, lift_triggers
from ledger.test_tree import keep_token
from tachiai import clock, ledger, sealing
from tachiai.crypto.merkle import folded, root_of
from tachiai.crypto.signed_notes import checkpoint_text, sign_note
from tachiai.ledger.formats import entry_digest
from tachiai.ledger.models import Checkpoint, CheckpointStamp, Entry, Leaf, Tile
from tachiai.sealing.handles import handles

Act = Callable[[], None]


@pytest.fixture
def kept(house: object) -> str:
    """A log of 600 entries with three stamped checkpoints; what yesterday's completion mail carried is the second's note."""
    made = [grow(200, stream="envelope:a"), grow(200, stream="envelope:b"), grow(200, stream="envelope:a")]
    for one in made:
        keep_token(one)
    assert check() == []
    assert check(made[1].note) == []
    lift_triggers()
    return made[1].note


def check(*known: str) -> list[ledger.Finding]:
    return ledger.check_tree(known=known, roots=handles().tsa_roots)


def leaf(index: int) -> Entry:
    return Leaf.objects.get(index=index).entry


def rewrite(index: int) -> None:
    """Another body with a digest that fits it."""
    body = bytes(leaf(index).body).replace(b'"tested"', b'"forged"')
    Entry.objects.filter(pk=leaf(index).pk).update(body=body, digest=entry_digest(body))


def rebuild() -> None:
    """Tiles, roots and notes made anew over whatever entries stand now, signed with the house's real key."""
    seed, epoch = settings.TACHIAI.secret("log"), ledger.current_epoch()
    assert epoch is not None
    leaves = [bytes(digest) for digest in Leaf.objects.order_by("index").values_list("entry__digest", flat=True)]
    for tile in Tile.objects.all():
        row = leaves[tile.index * 256 : tile.index * 256 + 256]
        tile.hashes, tile.root = b"".join(row), folded(row)
        tile.save()
    for one in Checkpoint.objects.filter(size__lte=len(leaves)):
        one.root = root_of(leaves[: one.size])
        one.note = sign_note(checkpoint_text(epoch.origin, one.size, one.root), epoch.origin, seed)
        one.save()


def change_an_entry() -> None:
    Entry.objects.filter(pk=leaf(17).pk).update(body=bytes(leaf(17).body).replace(b'"tested"', b'"forged"'))


def change_an_entry_and_its_digest() -> None:
    rewrite(17)


def drop_a_leaf() -> None:
    Leaf.objects.filter(index=17).delete()


def drop_the_last_leaves() -> None:
    Leaf.objects.filter(index__gte=590).delete()


def swap_two_leaves() -> None:
    one, two = leaf(16), leaf(17)
    Leaf.objects.filter(index__in=(16, 17)).delete()
    Leaf.objects.create(epoch=ledger.current_epoch(), index=16, entry=two)
    Leaf.objects.create(epoch=ledger.current_epoch(), index=17, entry=one)


def drop_a_tile() -> None:
    Tile.objects.filter(index=1).delete()


def change_a_tile() -> None:
    tile = Tile.objects.get(index=1)
    Tile.objects.filter(pk=tile.pk).update(hashes=bytes(tile.hashes)[:-1] + b"\x00")


def change_the_node_above_a_tile() -> None:
    Tile.objects.filter(index=1).update(root=bytes(32))


def add_a_tile() -> None:
    Tile.objects.create(epoch=ledger.current_epoch(), level=0, index=2, hashes=bytes(8192), root=bytes(32))


def swap_two_checkpoints() -> None:
    one, two = Checkpoint.objects.order_by("size")[:2]
    Checkpoint.objects.filter(pk=one.pk).update(note=two.note)
    Checkpoint.objects.filter(pk=two.pk).update(note=one.note)


def change_a_root() -> None:
    Checkpoint.objects.filter(size=400).update(root=bytes(32))


def sign_another_root() -> None:
    """With the real key, under the token of the one that stood there."""
    epoch = ledger.current_epoch()
    assert epoch is not None
    note = sign_note(checkpoint_text(epoch.origin, 400, bytes(32)), epoch.origin, settings.TACHIAI.secret("log"))
    Checkpoint.objects.filter(size=400).update(root=bytes(32), note=note)


def sign_with_another_key() -> None:
    epoch = ledger.current_epoch()
    assert epoch is not None
    one = Checkpoint.objects.get(size=400)
    note = sign_note(checkpoint_text(epoch.origin, 400, bytes(one.root)), epoch.origin, bytes(32))
    Checkpoint.objects.filter(size=400).update(note=note)


def swap_two_tokens() -> None:
    one, two = CheckpointStamp.objects.order_by("pk")[:2]
    CheckpointStamp.objects.filter(pk=one.pk).update(token=bytes(two.token))
    CheckpointStamp.objects.filter(pk=two.pk).update(token=bytes(one.token))


def damage_a_token() -> None:
    one = CheckpointStamp.objects.get(checkpoint__size=400)
    CheckpointStamp.objects.filter(pk=one.pk).update(token=bytes(one.token)[:-40])


def flip_a_token() -> None:
    """A byte of its signature: it still says what it stamps."""
    one = CheckpointStamp.objects.get(checkpoint__size=400)
    token = bytes(one.token)
    at = token.rindex(b"\x04\x82") + 40
    CheckpointStamp.objects.filter(pk=one.pk).update(token=token[:at] + bytes([token[at] ^ 1]) + token[at + 1 :])


def date_a_token_back() -> None:
    CheckpointStamp.objects.filter(checkpoint__size=400).update(stamped_at=AT)


def stamp_a_small_tree_afterwards() -> None:
    """The note is the old one; the token is of a later day than those of the trees that grew from it."""
    one, later = Checkpoint.objects.get(size=200), clock.now() + timedelta(hours=1)
    CheckpointStamp.objects.filter(checkpoint=one).delete()
    stamped = sealing.stamp_digest(ledger.imprint_of(one), at=later, now=lambda: later)
    ledger.keep_stamp(one, token=stamped.token, stamped_at=stamped.facts.gen_time, authority="CN=T", accredited=False)


def rewrite_and_rebuild() -> None:
    rewrite(17)
    rebuild()


BROKEN: list[tuple[Act, dict[str, str]]] = [
    (change_an_entry, {"tree.entry_changed": "e1/leaf 17 (envelope:a #18)"}),
    (change_an_entry_and_its_digest, {"tree.tile_changed": "e1/tile/0/000", "checkpoint.root": "e1/checkpoint 200"}),
    (drop_a_leaf, {"tree.leaf_missing": "e1/leaf 17", "tree.truncated": "e1/checkpoint 200"}),
    (drop_the_last_leaves, {"tree.truncated": "e1/checkpoint 600"}),
    (swap_two_leaves, {"tree.entry_missing": "e1/leaf 16 (envelope:a #18)", "tree.leaf_order": "e1/leaf 17 (envelope:a #17)"}),
    (drop_a_tile, {"tree.tile_missing": "e1/tile/0/001"}),
    (change_a_tile, {"tree.tile_changed": "e1/tile/0/001"}),
    (change_the_node_above_a_tile, {"tree.tile_changed": "e1/tile/0/001"}),
    (add_a_tile, {"tree.tile_stray": "e1/tile"}),
    (swap_two_checkpoints, {"checkpoint.note": "e1/checkpoint 200", "stamp.imprint": "e1/checkpoint 200"}),
    (change_a_root, {"checkpoint.note": "e1/checkpoint 400", "checkpoint.root": "e1/checkpoint 400"}),
    (sign_another_root, {"checkpoint.root": "e1/checkpoint 400", "stamp.imprint": "e1/checkpoint 400"}),
    (sign_with_another_key, {"checkpoint.note": "e1/checkpoint 400", "stamp.imprint": "e1/checkpoint 400"}),
    (swap_two_tokens, {"stamp.imprint": "e1/checkpoint 200"}),
    (damage_a_token, {"stamp.token": "e1/checkpoint 400"}),
    (flip_a_token, {"stamp.token": "e1/checkpoint 400"}),
    (date_a_token_back, {"stamp.time": "e1/checkpoint 400"}),
    (stamp_a_small_tree_afterwards, {"stamp.order": "e1/checkpoint 400"}),
    (rewrite_and_rebuild, {"stamp.imprint": "e1/checkpoint 200"}),
]


def test_what_was_changed_is_named(kept: str) -> None:
    for act, named in BROKEN:
        with transaction.atomic():
            act()
            subjects = {(finding.code, finding.subject) for finding in check()}
            assert set(named.items()) <= subjects, (act.__name__, subjects)
            transaction.set_rollback(True)
    assert check() == []


def test_a_changed_leaf_is_named_by_its_tile(kept: str) -> None:
    rewrite(17)
    (found,) = [finding for finding in check() if finding.code == "tree.tile_changed"]
    assert found.detail == "it has another hash for leaf 17 (envelope:a #18)"


def test_a_history_written_anew_with_the_real_key_and_new_tokens_is_caught_by_an_old_note_alone(kept: str) -> None:
    """Everything in the house agrees again, and yesterday's mail does not."""
    rewrite(17)
    rebuild()
    CheckpointStamp.objects.all().delete()
    for one in Checkpoint.objects.all():
        keep_token(one)
    assert check() == []
    assert check(kept) == [ledger.Finding("known.inconsistent", "e1/known checkpoint 400", "the tree of 400 leaves has another root")]


def test_a_log_cut_short_with_all_its_traces_is_caught_by_an_old_note_alone(kept: str) -> None:
    """An older copy of the database put in its place."""
    CheckpointStamp.objects.filter(checkpoint__size__gt=200).delete()
    Checkpoint.objects.filter(size__gt=200).delete()
    Tile.objects.all().delete()
    Leaf.objects.filter(index__gte=200).delete()
    assert check() == []
    assert codes(check(kept)) == {"tree.truncated"}
    assert check(kept)[0].subject == "e1/known checkpoint 400"


def test_notes_that_are_not_of_this_log(kept: str) -> None:
    other = sign_note(checkpoint_text("elsewhere.example/log/e1", 400, bytes(32)), "elsewhere.example/log/e1", bytes(32))
    assert codes(check(other)) == {"known.unknown_log"}
    assert codes(check("not a note")) == {"known.malformed"}
    assert codes(check(kept.replace("\n400\n", "\n399\n"))) == {"known.signature"}
    assert check(kept, kept) == []
