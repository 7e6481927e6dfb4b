"""Accounts: who is added, which roles and passwords are taken, and that every change has a name and a moment."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from cases import accounts, passwords, sign_in
from cases.accounts import Granted
from cases.entitlements import Right, may
from cases.errors import AccountRefused, PasswordRefused
from evidence.audit import Brought, audit
from models.database import reading, transaction
from models.dispatch import Area
from models.enums import AccountAct, AreaLevel, LogKind, Offence, Role
from models.people import User, UserSession
from models.proof import LogEntry
from tests.conftest import Database
from tests.rows import NOON

PASSWORD = "correct horse battery"


def add(session: Session, name: str = "Li.Na", role: Role | None = Role.LEGAL_REVIEWER) -> User:
    return accounts.add_user(session, name=name, display_name="李娜", password=PASSWORD, role=role, at=NOON)


def add_area(session: Session, area_id: str = "dongcheng") -> None:
    session.add(Area(id=area_id, name=area_id, level=AreaLevel.CITY))
    session.flush()


def test_password_is_kept_as_argon2id_with_the_parameters_of_owasp(sqlite_database: Database) -> None:
    with transaction(sqlite_database.sessions) as session:
        assert add(session).password_hash.startswith("$argon2id$v=19$m=19456,t=2,p=1$")


@pytest.mark.parametrize(
    ("name", "email", "why"),
    [(" ", None, "name"), ("LI.NA", None, "name_taken"), ("wu", "nowhere", "email"), ("wu", "Li@x.cn", "email_taken")],
    ids=["no_name", "name_taken", "no_address", "address_taken"],
)
def test_a_user_that_cannot_be_added_is_refused_with_a_sentence(
    sqlite_database: Database, name: str, email: str | None, why: str
) -> None:
    with transaction(sqlite_database.sessions) as session:
        user = add(session)
        accounts.describe(session, user, display_name="李娜", email="li@x.cn", by="wu", at=NOON)
        with pytest.raises(AccountRefused) as refused:
            accounts.add_user(
                session, name=name, display_name="", password=PASSWORD, role=Role.MONITOR, at=NOON, email=email
            )
        assert refused.value.why == why
        assert str(refused.value)


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("short enough", None),
        ("eleven char", "length"),
        ("x" * 50 + "correct horse battery " * 8, "length"),
        ("aaaaaaaaaaaaaaaa", "repeats"),
        ("abcdefabcdef", "repeats"),
        ("Password2026!", "guessed_first"),
        ("qwertyuiop12", "guessed_first"),
        ("StreetWitness1", "guessed_first"),
        ("woaini5201314", "guessed_first"),
        ("wang.wei2026!", "name"),
        ("2026-王伟-王伟-2026", None),
        ("wang.wei likes noodles", None),
    ],
)
def test_passwords_that_are_tried_first_are_not_taken(password: str, why: str | None) -> None:
    if why is None:
        passwords.check(password, names=("wang.wei", "王伟"))
        return
    with pytest.raises(PasswordRefused) as refused:
        passwords.check(password, names=("wang.wei", "王伟"))
    assert refused.value.why == why


def test_a_made_password_is_taken_and_no_two_are_alike() -> None:
    made = {passwords.made() for _ in range(50)}
    assert len(made) == 50
    for password in made:
        passwords.check(password, names=("li.na",))


def test_a_role_is_had_where_it_was_granted_until_it_is_withdrawn(database: Database) -> None:
    with transaction(database.sessions) as session:
        add_area(session)
        user = add(session, role=None)
        assert not may(user, Right.SPEAK)
        row = accounts.grant(session, user, Granted(Role.OPERATOR, "dongcheng", Offence.DUMPING), by="wu", at=NOON)
        assert may(user, Right.SPEAK)
        with pytest.raises(AccountRefused, match="already"):
            accounts.grant(session, user, Granted(Role.OPERATOR, "dongcheng", Offence.DUMPING), by="wu", at=NOON)
    with transaction(database.sessions) as session:
        user = accounts.user_named(session, "li.na")
        assert [(each.role, each.area_id, each.offence) for each in user.grants] == [
            (Role.OPERATOR, "dongcheng", Offence.DUMPING)
        ]
        accounts.withdraw(session, user, row.id, by="wu", at=NOON)
    with reading(database.sessions) as session:
        user = accounts.user_named(session, "li.na")
        assert user.grants == []
        told = [(event.act, event.actor, event.facts.get("area")) for event in accounts.events_of(session, user.id)]
        assert told == [
            (AccountAct.ROLE_WITHDRAWN, "wu", "dongcheng"),
            (AccountAct.ROLE_GRANTED, "wu", "dongcheng"),
            (AccountAct.ADDED, "streetwitness", None),
        ]


def test_roles_are_granted_neither_to_oneself_nor_for_an_area_that_is_not_there(sqlite_database: Database) -> None:
    with transaction(sqlite_database.sessions) as session:
        user = add(session, role=Role.ADMINISTRATOR)
        with pytest.raises(AccountRefused) as refused:
            accounts.grant(session, user, Granted(Role.LEADER), by="li.na", at=NOON)
        assert refused.value.why == "own_rights"
        with pytest.raises(AccountRefused) as refused:
            accounts.grant(session, user, Granted(Role.LEADER, "atlantis"), by="wu", at=NOON)
        assert refused.value.why == "unknown_area"
        assert user.roles == [Role.ADMINISTRATOR]


def test_the_last_administrator_can_be_neither_stripped_nor_switched_off(database: Database) -> None:
    with transaction(database.sessions) as session:
        add_area(session)
        add(session, "first", Role.ADMINISTRATOR)
        add(session, "other", None)
        by_area = accounts.user_named(session, "other")
        accounts.grant(session, by_area, Granted(Role.ADMINISTRATOR, "dongcheng"), by="first", at=NOON)
        assert not may(by_area, Right.ADMINISTER), "of one area alone nobody administers accounts"

    def stripped() -> None:
        with transaction(database.sessions) as session:
            user = accounts.user_named(session, "first")
            accounts.withdraw(session, user, user.grants[0].id, by="other", at=NOON)

    def switched_off() -> None:
        with transaction(database.sessions) as session:
            accounts.switch(session, accounts.user_named(session, "first"), active=False, by="other", at=NOON)

    for change in (stripped, switched_off):
        with pytest.raises(AccountRefused) as refused:
            change()
        assert refused.value.why == "last_administrator"
    with transaction(database.sessions) as session:
        user = accounts.user_named(session, "first")
        assert user.active
        assert may(user, Right.ADMINISTER)
        accounts.grant(session, accounts.user_named(session, "other"), Granted(Role.ADMINISTRATOR), by="first", at=NOON)
        accounts.switch(session, user, active=False, by="other", at=NOON)


def test_a_password_that_was_handed_over_ends_the_sessions_and_is_to_be_changed(database: Database) -> None:
    with transaction(database.sessions) as session:
        user = add(session)
        assert sign_in.sign_in(session, "li.na", PASSWORD, at=NOON) is not None
        accounts.give_password(session, user, "first-for-li-once", by="wu", at=NOON)
        assert session.scalars(select(UserSession)).all() == []
        assert user.must_change_password
        opened = sign_in.sign_in(session, "li.na", "first-for-li-once", at=NOON)
        other = sign_in.sign_in(session, "li.na", "first-for-li-once", at=NOON)
        assert opened is not None
        assert other is not None
        assert accounts.confirms(session, opened[0], "first-for-li-once", at=NOON)
        with pytest.raises(PasswordRefused, match="old one"):
            accounts.change_password(session, opened[0], "first-for-li-once", at=NOON)
        accounts.change_password(session, opened[0], "a walk by the west lake", at=NOON)
        assert not user.must_change_password
        assert [each.token_digest for each in session.scalars(select(UserSession))] == [opened[0].token_digest]


def test_guessing_the_old_password_in_a_session_of_somebody_else_ends_it(database: Database) -> None:
    with transaction(database.sessions) as session:
        add(session)
        opened = sign_in.sign_in(session, "li.na", PASSWORD, at=NOON)
        assert opened is not None
    for _ in range(5):
        with transaction(database.sessions) as session:
            assert not accounts.confirms(session, opened[0], "a guess", at=NOON)
    with reading(database.sessions) as session:
        assert sign_in.session_of(session, opened[1], at=NOON) is None


def test_every_act_is_in_the_log_and_the_audit_finds_one_that_was_rewritten(database: Database) -> None:
    with transaction(database.sessions) as session:
        user = add(session)
        accounts.grant(session, user, Granted(Role.OFFICER), by="wu", at=NOON)
    with reading(database.sessions) as session:
        references = session.scalars(select(LogEntry.reference).where(LogEntry.kind == LogKind.ACCOUNT)).all()
        assert len(references) == len(accounts.events_of(session, user.id)) == 3
        assert audit(session, Brought(), at=NOON).faults == []
    with pytest.raises(Exception, match="append-only"), database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE account_event SET actor = 'nobody'")
    with database.engine.begin() as connection:  # as somebody who owns the database could
        if database.engine.dialect.name == "sqlite":
            connection.exec_driver_sql("DROP TRIGGER account_event_no_update")
        else:
            connection.exec_driver_sql("ALTER TABLE account_event DISABLE TRIGGER ALL")
        connection.exec_driver_sql("UPDATE account_event SET actor = 'nobody' WHERE act = 'role_granted'")
    with reading(database.sessions) as session:
        assert len(audit(session, Brought(), at=NOON).faults) == 2
