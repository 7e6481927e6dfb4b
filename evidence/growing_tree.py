"""A Merkle tree (RFC 6962, 2.1) that takes one leaf after the other and can say its root after each.

It keeps only the roots of the whole subtrees so far, so that the roots of all heads of a long log come out of one
walk over its leaves. Paths and proofs are in evidence/merkle.py.
"""

from hashlib import sha256

from evidence.merkle import EMPTY_ROOT


class GrowingTree:
    def __init__(self) -> None:
        self.size = 0
        self._whole: list[bytes] = []  # roots of whole subtrees, the largest first

    def copy(self) -> "GrowingTree":
        """As it is now; what is appended to one is not appended to the other."""
        other = GrowingTree()
        other.size, other._whole = self.size, list(self._whole)
        return other

    def append(self, leaf: bytes) -> None:
        node, size = leaf, self.size
        while size & 1:
            node = _joined(self._whole.pop(), node)
            size >>= 1
        self._whole.append(node)
        self.size += 1

    @property
    def root(self) -> bytes:
        if not self._whole:
            return EMPTY_ROOT
        node = self._whole[-1]
        for left in reversed(self._whole[:-1]):
            node = _joined(left, node)
        return node


def _joined(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()
