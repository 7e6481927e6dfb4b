"""What an audit of the log comes to: faults with their place, notes, and what was looked at."""

from dataclasses import dataclass, field
from enum import StrEnum


class FaultCode(StrEnum):
    REWRITTEN = "rewritten"  # a row or entry says something else than it did
    DROPPED = "dropped"
    INSERTED = "inserted"
    REORDERED = "reordered"
    TRUNCATED = "truncated"  # the end of the log is gone
    HEAD = "head"  # a signed head does not hold, by itself
    SIGNATURE = "signature"
    TIMESTAMP = "timestamp"
    CLOCK = "clock"  # times run backwards
    OBJECT = "object"  # bytes in the vault
    STATE = "state"  # an incident, a case file or a sheet is in a state that its events do not lead to


@dataclass(frozen=True)
class Fault:
    code: FaultCode
    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.code.value}: {self.where}: {self.what}"


@dataclass
class Verdict:
    """notes: what is as it should be and worth knowing. newest: the last head, to be compared outside."""

    faults: list[Fault] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    entries: int = 0
    waiting: int = 0  # entries that are not in the tree yet
    heads: int = 0
    published: int = 0  # heads that the auditor brought
    objects: int = 0
    newest: str | None = None

    @property
    def holds(self) -> bool:
        return not self.faults
