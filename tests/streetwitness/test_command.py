"""The command: quick to answer, one line for what cannot be, and a status that scripts can rely on."""

import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path
from stat import S_IMODE

import pytest

from tests.cases.test_site_file import SOUND, written
from tests.media.make_clips import Film
from tests.streetwitness.running import environment, refused, run

HEAVY = ("openvino", "cv2", "av", "numpy", "fastapi", "rq", "redis", "docx", "twilio", "ultralytics", "torch")
COMMANDS = (
    "analyze",
    "export",
    "verify",
    "site check",
    "site import",
    "site export",
    "camera discover",
    "camera probe",
    "camera add",
    "camera import",
    "camera list",
    "camera switch-off",
    "camera switch-on",
    "message list",
    "message wordings",
    "register import",
    "register look-up",
    "keys list",
    "keys rotate",
    "keys forget",
    "db upgrade",
    "user add",
    "user list",
    "user grant",
    "user withdraw",
    "user password",
    "user disable",
    "user enable",
    "hold lift",
    "hold list",
    "purge",
    "doctor",
    "demo",
    "version",
)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def imported(tmp_path: Path, data: Path) -> Path:
    """A data folder with the site of the manual in it."""
    assert run("site", "import", written(tmp_path, SOUND), "--data", data).returncode == 0
    return data


def test_help_names_every_command_and_each_has_an_example():
    overview = run("--help").stdout
    for command in COMMANDS:
        assert command.split()[0] in overview
        shown = run(*command.split(), "--help")
        assert shown.returncode == 0
        assert "Example" in shown.stdout
        assert f"streetwitness {command}" in " ".join(shown.stdout.split())


@pytest.mark.parametrize(
    "words", [["--help"], ["version"], ["verify", "nothing.zip"]], ids=["help", "version", "verify"]
)
def test_quick_commands_load_nothing_heavy(words, tmp_path):
    script = (
        "import sys, json\nfrom streetwitness.command import app\n"
        f"try:\n    app({words!r})\nexcept SystemExit:\n    pass\n"
        f"print(json.dumps([name for name in {(*HEAVY, 'sqlalchemy')!r} if name in sys.modules]), file=sys.stderr)"
    )
    result = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, env=environment(), cwd=tmp_path, check=True
    )
    assert json.loads(result.stderr.splitlines()[-1]) == []


@pytest.mark.parametrize(
    "words",
    [
        ["nonsense"],
        ["analyze"],
        ["analyze", "a.mp4"],
        ["verify", "--nonsense", "a.zip"],
        ["user", "add", "li.na", "--role", "emperor"],
        ["demo", "--port", "0"],
        ["export", "x"],
    ],
    ids=["command", "no_video", "no_site", "option", "role", "port", "no_out"],
)
def test_misuse_ends_with_two_and_nothing_on_standard_output(words, data):
    result = run(*words, DATA_DIR=str(data))
    assert result.returncode == 2
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    assert not data.exists()


def test_an_unknown_setting_is_told_before_anything_is_done(data):
    assert "DATA_DRI is not a setting; did you mean" in refused(1, "db", "upgrade", "--data", data, DATA_DRI="x")
    assert not data.exists()


class TestSite:
    def test_a_sound_file_is_sound(self, tmp_path):
        result = run("site", "check", written(tmp_path, SOUND))
        assert (result.returncode, result.stdout.split(": ")[1]) == (0, "sound; 1 cameras, 1 fences\n")

    def test_every_problem_is_a_line_with_file_line_and_field(self, tmp_path):
        path = written(tmp_path, SOUND.replace("lat: 28.65", "lat: 91").replace("dwell_s: 60", "dwell_s: 0"))
        result = run("site", "check", path)
        assert result.returncode == 1
        assert result.stderr.splitlines() == [
            f"{path}: line 7: cameras[0].location.lat: should be less than or equal to 90, found `91`",
            f"{path}: line 12: geofences[0].offences.illegal_parking.dwell_s: should be greater than 0, found `0`",
        ]

    def test_scripts_get_the_problems_as_json(self, tmp_path):
        result = run("site", "check", written(tmp_path, SOUND.replace("lat: 28.65", "lat: 91")), "--json")
        assert result.returncode == 1
        assert json.loads(result.stdout) == {
            "ok": False,
            "problems": [
                {
                    "line": 7,
                    "field": "cameras[0].location.lat",
                    "sentence": "should be less than or equal to 90, found `91`",
                }
            ],
        }

    def test_a_refused_file_leaves_no_data_folder_behind(self, tmp_path, data):
        assert "this is missing" in refused(
            1, "site", "import", written(tmp_path, "site: x\ntimezone: UTC\n"), "--data", data
        )
        assert not data.exists()

    def test_import_twice_and_export_and_import_again_change_nothing(self, tmp_path, imported):
        again = run("site", "import", tmp_path / "site.yaml", "--data", imported, "--json")
        assert json.loads(again.stdout) == {"added": [], "changed": [], "ended": [], "unchanged": 6}
        out = tmp_path / "out.yaml"
        assert run("site", "export", "-o", out, "--data", imported).returncode == 0
        assert S_IMODE(out.stat().st_mode) == 0o600
        back = run("site", "import", out, "--data", imported, "--json")
        assert json.loads(back.stdout)["unchanged"] == 6

    def test_nothing_is_exported_where_nothing_is(self, tmp_path, data):
        assert "holds no StreetWitness data" in refused(1, "site", "export", "-o", tmp_path / "o.yaml", "--data", data)
        assert not data.exists(), "asking does not make one"

    def test_an_export_into_no_folder_says_so(self, tmp_path, imported):
        assert "No such file or directory" in refused(
            1, "site", "export", "-o", tmp_path / "nowhere" / "o.yaml", "--data", imported
        )

    def test_the_data_folder_is_for_its_owner_alone(self, imported):
        assert S_IMODE(imported.stat().st_mode) == 0o700
        assert S_IMODE((imported / "keys" / "personal_data.key").stat().st_mode) == 0o600

    def test_with_another_key_names_are_not_read_and_the_command_says_why(self, tmp_path, imported):
        (imported / "keys" / "personal_data.key").write_bytes(os.urandom(32))
        assert "wrong key" in refused(1, "site", "export", "-o", tmp_path / "o.yaml", "--data", imported)
        (imported / "keys" / "personal_data.key").write_bytes(b"short")
        assert "not a 32-byte key" in refused(1, "site", "export", "-o", tmp_path / "o.yaml", "--data", imported)


class TestDatabase:
    def test_upgrade_makes_it_and_then_has_nothing_to_do(self, data):
        assert run("db", "upgrade", "--data", data).stdout.startswith("upgraded from nothing to ")
        assert run("db", "upgrade", "--data", data).stdout.startswith("already at ")

    def test_one_made_by_a_newer_program_is_left_alone(self, tmp_path, imported):
        database = sqlite3.connect(imported / "streetwitness.db")
        database.execute("UPDATE alembic_version SET version_num = '9999_from_the_future'")
        database.commit()
        database.close()
        for words in (["db", "upgrade"], ["site", "export", "-o", tmp_path / "o.yaml"]):
            assert "9999_from_the_future, which this program does not know" in refused(1, *words, "--data", imported)

    def test_one_without_our_schema_asks_for_the_upgrade(self, tmp_path, data):
        data.mkdir()
        sqlite3.connect(data / "streetwitness.db").execute("CREATE TABLE x (y)")
        line = refused(1, "site", "export", "-o", tmp_path / "o.yaml", "--data", data)
        assert "at revision none" in line
        assert "run `streetwitness db upgrade`" in line

    def test_one_that_does_not_answer_is_told_without_its_password(self, tmp_path, data):
        url = f"postgresql+psycopg://u:geheim@/d?host={tmp_path}"
        result = run("site", "export", "-o", tmp_path / "o.yaml", "--data", data, DATABASE_URL=url)
        assert result.returncode == 1
        assert "the database does not answer as it should" in result.stderr
        assert "Traceback" not in result.stderr
        assert "geheim" not in result.stderr

    def test_a_url_of_no_known_kind_is_refused(self, tmp_path, data):
        line = refused(1, "site", "export", "-o", tmp_path / "o", "--data", data, DATABASE_URL="oracel://u:geheim@h/d")
        assert "STREETWITNESS_DATABASE_URL cannot be used" in line
        assert "geheim" not in line

    def test_a_file_that_is_no_database_is_told(self, tmp_path, data):
        data.mkdir()
        (data / "streetwitness.db").write_bytes(b"this is not a database at all" * 100)
        assert "file is not a database" in refused(1, "site", "export", "-o", tmp_path / "o", "--data", data)


class TestUsers:
    def test_a_user_is_added_with_a_password_from_standard_input_once(self, imported):
        words = ("user", "add", "li.na", "--role", "legal_reviewer", "--data", imported)
        assert run(*words, said="a long password\n").stdout == "li.na may sign in as legal reviewer\n"
        again = run(*words, said="a long password\n")
        assert (again.returncode, again.stdout) == (1, "")
        assert "there is already a user li.na" in again.stderr

    def test_a_short_password_is_refused_and_not_repeated(self, imported):
        result = run("user", "add", "li.na", "--role", "legal_reviewer", "--data", imported, said="geheim\n")
        assert result.returncode == 1
        assert "12 to 200 characters" in result.stderr
        assert "geheim" not in result.stderr


class TestAnalyze:
    @pytest.fixture
    def site(self, tmp_path):
        return written(tmp_path, SOUND)

    @pytest.mark.parametrize(
        ("content", "sentence"),
        [
            (None, "there is no such file; check the path"),
            (b"", "give a video file as the recorder wrote it"),
            (b"\x00\x00\x00\x18ftypmp42" + bytes(5000), "give a video file as the recorder wrote it"),
            (b"these are words, not pictures\n" * 50, "give a video file as the recorder wrote it"),
        ],
        ids=["missing", "empty", "header_only", "text"],
    )
    def test_what_is_no_video_is_refused_before_anything_is_written(self, tmp_path, data, site, content, sentence):
        video = tmp_path / "clip.mp4"
        if content is not None:
            video.write_bytes(content)
        line = refused(1, "analyze", video, "--site", site, "--data", data)
        assert line.startswith(str(video))
        assert sentence in line
        assert not data.exists()

    def test_a_folder_is_no_video(self, tmp_path, data, site):
        assert str(tmp_path) in refused(1, "analyze", tmp_path, "--site", site, "--data", data)

    def test_an_mp4_that_was_cut_off_is_refused(self, tmp_path, data, site):
        Film(seconds=2).write(tmp_path / "whole.mp4")
        whole = (tmp_path / "whole.mp4").read_bytes()
        (tmp_path / "half.mp4").write_bytes(whole[: len(whole) // 2])  # its index stood at the end
        assert "half.mp4" in refused(1, "analyze", tmp_path / "half.mp4", "--site", site, "--data", data)

    def test_a_site_with_several_cameras_asks_which_one(self, tmp_path, data):
        site = written(tmp_path, SOUND.replace("geofences:", "  - {id: gate-4, name: East, source: b.mp4}\ngeofences:"))
        line = refused(2, "analyze", "a.mp4", "--site", site, "--data", data)
        assert line.endswith("has several cameras; say which with --camera: gate-3, gate-4")
        line = refused(2, "analyze", "a.mp4", "--site", site, "--camera", "gate-9", "--data", data)
        assert line.endswith("known: gate-3, gate-4")

    def test_a_start_that_is_no_time_is_misuse(self, data, site):
        for start in ("noon", "2026-13-01T00:00:00", "0001-01-01T00:00:00+14:00"):
            assert "--start" in refused(2, "analyze", "a.mp4", "--site", site, "--start", start, "--data", data)

    def test_without_weights_it_says_what_was_tried(self, tmp_path, data, site):
        Film(seconds=2).write(tmp_path / "clip.mp4")
        empty = tmp_path / "weights"
        empty.mkdir()
        line = refused(1, "analyze", tmp_path / "clip.mp4", "--site", site, "--data", data, WEIGHTS=str(empty))
        assert str(empty) in line


class TestBundles:
    def test_what_is_no_bundle_is_two(self, tmp_path):
        (tmp_path / "words.zip").write_text("not a bundle")
        for path in (tmp_path / "words.zip", tmp_path / "absent.zip", tmp_path):
            assert "not a bundle" in refused(2, "verify", path)

    def test_an_unknown_incident_is_not_exported(self, tmp_path, imported):
        for incident in ("00000000-0000-0000-0000-000000000000", "zz", "%"):
            assert "there is no incident" in refused(
                1, "export", incident, "-o", tmp_path / "b.zip", "--data", imported
            )
        assert not (tmp_path / "b.zip").exists()


class TestDoctor:
    def test_it_names_what_is_there_and_makes_nothing(self, data, weights_dir):
        result = run("doctor", "--json", "--data", data, WEIGHTS=str(weights_dir))
        assert result.returncode == 0, result.stdout
        found = {finding["about"]: finding["detail"] for finding in json.loads(result.stdout)}
        assert "ultralytics" in found["packages"]
        assert "redis-server" in found["redis"]
        assert "sha256:" in found["weights"]
        assert "libavcodec" in found["video"]
        assert not data.exists()

    def test_it_counts_what_a_site_holds(self, imported, weights_dir):
        result = run("doctor", "--json", "--data", imported, WEIGHTS=str(weights_dir))
        found = {finding["about"]: finding["detail"] for finding in json.loads(result.stdout)}
        assert "0 sealed objects" in found["vault"]

    def test_what_is_missing_is_a_no(self, tmp_path, imported):
        database = sqlite3.connect(imported / "streetwitness.db")
        database.execute("DELETE FROM alembic_version")
        database.commit()
        database.close()
        result = run("doctor", "--json", "--data", imported, WEIGHTS=str(tmp_path), REDIS_URL="unix:///nowhere.sock")
        assert result.returncode == 1
        missing = {finding["about"]: finding["detail"] for finding in json.loads(result.stdout) if not finding["ok"]}
        assert set(missing) == {"database", "redis", "weights"}
        assert "run `streetwitness db upgrade`" in missing["database"]

    def test_people_get_a_table(self, data, weights_dir):
        assert " ok " in run("doctor", "--data", data, WEIGHTS=str(weights_dir)).stdout
