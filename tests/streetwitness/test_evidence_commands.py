"""Holds and the purge from the command line, and the housekeeping of a running site."""

import json
import threading
from pathlib import Path

import pytest
from typer.testing import CliRunner

from models.database import open_database, sessions_of, sqlite_url, upgrade
from models.enums import CustodyAct, IncidentState
from models.exhibits import CustodyEvent
from models.retention import LegalHold
from streetwitness.command import app
from streetwitness.housekeeping import Housekeeper
from streetwitness.settings import DataDir, load_settings
from streetwitness.workplace import opened_workplace
from tests.conftest import Database
from tests.evidence.scene import Scene, sealed_scene
from tests.patience import PATIENCE_S


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("COLUMNS", "200")
    folder = tmp_path / "data"
    folder.mkdir()
    return folder


@pytest.fixture
def scene(data: Path) -> Scene:
    """An incident of months ago that was dismissed, in a data folder."""
    url = sqlite_url(DataDir(data).database)
    engine = open_database(url)
    upgrade(engine)
    return sealed_scene(Database(engine, sessions_of(engine), url), data, state=IncidentState.DISMISSED)


def answer(*words: object, status: int = 0) -> str:
    done = CliRunner().invoke(app, [str(word) for word in words])
    assert done.exit_code == status, done.output
    return done.output


def custody_reasons(scene: Scene, act: CustodyAct) -> list[str]:
    with scene.database.sessions() as session:
        return [entry.reason for entry in session.query(CustodyEvent).filter_by(act=act)]


def objects_in(scene: Scene) -> int:
    return sum(path.is_file() for path in (scene.vault_root / "objects").rglob("*"))


def test_a_hold_is_put_by_naming_the_incident_and_lifted_with_a_reason(scene: Scene, data: Path) -> None:
    name = str(scene.incident_id)[:8]
    assert "is held until somebody lifts it" in answer("hold", name, "--reason", "asked by the court", "--data", data)
    assert custody_reasons(scene, CustodyAct.HELD) == ["asked by the court"]
    (listed,) = answer("hold", "list", "--json", "--data", data).splitlines()
    assert json.loads(listed)["incident"] == str(scene.incident_id)
    assert json.loads(answer("purge", "--json", "--data", data))["objects"] == []
    assert "is free" in answer("hold", "lift", name, "--reason", "withdrawn", "--data", data)
    assert answer("hold", "list", "--data", data) == "no legal hold stands\n"
    assert "3 objects deleted" in answer("purge", "--data", data)
    assert objects_in(scene) == 0


def test_where_several_holds_stand_it_must_be_said_which_is_lifted(scene: Scene, data: Path) -> None:
    for reason in ("the court", "the owner's lawyer"):
        answer("hold", scene.incident_id, "--reason", reason, "--data", data)
    told = answer("hold", "lift", scene.incident_id, "--reason", "settled", "--data", data, status=2)
    assert "2 legal holds stand" in told
    with scene.database.sessions() as session:
        first = session.query(LegalHold).filter_by(reason="the court").one().id
    lift = ("hold", "lift", scene.incident_id, "--reason", "settled", "--data", data)
    assert "1 more on incident" in answer(*lift, "--hold", str(first)[:13])
    assert "no such legal hold stands" in answer(*lift, "--hold", first, status=1)


@pytest.mark.parametrize(
    ("words", "status", "says"),
    [
        (("hold", "{incident}", "--reason", "  "), 1, "write who asked for it and why"),
        (("hold", "{incident}"), 2, "--reason"),
        (("hold", "ffffffff", "--reason", "court"), 1, "there is no incident ffffffff"),
        (("hold", "lift", "{incident}", "--reason", "x"), 1, "no such legal hold stands"),
    ],
    ids=["reason_of_blanks", "no_reason", "no_such_incident", "nothing_to_lift"],
)
def test_what_cannot_be_held_or_lifted_is_said(
    scene: Scene, data: Path, words: tuple[str, ...], status: int, says: str
) -> None:
    asked = [word.format(incident=scene.incident_id) for word in words]
    assert says in answer(*asked, "--data", data, status=status)
    with scene.database.sessions() as session:
        assert session.query(LegalHold).count() == 0


def test_a_dry_run_says_what_would_go_and_why_and_deletes_nothing(scene: Scene, data: Path) -> None:
    told = json.loads(answer("purge", "--dry-run", "--json", "--data", data))
    assert (told["dry_run"], len(told["objects"])) == (True, 3)
    assert {each["why"] for each in told["objects"]} == {"dismissed"}
    assert told["bytes"] == sum(each["size_bytes"] for each in told["objects"])
    assert objects_in(scene) == 3
    assert "3 objects would be deleted" in answer("purge", "--dry-run", "--data", data)
    assert "3 objects deleted" in answer("purge", "--data", data)
    assert len(custody_reasons(scene, CustodyAct.DELETED)) == 3


def test_a_running_site_deletes_by_itself_and_one_that_is_busy_waits(scene: Scene, data: Path) -> None:
    with opened_workplace(load_settings(environment={}, data_dir=data)) as workplace:
        keeper = Housekeeper(workplace)
        report = keeper.keep_house()
        assert report is not None
        assert len(report.deleted) == 3
        again = keeper.keep_house()
        assert again is not None
        assert again.deleted == []
        stop = threading.Event()
        running = threading.Thread(target=keeper.run, args=(stop,))
        running.start()
        stop.set()
        running.join(timeout=PATIENCE_S)
        assert not running.is_alive()


def test_what_fails_is_tried_again_and_does_not_end_the_site(scene: Scene, data: Path) -> None:
    objects = scene.vault_root / "objects"
    objects.rename(objects.with_name("elsewhere"))
    objects.write_bytes(b"a file where the folder was")
    with opened_workplace(load_settings(environment={}, data_dir=data)) as workplace:
        assert Housekeeper(workplace).keep_house() is None
        objects.unlink()
        objects.with_name("elsewhere").rename(objects)
        report = Housekeeper(workplace).keep_house()
        assert report is not None
        assert len(report.deleted) == 3
