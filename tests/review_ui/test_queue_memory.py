"""What is remembered of the queue: one look for many who ask the same, and nothing that happened is hidden by it."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from sqlalchemy import event

from cases import claims
from cases.entitlements import EVERYTHING, Limit, Scope
from cases.lifecycle import advance
from cases.queue import Narrowed
from models.database import reading, transaction
from models.dispatch import Area
from models.enums import Act, AreaLevel, IncidentState, Offence
from models.incidents import Incident
from review_ui.queue_memory import AS_LONG_AS, QueueMemory
from review_ui.remembering import AT_MOST, Remembering
from tests.conftest import Database
from tests.rows import add_incident, add_street, add_user, after

AT = after(1000)
SEVERAL = 8


@pytest.fixture
def waiting(database: Database) -> Database:
    with transaction(database.sessions) as session:
        street = add_street(session, state=IncidentState.DRAFTED)
        session.add(Area(id="city", name="Taizhou", level=AreaLevel.CITY))
        add_incident(
            session,
            street.version,
            street.camera,
            street.recording,
            state=IncidentState.DRAFTED,
            conduct_key="another",
            plate="浙J00002",
        )
        add_user(session, "li.na")
    return database


@pytest.fixture
def looks(database: Database) -> Iterator[list[str]]:
    """The statements that put incidents in order."""
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if "UNION ALL" in statement:
            seen.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    yield seen
    event.remove(database.engine, "before_cursor_execute", note)


def states(memory: QueueMemory, database: Database, scope: Scope = EVERYTHING, later_s: float = 0) -> list[str]:
    with reading(database.sessions) as session:
        page = memory.page(session, scope, Narrowed(), at=AT + timedelta(seconds=later_s))
    return sorted(row.incident.state.value for row in page.rows)


def test_who_asks_the_same_when_nothing_has_happened_costs_no_second_look(waiting: Database, looks: list[str]) -> None:
    memory = QueueMemory()
    assert states(memory, waiting) == states(memory, waiting, later_s=1) == ["drafted", "drafted"]
    assert len(looks) == 1


def test_of_many_who_ask_at_once_one_looks(waiting: Database, looks: list[str]) -> None:
    memory, together = QueueMemory(), Barrier(SEVERAL)

    def ask(_number: int) -> list[str]:
        together.wait()
        return states(memory, waiting)

    with ThreadPoolExecutor(SEVERAL) as people:
        assert list(people.map(ask, range(SEVERAL))) == [["drafted", "drafted"]] * SEVERAL
    assert len(looks) == 1


def test_a_decision_is_seen_by_the_next_who_asks(waiting: Database) -> None:
    memory = QueueMemory()
    assert states(memory, waiting) == ["drafted", "drafted"]
    with transaction(waiting.sessions) as session:
        first = session.query(Incident).first()
        assert first is not None
        advance(session, first, Act.DISMISSED, actor="li.na", at=AT)
    assert states(memory, waiting) == ["dismissed", "drafted"]


def test_a_hand_is_seen_by_the_next_who_asks(waiting: Database) -> None:
    memory = QueueMemory()
    states(memory, waiting)
    with transaction(waiting.sessions) as session:
        first = session.query(Incident).first()
        user = add_user(session, "wang.wei")
        assert first is not None
        claims.take(session, first.id, user, at=AT)
    with reading(waiting.sessions) as session:
        page = memory.page(session, EVERYTHING, Narrowed(), at=AT)
    assert [row.claim.user.name for row in page.rows if row.claim] == ["wang.wei"]


def test_what_runs_out_by_itself_is_looked_at_again_after_a_while(waiting: Database, looks: list[str]) -> None:
    memory = QueueMemory()
    states(memory, waiting)
    states(memory, waiting, later_s=AS_LONG_AS.total_seconds())
    assert len(looks) == 2


def test_a_clock_that_goes_back_is_no_reason_to_show_what_was(waiting: Database, looks: list[str]) -> None:
    memory = QueueMemory()
    states(memory, waiting)
    states(memory, waiting, later_s=-1)
    assert len(looks) == 2


def test_another_scope_never_gets_what_was_found_for_everybody(waiting: Database) -> None:
    memory = QueueMemory()
    assert len(states(memory, waiting)) == 2
    elsewhere = Scope(frozenset({Limit("city", Offence.DUMPING)}))
    assert states(memory, waiting, elsewhere) == []


def test_what_was_not_asked_for_longest_is_forgotten() -> None:
    remembering: Remembering[int, int] = Remembering()
    looked: list[int] = []

    def ask(number: int) -> None:
        remembering.recall(number, lambda _found: True, lambda: looked.append(number) or number)  # type: ignore[func-returns-value]

    for number in (*range(AT_MOST + 1), AT_MOST, 0):
        ask(number)
    assert looked == [*range(AT_MOST + 1), 0]
