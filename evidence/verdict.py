"""The verdict on a bundle: what does not hold, and what beyond its being whole is established or is not."""

from dataclasses import dataclass
from enum import StrEnum


class FaultCode(StrEnum):
    CHANGED = "changed"
    MISSING = "missing"
    ADDED = "added"
    RENAMED = "renamed"
    CONTAINER = "container"  # the ZIP itself is not as it was written
    REFUSED = "refused"  # not opened: a link, a hostile name, a bomb
    CUSTODY = "custody"  # the chain of custody does not hold
    DISAGREES = "disagrees"  # parts of the manifest contradict each other, or a statement contradicts it
    SIGNATURE = "signature"  # a signature does not hold, or its key is not there
    TIMESTAMP = "timestamp"  # a token does not hold
    LOG = "log"  # the log does not show what is claimed
    PINNED = "pinned"  # not by the key, or not with the tree head, that was given from outside


class Outcome(StrEnum):
    INTACT = "intact"
    NOT_INTACT = "not_intact"
    NOT_A_BUNDLE = "not_a_bundle"


class Subject(StrEnum):
    FORMAT = "format"
    SIGNER = "signer"
    SEALS = "seals"
    TIME = "time"
    LOG = "log"


@dataclass(frozen=True)
class Fault:
    """name: the file it is about; for a fault of the ZIP, the part of it."""

    code: FaultCode
    name: str
    what: str

    def __str__(self) -> str:
        return f"{self.name}: {self.what}"


@dataclass(frozen=True)
class Standing:
    """What a bundle without faults proves on one subject. pinned: by something that was given from outside it."""

    subject: Subject
    pinned: bool
    what: str

    def __str__(self) -> str:
        return f"{self.subject.value}: {self.what}"


@dataclass(frozen=True)
class Verdict:
    """manifest_sha256: to compare with the digest handed over by another way. reason: why it is not a bundle."""

    outcome: Outcome
    faults: tuple[Fault, ...] = ()
    reason: str | None = None
    files: int = 0
    incident: str | None = None
    manifest_sha256: str | None = None
    standings: tuple[Standing, ...] = ()

    @property
    def exit_status(self) -> int:
        return {Outcome.INTACT: 0, Outcome.NOT_INTACT: 1, Outcome.NOT_A_BUNDLE: 2}[self.outcome]
