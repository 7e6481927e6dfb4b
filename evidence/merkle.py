"""The Merkle tree of RFC 6962, 2.1, as values: its root, the paths that prove a leaf or an older tree, their checks.

Written here and not taken from a package: those maintained today bind the proofs to a store of their own (pymerkle) or
serve one product's log, and a bundle must be checkable by the same forty lines in Python and in its page.
Leaves are leaf hashes throughout. The tree is built level by level: neighbours are joined, an odd last one moves up as
it is, which gives the same tree as the halving of the RFC.
"""

from collections.abc import Iterable, Sequence
from hashlib import sha256

HASH_BYTES = 32
EMPTY_ROOT = sha256(b"").digest()


def leaf_hash(data: bytes) -> bytes:
    return sha256(b"\x00" + data).digest()


def root(leaves: Sequence[bytes]) -> bytes:
    if not leaves:
        return EMPTY_ROOT
    level = leaves
    while len(level) > 1:
        level = _joined(level)
    return level[0]


def inclusion_path(index: int, leaves: Sequence[bytes]) -> list[bytes]:
    """PATH(index, leaves). Raises IndexError where there is no such leaf."""
    return inclusion_paths([index], leaves)[0]


def inclusion_paths(indices: Iterable[int], leaves: Sequence[bytes]) -> list[list[bytes]]:
    """The path of each index, with the tree built once."""
    wanted = list(indices)
    if any(not 0 <= index < len(leaves) for index in wanted):
        raise IndexError(f"the tree has {len(leaves)} leaves, asked for {wanted}")
    levels = _levels(leaves)
    return [_siblings(index, levels) for index in wanted]


def consistency_path(first: int, leaves: Sequence[bytes]) -> list[bytes]:
    """PROOF(first, leaves): that the tree of the first leaves is the beginning of this one.

    Raises IndexError where the tree is not that large.
    """
    return consistency_paths([first], leaves)[0]


def consistency_paths(firsts: Iterable[int], leaves: Sequence[bytes]) -> list[list[bytes]]:
    """The path of each older tree, with this one built once."""
    wanted = list(firsts)
    if any(not 0 <= first <= len(leaves) for first in wanted):
        raise IndexError(f"the tree has {len(leaves)} leaves, asked for {wanted}")
    levels = _levels(leaves)
    return [_proof(first, levels) for first in wanted]


def _proof(first: int, levels: Sequence[Sequence[bytes]]) -> list[bytes]:
    if first in (0, len(levels[0])):
        return []
    level, last = 0, first - 1
    while last & 1:  # the largest whole subtree that ends with the last leaf of the older tree
        level, last = level + 1, last >> 1
    start = [levels[level][last]] if last else []
    return start + _siblings(last, levels[level:])


def includes(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """RFC 9162, 2.1.3.2: whether this leaf is number `index` of the tree of that size and root."""
    if not 0 <= index < size:
        return False
    at, last, node = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            return False
        if at & 1 or at == last:
            node = _node(sibling, node)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            node = _node(node, sibling)
        at, last = at >> 1, last >> 1
    return last == 0 and node == root


def is_consistent(first: int, second: int, first_root: bytes, second_root: bytes, path: Sequence[bytes]) -> bool:
    """RFC 9162, 2.1.4.2: whether the tree of size `first` is the beginning of the one of size `second`."""
    if not 0 <= first <= second:
        return False
    if first == second:
        return not path and first_root == second_root
    if first == 0:
        return not path and first_root == EMPTY_ROOT
    nodes = [first_root, *path] if first & (first - 1) == 0 else list(path)
    if not nodes:
        return False
    at, last = first - 1, second - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    older = newer = nodes[0]
    for node in nodes[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            older, newer = _node(node, older), _node(node, newer)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            newer = _node(newer, node)
        at, last = at >> 1, last >> 1
    return last == 0 and older == first_root and newer == second_root


def _node(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


def _joined(level: Sequence[bytes]) -> list[bytes]:
    above = [sha256(b"\x01" + level[at] + level[at + 1]).digest() for at in range(0, len(level) - 1, 2)]
    if len(level) & 1:
        above.append(level[-1])
    return above


def _levels(leaves: Sequence[bytes]) -> list[Sequence[bytes]]:
    levels = [leaves]
    while len(levels[-1]) > 1:
        levels.append(_joined(levels[-1]))
    return levels


def _siblings(index: int, levels: Sequence[Sequence[bytes]]) -> list[bytes]:
    path: list[bytes] = []
    for level in levels[:-1]:
        if index ^ 1 < len(level):
            path.append(level[index ^ 1])
        index >>= 1
    return path
