"""Decisions taken back before they had an effect, grounds, what is passed on, plates that a person corrects."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cases import claims, dispatch, plate_record, review
from cases.errors import (
    DecisionRefused,
    LeftToAnother,
    PlateUnwritable,
    TakeBackRefused,
    TransitionRefused,
    UnknownIncident,
)
from cases.review import TIME_TO_REGRET, FourPoints
from evidence import case_rows, custody, sufficiency
from models.database import reading, transaction
from models.dispatch import Dispatch, DispatchedTo
from models.enums import (
    Act,
    CustodyAct,
    Decision,
    DispatchPurpose,
    DispatchState,
    Ground,
    IncidentState,
    OutboxState,
    Role,
)
from models.incidents import CaseEvent, DraftCase, Incident, ReviewDecision
from models.people import User
from models.promises import OutboxMessage
from models.retention import ServedDecision
from tests import rows
from tests.cases.parked_van import add_officer, later, park_van
from tests.conftest import Database

ALL_FOUR = FourPoints(is_true=True, is_clear=True, is_complete=True, is_accurate=True)
AT = later(5)


class Desk:
    """A drafted incident, an officer on duty, and the people at the desk."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database = database
        with transaction(database.sessions) as session:
            van = park_van(session, folder)
            van.draft(session)
            add_officer(session, "队员乙")
            self.incident_id = van.incident.id
            self.reviewer = rows.add_user(session)
            self.monitor = rows.add_user(session, "zhao", role=Role.MONITOR)
            self.leader = rows.add_user(session, "sun", role=Role.LEADER)

    def decide(self, decision: Decision, user: User | None = None, **differs: Any) -> None:
        asked: dict[str, Any] = {"reason": "画面清楚", "four_points": ALL_FOUR, "at": AT} | differs
        with transaction(self.database.sessions) as session:
            review.decide(session, self.incident_id, user=user or self.reviewer, decision=decision, **asked)

    def pass_on(self, user: User | None = None, **differs: Any) -> None:
        asked: dict[str, Any] = {"ground": Ground.LAW_UNCLEAR, "reason": "单位内部道路", "at": AT} | differs
        with transaction(self.database.sessions) as session:
            review.pass_on(session, self.incident_id, user=user or self.monitor, **asked)

    def take_back(self, user: User | None = None, after_s: float = 10) -> None:
        with transaction(self.database.sessions) as session:
            review.take_back(session, self.incident_id, user=user or self.reviewer, at=AT + timedelta(seconds=after_s))

    def change(self, what: Callable[[Session], object]) -> None:
        with transaction(self.database.sessions) as session:
            what(session)

    @property
    def state(self) -> IncidentState:
        with reading(self.database.sessions) as session:
            return session.get_one(Incident, self.incident_id).state

    def events(self) -> list[tuple[Act, str]]:
        with reading(self.database.sessions) as session:
            found = session.scalars(select(CaseEvent).where(CaseEvent.seq > 3).order_by(CaseEvent.seq))
            return [(event.act, event.actor) for event in found]

    def count(self, table: type[Any]) -> int:
        with reading(self.database.sessions) as session:
            return session.scalar(select(func.count()).select_from(table)) or 0


@pytest.fixture
def desk(database: Database, tmp_path: Path) -> Desk:
    return Desk(database, tmp_path)


@pytest.fixture
def quick(sqlite_database: Database, tmp_path: Path) -> Desk:
    """For what is not about the database."""
    return Desk(sqlite_database, tmp_path)


@pytest.mark.parametrize("decision", list(Decision))
def test_a_decision_is_taken_back_as_if_it_had_not_been_and_stays_on_record(desk: Desk, decision: Decision) -> None:
    desk.decide(decision)
    desk.take_back()
    assert desk.state is IncidentState.DRAFTED
    assert desk.events() == [(review.ACT_OF[decision], "li.na"), (Act.TAKEN_BACK, "li.na")]
    assert (desk.count(OutboxMessage), desk.count(Dispatch), desk.count(DispatchedTo)) == (0, 0, 0)
    assert desk.count(ReviewDecision) == 1
    with reading(desk.database.sessions) as session:
        decided = session.scalars(select(ReviewDecision)).one()
        taken_back = session.scalars(select(CaseEvent).order_by(CaseEvent.seq.desc()).limit(1)).one()
        assert taken_back.facts["decision"] == str(decided.id)
        held = claims.holder(session, desk.incident_id, at=AT + timedelta(seconds=11))
        assert held is not None
        assert held.user.name == "li.na"
    desk.decide(Decision.ACCEPT, at=later(6))
    assert desk.state is IncidentState.ACCEPTED
    assert desk.count(OutboxMessage) == 1


def test_officers_are_told_of_an_accepted_case_only_when_it_can_no_longer_be_regretted(quick: Desk) -> None:
    quick.decide(Decision.ACCEPT)
    with reading(quick.database.sessions) as session:
        message = session.scalars(select(OutboxMessage)).one()
    assert (message.created_at, message.next_at) == (AT, AT + TIME_TO_REGRET)


def told(session: Session) -> None:
    session.query(OutboxMessage).one().tries = 1


def sending(session: Session) -> None:
    message = session.query(OutboxMessage).one()
    message.state, message.lease_until = OutboxState.SENDING, later(9)


def taken_on(session: Session) -> None:
    sent = session.query(Dispatch).one()
    officer_id = session.query(DispatchedTo).one().officer_id
    sent.state, sent.taken_at, sent.officer_id = DispatchState.TAKEN, later(6), officer_id


def exported(session: Session) -> None:
    incident_id = session.query(Incident.id).scalar()
    custody.record(session, incident_id, CustodyAct.EXPORTED, actor="li.na", at=AT, reason="for the court")


def served(session: Session) -> None:
    session.add(
        ServedDecision(
            incident_id=session.query(Incident.id).scalar(),
            served_on=AT.date(),
            document="2026-1",
            recorded_by="li.na",
            recorded_at=AT,
        )
    )


@pytest.mark.parametrize(
    ("effect", "why"),
    [
        (told, "officers_told"),
        (sending, "officers_told"),
        (taken_on, "officers_told"),
        (exported, "left_the_house"),
        (served, "served"),
    ],
    ids=["tried", "being_sent", "taken_on", "exported", "served"],
)
def test_what_had_an_effect_stands(desk: Desk, effect: Callable[[Session], None], why: str) -> None:
    desk.decide(Decision.ACCEPT)
    desk.change(effect)
    with pytest.raises(TakeBackRefused) as refused:
        desk.take_back()
    assert refused.value.why == why
    assert desk.state is IncidentState.ACCEPTED
    assert desk.count(Dispatch) == 1


def test_what_left_the_house_before_the_decision_is_no_effect_of_it(quick: Desk) -> None:
    quick.change(
        lambda session: custody.record(
            session, quick.incident_id, CustodyAct.EXPORTED, actor="li.na", at=later(4), reason="for the court"
        )
    )
    quick.decide(Decision.DISMISS)
    quick.take_back()
    assert quick.state is IncidentState.DRAFTED


def test_nobody_takes_back_what_another_decided_nor_anything_twice(quick: Desk) -> None:
    with pytest.raises(TakeBackRefused, match="nothing to take back"):
        quick.take_back()
    quick.decide(Decision.RETURN)
    with pytest.raises(TakeBackRefused) as refused:
        quick.take_back(quick.leader)
    assert refused.value.why == "of_another"
    quick.take_back()
    with pytest.raises(TakeBackRefused, match="nothing to take back"):
        quick.take_back()
    with pytest.raises(UnknownIncident), transaction(quick.database.sessions) as session:
        review.take_back(session, uuid.uuid4(), user=quick.reviewer, at=AT)


def test_a_returned_case_that_was_drafted_again_is_not_taken_back(quick: Desk) -> None:
    quick.decide(Decision.RETURN)
    quick.change(lambda session: review.redraft(session, quick.incident_id, user=quick.reviewer, at=AT))
    with pytest.raises(TakeBackRefused):
        quick.take_back()


def test_officers_who_need_not_come_are_asked_again_and_one_on_the_way_is_not_turned_twice(desk: Desk) -> None:
    def ask(session: Session) -> None:
        dispatch.send(session, desk.incident_id, DispatchPurpose.STILL_THERE, at=later(1))

    desk.change(ask)
    desk.decide(Decision.DISMISS)
    desk.take_back()
    with reading(desk.database.sessions) as session:
        sent = session.scalars(select(Dispatch)).one()
        assert sent.state is DispatchState.ASKED
        assert sent.urge_at is not None
    desk.change(taken_on)
    desk.decide(Decision.DISMISS, at=later(7))
    with pytest.raises(TakeBackRefused) as refused:
        desk.take_back(after_s=300)
    assert refused.value.why == "officers_called_off"


# --- grounds


def test_a_ground_is_kept_beside_the_reason_and_one_of_another_decision_is_refused(quick: Desk) -> None:
    with pytest.raises(DecisionRefused, match="no ground to accept"):
        quick.decide(Decision.ACCEPT, ground=Ground.NO_OFFENCE)
    quick.decide(Decision.DISMISS, ground=Ground.NO_OFFENCE)
    with reading(quick.database.sessions) as session:
        assert session.scalars(select(ReviewDecision.ground)).all() == ["no_offence"]


# --- passed on


def test_what_is_passed_on_waits_for_a_reviewer_or_leader_who_did_not_pass_it_on(desk: Desk) -> None:
    desk.pass_on()
    assert desk.state is IncidentState.DRAFTED
    assert desk.events() == [(Act.PASSED_ON, "zhao")]
    with pytest.raises(LeftToAnother):
        desk.decide(Decision.DISMISS, desk.monitor)
    with pytest.raises(LeftToAnother):
        desk.pass_on(desk.reviewer)
    desk.decide(Decision.DISMISS, desk.leader)
    assert desk.state is IncidentState.DISMISSED
    with reading(desk.database.sessions) as session:
        assert review.passed_on(session, desk.incident_id) is None


def test_a_reviewer_who_passed_it_on_does_not_decide_it(quick: Desk) -> None:
    quick.pass_on(quick.reviewer, ground=Ground.CONFLICT_OF_INTEREST)
    with pytest.raises(LeftToAnother):
        quick.decide(Decision.ACCEPT)
    quick.decide(Decision.ACCEPT, quick.leader)
    assert quick.state is IncidentState.ACCEPTED


def test_passing_on_is_taken_back_until_somebody_decided(quick: Desk) -> None:
    quick.pass_on()
    quick.take_back(quick.monitor)
    quick.decide(Decision.DISMISS, quick.monitor)
    assert quick.events() == [(Act.PASSED_ON, "zhao"), (Act.TAKEN_BACK, "zhao"), (Act.DISMISSED, "zhao")]


@pytest.mark.parametrize(
    "differs", [{"reason": " "}, {"ground": Ground.SLIGHT}], ids=["without_words", "ground_of_another_choice"]
)
def test_passing_on_without_ground_or_words_is_refused(quick: Desk, differs: dict[str, Any]) -> None:
    with pytest.raises(DecisionRefused):
        quick.pass_on(**differs)
    assert quick.events() == []


def test_what_is_over_is_not_passed_on(quick: Desk) -> None:
    quick.decide(Decision.DISMISS)
    with pytest.raises(TransitionRefused):
        quick.pass_on()


# --- the plate


def correct(desk: Desk, plate: str) -> str | None:
    with transaction(desk.database.sessions) as session:
        return plate_record.correct_plate(session, desk.incident_id, plate, user=desk.reviewer, at=AT)


def plate_is_sure(desk: Desk) -> bool:
    with reading(desk.database.sessions) as session:
        facts = case_rows.sufficiency_facts(case_rows.load(session, desk.incident_id))
    return next(finding.ok for finding in sufficiency.check(facts) if finding.code == "plate")


def doubtful(session: Session) -> None:
    session.query(Incident).one().plate_confidence = 0.4


def test_a_corrected_plate_counts_as_sure_what_was_read_stays_and_the_draft_is_made_anew(desk: Desk) -> None:
    desk.change(doubtful)
    assert not plate_is_sure(desk)
    with reading(desk.database.sessions) as session:
        read = session.get_one(Incident, desk.incident_id).plate
    assert correct(desk, " 浙j·8888a ") == "浙J8888A"
    assert plate_is_sure(desk)
    with reading(desk.database.sessions) as session:
        incident = session.get_one(Incident, desk.incident_id)
        assert (incident.plate, incident.plate_confidence, incident.plate_confirmed_by) == ("浙J8888A", None, "li.na")
        event = session.scalars(select(CaseEvent).order_by(CaseEvent.seq.desc()).limit(1)).one()
        assert (event.act, event.actor) == (Act.PLATE_CORRECTED, "li.na")
        assert event.facts == {"before": read, "before_confidence": 0.4, "plate": "浙J8888A"}
        drafts = session.scalars(select(DraftCase).order_by(DraftCase.version)).all()
        assert [draft.content["who"]["plate"] for draft in drafts] == [read, "浙J8888A"]


def test_a_confirmed_plate_keeps_the_score_it_was_read_with(quick: Desk) -> None:
    quick.change(doubtful)
    with reading(quick.database.sessions) as session:
        read = session.get_one(Incident, quick.incident_id).plate
    assert read is not None
    correct(quick, read)
    with reading(quick.database.sessions) as session:
        assert session.get_one(Incident, quick.incident_id).plate_confidence == 0.4
    assert plate_is_sure(quick)


def test_a_plate_that_cannot_be_made_out_is_none_and_no_later_reading_brings_it_back(quick: Desk) -> None:
    assert correct(quick, "") is None
    assert not plate_is_sure(quick)
    with transaction(quick.database.sessions) as session:
        plate_record.record_plate(session, session.get_one(Incident, quick.incident_id), [], "浙J12345", 0.99)
    with reading(quick.database.sessions) as session:
        assert session.get_one(Incident, quick.incident_id).plate is None


@pytest.mark.parametrize("typed", ["浙", "浙J12345浙J12345", "<b>1234", "浙J123 ?5"])
def test_what_is_no_plate_is_refused(quick: Desk, typed: str) -> None:
    with pytest.raises(PlateUnwritable):
        correct(quick, typed)
    assert quick.events() == []


def test_the_plate_of_what_is_over_is_not_changed(quick: Desk) -> None:
    quick.decide(Decision.DISMISS)
    with pytest.raises(TransitionRefused):
        correct(quick, "浙J88888")
