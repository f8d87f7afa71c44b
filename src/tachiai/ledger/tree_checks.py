"""Checking the whole log from its raw rows: every leaf from its entry's body, every tile, every root, every note, every token's imprint."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from tachiai.crypto.merkle import FullTile, Growing, cut_hashes, folded, tile_path
from tachiai.crypto.signed_notes import BadNote, CheckpointText, open_note, parse_checkpoint, split_note
from tachiai.crypto.timestamps import BadToken, read_token, stated_imprint
from tachiai.ledger.epochs import log_key
from tachiai.ledger.formats import entry_digest
from tachiai.ledger.models import Checkpoint, CheckpointStamp, Epoch, LaterStamp, Leaf, Tile

_PAGE = 1000
# What two tokens of an authority, or of two, may differ in their order.
_ORDER = timedelta(seconds=60)


class Finding(NamedTuple):
    """One thing that cannot be as it was made: a stable code, what is broken, and how that shows."""

    code: str
    subject: str
    detail: str


@dataclass(frozen=True)
class _Standing:
    """A leaf as its row and its entry's row have it."""

    index: int
    entry: int
    stream: str
    number: int
    body: bytes
    digest: bytes

    @property
    def name(self) -> str:
        return f"leaf {self.index} ({self.stream} #{self.number})"


def check_tree(*, known: Sequence[str] = (), roots: Sequence[bytes] | None = None) -> list[Finding]:
    """Re-derive the log and say what is not as it was made; an empty list when everything is.

    ``known`` are notes that were kept elsewhere (from a mail, a certificate, a mirror): the only thing by which a whole history
    that was written anew, with the house's own key, can be told from the old one. ``roots`` are the timestamping authorities'
    certificates: with them each token is checked in full, without them only what it stamps.
    """
    wanted = _known_by_origin(known)
    findings = list(wanted.findings)
    for epoch in Epoch.objects.order_by("number"):
        findings += _Checker(epoch, wanted.notes.pop(epoch.origin, []), roots).check()
    findings += [Finding("known.unknown_log", origin, "no log of this name") for origin in wanted.notes]
    return findings


class _Known(NamedTuple):
    notes: dict[str, list[tuple[str, CheckpointText]]]
    findings: list[Finding]


def _known_by_origin(known: Iterable[str]) -> _Known:
    found = _Known({}, [])
    for note in known:
        try:
            stated = parse_checkpoint(split_note(note)[0])
        except BadNote as wrong:
            found.findings.append(Finding("known.malformed", note.split("\n", 1)[0][:80], wrong.code))
        else:
            found.notes.setdefault(stated.origin, []).append((note, stated))
    return found


class _Checker:
    """One epoch, read once from its first leaf to its last."""

    def __init__(self, epoch: Epoch, known: Sequence[tuple[str, CheckpointText]], roots: Sequence[bytes] | None) -> None:
        self._epoch, self._roots, self._vkey = epoch, roots, log_key(epoch)
        self._known = known
        self._checkpoints = list(epoch.checkpoints.select_related("stamp").prefetch_related("later_stamps").order_by("size", "pk"))
        self._asked = {one.size for one in self._checkpoints} | {stated.size for _note, stated in known}
        self._tree, self._derived = Growing(), {0: Growing().root()}
        self._numbers: dict[str, int] = {}
        self._names: list[str] = []
        self._tiles = 0

    def check(self) -> list[Finding]:
        return [*self._check_leaves(), *self._check_tile_count(), *self._check_checkpoints(), *self._check_known()]

    def _name(self, what: str) -> str:
        return f"e{self._epoch.number}/{what}"

    # ---------------------------------------------------------------------------------------------- leaves

    def _check_leaves(self) -> Iterator[Finding]:
        for leaf in _leaves(self._epoch):
            if leaf.index != self._tree.size:
                # Nothing can be derived beyond: the checkpoints that reach further will say so too.
                yield Finding("tree.leaf_missing", self._name(f"leaf {self._tree.size}"), f"the next that stands is {leaf.name}")
                return
            yield from self._check_leaf(leaf)
            self._names.append(leaf.name)
            for full in self._tree.add(leaf.digest):
                yield from self._check_tile(full)
            if len(self._names) == 256:
                self._names = []
            if self._tree.size in self._asked:
                self._derived[self._tree.size] = self._tree.root()

    def _check_leaf(self, leaf: _Standing) -> Iterator[Finding]:
        if entry_digest(leaf.body) != leaf.digest:
            yield Finding("tree.entry_changed", self._name(leaf.name), "the entry's body is not what its digest says")
        expected = self._numbers.get(leaf.stream, 0) + 1
        if leaf.number > expected:
            yield Finding("tree.entry_missing", self._name(leaf.name), f"entry {expected} of the stream stands nowhere before it")
        elif leaf.number < expected:
            yield Finding("tree.leaf_order", self._name(leaf.name), f"entry {expected - 1} of the stream stands before it")
        self._numbers[leaf.stream] = max(leaf.number, expected - 1)

    # ----------------------------------------------------------------------------------------------- tiles

    def _check_tile(self, full: FullTile) -> Iterator[Finding]:
        self._tiles += 1
        name = self._name(tile_path(full.level, full.index))
        row = Tile.objects.filter(epoch=self._epoch, level=full.level, index=full.index).values_list("hashes", "root").first()
        if row is None:
            yield Finding("tree.tile_missing", name, "the leaves below it are all there")
        elif bytes(row[0]) != b"".join(full.hashes):
            yield Finding("tree.tile_changed", name, self._difference(full, bytes(row[0])))
        elif bytes(row[1]) != folded(full.hashes):
            yield Finding("tree.tile_changed", name, "the node above it is another")

    def _difference(self, full: FullTile, kept: bytes) -> str:
        """Where a tile differs from what was derived: for the lowest level, which entry."""
        if len(kept) != 32 * len(full.hashes):
            return "it is of another length"
        at = next(at for at, one in enumerate(cut_hashes(kept)) if one != full.hashes[at])
        return f"it has another hash for {self._names[at]}" if full.level == 0 else f"its hash {at} is another"

    def _check_tile_count(self) -> Iterator[Finding]:
        stray = Tile.objects.filter(epoch=self._epoch).count() - self._tiles
        if stray > 0:
            yield Finding("tree.tile_stray", self._name("tile"), f"{stray} tiles stand on leaves that are not there")

    # ----------------------------------------------------------------------------------------- checkpoints

    def _check_checkpoints(self) -> Iterator[Finding]:
        before: Checkpoint | None = None
        stamped: datetime | None = None
        for one in self._checkpoints:
            name = self._name(f"checkpoint {one.size}")
            if before is not None and before.size == one.size and bytes(before.root) != bytes(one.root):
                yield Finding("checkpoint.forked", name, "two checkpoints of one size have different roots")
            yield from self._check_note(one, name)
            yield from self._check_root(name, one.size, bytes(one.root), "checkpoint.root")
            yield from self._check_stamps(one, name)
            before = one
            if getattr(one, "stamp", None) is None:
                continue
            if stamped is not None and stamped - one.stamp.stamped_at > _ORDER:
                # A tree is stamped before it grows: a smaller one with a later token was made afterwards.
                yield Finding("stamp.order", name, "a smaller tree was stamped later")
            stamped = max(stamped or one.stamp.stamped_at, one.stamp.stamped_at)

    def _check_note(self, one: Checkpoint, name: str) -> Iterator[Finding]:
        try:
            stated = parse_checkpoint(open_note(one.note, self._vkey))
        except BadNote as wrong:
            yield Finding("checkpoint.note", name, wrong.code)
            return
        if stated != (self._epoch.origin, one.size, bytes(one.root)):
            yield Finding("checkpoint.note", name, "the note says something else than its row")

    def _check_root(self, name: str, size: int, root: bytes, code: str) -> Iterator[Finding]:
        derived = self._derived.get(size)
        if derived is None:
            yield Finding("tree.truncated", name, f"only {self._tree.size} leaves can be derived")
        elif derived != root:
            yield Finding(code, name, f"the tree of {size} leaves has another root")

    def _check_stamps(self, one: Checkpoint, name: str) -> Iterator[Finding]:
        digest = hashlib.sha256(one.note.encode()).digest()
        if getattr(one, "stamp", None) is not None:
            yield from self._check_stamp(one.stamp, digest, name)
        for stamp in sorted(one.later_stamps.all(), key=lambda later: later.number):
            yield from self._check_stamp(stamp, digest, f"{name}, token {stamp.number}")

    def _check_stamp(self, stamp: CheckpointStamp | LaterStamp, digest: bytes, name: str) -> Iterator[Finding]:
        token = bytes(stamp.token)
        try:
            if stated_imprint(token) != digest:
                yield Finding("stamp.imprint", name, "the token stamps another note")
            elif self._roots is not None:
                facts = read_token(token, digest=digest, roots=self._roots)
                if facts.gen_time != stamp.stamped_at:
                    yield Finding("stamp.time", name, "the token states another time than its row")
        except BadToken as wrong:
            yield Finding("stamp.token", name, str(wrong))

    # ----------------------------------------------------------------------------------------------- known

    def _check_known(self) -> Iterator[Finding]:
        for note, stated in self._known:
            name = self._name(f"known checkpoint {stated.size}")
            try:
                open_note(note, self._vkey)
            except BadNote as wrong:
                yield Finding("known.signature", name, wrong.code)
            else:
                yield from self._check_root(name, stated.size, stated.root, "known.inconsistent")


def _leaves(epoch: Epoch) -> Iterator[_Standing]:
    """The leaves in their order with their entries, a page at a time."""
    columns = ("index", "entry_id", "entry__stream__name", "entry__number", "entry__body", "entry__digest")
    rows = Leaf.objects.filter(epoch=epoch).order_by("index").values_list(*columns)
    after = -1
    while page := list(rows.filter(index__gt=after)[:_PAGE]):
        for index, entry, stream, number, body, digest in page:
            yield _Standing(index, entry, stream, number, bytes(body), bytes(digest))
        after = page[-1][0]
