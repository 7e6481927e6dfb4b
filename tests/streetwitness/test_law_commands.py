"""The commands about the catalogue of offences: looked up, taken in, brought into force, refused in lines."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from models.database import open_database, upgrade
from streetwitness.command import app
from streetwitness.settings import load_settings

CSV = """\
编码,大类,权力事项,违法行为,生效日期,违则名称,违则条款,罚则名称,罚则条款
09.01.001,户外广告,违规设置,擅自设置大型户外广告,2026-01-01,市容条例,第十一条,市容条例,第三十六条
"""


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("STREETWITNESS_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setattr("getpass.getuser", lambda: "root.zhao")
    settings = load_settings()
    settings.data.make()
    engine = open_database(settings.database)
    upgrade(engine)
    engine.dispose()
    return tmp_path


def asked(*words: str) -> Result:
    return CliRunner().invoke(app, ["law", *words])


def done(*words: str) -> str:
    result = asked(*words)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_the_starting_catalogue_is_brought_into_force_once_and_found_in(site: Path) -> None:
    assert "in force  7 items" in done("start", "--reason", "起始目录")
    assert done("search", "wt").startswith("03.01.001")
    found = json.loads(done("search", "渣土", "--json"))
    assert (found["code"], found["penalty"]) == (
        "01.02.004",
        ["《中华人民共和国固体废物污染环境防治法（2020年修订）》第一百一十一条"],
    )
    assert asked("search", "wt", "--on", "2020-01-01").exit_code == 1
    again = asked("start", "--reason", "再来")
    assert (again.exit_code, again.stderr) == (1, "refused: nothing new\n")


def test_a_file_is_taken_in_and_brought_into_force_with_a_reason_and_a_name(site: Path) -> None:
    path = site / "law.csv"
    path.write_bytes(CSV.encode("gb18030"))
    taken = json.loads(done("import", str(path), "--source", "某市公布", "--json"))
    assert (taken["state"], taken["items"]) == ("read", 1)
    assert asked("search", "hwgg").exit_code == 1, "nothing holds yet"
    done("bring", taken["id"], "--reason", "局务会决定")
    assert done("search", "hwgg").startswith("09.01.001")
    assert json.loads(done("editions", "--json"))["state"] == "in_force"


def test_what_cannot_be_is_refused_in_lines_and_misuse_says_what_to_do(site: Path) -> None:
    path = site / "law.csv"
    path.write_text(CSV.replace("2026-01-01", "someday").replace("户外广告,", ","), "utf-8")
    refused = asked("import", str(path), "--source", "某市公布")
    assert refused.exit_code == 1
    assert [line.split(":")[1] for line in refused.stderr.splitlines()] == [" line 2", " line 2"]
    problems = json.loads(asked("import", str(path), "--source", "x", "--json").stdout)["problems"]
    assert [problem["field"] for problem in problems] == ["class.zh", "valid_from"]
    path.write_text(CSV, "utf-8")
    misuse = asked("import", str(path), "--source", "x", "--in-force")
    assert (misuse.exit_code, "--in-force needs --reason" in misuse.stderr) == (2, True)
    assert asked("bring", "nothing", "--reason", "x").exit_code == 2
    assert asked("search", "anything").exit_code == 1
