"""Trees, proofs and tiles against the definition of RFC 6962 itself, written down once more and slowly."""

from __future__ import annotations

import hashlib
from functools import cache
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tachiai.crypto.merkle import (
    EMPTY_ROOT,
    BadProof,
    Growing,
    check_consistency,
    check_inclusion,
    consistency_proof,
    cut_hashes,
    folded,
    inclusion_proof,
    leaf_hash,
    node_hash,
    nodes_in_tiles,
    nodes_over,
    parse_tile_path,
    root_of,
    subtree_root,
    tile_path,
    tile_width,
    tree_root,
)

MOST = 300
LEAVES = [leaf_hash(b"entry %d" % number) for number in range(MOST)]
NODE = nodes_over(LEAVES)

# The entries and roots that implementations of Certificate Transparency have long shared.
KNOWN_ENTRIES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
KNOWN_ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
KNOWN_CONSISTENCY_6_8 = [
    "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
    "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
]


@cache
def defined_root(begin: int, end: int) -> bytes:
    """MTH of RFC 6962, 2.1, word for word over LEAVES."""
    if end - begin == 0:
        return hashlib.sha256(b"").digest()
    if end - begin == 1:
        return LEAVES[begin]
    middle = begin + power_below(end - begin)
    return hashlib.sha256(b"\x01" + defined_root(begin, middle) + defined_root(middle, end)).digest()


def power_below(count: int) -> int:
    power = 1
    while power * 2 < count:
        power *= 2
    return power


def defined_path(leaf: int, begin: int, end: int) -> list[bytes]:
    """PATH of 2.1.1."""
    if end - begin == 1:
        return []
    middle = begin + power_below(end - begin)
    if leaf < middle - begin:
        return [*defined_path(leaf, begin, middle), defined_root(middle, end)]
    return [*defined_path(leaf - (middle - begin), middle, end), defined_root(begin, middle)]


def defined_subproof(first: int, begin: int, end: int, *, whole: bool) -> list[bytes]:
    """SUBPROOF of 2.1.2."""
    if first == end - begin:
        return [] if whole else [defined_root(begin, end)]
    middle = begin + power_below(end - begin)
    if first <= middle - begin:
        return [*defined_subproof(first, begin, middle, whole=whole), defined_root(middle, end)]
    return [*defined_subproof(first - (middle - begin), middle, end, whole=False), defined_root(begin, middle)]


def test_the_known_vectors() -> None:
    leaves = [leaf_hash(bytes.fromhex(entry)) for entry in KNOWN_ENTRIES]
    assert root_of([]) == EMPTY_ROOT == bytes.fromhex("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    assert [root_of(leaves[: size + 1]).hex() for size in range(8)] == KNOWN_ROOTS
    assert [step.hex() for step in consistency_proof(6, 8, nodes_over(leaves))] == KNOWN_CONSISTENCY_6_8
    assert [step.hex() for step in inclusion_proof(2, 3, nodes_over(leaves))] == [KNOWN_ROOTS[1]]


def test_consistency_between_all_pairs_of_sizes() -> None:
    for second in range(1, MOST + 1):
        assert tree_root(second, NODE) == defined_root(0, second)
        for first in range(1, second + 1):
            proof = consistency_proof(first, second, NODE)
            assert proof == defined_subproof(first, 0, second, whole=True)
            check_consistency(first, second, first_root=defined_root(0, first), second_root=defined_root(0, second), proof=proof)


def test_inclusion_of_every_leaf_in_every_tree() -> None:
    for size in range(1, MOST + 1):
        root = defined_root(0, size)
        for index in range(size):
            proof = inclusion_proof(index, size, NODE)
            assert proof == defined_path(index, 0, size)
            check_inclusion(LEAVES[index], index=index, size=size, proof=proof, root=root)


def test_everything_is_consistent_with_nothing() -> None:
    check_consistency(0, 7, first_root=EMPTY_ROOT, second_root=tree_root(7, NODE), proof=[])
    with pytest.raises(BadProof, match="empty tree"):
        check_consistency(0, 7, first_root=bytes(32), second_root=tree_root(7, NODE), proof=[])
    with pytest.raises(BadProof, match="different roots"):
        check_consistency(7, 7, first_root=bytes(32), second_root=tree_root(7, NODE), proof=[])


def forged(proof: list[bytes], draw: Random) -> list[bytes]:
    """Another proof: one hash changed, dropped, added, doubled or moved."""
    other = list(proof)
    at = draw.randrange(len(other) + 1)
    act = draw.choice(["change", "drop", "add", "cut", "swap"])
    if act == "change" and at < len(other):
        other[at] = bytes([other[at][0] ^ 1]) + other[at][1:]
    elif act == "drop" and at < len(other):
        del other[at]
    elif act == "cut" and at < len(other):
        other[at] = other[at][:31]
    elif act == "swap" and len(other) > 1:
        other[at - 1], other[at - 2] = other[at - 2], other[at - 1]
    if other == proof:
        other.insert(at, draw.choice([draw.randbytes(32), proof[0] if proof else bytes(32)]))
    return other


@settings(max_examples=300, deadline=None)
@given(st.integers(1, MOST), st.integers(1, MOST), st.randoms(use_true_random=False))
def test_a_forged_proof_is_refused(one: int, two: int, draw: Random) -> None:
    first, second = sorted((one, two))
    roots = {"first_root": tree_root(first, NODE), "second_root": tree_root(second, NODE)}
    with pytest.raises(BadProof):
        check_consistency(first, second, **roots, proof=forged(consistency_proof(first, second, NODE), draw))
    index = draw.randrange(second)
    proof = inclusion_proof(index, second, NODE)
    with pytest.raises(BadProof):
        check_inclusion(LEAVES[index], index=index, size=second, proof=forged(proof, draw), root=roots["second_root"])
    with pytest.raises(BadProof):
        check_inclusion(LEAVES[index], index=index + 1, size=second, proof=proof, root=roots["second_root"])
    with pytest.raises(BadProof):
        check_inclusion(LEAVES[index - 1], index=index, size=second + 1, proof=proof, root=roots["second_root"])
    if first < second:
        wrong = {"first_root": roots["second_root"], "second_root": roots["first_root"]}
        with pytest.raises(BadProof):
            check_consistency(first, second, **wrong, proof=consistency_proof(first, second, NODE))
        with pytest.raises(BadProof):
            check_consistency(second, first, **roots, proof=consistency_proof(first, second, NODE))


def test_what_cannot_be_proven_is_not_asked_for() -> None:
    for ask in (lambda: inclusion_proof(3, 3, NODE), lambda: inclusion_proof(-1, 3, NODE), lambda: consistency_proof(4, 3, NODE)):
        with pytest.raises(ValueError, match="tree"):
            ask()
    with pytest.raises(ValueError, match="power of two"):
        folded(LEAVES[:3])


# ------------------------------------------------------------------------------------------------------- tiles


@pytest.mark.parametrize(
    ("level", "index", "width", "path"),
    [
        (0, 0, 256, "tile/0/000"),
        (0, 0, 1, "tile/0/000.p/1"),
        (1, 67, 8, "tile/1/067.p/8"),
        (0, 1234067, 256, "tile/0/x001/x234/067"),
        (2, 999, 255, "tile/2/999.p/255"),
        (63, 1000, 256, "tile/63/x001/000"),
    ],
)
def test_addresses_of_tiles(level: int, index: int, width: int, path: str) -> None:
    assert tile_path(level, index, width) == path
    assert parse_tile_path(path) == (level, index, width)


@pytest.mark.parametrize(
    "path",
    [
        *["tile/00/000", "tile/64/000", "tile/0/00", "tile/0/0000", "tile/0/x000/001", "tile/0/001/002", "tile/0/000.p/0"],
        *["tile/0/000.p/256", "tile/0/000.p/01", "tile/0/000.p/999", "tile/0/000.p", "tile/0/x001", "tile/0/000\n", "tile/-1/000"],
        *["tile/0/x001/x000/", "tile/0/٠٠٠"],
    ],
)
def test_no_tile_has_a_second_address(path: str) -> None:
    assert parse_tile_path(path) is None


def test_a_tree_in_tiles_is_the_same_tree() -> None:
    """Over more leaves than one tile of the second level can stand on."""
    many = [hashlib.sha256(b"%d" % number).digest() for number in range(256 * 256 + 300)]
    whole = nodes_over(many)
    asked = set()

    def read(level: int, index: int) -> list[bytes]:
        asked.add((level, index))
        width = tile_width(level, index, len(many))
        return [whole(8 * level, index * 256 + at) for at in range(width)]

    tiled = nodes_in_tiles(read)
    growing, full = Growing(), []
    for size, leaf in enumerate(many):
        if size in (0, 1, 255, 256, 257, 300, 65_535, 65_536, 65_537):
            assert growing.root() == tree_root(size, whole)
        full += growing.add(leaf)
    assert growing.root() == tree_root(len(many), whole)
    assert [(one.level, one.index) for one in full if one.level] == [(1, 0)]
    assert len(full) == 258
    assert all(one.hashes == read(one.level, one.index) for one in full)
    for size in (1, 255, 256, 257, 65_535, 65_536, 65_537, len(many)):
        assert tree_root(size, tiled) == tree_root(size, whole)
        assert inclusion_proof(size // 3, size, tiled) == inclusion_proof(size // 3, size, whole)
        assert consistency_proof(size, len(many), tiled) == consistency_proof(size, len(many), whole)
    assert max(asked)[0] == 2
    assert subtree_root(256, 300, tiled) == root_of(many[256:300])
    with pytest.raises(ValueError, match="reach"):
        tiled(0, len(many))


def test_a_tile_is_a_row_of_hashes() -> None:
    assert cut_hashes(b"".join(LEAVES[:3])) == LEAVES[:3]
    with pytest.raises(ValueError, match="32"):
        cut_hashes(b"".join(LEAVES[:3])[:-1])
    assert folded(LEAVES[:2]) == node_hash(*LEAVES[:2])
