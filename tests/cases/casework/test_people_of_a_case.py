"""Who is in charge, who stands back, what the party says and what it is answered, and the hearing."""

import uuid
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from cases.casework import defence, hearings, officers
from cases.casework.errors import DatedWrongly, FileError, GateUnmet, StepRefused, UnknownHearing, UnknownPoint
from cases.errors import NotEntitled
from models.database import reading, transaction
from models.enums import FileAct, FileState, OutcomeKind, QualificationKind, ServedPaper, SpareGround
from tests.cases.casework.case_scene import Bureau, day_of, noon


def why(try_it: Callable[[], object]) -> str:
    with pytest.raises(FileError) as caught:
        try_it()
    return caught.value.why


def unmet(try_it: Callable[[], object]) -> list[str]:
    with pytest.raises(GateUnmet) as caught:
        try_it()
    return [each.code for each in caught.value.unmet]


def recuse(bureau: Bureau, file_id: uuid.UUID, name: str, by: str, *, party_asked: bool = False) -> None:
    with transaction(bureau.sessions) as session:
        who, said_by = bureau.user(session, name), bureau.user(session, by)
        officers.recuse(
            session, file_id, who, reason="与当事人是亲戚", by=said_by, at=bureau.now, party_asked=party_asked
        )


def assign(bureau: Bureau, file_id: uuid.UUID, name: str, place: int, *, by: str = "li", reason: str = "") -> None:
    with transaction(bureau.sessions) as session:
        officers.assign(
            session,
            file_id,
            bureau.user(session, name),
            place=place,
            by=bureau.user(session, by),
            at=bureau.now,
            reason=reason,
        )


def in_charge(bureau: Bureau, file_id: uuid.UUID) -> list[str]:
    with reading(bureau.sessions) as session:
        return [each.user.name for each in officers.officers_of(session, file_id)]


def test_only_who_has_a_certificate_of_the_day_is_put_in_charge(bureau: Bureau) -> None:
    file_id = bureau.register()
    assert why(lambda: assign(bureau, file_id, "qian", 1)) == "no_certificate"
    assert why(lambda: assign(bureau, file_id, "sun", 1)) == "not_an_officer_there"
    assert why(lambda: assign(bureau, file_id, "li", 3)) == "no_such_place"
    with pytest.raises(NotEntitled):
        assign(bureau, file_id, "li", 1, by="sun")
    assign(bureau, file_id, "li", 1)
    assert why(lambda: assign(bureau, file_id, "li", 2)) == "in_charge_already"
    assert why(lambda: assign(bureau, file_id, "wang", 1)) == "no_reason"
    assign(bureau, file_id, "wang", 1, reason="调岗", by="wu")
    assign(bureau, file_id, "li", 2)
    assert in_charge(bureau, file_id) == ["wang", "li"]
    assert bureau.events(file_id)[-2].facts["certificate"] == "enforcement-wang"


def test_a_certificate_that_ends_meanwhile_ends_what_its_officer_may_do(bureau: Bureau) -> None:
    file_id = bureau.filed()
    bureau.day = 700
    assert unmet(lambda: bureau.ask(file_id, FileAct.END_INVESTIGATION)) == ["certificate_lapsed"] * 2
    with transaction(bureau.sessions) as session:
        for name in ("li", "wang"):
            user = bureau.user(session, name)
            kind, number = QualificationKind.ENFORCEMENT, f"new-{name}"
            days: dict[str, Any] = {"valid_from": date(2028, 1, 1), "valid_to": None}
            officers.record_qualification(session, user, kind, number, **days, by="chu", at=bureau.now)
            assert len(officers.qualifications_of(session, user.id)) == 2
        again = {"valid_from": date(2028, 1, 1), "valid_to": None, "by": "chu", "at": bureau.now}
        known = lambda: officers.record_qualification(session, user, kind, number, **again)  # noqa: E731
        assert why(known) == "certificate_number_known"
        backwards = again | {"valid_to": date(2027, 1, 1)}
        assert why(lambda: officers.record_qualification(session, user, kind, "x", **backwards)) == (
            "certificate_ends_before_it_begins"
        )
    bureau.step(file_id, FileAct.END_INVESTIGATION)


def test_who_stands_back_is_out_of_it_for_good_and_another_takes_the_place(bureau: Bureau) -> None:
    file_id = bureau.filed()
    with pytest.raises(NotEntitled):
        recuse(bureau, file_id, "wang", by="li")
    with pytest.raises(NotEntitled):
        recuse(bureau, file_id, "wang", by="wang", party_asked=True)
    recuse(bureau, file_id, "wang", by="wu", party_asked=True)
    assert in_charge(bureau, file_id) == ["li"]
    assert unmet(lambda: bureau.ask(file_id, FileAct.END_INVESTIGATION)) == ["officers_missing"]
    assert why(lambda: assign(bureau, file_id, "wang", 2)) == "recused"
    assert why(lambda: recuse(bureau, file_id, "wang", by="wu")) == "recused"
    assign(bureau, file_id, "zhao", 2)
    recuse(bureau, file_id, "li", by="li")
    assert "taker_recused" in unmet(lambda: bureau.ask(file_id, FileAct.END_INVESTIGATION))
    event = bureau.events(file_id)[-1]
    assert (event.act, event.facts["party_asked"]) == (FileAct.OFFICER_RECUSED, False)


def test_only_the_officers_of_the_case_lead_it(bureau: Bureau) -> None:
    file_id = bureau.filed()
    assert unmet(lambda: bureau.ask(file_id, FileAct.END_INVESTIGATION, by="zhao")) == ["taker_not_of_the_case"]


def test_who_investigated_does_not_review_and_who_is_not_qualified_neither(bureau: Bureau) -> None:
    file_id = bureau.filed()
    bureau.step(file_id, FileAct.END_INVESTIGATION)
    with pytest.raises(NotEntitled):
        bureau.ask(file_id, FileAct.PASS_LEGAL_REVIEW, by="li")
    bureau.step(file_id, FileAct.FAIL_LEGAL_REVIEW, by="sun")
    assert bureau.state(file_id) is FileState.FILED


def test_every_point_is_answered_once_before_the_party_counts_as_heard(bureau: Bureau) -> None:
    file_id = bureau.noticed()
    points = [bureau.say(file_id), bureau.say(file_id, "没有看到标志")]
    bureau.waive(file_id)
    bureau.answer(points[1], accepted=True)
    assert unmet(lambda: bureau.ask(file_id, FileAct.HEAR)) == ["point_unanswered"]
    bureau.answer(points[0])
    assert why(lambda: bureau.answer(points[0])) == "answered_already"
    bureau.step(file_id, FileAct.HEAR)
    late = bureau.say(file_id, "标志被树挡住")
    decide = bureau.outcome().as_facts()
    assert unmet(lambda: bureau.ask(file_id, FileAct.DECIDE, facts=decide)) == ["point_unanswered"]
    bureau.answer(late)
    bureau.step(file_id, FileAct.DECIDE, "zhao", "sun", "wu", facts=decide)
    with pytest.raises(StepRefused):
        bureau.say(file_id)
    with reading(bureau.sessions) as session:
        said = [(each.number, each.accepted) for each in defence.points_of(session, file_id)]
    assert said == [(1, False), (2, True), (3, False)]
    with pytest.raises(UnknownPoint):
        bureau.answer(uuid.uuid4())


def test_a_point_says_who_spoke_when(bureau: Bureau) -> None:
    file_id = bureau.noticed()

    def say(**differs: Any) -> None:
        values: dict[str, Any] = {"text": "只停了一会儿", "said_by": "当事人", "said_on": day_of(1)}
        with transaction(bureau.sessions) as session:
            defence.say(session, file_id, **(values | differs), by=bureau.user(session, "li"), at=bureau.now)

    assert why(lambda: say(text=" ")) == "no_point"
    assert why(lambda: say(said_by="")) == "no_speaker"
    assert why(lambda: say(said_on=day_of(2))) == "in_the_future"
    assert why(lambda: say(said_on=day_of(-1))) == "before_the_conduct"
    assert why(lambda: say(statement_id=uuid.uuid4())) == "statement_of_another"
    say(said_on=day_of(0))


def test_the_right_to_speak_is_given_up_for_what_was_told_and_not_for_what_is_told_next(bureau: Bureau) -> None:
    file_id = bureau.noticed()
    bureau.waive(file_id)
    bureau.step(file_id, FileAct.REOPEN)
    bureau.step(file_id, FileAct.END_INVESTIGATION)
    with pytest.raises(StepRefused):
        bureau.waive(file_id)
    bureau.step(file_id, FileAct.NOTIFY, "zhao", "wu", facts=bureau.outcome(fine_fen=15_000).as_facts())
    # the service of the first notice is none of the second
    assert unmet(lambda: bureau.ask(file_id, FileAct.HEAR)) == ["notice_not_served"]
    bureau.serve(file_id, ServedPaper.NOTICE)
    assert unmet(lambda: bureau.ask(file_id, FileAct.HEAR)) == ["defence_period_runs"]


def test_nothing_heavier_than_told_is_decided_and_what_is_lighter_is(bureau: Bureau) -> None:
    file_id = bureau.heard()
    heavier = bureau.outcome(fine_fen=15_000).as_facts()
    assert unmet(lambda: bureau.ask(file_id, FileAct.DECIDE, facts=heavier)) == ["heavier_than_told"]
    bureau.step(file_id, FileAct.DECIDE, "zhao", "sun", "wu", facts=bureau.outcome(fine_fen=5_000).as_facts())
    assert bureau.state(file_id) is FileState.DECIDED


def test_who_departs_from_what_was_proposed_says_why(bureau: Bureau) -> None:
    file_id = bureau.heard()
    proposed = {"outcome": "fine", "spare_ground": None, "band": "usual", "fine_min_fen": 2_000, "fine_max_fen": 5_000}
    asked = bureau.outcome(proposed=proposed)
    assert why(lambda: bureau.ask(file_id, FileAct.DECIDE, facts=asked.as_facts())) == "departs_without_reason"
    assert why(lambda: bureau.ask(file_id, FileAct.DECIDE, facts={"outcome": "fine"})) == "no_outcome"
    assert why(lambda: bureau.ask(file_id, FileAct.DECIDE)) == "no_outcome"
    said = asked.model_copy(update={"departs_because": "妨碍公交车进站"})
    assert bureau.ask(file_id, FileAct.DECIDE, facts=said.as_facts())


def test_what_was_slight_and_put_right_is_spared_without_a_notice(bureau: Bureau) -> None:
    file_id = bureau.filed()
    bureau.step(file_id, FileAct.END_INVESTIGATION)
    ground = SpareGround.SLIGHT_AND_CORRECTED
    spared = bureau.outcome(outcome=OutcomeKind.NO_PENALTY, fine_fen=None, band=None, spare_ground=ground).as_facts()
    assert unmet(lambda: bureau.ask(file_id, FileAct.SPARE, facts=spared)) == ["not_corrected"]
    bureau.noted(file_id, FileAct.CORRECTED)
    bureau.step(file_id, FileAct.SPARE, "sun", "wu", facts=spared)
    bureau.serve(file_id, ServedPaper.DECISION)
    bureau.step(file_id, FileAct.SERVE)
    bureau.step(file_id, FileAct.CLOSE, "wu")
    assert bureau.state(file_id) is FileState.CLOSED


def test_a_leader_takes_a_decision_back_and_nobody_else_does(bureau: Bureau) -> None:
    file_id = bureau.decided()
    with pytest.raises(NotEntitled):
        bureau.ask(file_id, FileAct.REVOKE)
    bureau.step(file_id, FileAct.REVOKE, by="wu")
    assert bureau.state(file_id) is FileState.REVOKED
    assert bureau.events(file_id)[-1].facts["decision"]
    with pytest.raises(StepRefused):
        bureau.ask(file_id, FileAct.REVOKE, by="wu")


# --- hearings


def offered(bureau: Bureau) -> uuid.UUID:
    return bureau.noticed(bureau.outcome(hearing_offered=True))


def test_a_hearing_is_asked_for_announced_and_held_by_another_and_reviewed_before_it_is_decided(bureau: Bureau) -> None:
    file_id = offered(bureau)
    bureau.day = 4
    hearing_id = bureau.ask_hearing(file_id)
    assert why(lambda: bureau.ask_hearing(file_id)) == "hearing_asked_already"
    bureau.waive(file_id)
    assert unmet(lambda: bureau.ask(file_id, FileAct.HEAR)) == ["hearing_open"]
    assert why(lambda: bureau.hold(hearing_id)) == "hearing_not_announced"
    assert why(lambda: bureau.announce(hearing_id, 20, chair="wang")) == "chair_investigated"
    assert why(lambda: bureau.announce(hearing_id, 20, chair="feng")) == "no_chair_there"
    # Friday 6 March; seven working days before Tuesday 17 March
    with pytest.raises(DatedWrongly) as caught:
        bureau.announce(hearing_id, 14)
    assert caught.value.why == "announced_too_late"
    bureau.announce(hearing_id, 15)
    assert why(lambda: assign(bureau, file_id, "zhou", 1, reason="x")) == "not_an_officer_there"
    assert why(lambda: bureau.hold(hearing_id)) == "before_its_day"
    bureau.day = 15
    assert why(lambda: bureau.hold(hearing_id, chair="sun")) == "chaired_by_another"
    bureau.hold(hearing_id)
    assert why(lambda: bureau.hold(hearing_id)) == "hearing_is_over"
    bureau.step(file_id, FileAct.HEAR)
    decide = bureau.outcome().as_facts()
    assert unmet(lambda: bureau.ask(file_id, FileAct.DECIDE, facts=decide)) == ["review_due_after_hearing"]
    bureau.step(file_id, FileAct.PASS_LEGAL_REVIEW, by="sun")
    assert bureau.state(file_id) is FileState.HEARD
    bureau.step(file_id, FileAct.DECIDE, "zhao", "sun", "wu", facts=decide)
    with reading(bureau.sessions) as session:
        (hearing,) = hearings.hearings_of(session, file_id)
    assert hearing.held_on == day_of(15)


def test_the_party_may_give_a_hearing_up(bureau: Bureau) -> None:
    file_id = offered(bureau)
    hearing_id = bureau.ask_hearing(file_id)
    bureau.waive(file_id)
    with transaction(bureau.sessions) as session:
        by = bureau.user(session, "li")
        told: dict[str, Any] = {"reference": "撤回申请 1", "by": by, "at": bureau.now}
        assert why(lambda: hearings.give_up(session, hearing_id, given_up_on=day_of(0), **told)) == (
            "before_it_was_asked_for"
        )
        hearings.give_up(session, hearing_id, given_up_on=day_of(1), **told)
    bureau.step(file_id, FileAct.HEAR)
    with pytest.raises(UnknownHearing):
        bureau.hold(uuid.uuid4())


def test_a_hearing_is_asked_for_within_five_working_days_and_only_where_one_was_offered(bureau: Bureau) -> None:
    """Art. 64: told on Tuesday 3 March 2026, the fifth working day is Tuesday 10 March."""
    file_id = offered(bureau)
    not_offered = bureau.noticed(place="西街 1 号")
    assert why(lambda: bureau.ask_hearing(not_offered)) == "hearing_not_offered"
    bureau.day = 9
    with pytest.raises(DatedWrongly) as caught:
        bureau.ask_hearing(file_id)
    assert (caught.value.why, caught.value.bound) == ("asked_too_late", date(2026, 3, 10))
    bureau.day = 8
    bureau.ask_hearing(file_id)


def test_who_gave_the_hearing_up_in_writing_is_not_waited_for(bureau: Bureau) -> None:
    file_id = offered(bureau)
    bureau.waive(file_id)
    assert unmet(lambda: bureau.ask(file_id, FileAct.HEAR)) == ["hearing_may_be_asked"]
    bureau.waive(file_id, hearing=True)
    assert why(lambda: bureau.ask_hearing(file_id)) == "hearing_waived"
    bureau.step(file_id, FileAct.HEAR)


def test_a_day_that_lies_ahead_is_refused_wherever_one_is_said(bureau: Bureau) -> None:
    file_id = offered(bureau)
    hearing_id = bureau.ask_hearing(file_id)
    with transaction(bureau.sessions) as session:
        li, zhou = bureau.user(session, "li"), bureau.user(session, "zhou")
        ahead = day_of(2)
        told: dict[str, Any] = {"by": li, "at": bureau.now}
        for try_it in (
            lambda: defence.waive(session, file_id, reference="x", waived_on=ahead, **told),
            lambda: hearings.give_up(session, hearing_id, reference="x", given_up_on=ahead, **told),
            lambda: hearings.announce(
                session, hearing_id, to_be_held_at=noon(20), place="x", chair=zhou, announced_on=ahead, **told
            ),
        ):
            with session.begin_nested() as point:
                assert why(try_it) == "in_the_future"
                point.rollback()
