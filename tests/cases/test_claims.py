"""Claims: one person at a time, a lease that ends by itself, taken over with a reason; of many at once one has it."""

import threading
import uuid
from datetime import timedelta

import pytest
from sqlalchemy import select

from cases import claims, review
from cases.errors import InHandOfAnother, ReasonMissing, TransitionRefused, UnknownIncident
from cases.review import FourPoints
from models.database import reading, transaction
from models.desk import Claim
from models.enums import Act, Decision, IncidentState
from models.incidents import CaseEvent, Incident
from models.people import User
from tests.conftest import Database
from tests.rows import add_street, add_user, after

AT = after(1000)
NONE_OF_THEM = FourPoints(is_true=False, is_clear=False, is_complete=False, is_accurate=False)


@pytest.fixture
def waiting(database: Database) -> tuple[Database, uuid.UUID, list[User]]:
    """An incident that waits, and two people who may decide it."""
    with transaction(database.sessions) as session:
        incident_id = add_street(session, state=IncidentState.UNCERTAIN).incident.id
        users = [add_user(session), add_user(session, "wang.wei", display_name="王伟")]
    return database, incident_id, users


def take(database: Database, incident_id: uuid.UUID, user: User, after_s: float = 0) -> Claim:
    with transaction(database.sessions) as session:
        return claims.take(session, incident_id, user, at=AT + timedelta(seconds=after_s))


def holder(database: Database, incident_id: uuid.UUID, after_s: float = 0) -> str | None:
    with reading(database.sessions) as session:
        held = claims.holder(session, incident_id, at=AT + timedelta(seconds=after_s))
        return None if held is None else held.user.name


Waiting = tuple[Database, uuid.UUID, list[User]]


def test_the_first_has_it_and_the_second_is_told_who_and_until_when(waiting: Waiting) -> None:
    database, incident_id, (li, wang) = waiting
    assert take(database, incident_id, li).until_at == AT + claims.LEASE
    with pytest.raises(InHandOfAnother) as refused:
        take(database, incident_id, wang, 60)
    assert (refused.value.who, refused.value.until_at) == ("李娜", AT + claims.LEASE)
    assert holder(database, incident_id) == "li.na"


def test_taking_it_again_keeps_it_longer_and_is_no_change_of_hands(waiting: Waiting) -> None:
    database, incident_id, (li, _) = waiting
    first, again = take(database, incident_id, li), take(database, incident_id, li, 300)
    assert again.until_at == AT + timedelta(seconds=300) + claims.LEASE
    assert (again.fence, again.taken_at, again.changed_at) == (first.fence, AT, AT)


def test_a_claim_that_is_over_is_anybodys_and_cannot_be_kept(waiting: Waiting) -> None:
    database, incident_id, (li, wang) = waiting
    take(database, incident_id, li)
    over_s = claims.LEASE.total_seconds()
    assert holder(database, incident_id, over_s - 1) == "li.na"
    assert holder(database, incident_id, over_s) is None
    with transaction(database.sessions) as session:
        assert not claims.keep(session, incident_id, li, at=AT + claims.LEASE)
    assert take(database, incident_id, wang, over_s).fence == 2
    assert holder(database, incident_id, over_s) == "wang.wei"


def test_one_person_cannot_keep_or_put_back_what_another_has(waiting: Waiting) -> None:
    database, incident_id, (li, wang) = waiting
    take(database, incident_id, li)
    with transaction(database.sessions) as session:
        assert not claims.keep(session, incident_id, wang, at=AT)
        claims.release(session, incident_id, wang, at=AT)
    assert holder(database, incident_id) == "li.na"
    with transaction(database.sessions) as session:
        claims.release(session, incident_id, li, at=AT)
    assert holder(database, incident_id) is None


def test_taking_over_needs_a_reason_and_goes_on_record_with_it(waiting: Waiting) -> None:
    database, incident_id, (li, wang) = waiting
    take(database, incident_id, li)
    with pytest.raises(ReasonMissing), transaction(database.sessions) as session:
        claims.take_over(session, incident_id, wang, reason="  ", at=AT)
    assert holder(database, incident_id) == "li.na"
    with transaction(database.sessions) as session:
        claims.take_over(session, incident_id, wang, reason=" 李娜已下班 ", at=AT)
    assert holder(database, incident_id) == "wang.wei"
    with reading(database.sessions) as session:
        event = session.scalars(select(CaseEvent).order_by(CaseEvent.seq.desc()).limit(1)).one()
        assert (event.act, event.actor, event.facts) == (
            Act.TAKEN_OVER,
            "wang.wei",
            {"from": "li.na", "reason": "李娜已下班"},
        )
        assert event.from_state is event.to_state is IncidentState.UNCERTAIN


def test_taking_over_what_nobody_has_is_taking_it(waiting: Waiting) -> None:
    database, incident_id, (li, _) = waiting
    with transaction(database.sessions) as session:
        claims.take_over(session, incident_id, li, reason="nobody has it", at=AT)
    assert holder(database, incident_id) == "li.na"
    with reading(database.sessions) as session:
        assert session.query(CaseEvent).filter_by(act=Act.TAKEN_OVER).count() == 0


def test_what_waits_for_nobody_is_not_taken_in_hand_and_what_is_not_there_neither(waiting: Waiting) -> None:
    database, incident_id, (li, _) = waiting
    with transaction(database.sessions) as session:
        session.get_one(Incident, incident_id).state = IncidentState.DISMISSED
    with pytest.raises(TransitionRefused):
        take(database, incident_id, li)
    with pytest.raises(UnknownIncident):
        take(database, uuid.uuid4(), li)


def test_a_decision_ends_the_claim_and_nobody_decides_over_anothers_head(waiting: Waiting) -> None:
    database, incident_id, (li, wang) = waiting
    take(database, incident_id, li)

    def dismiss(user: User) -> None:
        with transaction(database.sessions) as session:
            review.decide(
                session,
                incident_id,
                user=user,
                decision=Decision.DISMISS,
                reason="no vehicle",
                four_points=NONE_OF_THEM,
                at=AT,
            )

    with pytest.raises(InHandOfAnother):
        dismiss(wang)
    dismiss(li)
    assert holder(database, incident_id) is None


def test_of_many_who_come_at_once_one_has_it(waiting: Waiting) -> None:
    database, incident_id, _ = waiting
    with transaction(database.sessions) as session:
        crowd = [add_user(session, f"reviewer-{number}") for number in range(6)]
    together = threading.Barrier(len(crowd))
    outcomes: list[str] = []

    def come(user: User) -> None:
        together.wait()
        try:
            take(database, incident_id, user)
            outcomes.append(user.name)
        except InHandOfAnother:
            outcomes.append("refused")

    threads = [threading.Thread(target=come, args=(user,)) for user in crowd]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes)[:5] == ["refused"] * 5
    assert holder(database, incident_id) in outcomes
