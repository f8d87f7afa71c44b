"""Merkle trees as RFC 6962 section 2.1 (RFC 9162 section 2.1) defines them, and their tiles (C2SP tlog-tiles).

A tree is seen through one function, ``node(level, index)``: the hash of the complete subtree over the leaves
``index * 2**level`` up to (not with) ``(index + 1) * 2**level``. Where the hashes come from (a list, rows, tiles read
over a network) does not matter here, and no proof looks at more than a few of them.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

HASH = 32
TILE_HEIGHT = 8
TILE_WIDTH = 1 << TILE_HEIGHT
EMPTY_ROOT = hashlib.sha256(b"").digest()

Node = Callable[[int, int], bytes]


class BadProof(ValueError):
    """A proof does not show what it is said to show. The message says which of its parts is wrong."""


def leaf_hash(body: bytes) -> bytes:
    """SHA-256 over 0x00 and the entry: no leaf can be taken for an inner node."""
    return hashlib.sha256(b"\x00" + body).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


# ------------------------------------------------------------------------------------------------------- trees


def nodes_over(leaves: Sequence[bytes]) -> Node:
    """The nodes over leaf hashes that are all at hand; each is computed once."""
    levels = [list(leaves)]

    def node(level: int, index: int) -> bytes:
        while len(levels) <= level:
            levels.append(_paired(levels[-1]))
        return levels[level][index]

    return node


def root_of(leaves: Sequence[bytes]) -> bytes:
    """The root over leaf hashes (the function MTH); SHA-256 of nothing for an empty tree."""
    return tree_root(len(leaves), nodes_over(leaves))


def tree_root(size: int, node: Node) -> bytes:
    """The root of the tree of the first ``size`` leaves."""
    return subtree_root(0, size, node) if size else EMPTY_ROOT


def subtree_root(begin: int, end: int, node: Node) -> bytes:
    """The hash over the leaves ``begin`` up to ``end``, a range that one step of the tree's definition makes.

    So ``begin`` is a multiple of the greatest power of two that is not above the number of leaves.
    """
    peaks = []
    while begin < end:
        level = (end - begin).bit_length() - 1
        peaks.append(node(level, begin >> level))
        begin += 1 << level
    root = peaks.pop()
    while peaks:
        root = node_hash(peaks.pop(), root)
    return root


def folded(hashes: Sequence[bytes]) -> bytes:
    """The hash over a power of two of neighbouring hashes of one level."""
    row = list(hashes)
    if not row or len(row) & (len(row) - 1):
        raise ValueError("only a power of two of hashes has one node above them all")
    while len(row) > 1:
        row = _paired(row)
    return row[0]


def _paired(row: Sequence[bytes]) -> list[bytes]:
    return [node_hash(row[at], row[at + 1]) for at in range(0, len(row) - 1, 2)]


def _split(count: int) -> int:
    """The greatest power of two below ``count``, where the definition divides a tree (2.1: the number k)."""
    return 1 << ((count - 1).bit_length() - 1)


# ------------------------------------------------------------------------------------------------------ proofs


def inclusion_proof(index: int, size: int, node: Node) -> list[bytes]:
    """The audit path of leaf ``index`` in the tree of ``size`` leaves (2.1.1), the leaf's neighbour first."""
    if not 0 <= index < size:
        raise ValueError("no such leaf in a tree of that size")
    begin, end, path = 0, size, []
    while end - begin > 1:
        middle = begin + _split(end - begin)
        if index < middle:
            path.append(subtree_root(middle, end, node))
            end = middle
        else:
            path.append(subtree_root(begin, middle, node))
            begin = middle
    return path[::-1]


def consistency_proof(first: int, second: int, node: Node) -> list[bytes]:
    """What shows that the tree of ``second`` leaves begins with the tree of ``first`` (2.1.2).

    Nothing need be shown, and the proof is empty, where the first is empty or both are the same.
    """
    if not 0 <= first <= second:
        raise ValueError("a tree is consistent with larger ones only")
    if first == 0:
        return []
    begin, end, path, whole = 0, second, [], True
    while first != end:
        middle = begin + _split(end - begin)
        if first <= middle:
            path.append(subtree_root(middle, end, node))
            end = middle
        else:
            path.append(subtree_root(begin, middle, node))
            begin, whole = middle, False
    if not whole:
        path.append(subtree_root(begin, end, node))
    return path[::-1]


def check_inclusion(leaf: bytes, *, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Raises ``BadProof`` unless ``proof`` shows that ``leaf`` is number ``index`` of the tree (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        raise BadProof("the leaf is outside of the tree")
    _check_lengths([leaf, root, *proof])
    at, last, found = index, size - 1, leaf
    for step in proof:
        if last == 0:
            raise BadProof("the proof is too long")
        if at & 1 or at == last:
            found = node_hash(step, found)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            found = node_hash(found, step)
        at, last = at >> 1, last >> 1
    if last:
        raise BadProof("the proof is too short")
    if found != root:
        raise BadProof("the leaf does not lead to the root")


def check_consistency(first: int, second: int, *, first_root: bytes, second_root: bytes, proof: Sequence[bytes]) -> None:
    """Raises ``BadProof`` unless ``proof`` shows that the second tree begins with the first (RFC 9162, 2.1.4.2)."""
    if not 0 <= first <= second:
        raise BadProof("the first tree is larger than the second")
    _check_lengths([first_root, second_root, *proof])
    if first == 0 and first_root != EMPTY_ROOT:
        raise BadProof("the root of an empty tree is wrong")
    if first in (0, second):
        if proof:
            raise BadProof("the proof is too long")
        if first == second and first_root != second_root:
            raise BadProof("two trees of one size have different roots")
        return
    if not proof:
        raise BadProof("the proof is too short")
    steps = list(proof) if first & (first - 1) else [first_root, *proof]
    _climb(first - 1, second - 1, steps, first_root=first_root, second_root=second_root)


def _climb(at: int, last: int, steps: Sequence[bytes], *, first_root: bytes, second_root: bytes) -> None:
    """Steps 4 to 7 of RFC 9162, 2.1.4.2: both roots from one path."""
    while at & 1:
        at, last = at >> 1, last >> 1
    old = new = steps[0]
    for step in steps[1:]:
        if last == 0:
            raise BadProof("the proof is too long")
        if at & 1 or at == last:
            old, new = node_hash(step, old), node_hash(step, new)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            new = node_hash(new, step)
        at, last = at >> 1, last >> 1
    if last:
        raise BadProof("the proof is too short")
    if old != first_root:
        raise BadProof("the proof does not lead to the first root")
    if new != second_root:
        raise BadProof("the proof does not lead to the second root")


def _check_lengths(hashes: Iterable[bytes]) -> None:
    if any(len(one) != HASH for one in hashes):
        raise BadProof("a hash is not 32 bytes long")


# ------------------------------------------------------------------------------------------------------- tiles


def tile_width(level: int, index: int, size: int) -> int:
    """How many hashes tile ``index`` of ``level`` has in a tree of ``size`` leaves: 0 to 256."""
    return max(0, min(TILE_WIDTH, (size >> (TILE_HEIGHT * level)) - index * TILE_WIDTH))


def tile_path(level: int, index: int, width: int = TILE_WIDTH) -> str:
    """The address of a tile below the log's: ``tile/0/x001/234`` and, for a partial one, ``tile/1/067.p/8``."""
    groups = [f"{index % 1000:03d}"]
    while index >= 1000:
        index //= 1000
        groups.insert(0, f"x{index % 1000:03d}")
    partial = f".p/{width}" if width != TILE_WIDTH else ""
    return f"tile/{level}/{'/'.join(groups)}{partial}"


_PATH = re.compile(r"tile/(0|[1-9][0-9]?)/((?:x[0-9]{3}/){0,5}[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?", re.ASCII)


def parse_tile_path(path: str) -> tuple[int, int, int] | None:
    """Level, index and width that ``path`` names; None when it is no tile's address as :func:`tile_path` writes it."""
    found = _PATH.fullmatch(path)
    if found is None:
        return None
    level, index = int(found[1]), int(found[2].replace("x", "").replace("/", ""))
    width = int(found[3] or TILE_WIDTH)
    # Written again, so that each tile has one address: no leading group of zeros, no partial tile of 256 or more.
    partial = found[3] is not None
    if level > 63 or width > TILE_WIDTH or partial is (width == TILE_WIDTH) or tile_path(level, index, width) != path:
        return None
    return level, index, width


def nodes_in_tiles(read: Callable[[int, int], Sequence[bytes]]) -> Node:
    """The nodes of a tree kept in tiles; ``read(level, index)`` gives the hashes that a tile has so far."""

    def node(level: int, index: int) -> bytes:
        tile_level, above = divmod(level, TILE_HEIGHT)
        tile_index, at = divmod(index << above, TILE_WIDTH)
        hashes = read(tile_level, tile_index)[at : at + (1 << above)]
        if len(hashes) != 1 << above:
            raise ValueError("the tile does not reach that far")
        return folded(hashes)

    return node


@dataclass(frozen=True)
class FullTile:
    """A tile whose last hash was just added."""

    level: int
    index: int
    hashes: list[bytes]


class Growing:
    """A tree that grows leaf by leaf and keeps only what later leaves need: the unfinished tile of each level."""

    def __init__(self) -> None:
        self.size = 0
        self._open: list[list[bytes]] = [[]]

    def add(self, leaf: bytes) -> list[FullTile]:
        """Add one leaf hash; the tiles that are full now, the lowest first."""
        self.size += 1
        full: list[FullTile] = []
        found, level = leaf, 0
        while True:
            row = self._open[level]
            row.append(found)
            if len(row) < TILE_WIDTH:
                return full
            full.append(FullTile(level, (self.size >> (TILE_HEIGHT * (level + 1))) - 1, row))
            self._open[level], found, level = [], folded(row), level + 1
            if level == len(self._open):
                self._open.append([])

    def root(self) -> bytes:
        """The root over the leaves so far."""
        root: bytes | None = None
        for row in self._open:
            end = len(row)
            while end:
                # The smallest complete subtree at the end of the row: as many hashes as the lowest bit of its length says.
                begin = end & (end - 1)
                peak = folded(row[begin:end])
                root, end = (peak if root is None else node_hash(peak, root)), begin
        return EMPTY_ROOT if root is None else root


def cut_hashes(row: bytes) -> list[bytes]:
    """The hashes of a tile's bytes, which are written one after the other."""
    if len(row) % HASH:
        raise ValueError("a tile is a row of hashes of 32 bytes")
    return [row[at : at + HASH] for at in range(0, len(row), HASH)]
