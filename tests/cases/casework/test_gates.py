"""The gates: with one thing missing a step is refused, by the name of what is missing and the article that asks for it.

行政处罚法 (2021) throughout; the articles are those of the table in docs/casework.md.
"""

import uuid
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from cases.casework.gates import HearingFact, NoticeFact, OfficerFact, Span, Taker, unmet
from cases.casework.outcome import Outcome
from models.enums import CaseSource, FileAct, FileState, OutcomeKind, Procedure, SpareGround
from tests.cases.casework.pure_case import BY_LI, BY_SUN, CERTIFIED, FINE, ITEM, LI, MONDAY, NOTHING, SUN, WANG, case
from tests.cases.casework.pure_case import WARNING as A_WARNING

AT = datetime(2026, 3, 31, 4, 0, tzinfo=UTC)  # noon in Shanghai, when every period is over
OFFERED = NoticeFact(
    FINE.model_copy(update={"hearing_offered": True}), MONDAY, MONDAY, date(2026, 3, 5), date(2026, 3, 9)
)
WITH = {
    FileAct.NOTIFY: FINE,
    FileAct.DECIDE: FINE,
    FileAct.SPARE: NOTHING,
}
TAKEN_BY = {FileAct.PASS_LEGAL_REVIEW: BY_SUN, FileAct.FAIL_LEGAL_REVIEW: BY_SUN}


def codes(step: FileAct, at: datetime = AT, outcome: Outcome | None = None, **differs: Any) -> list[tuple[str, str]]:
    found = unmet(case(**differs), step, at, taker=TAKEN_BY.get(step, BY_LI), outcome=outcome or WITH.get(step))
    return [(each.code, each.article_id) for each in found]


def fine(fen: int) -> Outcome:
    return FINE.model_copy(update={"fine_fen": fen})


@pytest.mark.parametrize("procedure", Procedure)
@pytest.mark.parametrize("step", sorted(set(FileAct) - {FileAct.ENFORCE}))
def test_where_everything_is_there_nothing_stands_against_a_step(procedure: Procedure, step: FileAct) -> None:
    assert codes(step, procedure=procedure) == []


def test_only_what_was_not_performed_is_enforced() -> None:
    assert codes(FileAct.ENFORCE) == [("nothing_to_enforce", "penalty-72")]
    assert codes(FileAct.ENFORCE, owed_fen=10_000) == []
    early = datetime(2026, 3, 25, 4, 0, tzinfo=UTC)
    assert codes(FileAct.ENFORCE, early, owed_fen=10_000) == [("time_to_perform_runs", "penalty-67")]


ONE_OFFICER = {"officers": (OfficerFact(LI, "李", CERTIFIED),)}
LAPSED = {"officers": (OfficerFact(LI, "李", CERTIFIED), OfficerFact(WANG, "王", (Span(MONDAY, date(2026, 3, 30)),)))}
TWICE_THE_SAME = {"officers": (OfficerFact(LI, "李", CERTIFIED), OfficerFact(LI, "李", CERTIFIED))}


@pytest.mark.parametrize(
    "step", [FileAct.END_INVESTIGATION, FileAct.NOTIFY, FileAct.HEAR, FileAct.DECIDE, FileAct.SPARE]
)
@pytest.mark.parametrize(
    ("differs", "code", "article"),
    [
        pytest.param(ONE_OFFICER, "officers_missing", "penalty-42", id="one_officer"),
        pytest.param(TWICE_THE_SAME, "officers_missing", "penalty-42", id="one_officer_twice"),
        pytest.param(LAPSED, "certificate_lapsed", "penalty-42", id="certificate_ended_yesterday"),
    ],
)
def test_two_officers_with_a_certificate_of_the_day(
    step: FileAct, differs: dict[str, Any], code: str, article: str
) -> None:
    assert codes(step, **differs) == [(code, article)]


def test_who_stood_back_neither_counts_nor_acts() -> None:
    assert codes(FileAct.DECIDE, recused=frozenset({WANG})) == [
        ("officers_missing", "penalty-42"),
        ("officer_recused", "penalty-43"),
    ]
    assert ("taker_recused", "penalty-43") in codes(FileAct.DECIDE, recused=frozenset({LI}))
    stranger = Taker(uuid.UUID(int=9))
    (found,) = unmet(case(), FileAct.DECIDE, AT, taker=stranger, outcome=FINE)
    assert (found.code, found.article_id) == ("taker_not_of_the_case", "penalty-42")


@pytest.mark.parametrize(
    ("step", "differs", "outcome", "code", "article"),
    [
        pytest.param(FileAct.FILE, {"item": None}, None, "no_law_on_the_day", "penalty-37", id="no_law_then"),
        pytest.param(FileAct.NOTIFY, {"item": None}, None, "no_law_on_the_day", "penalty-37", id="no_law_to_tell"),
        pytest.param(
            FileAct.FILE,
            {"conduct_to_on": date(2024, 3, 1), "conduct_from_on": date(2024, 3, 1)},
            None,
            "limitation_over",
            "penalty-36",
            id="found_two_years_and_a_day_later",
        ),
        pytest.param(
            FileAct.DECIDE,
            {"conduct_to_on": date(2021, 3, 1), "item": replace(ITEM, long_limitation=True)},
            None,
            "limitation_over",
            "penalty-36",
            id="life_and_health_five_years_and_a_day",
        ),
        pytest.param(
            FileAct.FILE, {"pursued_elsewhere": ("2026-1",)}, None, "same_act_elsewhere", "penalty-29", id="same_act"
        ),
        pytest.param(
            FileAct.DECIDE, {"pursued_elsewhere": ("2026-1",)}, None, "same_act_elsewhere", "penalty-29", id="no_second"
        ),
        pytest.param(
            FileAct.NOTIFY,
            {"camera_lacks": ("announced",)},
            None,
            "camera_discovery_only",
            "penalty-41",
            id="camera_not_announced",
        ),
        pytest.param(
            FileAct.NOTIFY, {}, fine(20_100), "more_than_the_law", "penalty-4", id="more_than_the_clause_allows"
        ),
        pytest.param(
            FileAct.DECIDE,
            {"item": replace(ITEM, outcomes=frozenset({OutcomeKind.WARNING}))},
            None,
            "outcome_not_in_the_law",
            "penalty-4",
            id="a_fine_the_clause_does_not_know",
        ),
        pytest.param(
            FileAct.DECIDE, {"item_now": None}, None, "law_ended_since", "penalty-37", id="no_offence_any_more"
        ),
        pytest.param(
            FileAct.DECIDE,
            {"item_now": replace(ITEM, provision_id="item-2", most_fen=5_000)},
            None,
            "milder_law_since",
            "penalty-37",
            id="milder_since",
        ),
        pytest.param(
            FileAct.NOTIFY,
            {},
            FINE.model_copy(update={"provision_id": "item-0"}),
            "other_law_than_on_the_day",
            "penalty-37",
            id="a_version_of_another_day",
        ),
        pytest.param(
            FileAct.NOTIFY, {}, NOTHING, "sparing_is_decided_otherwise", "penalty-57", id="telling_of_no_penalty"
        ),
        pytest.param(
            FileAct.NOTIFY,
            {"review_asked": ("public_interest",)},
            None,
            "review_due",
            "penalty-58",
            id="public_interest",
        ),
        pytest.param(
            FileAct.DECIDE,
            {"review_due_after_hearing": True, "reviewed": True},
            None,
            "review_due_after_hearing",
            "penalty-58",
            id="reviewed_before_the_hearing_alone",
        ),
        pytest.param(FileAct.HEAR, {"notice": None}, None, "not_told", "penalty-44", id="never_told"),
        pytest.param(
            FileAct.HEAR,
            {"notice": NoticeFact(FINE, MONDAY)},
            None,
            "notice_not_served",
            "penalty-44",
            id="notice_under_way",
        ),
        pytest.param(
            FileAct.DECIDE,
            {"notice": NoticeFact(FINE, MONDAY)},
            None,
            "notice_not_served",
            "penalty-44",
            id="decided_on_a_notice_under_way",
        ),
        pytest.param(
            FileAct.HEAR, {"unanswered": (2,)}, None, "point_unanswered", "penalty-45", id="a_point_not_answered"
        ),
        pytest.param(
            FileAct.DECIDE, {"unanswered": (2,)}, None, "point_unanswered", "penalty-45", id="said_after_the_hearing"
        ),
        pytest.param(
            FileAct.SPARE, {"unanswered": (1,)}, None, "point_unanswered", "penalty-45", id="spared_unanswered"
        ),
        pytest.param(
            FileAct.HEAR,
            {"notice": OFFERED, "hearing": HearingFact(is_over=False)},
            None,
            "hearing_open",
            "penalty-63",
            id="hearing_not_held_yet",
        ),
        pytest.param(FileAct.DECIDE, {}, fine(10_100), "heavier_than_told", "penalty-45", id="heavier_than_told"),
        pytest.param(
            FileAct.DECIDE,
            {"notice": NoticeFact(A_WARNING, MONDAY, MONDAY, MONDAY, MONDAY)},
            None,
            "heavier_than_told",
            "penalty-45",
            id="a_fine_after_a_warning_was_told",
        ),
        pytest.param(
            FileAct.DECIDE,
            {"item_now": replace(ITEM, provision_id="item-2")},
            FINE.model_copy(update={"provision_id": "item-2"}),
            "other_basis_than_told",
            "penalty-44",
            id="another_basis_than_told",
        ),
        pytest.param(
            FileAct.SPARE, {}, A_WARNING, "penalty_is_decided_otherwise", "penalty-57", id="sparing_with_a_warning"
        ),
        pytest.param(FileAct.SPARE, {"is_corrected": False}, None, "not_corrected", "penalty-33", id="not_corrected"),
        pytest.param(
            FileAct.DECIDE,
            {"is_corrected": False},
            None,
            "correction_not_ordered",
            "penalty-28",
            id="no_order_to_put_it_right",
        ),
        pytest.param(
            FileAct.SERVE, {"decision": None}, None, "decision_not_served", "penalty-61", id="nothing_decided_to_serve"
        ),
        pytest.param(FileAct.PERFORM, {"owed_fen": 1}, None, "not_paid", "penalty-66", id="one_fen_short"),
        pytest.param(
            FileAct.CLOSE,
            {"state": FileState.SERVED, "owed_fen": 1},
            None,
            "not_paid",
            "penalty-66",
            id="closed_with_a_debt",
        ),
        pytest.param(
            FileAct.CLOSE,
            {"state": FileState.ENFORCING, "owed_fen": 1},
            None,
            "court_not_asked",
            "penalty-72",
            id="no_court_asked",
        ),
        pytest.param(
            FileAct.CLOSE,
            {"procedure": Procedure.SIMPLE, "reported": False},
            None,
            "not_reported",
            "penalty-52",
            id="spot_decision_not_reported",
        ),
        pytest.param(
            FileAct.CLOSE, {"goods_held": ("0001",)}, None, "goods_still_held", "coercion-27", id="goods_still_held"
        ),
        pytest.param(FileAct.ARCHIVE, {"volume_made": False}, None, "volume_not_made", "penalty-47", id="no_volume"),
    ],
)
def test_one_thing_missing_refuses_the_step_by_its_name(
    step: FileAct, differs: dict[str, Any], outcome: Outcome | None, code: str, article: str
) -> None:
    assert codes(step, AT, outcome, **differs) == [(code, article)]


def test_what_the_bureau_may_still_find_out_on_the_last_day_of_two_years_is_pursued() -> None:
    assert codes(FileAct.FILE, conduct_to_on=date(2024, 3, 2)) == []
    leap_day = {"conduct_to_on": date(2024, 2, 29), "registered_on": date(2026, 2, 28)}
    assert codes(FileAct.FILE, **leap_day) == []
    assert codes(FileAct.FILE, **leap_day | {"registered_on": date(2026, 3, 1)}) == [("limitation_over", "penalty-36")]


def test_a_conduct_that_goes_on_is_counted_from_its_end() -> None:
    assert codes(FileAct.FILE, conduct_from_on=date(2020, 1, 1), conduct_to_on=date(2026, 3, 1)) == []


def test_the_party_has_its_time_to_speak_unless_it_gives_it_up() -> None:
    on_the_last_day = datetime(2026, 3, 5, 15, 59, tzinfo=UTC)
    assert codes(FileAct.HEAR, on_the_last_day) == [("defence_period_runs", "penalty-45")]
    assert codes(FileAct.HEAR, on_the_last_day, defence_waived=True) == []
    assert codes(FileAct.HEAR, datetime(2026, 3, 5, 16, 0, tzinfo=UTC)) == []


def test_where_a_hearing_is_offered_the_time_to_ask_for_one_runs_as_well() -> None:
    before = datetime(2026, 3, 9, 4, 0, tzinfo=UTC)
    assert codes(FileAct.HEAR, before, notice=OFFERED) == [("hearing_may_be_asked", "penalty-64")]
    assert codes(FileAct.HEAR, before, notice=OFFERED, hearing_waived=True) == []
    assert codes(FileAct.HEAR, before, notice=OFFERED, hearing=HearingFact(is_over=True)) == []
    assert codes(FileAct.HEAR, datetime(2026, 3, 10, 4, 0, tzinfo=UTC), notice=OFFERED) == []


def test_less_than_the_least_of_the_law_needs_what_makes_it_lighter() -> None:
    assert codes(FileAct.NOTIFY, AT, fine(1_999)) == [("less_than_the_law", "penalty-32")]
    said = fine(1_999).model_copy(update={"departs_because": "主动消除危害后果"})
    assert codes(FileAct.NOTIFY, AT, said) == []


def test_where_no_clock_says_how_long_nobody_goes_on_as_if_it_were_over() -> None:
    assert codes(FileAct.HEAR, notice=NoticeFact(FINE, MONDAY, MONDAY)) == [("defence_period_unknown", "penalty-45")]
    offered = replace(OFFERED, hearing_until=None)
    assert codes(FileAct.HEAR, notice=offered) == [("hearing_period_unknown", "penalty-64")]


def test_a_large_fine_is_told_with_the_offer_of_a_hearing() -> None:
    large = {"item": replace(ITEM, most_fen=None), "item_now": replace(ITEM, most_fen=None)}
    bound = case().limits.hearing_citizen_fen.value
    assert codes(FileAct.NOTIFY, AT, fine(bound - 1), **large) == []
    assert codes(FileAct.NOTIFY, AT, fine(bound), **large) == [("hearing_not_offered", "penalty-63")]
    offering = fine(bound).model_copy(update={"hearing_offered": True})
    assert codes(FileAct.NOTIFY, AT, offering, **large) == []
    assert codes(FileAct.NOTIFY, AT, fine(bound), organisation=True, **large) == []


def test_a_legal_review_is_due_from_the_amount_that_the_bureau_names() -> None:
    large = {"item": replace(ITEM, most_fen=None), "item_now": replace(ITEM, most_fen=None)}
    much = fine(case().limits.review_fen.value).model_copy(update={"hearing_offered": True})
    assert codes(FileAct.NOTIFY, AT, much, **large) == [("review_due_for_amount", "penalty-58")]
    assert codes(FileAct.NOTIFY, AT, much, reviewed=True, **large) == []


@pytest.mark.parametrize("step", [FileAct.NOTIFY, FileAct.DECIDE])
@pytest.mark.parametrize(("organisation", "most"), [(False, 20_000), (True, 300_000)], ids=["citizen", "organisation"])
def test_on_the_spot_only_so_much_is_decided(step: FileAct, most: int, *, organisation: bool) -> None:
    item = replace(ITEM, most_fen=None)
    told = NoticeFact(fine(most + 1), MONDAY, MONDAY)
    asked = {
        "procedure": Procedure.SIMPLE,
        "organisation": organisation,
        "item": item,
        "item_now": item,
        "notice": told,
    }
    assert codes(step, AT, fine(most), **asked) == []
    assert codes(step, AT, fine(most + 1), **asked) == [("too_much_for_the_spot", "penalty-51")]


def test_on_the_spot_the_party_is_heard_or_says_that_it_has_nothing_to_say() -> None:
    spot = {"procedure": Procedure.SIMPLE, "notice": NoticeFact(FINE, MONDAY), "points": 0}
    assert codes(FileAct.HEAR, **spot) == [("party_not_heard", "penalty-62")]
    assert codes(FileAct.HEAR, **spot | {"points": 1}) == []
    assert codes(FileAct.HEAR, **spot, defence_waived=True) == []


def test_the_legal_reviewer_is_qualified_and_did_not_investigate() -> None:
    def asked(taker: Taker, **differs: Any) -> list[str]:
        return [each.code for each in unmet(case(**differs), FileAct.PASS_LEGAL_REVIEW, AT, taker=taker)]

    assert asked(BY_SUN) == []
    assert asked(Taker(SUN)) == ["reviewer_not_qualified"]
    assert asked(Taker(SUN, (Span(date(2026, 4, 1)),))) == ["reviewer_not_qualified"]
    assert asked(BY_SUN, ever_officers=frozenset({SUN})) == ["reviewer_investigated"]


def test_a_correction_that_was_ordered_is_made_before_it_is_performed() -> None:
    ordering = FINE.model_copy(update={"correction": "立即驶离"})
    decision = replace(case().decision or pytest.fail("it is decided"), outcome=ordering)
    assert codes(FileAct.PERFORM, decision=decision) == []
    assert codes(FileAct.PERFORM, decision=decision, is_corrected=False) == [("correction_outstanding", "penalty-28")]
    assert codes(FileAct.ENFORCE, decision=decision, is_corrected=False) == []


def test_a_patrol_needs_no_papers_of_a_camera() -> None:
    assert codes(FileAct.NOTIFY, source=CaseSource.PATROL, camera_lacks=("announced",)) == []


def test_who_is_under_fourteen_is_spared_though_nothing_was_put_right() -> None:
    under_age = NOTHING.model_copy(update={"spare_ground": SpareGround.UNDER_AGE})
    assert codes(FileAct.SPARE, AT, under_age, is_corrected=False) == []


def test_a_page_that_asks_without_a_person_or_an_outcome_is_told_what_depends_on_neither() -> None:
    found = unmet(case(officers=(), unanswered=(1, 2)), FileAct.DECIDE, AT)
    assert [(each.code, dict(each.facts)) for each in found] == [
        ("officers_missing", {"needed": 2, "there": 0}),
        ("point_unanswered", {"number": 1}),
        ("point_unanswered", {"number": 2}),
    ]
