"""Review: a person decides, with a reason; what the law asks is asked for, and of two at once one decides."""

import threading
import uuid
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from cases import review
from cases.errors import DecisionRefused, TransitionRefused, UnknownIncident
from cases.review import FourPoints
from evidence.canonical import canonical
from evidence.digest import sha256_of_bytes
from models.database import reading, transaction
from models.enums import Act, Decision, IncidentState, OutboxState
from models.incidents import CaseEvent, DraftCase, Incident, ReviewDecision
from models.people import User
from models.promises import OutboxMessage
from tests import rows
from tests.cases.parked_van import add_officer, later, park_van
from tests.conftest import Database

ALL_FOUR = FourPoints(is_true=True, is_clear=True, is_complete=True, is_accurate=True)
NONE_OF_THEM = FourPoints(is_true=False, is_clear=False, is_complete=False, is_accurate=False)


def drafted(database: Database, folder: Path, **differs: Any) -> tuple[uuid.UUID, User]:
    """An incident with its first draft, and a reviewer; two officers are on record."""
    with transaction(database.sessions) as session:
        van = park_van(session, folder, **differs)
        van.draft(session)
        add_officer(session, "队员乙")
        add_officer(session, "队员丙", "+8613900000029")
        return van.incident.id, rows.add_user(session)


def decide(database: Database, incident_id: uuid.UUID, user: User, decision: Decision, **differs: Any) -> None:
    asked: dict[str, Any] = {"reason": "画面清楚，车辆未移动", "four_points": ALL_FOUR, "at": later(5)} | differs
    with transaction(database.sessions) as session:
        review.decide(session, incident_id, user=user, decision=decision, **asked)


def state_of(database: Database, incident_id: uuid.UUID) -> IncidentState:
    with reading(database.sessions) as session:
        return session.get_one(Incident, incident_id).state


def nothing_happened(database: Database, incident_id: uuid.UUID) -> bool:
    with reading(database.sessions) as session:
        counted = [session.scalar(select(func.count()).select_from(table)) for table in (ReviewDecision, OutboxMessage)]
        events = session.scalar(select(func.count()).select_from(CaseEvent))
    return counted == [0, 0] and events == 3 and state_of(database, incident_id) is IncidentState.DRAFTED


def test_accepting_is_a_decision_an_event_and_a_promise_to_each_officer(database: Database, tmp_path: Path) -> None:
    incident_id, user = drafted(database, tmp_path)
    decide(database, incident_id, user, Decision.ACCEPT)
    assert state_of(database, incident_id) is IncidentState.ACCEPTED
    with reading(database.sessions) as session:
        decision = session.scalars(select(ReviewDecision)).one()
        draft = session.scalars(select(DraftCase)).one()
        event = session.scalars(select(CaseEvent).order_by(CaseEvent.seq.desc()).limit(1)).one()
        messages = session.scalars(select(OutboxMessage)).all()
    assert (decision.draft_case_id, decision.user_id, decision.reason) == (draft.id, user.id, "画面清楚，车辆未移动")
    decided_on = {"version": 1, "sha256": sha256_of_bytes(canonical(draft.content))}
    facts = {"decision": str(decision.id), "draft": decided_on}
    assert (event.act, event.actor, event.facts) == (Act.ACCEPTED, "li.na", facts)
    assert len(messages) == 2
    for message in messages:
        assert (message.kind, message.state) == ("case_ready", OutboxState.PENDING)
        assert set(message.payload) == {"incident_id", "officer_id", "dispatch_id"}
    assert len({message.payload["officer_id"] for message in messages}) == 2


@pytest.mark.parametrize(
    ("decision", "state"),
    [(Decision.RETURN, IncidentState.RETURNED), (Decision.DISMISS, IncidentState.DISMISSED)],
    ids=["return", "dismiss"],
)
def test_returning_and_dismissing_tell_no_officer(
    database: Database, tmp_path: Path, decision: Decision, state: IncidentState
) -> None:
    incident_id, user = drafted(database, tmp_path)
    decide(database, incident_id, user, decision, four_points=NONE_OF_THEM, reason="  号牌看不清 ")
    assert state_of(database, incident_id) is state
    with reading(database.sessions) as session:
        assert session.scalars(select(ReviewDecision.reason)).all() == ["号牌看不清"]
        assert session.scalars(select(OutboxMessage)).all() == []


@pytest.mark.parametrize("decision", list(Decision))
@pytest.mark.parametrize("reason", ["", "   ", "\n\t", "\u3000"], ids=["empty", "spaces", "lines", "wide_space"])
def test_no_decision_without_a_reason(
    sqlite_database: Database, tmp_path: Path, decision: Decision, reason: str
) -> None:
    incident_id, user = drafted(sqlite_database, tmp_path)
    with pytest.raises(DecisionRefused, match="needs its reason"):
        decide(sqlite_database, incident_id, user, decision, reason=reason)
    assert nothing_happened(sqlite_database, incident_id)


@pytest.mark.parametrize("missing", ["is_true", "is_clear", "is_complete", "is_accurate"])
def test_accepting_needs_each_of_the_four_points(sqlite_database: Database, tmp_path: Path, missing: str) -> None:
    incident_id, user = drafted(sqlite_database, tmp_path)
    points = FourPoints(**(dict.fromkeys(vars(ALL_FOUR), True) | {missing: False}))
    with pytest.raises(DecisionRefused, match="all four points"):
        decide(sqlite_database, incident_id, user, Decision.ACCEPT, four_points=points)
    assert nothing_happened(sqlite_database, incident_id)


@pytest.mark.parametrize(
    "state", [IncidentState.OBSERVED, IncidentState.NOTIFIED, IncidentState.RETURNED, IncidentState.DISMISSED]
)
def test_accepting_what_is_not_drafted_is_refused(
    sqlite_database: Database, tmp_path: Path, state: IncidentState
) -> None:
    incident_id, user = drafted(sqlite_database, tmp_path, state=state)
    with pytest.raises(TransitionRefused, match=f"an incident that is {state} cannot be accepted"):
        decide(sqlite_database, incident_id, user, Decision.ACCEPT)
    assert state_of(sqlite_database, incident_id) is state


def test_a_draft_nobody_read_is_not_decided_on(database: Database, tmp_path: Path) -> None:
    """One reads version 1; another returns it and has it drafted again; the first then accepts what he saw."""
    incident_id, user = drafted(database, tmp_path)
    decide(database, incident_id, user, Decision.RETURN)
    with transaction(database.sessions) as session:
        assert review.redraft(session, incident_id, user=user, at=later(6)).version == 2
    with pytest.raises(DecisionRefused, match="version 1 is not the newest draft any more; read version 2"):
        decide(database, incident_id, user, Decision.ACCEPT, draft_version=1)
    assert state_of(database, incident_id) is IncidentState.DRAFTED
    decide(database, incident_id, user, Decision.ACCEPT, draft_version=2)
    assert state_of(database, incident_id) is IncidentState.ACCEPTED


def test_a_returned_draft_is_composed_again_with_its_return_on_record(database: Database, tmp_path: Path) -> None:
    incident_id, user = drafted(database, tmp_path)
    decide(database, incident_id, user, Decision.RETURN)
    with transaction(database.sessions) as session:
        draft = review.redraft(session, incident_id, user=user, at=later(6))
    assert [event["act"] for event in draft.content["events"]][-2:] == ["sent_back", "redrafted"]
    assert state_of(database, incident_id) is IncidentState.DRAFTED


def test_only_what_was_returned_is_drafted_again(sqlite_database: Database, tmp_path: Path) -> None:
    incident_id, user = drafted(sqlite_database, tmp_path)
    with pytest.raises(TransitionRefused), transaction(sqlite_database.sessions) as session:
        review.redraft(session, incident_id, user=user, at=later(6))
    assert nothing_happened(sqlite_database, incident_id)


def test_what_is_uncertain_can_be_dismissed_without_a_draft(database: Database, tmp_path: Path) -> None:
    with transaction(database.sessions) as session:
        incident_id = park_van(session, tmp_path, state=IncidentState.UNCERTAIN).incident.id
        user = rows.add_user(session)
    decide(database, incident_id, user, Decision.DISMISS)
    with reading(database.sessions) as session:
        assert session.scalars(select(ReviewDecision.draft_case_id)).all() == [None]


def test_there_is_nothing_to_accept_without_a_draft(database: Database, tmp_path: Path) -> None:
    with transaction(database.sessions) as session:
        incident_id = park_van(session, tmp_path).incident.id
        user = rows.add_user(session)
    with pytest.raises(DecisionRefused, match="no draft"):
        decide(database, incident_id, user, Decision.ACCEPT)
    assert nothing_happened(database, incident_id)


def test_an_unknown_incident_is_refused(sqlite_database: Database) -> None:
    with transaction(sqlite_database.sessions) as session:
        user = rows.add_user(session)
    with pytest.raises(UnknownIncident):
        decide(sqlite_database, uuid.uuid4(), user, Decision.DISMISS)
    with pytest.raises(UnknownIncident), transaction(sqlite_database.sessions) as session:
        review.redraft(session, uuid.uuid4(), user=user, at=later(1))


def test_of_two_reviewers_at_once_one_decides(database: Database, tmp_path: Path) -> None:
    incident_id, user = drafted(database, tmp_path)
    with transaction(database.sessions) as session:
        other = rows.add_user(session, "wang.wei", display_name="王伟")
    together = threading.Barrier(2)
    outcomes: list[str] = []

    def review_it(reviewer: User, decision: Decision) -> None:
        together.wait()
        try:
            decide(database, incident_id, reviewer, decision)
            outcomes.append(decision.value)
        except TransitionRefused:
            outcomes.append("refused")

    threads = [
        threading.Thread(target=review_it, args=pair) for pair in ((user, Decision.ACCEPT), (other, Decision.DISMISS))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) in (["accept", "refused"], ["dismiss", "refused"])
    with reading(database.sessions) as session:
        (decision,) = session.scalars(select(ReviewDecision.decision)).all()
        promised = session.scalars(select(OutboxMessage)).all()
    assert decision.value in outcomes
    assert len(promised) == (2 if decision is Decision.ACCEPT else 0)
    ended = {Decision.ACCEPT: IncidentState.ACCEPTED, Decision.DISMISS: IncidentState.DISMISSED}
    assert state_of(database, incident_id) is ended[decision]
