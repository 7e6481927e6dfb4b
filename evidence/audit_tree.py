"""Whether the leaves of the log are those that its heads were signed for; where not, between which heads and how.

Pure: leaves and heads in, findings out. A root says only that something before it differs. What differs is found by
trying the ways in which a log is tampered with, as far as that is cheap; else the stretch between two heads is named.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise

from evidence.audit_verdict import Fault, FaultCode
from evidence.growing_tree import GrowingTree

TRY_INSERTED = 400  # leaves between two heads up to which one too many is looked for
TRY_SWAPPED = 48  # and two that changed places


@dataclass(frozen=True)
class Leaf:
    """name: what people call the entry. row: the number the database gave it, in the order of writing."""

    hash: bytes
    row: int
    name: str


@dataclass(frozen=True)
class Checkpoint:
    """What a head says. name: which head, for people."""

    size: int
    root: bytes
    name: str


def compare(leaves: Sequence[Leaf], heads: Sequence[Checkpoint]) -> list[Fault]:
    """Empty: every head fits. Else what is wrong with the first stretch that does not; nothing after it can be told."""
    tree, sound = GrowingTree(), GrowingTree()
    for head in sorted(heads, key=lambda each: each.size):
        if head.size > len(leaves):
            return [_too_short(leaves, head)]
        while tree.size < head.size:
            tree.append(leaves[tree.size].hash)
        if tree.root != head.root:
            return _differing(leaves, sound, head)
        sound = tree.copy()
    return []


def _too_short(leaves: Sequence[Leaf], head: Checkpoint) -> Fault:
    missing = head.size - len(leaves)
    what = f"{head.name} was signed for {head.size} entries, the log holds {len(leaves)}: {missing} are gone"
    return Fault(FaultCode.TRUNCATED, f"log entry {len(leaves)} and after", what)


def _differing(leaves: Sequence[Leaf], sound: GrowingTree, head: Checkpoint) -> list[Fault]:
    start, end = sound.size, head.size
    stretch = leaves[start:end]
    after = f"{head.name} was signed for another tree"
    in_order = sorted(stretch, key=lambda leaf: leaf.row)
    moved = [at for at, (here, there) in enumerate(zip(stretch, in_order, strict=True), start) if here != there]
    if moved and _root(sound, in_order) == head.root:
        return [_at(FaultCode.REORDERED, leaves, at, f"{after}; it fits when entries are put in order") for at in moved]
    if len(stretch) <= TRY_SWAPPED:
        for one, other in combinations(range(len(stretch)), 2):
            tried = list(stretch)
            tried[one], tried[other] = tried[other], tried[one]
            if _root(sound, tried) == head.root:
                what = f"{after}; it fits when this entry and the other change places"
                return [_at(FaultCode.REORDERED, leaves, start + each, what) for each in (one, other)]
    if len(stretch) <= TRY_INSERTED and len(leaves) > end:
        longer = leaves[start : end + 1]
        for extra in range(len(longer)):
            if _root(sound, [*longer[:extra], *longer[extra + 1 :]]) == head.root:
                return [_at(FaultCode.INSERTED, leaves, start + extra, f"{after}; it fits without this entry")]
    where = f"log entries {start} to {end - 1}" if end - 1 > start else f"log entry {start}"
    gaps = _numbers_left_out(leaves[max(start - 1, 0) : end])
    hint = f"; the database's own numbering leaves out {gaps} there" if gaps else ""
    return [Fault(FaultCode.REWRITTEN, where, f"{after}: entries were rewritten, replaced or dropped{hint}")]


def _root(sound: GrowingTree, leaves: Sequence[Leaf]) -> bytes:
    tree = sound.copy()
    for leaf in leaves:
        tree.append(leaf.hash)
    return tree.root


def _at(code: FaultCode, leaves: Sequence[Leaf], at: int, what: str) -> Fault:
    return Fault(code, f"log entry {at} ({leaves[at].name})", what)


def _numbers_left_out(stretch: Sequence[Leaf]) -> str:
    """A hint and no proof: a transaction that was rolled back leaves a number out too."""
    rows = sorted(leaf.row for leaf in stretch)
    missing = [str(one) for before, after in pairwise(rows) for one in range(before + 1, after)]
    return ", ".join(missing[:10])
