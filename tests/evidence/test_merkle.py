"""The Merkle tree agrees with RFC 6962's own recursive definition and with the vectors others test by."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.merkle import (
    EMPTY_ROOT,
    consistency_path,
    includes,
    inclusion_path,
    inclusion_paths,
    is_consistent,
    leaf_hash,
    root,
)

# the leaves and roots of the reference implementation of Certificate Transparency
KNOWN_LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
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
LEAVES = [leaf_hash(bytes([number])) for number in range(40)]
sizes = st.integers(min_value=1, max_value=len(LEAVES))


def tree_of_the_rfc(leaves: list[bytes]) -> bytes:
    """MTH of RFC 6962, 2.1, over leaf hashes, by its own words."""
    if len(leaves) == 1:
        return leaves[0]
    split = 1 << (len(leaves) - 1).bit_length() - 1
    return sha256(b"\x01" + tree_of_the_rfc(leaves[:split]) + tree_of_the_rfc(leaves[split:])).digest()


def path_of_the_rfc(index: int, leaves: list[bytes]) -> list[bytes]:
    """PATH of RFC 6962, 2.1.1."""
    if len(leaves) == 1:
        return []
    split = 1 << (len(leaves) - 1).bit_length() - 1
    if index < split:
        return [*path_of_the_rfc(index, leaves[:split]), tree_of_the_rfc(leaves[split:])]
    return [*path_of_the_rfc(index - split, leaves[split:]), tree_of_the_rfc(leaves[:split])]


def proof_of_the_rfc(first: int, leaves: list[bytes], whole: bool = True) -> list[bytes]:
    """SUBPROOF of RFC 6962, 2.1.2."""
    if first == len(leaves):
        return [] if whole else [tree_of_the_rfc(leaves)]
    split = 1 << (len(leaves) - 1).bit_length() - 1
    if first <= split:
        return [*proof_of_the_rfc(first, leaves[:split], whole), tree_of_the_rfc(leaves[split:])]
    return [*proof_of_the_rfc(first - split, leaves[split:], whole=False), tree_of_the_rfc(leaves[:split])]


def test_known_leaves_give_the_known_roots() -> None:
    leaves = [leaf_hash(bytes.fromhex(data)) for data in KNOWN_LEAVES]
    assert [root(leaves[:size]).hex() for size in range(1, 9)] == KNOWN_ROOTS
    assert root([]) == EMPTY_ROOT == sha256(b"").digest()


@pytest.mark.parametrize("size", range(1, len(LEAVES) + 1))
def test_every_tree_and_path_is_the_one_of_the_rfc(size: int) -> None:
    leaves = LEAVES[:size]
    assert root(leaves) == tree_of_the_rfc(leaves)
    for index, path in enumerate(inclusion_paths(range(size), leaves)):
        assert path == inclusion_path(index, leaves) == path_of_the_rfc(index, leaves)
        assert includes(leaves[index], index, size, path, root(leaves))
    for first in range(1, size + 1):
        path = consistency_path(first, leaves)
        assert path == proof_of_the_rfc(first, leaves)
        assert is_consistent(first, size, root(leaves[:first]), root(leaves), path)


@given(size=sizes, index=st.integers(min_value=0), other=st.integers(min_value=0), junk=st.binary(max_size=32))
def test_nothing_but_the_leaf_at_its_place_is_included(size: int, index: int, other: int, junk: bytes) -> None:
    index, other = index % size, other % (size + 2)
    leaves = LEAVES[:size]
    path, top = inclusion_path(index, leaves), root(leaves)
    if other != index:
        assert not includes(leaves[index], other, size, path, top)
    assert not includes(LEAVES[(index + 1) % len(LEAVES)], index, size, path, top)
    assert not includes(leaves[index], index, size, [*path, junk], top)
    assert not includes(leaves[index], index, size, path, junk)
    if path:
        assert not includes(leaves[index], index, size, path[:-1], top)
        assert not includes(leaves[index], index, size, path[1:], top)


@given(first=sizes, second=sizes, changed=st.integers(min_value=0))
def test_a_tree_that_was_rewritten_is_never_consistent(first: int, second: int, changed: int) -> None:
    first, second = sorted((first, second))
    rewritten = list(LEAVES[:second])
    rewritten[changed % first] = leaf_hash(b"rewritten")
    path = consistency_path(first, rewritten)
    assert not is_consistent(first, second, root(LEAVES[:first]), root(rewritten), path)
    honest = consistency_path(first, LEAVES[:second])
    assert not is_consistent(first, second, root(LEAVES[:first]), root(rewritten), honest)
    assert not is_consistent(first, second, root(LEAVES[:first]), root(LEAVES[:second]), [*honest, LEAVES[0]])
    if first > 1:
        reordered = [LEAVES[1], LEAVES[0], *LEAVES[2:second]]
        path = consistency_path(first, reordered)
        assert not is_consistent(first, second, root(LEAVES[:first]), root(reordered), path)


def test_an_empty_tree_is_the_beginning_of_any_and_a_larger_one_of_none() -> None:
    assert is_consistent(0, 5, EMPTY_ROOT, root(LEAVES[:5]), consistency_path(0, LEAVES[:5]))
    assert not is_consistent(0, 5, LEAVES[0], root(LEAVES[:5]), [])
    assert not is_consistent(6, 5, root(LEAVES[:6]), root(LEAVES[:5]), [])
    assert not includes(LEAVES[0], 0, 0, [], EMPTY_ROOT)


@pytest.mark.parametrize("index", [-1, 5])
def test_a_leaf_that_is_not_there_has_no_path(index: int) -> None:
    with pytest.raises(IndexError, match="5 leaves"):
        inclusion_path(index, LEAVES[:5])
    with pytest.raises(IndexError, match="5 leaves"):
        consistency_path(index if index < 0 else 6, LEAVES[:5])
