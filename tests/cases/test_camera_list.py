"""Cameras in bulk: a spreadsheet's table as it comes, everything wrong with it, and none or all of it entered."""

import codecs
import re
from pathlib import Path

import pytest
from sqlalchemy import select

from cases.camera_list import CameraList, enter, read_cameras
from cases.camera_register import Registered
from cases.cameras import ViewLine, camera_lines
from cases.errors import CameraListRefused
from cases.site_rows import dump
from models.database import reading, transaction
from models.enums import Transport
from models.personal_data import PersonalDataKey
from models.places import Camera, GeofenceVersion, Site
from models.watching import CameraConnection, CameraView
from tests.conftest import Database
from tests.rows import NOON, add_camera, add_geofence, add_geofence_version, add_site

KEY = PersonalDataKey(b"k" * 32)
HEADER = "id,name,source,sub_source,username,password,transport,lat,lon,device_number,onvif"
TOURED = "id,name,source,sub_source,looks_at_sub,views"
TABLE = f"""{HEADER}
gate-3,北门,rtsp://10.0.0.3/main,rtsp://10.0.0.3/sub,viewer,"a,b",udp,28.65,121.26,33010100001320000001,http://10.0.0.3/
gate-4,"East
gate",rtsp://viewer:secret@10.0.0.4/main,,,,,,,,
lot,停车场,clips/lot.mp4,,,,,28.66,121.27,,
"""


def listed(folder: Path, text: str | bytes, name: str = "cameras.csv") -> CameraList:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_cameras(path)


def problems(found: CameraList) -> list[str]:
    return [str(problem) for problem in found.problems]


@pytest.mark.parametrize(
    "raw",
    [
        TABLE.encode(),
        codecs.BOM_UTF8 + TABLE.encode(),
        TABLE.encode("gb18030"),
        TABLE.replace("\n", "\r\n").encode("gb18030"),
        TABLE.replace(",", ";").replace('"a;b"', '"a,b"').encode(),
        (TABLE.replace("\n", ",,,\n").replace('"East,,,\n', '"East\n') + ",,,,,,,,,,,,,\n\n").encode(),
        TABLE.replace(HEADER, HEADER.upper().replace(",", " , ")).encode(),
    ],
    ids=[
        "utf8",
        "utf8_with_bom",
        "gb18030",
        "gb18030_windows_lines",
        "semicolons",
        "empty_cells_around",
        "loud_header",
    ],
)
def test_a_table_is_read_as_spreadsheets_write_it(tmp_path: Path, raw: bytes) -> None:
    found = listed(tmp_path, raw)
    assert problems(found) == []
    gate, east, lot = (camera.entry for camera in found.cameras)
    assert (gate.name, gate.password, gate.transport) == ("北门", "a,b", Transport.UDP)
    assert gate.location is not None
    assert (gate.location.lat, gate.location.lon) == (28.65, 121.26)
    assert (gate.device_number, gate.onvif) == ("33010100001320000001", "http://10.0.0.3/")
    assert (east.name.split(), east.username, east.password) == (["East", "gate"], "viewer", "secret")
    assert east.source == "rtsp://10.0.0.4/main"
    assert (lot.live, lot.source) == (False, "clips/lot.mp4")
    assert [camera.line for camera in found.cameras] == [2, 3, 5], "a cell may go over two lines"


WRONG_ROWS = {
    "no_id": (",x,rtsp://10.0.0.1/a", "line 2: id: this is missing"),
    "bad_id": ("a/b,x,rtsp://10.0.0.1/a", "line 2: id: `a/b` cannot be an id"),
    "latitude_in_words": ("a,x,rtsp://10.0.0.1/a,,,,,north,1", "line 2: lat: should be a number, found `north`"),
    "latitude_alone": ("a,x,rtsp://10.0.0.1/a,,,,,1", "line 2: lon: this is missing"),
    "latitude_of_nowhere": ("a,x,rtsp://10.0.0.1/a,,,,,inf,1", "line 2: lat: should be a finite number"),
    "rounded_device_number": (
        "a,x,rtsp://10.0.0.1/a,,,,,,,3.30101E+19",
        "line 2: device_number: the spreadsheet has rounded this number",
    ),
    "too_many_cells": ("a,x,rtsp://10.0.0.1/a,,,,,,,,,,,y", "line 2: 14 cells for 13 columns; put text with commas"),
    "unknown_transport": ("a,x,rtsp://10.0.0.1/a,,,,quic", "line 2: transport: should be 'tcp' or 'udp', found `quic`"),
    "login_twice": ("a,x,rtsp://v:secret@10.0.0.1/a,,v,secret", "line 2: user name and password are given more than"),
    "password_without_user": ("a,x,rtsp://10.0.0.1/a,,,secret", "line 2: a password without a user name"),
    "long_password": (f"a,x,rtsp://10.0.0.1/a,,v,{'secret' * 50}", "line 2: password: should have at most 200"),
    "looks_at_sub_of_a_recording": ("a,x,lot.mp4,,,,,,,,,yes", "line 2: looks_at_sub: only a camera that is dialled"),
    "looks_perhaps": ("a,x,rtsp://10.0.0.1/a,,,,,,,,,perhaps", "line 2: looks_at_sub: should be true or false, found"),
    "view_without_token": ("a,x,rtsp://10.0.0.1/a,,,,,,,,,,gate 60s", "line 2: views: `gate 60s` cannot be read as a"),
    "view_of_no_time": (
        "a,x,rtsp://10.0.0.1/a,,,,,,,,,,gate=1 0s",
        "line 2: views[0].stay_s: should be greater than 0",
    ),
    "view_for_dots": (
        "a,x,rtsp://10.0.0.1/a,,,,,,,,,,gate=1 1.1.1s",
        "line 2: views[0].stay_s: should be a number, fo",
    ),
    "view_twice": ("a,x,rtsp://10.0.0.1/a,,,,,,,,,,gate=1;gate=2", "line 2: views: preset `gate` stands here twice"),
    "view_at_no_time": (
        "a,x,rtsp://10.0.0.1/a,,,,,,,,,,kerb=0 9s;gate=1 60s mon 25:00-06:00",
        "line 2: views[1].hours[0].from: `25:00` is not a time of day",
    ),
    "view_in_the_morning": (
        "a,x,rtsp://10.0.0.1/a,,,,,,,,,,gate=1 60s mornings",
        "line 2: views: `mornings` cannot be",
    ),
    "onvif_in_a_recording": ("a,x,lot.mp4,,,,,,,,http://10.0.0.1/", "line 2: onvif: only a camera that is dialled"),
}


@pytest.mark.parametrize(("row", "sentence"), WRONG_ROWS.values(), ids=WRONG_ROWS)
def test_a_wrong_row_is_told_with_its_line_and_column_and_without_its_password(
    tmp_path: Path, row: str, sentence: str
) -> None:
    found = listed(tmp_path, f"{HEADER},looks_at_sub,views\n{row}\nb,y,rtsp://10.0.0.2/b\n")
    assert [camera.entry.id for camera in found.cameras] == ["b"]
    (told,) = problems(found)
    assert told.startswith(sentence)
    assert "secret" not in told


def test_everything_wrong_with_a_table_is_told_at_once_and_an_id_is_used_once(tmp_path: Path) -> None:
    rows = "a,x,rtsp://10.0.0.1/a\n/,x,rtsp://10.0.0.1/a,,,,quic\n\na,again,rtsp://10.0.0.3/a\n"
    assert [problem.split(";")[0] for problem in problems(listed(tmp_path, f"{HEADER}\n{rows}"))] == [
        "line 3: id: `/` cannot be an id",
        "line 3: transport: should be 'tcp' or 'udp', found `quic`",
        "line 5: id: `a` is used twice (first on line 2)",
    ]


UNREADABLE = {
    "unknown_column": ("id,name,source,colour\n", "line 1: unknown column colour; the first line names the columns"),
    "column_missing": ("id,name\na,b\n", "line 1: missing column source"),
    "column_twice": ("id,name,source,id\n", "line 1: written twice: id"),
    "no_header": ("gate-3,北门,rtsp://10.0.0.3/main\n", "line 1: unknown column gate-3, 北门, rtsp://10.0.0.3/main"),
    "header_alone": (f"{HEADER}\n", "line 1: names no camera"),
    "nothing": ("", "line 1: names no camera"),
    "open_quotes": (f'{HEADER}\na,"x,rtsp://10.0.0.1/a\n', "line 2: this line cannot be read as a table"),
    "neither_encoding": (b"id,name,source\na,x,\xff\xff\xff\n", "line 2: neither UTF-8 nor GB18030 text"),
    "too_large": (f"{HEADER}\n" + "#" * 10_000_000, "line 1: larger than 10000000 bytes"),
    "too_many": ("id,name,source\n" + "a,b,c\n" * 20_001, "line 1: more than 20000 cameras"),
}


@pytest.mark.parametrize(("text", "sentence"), UNREADABLE.values(), ids=UNREADABLE)
def test_a_table_that_cannot_be_read_is_refused_in_one_sentence(
    tmp_path: Path, text: str | bytes, sentence: str
) -> None:
    with pytest.raises(CameraListRefused) as refused:
        listed(tmp_path, text)
    assert str(refused.value).startswith(f"{tmp_path / 'cameras.csv'}: {sentence}")
    assert len(refused.value.problems) == 1


def test_a_table_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CameraListRefused, match="cannot be read: No such file"):
        read_cameras(tmp_path / "absent.csv")


YAML = """\
cameras:
  - {id: gate-3, name: North gate, source: "rtsp://viewer:secret@10.0.0.3/main", location: {lat: 28.65, lon: 121.26}}
  - id: dome
    name: Dome
    source: rtsp://10.0.0.4/main
    views: [{preset: a, stay_s: 20}]
"""


def test_a_yaml_list_says_all_that_a_site_file_may_say_of_cameras(tmp_path: Path) -> None:
    found = listed(tmp_path, YAML, "cameras.yaml")
    assert problems(found) == []
    assert [camera.entry.id for camera in found.cameras] == ["gate-3", "dome"]
    assert found.cameras[1].entry.views[0].stay_s == 20


def test_what_is_wrong_in_a_yaml_list_is_told_with_its_line(tmp_path: Path) -> None:
    found = listed(
        tmp_path, YAML.replace("lat: 28.65", "lat: 91").replace("name: Dome", "name: D\n    name: E"), "c.yml"
    )
    assert problems(found) == [
        "line 2: cameras[0].location.lat: should be less than or equal to 90, found `91`",
        "line 5: cameras[1].name: this key is written twice (first on line 4); keep one",
    ]
    assert found.cameras == ()
    for text in ("- a\n", "site: x\n", "cameras: x\n", ""):
        with pytest.raises(CameraListRefused, match="write the cameras as a list below `cameras:`"):
            listed(tmp_path, text, "c.yaml")


def entered(database: Database, found: CameraList, *, skip_bad: bool = False) -> dict[str, Registered]:
    with transaction(database.sessions) as session:
        site = session.scalar(select(Site).where(Site.name == "Dongcheng demo")) or add_site(session)
        return enter(session, KEY, site, found, skip_bad=skip_bad).done


def cameras(database: Database) -> dict[str, str]:
    with reading(database.sessions) as session:
        return {camera.id: camera.source for camera in session.scalars(select(Camera))}


def test_a_table_is_entered_with_its_passwords_sealed_and_entered_again_changes_nothing(
    database: Database, tmp_path: Path
) -> None:
    found = listed(tmp_path, TABLE)
    assert set(entered(database, found).values()) == {Registered.ADDED}
    assert cameras(database) == {
        "gate-3": "rtsp://10.0.0.3/main",
        "gate-4": "rtsp://10.0.0.4/main",
        "lot": str(tmp_path / "clips" / "lot.mp4"),
    }
    with reading(database.sessions) as session:
        sealed = {row.camera_id: row.password_sealed for row in session.scalars(select(CameraConnection))}
    assert KEY.open(sealed["gate-3"] or b"", "camera_connection.password:gate-3") == "a,b"
    assert KEY.open(sealed["gate-4"] or b"", "camera_connection.password:gate-4") == "secret"
    assert "lot" not in sealed
    assert set(entered(database, found).values()) == {Registered.UNCHANGED}
    moved = listed(tmp_path, TABLE.replace("北门", "南门"))
    assert entered(database, moved)["gate-3"] is Registered.CHANGED


def test_one_wrong_line_and_nothing_is_entered_unless_wrong_lines_are_to_be_skipped(
    database: Database, tmp_path: Path
) -> None:
    with transaction(database.sessions) as session:
        add_camera(session, add_site(session, name="Xicheng"), id="theirs", source="x.mp4")
    found = listed(tmp_path, f"{TABLE}theirs,mine now,rtsp://10.0.0.9/x,,,,,,,,\nbad,row,http://10.0.0.9/,,,,,,,,\n")
    with pytest.raises(CameraListRefused) as refused:
        entered(database, found)
    assert [str(problem) for problem in refused.value.problems] == [
        "line 6: camera theirs belongs to the site Xicheng; give the one of Dongcheng demo another id",
        "line 7: source: should start with rtsp:// or rtsps://",
    ]
    assert cameras(database).keys() == {"theirs"}
    assert entered(database, found, skip_bad=True).keys() == {"gate-3", "gate-4", "lot"}
    assert cameras(database)["theirs"] == "x.mp4"


def test_what_a_table_does_not_say_of_a_camera_that_is_there_stays_as_it_is(
    sqlite_database: Database, tmp_path: Path
) -> None:
    full = """cameras:
  - id: gate-3
    name: North gate
    source: rtsp://viewer:secret@10.0.0.3/main
    sub_source: rtsp://10.0.0.3/sub
    kind: dome
    transport: udp
    onvif: http://10.0.0.3/
    location: {lat: 28.65, lon: 121.26}
    clock: {offset_s: 0.5, error_s: 0.1}
    passport: {legal_review_on: 2026-01-05}
    views: [{preset: a, stay_s: 20}]
    watched: false
"""
    entered(sqlite_database, listed(tmp_path, full, "full.yaml"))
    same = listed(tmp_path, "id,name,source\ngate-3,North gate,rtsp://10.0.0.3/main\n")
    assert entered(sqlite_database, same) == {"gate-3": Registered.UNCHANGED}
    renamed = listed(tmp_path, "id,name,source,transport\ngate-3,North,rtsp://10.0.0.3/main,tcp\n")
    assert entered(sqlite_database, renamed) == {"gate-3": Registered.CHANGED}
    with reading(sqlite_database.sessions) as session:
        camera, connection = session.get_one(Camera, "gate-3"), session.get_one(CameraConnection, "gate-3")
        assert (camera.name, camera.lat, camera.clock_error_s) == ("North", 28.65, 0.1)
        assert camera.legal_review_on is not None
        assert (connection.transport, connection.watched, connection.username) == (Transport.TCP, False, "viewer")
        assert connection.password_sealed is not None
        assert session.get_one(CameraView, ("gate-3", "a")).stay_s == 20


def test_a_table_does_not_send_a_kept_password_to_another_machine(sqlite_database: Database, tmp_path: Path) -> None:
    entered(sqlite_database, listed(tmp_path, TABLE))
    moved = listed(tmp_path, "id,name,source\ngate-4,East,rtsp://10.6.6.6/main\n")
    with pytest.raises(CameraListRefused, match="line 2: camera gate-4 has another user name or another host"):
        entered(sqlite_database, moved)


VIEWS = (
    "gate=1 60s; east kerb=Preset_2 40.5 s mon-fri 06:00-20:00 + sat 08:00-12:00; spare=3",
    "gate＝1 60；east kerb=Preset_2 40.5s Mon-Fri 6：00－20：00 ＋ SAT 08:00~12:00；spare=3；",
)


@pytest.mark.parametrize("written", VIEWS, ids=["plain", "full_width"])
def test_a_table_says_which_stream_is_looked_at_and_which_preset_when_and_an_export_says_the_same(
    sqlite_database: Database, tmp_path: Path, written: str
) -> None:
    found = listed(tmp_path, f"{TOURED}\ndome,球机,rtsp://10.0.0.7/1,rtsp://10.0.0.7/2,是,{written}\n")
    assert problems(found) == []
    assert entered(sqlite_database, found) == {"dome": Registered.ADDED}
    with reading(sqlite_database.sessions) as session:
        (line,) = camera_lines(session, NOON)
        dump(session, KEY, tmp_path / "site.yaml")
    assert (line.sub_source, line.looks_at_sub) == ("rtsp://10.0.0.7/2", True)
    hours = ({"days": "mon-fri", "from": "06:00", "to": "20:00"}, {"days": "sat", "from": "08:00", "to": "12:00"})
    assert line.views == (
        ViewLine("gate", "1", 60, ()),
        ViewLine("east kerb", "Preset_2", 40.5, hours),
        ViewLine("spare", "3", None, ()),
    )
    for same in (found, read_cameras(tmp_path / "site.yaml")):
        assert entered(sqlite_database, same) == {"dome": Registered.UNCHANGED}


def test_what_a_table_changes_has_to_fit_what_is_there(sqlite_database: Database, tmp_path: Path) -> None:
    first = "dome,D,rtsp://10.0.0.7/1,rtsp://10.0.0.7/2,,gate=1 60s;spare=3\nplain,P,rtsp://10.0.0.8/1,,,\n"
    entered(sqlite_database, listed(tmp_path, f"{TOURED}\n{first}"))
    with transaction(sqlite_database.sessions) as session:
        fence = add_geofence(session, session.get_one(Camera, "dome"), "at-spare")
        add_geofence_version(session, fence, preset="spare")
        session.get_one(CameraConnection, "dome").plate_zoom = 0.5
    head, rows = "id,name,source,looks_at_sub,views", ("dome,D,rtsp://10.0.0.7/1", "plain,P,rtsp://10.0.0.8/1")
    small = listed(tmp_path, f"{head}\n{rows[0]},yes\n")
    assert entered(sqlite_database, small) == {"dome": Registered.CHANGED}, "its small stream is in the rows"
    for row, sentence in (
        (f"{rows[1]},yes", "line 2: looks_at_sub without a small stream"),
        (f"{rows[0]},,gate=1 60s", "line 2: geofence at-spare is drawn on the preset `spare`; keep it"),
        (f"{rows[0]},,gate=1;spare=3", "line 2: plate_zoom of a camera without a tour"),
    ):
        with pytest.raises(CameraListRefused, match=re.escape(sentence)):
            entered(sqlite_database, listed(tmp_path, f"{head}\n{row}\n"))
    with transaction(sqlite_database.sessions) as session:
        session.get_one(CameraConnection, "dome").plate_zoom = None
        session.query(GeofenceVersion).delete()
    still = listed(tmp_path, f"{head}\n{rows[0]},no,-\n")
    assert entered(sqlite_database, still) == {"dome": Registered.CHANGED}
    with reading(sqlite_database.sessions) as session:
        lines = camera_lines(session, NOON)
    assert [(line.looks_at_sub, line.views) for line in lines] == [(False, ()), (False, ())]
