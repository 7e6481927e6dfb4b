"""A site between file and rows: imported, imported again, changed, exported, imported elsewhere."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from stat import S_IMODE

import pytest
from sqlalchemy import inspect, select

from cases.cameras import note_clock
from cases.errors import SiteConflict
from cases.site_file import read
from cases.site_rows import BEGINNING, ApplyReport, apply, dump
from models.database import reading, transaction
from models.enums import ClockMeasure
from models.people import Officer, Owner, Vehicle
from models.personal_data import PersonalDataError, PersonalDataKey
from models.places import Camera, Geofence, GeofenceVersion, Loudspeaker, Site
from models.watching import CameraConnection, CameraView
from tests.cases.test_site_file import LIVE, SOUND, written
from tests.conftest import sqlite_copy

KEY = PersonalDataKey(b"k" * 32)
FIRST_DAY = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
NEXT_DAY = FIRST_DAY + timedelta(days=1)
TABLES = (Site, Camera, Geofence, GeofenceVersion, Loudspeaker, Officer, Owner, Vehicle)


def imported(database, folder: Path, text: str = SOUND, at: datetime = FIRST_DAY) -> ApplyReport:
    site_file = read(written(folder, text))
    with transaction(database.sessions) as session:
        return apply(session, site_file, KEY, actor="wang.wei", at=at)


def versions(database, geofence_id: str = "no-stopping-7") -> list[GeofenceVersion]:
    with reading(database.sessions) as session:
        found = session.scalars(
            select(GeofenceVersion).where(GeofenceVersion.geofence_id == geofence_id).order_by(GeofenceVersion.version)
        )
        return list(found)


def everything(database) -> dict[str, list[dict[str, object]]]:
    """Every row of a site as plain values; sealed values are opened, made-up ids left out."""
    rows: dict[str, list[dict[str, object]]] = {}
    with reading(database.sessions) as session:
        for table in (*TABLES, CameraConnection, CameraView):
            columns = [attribute.key for attribute in inspect(table).column_attrs]
            rows[table.__tablename__] = sorted(
                (
                    {
                        name: KEY.open(getattr(row, name), f"{table.__tablename__}.{name[:-7]}:{id_of(row)}")
                        if name.endswith("_sealed") and getattr(row, name) is not None
                        else getattr(row, name)
                        for name in columns
                        if not (name == "id" and isinstance(row, Officer | Owner | Vehicle | GeofenceVersion | Site))
                        and name not in ("owner_id", "site_id")
                    }
                    for row in session.scalars(select(table))
                ),
                key=str,
            )
    return rows


def id_of(row) -> object:
    return row.camera_id if isinstance(row, CameraConnection) else row.id


def test_an_import_writes_the_site_with_a_first_version_that_holds_for_old_recordings(database, tmp_path):
    report = imported(database, tmp_path)
    assert report.added == [
        "site Dongcheng demo",
        "camera gate-3",
        "geofence no-stopping-7 (version 1)",
        "loudspeaker horn-1",
        "vehicle 浙J12345",
        "officer 队员乙",
    ]
    (version,) = versions(database)
    assert (version.valid_from, version.valid_to) == (BEGINNING, None)
    assert (version.changed_by, version.reason) == ("wang.wei", "imported from site.yaml")
    assert version.offences == {"illegal_parking": {"dwell_s": 60.0, "grace_s": 600.0, "roles": ["vehicle"]}}


def test_names_and_phones_are_sealed_in_the_rows(database, tmp_path):
    imported(database, tmp_path)
    with reading(database.sessions) as session:
        owner, officer = session.scalars(select(Owner)).one(), session.scalars(select(Officer)).one()
        assert KEY.open(owner.name_sealed, f"owner.name:{owner.id}") == "车主甲"
        assert KEY.open(owner.phone_sealed, f"owner.phone:{owner.id}") == "+8613800000000"
        assert KEY.open(officer.phone_sealed, f"officer.phone:{officer.id}") == "+8613900000000"
        assert b"138000" not in owner.phone_sealed
        assert "138000" not in owner.phone_index


def test_the_same_file_twice_changes_nothing(database, tmp_path):
    imported(database, tmp_path)
    before = everything(database)
    with reading(database.sessions) as session:
        sealed_before = session.scalars(select(Owner.phone_sealed)).all()
    again = imported(database, tmp_path, at=NEXT_DAY)
    assert again.changed_nothing
    assert again.unchanged == 6
    assert everything(database) == before
    with reading(database.sessions) as session:
        assert session.scalars(select(Owner.phone_sealed)).all() == sealed_before, "not even sealed anew"


def test_a_changed_fence_becomes_a_new_version_and_the_old_one_ends_at_that_moment(database, tmp_path):
    imported(database, tmp_path)
    report = imported(database, tmp_path, SOUND.replace("dwell_s: 60", "dwell_s: 90"), at=NEXT_DAY)
    assert report.changed == ["geofence no-stopping-7 (version 2)"]
    first, second = versions(database)
    assert (first.valid_from, first.valid_to) == (BEGINNING, NEXT_DAY)
    assert (second.valid_from, second.valid_to) == (NEXT_DAY, None)
    assert first.offences["illegal_parking"]["dwell_s"] == 60, "what was in force stays as it was"
    assert second.offences["illegal_parking"]["dwell_s"] == 90


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        ("[0.08, 0.98]", "[0.08, 0.97]"),
        ('to: "22:00"', 'to: "06:00"'),
        ("    timetable:", "    warning_only: true\n    timetable:"),
        ("    timetable:", "    exemptions: [浙J99999]\n    timetable:"),
        ("    timetable:", "    preset: p2\n    timetable:"),
    ],
    ids=["corner", "hours_past_midnight", "warning_only", "exemption", "preset"],
)
def test_whatever_a_fence_says_is_part_of_its_version(sqlite_database, tmp_path, was, becomes):
    imported(sqlite_database, tmp_path)
    imported(sqlite_database, tmp_path, SOUND.replace(was, becomes), at=NEXT_DAY)
    assert [version.version for version in versions(sqlite_database)] == [1, 2]


def test_a_fence_that_is_taken_out_of_the_file_ends_and_may_come_back(database, tmp_path):
    imported(database, tmp_path)
    start, end = SOUND.index("geofences:"), SOUND.index("vehicles:")
    report = imported(database, tmp_path, SOUND[:start] + SOUND[end:], at=NEXT_DAY)
    assert report.ended == ["geofence no-stopping-7 (version 1)"]
    assert imported(database, tmp_path, SOUND[:start] + SOUND[end:], at=NEXT_DAY).changed_nothing
    imported(database, tmp_path, at=NEXT_DAY + timedelta(days=1))
    first, second = versions(database)
    assert first.valid_to == NEXT_DAY
    assert second.valid_from == NEXT_DAY + timedelta(days=1)


def test_cameras_owners_and_officers_take_what_the_file_says_now(database, tmp_path):
    imported(database, tmp_path)
    text = (
        SOUND.replace("North gate", "South gate")
        .replace("车主甲", "车主丁")
        .replace("+8613900000000", "+8613900000009")
        .replace("driver: onvif", "driver: file")
    )
    report = imported(database, tmp_path, text, at=NEXT_DAY)
    assert report.changed == ["camera gate-3", "loudspeaker horn-1", "vehicle 浙J12345", "officer 队员乙"]
    assert imported(database, tmp_path, text, at=NEXT_DAY).changed_nothing


def test_a_camera_of_another_site_is_not_taken_over(database, tmp_path):
    imported(database, tmp_path)
    before = everything(database)
    with pytest.raises(SiteConflict, match="camera gate-3 belongs to the site Dongcheng demo"):
        imported(database, tmp_path, SOUND.replace("Dongcheng demo", "Xicheng"))
    assert everything(database) == before, "a refused import leaves nothing behind"


def test_a_fence_does_not_move_to_another_camera(sqlite_database, tmp_path):
    imported(sqlite_database, tmp_path)
    text = SOUND.replace("geofences:", "  - {id: gate-4, name: East, source: b.mp4}\ngeofences:")
    with pytest.raises(SiteConflict, match="geofence no-stopping-7 belongs to camera gate-3"):
        imported(sqlite_database, tmp_path, text.replace("camera: gate-3\n    p", "camera: gate-4\n    p"))


def test_a_clock_that_went_back_does_not_write_history_backwards(sqlite_database, tmp_path):
    imported(sqlite_database, tmp_path)
    imported(sqlite_database, tmp_path, SOUND.replace("dwell_s: 60", "dwell_s: 90"), at=NEXT_DAY)
    with pytest.raises(SiteConflict, match="set the clock of this machine"):
        imported(sqlite_database, tmp_path, at=FIRST_DAY)


FULL = (
    SOUND.replace(
        "    location:",
        "    kind: dome\n    device_number: '330101'\n    clock: {offset_s: -0.5, error_s: 0.0}\n"
        "    passport: {legal_review_on: 2026-01-05, verified_until: 2027-01-01}\n    location:",
    )
    .replace(
        "    timetable:", "    name: '7'\n    preset: p2\n    warning_only: true\n    exemptions: [1E5]\n    timetable:"
    )
    .replace("officers:", "  - {plate: '12345'}\n  - {plate: 粤Z1234港}\nofficers:")
    .replace("driver: onvif", "driver: axis, url: 'http://horn.example/?a=b'")
    .replace("[1E5]", "['1E5']")
    .replace("preset: p2", "preset: corner")
    .replace("    location:", f"{LIVE}    location:")
)


def test_what_is_exported_imports_elsewhere_as_the_same_rows_but_for_the_password(
    sqlite_database, empty_elsewhere, tmp_path
):
    imported(sqlite_database, tmp_path, FULL)
    exported = tmp_path / "exported.yaml"
    with reading(sqlite_database.sessions) as session:
        dump(session, KEY, exported)
    assert S_IMODE(exported.stat().st_mode) == 0o600, "names and phones stand in it"
    here = imported(sqlite_database, tmp_path, exported.read_text(encoding="utf-8"), at=NEXT_DAY)
    assert here.changed_nothing
    assert "secret" not in exported.read_text(encoding="utf-8")
    imported(empty_elsewhere, tmp_path, exported.read_text(encoding="utf-8"))
    before, after = everything(sqlite_database), everything(empty_elsewhere)
    (connection,) = before["camera_connection"]
    assert connection.pop("password_sealed") == "secret"
    assert after["camera_connection"][0].pop("password_sealed") is None
    assert after == before


def test_a_password_is_sealed_kept_by_an_import_without_it_and_gone_with_the_user_name(sqlite_database, tmp_path):
    def connection() -> CameraConnection:
        with reading(sqlite_database.sessions) as session:
            return session.get_one(CameraConnection, "gate-3")

    imported(sqlite_database, tmp_path)
    sealed = connection().password_sealed
    assert sealed is not None
    assert b"secret" not in sealed
    assert KEY.open(sealed, "camera_connection.password:gate-3") == "secret"
    without = SOUND.replace("rtsp://viewer:secret@", "rtsp://viewer@").replace("/main", "/other")
    assert imported(sqlite_database, tmp_path, without).changed == ["camera gate-3"]
    assert connection().password_sealed == sealed
    anew = SOUND.replace("viewer:secret@", "viewer:geheim@")
    assert imported(sqlite_database, tmp_path, anew).changed == ["camera gate-3"]
    assert KEY.open(connection().password_sealed or b"", "camera_connection.password:gate-3") == "geheim"
    imported(sqlite_database, tmp_path, SOUND.replace("viewer:secret@", ""))
    assert (connection().username, connection().password_sealed) == (None, None)


@pytest.mark.parametrize(
    "instead",
    ["rtsp://viewer@elsewhere.example/main", "rtsp://admin@camera.example/main"],
    ids=["another_host", "another_user"],
)
def test_a_kept_password_is_not_sent_to_another_host_or_for_another_user(sqlite_database, tmp_path, instead):
    imported(sqlite_database, tmp_path)
    with pytest.raises(SiteConflict, match="write its password again"):
        imported(sqlite_database, tmp_path, SOUND.replace("rtsp://viewer:secret@camera.example/main", instead))
    for beside in ("sub_source: rtsp://evil.example/s", "onvif: http://evil.example/"):
        text = SOUND.replace("viewer:secret@", "viewer@").replace("    location:", f"    {beside}\n    location:")
        with pytest.raises(SiteConflict, match="write its password again"):
            imported(sqlite_database, tmp_path, text)


def test_a_camera_that_becomes_a_recording_is_dialled_no_more(sqlite_database, tmp_path):
    imported(sqlite_database, tmp_path, SOUND.replace("    location:", f"{LIVE}    location:"))
    imported(sqlite_database, tmp_path, SOUND.replace("rtsp://viewer:secret@camera.example/main", "lot.mp4"))
    rows = everything(sqlite_database)
    assert rows["camera_connection"] == rows["camera_view"] == []


def test_what_was_learnt_of_a_view_outlives_an_import(sqlite_database, tmp_path):
    text = SOUND.replace("    location:", f"{LIVE}    location:")
    imported(sqlite_database, tmp_path, text)
    with transaction(sqlite_database.sessions) as session:
        for preset in ("", "corner", "spare"):
            view = session.get(CameraView, ("gate-3", preset)) or CameraView(camera_id="gate-3", preset=preset)
            view.fingerprint, view.learnt_at = preset.encode() or b"home", FIRST_DAY
            session.add(view)
    imported(
        sqlite_database, tmp_path, text.replace("      - {preset: spare}\n", "").replace("stay_s: 20", "stay_s: 25")
    )
    views = [
        (view["preset"], view["position"], view["fingerprint"]) for view in everything(sqlite_database)["camera_view"]
    ]
    assert sorted(views) == [("", None, b"home"), ("corner", 1, b"corner"), ("gate", 0, None)]


def test_a_measured_clock_is_worth_more_than_what_the_file_says(sqlite_database, tmp_path):
    text = SOUND.replace("    location:", "    clock: {offset_s: 3.0, error_s: 0.5}\n    location:")
    imported(sqlite_database, tmp_path, text)
    with transaction(sqlite_database.sessions) as session:
        note_clock(session, "gate-3", offset_s=-0.2, error_s=0.1, measure=ClockMeasure.RTCP, at=FIRST_DAY, last=None)
    assert imported(sqlite_database, tmp_path, text, at=NEXT_DAY).changed_nothing
    assert everything(sqlite_database)["camera"][0]["clock_offset_s"] == -0.2


@pytest.fixture
def empty_elsewhere(migrated_sqlite, tmp_path):
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    yield from sqlite_copy(migrated_sqlite, folder)


def test_an_export_asks_which_site_where_there_are_several_or_none(sqlite_database, tmp_path):
    with reading(sqlite_database.sessions) as session, pytest.raises(SiteConflict, match="there is no site yet"):
        dump(session, KEY, tmp_path / "out.yaml")
    imported(sqlite_database, tmp_path)
    other = SOUND.replace("Dongcheng demo", "Xicheng").replace("gate-3", "x-1").replace("no-stopping-7", "x-2")
    imported(sqlite_database, tmp_path, other.replace("horn-1", "horn-2"))
    with reading(sqlite_database.sessions) as session:
        with pytest.raises(SiteConflict, match="say which site with --site: Dongcheng demo, Xicheng"):
            dump(session, KEY, tmp_path / "out.yaml")
        with pytest.raises(SiteConflict, match="there is no site Nancheng; known: Dongcheng demo, Xicheng"):
            dump(session, KEY, tmp_path / "out.yaml", site="Nancheng")
        dump(session, KEY, tmp_path / "out.yaml", site="Xicheng")
    assert [camera.id for camera in read(tmp_path / "out.yaml").values.cameras] == ["x-1"]


def test_a_failed_export_leaves_the_old_file_and_no_rest(sqlite_database, tmp_path):
    imported(sqlite_database, tmp_path)
    out = tmp_path / "out" / "site.yaml"
    out.parent.mkdir()
    out.write_text("the old one")
    with reading(sqlite_database.sessions) as session, pytest.raises(PersonalDataError, match="wrong key"):
        dump(session, PersonalDataKey(b"x" * 32), out)
    assert out.read_text() == "the old one"
    assert list(out.parent.iterdir()) == [out]


HORN = "driver: axis, url: 'http://horn:p%40ss@horn.example', volume: 60, cooldown_s: 0"
QUIET = "quiet: [{days: mon-sun, from: '22:00', to: '07:00'}]"


def horn(database) -> Loudspeaker:
    with reading(database.sessions) as session:
        return session.get_one(Loudspeaker, "horn-1")


def test_a_loudspeakers_password_is_sealed_and_goes_nowhere_else(sqlite_database, tmp_path):
    imported(sqlite_database, tmp_path, SOUND.replace("driver: onvif", f"{HORN}, {QUIET}"))
    row = horn(sqlite_database)
    assert (row.url, row.username, row.volume, row.cooldown_s) == ("http://horn.example", "horn", 60, 0)
    assert row.quiet == [{"days": "mon-sun", "from": "22:00", "to": "07:00"}]
    assert KEY.open(row.password_sealed, "loudspeaker.password:horn-1") == "p@ss"
    exported = tmp_path / "exported.yaml"
    with reading(sqlite_database.sessions) as session:
        dump(session, KEY, exported)
    text = exported.read_text(encoding="utf-8")
    assert "p@ss" not in text
    assert "p%40ss" not in text
    assert imported(sqlite_database, tmp_path, text, at=NEXT_DAY).changed_nothing
    assert horn(sqlite_database).password_sealed == row.password_sealed
    for before, then in (("horn.example", "elsewhere.example"), ("username: horn", "username: other")):
        with pytest.raises(SiteConflict, match="write its password again"):
            imported(sqlite_database, tmp_path, text.replace(before, then), at=NEXT_DAY)
    imported(sqlite_database, tmp_path, text.replace("  username: horn\n", ""))
    assert horn(sqlite_database).password_sealed is None
