"""`streetwitness audit` and `streetwitness log`, as an auditor types them: 0 it holds, 1 it does not, 2 cannot look."""

import json
import subprocess
from pathlib import Path

import pytest
from click.testing import Result
from sqlalchemy import text
from typer.testing import CliRunner

from evidence.timestamping import owed
from evidence.tree_heads import read_published
from streetwitness.command import app
from tests.conftest import Database
from tests.evidence.log_scene import LogScene, as_before_the_log, logged_scene, without_guards
from tests.evidence.timestamp_authority import TimestampAuthority
from tests.streetwitness.running import COMMAND, environment, eventually, run


@pytest.fixture
def scene(sqlite_database: Database, tmp_path: Path) -> LogScene:
    """Its database, vault and key lie where a data folder has them."""
    return logged_scene(sqlite_database, tmp_path)


def said(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


def test_an_audit_with_the_published_heads_says_that_it_holds(scene: LogScene) -> None:
    result = run("audit", "--data", scene.folder, "--heads", scene.heads_file)
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith("the records hold: 13 log entries, 2 heads, 2 published, 1 objects\n")
    assert "newest head: 12 entries" in result.stdout


def test_what_was_changed_is_said_with_its_place(scene: LogScene) -> None:
    with scene.database.sessions.begin() as session:
        without_guards(session)
        session.execute(text("UPDATE custody_event SET reason = 'never' WHERE seq = 3"))
    result = said("audit", "--data", scene.folder, "--json")
    assert result.exit_code == 1
    answer = json.loads(result.stdout)
    assert not answer["holds"]
    assert {"rewritten"} == {fault["code"] for fault in answer["faults"]}
    assert any(fault["where"].endswith(f"(custody/{scene.incident_id}/3)") for fault in answer["faults"])


def test_what_keeps_it_from_looking_is_not_called_tampering(scene: LogScene, tmp_path: Path) -> None:
    (tmp_path / "empty.jsonl").write_text("\n", encoding="ascii")
    (tmp_path / "prose.jsonl").write_text("no head at all\n", encoding="ascii")
    for words in (
        ("--data", tmp_path / "nowhere"),
        ("--data", scene.folder, "--heads", tmp_path / "missing.jsonl"),
        ("--data", scene.folder, "--heads", tmp_path / "empty.jsonl"),
        ("--data", scene.folder, "--heads", tmp_path / "prose.jsonl"),
    ):
        result = said("audit", *words)
        assert result.exit_code == 2, result.stderr
        assert len(result.stderr.strip().splitlines()) == 1


def test_a_cut_line_among_the_heads_is_left_out_and_said(scene: LogScene) -> None:
    with scene.heads_file.open("ab") as file:
        file.write(b'{"head":{"at":')
    result = said("audit", "--data", scene.folder, "--heads", scene.heads_file)
    assert result.exit_code == 0
    assert "1 of 3 lines are no heads" in result.stderr


def test_a_head_on_demand_is_one_line_to_keep(scene: LogScene) -> None:
    result = said("log", "head", "--data", scene.folder)
    assert result.exit_code == 0, result.stderr
    assert read_published(result.stdout.encode()).size == 13
    owed = said("log", "owed", "--data", scene.folder, "--json").stdout.splitlines()
    assert [json.loads(line)["head"] for line in owed] == [None, 1, 2, 3]


def test_an_older_database_has_its_log_opened_by_the_upgrade(scene: LogScene) -> None:
    as_before_the_log(scene.database)
    result = said("db", "upgrade", "--data", scene.folder)
    assert "the log took in 12 rows from before it" in result.stdout
    assert said("audit", "--data", scene.folder).exit_code == 0


def test_an_authority_whose_tokens_could_not_be_checked_is_refused(
    monkeypatch: pytest.MonkeyPatch, scene: LogScene
) -> None:
    monkeypatch.setenv("STREETWITNESS_TIMESTAMP_URL", "http://tsa.example/")
    result = said("audit", "--data", scene.folder)
    assert result.exit_code == 2
    assert "need each other" in result.stderr


def test_the_notary_of_a_running_site_signs_publishes_and_has_it_dated(scene: LogScene, tmp_path: Path) -> None:
    scene.viewed("look 6")
    heads = tmp_path / "heads.jsonl"
    with TimestampAuthority(tmp_path / "authority").answering() as authority:
        settings = environment(
            DATA_DIR=str(scene.folder),
            TIMESTAMP_URL=authority.url,
            TIMESTAMP_ROOTS=str(authority.roots),
            PUBLISH_HEADS_TO=str(heads),
        )
        with subprocess.Popen([*COMMAND, "process", "notary"], env=settings, stdin=subprocess.PIPE) as notary:
            try:
                eventually(lambda: not owed(scene.database.sessions))
            finally:
                notary.terminate()
        assert notary.returncode == 0
    newest = read_published(heads.read_bytes().splitlines()[-1])
    assert newest.size == 14  # the scene's clock stands in March: the last head is long ago
    assert said("audit", "--data", scene.folder, "--heads", heads).exit_code == 0
