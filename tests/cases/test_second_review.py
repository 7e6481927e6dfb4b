"""The second reviewer: another person, without a stake, whose refusal brings the draft back."""

import threading
import uuid
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from cases import review, second_review
from cases.errors import SecondReviewRefused, TakeBackRefused, TransitionRefused
from models.database import reading, transaction
from models.dispatch import Dispatch
from models.enums import Act, Decision, DispatchState, IncidentState, OutboxState, SecondVerdict
from models.incidents import CaseEvent
from models.people import User
from models.promises import OutboxMessage
from models.second_reviews import SecondReview
from tests import rows
from tests.cases.parked_van import later
from tests.cases.test_review import decide, drafted, state_of
from tests.conftest import Database


def accepted(database: Database, folder: Path) -> tuple[uuid.UUID, User, User]:
    """An accepted case, who accepted it, and another officer."""
    incident_id, first = drafted(database, folder)
    decide(database, incident_id, first, Decision.ACCEPT)
    with transaction(database.sessions) as session:
        return incident_id, first, rows.add_user(session, "wang.qiang", display_name="王强")


def say(database: Database, incident_id: uuid.UUID, verdict: SecondVerdict, user: User, **differs: Any) -> None:
    asked: dict[str, Any] = {"reason": "与证据相符", "no_stake": True, "at": later(6)} | differs
    with transaction(database.sessions) as session:
        second_review.say(session, incident_id, verdict, user=user, **asked)


def why_not(database: Database, incident_id: uuid.UUID, verdict: SecondVerdict, user: User, **differs: Any) -> str:
    with pytest.raises(SecondReviewRefused) as refused:
        say(database, incident_id, verdict, user, **differs)
    return refused.value.why


def is_waited_for(database: Database, incident_id: uuid.UUID) -> bool:
    with reading(database.sessions) as session:
        return second_review.waited_for(session, incident_id) is not None


def test_the_second_person_agrees_and_nobody_is_waited_for_any_more(database: Database, tmp_path: Path) -> None:
    incident_id, first, second = accepted(database, tmp_path)
    assert is_waited_for(database, incident_id)
    say(database, incident_id, SecondVerdict.AGREES, second)
    assert not is_waited_for(database, incident_id)
    assert state_of(database, incident_id) is IncidentState.ACCEPTED
    with reading(database.sessions) as session:
        event = session.scalars(select(CaseEvent).order_by(CaseEvent.seq.desc()).limit(1)).one()
        (one,) = second_review.reviews_of(session, incident_id)
    assert (event.act, event.actor, event.facts["first"], event.facts["no_stake"]) == (
        Act.SECOND_AGREED,
        "wang.qiang",
        "li.na",
        True,
    )
    assert (one.user.display_name, one.verdict) == ("王强", SecondVerdict.AGREES)
    with pytest.raises(TakeBackRefused), transaction(database.sessions) as session:
        review.take_back(session, incident_id, user=first, at=later(7))


def test_nobody_is_the_second_beside_himself(database: Database, tmp_path: Path) -> None:
    incident_id, first, _ = accepted(database, tmp_path)
    assert why_not(database, incident_id, SecondVerdict.AGREES, first) == "decided_it"
    assert is_waited_for(database, incident_id)


def test_who_has_a_stake_stands_back_and_another_is_asked(database: Database, tmp_path: Path) -> None:
    incident_id, _, second = accepted(database, tmp_path)
    assert why_not(database, incident_id, SecondVerdict.AGREES, second, no_stake=False) == "has_a_stake"
    say(database, incident_id, SecondVerdict.RECUSED, second, reason="车主是我的亲戚", no_stake=False)
    assert is_waited_for(database, incident_id)
    assert why_not(database, incident_id, SecondVerdict.AGREES, second) == "stood_back"
    with transaction(database.sessions) as session:
        third = rows.add_user(session, "zhao.min")
    say(database, incident_id, SecondVerdict.AGREES, third)
    assert not is_waited_for(database, incident_id)


def test_a_refusal_returns_the_draft_and_officers_who_were_not_told_are_not(database: Database, tmp_path: Path) -> None:
    incident_id, first, second = accepted(database, tmp_path)
    say(database, incident_id, SecondVerdict.REFUSES, second, reason="看不清车牌")
    assert state_of(database, incident_id) is IncidentState.RETURNED
    with reading(database.sessions) as session:
        assert session.scalars(select(OutboxMessage).where(OutboxMessage.kind == "case_ready")).all() == []
    with transaction(database.sessions) as session:
        review.redraft(session, incident_id, user=first, at=later(8))
    decide(database, incident_id, second, Decision.ACCEPT, at=later(9))
    assert is_waited_for(database, incident_id)
    say(database, incident_id, SecondVerdict.AGREES, first, at=later(10))
    assert state_of(database, incident_id) is IncidentState.ACCEPTED


def test_officers_who_were_told_need_not_come_after_a_refusal(database: Database, tmp_path: Path) -> None:
    incident_id, _, second = accepted(database, tmp_path)
    with transaction(database.sessions) as session:
        for message in session.scalars(select(OutboxMessage).where(OutboxMessage.kind == "case_ready")):
            message.state, message.answered_at, message.tries = OutboxState.SENT, later(6), 1
    say(database, incident_id, SecondVerdict.REFUSES, second)
    with reading(database.sessions) as session:
        assert set(session.scalars(select(Dispatch.state))) == {DispatchState.WITHDRAWN}


@pytest.mark.parametrize("verdict", SecondVerdict)
def test_there_is_nothing_to_say_of_what_nobody_accepted(
    sqlite_database: Database, tmp_path: Path, verdict: SecondVerdict
) -> None:
    incident_id, user = drafted(sqlite_database, tmp_path)
    assert why_not(sqlite_database, incident_id, verdict, user) == "nothing_to_review"
    assert why_not(sqlite_database, incident_id, verdict, user, reason=" ") == "nothing_to_review"


def test_a_word_needs_its_reason(sqlite_database: Database, tmp_path: Path) -> None:
    incident_id, _, second = accepted(sqlite_database, tmp_path)
    assert why_not(sqlite_database, incident_id, SecondVerdict.AGREES, second, reason="  ") == "no_reason"


def test_of_two_at_once_one_is_the_second(database: Database, tmp_path: Path) -> None:
    incident_id, _, second = accepted(database, tmp_path)
    with transaction(database.sessions) as session:
        third = rows.add_user(session, "zhao.min")
    refused: list[Exception] = []

    def speak(user: User, verdict: SecondVerdict) -> None:
        try:
            say(database, incident_id, verdict, user)
        except (SecondReviewRefused, TransitionRefused) as error:
            refused.append(error)

    both = [
        threading.Thread(target=speak, args=(second, SecondVerdict.AGREES)),
        threading.Thread(target=speak, args=(third, SecondVerdict.REFUSES)),
    ]
    for each in both:
        each.start()
    for each in both:
        each.join()
    assert len(refused) == 1
    with reading(database.sessions) as session:
        assert len(session.scalars(select(SecondReview)).all()) == 1
