"""`streetwitness train gather`: what people decided leaves the vault to be learned from, and that is on record."""

import json
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session
from typer.testing import CliRunner

from cases.reviewed_things import was_there
from detectors.training.reviewed import read_reviewed
from evidence.vault import Vault
from models.database import open_database, sessions_of, sqlite_url, transaction, upgrade
from models.digest import sha256_of
from models.enums import CustodyAct, Decision, Ground
from models.exhibits import CustodyEvent
from models.incidents import ReviewDecision
from streetwitness.command import app
from streetwitness.settings import DataDir
from tests import rows
from tests.cases.parked_van import park_van
from tests.rows import after


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("COLUMNS", "200")
    folder = tmp_path / "data"
    folder.mkdir()
    return folder


def review(session: Session, pictures: Path, decision: Decision, ground: Ground | None) -> str:
    van = park_van(session, pictures)
    draft = van.draft(session)
    points = dict.fromkeys(("is_true", "is_clear", "is_complete", "is_accurate"), decision is Decision.ACCEPT)
    session.add(
        ReviewDecision(
            incident_id=van.incident.id,
            draft_case_id=draft.id,
            user_id=rows.add_user(session).id,
            decision=decision,
            reason="照片清楚",
            ground=ground,
            at=after(800),
            **points,
        )
    )
    return str(van.incident.id)


@pytest.fixture
def reviewed(data: Path, tmp_path: Path) -> str:
    """An incident that was accepted, its stills in the vault."""
    engine = open_database(sqlite_url(DataDir(data).database))
    upgrade(engine)
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    with transaction(sessions_of(engine)) as session:
        incident_id = review(session, pictures, Decision.ACCEPT, Ground.AS_DRAFTED)
    for picture in pictures.iterdir():
        place = Vault.path_of(DataDir(data).vault, sha256_of(picture), picture.suffix)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(picture.read_bytes())
    engine.dispose()
    return incident_id


def answer(*words: object, status: int = 0) -> str:
    done = CliRunner().invoke(app, [str(word) for word in words])
    assert done.exit_code == status, done.output
    return done.output


def test_reviewed_incidents_are_gathered_and_it_is_on_record(reviewed: str, data: Path, tmp_path: Path):
    out = tmp_path / "reviewed"
    said = json.loads(answer("train", "gather", "-o", out, "--reason", "weights of 2027", "--data", data, "--json"))
    assert (said["pictures"], said["incidents"], said["there"]) == (3, 1, 3)
    lines = read_reviewed(out)
    assert {(line.incident, line.class_name, line.there) for line in lines} == {(reviewed, "van", True)}
    assert all((out / line.picture).is_file() for line in lines)
    with sessions_of(open_database(sqlite_url(DataDir(data).database)))() as session:
        exported = select(CustodyEvent.reason).where(CustodyEvent.act == CustodyAct.EXPORTED)
        assert session.scalars(exported).all() == ["copied to train a detector: weights of 2027"]


def test_a_folder_that_holds_something_is_left_alone(reviewed: str, data: Path, tmp_path: Path):
    (tmp_path / "mine.txt").write_text("mine")
    refused = answer("train", "gather", "-o", tmp_path, "--reason", "weights", "--data", data, status=2)
    assert "is not empty" in refused


def test_a_still_that_is_missing_leaves_nothing_behind(reviewed: str, data: Path, tmp_path: Path):
    next((DataDir(data).vault / "objects").rglob("*.jpg")).unlink()
    answer("train", "gather", "-o", tmp_path / "reviewed", "--reason", "weights", "--data", data, status=1)
    assert not (tmp_path / "reviewed").exists()
    with sessions_of(open_database(sqlite_url(DataDir(data).database)))() as session:
        assert session.scalars(select(CustodyEvent).where(CustodyEvent.act == CustodyAct.EXPORTED)).all() == []


@pytest.mark.parametrize(
    ("decision", "ground", "there"),
    [
        (Decision.ACCEPT, None, True),
        (Decision.DISMISS, Ground.WRONGLY_SEEN, False),
        (Decision.DISMISS, Ground.PERMITTED, True),
        (Decision.DISMISS, Ground.LAW_UNCLEAR, None),
        (Decision.DISMISS, None, None),
        (Decision.RETURN, Ground.PICTURE_UNCLEAR, None),
    ],
)
def test_what_a_decision_says_of_the_thing(decision: Decision, ground: Ground | None, there: bool | None):
    assert was_there(decision, ground) is there
