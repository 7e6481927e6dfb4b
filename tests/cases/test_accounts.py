"""Signing in: what opens a session, what ends it, and that refusals say nothing they should not."""

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from cases import accounts
from cases.errors import AccountRefused
from models.database import transaction
from models.enums import Role
from models.people import User, UserSession
from tests.conftest import Database
from tests.rows import NOON

PASSWORD = "correct horse battery"


def add_li_na(session: Session) -> User:
    return accounts.add_user(
        session, name="Li.Na", display_name="李娜", password=PASSWORD, role=Role.LEGAL_REVIEWER, at=NOON
    )


def test_right_password_opens_a_session_and_the_token_itself_is_not_stored(database: Database) -> None:
    with transaction(database.sessions) as session:
        add_li_na(session)
        signed_in = accounts.sign_in(session, " li.na ", PASSWORD, at=NOON)
    assert signed_in is not None
    opened, token = signed_in
    with database.sessions() as session:
        again = accounts.session_of(session, token, at=NOON + timedelta(minutes=1))
        assert again is not None
        assert again.user.name == "li.na"
        assert again.csrf_token == opened.csrf_token
        assert session.get(UserSession, token) is None
        assert accounts.session_of(session, opened.token_digest, at=NOON) is None


def test_password_is_kept_as_argon2id_with_the_parameters_of_owasp(sqlite_database: Database) -> None:
    with transaction(sqlite_database.sessions) as session:
        assert add_li_na(session).password_hash.startswith("$argon2id$v=19$m=19456,t=2,p=1$")


@pytest.mark.parametrize("name", ["li.na", "nobody"], ids=["known_user", "unknown_user"])
def test_wrong_password_is_refused_the_same_way_for_known_and_unknown_users(
    sqlite_database: Database, name: str
) -> None:
    with transaction(sqlite_database.sessions) as session:
        add_li_na(session)
        assert accounts.sign_in(session, name, "wrong horse battery", at=NOON) is None


def test_a_password_that_only_begins_right_is_refused(sqlite_database: Database) -> None:
    longest = "a" * accounts.MAX_PASSWORD_CHARACTERS
    with transaction(sqlite_database.sessions) as session:
        accounts.add_user(session, name="wu", display_name="", password=longest, role=Role.MONITOR, at=NOON)
        assert accounts.sign_in(session, "wu", longest + "b", at=NOON) is None
        assert accounts.sign_in(session, "wu", longest, at=NOON) is not None


def test_five_failures_lock_for_fifteen_minutes_even_the_right_password(database: Database) -> None:
    with transaction(database.sessions) as session:
        add_li_na(session)
    for _ in range(5):
        with transaction(database.sessions) as session:
            assert accounts.sign_in(session, "li.na", "wrong", at=NOON) is None
    with transaction(database.sessions) as session:
        assert accounts.sign_in(session, "li.na", PASSWORD, at=NOON + timedelta(minutes=14)) is None
        assert accounts.sign_in(session, "li.na", PASSWORD, at=NOON + timedelta(minutes=15)) is not None


def test_a_right_password_forgets_the_failures_before_it(sqlite_database: Database) -> None:
    with transaction(sqlite_database.sessions) as session:
        user = add_li_na(session)
        for _ in range(4):
            accounts.sign_in(session, "li.na", "wrong", at=NOON)
        assert user.failed_attempts == 4
        accounts.sign_in(session, "li.na", PASSWORD, at=NOON)
        assert user.failed_attempts == 0


@pytest.mark.parametrize(
    ("minutes", "awake_every", "opens"),
    [
        (29, None, True),
        (30, None, False),
        (11 * 60 + 59, 20, True),
        (12 * 60, 20, False),
    ],
    ids=["just_not_idle", "idle", "long_but_in_use", "twelve_hours_are_over"],
)
def test_session_ends_when_idle_and_after_twelve_hours_in_any_case(
    sqlite_database: Database, minutes: int, awake_every: int | None, opens: bool
) -> None:
    with transaction(sqlite_database.sessions) as session:
        add_li_na(session)
        signed_in = accounts.sign_in(session, "li.na", PASSWORD, at=NOON)
        assert signed_in is not None
        for used in range(awake_every or minutes, minutes, awake_every or minutes):
            accounts.keep_awake(session, signed_in[1], at=NOON + timedelta(minutes=used))
        found = accounts.session_of(session, signed_in[1], at=NOON + timedelta(minutes=minutes))
    assert (found is not None) is opens


def test_a_session_that_is_over_is_not_woken_up(sqlite_database: Database) -> None:
    with transaction(sqlite_database.sessions) as session:
        add_li_na(session)
        signed_in = accounts.sign_in(session, "li.na", PASSWORD, at=NOON)
        assert signed_in is not None
        accounts.keep_awake(session, signed_in[1], at=NOON + timedelta(minutes=31))
        assert signed_in[0].seen_at == NOON


def test_signing_out_and_being_switched_off_both_end_the_session(sqlite_database: Database) -> None:
    with transaction(sqlite_database.sessions) as session:
        user = add_li_na(session)
        first, second = (accounts.sign_in(session, "li.na", PASSWORD, at=NOON) for _ in range(2))
        assert first is not None
        assert second is not None
        accounts.sign_out(session, first[1])
        assert accounts.session_of(session, first[1], at=NOON) is None
        assert accounts.session_of(session, second[1], at=NOON) is not None
        user.active = False
        assert accounts.session_of(session, second[1], at=NOON) is None
        assert accounts.sign_in(session, "li.na", PASSWORD, at=NOON) is None


@pytest.mark.parametrize(
    ("name", "password", "sentence"),
    [
        ("wu", "too short", "10 to 200 characters"),
        ("wu", "a" * 201, "10 to 200 characters"),
        (" ", PASSWORD, "needs a name"),
        ("LI.NA", PASSWORD, "already a user li.na"),
    ],
    ids=["short_password", "endless_password", "no_name", "name_taken"],
)
def test_a_user_that_cannot_be_added_is_refused_with_a_sentence(
    sqlite_database: Database, name: str, password: str, sentence: str
) -> None:
    with transaction(sqlite_database.sessions) as session:
        add_li_na(session)
        with pytest.raises(AccountRefused, match=sentence):
            accounts.add_user(session, name=name, display_name="", password=password, role=Role.MONITOR, at=NOON)
