"""Signing in: what opens a session, what ends it, how long failures cost, and that refusals tell nothing."""

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from cases import accounts, sign_in
from cases.sign_in import Browser
from evidence.canonical import instant
from models.database import transaction
from models.enums import AccountAct, Role
from models.people import SignInIdentity, SignInOrigin, User, UserSession
from tests.conftest import Database
from tests.rows import NOON

PASSWORD = "correct horse battery"
ISSUER = "https://id.example"
HERE, NOWHERE = Browser("203.0.113.7", "Firefox"), Browser()


def add_li_na(session: Session) -> User:
    return accounts.add_user(
        session,
        name="Li.Na",
        display_name="李娜",
        email="Li.Na@example.cn",
        password=PASSWORD,
        role=Role.LEGAL_REVIEWER,
        at=NOON,
    )


def tried(database: Database, password: str, at_s: float = 0, name: str = "li.na", browser: Browser = NOWHERE) -> bool:
    """Whether the sign-in succeeded; in a transaction of its own, as at the door."""
    with transaction(database.sessions) as session:
        at = NOON + timedelta(seconds=at_s)
        return sign_in.sign_in(session, name, password, at=at, browser=browser) is not None


def acts(session: Session, user: User) -> list[AccountAct]:
    return [event.act for event in reversed(accounts.events_of(session, user.id))]


def test_right_password_opens_a_session_and_the_token_itself_is_not_stored(database: Database) -> None:
    with transaction(database.sessions) as session:
        user = add_li_na(session)
        signed_in = sign_in.sign_in(session, " li.na ", PASSWORD, at=NOON, browser=HERE)
        assert acts(session, user)[-1] is AccountAct.SIGNED_IN
    assert signed_in is not None
    opened, token = signed_in
    with database.sessions() as session:
        again = sign_in.session_of(session, token, at=NOON + timedelta(minutes=1))
        assert again is not None
        assert again.user.name == "li.na"
        assert [grant.role for grant in again.user.grants] == [Role.LEGAL_REVIEWER]
        assert (again.csrf_token, again.address, again.agent) == (opened.csrf_token, HERE.address, HERE.agent)
        assert session.get(UserSession, token) is None
        assert sign_in.session_of(session, opened.token_digest, at=NOON) is None


@pytest.mark.parametrize("name", ["li.na", "nobody"], ids=["known_user", "unknown_user"])
def test_wrong_password_is_refused_the_same_way_for_known_and_unknown_users(
    sqlite_database: Database, name: str
) -> None:
    with transaction(sqlite_database.sessions) as session:
        add_li_na(session)
        assert sign_in.sign_in(session, name, "wrong horse battery", at=NOON) is None


def test_a_password_that_only_begins_right_is_refused(sqlite_database: Database) -> None:
    longest = "correct horse " * 14 + "abcd"
    with transaction(sqlite_database.sessions) as session:
        accounts.add_user(session, name="wu", display_name="", password=longest, role=Role.MONITOR, at=NOON)
        assert sign_in.sign_in(session, "wu", longest + "b", at=NOON) is None
        assert sign_in.sign_in(session, "wu", longest, at=NOON) is not None


def test_each_failure_beyond_the_free_ones_makes_the_account_wait_twice_as_long(database: Database) -> None:
    with transaction(database.sessions) as session:
        add_li_na(session)
    assert not any(tried(database, "wrong") for _ in range(5))
    assert not tried(database, PASSWORD, 59), "the right password has to wait too"
    assert not tried(database, "wrong", 60), "the wait is over: this one counts"
    assert not tried(database, PASSWORD, 60 + 119)
    assert tried(database, PASSWORD, 60 + 120)
    with transaction(database.sessions) as session:
        user = accounts.user_named(session, "li.na")
        assert user.failed_attempts == 0
        locked = [event for event in accounts.events_of(session, user.id) if event.act is AccountAct.LOCKED]
        assert [event.facts["until"] for event in locked] == [
            instant(NOON + timedelta(seconds=180)),
            instant(NOON + timedelta(seconds=60)),
        ]


def test_the_wait_never_grows_beyond_an_hour() -> None:
    waits = [accounts.wait_after(failures, free=4) for failures in (4, 5, 6, 7, 10, 11, 500)]
    minutes = [wait and wait.total_seconds() / 60 for wait in waits]
    assert minutes == [None, 1, 2, 4, 32, 60, 60]


def test_an_address_that_tries_many_names_waits_whatever_name_comes_next(sqlite_database: Database) -> None:
    with transaction(sqlite_database.sessions) as session:
        add_li_na(session)
    for number in range(20):
        assert not tried(sqlite_database, "a guess for everybody", name=f"user-{number}", browser=HERE)
    assert not tried(sqlite_database, PASSWORD, 59, browser=HERE)
    assert tried(sqlite_database, PASSWORD, 59, browser=Browser("198.51.100.9"))
    assert tried(sqlite_database, PASSWORD, 60, browser=HERE)


def test_an_address_is_forgotten_when_it_has_been_quiet_for_a_day(sqlite_database: Database) -> None:
    assert not tried(sqlite_database, "wrong", browser=HERE)
    assert not tried(sqlite_database, "wrong", 24 * 3600 + 1, browser=Browser("198.51.100.9"))
    with sqlite_database.sessions() as session:
        assert [origin.address for origin in session.query(SignInOrigin)] == ["198.51.100.9"]


def test_a_right_password_forgets_the_failures_before_it(sqlite_database: Database) -> None:
    with transaction(sqlite_database.sessions) as session:
        user = add_li_na(session)
        for _ in range(4):
            sign_in.sign_in(session, "li.na", "wrong", at=NOON)
        assert user.failed_attempts == 4
        sign_in.sign_in(session, "li.na", PASSWORD, at=NOON)
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
        signed_in = sign_in.sign_in(session, "li.na", PASSWORD, at=NOON)
        assert signed_in is not None
        for used in range(awake_every or minutes, minutes, awake_every or minutes):
            sign_in.keep_awake(session, signed_in[1], at=NOON + timedelta(minutes=used))
        found = sign_in.session_of(session, signed_in[1], at=NOON + timedelta(minutes=minutes))
    assert (found is not None) is opens


def test_a_session_that_is_over_is_not_woken_up(sqlite_database: Database) -> None:
    with transaction(sqlite_database.sessions) as session:
        add_li_na(session)
        signed_in = sign_in.sign_in(session, "li.na", PASSWORD, at=NOON)
        assert signed_in is not None
        sign_in.keep_awake(session, signed_in[1], at=NOON + timedelta(minutes=31))
        assert signed_in[0].seen_at == NOON


def test_signing_out_and_being_switched_off_both_end_the_session(sqlite_database: Database) -> None:
    with transaction(sqlite_database.sessions) as session:
        user = add_li_na(session)
        first, second = (sign_in.sign_in(session, "li.na", PASSWORD, at=NOON) for _ in range(2))
        assert first is not None
        assert second is not None
        sign_in.sign_out(session, first[1])
        assert sign_in.session_of(session, first[1], at=NOON) is None
        assert sign_in.session_of(session, second[1], at=NOON) is not None
        accounts.switch(session, user, active=False, by="wang.wei", at=NOON)
        assert sign_in.session_of(session, second[1], at=NOON) is None
        assert sign_in.sign_in(session, "li.na", PASSWORD, at=NOON) is None
        accounts.switch(session, user, active=True, by="wang.wei", at=NOON)
        assert sign_in.session_of(session, second[1], at=NOON) is None, "what ended stays ended"


def test_one_session_of_several_is_ended_by_its_number_and_never_that_of_another_user(database: Database) -> None:
    with transaction(database.sessions) as session:
        li_na = add_li_na(session)
        wu = accounts.add_user(session, name="wu", display_name="", password=PASSWORD, role=Role.ADMINISTRATOR, at=NOON)
        first, second = (sign_in.sign_in(session, "li.na", PASSWORD, at=NOON) for _ in range(2))
        assert first is not None
        assert second is not None
        assert not sign_in.end_session(session, wu, first[0].token_digest, by="wu", at=NOON)
        assert sign_in.end_session(session, li_na, first[0].token_digest, by="wu", at=NOON)
        assert not sign_in.end_session(session, li_na, first[0].token_digest, by="wu", at=NOON)
        left = sign_in.sessions_of_user(session, li_na, NOON + timedelta(minutes=1))
        assert [each.token_digest for each in left] == [second[0].token_digest]
        assert acts(session, li_na)[-1] is AccountAct.SESSION_ENDED
        assert sign_in.sessions_of_user(session, li_na, NOON + timedelta(minutes=30)) == []


def from_elsewhere(session: Session, subject: str, email: str | None) -> User | None:
    opened = sign_in.sign_in_known_elsewhere(session, ISSUER, subject, verified_email=email, at=NOON, browser=Browser())
    return opened[0].user if opened else None


def test_who_comes_from_elsewhere_is_found_by_email_once_and_by_subject_ever_after(database: Database) -> None:
    with transaction(database.sessions) as session:
        user = add_li_na(session)
        assert from_elsewhere(session, "s-17", "LI.NA@example.cn") is user
        accounts.describe(session, user, display_name="李娜", email="other@example.cn", by="wu", at=NOON)
        assert from_elsewhere(session, "s-17", None) is user
        assert acts(session, user).count(AccountAct.IDENTITY_LINKED) == 1
        assert [grant.role for grant in user.grants] == [Role.LEGAL_REVIEWER], "nothing is granted by coming"


@pytest.mark.parametrize(
    ("subject", "email"),
    [("s-18", "somebody@example.cn"), ("s-18", None), ("s-18", ""), ("s-18", "li.na@example.cn")],
    ids=["unknown_address", "address_not_verified", "empty_address", "address_of_one_who_is_linked"],
)
def test_who_cannot_be_matched_with_an_account_is_nobody_and_no_account_comes_of_it(
    sqlite_database: Database, subject: str, email: str | None
) -> None:
    with transaction(sqlite_database.sessions) as session:
        add_li_na(session)
        accounts.add_user(session, name="wu", display_name="", password=PASSWORD, role=Role.MONITOR, at=NOON)
        assert from_elsewhere(session, "s-17", "li.na@example.cn") is not None
        assert from_elsewhere(session, subject, email) is None
        assert session.query(User).count() == 2
        assert session.query(SignInIdentity).count() == 1


def test_who_is_switched_off_here_does_not_come_in_from_elsewhere_either(sqlite_database: Database) -> None:
    with transaction(sqlite_database.sessions) as session:
        user = add_li_na(session)
        assert from_elsewhere(session, "s-17", "li.na@example.cn") is user
        accounts.switch(session, user, active=False, by="wang.wei", at=NOON)
        assert from_elsewhere(session, "s-17", "li.na@example.cn") is None
