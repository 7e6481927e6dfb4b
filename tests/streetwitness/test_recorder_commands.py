"""`streetwitness recorder`: what is said of a recorder stands, and what cannot be is refused in a line."""

import json
import shutil
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from models.database import transaction
from models.enums import CameraKind
from models.people import Officer
from streetwitness.command import app
from streetwitness.settings import load_settings
from streetwitness.workplace import opened_workplace
from tests.rows import add_camera, add_site


@pytest.fixture
def data(tmp_path: Path, migrated_sqlite: Path) -> Path:
    settings = load_settings({}, data_dir=tmp_path / "data")
    settings.data.make()
    shutil.copyfile(migrated_sqlite, settings.data.database)
    with opened_workplace(settings) as workplace, transaction(workplace.sessions) as session:
        site = add_site(session)
        add_camera(session, site, id="cam-17", name="Recorder 17", kind=CameraKind.BODY_WORN)
        add_camera(session, site, id="gate-3")
        session.add_all(Officer(name=name, phone_sealed=b"x", grid="dongcheng-02") for name in ("王强", "李雷"))
    return tmp_path / "data"


def asked(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


def listed(data: Path) -> dict[str, object]:
    (line,) = asked("recorder", "list", "--json", "--data", data).stdout.splitlines()
    told: dict[str, object] = json.loads(line)
    return told


def test_what_is_said_of_a_recorder_is_listed_and_what_is_not_named_stays(data: Path) -> None:
    assert (listed(data)["clock"], listed(data)["clock_error_s"], listed(data)["body"]) == ("utc", None, None)
    for words in (("--clock", "local"), ("--clock-error", "2"), ("--body", "Traffic Police")):
        assert asked("recorder", "set", "cam-17", *words, "--data", data).exit_code == 0
    assert asked("recorder", "assign", "cam-17", "王强", "--from", "2026-01-01", "--data", data).exit_code == 0
    assert listed(data) == {
        "recorder": "cam-17",
        "name": "Recorder 17",
        "kind": "body_worn",
        "clock": "local",
        "clock_error_s": 2.0,
        "body": "Traffic Police",
        "carried_by": "王强",
    }
    asked("recorder", "set", "cam-17", "--body", "", "--data", data)
    assert listed(data)["body"] is None
    assert asked("recorder", "assign", "cam-17", "李雷", "--from", "2026-02-01", "--data", data).exit_code == 0
    assert listed(data)["carried_by"] == "李雷"
    said = asked("recorder", "list", "--data", data).stdout
    assert "writes local, ± 2 s" in said


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("set", "cam-99", "--clock", "utc"), "no camera cam-99"),
        (("set", "cam-17", "--clock-error", "-1"), "0 or more"),
        (("assign", "cam-17", "nobody"), "no officer nobody"),
        (("assign", "cam-17", "王强", "--from", "yesterday"), "write it as 2026-11-01"),
        (("assign", "cam-17", "王强", "--from", "2026-03-02", "--to", "2026-03-01"), "before the first"),
        (("assign", "cam-17", "李雷", "--from", "2025-12-01"), "carries it"),
    ],
)
def test_what_cannot_be_is_refused_in_a_line(data: Path, words: tuple[str, ...], said: str) -> None:
    asked("recorder", "assign", "cam-17", "王强", "--from", "2026-01-01", "--data", data)
    result = asked("recorder", *words, "--data", data)
    assert result.exit_code == 2
    assert len(result.stderr.splitlines()) == 1
    assert said in result.stderr
