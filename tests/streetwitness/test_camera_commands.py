"""`streetwitness camera …` as people run it: cameras added, listed, probed; passwords kept out of sight throughout."""

import getpass
import json
import re
import shutil
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select
from typer.testing import CliRunner, Result

from cases.site_file import read
from cases.site_rows import apply
from models.database import Sessions, open_database, reading, sessions_of, sqlite_url, transaction
from models.personal_data import load_or_make_key
from models.places import Camera
from models.watching import CameraCondition, CameraConnection
from streetwitness.command import app
from tests.cases.test_site_file import SOUND, written
from tests.ingest.onvif_simulator import PASSWORD, USER, Simulator, listening
from tests.ingest.test_onvif_discovery import match
from tests.media.make_clips import Film, Films
from tests.media.rtsp_server import RtspServer
from tests.streetwitness.running import refused, run

HERE = {"CAMERA_NETWORKS": "127.0.0.0/8"}
RECORDINGS = SOUND.replace("rtsp://viewer:secret@camera.example/main", "lot.mp4")


KEY_FILE = Path("keys") / "personal_data.key"


@pytest.fixture
def data(tmp_path: Path, migrated_sqlite: Path) -> Path:
    """A data folder with a site of one camera, for recordings."""
    folder = tmp_path / "data"
    folder.mkdir()
    shutil.copyfile(migrated_sqlite, folder / "streetwitness.db")
    site_file, key = read(written(tmp_path, RECORDINGS)), load_or_make_key(folder / KEY_FILE)
    with opened_rows(folder) as sessions, transaction(sessions) as session:
        apply(session, site_file, key, actor="wang.wei", at=datetime(2026, 3, 2, tzinfo=UTC))
    return folder


@contextmanager
def opened_rows(data: Path) -> Iterator[Sessions]:
    engine = open_database(sqlite_url(data / "streetwitness.db"))
    yield sessions_of(engine)
    engine.dispose()


def conditions_said(data: Path, camera_id: str) -> str:
    with opened_rows(data) as sessions, reading(sessions) as session:
        details = session.scalars(select(CameraCondition.detail).where(CameraCondition.camera_id == camera_id))
        return "; ".join(detail for detail in details if detail)


def names(data: Path) -> dict[str, str]:
    """The cameras in the rows, by id."""
    with opened_rows(data) as sessions, reading(sessions) as session:
        return {camera.id: camera.name for camera in session.scalars(select(Camera))}


def password_in_rows(data: Path, camera_id: str) -> str | None:
    with opened_rows(data) as sessions, reading(sessions) as session:
        sealed = session.get_one(CameraConnection, camera_id).password_sealed
    key = load_or_make_key(data / KEY_FILE)
    return None if sealed is None else key.open(sealed, f"camera_connection.password:{camera_id}")


def listed(data: Path) -> dict[str, dict[str, object]]:
    result = run("camera", "list", "--json", "--data", data)
    assert result.returncode == 0, result.stderr
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    return {line["id"]: line for line in lines}


def test_a_camera_is_added_with_its_password_from_a_file_listed_switched_off_and_on(data: Path, tmp_path: Path) -> None:
    (tmp_path / "pw").write_text("geheim/&%\nmore\n")
    words = ["camera", "add", "east", "rtsp://viewer@10.0.0.9/main", "--name", "东门 [/b]", "--data", data]
    added = run(
        *words, "--sub", "rtsp://10.0.0.9/sub", "--lat", "28.6", "--lon", "121.2", "--password-file", tmp_path / "pw"
    )
    assert added.returncode == 0, added.stderr
    assert password_in_rows(data, "east") == "geheim/&%"
    assert b"geheim" not in (data / "streetwitness.db").read_bytes()
    cameras = listed(data)
    assert cameras["gate-3"]["state"] is None, "its recordings are brought in"
    line = cameras["east"]
    assert (line["name"], line["source"], line["state"]) == ("东门 [/b]", "rtsp://10.0.0.9/main", "stopped")
    assert (line["watched"], line["holder"], line["pulse"]) == (True, None, None)
    assert (line["sub_source"], line["looks_at_sub"], line["views"]) == ("rtsp://10.0.0.9/sub", False, [])
    assert "already; change it" in refused(2, *words, "--password-file", tmp_path / "pw")
    assert run("camera", "switch-off", "east", "--data", data).stdout == "camera east is not watched\n"
    shown = run("camera", "list", "--data", data)
    assert re.search(r"east +东门 \[/b\] +stopped", shown.stdout)
    assert "east: switched off" in shown.stdout
    assert "geheim" not in shown.stdout + shown.stderr + added.stdout + added.stderr
    assert run("camera", "switch-on", "east", "--data", data).stdout == "camera east is watched\n"
    assert run("camera", "switch-on", "east", "--data", data).stdout == "camera east is watched, as it was\n"
    assert "there is no camera gate-3" in refused(1, "camera", "switch-off", "gate-3", "--data", data)
    turned = ["camera", "relearn", "east", "--data", data, "--reason"]
    assert run(*turned, "new mast").stdout == "camera east learns its view anew\n"
    assert "new mast" in conditions_said(data, "east")
    assert "write the reason" in refused(1, *turned, " ")


@pytest.mark.parametrize(
    ("words", "status", "sentence"),
    [
        (["rtsp://viewer:secret@10.0.0.9/main"], 2, "can read a password on the command line"),
        (["rtsp://10.0.0.9/main", "--sub", "rtsp://v:secret@10.0.0.9/s"], 2, "can read a password on the command line"),
        (["rtsp://10.0.0.9/main", "--username", "viewer"], 2, "name a file with --password-file"),
        (["rtsp://a@10.0.0.9/main", "--username", "b"], 2, "several user names are given"),
        (["rtsp://10.0.0.9/main", "--password-file", "-"], 2, "--password-file needs --username"),
        (["rtsp://10.0.0.9/main", "--lat", "12"], 2, "location.lon: "),
        (["rtsp://8.8.8.8/main"], 1, "8.8.8.8: not in the networks of this site"),
        (["rtsp://127.0.0.1/main"], 1, "127.0.0.1: this machine itself"),
        (["rtsp://10.0.0.9/main", "--onvif", "http://169.254.169.254/"], 1, "169.254.169.254: a link-local address"),
        (["http://10.0.0.9/main"], 1, "camera URL: starts with something else than rtsp://"),
        (["rtsp://10.0.0.9/main", "--site", "Xicheng"], 1, "there is no site Xicheng"),
    ],
    ids=[
        "password_in_the_url",
        "password_in_another_url",
        "nobody_to_ask",
        "two_users",
        "password_of_nobody",
        "half_a_place",
        "elsewhere",
        "this_machine",
        "metadata_service",
        "no_stream",
        "no_such_site",
    ],
)
def test_what_cannot_be_added_is_told_in_a_line_without_the_password(
    data: Path, words: list[str], status: int, sentence: str
) -> None:
    # in this process: eleven starts of the command would take longer than what they are about
    result = CliRunner().invoke(app, ["camera", "add", "east", *words, "--data", str(data)])
    assert (result.exit_code, result.stdout) == (status, "")
    (said,) = result.stderr.splitlines()
    assert sentence in said
    assert "secret" not in said
    assert "east" not in names(data)


def in_this_process(*words: str | Path) -> Result:
    return CliRunner().invoke(app, ["camera", *map(str, words)])


def shown_in_this_process(data: Path) -> dict[str, dict[str, object]]:
    lines = in_this_process("list", "--json", "--data", data).stdout.splitlines()
    return {line["id"]: line for line in map(json.loads, lines)}


def test_a_dome_is_added_with_its_tour_and_changed_with_the_name_on_record(data: Path) -> None:
    """In this process: each start of the command would take longer than what it is about."""
    words = ("add", "dome", "rtsp://10.0.0.7/1", "--sub", "rtsp://10.0.0.7/2", "--looks-at-sub", "--data", data)
    added = in_this_process(*words, "--view", "gate=1 60s", "--view", "门 2=P_2 40s mon-fri 06:00-20:00")
    assert added.exit_code == 0, added.stderr
    hours = [{"days": "mon-fri", "from": "06:00", "to": "20:00"}]
    tour = [
        {"preset": "gate", "token": "1", "stay_s": 60, "hours": []},
        {"preset": "门 2", "token": "P_2", "stay_s": 40, "hours": hours},
    ]
    dome = shown_in_this_process(data)["dome"]
    assert (dome["looks_at_sub"], dome["views"]) == (True, tour)
    change = ("change", "dome", "--data", data)
    assert in_this_process(*change, "--looks-at-sub").stdout == "camera dome is as it was\n"
    changed = in_this_process(*change, "--looks-at-main", "--view", "spare=3", "--view", "gate=1 30s")
    assert changed.stdout == "camera dome is changed\n", changed.stderr
    said = conditions_said(data, "dome")
    assert f"looked at in its main stream, says {getpass.getuser()}" in said
    assert f"tour changed, says {getpass.getuser()}: gate 30 s" in said
    assert in_this_process(*change, "--no-views").exit_code == 0
    dome = shown_in_this_process(data)["dome"]
    assert (dome["looks_at_sub"], dome["views"]) == (False, [])
    for asked, status, sentence in (
        (("dome",), 2, "nothing to change; give --looks-at-sub"),
        (("dome", "--no-views", "--view", "a=1"), 2, "say the opposite of each other"),
        (("dome", "--view", "gate"), 2, "--view: `gate` cannot be read as a preset of a tour; write gate=1 60s"),
        (("dome", "--view", "gate=1 0s"), 2, "--view `gate=1 0s`: stay_s: should be greater than 0"),
        (("dome", "--view", "a=1", "--view", "a=2"), 2, "--view: preset `a` stands here twice"),
        (("gate-3", "--looks-at-main"), 1, "camera gate-3 is for recordings"),
        (("nowhere", "--looks-at-main"), 1, "there is no camera nowhere"),
    ):
        refusal = in_this_process("change", *asked, "--data", data)
        assert (refusal.exit_code, sentence in refusal.stderr) == (status, True), refusal.stderr


TABLE = """id,name,source,username,password,lat,lon
east,东门,rtsp://10.0.0.9/main,viewer,geheim,28.65,121.26
west,西门,rtsp://viewer:geheim@10.0.0.10/main,,,,
"""


def test_a_table_as_excel_writes_it_in_china_is_imported_and_imported_again_changes_nothing(
    data: Path, tmp_path: Path
) -> None:
    table = tmp_path / "cameras.csv"
    table.write_bytes(TABLE.encode("gb18030"))
    assert run("camera", "import", table, "--data", data).stdout == "2 added\n"
    assert names(data)["east"] == "东门"
    assert [password_in_rows(data, camera_id) for camera_id in ("east", "west")] == ["geheim", "geheim"]
    again = run("camera", "import", table, "--data", data, "--json")
    assert json.loads(again.stdout) == {"cameras": {"east": "unchanged", "west": "unchanged"}, "problems": []}


def test_a_table_with_wrong_lines_is_refused_whole_unless_they_are_to_be_skipped(data: Path, tmp_path: Path) -> None:
    table = tmp_path / "cameras.csv"
    table.write_text(f"{TABLE}far,Far,rtsp://8.8.8.8/main,viewer,geheim,,\nbad id,x,rtsp://10.0.0.1/m,,,,\n")
    result = run("camera", "import", table, "--data", data)
    assert (result.returncode, result.stdout) == (1, "no camera was taken\n")
    assert [line.removeprefix(f"{table}: ")[:40] for line in result.stderr.splitlines()] == [
        "line 4: 8.8.8.8: not in the networks of "[:40],
        "line 5: id: `bad id` cannot be an id; us"[:40],
    ]
    assert "geheim" not in result.stderr
    assert names(data).keys() == {"gate-3"}
    skipping = run("camera", "import", table, "--data", data, "--skip-bad", "--json")
    assert skipping.returncode == 1
    answer = json.loads(skipping.stdout)
    assert answer["cameras"] == {"east": "added", "west": "added"}
    assert [problem["line"] for problem in answer["problems"]] == [4, 5]


def test_a_stream_is_probed_and_what_to_change_is_said(tmp_path: Path) -> None:
    folder = tmp_path / "streams"
    folder.mkdir()
    with RtspServer(folder) as server:
        url = server(Films(tmp_path)(Film(seconds=6, gop=30)))
        assert "this machine itself" in refused(1, "camera", "probe", url)
        result = run("camera", "probe", url, "--seconds", "0.5", **HERE)
    assert result.returncode == 0, result.stderr
    assert re.search(r"h264 320x240, 10 frames a second\nkeyframes at most 3\.\d+ s apart", result.stdout)
    assert "! keyframes are up to 3.0 s apart: set the I-frame interval to 2 s (20 frames)" in result.stdout
    assert "! 320x240 is smaller than the 1280x720 that evidence needs" in result.stdout


def test_a_camera_is_probed_by_onvif_and_its_main_stream_with_it(tmp_path: Path) -> None:
    folder = tmp_path / "streams"
    folder.mkdir()
    with RtspServer(folder) as server, listening(Simulator()) as camera:
        camera.stream_uri = server(Films(tmp_path)(Film(seconds=6, gop=10)))
        words = ["camera", "probe", f"http://127.0.0.1:{camera.port}", "--username", USER, "--seconds", "0.5"]
        result = run(*words, "--password-file", "-", "--json", said=f"{PASSWORD}\n", **HERE)
        wrong = run(*words, "--password-file", "-", said="geheim\n", **HERE)
    assert result.returncode == 0, result.stderr
    answer = json.loads(result.stdout)
    assert answer["device"]["model"] == "Dome 7"
    assert abs(answer["device"]["clock"]["offset_s"]) <= answer["device"]["clock"]["error_s"] + 0.1
    assert [(each["name"], each["codec"]) for each in answer["device"]["profiles"]] == [
        ("main stream", "H264"),
        ("sub stream", "H265"),
    ]
    assert (answer["stream"]["codec"], answer["stream"]["width"]) == ("h264", 320)
    assert PASSWORD not in result.stdout + result.stderr
    assert wrong.returncode == 1
    assert "refuses the user name or the password" in wrong.stderr
    assert "geheim" not in wrong.stderr + wrong.stdout


def test_probing_a_url_with_its_password_or_of_no_camera_is_refused() -> None:
    said = refused(2, "camera", "probe", "rtsp://viewer:secret@10.0.0.9/main")
    assert "can read a password on the command line" in said
    assert "secret" not in said
    assert "starts with something else" in refused(1, "camera", "probe", "file:///etc/passwd")


@contextmanager
def answering_in_the_group() -> Iterator[None]:
    """A camera on loopback that hears probes as cameras do, in the multicast group of WS-Discovery."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        joined = struct.pack("4s4s", socket.inet_aton("239.255.255.250"), socket.inet_aton("127.0.0.1"))
        try:
            listener.bind(("239.255.255.250", 3702))
            listener.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, joined)
        except OSError as error:
            pytest.skip(f"no multicast on this machine's loopback: {error}")
        listener.settimeout(0.05)
        over = threading.Event()

        def serve() -> None:
            while not over.is_set():
                with suppress(TimeoutError):
                    probe, sender = listener.recvfrom(65535)
                    message_id = re.search(rb"MessageID>([^<]+)<", probe)
                    assert message_id is not None
                    listener.sendto(match(message_id[1].decode()), sender)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()


def test_cameras_that_answer_are_found_and_those_outside_the_site_only_counted() -> None:
    words = ["camera", "discover", "--seconds", "1", "--interface", "127.0.0.1"]
    with answering_in_the_group():
        found = run(*words, "--json", **HERE)
        outside = run(*words)
    assert found.returncode == 0, found.stderr
    (device,) = [json.loads(line) for line in found.stdout.splitlines()]
    assert (device["name"], device["onvif"]) == ("North gate", "http://127.0.0.1/onvif/device_service")
    assert (outside.returncode, outside.stdout) == (1, "")
    assert "answers were not used" in outside.stderr
    assert "no camera answered" in outside.stderr


def test_an_empty_site_says_how_cameras_are_added(tmp_path: Path) -> None:
    assert run("db", "upgrade", "--data", tmp_path / "data").returncode == 0
    result = run("camera", "list", "--data", tmp_path / "data")
    assert (result.returncode, result.stdout) == (0, "")
    assert "there are no cameras yet; add them with" in result.stderr
