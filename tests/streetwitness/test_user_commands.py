"""The commands about accounts: roles by area, a way back in, and refusals in a line."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cases import sign_in
from models.database import open_database, sessions_of, transaction, upgrade
from models.dispatch import Area
from models.enums import AreaLevel
from models.people import AccountEvent
from streetwitness.command import app
from streetwitness.settings import load_settings
from tests.conftest import Database
from tests.rows import NOON

FIRST, LATER = "a first password", "a later password"


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Database:
    monkeypatch.setenv("STREETWITNESS_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setattr("getpass.getuser", lambda: "root.zhao")
    settings = load_settings()
    settings.data.make()
    engine = open_database(settings.database)
    upgrade(engine)
    sessions = sessions_of(engine)
    with transaction(sessions) as session:
        session.add(Area(id="dongcheng", name="东城区", level=AreaLevel.CITY))
    return Database(engine, sessions, settings.database)


def asked(*words: str, said: str | None = None) -> Result:
    return CliRunner().invoke(app, ["user", *words], input=said)


def done(*words: str, said: str | None = None) -> str:
    result = asked(*words, said=said)
    assert result.exit_code == 0, result.output
    return result.stdout


def refused(*words: str, said: str | None = None) -> str:
    result = asked(*words, said=said)
    assert result.exit_code == 1, result.output
    assert len(result.stderr.splitlines()) == 1
    return result.stderr


def users() -> dict[str, dict[str, object]]:
    return {user["name"]: user for user in map(json.loads, done("list", "--json").splitlines())}


def test_a_user_gets_roles_by_area_and_offence_loses_one_and_each_act_has_a_name(site: Database) -> None:
    added = done("add", "wu", "--role", "officer", "--area", "dongcheng", "--offence", "dumping", said=f"{FIRST}\n")
    assert added == "wu may sign in as officer in dongcheng for dumping\n"
    assert "legal reviewer" in done("grant", "wu", "--role", "legal_reviewer")
    assert users()["wu"]["must_change_password"] is True
    assert users()["wu"]["roles"] == [
        {"role": "officer", "area": "dongcheng", "offence": "dumping"},
        {"role": "legal_reviewer", "area": None, "offence": None},
    ]
    assert "officer in dongcheng for dumping; legal reviewer" in done("list")
    done("withdraw", "wu", "--role", "officer", "--area", "dongcheng", "--offence", "dumping")
    assert [each["role"] for each in users()["wu"]["roles"]] == ["legal_reviewer"]  # type: ignore[attr-defined]
    with site.sessions() as session:
        assert {event.actor for event in session.query(AccountEvent)} == {"root.zhao"}


def test_a_final_password_need_not_be_changed_and_a_new_first_one_has_to_be(site: Database) -> None:
    done("add", "wu", "--role", "monitor", "--final", said=f"{FIRST}\n")
    assert users()["wu"]["must_change_password"] is False
    done("password", "wu", said=f"{LATER}\n")
    assert users()["wu"]["must_change_password"] is True
    with transaction(site.sessions) as session:
        assert sign_in.sign_in(session, "wu", FIRST, at=NOON) is None
        assert sign_in.sign_in(session, "wu", LATER, at=NOON) is not None


def test_who_is_disabled_does_not_get_in_until_enabled(site: Database) -> None:
    done("add", "wu", "--role", "monitor", said=f"{FIRST}\n")
    done("disable", "wu")
    assert "(disabled)" in done("list")
    with transaction(site.sessions) as session:
        assert sign_in.sign_in(session, "wu", FIRST, at=NOON) is None
    done("enable", "wu")
    with transaction(site.sessions) as session:
        assert sign_in.sign_in(session, "wu", FIRST, at=NOON) is not None


@pytest.mark.usefixtures("site")
def test_what_cannot_be_is_refused_in_a_line() -> None:
    done("add", "zhao", "--role", "administrator", said=f"{FIRST}\n")
    assert "no user wu" in refused("disable", "wu")
    assert "no area atlantis" in refused("grant", "zhao", "--role", "leader", "--area", "atlantis")
    assert "no such role" in refused("withdraw", "zhao", "--role", "leader")
    assert "make another administrator first" in refused("withdraw", "zhao", "--role", "administrator")
    assert "make another administrator first" in refused("disable", "zhao")
    assert "tried first" in refused("password", "zhao", said="password1234\n")
