"""The outbox: a promise is unique by its key, and lives or falls with the decision that caused it."""

import threading

import pytest
from sqlalchemy import func, select

from models.database import reading, transaction
from models.enums import OutboxState
from models.promises import OutboxMessage
from notify import outbox
from notify.errors import KeyReused
from tests.conftest import Database
from tests.notify.scene import AT

PAYLOAD = {"incident_id": "1", "officer_id": "2"}


def counted(database: Database) -> int:
    with reading(database.sessions) as session:
        return session.scalar(select(func.count()).select_from(OutboxMessage)) or 0


def test_a_promise_waits_to_be_kept(database: Database) -> None:
    with transaction(database.sessions) as session:
        message = outbox.promise(session, key="k", kind="case_ready", payload=PAYLOAD, at=AT)
    assert (message.state, message.next_at, message.tries, message.fence) == (OutboxState.PENDING, AT, 0, 0)


def test_the_same_key_twice_is_the_same_promise(database: Database) -> None:
    with transaction(database.sessions) as session:
        one = outbox.promise(session, key="k", kind="case_ready", payload=PAYLOAD, at=AT)
        two = outbox.promise(session, key="k", kind="case_ready", payload=PAYLOAD, at=AT)
        assert one is two
    with transaction(database.sessions) as session:
        assert outbox.promise(session, key="k", kind="case_ready", payload=PAYLOAD, at=AT).id == one.id
    assert counted(database) == 1


def test_a_key_that_promises_something_else_is_refused(database: Database) -> None:
    with transaction(database.sessions) as session:
        outbox.promise(session, key="k", kind="case_ready", payload=PAYLOAD, at=AT)
    with pytest.raises(KeyReused, match="k already promises"), transaction(database.sessions) as session:
        outbox.promise(session, key="k", kind="case_ready", payload=PAYLOAD | {"officer_id": "3"}, at=AT)


def test_a_promise_of_a_decision_that_failed_was_never_made(database: Database) -> None:
    def decide_and_fail() -> None:
        with transaction(database.sessions) as session:
            outbox.promise(session, key="k", kind="case_ready", payload=PAYLOAD, at=AT)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        decide_and_fail()
    assert counted(database) == 0


def test_two_who_promise_the_same_at_once_both_succeed(database: Database) -> None:
    together = threading.Barrier(2)
    ids = []

    def promise_it() -> None:
        together.wait()
        with transaction(database.sessions) as session:
            ids.append(outbox.promise(session, key="k", kind="case_ready", payload=PAYLOAD, at=AT).id)

    threads = [threading.Thread(target=promise_it) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ids) == 2
    assert len(set(ids)) == counted(database) == 1
