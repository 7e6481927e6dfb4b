"""The bundle: whole or not at all, the same from the same case, and nothing in it that is nobody's business."""

import hashlib
import html
import json
import re
import tomllib
import uuid
import zipfile
from base64 import b64encode
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import av
import pytest
from sqlalchemy import select, text

from evidence import bundle_page
from evidence.bundle import export_bundle
from evidence.bundle_files import sums_text
from evidence.container import member_of, write_container
from evidence.errors import CustodyBroken, DigestMismatch, ExhibitMissing, ExportFailed, NoSuchIncident
from evidence.manifest import redacted_source
from evidence.verdict import FaultCode
from evidence.verification import verify
from models import enums
from models.enums import CustodyAct, ExhibitKind
from models.exhibits import CustodyEvent, Exhibit
from models.places import Camera
from tests.conftest import Database
from tests.evidence.scene import Scene, sealed_scene
from tests.rows import (
    NO_PAPERS,
    SEEN_LIVE,
    add_camera,
    add_geofence,
    add_geofence_version,
    add_incident,
    add_site,
    after,
)


def manifest_of(bundle: Path) -> dict:
    with zipfile.ZipFile(bundle) as archive:
        return json.loads(archive.read("manifest.json"))


@pytest.fixture
def scene_of_each(database: Database, tmp_path: Path) -> Scene:
    return sealed_scene(database, tmp_path)


def test_an_export_is_intact_on_both_databases_and_names_itself_in_custody(
    scene_of_each: Scene, tmp_path: Path
) -> None:
    out = tmp_path / "case.zip"
    scene_of_each.export(out, reason="asked for by the court")
    assert verify(out).exit_status == 0
    last = manifest_of(out)["custody"][-1]
    assert (last["act"], last["actor"], last["reason"]) == ("exported", "li.na", "asked for by the court")
    with scene_of_each.database.sessions() as session:
        event = session.scalars(select(CustodyEvent).order_by(CustodyEvent.seq.desc())).first()
        assert event is not None
        assert (event.act, event.digest) == (CustodyAct.EXPORTED, last["digest"])


def test_the_clip_in_the_bundle_is_the_sealed_one_and_plays(bundle: Path, scene: Scene, tmp_path: Path) -> None:
    with zipfile.ZipFile(bundle) as archive:
        data = archive.read("exhibits/01_entry_clip.mp4")
    assert data == scene.object_path(ExhibitKind.CLIP).read_bytes()
    (tmp_path / "clip.mp4").write_bytes(data)
    with av.open(str(tmp_path / "clip.mp4")) as container:
        assert sum(1 for _ in container.decode(video=0)) == 60


def test_the_manifest_says_what_the_rows_say(bundle: Path, scene: Scene) -> None:
    claims = manifest_of(bundle)
    assert claims["incident"]["id"] == str(scene.incident_id)
    assert claims["incident"]["stopped_at"] == "2026-03-02T04:00:12.000000Z"
    assert claims["camera"]["papers"] == {"on": "2026-03-02", "missing": []}
    assert claims["geofence"]["polygon"] == [[0.10, 0.55], [0.60, 0.50], [0.70, 0.95], [0.08, 0.98]]
    assert claims["recording"]["file"] == "noon.mp4"
    assert [sighting["kind"] for sighting in claims["sightings"]] == ["seen", "gap", "seen"]
    assert claims["sightings"][1]["until"] == "2026-03-02T04:00:34.000000Z"
    assert claims["draft"]["version"] == 2
    assert claims["decisions"][0]["reviewer_name"] == "李娜"
    missing = {finding["code"] for finding in claims["sufficiency"] if not finding["ok"]}
    assert {"still_dwell_complete", "still_grace_end", "gaps_in_watching", "still_size"} <= missing
    assert "clock_error" not in missing


@pytest.mark.parametrize("error_s", [0.75, 1.25])
def test_a_live_incident_tells_what_it_was_seen_with_and_the_clock_of_then(
    sqlite_database: Database, tmp_path: Path, error_s: float
) -> None:
    seen = replace(SEEN_LIVE, clock=replace(SEEN_LIVE.clock, error_s=error_s))
    scene = sealed_scene(sqlite_database, tmp_path, recording_id=None, seen_with=seen.as_json())
    with sqlite_database.sessions.begin() as session:
        camera = session.get_one(Camera, "gate-3")
        camera.clock_offset_s, camera.clock_error_s = 40.0, 0.125  # as it was measured much later
    out = tmp_path / "live.zip"
    scene.export(out)
    assert verify(out).exit_status == 0
    claims = manifest_of(out)
    assert claims["seen_with"] == seen.as_json()
    assert claims["seen_with"]["model"]["name"] == "own-weights"
    assert claims["seen_with"]["clock"] == {"offset_s": -3.25, "error_s": error_s, "measure": "rtcp"}
    assert (claims["camera"]["clock_offset_s"], claims["camera"]["clock_error_s"]) == (-3.25, error_s)
    found = {finding["code"]: finding for finding in claims["sufficiency"]}
    assert found["clock_error"]["ok"] is (error_s <= 1.0)
    assert found["clock_error"]["detail"]["error_s"] == error_s
    assert found["clock_source"]["ok"]
    assert found["stream_size"]["detail"]["width"] == 2560
    with zipfile.ZipFile(out) as archive:
        page = archive.read("index.html").decode()
    for told in (seen.model.digest if seen.model else "", f"-3.250 · ± {error_s:.3f} · rtcp", "hevc 2560 × 1440"):
        assert told in page


def test_an_incident_of_before_has_the_facts_of_its_recording(bundle: Path) -> None:
    claims = manifest_of(bundle)
    assert claims["seen_with"] is None
    assert claims["analysis"]["model"]["name"] == "yolo11n"
    assert (claims["camera"]["clock_offset_s"], claims["camera"]["clock_error_s"]) == (0.25, 0.4)
    with zipfile.ZipFile(bundle) as archive:
        page = archive.read("index.html").decode()
    for told in (claims["analysis"]["model"]["digest"], "0.250 · ± 0.400", "h264 1920 × 1080 · 25 Hz"):
        assert told in page


def test_nothing_in_the_bundle_opens_the_camera_or_names_its_folder(bundle: Path) -> None:
    with zipfile.ZipFile(bundle) as archive:
        everything = b"".join(archive.read(name) for name in archive.namelist())
    for secret in (b"secret", b"viewer:", b"/recordings/"):
        assert secret not in everything


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("rtsp://viewer:secret@camera.example:554/main?pw=x", "rtsp://camera.example:554"),
        ("rtsp://camera.example/user=admin_password=secret_channel=1.sdp", "rtsp://camera.example"),
        ("rtsp://viewer:se/cret@camera.example/main", "rtsp://"),
        ("rtsp://viewer:se#cret@camera.example/main", "rtsp://"),
        ("rtsp://viewer:se@cret@camera.example/main", "rtsp://"),
        ("rtsp://[2001:db8::7]:554/main", "rtsp://[2001:db8::7]:554"),
        ("/home/li.na/gate 3.mp4", "gate 3.mp4"),
        ("C:\\Users\\li.na\\gate.mp4", "gate.mp4"),
    ],
)
def test_a_source_is_shown_without_what_opens_it(source: str, shown: str) -> None:
    assert redacted_source(source) == shown


def test_the_same_case_exported_twice_differs_only_by_the_custody_of_the_first(scene: Scene, tmp_path: Path) -> None:
    first, second = tmp_path / "first.zip", tmp_path / "second.zip"
    scene.export(first)
    scene.export(second, at_s=3000)
    one, two = manifest_of(first), manifest_of(second)
    assert two["custody"][:-1] == one["custody"]
    assert {part for part in one if one[part] != two[part]} == {"custody", "files", "made_at", "proofs"}
    assert verify(first).exit_status == verify(second).exit_status == 0


def test_the_container_depends_on_nothing_but_its_files(bundle: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(bundle) as archive:
        members = [member_of(name, archive.read(name)) for name in archive.namelist()]
    with (tmp_path / "again.zip").open("wb") as file:
        write_container(file, members[::-1])
    assert (tmp_path / "again.zip").read_bytes() == bundle.read_bytes()


def test_the_page_lets_in_no_other_script_and_no_network(bundle: Path) -> None:
    with zipfile.ZipFile(bundle) as archive:
        page, names = archive.read("index.html").decode(), set(archive.namelist())
    assert "://" not in page.replace("rtsp://camera.example", "")
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)
    assert policy is not None
    allowed = dict(rule.split(" ", 1) for rule in html.unescape(policy.group(1)).split("; "))
    assert allowed["default-src"] == allowed["base-uri"] == allowed["form-action"] == "'none'"
    scripts = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    assert [f"'sha256-{b64encode(hashlib.sha256(each.encode()).digest()).decode()}'" for each in scripts] == [
        allowed["script-src"]
    ]
    links = set(re.findall(r'(?:src|href)="([^"]*)"', page))
    assert {name for name in names if name.startswith("exhibits/")} <= links <= names
    for words in ("违法停车", "Illegal parking", "浙J12345", "2026-03-02 12:00:12.000", "缺少宽限期满时的照片"):
        assert words in page


def test_words_of_others_cannot_become_markup_on_the_page(scene: Scene, tmp_path: Path) -> None:
    out = tmp_path / "case.zip"
    scene.export(out, reason="<script>alert(1)</script>")
    with zipfile.ZipFile(out) as archive:
        assert b"<script>alert" not in archive.read("index.html")


@pytest.mark.parametrize("trouble", ["missing", "changed"])
@pytest.mark.parametrize("kind", [ExhibitKind.CLIP, ExhibitKind.STILL, ExhibitKind.CLOSE_UP])
def test_an_exhibit_that_is_not_whole_is_never_exported(
    scene: Scene, tmp_path: Path, kind: ExhibitKind, trouble: str
) -> None:
    path = scene.object_path(kind)
    whole = path.read_bytes()
    path.unlink()
    if trouble == "changed":
        path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    out = tmp_path / "out" / "case.zip"
    out.parent.mkdir()
    with pytest.raises(ExhibitMissing if trouble == "missing" else DigestMismatch, match="restore it from a backup"):
        scene.export(out)
    assert list(out.parent.iterdir()) == []
    with scene.database.sessions() as session:
        assert session.scalars(select(CustodyEvent).where(CustodyEvent.act == CustodyAct.EXPORTED)).all() == []


def test_a_custody_record_that_was_edited_stops_the_export(scene: Scene, tmp_path: Path) -> None:
    with scene.database.engine.begin() as connection:
        connection.execute(text("DROP TRIGGER custody_event_no_update"))
        connection.execute(text("UPDATE custody_event SET actor = 'somebody else' WHERE seq = 2"))
    with pytest.raises(CustodyBroken, match="entry 2 was changed"):
        scene.export(tmp_path / "case.zip")
    assert not (tmp_path / "case.zip").exists()


def test_an_export_never_replaces_what_is_there_and_says_so_where_it_cannot_write(scene: Scene, tmp_path: Path) -> None:
    (tmp_path / "case.zip").write_bytes(b"somebody's evidence")
    with pytest.raises(ExportFailed, match="choose another"):
        scene.export(tmp_path / "case.zip")
    assert (tmp_path / "case.zip").read_bytes() == b"somebody's evidence"
    with pytest.raises(ExportFailed, match="nothing was left behind"):
        scene.export(tmp_path / "no such folder" / "case.zip")


def test_an_unknown_incident_is_refused(sqlite_database: Database, tmp_path: Path) -> None:
    with sqlite_database.sessions() as session, pytest.raises(NoSuchIncident):
        export_bundle(
            session, tmp_path, uuid.uuid4(), tmp_path / "x.zip", actor="li.na", at=after(0), reason="to review"
        )


def test_an_incident_with_nothing_sealed_yet_exports_and_says_what_is_missing(
    sqlite_database: Database, tmp_path: Path
) -> None:
    """The barest rows there can be: no exhibit, recording, draft, plate or papers; a foreign alphabet everywhere."""
    with sqlite_database.sessions.begin() as session:
        camera = add_camera(
            session,
            add_site(session, name="Ürümqi 乌鲁木齐", timezone="Asia/Urumqi"),
            name="<北门>",
            lat=None,
            lon=None,
            clock_error_s=None,
            device_number=None,
            **NO_PAPERS,
        )
        version = add_geofence_version(
            session, add_geofence(session, camera), valid_to=datetime(2030, 1, 1, tzinfo=UTC)
        )
        incident = add_incident(session, version, camera, plate=None, plate_confidence=None, stopped_at=None)
        out = tmp_path / "bare.zip"
        export_bundle(session, tmp_path, incident.id, out, actor="li.na", at=after(1), reason="to review")
    assert verify(out).exit_status == 0
    with zipfile.ZipFile(out) as archive:
        page = archive.read("index.html").decode()
    assert "None" not in page
    assert "&lt;北门&gt;" in page
    claims = manifest_of(out)
    assert (claims["recording"], claims["draft"], claims["exhibits"]) == (None, None, [])
    assert claims["camera"]["papers"]["missing"] == [
        "legal_review",
        "technical_review",
        "sign_photographed",
        "announced",
        "verification",
    ]
    assert {"clock_error", "clock_source", "camera_papers", "plate"} <= {
        finding["code"] for finding in claims["sufficiency"] if not finding["ok"]
    }


def test_every_digest_of_the_bundle_is_the_recorded_one(bundle: Path, scene: Scene) -> None:
    claims = manifest_of(bundle)
    with scene.database.sessions() as session:
        recorded = set(session.scalars(select(Exhibit.sha256)))
    assert {exhibit["sha256"] for exhibit in claims["exhibits"]} == recorded
    assert sums_text({"b": "0" * 64, "a": "1" * 64}) == (f"{'1' * 64}  a\n{'0' * 64}  b\n").encode()


def test_the_page_has_words_for_everything_a_case_can_hold() -> None:
    words = tomllib.loads((Path(bundle_page.__file__).parent / "bundle_page_words.toml").read_text("utf-8"))
    held = {
        "terms": enums.Offence,
        "states": enums.IncidentState,
        "kinds": ExhibitKind,
        "moments": enums.ExhibitMoment,
        "sightings": enums.SightingKind,
        "acts": enums.Act,
        "decisions": enums.Decision,
        "custody": CustodyAct,
    }
    assert {name: {word.value for word in each} - words[name].keys() for name, each in held.items()} == {
        name: set() for name in held
    }
    assert {f"fault_{code.value}" for code in FaultCode} - words["check"].keys() == {"fault_pinned"}  # it takes no pins
