"""Writers beside each other: BEGIN IMMEDIATE on SQLite, row locks on PostgreSQL; nobody gets a lock error."""

import threading

from sqlalchemy import select

from models.database import reading
from models.people import User
from tests.conftest import Database
from tests.rows import add_user

WRITERS, TURNS = 4, 50


def test_four_writers_make_two_hundred_increments_and_none_is_lost(database: Database) -> None:
    """Read, then write: the order that fails at once with a deferred transaction."""
    with database.sessions.begin() as session:
        user_id = add_user(session).id
    errors: list[Exception] = []

    def count() -> None:
        for _ in range(TURNS):
            try:
                with database.sessions.begin() as session:
                    user = session.scalars(select(User).where(User.id == user_id).with_for_update()).one()
                    user.failed_attempts += 1
            except Exception as error:  # noqa: BLE001 - any error at all is what must not happen
                errors.append(error)

    writers = [threading.Thread(target=count) for _ in range(WRITERS)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert errors == []
    with database.sessions() as session:
        assert session.get_one(User, user_id).failed_attempts == WRITERS * TURNS


def test_a_reader_holds_up_no_writer(database: Database) -> None:
    with database.sessions.begin() as session:
        user_id = add_user(session).id
    with reading(database.sessions) as reader:
        assert reader.get_one(User, user_id).failed_attempts == 0
        with database.sessions.begin() as writer:
            writer.get_one(User, user_id).failed_attempts = 7
    with reading(database.sessions) as later:
        assert later.get_one(User, user_id).failed_attempts == 7
