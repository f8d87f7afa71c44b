"""Tiles: the tree's hashes in rows of 256 (C2SP tlog-tiles). Only full ones are kept; the others are put together when asked for."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from django.db.models import Max

from tachiai.crypto.merkle import TILE_HEIGHT, TILE_WIDTH, Node, cut_hashes, folded, nodes_in_tiles, tile_width
from tachiai.ledger.models import Epoch, Leaf, Tile
from tachiai.rowwise import insert_values

_COLUMNS = ("epoch_id", "level", "index", "hashes", "root")
_KEPT_OPEN = 64  # tiles of 8 KiB, while one question is answered
_TOGETHER = 16


def complete_tiles(epoch: Epoch, size: int) -> None:
    """Keep every tile that a tree of ``size`` leaves fills and that is not kept yet, in the caller's transaction.

    What was interrupted is made up for by whoever comes next: only rows that stand are built upon.
    """
    level = 0
    while full := size >> (TILE_HEIGHT * (level + 1)):
        for start in range(_kept(epoch, level), full, _TOGETHER):
            _keep(epoch, level, range(start, min(full, start + _TOGETHER)))
        level += 1


def _kept(epoch: Epoch, level: int) -> int:
    top = Tile.objects.filter(epoch=epoch, level=level).aggregate(top=Max("index"))["top"]
    return 0 if top is None else int(top) + 1


def _keep(epoch: Epoch, level: int, indexes: range) -> None:
    hashes = _hashes(epoch, level, indexes.start * TILE_WIDTH, indexes.stop * TILE_WIDTH)
    if len(hashes) != len(indexes) * TILE_WIDTH:
        raise RuntimeError("a tile is kept when all of it is there")
    rows = [hashes[at : at + TILE_WIDTH] for at in range(0, len(hashes), TILE_WIDTH)]
    told = [(epoch.pk, level, index, b"".join(row), folded(row)) for index, row in zip(indexes, rows, strict=True)]
    insert_values(Tile, _COLUMNS, told)


def _hashes(epoch: Epoch, level: int, start: int, stop: int) -> list[bytes]:
    """The hashes ``start`` up to ``stop`` of a tiles' level: of entries, or of the full tiles one level below."""
    if level == 0:
        rows = Leaf.objects.filter(epoch=epoch, index__gte=start, index__lt=stop).order_by("index")
        return [bytes(digest) for digest in rows.values_list("entry__digest", flat=True)]
    below = Tile.objects.filter(epoch=epoch, level=level - 1, index__gte=start, index__lt=stop).order_by("index")
    return [bytes(root) for root in below.values_list("root", flat=True)]


def read_tile(epoch: Epoch, level: int, index: int, *, width: int = TILE_WIDTH) -> list[bytes]:
    """The first ``width`` hashes of a tile, or as many as there are."""
    kept = Tile.objects.filter(epoch=epoch, level=level, index=index).values_list("hashes", flat=True).first()
    if kept is not None:
        return cut_hashes(bytes(kept))[:width]
    return _hashes(epoch, level, index * TILE_WIDTH, index * TILE_WIDTH + width)


def nodes_of(epoch: Epoch) -> Node:
    """The nodes of an epoch's tree as they are kept now; each tile is read once for as long as the function lives."""

    @lru_cache(maxsize=_KEPT_OPEN)
    def read(level: int, index: int) -> Sequence[bytes]:
        return read_tile(epoch, level, index)

    return nodes_in_tiles(read)


class TileOf(NamedTuple):
    """A tile as it is published: the hashes one after the other, and whether it can never change."""

    content: bytes
    full: bool


def tile(epoch: Epoch, level: int, index: int, width: int, *, size: int) -> TileOf | None:
    """A tile, full or cut to ``width``, of the tree of ``size`` leaves; None where that tree does not reach so far."""
    if not 0 < width <= tile_width(level, index, size):
        return None
    hashes = read_tile(epoch, level, index, width=width)
    return TileOf(b"".join(hashes), width == TILE_WIDTH) if len(hashes) == width else None
