"""What was handed in is dated, placed, and held back where it is another body's; on both engines."""

import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload

from cases import footage_requests, recorders, recording_acts, uploads
from cases.errors import RecordingRefused, RequestRefused
from cases.footage_requests import Asked
from cases.part_files import PartFiles
from cases.recorders import Reading
from cases.recording_acts import Marked
from cases.uploads import Receiving, UploadRules, Wanted
from detectors.geometry import Box
from evidence.case_rows import load
from evidence.vault import Vault
from ingest.marked_incidents import carry_out_marks
from ingest.recordings import analyze_recording
from ingest.sampler import Sampling
from ingest.upload_intake import SIDE_FILE_WAITS, take_in, take_in_all, uploads_to_do
from ingest.upload_look import Looked, place_of
from models.database import reading, transaction
from models.enums import (
    Act,
    CameraKind,
    ClockSource,
    ContainerClock,
    ExhibitKind,
    ExhibitMoment,
    FootageRequestState,
    IncidentState,
    Offence,
    RecorderSubject,
    RecordingState,
    Role,
    TrackSource,
    UploadState,
)
from models.incidents import Incident, Recording
from models.people import User
from models.places import Camera
from models.recorders import FootageRequest, RecordingMark, RecordingTrack
from models.uploads import Upload
from tests.conftest import Database
from tests.detectors.stand_in import StandInDetector
from tests.ingest.test_track_files import gpx, subtitles
from tests.media.make_clips import Film, Films, parks
from tests.rows import NOON, add_camera, add_geofence, add_geofence_version, add_site, add_user, after

HANDED_IN = after(36 * 3600)


class Desk:
    """A site with one recorder, at which somebody hands files in."""

    def __init__(self, database: Database, folder: Path, kind: CameraKind) -> None:
        self.database, self.folder = database, folder
        with transaction(database.sessions) as session:
            self.user_id = add_user(session, "station.3").id
            self.officer_id = add_user(session, "wang.qiang", role=Role.OFFICER).id
            self.leader_id = add_user(session, "zhao.min", role=Role.LEADER).id
            add_camera(session, add_site(session), id="cam-17", kind=kind, clock_offset_s=0.0)

    def hands_in(self, name: str, data: bytes, at: datetime = HANDED_IN) -> uuid.UUID:
        parts, sessions = PartFiles(self.folder / "parts"), self.database.sessions
        with transaction(sessions) as session:
            wanted = Wanted(name, len(data), "cam-17")
            rules = UploadRules(keep_free_bytes=0)
            upload_id = uploads.begin(session, parts, rules, wanted, user_id=self.user_id, at=at).id
        receiving = Receiving(sessions, parts, upload_id, user_id=self.user_id, offset=0)
        receiving.take(data, at)
        receiving.end(at)
        receiving.close()
        uploads.seal_whole(sessions, parts, self.folder / "vault", upload_id, at=at)
        return upload_id

    def looks(self, at: datetime = HANDED_IN, **found: object) -> None:
        """A worker looks into everything that waits."""
        values = {
            "codec": "h264",
            "container": "mov",
            "width": 1920,
            "height": 1080,
            "duration_s": 20.0,
            "started_at": None,
            "pictures": 4,
            "unreadable": 0,
            "sound": True,
        }
        looked = Looked(**(values | found))  # type: ignore[arg-type]
        with reading(self.database.sessions) as session:
            waiting = uploads_to_do(session)
        take_in_all(
            self.database.sessions, waiting, self.folder / "vault", at=at, look=lambda paths: [looked for _ in paths]
        )

    def upload(self, upload_id: uuid.UUID) -> Upload:
        with reading(self.database.sessions) as session:
            return session.get_one(Upload, upload_id)

    def recording(self) -> Recording:
        with reading(self.database.sessions) as session:
            return session.query(Recording).options(joinedload(Recording.camera)).one()

    def acts(self) -> list[str]:
        with reading(self.database.sessions) as session:
            recording = session.query(Recording).one()
            return [each.act for each in recorders.events_of(session, RecorderSubject.RECORDING, recording.id)]

    def reads(self, wanted: Reading) -> None:
        with transaction(self.database.sessions) as session:
            recorders.set_reading(session, "cam-17", wanted, actor="li.na", at=NOON)

    def person(self, session: Session, user_id: uuid.UUID) -> User:
        return session.get_one(User, user_id, options=[joinedload(User.grants)])


@pytest.fixture
def desk(sqlite_database: Database, tmp_path: Path) -> Desk:
    return Desk(sqlite_database, tmp_path, CameraKind.BODY_WORN)


@pytest.fixture
def any_desk(database: Database, tmp_path: Path) -> Desk:
    """On both engines."""
    return Desk(database, tmp_path, CameraKind.BODY_WORN)


def test_a_recorder_that_writes_local_time_is_dated_by_what_is_known_of_it(desk: Desk) -> None:
    desk.reads(Reading(ContainerClock.LOCAL, clock_error_s=2.0))
    desk.hands_in("0001.mp4", b"film")
    desk.looks(started_at=(NOON + timedelta(hours=8)).isoformat())
    recording = desk.recording()
    assert (recording.started_at, recording.clock_source, recording.start_error_s) == (NOON, ClockSource.CONTAINER, 3.0)
    assert (recording.state, recording.length_s) == (RecordingState.QUEUED, 20.0)
    assert desk.acts() == ["taken"]


def test_a_name_dates_what_the_container_does_not_and_a_guess_has_no_bound(desk: Desk) -> None:
    desk.hands_in("DJI_20260302120000_0001_D.mp4", b"film")
    desk.looks()
    recording = desk.recording()
    assert (recording.started_at, recording.clock_source) == (NOON, ClockSource.FILE_NAME)
    with transaction(desk.database.sessions) as session:
        session.query(Upload).delete()
        session.delete(session.get_one(Recording, recording.id))
    desk.hands_in("0001.mp4", b"another film")
    desk.looks()
    guess = desk.recording()
    assert (guess.started_at, guess.start_error_s) == (HANDED_IN - timedelta(seconds=20), None)
    assert guess.clock_source is ClockSource.FILE_TIME


@pytest.mark.parametrize("first", ["recording", "side_file"])
def test_a_side_file_dates_and_places_the_recording_of_its_name_whichever_comes_first(
    any_desk: Desk, first: str
) -> None:
    desk = any_desk

    def film() -> None:
        desk.hands_in("DJI_0007.MP4", b"film")

    def side() -> uuid.UUID:
        return desk.hands_in("dji_0007.SRT", subtitles(20))

    desk.hands_in("DJI_00070.MP4", b"a film of nearly that name")
    if first == "recording":
        film()
        desk.looks()
        side_id = side()
        desk.looks()
    else:
        side_id = side()
        desk.looks()
        assert desk.upload(side_id).state is UploadState.SEALED
        film()
        desk.looks()
        desk.looks()
    upload = desk.upload(side_id)
    assert upload.state is UploadState.TAKEN
    with reading(desk.database.sessions) as session:
        recording = session.get_one(Recording, upload.recording_id)
        track = session.get_one(RecordingTrack, recording.id)
    assert (recording.started_at, recording.clock_source) == (NOON + timedelta(seconds=0.25), ClockSource.TRACK)
    assert (recording.start_error_s, recording.moves) == (2.0, True)
    assert (track.source, track.sha256, track.points) == (TrackSource.SRT, upload.sha256, 20)
    assert track.line[3] == [3.0, 28.6503, 121.26]


def test_a_side_file_without_a_recording_is_quarantined_after_three_days(desk: Desk) -> None:
    side_id = desk.hands_in("DJI_0007.srt", subtitles(20))
    desk.looks(HANDED_IN + SIDE_FILE_WAITS - timedelta(seconds=1))
    assert desk.upload(side_id).state is UploadState.SEALED
    desk.looks(HANDED_IN + SIDE_FILE_WAITS)
    assert "no recording of this name" in str(desk.upload(side_id).why)


def test_a_hostile_side_file_is_quarantined_with_its_reason(desk: Desk) -> None:
    desk.hands_in("0001.mp4", b"film")
    desk.looks()
    side_id = desk.hands_in("0001.gpx", gpx((1.0, 1.0, ""), head='<!DOCTYPE gpx SYSTEM "file:///etc/passwd">'))
    desk.looks()
    assert (desk.upload(side_id).state, desk.upload(side_id).why) == (
        UploadState.QUARANTINED,
        "it has a DOCTYPE, which no track has",
    )


@pytest.mark.parametrize(
    ("tags", "place"),
    [
        ({"location": "+28.6500+121.2600/"}, (28.65, 121.26)),
        ({"com.apple.quicktime.location.ISO6709": "-33.8600-151.2100+012.340/"}, (-33.86, -151.21)),
        ({"location": "+99.0+121.2600/"}, None),
        ({"location": "somewhere"}, None),
        ({}, None),
    ],
)
def test_the_place_in_a_container_is_read(tags: dict[str, str], place: tuple[float, float] | None) -> None:
    assert place_of(tags) == place


def test_a_fixed_camera_whose_track_moves_does_not_feed_the_dwell_rule(
    sqlite_database: Database, tmp_path: Path, films: Films
) -> None:
    desk = Desk(sqlite_database, tmp_path, CameraKind.FIXED)

    with transaction(sqlite_database.sessions) as session:
        add_geofence_version(session, add_geofence(session, session.get_one(Camera, "cam-17")))
    desk.hands_in("0001.mp4", films(Film((parks("red"),), seconds=4)).read_bytes())
    desk.looks(duration_s=4.0)
    desk.hands_in("0001.gpx", gpx((28.65, 121.26, "2026-03-02T04:00:00Z"), (28.66, 121.26, "2026-03-02T04:00:04Z")))
    desk.looks()
    recording = desk.recording()
    analyze_recording(
        sqlite_database.sessions,
        recording.id,
        detector=StandInDetector,
        vault_root=tmp_path / "vault",
        sampling=Sampling(),
        on_progress=lambda _done_s, _total_s: None,
    )
    done = desk.recording()
    assert (done.state, done.moves, (done.analysis or {})["geofence_versions"]) == (RecordingState.ANALYSED, True, [])
    assert desk.acts()[-1] == "analysed"


def test_a_time_by_hand_goes_before_all_others_and_is_analysed_by_it(desk: Desk) -> None:
    desk.hands_in("0001.mp4", b"film")
    desk.looks()
    recording_id = desk.recording().id
    with transaction(desk.database.sessions) as session:
        session.get_one(Recording, recording_id).state = RecordingState.ANALYSED
        by = desk.person(session, desk.officer_id)
        recording_acts.set_start(
            session, recording_id, start=NOON, error_s=30.0, why="his notebook", by=by, at=HANDED_IN
        )
    row = desk.recording()
    assert (row.started_at, row.clock_source, row.start_error_s, row.state) == (
        NOON,
        ClockSource.GIVEN,
        30.0,
        RecordingState.QUEUED,
    )
    desk.hands_in("0001.srt", subtitles(20))
    desk.looks()
    assert desk.recording().clock_source is ClockSource.GIVEN  # the track does not overrule a person
    assert desk.acts() == ["taken", "start_set", "track_came"]


@pytest.mark.parametrize(
    ("start", "error_s", "why", "refused"),
    [
        (HANDED_IN + timedelta(seconds=1), 1.0, "x", "time"),
        (datetime(1999, 1, 1, tzinfo=UTC), 1.0, "x", "time"),
        (NOON, -1.0, "x", "error"),
        (NOON, 1.0, "  ", "note"),
    ],
)
def test_a_time_by_hand_that_cannot_be_is_refused(
    desk: Desk, start: datetime, error_s: float, why: str, refused: str
) -> None:
    desk.hands_in("0001.mp4", b"film")
    desk.looks()
    recording_id = desk.recording().id
    with transaction(desk.database.sessions) as session:
        by = desk.person(session, desk.officer_id)
        with pytest.raises(RecordingRefused) as error:
            recording_acts.set_start(session, recording_id, start=start, error_s=error_s, why=why, by=by, at=HANDED_IN)
    assert error.value.why == refused
    assert desk.recording().clock_source is ClockSource.FILE_TIME


def test_another_bodys_recording_is_held_back_until_another_person_approved_the_request(any_desk: Desk) -> None:
    desk = any_desk
    desk.reads(Reading(body="Traffic Police"))
    desk.hands_in("20260302_120000.mp4", b"film")
    desk.looks()
    held = desk.recording()
    assert held.state is RecordingState.HELD_BACK
    with pytest.raises(RecordingRefused, match="approved by another person"):
        analyze_recording(
            desk.database.sessions,
            held.id,
            detector=StandInDetector,
            vault_root=desk.folder / "vault",
            sampling=Sampling(),
            on_progress=lambda _done_s, _total_s: None,
        )
    asked = Asked("cam-17", NOON - timedelta(hours=1), NOON + timedelta(hours=1), "行政处罚法 第五十四条", "case 7")
    with transaction(desk.database.sessions) as session:
        officer, leader = desk.person(session, desk.officer_id), desk.person(session, desk.leader_id)
        own = footage_requests.ask(session, asked, by=leader, at=HANDED_IN)
        with pytest.raises(RequestRefused, match="another person does"):
            footage_requests.approve(
                session, own.id, by=leader, valid_until=HANDED_IN + timedelta(days=30), reason="", at=HANDED_IN
            )
        request = footage_requests.ask(session, asked, by=officer, at=HANDED_IN)
        assert desk.recording().state is RecordingState.HELD_BACK
        freed = footage_requests.approve(
            session, request.id, by=leader, valid_until=HANDED_IN + timedelta(days=30), reason="", at=HANDED_IN
        )
    assert freed == [held.id]
    assert desk.recording().state is RecordingState.QUEUED
    assert desk.acts() == ["taken", "released"]
    with transaction(desk.database.sessions) as session:  # and when the approval is over, nothing more is made of it
        recording = session.get_one(Recording, held.id)
        assert footage_requests.why_held_back(session, recording, at=HANDED_IN) is None
        later = HANDED_IN + timedelta(days=30)
        assert footage_requests.why_held_back(session, recording, at=later) == "not_approved"


def test_an_approval_frees_only_what_it_covers(desk: Desk) -> None:
    desk.reads(Reading(body="Traffic Police"))
    desk.hands_in("20260302_130000.mp4", b"an hour later")
    desk.hands_in("0002.mp4", b"nobody knows when")
    desk.looks()
    with transaction(desk.database.sessions) as session:
        officer, leader = desk.person(session, desk.officer_id), desk.person(session, desk.leader_id)
        asked = Asked("cam-17", NOON, NOON + timedelta(minutes=60, seconds=19), "basis", "purpose")
        request = footage_requests.ask(session, asked, by=officer, at=HANDED_IN)
        assert not footage_requests.approve(
            session, request.id, by=leader, valid_until=HANDED_IN + timedelta(days=1), reason="", at=HANDED_IN
        )
        whys = {footage_requests.why_held_back(session, each, at=HANDED_IN) for each in session.query(Recording)}
    assert whys == {"not_approved", "time_unknown"}


@pytest.mark.parametrize(
    ("act", "why"),
    [
        ("approve_own", "own_request"),
        ("approve_for_ever", "validity"),
        ("refuse_without_reason", "reason"),
        ("withdraw_anothers", "not_yours"),
        ("approve_twice", "ended"),
    ],
)
def test_a_request_is_not_decided_otherwise(desk: Desk, act: str, why: str) -> None:
    desk.reads(Reading(body="Traffic Police"))
    day = timedelta(days=1)
    with transaction(desk.database.sessions) as session:
        officer, leader = desk.person(session, desk.officer_id), desk.person(session, desk.leader_id)
        asked = Asked("cam-17", NOON, NOON + day, "basis", "purpose")
        asker = leader if act == "approve_own" else officer
        request_id = footage_requests.ask(session, asked, by=asker, at=HANDED_IN).id
        until = HANDED_IN + (400 * day if act == "approve_for_ever" else day)
        if act == "approve_twice":
            footage_requests.approve(session, request_id, by=leader, valid_until=until, reason="", at=HANDED_IN)
        said = {"by": leader, "at": HANDED_IN}
        acts = {
            "refuse_without_reason": lambda: footage_requests.refuse(session, request_id, reason=" ", **said),
            "withdraw_anothers": lambda: footage_requests.withdraw(session, request_id, **said),
        }

        def approve() -> object:
            return footage_requests.approve(session, request_id, valid_until=until, reason="", **said)

        with pytest.raises(RequestRefused) as error:
            acts.get(act, approve)()
    assert error.value.why == why


def test_the_schema_itself_refuses_who_approves_his_own_request(any_desk: Desk) -> None:
    desk = any_desk

    with pytest.raises(IntegrityError, match="decided_by_another"), transaction(desk.database.sessions) as session:
        session.add(
            FootageRequest(
                recorder_id="cam-17",
                body="Traffic Police",
                from_at=NOON,
                to_at=after(60),
                legal_basis="basis",
                purpose="purpose",
                state=FootageRequestState.APPROVED,
                asked_by_id=desk.leader_id,
                asked_at=NOON,
                decided_by_id=desk.leader_id,
                ended_at=NOON,
                valid_until=after(60),
            )
        )


def test_what_is_marked_on_a_moving_cameras_recording_becomes_a_draft_with_its_evidence(
    desk: Desk, films: Films
) -> None:

    upload_id = desk.hands_in("20260302_120000.mp4", films(Film((parks("red"),), seconds=30)).read_bytes())
    take_in(desk.database.sessions, upload_id, desk.folder / "vault", at=HANDED_IN)
    recording_id = desk.recording().id
    wanted = Marked(Offence.ILLEGAL_PARKING, 8.0, 16.0, "on the blind track", Box(0.2, 0.3, 0.8, 0.9))
    with transaction(desk.database.sessions) as session:
        by = desk.person(session, desk.officer_id)
        first = recording_acts.mark(session, recording_id, wanted, by=by, at=HANDED_IN)
        assert recording_acts.mark(session, recording_id, wanted, by=by, at=HANDED_IN).id == first.id
    made = [
        carry_out_marks(
            desk.database.sessions,
            recording_id,
            desk.folder / "vault",
            sampling=Sampling(),
            clock=lambda: HANDED_IN,
        )
        for _ in range(2)  # as if it was asked for twice
    ]
    assert made == [1, 0]
    with reading(desk.database.sessions) as session:
        rows = load(session, session.query(Incident.id).scalar())
    incident = rows.incident
    assert (incident.state, incident.first_seen_at, incident.last_seen_at) == (
        IncidentState.DRAFTED,
        NOON + timedelta(seconds=8),
        NOON + timedelta(seconds=16),
    )
    assert [(event.act, event.actor) for event in rows.events] == [
        (Act.CONFIRMED, "wang.qiang"),
        (Act.GRACE_EXPIRED, "streetwitness"),
    ]
    assert rows.events[0].facts["source"] == "person"
    assert {(each.kind, each.moment) for each in rows.exhibits} == {
        (ExhibitKind.CLIP, ExhibitMoment.ENTRY),
        (ExhibitKind.STILL, ExhibitMoment.ENTRY),
        (ExhibitKind.CLOSE_UP, ExhibitMoment.SHARPEST),
        (ExhibitKind.CLIP, ExhibitMoment.DWELL_COMPLETE),
        (ExhibitKind.STILL, ExhibitMoment.DWELL_COMPLETE),
    }
    clip = next(each for each in rows.exhibits if each.kind is ExhibitKind.CLIP)
    assert clip.from_at <= NOON + timedelta(seconds=3)
    assert clip.to_at >= NOON + timedelta(seconds=21.9)
    assert rows.draft is not None
    assert desk.acts() == ["taken", "marked", "mark_became_incident"]
    assert not list((desk.folder / "vault" / "incoming").glob("*/*.mp4"))
    assert Vault.path_of(desk.folder / "vault", clip.sha256, clip.sealed.suffix).exists()


def test_a_mark_where_there_is_no_recording_any_more_says_why_nothing_came_of_it(desk: Desk, films: Films) -> None:

    upload_id = desk.hands_in("20260302_120000.mp4", films(Film((parks("red"),), seconds=4)).read_bytes())
    take_in(desk.database.sessions, upload_id, desk.folder / "vault", at=HANDED_IN)
    recording_id = desk.recording().id
    with transaction(desk.database.sessions) as session:
        session.get_one(Recording, recording_id).length_s = None  # as if nobody had known how long it is
        by = desk.person(session, desk.officer_id)
        recording_acts.mark(session, recording_id, Marked(Offence.DUMPING, 50.0, 55.0, "x"), by=by, at=HANDED_IN)
    sessions, vault = desk.database.sessions, desk.folder / "vault"
    assert carry_out_marks(sessions, recording_id, vault, sampling=Sampling(), clock=lambda: HANDED_IN) == 0
    with reading(sessions) as session:
        assert "ends before second 50" in str(session.query(RecordingMark.failure).scalar())
        assert session.query(Incident).count() == 0


@pytest.mark.parametrize(
    ("from_s", "to_s", "said", "kind", "why"),
    [
        (5.0, 5.0, "x", CameraKind.BODY_WORN, "seconds"),
        (5.0, 500.0, "x", CameraKind.BODY_WORN, "seconds"),
        (25.0, 30.0, "x", CameraKind.BODY_WORN, "seconds"),
        (5.0, 9.0, " ", CameraKind.BODY_WORN, "note"),
        (5.0, 9.0, "x", CameraKind.FIXED, "stands_still"),
    ],
)
def test_a_mark_that_cannot_be_is_refused(
    sqlite_database: Database, tmp_path: Path, from_s: float, to_s: float, said: str, kind: CameraKind, why: str
) -> None:

    desk = Desk(sqlite_database, tmp_path, kind)
    desk.hands_in("20260302_120000.mp4", b"film")
    desk.looks()
    recording_id = desk.recording().id
    marked = Marked(Offence.ILLEGAL_PARKING, from_s, to_s, said)
    with transaction(sqlite_database.sessions) as session:
        by = desk.person(session, desk.officer_id)
        with pytest.raises(RecordingRefused) as error:
            recording_acts.mark(session, recording_id, marked, by=by, at=HANDED_IN)
    assert error.value.why == why
