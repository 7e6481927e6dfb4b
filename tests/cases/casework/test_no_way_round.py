"""No way round: however acts are left out, repeated and mixed, no decision is reached without what the law asks before.

Pure: the table and the gates alone, over ways that hypothesis makes out of the right one. What has to have happened is
read from the list of what was done, and not from the facts the gates were asked with.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cases.casework.days import local_date
from cases.casework.gates import CaseFacts, DecisionFact, HearingFact, NoticeFact, OfficerFact, unmet
from cases.casework.outcome import Outcome
from cases.casework.table import next_state
from models.enums import FileAct, FileState, Procedure
from tests.cases.casework.pure_case import BY_LI, BY_SUN, CERTIFIED, FINE, LI, NOTHING, WANG, WARNING, case

RIGHT_WAY = (
    "file",
    "assign_li",
    "assign_wang",
    "end_investigation",
    "pass_legal_review",
    "notify",
    "serve_notice",
    "say",
    "answer",
    "ask_hearing",
    "hold_hearing",
    "days",
    "hear",
    "pass_legal_review",
    "decide",
)
# what may be missing: the review before the notice, what was said, the hearing, which ends the waiting by itself
OPTIONAL = {RIGHT_WAY.index(act) for act in ("pass_legal_review", "say", "ask_hearing", "days")}
OTHER_ACTS = (
    "recuse_wang",
    "reopen",
    "waive",
    "say",
    "public_interest",
    "spare",
    "fail_legal_review",
    "a_day",
    "withdraw",
)
LIGHT, HEAVY = FINE.model_copy(update={"fine_fen": 5_000}), FINE.model_copy(update={"fine_fen": 15_000})
TOLD = [
    each.model_copy(update={"hearing_offered": offered})
    for each in (WARNING, LIGHT, FINE, HEAVY)
    for offered in (True, False)
]
OUTCOMES = [WARNING, LIGHT, FINE, HEAVY]


@dataclass
class Way:
    """A case on its way. done: what really happened, with the day and what it carried."""

    facts: CaseFacts
    at: datetime = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
    done: list[tuple[str, datetime, Outcome | None]] = field(default_factory=list)

    def goes(self, act: str, outcome: Outcome) -> None:
        if act in NOT_STEPS:
            before = self.facts
            self.facts = NOT_STEPS[act](self)
            if self.facts is not before or act in ("days", "a_day"):
                self.done.append((act, self.at, None))
        else:
            self._steps(FileAct(act), outcome)

    def _steps(self, step: FileAct, outcome: Outcome) -> None:
        carried = outcome if step in (FileAct.NOTIFY, FileAct.DECIDE) else NOTHING if step is FileAct.SPARE else None
        state = next_state(self.facts.procedure, self.facts.state, step)
        taker = BY_SUN if step in (FileAct.PASS_LEGAL_REVIEW, FileAct.FAIL_LEGAL_REVIEW) else BY_LI
        if state is None or unmet(self.facts, step, self.at, taker=taker, outcome=carried):
            return
        self.done.append((step.value, self.at, carried))
        changes: dict[FileAct, Callable[[CaseFacts], CaseFacts]] = {
            FileAct.NOTIFY: lambda facts: replace(
                facts,
                notice=NoticeFact(outcome, local_date(self.at, facts.timezone)),
                hearing=None,
                defence_waived=False,
                hearing_waived=False,
            ),
            FileAct.PASS_LEGAL_REVIEW: lambda facts: replace(facts, reviewed=True, review_due_after_hearing=False),
            FileAct.FAIL_LEGAL_REVIEW: lambda facts: replace(facts, reviewed=False),
            FileAct.REOPEN: lambda facts: replace(facts, reviewed=False),
            FileAct.DECIDE: lambda facts: replace(facts, decision=DecisionFact(outcome)),
        }
        changed = changes.get(step, lambda facts: facts)(self.facts)
        self.facts = replace(changed, state=state)


def _served(way: Way) -> CaseFacts:
    notice = way.facts.notice
    if notice is None or notice.served_on is not None:
        return way.facts
    on = local_date(way.at, way.facts.timezone)
    until = {"defence_until": on + timedelta(days=3), "hearing_until": on + timedelta(days=5)}
    return replace(way.facts, notice=replace(notice, served_on=on, **until))


def _assigned(number: int) -> Callable[[Way], CaseFacts]:
    def assigned(way: Way) -> CaseFacts:
        user_id = (LI, WANG)[number]
        if user_id in way.facts.ever_officers:
            return way.facts
        officer = OfficerFact(user_id, "名", CERTIFIED)
        return replace(
            way.facts,
            officers=(*way.facts.officers, officer),
            ever_officers=way.facts.ever_officers | {user_id},
        )

    return assigned


def _recused(way: Way) -> CaseFacts:
    return replace(
        way.facts,
        officers=tuple(each for each in way.facts.officers if each.user_id != WANG),
        recused=way.facts.recused | {WANG},
    )


def _said(way: Way) -> CaseFacts:
    number = way.facts.points + 1
    return replace(way.facts, points=number, unanswered=(*way.facts.unanswered, number))


def _hearing(way: Way, *, over: bool) -> CaseFacts:
    notice, there = way.facts.notice, way.facts.hearing
    if way.facts.state is not FileState.NOTICED or notice is None or not notice.outcome.hearing_offered:
        return way.facts
    if over:
        if there is None or there.is_over:
            return way.facts
        return replace(way.facts, hearing=HearingFact(is_over=True), review_due_after_hearing=True)
    return way.facts if there else replace(way.facts, hearing=HearingFact(is_over=False))


def _later(days: int) -> Callable[[Way], CaseFacts]:
    def later(way: Way) -> CaseFacts:
        way.at += timedelta(days=days)
        return way.facts

    return later


NOT_STEPS: dict[str, Callable[[Way], CaseFacts]] = {
    "assign_li": _assigned(0),
    "assign_wang": _assigned(1),
    "recuse_wang": _recused,
    "serve_notice": _served,
    "say": _said,
    "answer": lambda way: replace(way.facts, unanswered=()),
    "waive": lambda way: replace(way.facts, defence_waived=True, hearing_waived=True),
    "ask_hearing": lambda way: _hearing(way, over=False),
    "hold_hearing": lambda way: _hearing(way, over=True),
    "public_interest": lambda way: replace(way.facts, review_asked=("public_interest",)),
    "days": _later(10),
    "a_day": _later(1),
}


def begun(procedure: Procedure) -> Way:
    facts = case(
        procedure=procedure,
        state=FileState.REGISTERED,
        officers=(),
        ever_officers=frozenset(),
        notice=None,
        decision=None,
        points=0,
        is_corrected=True,
    )
    return Way(facts)


@st.composite
def ways(draw: st.DrawFn) -> list[tuple[str, Outcome]]:
    """The right way with acts left out, and others strewn in; each step carries some outcome."""
    told = draw(st.sampled_from(TOLD))
    decided = draw(st.sampled_from(OUTCOMES))
    left_out = draw(st.sets(st.integers(0, len(RIGHT_WAY) - 1), max_size=4))
    acts = [act for place, act in enumerate(RIGHT_WAY) if place not in left_out]
    for act in draw(st.lists(st.sampled_from(OTHER_ACTS + RIGHT_WAY), max_size=6)):
        acts.insert(draw(st.integers(0, len(acts))), act)
    return [(act, told if act == "notify" else decided) for act in acts]


def walked(procedure: Procedure, acts: list[tuple[str, Outcome]]) -> Way:
    way = begun(procedure)
    for act, outcome in acts:
        way.goes(act, outcome)
    return way


def since_told(way: Way) -> list[tuple[str, datetime, Outcome | None]]:
    places = [place for place, (act, _, _) in enumerate(way.done) if act == "notify"]
    return way.done[places[-1] :]


def test_the_right_way_leads_to_a_decision() -> None:
    offered = FINE.model_copy(update={"hearing_offered": True})
    way = walked(Procedure.ORDINARY, [(act, offered if act == "notify" else LIGHT) for act in RIGHT_WAY])
    assert way.facts.state is FileState.DECIDED
    assert [act for act, _, _ in way.done] == list(RIGHT_WAY)


# of the two legal reviews the one before the notice may be missing: none is due yet
@pytest.mark.parametrize("place", [place for place, act in enumerate(RIGHT_WAY) if place not in OPTIONAL])
def test_with_one_act_left_out_there_is_no_decision(place: int) -> None:
    acts = [*RIGHT_WAY[:place], *RIGHT_WAY[place + 1 :]]
    offered = FINE.model_copy(update={"hearing_offered": True})
    way = walked(Procedure.ORDINARY, [(act, offered if act == "notify" else LIGHT) for act in acts])
    assert way.facts.state is not FileState.DECIDED


@given(ways())
@settings(max_examples=400, deadline=None)
def test_no_way_round_what_the_law_asks_before_a_decision(acts: list[tuple[str, Outcome]]) -> None:
    way = walked(Procedure.ORDINARY, acts)
    if way.facts.state is not FileState.DECIDED:
        return
    names = [act for act, _, _ in way.done]
    after = since_told(way)
    told, decided = after[0][2], way.done[-1][2] if names[-1] == "decide" else way.facts.decision
    assert names.count("decide") == 1
    # told and served (art. 44), with the time to speak or its being given up (art. 45, 62)
    assert "serve_notice" in [act for act, _, _ in after]
    served = next(at for act, at, _ in after if act == "serve_notice")
    heard = next(at for act, at, _ in after if act == "hear")
    assert "waive" in [act for act, _, _ in after] or (heard - served) >= timedelta(days=3)
    # every point answered (art. 45)
    until = names[: names.index("decide")]
    last_said = max((place for place, act in enumerate(until) if act == "say"), default=-1)
    last_answered = max((place for place, act in enumerate(until) if act == "answer"), default=-1)
    assert last_said <= last_answered or last_said == -1
    # a hearing that was asked for is over, and reviewed after (art. 58, 63)
    asked = [act for act, _, _ in after]
    assert ("ask_hearing" in asked) <= ("hold_hearing" in asked)
    if "hold_hearing" in names:
        assert "pass_legal_review" in until[len(until) - 1 - until[::-1].index("hold_hearing") :]
    # where a legal review is due it was passed (art. 58)
    if "public_interest" in until[: until.index("notify")]:
        assert "pass_legal_review" in until
    # two officers, of whom none stood back before (art. 42, 43)
    assert {"assign_li", "assign_wang"} <= set(until)
    assert "recuse_wang" not in until
    # never heavier than told (art. 45)
    assert told is not None
    chosen = way.facts.decision.outcome if way.facts.decision else None
    assert chosen is not None
    assert chosen.weight <= told.weight
    assert decided is not None


SPOT = ("assign_li", "assign_wang", "notify", "say", "answer", "hear", "decide")


@given(st.lists(st.sampled_from(SPOT), max_size=12), st.sampled_from(OUTCOMES), st.sampled_from(OUTCOMES))
@settings(max_examples=200, deadline=None)
def test_on_the_spot_nobody_is_fined_unheard(acts: list[str], told: Outcome, decided: Outcome) -> None:
    way = walked(Procedure.SIMPLE, [(act, told if act == "notify" else decided) for act in (*acts, *SPOT)])
    if way.facts.state is not FileState.DECIDED:
        assert decided.weight > told.weight
        return
    names = [act for act, _, _ in way.done]
    assert {"assign_li", "assign_wang", "notify"} <= set(names)
    assert names.index("say") < names.index("hear") < names.index("decide")
    assert way.facts.decision is not None
    assert way.facts.decision.outcome.weight <= told.weight


@given(st.integers(0, 5), st.sampled_from(TOLD), st.sampled_from(OUTCOMES))
@settings(max_examples=80, deadline=None)
def test_a_defence_never_makes_it_worse(points: int, told: Outcome, decided: Outcome) -> None:
    """What may be decided after a defence is what might have been decided without one, and never more."""
    at = datetime(2026, 3, 31, 4, 0, tzinfo=UTC)
    notice = case().notice
    assert notice is not None
    silent = case(points=0, notice=replace(notice, outcome=told))
    spoke = replace(silent, points=points)
    against = unmet(spoke, FileAct.DECIDE, at, taker=BY_LI, outcome=decided)
    assert against == unmet(silent, FileAct.DECIDE, at, taker=BY_LI, outcome=decided)
    assert ("heavier_than_told" in {each.code for each in against}) == (decided.weight > told.weight)
