"""Checks: what of a score sheet the program can see by itself, each with pointers to what it saw.

Pure: values in (cases/volume/review_facts.py reads them), findings out. A check says that something holds, does not, or
was not called for; how many points that costs is a person's to say.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from models.enums import FileAct, OutcomeKind, PaperKind, Procedure

TWO_OFFICERS = 2
WEIGHT = {OutcomeKind.NO_PENALTY: 0, OutcomeKind.WARNING: 1, OutcomeKind.FINE: 2}


class Result(StrEnum):
    HOLDS = "holds"
    FAILS = "fails"
    NOT_CALLED_FOR = "not_called_for"


@dataclass(frozen=True)
class Pointer:
    """What was looked at. kind: event, clock, paper, service, custody, officer, point; with `s` behind it, how many.
    name: which, in words or by number; on: its day.
    """

    kind: str
    name: str
    on: date | None = None


@dataclass(frozen=True)
class Finding:
    """why: the key of its sentence, `<check>.<why>` at the desk."""

    result: Result
    why: str
    pointers: tuple[Pointer, ...] = ()

    def as_json(self) -> dict[str, Any]:
        return {
            "result": self.result.value,
            "why": self.why,
            "pointers": [
                {"kind": each.kind, "name": each.name, "on": each.on.isoformat() if each.on else None}
                for each in self.pointers
            ],
        }


@dataclass(frozen=True)
class Said:
    """What a notice or a decision says, as far as one can be heavier than the other."""

    outcome: OutcomeKind
    fine_fen: int | None
    on: date

    @property
    def weight(self) -> tuple[int, int]:
        return WEIGHT[self.outcome], self.fine_fen or 0


@dataclass(frozen=True)
class Served:
    paper: str
    served_on: date
    reference: str


@dataclass(frozen=True)
class ReviewFacts:
    """What is known of an archived file.

    acts: each with its number and day, in order. officers: those in charge at the end. missed: of the `clocks` of the
    bureau those that were not kept. exhibits: how many, of them `deleted`; breaks: of the register of custody.
    missing: of each part of a volume the papers that would do.
    """

    procedure: Procedure
    acts: tuple[tuple[int, FileAct, date], ...]
    officers: tuple[str, ...]
    notice: Said | None
    decision: Said | None
    review_due: bool
    unanswered: tuple[int, ...]
    points: int
    served: tuple[Served, ...]
    missed: tuple[Pointer, ...]
    clocks: int
    exhibits: int
    deleted: int
    breaks: tuple[str, ...]
    missing: tuple[tuple[PaperKind, ...], ...]
    names: Mapping[PaperKind, str] = field(default_factory=dict)

    def last(self, *acts: FileAct) -> Pointer | None:
        """The newest event of one of these."""
        for seq, act, on in reversed(self.acts):
            if act in acts:
                return Pointer("event", str(seq), on)
        return None

    def seq(self, *acts: FileAct) -> int:
        found = self.last(*acts)
        return int(found.name) if found else 0


def two_officers(facts: ReviewFacts) -> Finding:
    pointers = tuple(Pointer("officer", name) for name in facts.officers)
    if facts.procedure is Procedure.SIMPLE and facts.decision is None:
        return Finding(Result.NOT_CALLED_FOR, "nothing_decided", pointers)
    enough = len(facts.officers) >= TWO_OFFICERS
    return Finding(Result.HOLDS, "two", pointers) if enough else Finding(Result.FAILS, "fewer", pointers)


def evidence_intact(facts: ReviewFacts) -> Finding:
    if facts.exhibits == 0:
        return Finding(Result.NOT_CALLED_FOR, "none")
    if facts.breaks:
        return Finding(Result.FAILS, "broken", tuple(Pointer("custody", each) for each in facts.breaks))
    if facts.deleted:
        return Finding(Result.FAILS, "deleted", (Pointer("exhibits", str(facts.deleted)),))
    return Finding(Result.HOLDS, "whole", (Pointer("exhibits", str(facts.exhibits)),))


def legal_review(facts: ReviewFacts) -> Finding:
    passed = facts.last(FileAct.PASS_LEGAL_REVIEW)
    decided = facts.seq(FileAct.DECIDE, FileAct.SPARE)
    if passed is not None and (decided == 0 or int(passed.name) < decided):
        return Finding(Result.HOLDS, "passed", (passed,))
    if not facts.review_due or decided == 0:
        return Finding(Result.NOT_CALLED_FOR, "not_due")
    return Finding(Result.FAILS, "not_passed", tuple(_there(facts.last(FileAct.DECIDE, FileAct.SPARE))))


def notice_first(facts: ReviewFacts) -> Finding:
    if facts.decision is None or facts.decision.outcome is OutcomeKind.NO_PENALTY:
        return Finding(Result.NOT_CALLED_FOR, "no_penalty")
    told, decided = facts.last(FileAct.NOTIFY), facts.last(FileAct.DECIDE)
    both = tuple(_there(told, decided))
    if facts.notice is None or told is None or (decided is not None and int(told.name) > int(decided.name)):
        return Finding(Result.FAILS, "not_told", both)
    served = [each for each in facts.served if each.paper == "notice" and each.served_on <= facts.decision.on]
    if not served and facts.procedure is Procedure.ORDINARY:
        return Finding(Result.FAILS, "not_served", both)
    return Finding(Result.HOLDS, "told", both + tuple(_service(each) for each in served))


def defence_answered(facts: ReviewFacts) -> Finding:
    if facts.unanswered:
        return Finding(Result.FAILS, "unanswered", tuple(Pointer("point", str(each)) for each in facts.unanswered))
    if facts.points == 0:
        return Finding(Result.NOT_CALLED_FOR, "none_said")
    return Finding(Result.HOLDS, "answered", (Pointer("points", str(facts.points)),))


def not_heavier(facts: ReviewFacts) -> Finding:
    if facts.decision is None or facts.notice is None:
        return Finding(Result.NOT_CALLED_FOR, "no_penalty")
    both = tuple(_there(facts.last(FileAct.NOTIFY), facts.last(FileAct.DECIDE, FileAct.SPARE)))
    if facts.decision.weight > facts.notice.weight:
        return Finding(Result.FAILS, "heavier", both)
    return Finding(Result.HOLDS, "no_heavier", both)


def clocks_kept(facts: ReviewFacts) -> Finding:
    if facts.missed:
        return Finding(Result.FAILS, "missed", facts.missed)
    if facts.clocks == 0:
        return Finding(Result.NOT_CALLED_FOR, "none")
    return Finding(Result.HOLDS, "kept", (Pointer("clocks", str(facts.clocks)),))


def served(facts: ReviewFacts) -> Finding:
    if facts.decision is None:
        return Finding(Result.NOT_CALLED_FOR, "nothing_decided")
    found = [each for each in facts.served if each.paper == "decision"]
    proven = [each for each in found if each.reference.strip()]
    if not found:
        return Finding(Result.FAILS, "not_served", tuple(_there(facts.last(FileAct.SERVE))))
    if not proven:
        return Finding(Result.FAILS, "unproven", tuple(_service(each) for each in found))
    return Finding(Result.HOLDS, "served", tuple(_service(each) for each in proven))


def papers_complete(facts: ReviewFacts) -> Finding:
    lacking = tuple(
        Pointer("paper", " / ".join(facts.names.get(kind, kind.value) for kind in kinds)) for kinds in facts.missing
    )
    return Finding(Result.FAILS, "missing", lacking) if lacking else Finding(Result.HOLDS, "complete")


def volume_bound(facts: ReviewFacts) -> Finding:
    bound = facts.last(FileAct.VOLUME_MADE)
    return Finding(Result.FAILS, "not_bound") if bound is None else Finding(Result.HOLDS, "bound", (bound,))


def _there(*pointers: Pointer | None) -> Iterator[Pointer]:
    return (each for each in pointers if each is not None)


def _service(each: Served) -> Pointer:
    return Pointer("service", each.reference or each.paper, each.served_on)


CHECKS: dict[str, Callable[[ReviewFacts], Finding]] = {
    check.__name__: check
    for check in (
        two_officers,
        evidence_intact,
        legal_review,
        notice_first,
        defence_answered,
        not_heavier,
        clocks_kept,
        served,
        papers_complete,
        volume_bound,
    )
}
