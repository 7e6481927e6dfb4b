"""Gates: what has to be there before a step is taken, each with the article that asks for it.

Pure: what is known of the case file is a `CaseFacts` (read in cases/casework/file_facts.py), the day is told. Whether
the table contains the step at all is asked in cases/casework/table.py. `penalty-44` is 行政处罚法 art. 44.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from cases.casework import limitation
from cases.casework.days import local_date
from cases.casework.limits import Limits
from cases.casework.outcome import Outcome
from models.enums import CaseSource, FileAct, FileState, OutcomeKind, Procedure, SpareGround

# 行政处罚法 art. 33: both outcomes stand on the conduct having been put right
CORRECTED_GROUNDS = frozenset({SpareGround.SLIGHT_AND_CORRECTED, SpareGround.FIRST_AND_CORRECTED})
# what the officers in charge do themselves, and nobody for them
OF_THE_OFFICERS = frozenset({FileAct.END_INVESTIGATION, FileAct.NOTIFY, FileAct.HEAR, FileAct.DECIDE, FileAct.SPARE})
LEGAL_REVIEW = frozenset({FileAct.PASS_LEGAL_REVIEW, FileAct.FAIL_LEGAL_REVIEW})


@dataclass(frozen=True)
class Unmet:
    """Something that is not there yet. code: the key of its sentence; facts: what the sentence names."""

    code: str
    article_id: str
    facts: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True)
class Span:
    """Both days belong to it; valid_to None: without end."""

    valid_from: date
    valid_to: date | None = None

    def covers(self, on: date) -> bool:
        return self.valid_from <= on and (self.valid_to is None or on <= self.valid_to)


@dataclass(frozen=True)
class OfficerFact:
    """An officer in charge. certified: when a certificate of enforcement is valid."""

    user_id: UUID
    name: str
    certified: tuple[Span, ...]


@dataclass(frozen=True)
class Taker:
    """Who wants to take the step. legal: when a qualification of the legal profession is held."""

    user_id: UUID
    legal: tuple[Span, ...] = ()


@dataclass(frozen=True)
class ItemFact:
    """An item of the catalogue of offences as it was in force on a day. least_fen, most_fen: None: it names none."""

    provision_id: str
    least_fen: int | None
    most_fen: int | None
    outcomes: frozenset[OutcomeKind]
    long_limitation: bool = False


@dataclass(frozen=True)
class NoticeFact:
    """What the party was told last. defence_until: the last day of the time to speak; hearing_until: of the time to
    ask for a hearing; both None until it was served.
    """

    outcome: Outcome
    told_on: date
    served_on: date | None = None
    defence_until: date | None = None
    hearing_until: date | None = None


@dataclass(frozen=True)
class HearingFact:
    """The hearing that was asked for on the newest notice. is_over: held, or given up."""

    is_over: bool


@dataclass(frozen=True)
class DecisionFact:
    """The decision that holds. payment_until: the last day of the time to pay; None until it was served."""

    outcome: Outcome
    served_on: date | None = None
    payment_until: date | None = None


@dataclass(frozen=True)
class CaseFacts:
    """What is known of a case file.

    pursued_elsewhere: numbers or titles of other case files on the same act. camera_lacks: papers its camera had not
    on the day of the conduct. review_asked: why a legal review is due (words of ReviewGround); reviewed: it was passed
    since the investigation ended; review_due_after_hearing: it was not since a hearing was held.
    owed_fen: what of the fine, late fee included, is still to be paid.
    """

    procedure: Procedure
    state: FileState
    source: CaseSource
    timezone: str
    limits: Limits
    registered_on: date
    conduct_from_on: date
    conduct_to_on: date
    organisation: bool = False
    item: ItemFact | None = None
    item_now: ItemFact | None = None
    officers: tuple[OfficerFact, ...] = ()
    ever_officers: frozenset[UUID] = frozenset()
    recused: frozenset[UUID] = frozenset()
    pursued_elsewhere: tuple[str, ...] = ()
    camera_lacks: tuple[str, ...] = ()
    review_asked: tuple[str, ...] = ()
    reviewed: bool = False
    review_due_after_hearing: bool = False
    notice: NoticeFact | None = None
    defence_waived: bool = False
    hearing_waived: bool = False
    points: int = 0
    unanswered: tuple[int, ...] = ()
    hearing: HearingFact | None = None
    decision: DecisionFact | None = None
    owed_fen: int = 0
    is_corrected: bool = False
    court_asked: bool = False
    reported: bool = False
    goods_held: tuple[str, ...] = ()
    volume_made: bool = False


@dataclass(frozen=True)
class _Asked:
    facts: CaseFacts
    step: FileAct
    on: date
    taker: Taker | None
    outcome: Outcome | None


_Gate = Callable[[_Asked], Iterator[Unmet]]


def unmet(
    facts: CaseFacts, step: FileAct, at: datetime, *, taker: Taker | None = None, outcome: Outcome | None = None
) -> tuple[Unmet, ...]:
    """What stands against the step now; empty: nothing.

    taker, outcome: who would take it, and with what; without them only what depends on neither is asked, which is what
    a page needs that says why a step cannot be taken yet.
    """
    asked = _Asked(facts, step, local_date(at, facts.timezone), taker, outcome)
    found = [missing for gate in (_may_act, *GATES.get(step, ())) for missing in gate(asked)]
    return tuple(found)


# --- who ---


def _may_act(asked: _Asked) -> Iterator[Unmet]:
    taker, facts = asked.taker, asked.facts
    if taker is None:
        return
    if taker.user_id in facts.recused:
        yield Unmet("taker_recused", "penalty-43")
    if asked.step in OF_THE_OFFICERS and taker.user_id not in {each.user_id for each in facts.officers}:
        yield Unmet("taker_not_of_the_case", "penalty-42")


def _two_officers(asked: _Asked) -> Iterator[Unmet]:
    facts, needed = asked.facts, asked.facts.limits.officers
    standing = [each for each in facts.officers if each.user_id not in facts.recused]
    for officer in standing:
        if not any(span.covers(asked.on) for span in officer.certified):
            yield Unmet("certificate_lapsed", needed.article, {"name": officer.name})
    if len({each.user_id for each in standing}) < needed.value:
        yield Unmet("officers_missing", needed.article, {"needed": needed.value, "there": len(standing)})
    if len(standing) < len(facts.officers):
        yield Unmet("officer_recused", "penalty-43")


def _legal_reviewer(asked: _Asked) -> Iterator[Unmet]:
    taker = asked.taker
    if taker is None:
        return
    if taker.user_id in asked.facts.ever_officers:
        yield Unmet("reviewer_investigated", "penalty-58")
    if not any(span.covers(asked.on) for span in taker.legal):
        yield Unmet("reviewer_not_qualified", "penalty-58")


# --- whether it may be pursued ---


def _item_in_force(asked: _Asked) -> Iterator[Unmet]:
    item, outcome = asked.facts.item, asked.outcome
    if item is None:
        yield Unmet("no_law_on_the_day", "penalty-37", {"on": asked.facts.conduct_to_on.isoformat()})
        return
    if outcome is None:
        return
    now = asked.facts.item_now
    if outcome.provision_id not in {each.provision_id for each in (item, now) if each is not None}:
        yield Unmet("other_law_than_on_the_day", "penalty-37", {"provision": item.provision_id})
    if outcome.outcome is OutcomeKind.NO_PENALTY:
        return
    if outcome.outcome not in item.outcomes:
        yield Unmet("outcome_not_in_the_law", "penalty-4", {"outcome": outcome.outcome.value})
    amount = outcome.fine_fen or 0
    if item.most_fen is not None and amount > item.most_fen:
        yield Unmet("more_than_the_law", "penalty-4", {"most_fen": item.most_fen})
    # below the least there has to be something that makes it lighter, and a person says what
    if item.least_fen is not None and 0 < amount < item.least_fen and not (outcome.departs_because or "").strip():
        yield Unmet("less_than_the_law", "penalty-32", {"least_fen": item.least_fen})
    # what became milder since is judged by the milder law
    if now is None:
        yield Unmet("law_ended_since", "penalty-37")
    elif now != item and now.most_fen is not None and amount > now.most_fen:
        yield Unmet("milder_law_since", "penalty-37", {"most_fen": now.most_fen})


def _in_time(asked: _Asked) -> Iterator[Unmet]:
    facts = asked.facts
    long = facts.item is not None and facts.item.long_limitation
    years = facts.limits.limitation_years_long if long else facts.limits.limitation_years
    if limitation.is_over(facts.conduct_to_on, years.value, facts.registered_on):
        until = limitation.last_day(facts.conduct_to_on, years.value)
        yield Unmet("limitation_over", years.article, {"until": until.isoformat()})


def _not_twice(asked: _Asked) -> Iterator[Unmet]:
    for other in asked.facts.pursued_elsewhere:
        yield Unmet("same_act_elsewhere", "penalty-29", {"other": other})


def _camera_may_prove(asked: _Asked) -> Iterator[Unmet]:
    if asked.facts.source is CaseSource.CAMERA and asked.facts.camera_lacks:
        yield Unmet("camera_discovery_only", "penalty-41", {"papers": ", ".join(asked.facts.camera_lacks)})


# --- the legal review ---


def _reviewed(asked: _Asked) -> Iterator[Unmet]:
    facts = asked.facts
    if asked.step is FileAct.DECIDE and facts.review_due_after_hearing:
        yield Unmet("review_due_after_hearing", "penalty-58")
        return
    if facts.reviewed or facts.procedure is Procedure.SIMPLE:
        return
    for ground in facts.review_asked:
        yield Unmet("review_due", "penalty-58", {"ground": ground})
    bound = facts.limits.review_fen
    if asked.outcome is not None and (asked.outcome.fine_fen or 0) >= bound.value:
        yield Unmet("review_due_for_amount", bound.article, {"from_fen": bound.value})


# --- telling and hearing ---


def _hearing_offered(asked: _Asked) -> Iterator[Unmet]:
    facts, outcome = asked.facts, asked.outcome
    if outcome is None or facts.procedure is Procedure.SIMPLE or outcome.hearing_offered:
        return
    if facts.limits.hearing_is_due(outcome.outcome, outcome.fine_fen, organisation=facts.organisation):
        yield Unmet("hearing_not_offered", "penalty-63")


def _told(asked: _Asked) -> Iterator[Unmet]:
    notice = asked.facts.notice
    if notice is None:
        yield Unmet("not_told", "penalty-44")
    elif asked.facts.procedure is Procedure.ORDINARY and (notice.served_on is None or notice.served_on > asked.on):
        yield Unmet("notice_not_served", "penalty-44")


def _answered(asked: _Asked) -> Iterator[Unmet]:
    for number in asked.facts.unanswered:
        yield Unmet("point_unanswered", "penalty-45", {"number": number})


def _had_time_to_speak(asked: _Asked) -> Iterator[Unmet]:
    facts, notice = asked.facts, asked.facts.notice
    if facts.defence_waived or notice is None:
        return
    if facts.procedure is Procedure.SIMPLE:
        # on the spot there is no period: the party speaks, or says that there is nothing to say
        if not facts.points:
            yield Unmet("party_not_heard", "penalty-62")
        return
    if notice.served_on is not None and notice.defence_until is None:
        yield Unmet("defence_period_unknown", "penalty-45")
    elif notice.defence_until is not None and asked.on <= notice.defence_until:
        yield Unmet("defence_period_runs", "penalty-45", {"until": notice.defence_until.isoformat()})


def _hearing_done(asked: _Asked) -> Iterator[Unmet]:
    facts, notice = asked.facts, asked.facts.notice
    if facts.hearing is not None:
        if not facts.hearing.is_over:
            yield Unmet("hearing_open", "penalty-63")
        return
    if notice is None or not notice.outcome.hearing_offered or facts.hearing_waived:
        return
    if notice.served_on is not None and notice.hearing_until is None:
        yield Unmet("hearing_period_unknown", "penalty-64")
    elif notice.hearing_until is not None and asked.on <= notice.hearing_until:
        yield Unmet("hearing_may_be_asked", "penalty-64", {"until": notice.hearing_until.isoformat()})


# --- the decision ---


def _not_heavier(asked: _Asked) -> Iterator[Unmet]:
    notice, outcome = asked.facts.notice, asked.outcome
    if notice is None or outcome is None:
        return
    if outcome.weight > notice.outcome.weight:
        yield Unmet("heavier_than_told", "penalty-45")
    if outcome.provision_id != notice.outcome.provision_id:
        yield Unmet("other_basis_than_told", "penalty-44")


def _on_the_spot(asked: _Asked) -> Iterator[Unmet]:
    facts, outcome = asked.facts, asked.outcome
    if facts.procedure is not Procedure.SIMPLE or outcome is None:
        return
    bound = facts.limits.spot_fen(organisation=facts.organisation)
    if (outcome.fine_fen or 0) > bound.value:
        yield Unmet("too_much_for_the_spot", bound.article, {"most_fen": bound.value})


def _ground_holds(asked: _Asked) -> Iterator[Unmet]:
    facts, outcome = asked.facts, asked.outcome
    if outcome is None:
        return
    if outcome.outcome is not OutcomeKind.NO_PENALTY:
        yield Unmet("penalty_is_decided_otherwise", "penalty-57")
    if outcome.spare_ground in CORRECTED_GROUNDS and not facts.is_corrected:
        yield Unmet("not_corrected", "penalty-33")


def _is_penalty(asked: _Asked) -> Iterator[Unmet]:
    if asked.outcome is not None and asked.outcome.outcome is OutcomeKind.NO_PENALTY:
        yield Unmet("sparing_is_decided_otherwise", "penalty-57")


def _correction_ordered(asked: _Asked) -> Iterator[Unmet]:
    outcome = asked.outcome
    if outcome is None or outcome.outcome is OutcomeKind.NO_PENALTY:
        return
    if not outcome.correction.strip() and not asked.facts.is_corrected:
        yield Unmet("correction_not_ordered", "penalty-28")


# --- afterwards ---


def _served(asked: _Asked) -> Iterator[Unmet]:
    decision = asked.facts.decision
    if decision is None or decision.served_on is None or decision.served_on > asked.on:
        yield Unmet("decision_not_served", "penalty-61")


def _performed(asked: _Asked) -> Iterator[Unmet]:
    if asked.facts.owed_fen > 0:
        yield Unmet("not_paid", "penalty-66", {"owed_fen": asked.facts.owed_fen})
    if _to_correct(asked.facts):
        yield Unmet("correction_outstanding", "penalty-28")


def _to_correct(facts: CaseFacts) -> bool:
    ordered = facts.decision is not None and bool(facts.decision.outcome.correction.strip())
    return ordered and not facts.is_corrected


def _something_to_enforce(asked: _Asked) -> Iterator[Unmet]:
    facts = asked.facts
    if facts.owed_fen <= 0 and not _to_correct(facts):
        yield Unmet("nothing_to_enforce", "penalty-72")
        return
    until = facts.decision.payment_until if facts.decision else None
    if until is not None and asked.on <= until:
        yield Unmet("time_to_perform_runs", "penalty-67", {"until": until.isoformat()})


def _may_be_closed(asked: _Asked) -> Iterator[Unmet]:
    facts = asked.facts
    if facts.state is FileState.SERVED:
        yield from _performed(asked)
    if facts.state is FileState.ENFORCING and not facts.court_asked and (facts.owed_fen > 0 or _to_correct(facts)):
        yield Unmet("court_not_asked", "penalty-72")
    is_penalty = facts.decision is not None and facts.decision.outcome.outcome is not OutcomeKind.NO_PENALTY
    if facts.procedure is Procedure.SIMPLE and is_penalty and not facts.reported:
        yield Unmet("not_reported", "penalty-52")
    for goods in facts.goods_held:
        yield Unmet("goods_still_held", "coercion-27", {"goods": goods})


def _volume(asked: _Asked) -> Iterator[Unmet]:
    if not asked.facts.volume_made:
        yield Unmet("volume_not_made", "penalty-47")


GATES: dict[FileAct, tuple[_Gate, ...]] = {
    FileAct.FILE: (_item_in_force, _in_time, _not_twice),
    FileAct.END_INVESTIGATION: (_two_officers,),
    FileAct.PASS_LEGAL_REVIEW: (_legal_reviewer,),
    FileAct.FAIL_LEGAL_REVIEW: (_legal_reviewer,),
    FileAct.NOTIFY: (
        _two_officers,
        _item_in_force,
        _in_time,
        _not_twice,
        _camera_may_prove,
        _is_penalty,
        _on_the_spot,
        _reviewed,
        _hearing_offered,
    ),
    FileAct.HEAR: (_two_officers, _told, _answered, _had_time_to_speak, _hearing_done),
    FileAct.DECIDE: (
        _two_officers,
        _item_in_force,
        _in_time,
        _not_twice,
        _camera_may_prove,
        _is_penalty,
        _on_the_spot,
        _told,
        _answered,
        _hearing_done,
        _reviewed,
        _not_heavier,
        _correction_ordered,
    ),
    FileAct.SPARE: (_two_officers, _item_in_force, _answered, _ground_holds),
    FileAct.SERVE: (_served,),
    FileAct.PERFORM: (_performed,),
    FileAct.ENFORCE: (_something_to_enforce,),
    FileAct.CLOSE: (_may_be_closed,),
    FileAct.ARCHIVE: (_volume,),
}
