"""Discretion: which band follows from the facts, and why; what a person chooses, and what is still to be found out.

Pure: no session, no "today". The proposal is the lightest that the facts allow. It never raises: what stands in a
heavier band, because of a prior or another circumstance that a published condition names, is put beside it for a
person to choose with a reason. That the party defended itself weighs nothing (行政处罚法 art. 45).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from cases.law.items import Band, Condition, LawItem, Limits, Subject, Weighs
from models.enums import OutcomeKind, SpareGround

NO_FAULT = "penalty-33"
LIMITATION = "penalty-36"


class PointsAt(StrEnum):
    """What a reason stands on."""

    ARTICLE = "article"  # id of a clause
    EVENT = "event"  # of the case file, by its number
    FILE = "file"  # another case file, by its id
    INCIDENT = "incident"  # its history
    BAND = "band"  # of the published standard


@dataclass(frozen=True)
class Pointer:
    at: PointsAt
    name: str


@dataclass(frozen=True)
class Fact:
    """What is known, and where it stands. value: None: not known."""

    value: Any = None
    source: tuple[Pointer, ...] = ()


@dataclass(frozen=True)
class Prior:
    """An offence of the same party or vehicle that was decided, and whose decision holds."""

    file_id: str
    code: str
    decided_on: date


@dataclass(frozen=True)
class Circumstances:
    """What the case file shows. conduct_on: the day that decides which law, and from which priors are counted back.

    corrected: put right in time. harm: none, slight or serious. present: circumstances that weigh, by their codes.
    defences: points that the party made; shown, and of no weight.
    """

    conduct_on: date
    subject: Fact = Fact()
    corrected: Fact = Fact()
    slight: Fact = Fact()
    harm: Fact = Fact()
    no_fault: Fact = Fact()
    under_14: Fact = Fact()
    not_accountable: Fact = Fact()
    limitation_over: Fact = Fact()
    priors: tuple[Prior, ...] = ()
    warnings: int = 0
    warned_by: tuple[Pointer, ...] = ()
    present: dict[str, tuple[Pointer, ...]] = field(default_factory=dict)
    defences: int = 0


class Sense(StrEnum):
    """What a reason says about the outcome."""

    SPARES = "spares"
    LIGHTER = "lighter"
    FOR = "for"
    HEAVIER = "heavier"  # never acted upon by the program
    ASIDE = "aside"


@dataclass(frozen=True)
class Reason:
    """code: of its sentence (cases/law/proposal_words.toml); facts: what the sentence names."""

    code: str
    sense: Sense
    points_at: tuple[Pointer, ...]
    facts: dict[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True)
class Heavier:
    """A band that a person may choose; the program does not. reasons: the conditions that hold."""

    band: str
    outcome: OutcomeKind
    fine_min_fen: int | None
    fine_max_fen: int | None
    reasons: tuple[Reason, ...]


@dataclass(frozen=True)
class Proposal:
    """outcome None: nothing follows by itself, and a person chooses. spare_must: art. 33 leaves no choice.

    fine_fen: the least amount of the band, to start from. to_find_out: facts that could make it lighter. provision_id:
    of the version of the catalogue.
    """

    provision_id: str
    code: str
    subject: Subject | None
    outcome: OutcomeKind | None
    spare_ground: SpareGround | None
    spare_must: bool
    band: str | None
    fine_min_fen: int | None
    fine_max_fen: int | None
    fine_fen: int | None
    reasons: tuple[Reason, ...]
    heavier: tuple[Heavier, ...]
    to_find_out: tuple[str, ...]
    standard_verified: bool

    def as_record(self) -> dict[str, Any]:
        """As a notice and a decision keep it: what the program had proposed, and why. Of a fine it names the band's
        range and no amount, so that within it nobody departs from anything (cases/casework/outcome.py).
        """
        return {
            "provision_id": self.provision_id,
            "code": self.code,
            "outcome": self.outcome.value if self.outcome else None,
            "spare_ground": self.spare_ground.value if self.spare_ground else None,
            "band": self.band,
            "fine_min_fen": self.fine_min_fen,
            "fine_max_fen": self.fine_max_fen,
            "standard_verified": self.standard_verified,
            "reasons": [
                {
                    "code": reason.code,
                    "sense": reason.sense.value,
                    "points_at": [f"{each.at.value}:{each.name}" for each in reason.points_at],
                    "facts": reason.facts,
                }
                for reason in self.reasons
            ],
            "heavier": [each.band for each in self.heavier],
            "to_find_out": list(self.to_find_out),
        }


def propose(item: LawItem, circumstances: Circumstances, *, provision_id: str = "") -> Proposal:
    """What follows from the facts, by the item that was in force on the day of the conduct."""
    subject = _subject(item, circumstances)
    counted = counted_priors(item, circumstances)
    reasons = [*_asides(item, circumstances, counted, subject)]
    to_find_out = ["subject"] if _subject_is_open(item, circumstances) else []
    spared = _spared(circumstances, first=_is_first(item, circumstances, counted))
    verified = item.standard is not None and item.standard.verified
    if spared is not None:
        ground, must, why = spared
        return Proposal(
            provision_id=provision_id,
            code=item.code,
            subject=subject,
            outcome=OutcomeKind.NO_PENALTY,
            spare_ground=ground,
            spare_must=must,
            band=None,
            fine_min_fen=None,
            fine_max_fen=None,
            fine_fen=None,
            reasons=(why, *reasons),
            heavier=(),
            to_find_out=tuple(to_find_out),
            standard_verified=verified,
        )
    chosen, heavier, unknown = _weigh(item, subject, circumstances, counted)
    to_find_out += [*_could_spare(circumstances, counted), *unknown]
    if chosen is not None:
        point = Pointer(PointsAt.BAND, chosen.code)
        reasons.insert(0, Reason("band_follows", Sense.FOR, (point,), {"band": chosen.code}))
        reasons[1:1] = _why(chosen, item, circumstances, counted)
    else:
        reasons.insert(0, Reason("no_band_follows", Sense.FOR, _penalty_clauses(item)))
    return Proposal(
        provision_id=provision_id,
        code=item.code,
        subject=subject,
        outcome=chosen.outcome if chosen else None,
        spare_ground=chosen.spare_ground if chosen else None,
        spare_must=False,
        band=chosen.code if chosen else None,
        fine_min_fen=chosen.fine_min_fen if chosen else None,
        fine_max_fen=chosen.fine_max_fen if chosen else None,
        fine_fen=chosen.fine_min_fen if chosen else None,
        reasons=tuple(reasons),
        heavier=tuple(heavier),
        to_find_out=tuple(dict.fromkeys(to_find_out)),
        standard_verified=verified,
    )


def counted_priors(item: LawItem, circumstances: Circumstances) -> tuple[Prior, ...]:
    """Those of the same item that lie in the look-back, newest first; where no rule says that one counts, none."""
    if item.lookback_days is None:
        return ()
    return tuple(
        sorted(
            (
                prior
                for prior in circumstances.priors
                if prior.code == item.code
                and 0 <= (circumstances.conduct_on - prior.decided_on).days <= item.lookback_days
            ),
            key=lambda prior: prior.decided_on,
            reverse=True,
        )
    )


def limits_for(item: LawItem, subject: Subject | None) -> Limits:
    """What the clause allows; where it is not known who the party is, the lower of its limits."""
    if subject in item.limits:
        return item.limits[subject]
    return min(item.limits.values(), key=lambda limits: (limits.fine_max_fen is None, limits.fine_max_fen or 0))


def outside(item: LawItem, outcome: OutcomeKind, fine_fen: int | None, subject: Subject | None) -> str | None:
    """Why this outcome lies outside what the clause allows, as the key of a sentence; None: it lies within.

    Below its least amount a person may go where something makes it lighter (行政处罚法 art. 30-32).
    """
    limits = limits_for(item, subject)
    if outcome is OutcomeKind.WARNING and not limits.warning:
        return "no_warning_here"
    if outcome is not OutcomeKind.FINE or (fine_fen is not None and limits.allow(fine_fen)):
        return None
    below = limits.fined and fine_fen is not None and 0 < fine_fen < (limits.fine_min_fen or 0)
    return "below_the_limits" if below else "outside_the_limits"


def departs(proposal: Proposal, outcome: OutcomeKind, band: str | None, fine_fen: int | None) -> bool:
    """Whether a choice is another than what was proposed, so that it needs its reason."""
    if proposal.outcome is not outcome or (outcome is not OutcomeKind.NO_PENALTY and proposal.band != band):
        return True
    if outcome is not OutcomeKind.FINE or fine_fen is None:
        return False
    return not (proposal.fine_min_fen or 0) <= fine_fen <= (proposal.fine_max_fen or 0)


# --- no penalty


def _is_first(item: LawItem, circumstances: Circumstances, counted: Sequence[Prior]) -> bool:
    """Whether nothing of the kind was decided before, in the look-back where one is published."""
    if item.lookback_days is not None:
        return not counted
    return all(prior.code != item.code for prior in circumstances.priors)


def _spared(circumstances: Circumstances, *, first: bool) -> tuple[SpareGround, bool, Reason] | None:
    """The ground, whether it leaves no choice, and why; those that leave none come first."""
    known = circumstances
    musts = (
        (known.limitation_over, SpareGround.LIMITATION, "limitation_over", LIMITATION),
        (known.under_14, SpareGround.UNDER_AGE, "under_14", "penalty-30"),
        (known.not_accountable, SpareGround.NOT_ACCOUNTABLE, "not_accountable", "penalty-31"),
        (known.no_fault, SpareGround.NO_FAULT, "no_fault", NO_FAULT),
    )
    for fact, ground, code, article in musts:
        if fact.value is True:
            return ground, True, _spares(code, article, fact)
    if known.corrected.value is True and known.slight.value is True and known.harm.value == "none":
        why = _spares("slight_and_corrected", "penalty-33", known.corrected, known.slight, known.harm)
        return SpareGround.SLIGHT_AND_CORRECTED, True, why
    if first and known.corrected.value is True and known.harm.value in {"none", "slight"}:
        why = _spares("first_and_corrected", "penalty-33", known.corrected, known.harm)
        return SpareGround.FIRST_AND_CORRECTED, False, why
    return None


def _spares(code: str, article: str, *facts: Fact) -> Reason:
    sources = dict.fromkeys(pointer for fact in facts for pointer in fact.source)  # each once
    return Reason(code, Sense.SPARES, (Pointer(PointsAt.ARTICLE, article), *sources))


def _could_spare(circumstances: Circumstances, counted: Sequence[Prior]) -> list[str]:
    """What is not known and would let art. 33 apply."""
    known = circumstances
    if known.corrected.value is False:
        return []
    missing = [] if known.corrected.value is not None else ["corrected"]
    if known.harm.value is None:
        missing.append("harm")
    if known.slight.value is None and known.harm.value in {None, "none"}:
        missing.append("slight")
    return missing if known.harm.value != "serious" and (known.slight.value is not False or not counted) else []


# --- bands


class _Holds(StrEnum):
    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


def _weigh(
    item: LawItem, subject: Subject | None, circumstances: Circumstances, counted: Sequence[Prior]
) -> tuple[Band | None, list[Heavier], list[str]]:
    """The band that follows, those above it that a person may choose, and what is to be found out for a lighter one."""
    fitting: list[Band] = []
    possible: list[tuple[Band, list[Condition]]] = []
    for band in item.band:
        if band.subject not in (None, subject):
            continue
        answers = {condition: _holds(condition, circumstances, counted) for condition in band.conditions}
        if _Holds.NO in answers.values():
            continue
        unknown = [condition for condition, answer in answers.items() if answer is _Holds.UNKNOWN]
        if unknown:
            possible.append((band, unknown))
        else:
            fitting.append(band)
    plain = [band for band in fitting if not any(raises(each, item) for each in band.conditions)]
    chosen = min(plain, key=weight, default=None)
    heavier = [
        Heavier(
            band.code,
            band.outcome,
            band.fine_min_fen,
            band.fine_max_fen,
            tuple(_why(band, item, circumstances, counted)),
        )
        for band in sorted(fitting, key=weight)
        if band not in plain
    ]
    lighter: list[str] = [
        condition.about
        for band, unknown in possible
        if chosen is None or weight(band) < weight(chosen)
        for condition in unknown
    ]
    return chosen, heavier, lighter


def raises(condition: Condition, item: LawItem) -> bool:
    """Whether a condition is one by which a band is a heavier one."""
    if condition.about in {"priors", "warnings"}:
        return condition.sign == ">="
    if condition.about == "corrected":
        return condition.word == "no"
    if condition.about == "harm":
        return condition.word == "serious"
    named = item.circumstance_named(condition.word or "")
    return named is None or named.weighs is Weighs.HEAVIER


def weight(band: Band) -> tuple[int, int, int]:
    """By which bands are ordered, lightest first."""
    rank = (OutcomeKind.NO_PENALTY, OutcomeKind.WARNING, OutcomeKind.FINE).index(band.outcome)
    return rank, band.fine_min_fen or 0, band.fine_max_fen or 0


def _holds(condition: Condition, circumstances: Circumstances, counted: Sequence[Prior]) -> _Holds:
    if condition.about in {"priors", "warnings"}:
        number = len(counted) if condition.about == "priors" else circumstances.warnings
        bound = condition.number or 0
        return _said(number >= bound if condition.sign == ">=" else number <= bound)
    if condition.about == "with":
        return _said(condition.word in circumstances.present)
    if condition.about == "corrected":
        known = circumstances.corrected.value
        return _Holds.UNKNOWN if known is None else _said(known is (condition.word == "yes"))
    harm = circumstances.harm.value
    return _Holds.UNKNOWN if harm is None else _said(harm == condition.word)


def _said(answer: bool) -> _Holds:
    return _Holds.YES if answer else _Holds.NO


def _why(band: Band, item: LawItem, circumstances: Circumstances, counted: Sequence[Prior]) -> Iterable[Reason]:
    """The conditions of a band that hold, each with what shows it."""
    for condition in band.conditions:
        sense = Sense.HEAVIER if raises(condition, item) else Sense.LIGHTER
        points: tuple[Pointer, ...]
        facts: dict[str, str | int] = {}
        match condition.about:
            case "priors":
                points = tuple(Pointer(PointsAt.FILE, prior.file_id) for prior in counted)
                facts = {"count": len(counted), "days": item.lookback_days or 0}
            case "warnings":
                points, facts = circumstances.warned_by, {"count": circumstances.warnings}
            case "with":
                word = condition.word or ""
                points, facts = circumstances.present.get(word, ()), {"circumstance": word}
            case "corrected":
                points = circumstances.corrected.source
            case "harm":
                points = circumstances.harm.source
        word = f"_{condition.word}" if condition.about in {"corrected", "harm"} else ""
        yield Reason(f"condition_{condition.about}{word}", sense, (Pointer(PointsAt.BAND, band.code), *points), facts)


# --- what stands beside it


def _asides(
    item: LawItem, circumstances: Circumstances, counted: Sequence[Prior], subject: Subject | None
) -> Iterable[Reason]:
    named = {condition.word for band in item.band for condition in band.conditions if condition.about == "with"}
    for code, sources in sorted(circumstances.present.items()):
        known = item.circumstance_named(code)
        if known is None:
            continue
        pointers = (Pointer(PointsAt.ARTICLE, known.article), *sources)
        if known.weighs is Weighs.LIGHTER:
            yield Reason("weighs_lighter", Sense.LIGHTER, pointers, {"circumstance": code})
        elif code not in named:
            yield Reason("weighs_heavier", Sense.HEAVIER, pointers, {"circumstance": code})
    if circumstances.priors and not counted:
        files = tuple(Pointer(PointsAt.FILE, prior.file_id) for prior in circumstances.priors)
        yield Reason("priors_do_not_count", Sense.ASIDE, files, {"count": len(circumstances.priors)})
    elif not circumstances.priors:
        yield Reason("no_priors", Sense.ASIDE, (Pointer(PointsAt.ARTICLE, "penalty-33"),))
    else:
        files = tuple(Pointer(PointsAt.FILE, prior.file_id) for prior in counted)
        facts: dict[str, str | int] = {"count": len(counted), "days": item.lookback_days or 0}
        yield Reason("priors_counted", Sense.ASIDE, files, facts)
    if circumstances.defences:
        yield Reason(
            "defence_weighs_nothing",
            Sense.ASIDE,
            (Pointer(PointsAt.ARTICLE, "penalty-45"),),
            {"count": circumstances.defences},
        )
    if _subject_is_open(item, circumstances):
        yield Reason("subject_not_known", Sense.ASIDE, _penalty_clauses(item), {"subject": subject or ""})
    if item.standard is not None and not item.standard.verified:
        yield Reason("standard_not_verified", Sense.ASIDE, (Pointer(PointsAt.ARTICLE, "penalty-34"),))


def _subject_is_open(item: LawItem, circumstances: Circumstances) -> bool:
    """Whether it is not known who the party is, and something depends on it."""
    limits = list(item.limits.values())
    differ = any(each != limits[0] for each in limits) or any(band.subject is not None for band in item.band)
    return circumstances.subject.value not in item.limits and len(limits) > 1 and differ


def _subject(item: LawItem, circumstances: Circumstances) -> Subject | None:
    """Where it is not known who the party is, the one with the lower limits."""
    known = circumstances.subject.value
    if known in item.limits:
        return Subject(known)
    lower = limits_for(item, None)
    return next((subject for subject, limits in item.limits.items() if limits is lower), None)


def _penalty_clauses(item: LawItem) -> tuple[Pointer, ...]:
    return tuple(Pointer(PointsAt.ARTICLE, clause.id) for clause in item.penalty)
